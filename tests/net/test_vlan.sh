#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# configs/vlan-router.click, a router on a stick between hosts on two VLANs and one behind two tags;
# what interfaces do about tags, and that it is put back.
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
conf=$(realpath configs/vlan-router.click)
tags=$build/tests/net/vlan.bpf.o

inline_tags() { # NAMESPACE INTERFACE on|off: off: the stack writes tags into the packet
	on "$1" ethtool -K "$2" tx-vlan-offload "$3" tx-vlan-stag-hw-insert "$3" >/dev/null
}

host() { # NAMESPACE NETWORK TAGS: on a port of the switch s
	ip -n "$tag-$1" link add eth0 type veth peer name "to$1" netns "$tag-s"
	on "$1" ethtool -K eth0 tx off tso off gso off >/dev/null
	inline_tags "$1" eth0 off
	inline_tags s "to$1" off
	ip -n "$tag-s" link set "to$1" master sw up
	ip -n "$tag-$1" addr add "$2.2/24" dev eth0
	ip -n "$tag-$1" link set eth0 up
	ip -n "$tag-$1" route add default via "$2.1"
	on "$1" tc qdisc add dev eth0 clsact
	on "$1" tc filter add dev eth0 egress bpf da obj "$tags" sec "out$3"
	on "$1" tc filter add dev eth0 ingress bpf da obj "$tags" sec "in$3"
}

network() { # hosts a (VLAN 10), b (VLAN 20) and q (VLAN 7 in 100), and the trunk va of r
	namespaces a b q s r
	ip -n "$tag-s" link add sw type bridge
	ip -n "$tag-s" link set dev sw up
	wire r va s trunk
	inline_tags s trunk off
	on s ethtool -K trunk gro on
	ip -n "$tag-s" link set trunk master sw up
	host a 10.0.10 10
	host b 10.0.20 20
	host q 10.0.7 q7
	# the interface itself has to take what arrives, both tags included
	ip -n "$tag-q" route replace default via 10.0.7.1 mtu 1496
}

router() { # [OPTION ...]
	# not in a pipe: run sets pid
	run "$@" < <(sed 's/define(\$IF eth1/define($IF va/' "$conf")
}

tcp() { # FROM TO: both directions, at full size
	local server said
	background "$1" iperf3 -s -1 >/dev/null 2>&1
	server=$pid
	soon on "$1" grep -q ':1451 ' /proc/net/tcp6 || because "no iperf3" || return
	said=$(on "$2" timeout 20 iperf3 -c "$3" -n 3M --bidir 2>&1 | grep -c receiver)
	wait "$server" 2>/dev/null
	[ "$said" -ge 2 ] || because "no result"
}

too_big() { # the sender learns the MTU behind the second tag
	local said
	on a ip route flush cache
	said=$(on a ping -c 3 -i 0.2 -W 1 -M "do" -s 1472 10.0.7.2 2>&1)
	[[ $said == *"mtu = 1496"* || $said == *"mtu=1496"* ]] || because "$said"
}

stranger() { # a frame of VLAN 30 is nobody's
	local to
	to=$(ip -n "$tag-r" -br link show va | awk '{ gsub(":", "", $3); print $3 }')
	on a python3 -c "
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(('raw0', 0))
s.send(bytes.fromhex('$to' + '020000000001' + '8100001e0800') + bytes(46))"
	soon counted 1
}

counted() {
	[ "$(on r "$weir" read -n "$tag" others.count)" -ge "$1" ]
}

feature() { # NAME VALUE: of the trunk
	local got
	got=$(on r ethtool -k va | awk -v name="$1:" '$1 == name { print $2 }')
	[ "$got" = "$2" ] || because "$1 is $got"
}

stripping() { # on|off
	feature rx-vlan-offload "$1" && feature rx-vlan-stag-hw-parse "$1"
}

no_answer() {
	! on a ping -q -c 2 -i 0.2 -W 1 10.0.10.1 >/dev/null || because "there is an answer"
}

plan_says() { # TEXT [OPTION]
	on r "$weir" plan "${@:2}" "$conf" IF=va | grep -qF "$1" || because "$(on r "$weir" plan "${@:2}" "$conf" IF=va | grep -i vlan)"
}

check_says() { # TEXT
	on r "$weir" check "$conf" IF=va | grep -qF "$1" || because "$(on r "$weir" check "$conf" IF=va)"
}

network
expect "takes tags off before the start, it says" stripping on
expect "the plan says what comes of a veth" plan_says "\`tags' (Classifier) sees those that the far end"
expect "and in JSON" plan_says '"vlan": {"strips": true, "strips_fixed": false, "filters": false, "filters_fixed": false, "veth": true, "reader": "tags"}' --json
expect "weir check says it too" check_says "va: VLAN tags: \`tags' (Classifier) sees"
for mode in "" --no-driver; do
	# shellcheck disable=SC2086
	expect "starts ($mode)" router $mode
	main=$pid
	expect "has the interface leave tags ($mode)" stripping off
	expect "pings the router ($mode)" pings a 10.0.10.1 20 56
	expect "VLAN to VLAN ($mode)" pings a 10.0.20.2 50 1472
	expect "VLAN to QinQ ($mode)" pings a 10.0.7.2 50 1400
	expect "QinQ to VLAN ($mode)" pings q 10.0.20.2 50 1468
	expect "says what is too big for two tags ($mode)" too_big
	expect "TCP, VLAN to VLAN ($mode)" tcp b a 10.0.20.2
	expect "TCP, VLAN to QinQ ($mode)" tcp q a 10.0.7.2
	expect "an address of the router beyond ($mode)" pings q 10.0.10.1 20 56
	pid=$main
	expect "balances ($mode)" soon balances
	expect "ends ($mode)" stop
	expect "and the interface is as before ($mode)" stripping on
done

expect "starts" router
main=$pid
ip -n "$tag-a" link add raw0 type veth peer name toraw netns "$tag-s"
ip -n "$tag-a" link set raw0 up
inline_tags s toraw off
ip -n "$tag-s" link set toraw master sw up
expect "a frame of another VLAN is counted apart" stranger
inline_tags s trunk on
on a ip neigh flush dev eth0
expect "tags beside the packet do not arrive on a veth" no_answer
inline_tags s trunk off
expect "until the far end writes them" pings a 10.0.10.1 20 56
pid=$main
expect "is killed" stop KILL
expect "and the interface is as before" soon stripping on
on r ethtool -K va rx-vlan-offload off
expect "starts where one of two is off" router
expect "is killed again" stop KILL
expect "one was on" soon feature rx-vlan-stag-hw-parse on
expect "the other was not" feature rx-vlan-offload off
on r ethtool -K va rx-vlan-offload on
run <<'END'
FromDevice(va) -> Strip(14) -> Discard;
END
expect "who does not look at tags changes nothing" stripping on
expect "ends" stop
finish
