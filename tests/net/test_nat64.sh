#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# configs/nat64.click between a host that has IPv6 alone and a server behind another IPv4 router:
#
#	a 2001:db8:1::2 -- r 192.0.2.1 (pool 192.0.2.64) -- 192.0.2.2 m 198.51.100.1 -- 198.51.100.2 b
#
# TCP, UDP, ping, traceroute, MTUs found in both directions, fragments, and the ledger; with one worker
# and with two; and a transfer that goes on in the next process.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
conf=$(realpath configs/nat64.click)
a=2001:db8:1::2 ra=2001:db8:1::1 prefix=2001:db8:64:: b=198.51.100.2 m=192.0.2.2 pool=192.0.2.64
to_b=${prefix}c633:6402 to_m=${prefix}c000:202

network() {
	local n
	namespaces a r m b
	for n in a r; do
		on "$n" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0 \
			net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.accept_ra=0
	done
	wire a a0 r va
	wire m m0 r vm
	wire b b0 m mb
	for n in a/a0 m/m0 m/mb b/b0; do
		on "${n%/*}" ethtool -K "${n#*/}" tso off gso off gro on tx off >/dev/null
	done
	ip -n "$tag-a" addr add "$a"/64 dev a0
	ip -n "$tag-a" route add default via "$ra"
	ip -n "$tag-r" addr add "$ra"/64 dev va
	ip -n "$tag-r" addr add 192.0.2.1/24 dev vm
	ip -n "$tag-m" addr add "$m"/24 dev m0
	ip -n "$tag-m" addr add 198.51.100.1/24 dev mb
	ip -n "$tag-b" addr add "$b"/24 dev b0
	ip -n "$tag-b" route add default via 198.51.100.1
	on m sysctl -qw net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0
	on b sysctl -qw net.ipv4.icmp_ratelimit=0
}

router() { # [-j N] [NAME=VALUE ...]
	local j=1
	[ "$1" != -j ] || { j=$2; shift 2; }
	background r "$weir" run -j "$j" --name "$tag" "$conf" IF6=va IF4=vm "PREFIX=$prefix/96" \
		"POOL=$pool" "GW4=$m" "$@" >"$out" 2>&1
	soon ready || because "not ready: $(tail -n 1 "$out")" || return
	alive || because "$(tail -n 3 "$out" | tr '\n' ' ')"
}

echoes() { # on b: what comes by UDP port 7 goes back
	background b python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, 10, 0)
s.bind(('', 7))
while True:
    data, who = s.recvfrom(65536)
    s.sendto(data, who)"
	soon on b grep -q ':0007 ' /proc/net/udp
}

udp() { # LENGTH COUNT: datagrams there and back
	on a timeout 20 python3 - "$to_b" "$1" "$2" <<-'END' || because "not all came back"
		import os, socket, sys
		s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		s.settimeout(2)
		for i in range(int(sys.argv[3])):
		    data = os.urandom(int(sys.argv[2]))
		    for attempt in range(3):
		        s.sendto(data, (sys.argv[1], 7))
		        try:
		            if s.recv(65536) == data:
		                break
		        except TimeoutError:
		            pass
		    else:
		        sys.exit(1)
	END
}

tcp() { # BYTES [OPTION ...]: a transfer ends, and all of it arrived
	local server said
	background b iperf3 -s -1 >/dev/null 2>&1
	server=$pid
	soon on b grep -q ':1451 ' /proc/net/tcp /proc/net/tcp6 || because "no iperf3" || return
	said=$(on a timeout 20 iperf3 -6 -c "$to_b" -n "$1" "${@:2}" 2>&1 | grep -c receiver)
	[ "$said" -ge 1 ] || because "no result"
	wait "$server" 2>/dev/null
}

pinged() { # COUNT SIZE: b answers a, each time
	local said
	said=$(on a ping -q -c "$1" -s "$2" -i 0.02 -W 3 "$to_b" | grep received)
	[[ $said == *", 0% packet loss"* ]] || because "$said"
}

