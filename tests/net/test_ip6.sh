#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# configs/ip6-router.click between two hosts: neighbours, real protocols, the errors of ICMPv6, and the
# ledger.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
conf=$(realpath configs/ip6-router.click)
a=2001:db8:1::2 b=2001:db8:2::2 ra=2001:db8:1::1 rb=2001:db8:2::1

hosts6() { # the hosts a and b with the router r between them
	local n
	namespaces a r b
	for n in a r b; do
		on "$n" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0 \
			net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.accept_ra=0
	done
	wire a a0 r va
	wire b b0 r vb
	for n in a b; do
		on "$n" ethtool -K "${n}0" tso off gso off gro on >/dev/null
	done
	ip -n "$tag-a" addr add "$a"/64 dev a0
	ip -n "$tag-b" addr add "$b"/64 dev b0
	ip -n "$tag-r" addr add "$ra"/64 dev va
	ip -n "$tag-r" addr add "$rb"/64 dev vb
	ip -n "$tag-a" route add default via "$ra"
	ip -n "$tag-b" route add default via "$rb"
}

router() { # [MTU1]
	run < <(sed "s/^define(.*/define(\$IF0 va, \$IF1 vb, \$MTU0 1500, \$MTU1 ${1:-1500})/" "$conf")
}

tcp() { # a transfer ends, and all of it arrived
	background b iperf3 -s -1 >/dev/null 2>&1
	local server=$pid said
	soon on b grep -q ':1451 ' /proc/net/tcp6 || because "no iperf3" || return
	said=$(on a timeout 20 iperf3 -6 -c "$b" -n "${1:-20M}" 2>&1 | grep -c receiver)
	[ "$said" -ge 1 ] || because "no result"
	wait "$server" 2>/dev/null
}

hlim_seen() { # a packet sent with hop limit 9 arrives with 8
	background b timeout 5 tcpdump -c 1 -lnvi b0 'ip6[40] = 128' >"$scratch/dump" 2>/dev/null
	sleep 0.5
	on a ping -q -c 2 -i 0.3 -t 9 -W 1 "$b" >/dev/null
	soon grep -q 'hlim 8,' "$scratch/dump" || because "$(cat "$scratch/dump")"
}

told() { # WORDS TO [OPTION ...]: a, which pings, is told this by ICMPv6
	local said
	said=$(on a ping -c 1 -W 2 "${@:3}" "$2" 2>&1)
	[[ $said == *"$1"* ]] || because "$said"
}

trace() { # the way from a to b: the router, then b
	local said
	said=$(on a timeout 20 traceroute6 -n -q 1 -w 2 "$b" | awk 'NR > 1 { printf "%s ", $2 }')
	[ "$said" = "$1 $b " ] || because "$said"
}

learned() { # MTU: of the way to b
	on a ip -6 route get "$b" | grep -q "mtu $1" || because "$(on a ip -6 route get "$b")"
}

redirected() { # a, which goes by the router to an address of its own link, learns the direct way
	local ll to=2001:db8:1::77
	ll=$(ip -n "$tag-r" -6 -br addr show dev va scope link | awk '{ sub("/.*", "", $3); print $3 }')
	ip -n "$tag-a" route add "$to" via "$ll" dev a0
	[[ $(on a ip -6 route get "$to") == *" via $ll"* ]] || because "it does not go by the router" || return
	on a ping -q -c 3 -i 0.3 -W 1 "$to" >/dev/null
	[[ $(on a ip -6 route get "$to") != *" via $ll"* ]] || because "$(on a ip -6 route get "$to")"
}

hosts6
expect "starts" router
main=$pid
expect "pings" pings a "$b" 50 1452
expect "pings back" pings b "$a" 50 64
expect "the router answers" pings a "$ra" 20 1000
expect "on the other side too" pings a "$rb" 20 1000
expect "TCP" tcp
expect "UDP in fragments" pings a "$b" 20 4000
expect "hop limits go down" hlim_seen
expect "traceroute" trace "$rb"
expect "time exceeded" told "Time exceeded: Hop limit" "$b" -t 1
expect "no route" told "No route" 2001:db8:9::9
expect "a neighbour is redirected" redirected
expect "no such neighbour" told "100% packet loss" 2001:db8:2::77
pid=$main
expect "balances" soon balances
expect "ends" stop

expect "starts with a smaller MTU" router 1400
main=$pid
expect "packet too big" told "Packet too big: mtu=1400" "$b" -s 1452 -M "do"
expect "the host has learned it" learned 1400
expect "TCP finds the way" tcp 5M
expect "pings in fragments" pings a "$b" 20 4000
pid=$main
expect "balances with it" soon balances
expect "ends with it" stop
finish
