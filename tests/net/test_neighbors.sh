#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# KernelNeighbors between two hosts: packets go to neighbours that the kernel of the router finds
# out, in both families, also IPv4 over IPv6, and both halves; they fail, move and grow old.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"

give_ip6() { # NS IF ADDRESS
	on "$1" sysctl -qw "net.ipv6.conf.$2.disable_ipv6=0" "net.ipv6.conf.$2.accept_dad=0"
	ip -n "$tag-$1" addr add "$3/64" dev "$2" nodad
}

both_families() {
	hosts
	on a ethtool -K a0 gro on >/dev/null
	on b ethtool -K b0 gro on >/dev/null
	on r sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0
	# so that they soon grow old
	on r sysctl -qw net.ipv4.neigh.vb.base_reachable_time_ms=1000 net.ipv6.neigh.vb.base_reachable_time_ms=1000 \
		net.ipv4.neigh.vb.delay_first_probe_time=1 net.ipv6.neigh.vb.delay_first_probe_time=1
	on a sysctl -qw net.ipv6.conf.all.disable_ipv6=0
	on b sysctl -qw net.ipv6.conf.all.disable_ipv6=0
	give_ip6 a a0 fd00:1::2
	give_ip6 r va fd00:1::1
	give_ip6 r vb fd00:2::1
	give_ip6 b b0 fd00:2::2
	# a network of IPv4 behind a neighbour of IPv6 (RFC 8950)
	ip -n "$tag-b" addr add 10.0.9.9/32 dev b0
	ip -n "$tag-r" route add 10.0.9.0/24 via inet6 fd00:2::2 dev vb
	ip -n "$tag-a" -6 route add default via fd00:1::1
	ip -n "$tag-b" -6 route add default via fd00:2::1
}

# Packets wait long, so that those that fail do so because the kernel says so.
# What comes from a and is for b's networks goes through weir; all else is the kernel's.
router() { # [OPTION ...]
	run "$@" <<-'END'
		k :: KernelRoutes(va, vb);
		n :: KernelNeighbors(k, vb, TIMEOUT 60);
		FromDevice(va) -> c :: Classifier(12/0800 30/0a0002, 12/86dd 38/fd000002, 12/0800 30/0a0009, -);
		c[0] -> Strip(14) -> CheckIPHeader -> GetIPAddress(16) -> v4 :: Counter -> [0] n;
		c[1] -> Strip(14) -> CheckIP6Header -> GetIP6Address(24) -> v6 :: Counter -> [1] n;
		c[2] -> Strip(14) -> CheckIPHeader -> GetIPAddress(16) -> rt :: KernelIPLookup(k, IIF va);
		rt[6] -> named :: Counter -> [0] n;
		rt[0], rt[1], rt[2], rt[3], rt[4], rt[5] -> Discard;
		c[3] -> ToHost(va);
		n -> ToDevice(vb);
		n[1] -> failed :: Counter -> Discard;
		FromDevice(vb) -> ToHost(vb);
	END
}

runs_in() { # ELEMENT driver|userspace
	local got
	got=$(on r "$weir" stats -n "$tag" | awk -v e="$1" '$1 == e { for (i = 2; i <= NF; i++) if ($i == "driver" || $i == "userspace") print $i }')
	[ "$got" = "$2" ] || because "$1 is in ${got:-neither}"
}

knows() { # ADDRESS ETHER
	on r "$weir" read -n "$tag" n.table | tr 'A-F-' 'a-f:' | grep -q "^$1 1 $2 " ||
		because "$(on r "$weir" read -n "$tag" n.table | tr '\n' ' ')"
}

ether_of() { # NS IF
	ip -n "$tag-$1" -o link show "$2" | sed 's/.*ether \([^ ]*\) .*/\1/'
}

fails() { # ADDRESS: packets to it leave by `failed`, and none waits then
	local before
	before=$(on r "$weir" read -n "$tag" failed.count)
	on a ping -q -c 3 -i 0.2 -W 1 "$1" >/dev/null && { because "it answers"; return; }
	soon more_failed "$((before + 3))" || because "$(on r "$weir" read -n "$tag" failed.count) of 3" || return
	has n.length 0
}

more_failed() { # COUNT
	[ "$(on r "$weir" read -n "$tag" failed.count)" -ge "$1" ]
}

# b gets another Ethernet address, and says so by asking for the router.
moves() { # ETHER
	ip -n "$tag-b" link set b0 address "$1"
	on b ip neigh flush dev b0
	on b ping -q -c 1 -W 2 10.0.2.1 >/dev/null
	on b ping -q -c 1 -W 2 fd00:2::1 >/dev/null
	soon knows 10.0.2.2 "$1" && soon knows fd00:2::2 "$1"
}

# Frames from the router have its new address, at once.
renames() { # ETHER
	ip -n "$tag-r" link set vb address "$1"
	on b timeout 5 tcpdump -c 4 -lneti b0 'icmp[0] = 8 or icmp6[0] = 128' >"$scratch/dump" 2>/dev/null &
	local dump=$!
	sleep 0.5
	on a ping -q -c 2 -i 0.2 -W 1 10.0.2.2 >/dev/null
	on a ping -q -c 2 -i 0.2 -W 1 fd00:2::2 >/dev/null
	wait "$dump"
	[ "$(grep -c "^$1 > " "$scratch/dump")" = 4 ] || because "$(head -n 2 "$scratch/dump" | tr '\n' ' ')"
}