trace() { # all on the way, by the addresses that stand for them
	local said
	said=$(on a timeout 20 traceroute6 -n -q 1 -w 2 "$to_b" | awk 'NR > 1 { printf "%s ", $2 }')
	[ "$said" = "$ra $to_m $to_b " ] || because "$said"
}

learned() { # NAMESPACE TO MTU
	on "$1" ip route get "$2" | grep -q "mtu $3" || because "$(on "$1" ip route get "$2")"
}

told() { # WORDS TO [OPTION ...]: a, which pings, is told this
	local said
	said=$(on a ping -c 1 -W 2 "${@:3}" "$2" 2>&1)
	[[ $said == *"$1"* ]] || because "$said"
}

seen_from() { # b sees a at the pool's address, with hop limits that went down
	background b timeout 10 tcpdump -c 1 -lnvi b0 "icmp[0] = 8 and src $pool" >"$scratch/dump" 2>/dev/null
	sleep 0.5
	on a ping -q -c 3 -i 0.3 -t 9 -W 1 "$to_b" >/dev/null
	soon grep -q 'ttl 7,' "$scratch/dump" || because "$(cat "$scratch/dump")"
}

all() { # -j N
	local main
	expect "starts $*" router "$@"
	main=$pid
	expect "pings" pinged 50 64
	expect "long pings" pinged 20 1440
	expect "pings from the pool" seen_from
	expect "UDP" udp 100 20
	expect "TCP" tcp 2M
	expect "TCP the other way" tcp 2M -R
	expect "traceroute" trace
	expect "no such network" told "No route" 2001:db8:9::9
	expect "fragments" udp 4000 10
	# the link to b becomes narrow: m says so in IPv4
	ip -n "$tag-m" link set mb mtu 1400
	expect "packet too big" told "Packet too big: mtu=1420" "$to_b" -s 1440 -M "do"
	expect "the host has learned it" learned a "$to_b" 1420
	expect "TCP finds the way" tcp 2M
	ip -n "$tag-m" link set mb mtu 1500
	on a ip -6 route flush cache
	pid=$main
	expect "balances" soon balances
	expect "ends" stop
	# the link of a: the router says so in IPv6, of what comes from IPv4
	expect "starts with a smaller MTU" router "$@" MTU6=1380
	main=$pid
	expect "TCP finds the way back" tcp 2M -R
	expect "the server has learned it" learned b "$pool" 1360
	expect "fragments are cut" udp 4000 10
	pid=$main
	expect "balances with it" soon balances
	expect "ends with it" stop
	on b ip route flush cache
}

transfers() { # b has iperf3's two connections
	[ "$(on b cat /proc/net/tcp /proc/net/tcp6 | grep -c ':1451 [0-9A-F]*:[0-9A-F]* 01 ')" -ge 2 ]
}

survives() { # a transfer goes on when the router is killed and started again
	local server client said
	background b iperf3 -s -1 >/dev/null 2>&1
	server=$pid
	soon on b grep -q ':1451 ' /proc/net/tcp /proc/net/tcp6 || because "no iperf3" || return
	background a timeout 30 iperf3 -6 -c "$to_b" -t 4 >"$scratch/iperf" 2>&1
	client=$pid
	soon transfers || because "no connection: $(tail -n 1 "$scratch/iperf")" || return
	sleep 0.5
	pid=$main
	stop KILL && router -j 2 --keep || return
	main=$pid
	wait "$client" 2>/dev/null
	said=$(grep -c receiver "$scratch/iperf")
	[ "$said" -ge 1 ] || because "$(tail -n 1 "$scratch/iperf")" || return
	wait "$server" 2>/dev/null
}

trap 'cleanup; "$weir" unload "$tag" >/dev/null 2>&1' EXIT
network
echoes
all -j 1
all -j 2
expect "starts to be kept" router -j 2 --keep
main=$pid
expect "pings" pinged 20 64
expect "a transfer survives a crash" survives
pid=$main
expect "ends at last" stop
expect "is unloaded" on r "$weir" unload "$tag"
finish
