#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# configs/kernel-router.click and what `weir init` writes, between hosts: the kernel says where packets go, and
# weir forwards them, in both families. The kernel of the router's namespace does not forward itself.
#
#	a 10.0.1.2 --- va 10.0.1.1  r  vb 10.0.2.1 --- 10.0.2.2 b		(fd00:1::2 and so on)
#	                               vc 10.0.3.1 --- 10.0.3.2 c
#	                               vd 10.0.4.1 --- 10.0.4.2 d
#
# 10.9.0.1 and fd00:9::1 are addresses of b, c and d alike.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
compare=$(realpath "$(dirname "$0")/compare_routes")
conf=$(realpath configs/kernel-router.click)

host() { # NAME NUMBER: and its interface at the router
	namespaces "$1"
	wire "$1" "${1}0" r "v$1"
	on "$1" ethtool -K "${1}0" gro on tso off gso off
	on "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=0
	on "$1" sysctl -qw "net.ipv6.conf.${1}0.disable_ipv6=0" net.ipv6.conf.lo.disable_ipv6=0
	on r sysctl -qw "net.ipv6.conf.v$1.disable_ipv6=0"
	ip -n "$tag-$1" addr add "10.0.$2.2/24" dev "${1}0"
	ip -n "$tag-$1" addr add "fd00:$2::2/64" dev "${1}0" nodad
	ip -n "$tag-r" addr add "10.0.$2.1/24" dev "v$1"
	ip -n "$tag-r" addr add "fd00:$2::1/64" dev "v$1" nodad
	ip -n "$tag-$1" route add default via "10.0.$2.1"
	ip -n "$tag-$1" route add default via "fd00:$2::1"
	[ "$1" = a ] && return
	ip -n "$tag-$1" addr add 10.9.0.1/32 dev lo
	ip -n "$tag-$1" addr add fd00:9::1/128 dev lo
}

net() {
	namespaces r
	on r sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.lo.disable_ipv6=0
	host a 1 && host b 2 && host c 3 && host d 4
}

router() { # [OPTION ...]: what init writes for all four
	on r "$weir" init va vb vc vd >"$scratch/four.click" 2>"$scratch/found" || return
	run "$@" <"$scratch/four.click" || at_last
}

at_last() { # ready: many programs are loaded, which takes a while on a busy machine
	local i
	for i in {1..10}; do
		soon ready && break
	done
	ready && alive || because "not ready: $(tail -n 1 "$out")"
}

r() { # COMMAND ...: of ip(8) at the router
	ip -n "$tag-r" "$@"
}

state() { # WORD: of the follower
	on r "$weir" read -n "$tag" k.state | awk -v name="$1:" '$1 == name { print $2 }'
}

caught_up() { # with the kernel
	[ "$(state behind)" = 0 ]
}

follows() { # COMMAND ...: becomes true within a second or so of a change
	for _ in {1..15}; do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	because "$*"
}

reaches() { # FROM ADDRESS
	on "$1" ping -q -c 1 -W 1 "$2" >/dev/null || because "no answer from $2"
}

says_of() { # TEXT FROM PING-ARGUMENTS ...
	local said
	said=$(on "$2" ping -c 1 -W 2 "${@:3}" 2>&1)
	[[ $said == *"$1"* ]] || because "$said"
}

tells() { # TEXT COMMAND ...: its output has the text
	local said
	said=$("${@:2}" 2>&1)
	[[ $said == *"$1"* ]] || because "$said"
}