# A neighbour that only weir sends to is looked after by the kernel, though it has no packet for it.
stays_fresh() {
	local solicited
	on b timeout 14 tcpdump -lni b0 "ether dst $(ether_of b b0) and (arp or icmp6[0] = 135)" \
		>"$scratch/dump" 2>/dev/null &
	local dump=$!
	# no answers: they would go through the kernel of r, which would look by itself
	on b nft add table inet q
	on b nft 'add chain inet q o { type filter hook output priority 0; }'
	on b nft 'add rule inet q o icmp type echo-reply drop'
	on b nft 'add rule inet q o icmpv6 type echo-reply drop'
	on a timeout 14 ping -q -i 0.5 10.0.2.2 >/dev/null &
	on a timeout 14 ping -q -i 0.5 fd00:2::2 >/dev/null
	wait "$dump"
	on b nft delete table inet q
	solicited=$(cut -d ' ' -f 2- "$scratch/dump")
	[[ $solicited == *"Request who-has 10.0.2.2"* ]] || because "no ARP: $solicited" || return
	[[ $solicited == *"neighbor solicitation"* ]] || because "no ND: $solicited" || return
}

first() { # ADDRESS: the packet waits, and arrives
	on a ping -q -c 1 -W 5 "$1" >/dev/null || because "no answer"
}

leaves_as() { # ADDRESS ETHER: without a neighbour
	on b timeout 5 tcpdump -c 1 -lneti b0 "dst $1" >"$scratch/dump" 2>/dev/null &
	local dump=$!
	sleep 0.5
	on a ping -q -b -c 1 -W 1 -I a0 "$1" >/dev/null 2>&1
	wait "$dump"
	grep -q " > $2" "$scratch/dump" || because "$(cat "$scratch/dump")"
}

to_sockets() { # packets, so far
	on r "$weir" stats -n "$tag" | awk '{ for (i = 1; i < NF; i++) if ($i == "rx_packets") n += $(i + 1) } END { print n }'
}

# The table gets more memory where it is, and what lies there is looked up by the driver too.
grows() {
	local before after i
	for i in {0..254}; do
		printf 'route add %s via inet6 fd00:2::2 dev vb\n' "41.$i.0.0/24" "42.$i.0.0/24"
	done >"$scratch/routes"
	echo "route add 10.0.9.9/32 via inet6 fd00:2::2 dev vb" >>"$scratch/routes"
	ip -n "$tag-r" -batch "$scratch/routes" || because "the kernel refuses them" || return
	sleep 1
	before=$(to_sockets)
	pings a 10.0.9.9 200 56 || return
	after=$(to_sockets)
	[ "$1" = userspace ] || ((after - before < 20)) ||
		because "$((after - before)) packets came to the sockets"
}

for half in driver userspace; do
	option=()
	[ $half = driver ] || option=(--no-driver)
	both_families
	expect "starts ($half)" router "${option[@]}"
	main=$pid
	expect "is there ($half)" runs_in n $half
	expect "finds a neighbour out ($half)" first 10.0.2.2
	expect "one of IPv6, too ($half)" first fd00:2::2
	expect "loses nothing ($half)" pings a 10.0.2.2 20 56
	expect "nothing of IPv6 ($half)" pings a fd00:2::2 20 56
	expect "finds IPv4 behind a neighbour of IPv6 ($half)" first 10.0.9.9
	expect "loses nothing there ($half)" pings a 10.0.9.9 20 56
	expect "by way of its name ($half)" between 21 100000 named.count
	expect "the network's broadcast needs no neighbour ($half)" leaves_as 10.0.2.255 ff:ff:ff:ff:ff:ff
	expect "in a table that grew, too ($half)" grows $half
	expect "they went through weir ($half)" between 20 100000 v4.count
	expect "all of them ($half)" between 20 100000 v6.count
	expect "knows b ($half)" knows 10.0.2.2 "$(ether_of b b0)"
	expect "and its IPv6 address ($half)" knows fd00:2::2 "$(ether_of b b0)"
	expect "nobody answers ($half)" fails 10.0.2.99
	expect "nobody of IPv6 answers ($half)" fails fd00:2::99
	expect "again ($half)" fails 10.0.2.99
	expect "b gets another Ethernet address ($half)" moves 02:00:00:00:0b:0b
	expect "and is found ($half)" pings a 10.0.2.2 20 56
	expect "in IPv6, too ($half)" pings a fd00:2::2 20 56
	expect "and by its name ($half)" pings a 10.0.9.9 20 56
	expect "the router gets another Ethernet address ($half)" renames 02:00:00:00:0a:0b
	expect "neighbours stay fresh ($half)" stays_fresh
	pid=$main
	expect "the ledger balances ($half)" soon balances
	expect "ends ($half)" stop
	no_hosts
done
finish
