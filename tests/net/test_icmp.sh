#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# ICMP errors of configs/ip-router.click to real hosts: path-MTU discovery through the router, beyond
# it, and of the host that it runs on; redirects; what a flood gets.
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"

beyond() { # c on 10.0.3.2, behind b, which is a router of the kernel's; the link between takes 1300
	namespaces c
	wire b b1 c c0
	ip -n "$tag-b" addr add 10.0.3.1/24 dev b1
	ip -n "$tag-c" addr add 10.0.3.2/24 dev c0
	ip -n "$tag-b" link set b1 mtu 1300
	on c ethtool -K c0 tx off >/dev/null
	on b sysctl -qw net.ipv4.ip_forward=1
	ip -n "$tag-c" route add default via 10.0.3.1
	ip -n "$tag-r" route add 10.0.3.0/24 via 10.0.2.2
}

router() { # [OPTION ...]: 1400 is the MTU to b; two routes more
	# not in a pipe: run sets pid
	run "$@" < <(sed 's/define(.*/define($IF0 va, $IF1 vb, $MTU0 1500, $MTU1 1400)/
		s|\$IF1:ipnet 2,|&\n10.0.3.0/24 10.0.2.2 2, 10.0.9.0/24 10.0.1.99 1,|' configs/ip-router.click)
}

tcp() { # FROM TO ADDRESS: the transfer ends
	local server said
	background "$2" iperf3 -s -1 >/dev/null 2>&1
	server=$pid
	soon on "$2" grep -q ':1451 ' /proc/net/tcp6 || because "no iperf3" || return
	said=$(on "$1" timeout 15 iperf3 -c "$3" -n 2M 2>&1 | grep -c receiver)
	wait "$server" 2>/dev/null
	[ "$said" -ge 1 ] || because "no result"
}

learned() { # HOST ADDRESS MTU
	local got
	got=$(ip -n "$tag-$1" route get "$2" | grep -o 'mtu [0-9]*')
	[ "$got" = "mtu $3" ] || because "$(ip -n "$tag-$1" route get "$2" | tr '\n' ' ')"
}

redirected() {
	on a ping -c 1 -W 1 10.0.9.1 >/dev/null
	ip -n "$tag-a" route get 10.0.9.1 | grep -q 'via 10.0.1.99' ||
		because "$(ip -n "$tag-a" route get 10.0.9.1 | tr '\n' ' ')"
}

not_redirected() { # a host that is not on the link
	local before
	before=$(redirects)
	on a ping -c 1 -W 1 -I 10.7.7.7 10.0.9.1 >/dev/null
	[ "$(redirects)" = "$before" ] || because "there is a redirect"
	soon is_lost off-link 1
}

redirects() { # that a got
	on a awk '/^Icmp:/ { n = $10 } END { print n }' /proc/net/snmp
}

expired() { # time exceeded that a got
	on a awk '/^Icmp:/ { n = $8 } END { print n }' /proc/net/snmp
}

is_lost() { # NAME LEAST: of all ICMPErrors
	local n
	n=$(on r "$weir" stats -n "$tag" |
		awk -v name="$1" '$1 ~ "ICMP6?Error@[0-9]*\\." name "$" { n += $2 } END { print n + 0 }')
	[ "$n" -ge "$2" ] || because "$n lost as $1"
}

flood() { # COUNT SOURCES: datagrams whose TTL runs out in the router
	on a python3 - "$1" "$2" <<-'END'
		import socket, struct, sys
		count, sources = int(sys.argv[1]), int(sys.argv[2])
		s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
		for i in range(count):
		    src = socket.inet_aton('10.0.1.2') if sources == 1 else struct.pack('>I', 0x0a080000 + i % sources)
		    head = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 28, 0, 0, 1, 17, 0, src, socket.inet_aton('10.0.2.2'))
		    s.sendto(head + struct.pack('>HHHH', 9, 9, 8, 0), ('10.0.2.2', 0))
	END
}

few_answers() { # of one host
	local before=$(($(expired))) start=$SECONDS n
	flood 20000 1
	sleep 0.3
	n=$(($(expired) - before))
	((n >= 6 && n <= 8 + SECONDS - start)) || because "$n answers"
	is_lost host-rate 10000 # a busy machine loses some on the way
}