serve() { # NAMESPACE PORT: gives back the sum of what it was sent
	background "$1" python3 -c "
import hashlib, socket
s = socket.create_server(('::', $2), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    c = s.accept()[0]
    h = hashlib.sha256()
    while data := c.recv(65536):
        h.update(data)
    c.send(h.digest())
    c.close()"
}

talks() { # FROM ADDRESS PORT BYTES: over TCP, and nothing is changed on the way
	on "$1" timeout 20 python3 -c "
import hashlib, os, socket
data = os.urandom($4)
s = socket.create_connection(('$2', $3), timeout=10)
s.sendall(data)
s.shutdown(socket.SHUT_WR)
assert s.recv(64) == hashlib.sha256(data).digest()" 2>"$scratch/said" || because "$(tail -n 1 "$scratch/said")"
}

count() { # NAMESPACE ADDRESS: writes the source ports of what comes to UDP port 7 there, until it is killed
	background "$1" python3 -u -c "
import socket
s = socket.socket(socket.AF_INET6 if ':' in '$2' else socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('$2', 7))
while True:
    print(s.recvfrom(64)[1][1])" >"$scratch/ports.$1"
}

counts() { # NAMESPACE
	[ -n "$(on "$1" ss -Huln 'sport = :7')" ]
}

flows() { # ADDRESS: a packet of each of 96 flows; where each went is in spread.X
	local n
	for n in b c d; do
		count "$n" "$1" && counters+=("$pid")
	done
	for n in b c d; do soon counts "$n"; done
	on a python3 -c "
import socket, time
for port in range(20000, 20096):
    s = socket.socket(socket.AF_INET6 if ':' in '$1' else socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(('', port))
    s.sendto(b'flow', ('$1', 7))
    time.sleep(0.002)"
	soon eval '(($(cat "$scratch"/ports.[bcd] | wc -l) == 96))'
	kill "${counters[@]}" 2>/dev/null
	counters=()
	for n in b c d; do
		sort "$scratch/ports.$n" >"$scratch/spread.$n"
	done
}
counters=()

spread() { # ADDRESS LEAST OF ...: flows that b, c and d have at least, and all together 96
	local n all=0 got
	flows "$1"
	for n in b c d; do
		got=$(wc -l <"$scratch/spread.$n")
		all=$((all + got))
		((got >= $2)) || because "$n has $got flows" || return
		shift
	done
	((all == 96)) || because "$all flows arrived"
}

stayed() { # ADDRESS: flows of b and c did, those of d went to them
	local n
	for n in b c; do cp "$scratch/spread.$n" "$scratch/before.$n"; done
	flows "$1"
	for n in b c; do
		[ -z "$(comm -23 "$scratch/before.$n" "$scratch/spread.$n")" ] || because "flows left $n" || return
	done
	[ ! -s "$scratch/spread.d" ] && (($(cat "$scratch"/spread.[bc] | wc -l) == 96)) || because "flows are lost"
}

only() { # NAMESPACE FROM ADDRESS: packets to the address arrive there
	local n got
	for n in b c d; do on "$n" ping -q -c 1 -W 0.2 "$3" >/dev/null; done # counters of lo move only here
	got=$(on "$1" timeout 3 tcpdump -c 1 -lni any "icmp or icmp6" and dst "$3" 2>/dev/null &
		sleep 0.7
		on "$2" ping -q -c 3 -i 0.2 -W 0.2 "$3" >/dev/null
		wait)
	[ -n "$got" ] || because "nothing for $3 arrives at $1"
}

driver_has() { # ELEMENT
	tells " driver " eval "on r '$weir' stats -n '$tag' | grep '^$1 '"
}

# --- what init says and writes ---
init_is() { # TEXT IF ...: it ends with an error that has the text
	! on r "$weir" init "${@:2}" >"$scratch/text" 2>&1 || because "it writes" || return
	grep -qF "$1" "$scratch/text" || because "$(cat "$scratch/text")"
}

same_text() { # configs/kernel-router.click is what it writes for these
	r link set va down && r link set vb down
	r link set va name eth1 && r link set vb name eth2
	r link set eth1 up && r link set eth2 up
	soon eval '[ "$(r -6 addr show scope link | grep -c fe80)" = 2 ]'
	on r "$weir" init eth1 eth2 >"$scratch/text" 2>"$scratch/found"
	r link set eth1 down && r link set eth2 down
	r link set eth1 name va && r link set eth2 name vb
	cmp "$scratch/text" "$conf" || because "they differ"
}

writes_file() {
	on r "$weir" init -o "$scratch/file" va vb 2>/dev/null && [ -s "$scratch/file" ] &&
		! on r "$weir" init -o "$scratch/file" va vb 2>/dev/null &&
		on r "$weir" init -o "$scratch/file" --force va 2>/dev/null && ! grep -q vb "$scratch/file"
}

init_cases() {
	namespaces r a
	on r sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0
	wire a a0 r va
	wire a a1 r vb
	expect "init: configs/kernel-router.click" same_text
	expect "init: no such interface" init_is "nothing0: there is no such interface" nothing0
	expect "init: loopback" init_is "lo: it is no Ethernet interface" lo
	expect "init: twice" init_is "va: it is given twice" va va
	r link add bridge type bridge
	r link set vb master bridge
	expect "init: part of a bridge" init_is "vb: its packets are those of bridge" vb
	r link set vb nomaster
	expect "init: a file" writes_file
	ip netns del "$tag-r" && ip netns del "$tag-a"
	sleep 0.2
}

# --- what a router of the kernel's routes does ---
forwards() {
	expect "$1: IPv4" pings a 10.0.2.2 50 56
	expect "$1: IPv6" pings a fd00:2::2 50 56
	expect "$1: the router itself" pings a 10.0.1.1 10 56
	expect "$1: its other address" pings a fd00:2::1 10 56
	expect "$1: TCP" talks a 10.0.2.2 5001 3000000
	expect "$1: TCP, IPv6" talks a fd00:2::2 5001 3000000
	expect "$1: TCP to the router" talks a 10.0.2.1 5002 100000
	expect "$1: TCP to the router, IPv6" talks b fd00:1::1 5002 100000
}

errors() {
	expect "$1: TTL" says_of "From 10.0.1.1 icmp_seq=1 Time to live exceeded" a -t 1 10.0.2.2
	expect "$1: hop limit" says_of "From fd00:1::1 icmp_seq=1 Time exceeded: Hop limit" a -t 1 fd00:2::2
	expect "$1: no route" says_of "Destination Net Unreachable" a 10.77.0.1
	expect "$1: no route, IPv6" says_of "No route" a fd00:77::1
	r route add unreachable 10.66.0.0/16 && r route add prohibit 10.67.0.0/16 && r route add blackhole 10.68.0.0/16
	r route add unreachable fd00:66::/32 && r route add prohibit fd00:67::/32 && r route add blackhole fd00:68::/32
	expect "$1: unreachable" follows says_of "Destination Host Unreachable" a 10.66.0.1
	expect "$1: unreachable, IPv6" says_of "Address unreachable" a fd00:66::1
	expect "$1: prohibit" says_of "Packet filtered" a 10.67.0.1
	expect "$1: prohibit, IPv6" says_of "Administratively prohibited" a fd00:67::1
	expect "$1: blackhole" says_of "100% packet loss" a 10.68.0.1
	expect "$1: blackhole, IPv6" says_of "100% packet loss" a fd00:68::1
	expect "$1: a neighbour that is not there" says_of "Destination Host Unreachable" a -W 5 10.0.2.77
	expect "$1: a neighbour that is not there, IPv6" says_of "Address unreachable" a -W 5 fd00:2::77
	r route flush 10.66.0.0/16 && r route flush root 10.64.0.0/13
	r -6 route flush root fd00:66::/31 && r -6 route flush root fd00:68::/32
}

redirected() { # a, which goes by the router to an address of its own link, learns the direct way
	local ll to=fd00:1::77
	ll=$(r -6 -br addr show dev va scope link | awk '{ sub("/.*", "", $3); print $3 }')
	on a sysctl -qw net.ipv6.conf.a0.accept_redirects=1
	ip -n "$tag-a" route add "$to" via "$ll" dev a0
	[[ $(on a ip -6 route get "$to") == *" via $ll"* ]] || because "it does not go by the router" || return
	background a timeout 3 tcpdump -lnvi a0 'ip6[40] = 137' >"$scratch/dump" 2>/dev/null
	sleep 0.5
	on a ping -q -c 3 -i 0.3 -W 1 "$to" >/dev/null
	[[ $(on a ip -6 route get "$to") != *" via $ll"* ]] || because "$(on a ip -6 route get "$to")" || return
	ip -n "$tag-a" route del "$to" via "$ll" dev a0
	# RFC 4861 8.1
	soon grep -q "hlim 255.* $ll > " "$scratch/dump" && ! grep -q 'hlim 254' "$scratch/dump" ||
		because "$(grep hlim "$scratch/dump")"
}

not_redirected() { # a host that is not on the link, to a router that is
	r route add fd00:99::/64 via fe80::99 dev va && r neigh add fe80::99 lladdr 02:00:00:00:00:99 dev va
	r route add fd00:88::2 via fd00:1::2
	ip -n "$tag-a" addr add fd00:88::2/128 dev lo
	sleep 0.3
	on a ping -q -c 3 -i 0.2 -W 1 -I fd00:88::2 fd00:99::1 >/dev/null
	ip -n "$tag-a" addr del fd00:88::2/128 dev lo
	r route del fd00:99::/64 && r route del fd00:88::2
	[ "$(redirects6)" = "$1" ] || because "there is a redirect"
}

redirects6() { # that a got
	on a awk '$1 == "Icmp6InRedirects" { print $2 }' /proc/net/snmp6
}

redirects() {
	expect "$1: a neighbour is redirected, IPv6" redirected
	expect "$1: who is none is not" not_redirected "$(redirects6)"
}

small_mtu() {
	expect "$1: too long, DF" says_of "10.0.1.1 icmp_seq=1 Frag needed and DF set (mtu = 1300)" a -M "do" -s 1350 10.0.2.2
	expect "$1: too long, IPv6" says_of "fd00:1::1 icmp_seq=1 Packet too big: mtu=1300" a -M "do" -s 1350 fd00:2::2
	expect "$1: fragments" says_of " 0% packet loss" a -M dont -s 1350 10.0.2.2
	expect "$1: path MTU of TCP" talks a 10.0.2.2 5001 1000000
	expect "$1: path MTU of TCP, IPv6" talks a fd00:2::2 5001 1000000
}

several() { # ADDRESS WAYS ...: routes to it by objects, one of which goes
	local gw=$2
	r nexthop add id 1 via "${gw/X/2}" dev vb && r nexthop add id 2 via "${gw/X/3}" dev vc
	r nexthop add id 3 via "${gw/X/4}" dev vd && r nexthop add id 9 group 1/2/3
	r route add "$1" nhid 9
	expect "several next hops: $1" follows spread "$1" 15 15 15
	r nexthop replace id 9 group 1/2
	soon caught_up
	expect "one goes, others' flows stay: $1" stayed "$1"
	r nexthop replace id 9 group 1,4/2,1/3,1
	expect "weights: $1" follows spread "$1" 45 4 4
	r route del "$1" && r nexthop flush >/dev/null 2>&1
}

changes() {
	r route add 10.9.0.1 via 10.0.2.2 metric 10 && r route add 10.9.0.1 via 10.0.3.2 metric 20
	r route add fd00:9::1 via fd00:2::2 metric 10 && r route add fd00:9::1 via fd00:3::2 metric 20
	expect "a route" follows reaches a 10.9.0.1
	expect "by the better next hop" only b a 10.9.0.1
	r route change 10.9.0.1 via 10.0.4.2 metric 10
	expect "that changes" only d a 10.9.0.1
	r route change 10.9.0.1 via 10.0.2.2 metric 10
	r link set vb down
	expect "a link goes down" follows reaches a 10.9.0.1
	expect "a link goes down, IPv6" follows reaches a fd00:9::1
	expect "the next best next hop" only c a 10.9.0.1
	expect "the next best next hop, IPv6" only c a fd00:9::1
	r link set vb up
	r addr add fd00:2::1/64 dev vb nodad 2>/dev/null
	expect "it comes back" follows reaches a 10.0.2.2
	expect "it comes back, IPv6" follows reaches a fd00:2::2
	r route flush 10.9.0.1 && r -6 route flush fd00:9::1
	r route add 10.9.0.1 via 10.0.2.2 && r route add 10.9.0.1 via 10.0.3.2 table 200
	r rule add iif vd lookup 200 pref 100
	expect "a rule by another interface" only b a 10.9.0.1
	r rule add iif va lookup 200 pref 100
	expect "a rule by interface" follows only c a 10.9.0.1
	r rule del pref 100 && r rule del pref 100 && r route flush table 200
	expect "and goes" follows only b a 10.9.0.1
	r route flush 10.9.0.1
}

compares() { # FAMILY SEED: the kernel of the namespace is asked, which says nothing unless it may forward
	on r sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	local status=0
	timeout 150 "$compare" "$1" "$2" 2 "$weir" "$tag" va vb vc vd >"$scratch/compared" 2>&1 || status=$?
	r "-$1" rule del pref 900 2>/dev/null
	r nexthop flush >/dev/null
	r route flush root 10.128.0.0/9
	r -6 route flush root 2001:db8::/32
	[ "$status" = 0 ] || because "$(tail -n 6 "$scratch/compared" | tr '\n' ' ')"
}

several_routes() { # FAMILY SEED NUMBER: at random
	python3 -c "
import ipaddress, random
random.seed($2)
net, bits = ('2001:db8::/32', 56) if $1 == 6 else ('10.128.0.0/9', 28)
for n in random.sample(range(1 << bits - int(net.split('/')[1])), $3):
    at = ipaddress.ip_network(net)[n << ($1 == 6 and 128 or 32) - bits]
    print(f'route add {at}/{bits} via', 'fd00:2::2' if $1 == 6 else '10.0.2.2')" | r "-$1" -force -batch - 2>/dev/null # some are there already
}

grows() { # FAMILY TO: its table does, under traffic, for which the workers stand still for a moment only
	local moves pinger i
	moves=$(state moves)
	background a ping -q -i 0.002 -c 1000 -W 2 "$2" >"$scratch/pings"
	pinger=$pid
	for i in 1 2 3; do
		several_routes "$1" "$i" 1000
		sleep 0.2
	done
	wait "$pinger"
	soon caught_up
	(($(state moves) > moves)) || because "nothing moved" || return
	(($(state pause_most_ns) < 100000000)) || because "workers stood still for $(state pause_most_ns) ns" || return
	grep -q " 0% packet loss" "$scratch/pings" || because "$(grep received "$scratch/pings")" || return
	r "-$1" route flush root "$([ "$1" = 6 ] && echo 2001:db8::/32 || echo 10.128.0.0/9)"
}

alone() { # without its process
	local n
	run --keep "$@" <"$scratch/four.click" || at_last || return
	expect "kept" reaches a 10.0.2.2
	reaches a fd00:2::2
	stop KILL
	expect "goes on without its process" pings a 10.0.2.2 20 56
	expect "goes on without its process, IPv6" pings a fd00:2::2 20 56
	expect "and says so" tells "without a process it does not follow" on r "$weir" status
	r route add blackhole 10.0.2.2
	sleep 0.3
	expect "routes stay as they were" reaches a 10.0.2.2
	run "$@" <"$scratch/four.click" || at_last || return
	expect "until it starts again" says_of "100% packet loss" a 10.0.2.2
	r route del blackhole 10.0.2.2
	expect "and follows" follows reaches a 10.0.2.2
	expect "ends" stop
	[ ! -e "/sys/fs/bpf/weir/$tag" ] || because "something stays"
}

two() { # [NAME=VALUE ...]: configs/kernel-router.click as it is, between a and b
	background r "$weir" run --name "$tag" "$conf" IF0=va IF1=vb "$@" >"$out" 2>&1
	at_last
}

init_cases
net
serve b 5001
serve r 5002
r link set vb mtu 1300 && ip -n "$tag-b" link set b0 mtu 1300
expect "kernel-router: starts" two MTU1=1300
[ "$failed" = 0 ] || finish
main=$pid
forwards "kernel-router"
errors "kernel-router"
small_mtu "kernel-router"
redirects "kernel-router"
expect "kernel-router: the ledger balances" balances
pid=$main
expect "kernel-router: ends" stop
r link set vb mtu 1500 && ip -n "$tag-b" link set b0 mtu 1500
for n in a b; do ip -n "$tag-$n" route flush cache; done

for mode in driver userspace; do
	half=()
	[ $mode = driver ] || half=(--no-driver -j 2)
	expect "$mode: starts" router "${half[@]}"
	main=$pid
	forwards "$mode"
	errors "$mode"
	several 10.9.0.1 10.0.X.2
	several fd00:9::1 fd00:X::2
	changes
	expect "$mode: as the kernel, IPv4" compares 4 1
	expect "$mode: as the kernel, IPv6" compares 6 2
	on r sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
	expect "$mode: a table grows under traffic, IPv4" grows 4 10.0.2.2
	expect "$mode: a table grows under traffic, IPv6" grows 6 fd00:2::2
	expect "$mode: the ledger balances" balances
	pid=$main
	expect "$mode: ends" stop
done
expect "the router's life" alone
finish