many_hosts() { # BURST and RATE hold
	local start=$SECONDS n
	flood 20000 5000
	soon is_lost rate $((12000 - 1001 * (SECONDS - start + 1))) || return
	n=$(on r "$weir" stats -n "$tag" | awk '$1 ~ "ICMPError@[0-9]*.rate$" { n += $2 } END { print n + 0 }')
	((n <= 20000 - 50)) || because "$n of 20000 lost: the burst got no answer"
}

goes_on() { # the flood costs others nothing
	local flooder status=0
	flood 60000 5000 &
	flooder=$!
	pings a 10.0.2.2 100 56 || status=1
	wait "$flooder"
	return "$status"
}

finds() { # ADDRESS: neighbours on the way get known; the first question for one may come to nothing
	on a ping -q -c 1 -W 1 "$1" >/dev/null
}

hosts6() { # IPv6 addresses for a, b, and c behind b; r's kernel has none
	local n
	for n in a:a0 b:b0 b:b1 c:c0; do
		on "${n%:*}" sysctl -qw "net.ipv6.conf.${n#*:}.disable_ipv6=0"
	done
	ip -n "$tag-a" addr add 2001:db8:1::2/64 dev a0 nodad
	ip -n "$tag-b" addr add 2001:db8:2::2/64 dev b0 nodad
	ip -n "$tag-b" addr add 2001:db8:3::1/64 dev b1 nodad
	ip -n "$tag-c" addr add 2001:db8:3::2/64 dev c0 nodad
	on b sysctl -qw net.ipv6.conf.all.forwarding=1
	ip -n "$tag-a" route add default via 2001:db8:1::1
	ip -n "$tag-b" route add default via 2001:db8:2::1
	ip -n "$tag-c" route add default via 2001:db8:3::1
}

router6() { # [OPTION ...]: 1400 is the MTU to b
	run "$@" <<-'END'
		elementclass Interface6 { $dev, $addr, $mtu |
			from :: FromDevice($dev);
			to :: ToDevice($dev);
			nd :: IP6NDSolicitor($addr, $dev:eth);
			class :: Classifier(12/86dd 20/3aff 54/87, 12/86dd 20/3aff 54/88, 12/86dd, -);
			from -> class;
			class[0] -> IP6NDAdvertiser($addr $dev:eth) -> to;
			class[1] -> [1] nd;
			class[2] -> Strip(14) -> CheckIP6Header -> [0] output;
			class[3] -> Discard;
			input -> hops :: DecIP6HLIM -> size :: IP6Fragmenter($mtu) -> nd -> to;
			nd[1] -> to;
			hops[1] -> ICMP6Error($addr, timeexceeded) -> [1] output;
			size[1] -> ICMP6Error($addr, toobig, PMTU $mtu) -> [1] output;
		}
		if0 :: Interface6(va, 2001:db8:1::1, 1500);
		if1 :: Interface6(vb, 2001:db8:2::1, 1400);
		route :: LookupIP6Route(2001:db8:1::1/128 0, 2001:db8:2::1/128 0, 2001:db8:1::/64 1,
			2001:db8:2::/64 2, 2001:db8:3::/64 2001:db8:2::2 2, ::/0 3);
		if0, if1 -> route;
		if0[1], if1[1] -> route;
		route[0] -> ICMP6PingResponder -> route;
		route[1] -> if0;
		route[2] -> if1;
		route[3] -> ICMP6Error(2001:db8:1::1, unreachable, noroute) -> route;
	END
}

with_kernel() { # the router asks the kernel from where to send, and who is a neighbour
	run < <(sed 's/define(.*/define($IF0 va, $IF1 vb, $MTU0 1500, $MTU1 1400) k :: KernelRoutes($IF0, $IF1);/
		s/, LINK \$dev:ipnet//; s/ICMPError(\$dev, [^)]*/&, KERNEL k/
		s|\$IF1:ipnet 2,|&\n10.0.3.0/24 10.0.2.2 2, 10.0.9.0/24 10.0.1.99 1,|' configs/ip-router.click)
}

prefers() { # ADDRESS: r sends to a from there
	ip -n "$tag-r" addr replace "$1/32" dev va
	ip -n "$tag-r" route replace 10.0.1.0/24 dev va src "$1"
	ip -n "$tag-r" route del 10.0.1.0/24 dev va proto kernel 2>/dev/null
	soon answered_by a "$1" 10.0.2.2
}

answered_by() { # HOST ADDRESS DESTINATION: the first router of its
	local said
	said=$(on "$1" ping -c 1 -t 1 -W 1 "$3" 2>&1)
	[[ $said == *"From $2 "* ]] || because "$said"
}

few_answers6() {
	local n before
	before=$(on a awk '$1 == "Icmp6InTimeExcds" { print $2 }' /proc/net/snmp6)
	on a python3 -c "
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 1)
for i in range(5000):
    try: s.sendto(b'x', ('2001:db8:2::2', 9))
    except OSError: pass"
	sleep 0.3
	n=$(($(on a awk '$1 == "Icmp6InTimeExcds" { print $2 }' /proc/net/snmp6) - before))
	((n >= 6 && n <= 10)) || because "$n answers"
	is_lost host-rate 2500
}

unreachable6() {
	on a ping -c 1 -W 1 2001:db8:9::9 | grep -qi 'no route\|unreachable' || because "no answer"
}

hosts 1
beyond
ip -n "$tag-a" neigh add 10.0.1.99 lladdr 2:0:0:0:0:99 dev a0 nud permanent
ip -n "$tag-a" addr add 10.7.7.7/32 dev lo
for mode in "" --no-driver; do
	# shellcheck disable=SC2086
	expect "starts ($mode)" router $mode
	main=$pid
	alive || finish
	for n in a r; do
		ip -n "$tag-$n" route flush cache
	done
	expect "TCP through the router, whose next link takes less ($mode)" tcp a b 10.0.2.2
	expect "the sender knows its MTU ($mode)" learned a 10.0.2.2 1400
	expect "TCP through a link beyond that takes even less ($mode)" tcp a c 10.0.3.2
	expect "the sender knows that MTU ($mode)" learned a 10.0.3.2 1300
	expect "TCP of the host that the router runs on ($mode)" tcp r c 10.0.3.2
	expect "that host knows it too ($mode)" learned r 10.0.3.2 1300
	expect "a neighbour is redirected ($mode)" redirected
	expect "a host elsewhere is not ($mode)" not_redirected
	expect "a flood of one host gets few answers ($mode)" few_answers
	expect "one of many hosts gets the rate ($mode)" many_hosts
	expect "and costs others nothing ($mode)" goes_on
	pid=$main
	expect "balances ($mode)" soon balances
	expect "ends ($mode)" stop
done

expect "starts with the kernel's addresses" with_kernel
main=$pid
alive || finish
ip -n "$tag-a" route flush cache
expect "answers from the address of the link" soon answered_by a 10.0.1.1 10.0.2.2
expect "and on the other one" soon answered_by b 10.0.2.1 10.0.1.2
expect "from the one that the route prefers" prefers 10.0.1.100
expect "TCP where the next link takes less, with such answers" tcp a b 10.0.2.2
expect "the sender knows its MTU" learned a 10.0.2.2 1400
expect "a neighbour by the kernel's routes is redirected" redirected
expect "a host that is none is not" not_redirected
pid=$main
expect "balances" soon balances
expect "ends" stop
ip -n "$tag-r" addr del 10.0.1.100/32 dev va

hosts6
for mode in "" --no-driver; do
	# shellcheck disable=SC2086
	expect "IPv6: starts ($mode)" router6 $mode
	main=$pid
	alive || finish
	ip -n "$tag-a" -6 route flush cache
	expect "IPv6: the router answers ($mode)" pings a 2001:db8:1::1 20 56
	expect "IPv6: finds the way ($mode)" soon finds 2001:db8:2::2
	expect "IPv6: pings ($mode)" pings a 2001:db8:2::2 50 1300
	expect "IPv6: TCP where the next link takes less ($mode)" tcp a b 2001:db8:2::2
	expect "IPv6: the sender knows its MTU ($mode)" learned a 2001:db8:2::2 1400
	expect "IPv6: TCP through a link beyond that takes even less ($mode)" tcp a c 2001:db8:3::2
	expect "IPv6: the sender knows that MTU ($mode)" learned a 2001:db8:3::2 1300
	expect "IPv6: no route ($mode)" unreachable6
	expect "IPv6: a flood of one host gets few answers ($mode)" few_answers6
	pid=$main
	expect "IPv6: balances ($mode)" soon balances
	expect "IPv6: ends ($mode)" stop
done
finish
