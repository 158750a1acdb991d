# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2154
# For the network tests with routing daemons (BIRD, FRR): lib.sh and weir.sh come first. Their files
# are in a folder of their own, as FRR's daemons are not root.
#
# The network of test_peers.sh and of the demo, for net, bird_a, bird_b and frr_r:
#
#	a (BIRD, AS 65001) --- va  r: weir, FRR (AS 65000)  vb === b (BIRD)
#	                                                     vc ===
daemons=$(mktemp -d /tmp/weir-peers.XXXXXX)
frr=/usr/lib/frr
chmod 755 "$daemons"
chown frr:frr "$daemons"
trap 'end_daemons; cleanup' EXIT

# FRR's and BIRD's leave the shell behind: they are known by their pid files.
end_daemons() {
	local f
	for f in "$daemons"/*.pid; do
		[ ! -e "$f" ] || kill -KILL "$(cat "$f")" 2>/dev/null
	done
	rm -rf "$daemons"
}

bird_in() { # NAMESPACE < CONFIGURATION
	cat >"$daemons/$1.conf"
	on "$1" bird -c "$daemons/$1.conf" -s "$daemons/$1.ctl" -P "$daemons/$1.pid" ||
		because "bird of $1 does not start"
}

birdc_in() { # NAMESPACE COMMAND ...
	birdc -r -s "$daemons/$1.ctl" "${@:2}"
}

frr_in() { # NAMESPACE DAEMON < CONFIGURATION
	cat >"$daemons/$2.conf"
	start_frr "$1" "$2"
}

start_frr() { # NAMESPACE DAEMON [OPTION ...]: again, after it ended
	on "$1" "$frr/$2" -d --vty_socket "$daemons" -z "$daemons/zserv.api" -i "$daemons/$2.pid" \
		-f "$daemons/$2.conf" -A 127.0.0.1 "${@:3}" >"$daemons/$2.out" 2>&1 ||
		because "$2 does not start: $(tail -n 1 "$daemons/$2.out")"
}

stop_frr() { # DAEMON: at once
	kill -KILL "$(cat "$daemons/$1.pid")"
}

vtysh_in() { # NAMESPACE COMMAND ...
	on "$1" vtysh --vty_socket "$daemons" -c "${*:2}"
}

routes() { # FAMILY PROTOCOL: how many the kernel of r has
	ip -n "$tag-r" -"$1" route show proto "$2" | grep -c '^[0-9a-f]'
}

has_routes() { # FAMILY PROTOCOL COUNT
	[ "$(routes "$1" "$2")" = "$3" ]
}

n4=${PEERS_ROUTES4:-2000} n6=${PEERS_ROUTES6:-500}
far4=10.9.0.1 far6=fd00:9::1

net() {
	local n
	namespaces a r b
	for n in a r b; do
		on "$n" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.accept_dad=0
		# no route may be left to chance by a kernel that forwards beside weir
		on "$n" sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
	done
	on b sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv6.conf.all.forwarding=0
	wire a a0 r va
	wire b b0 r vb
	wire b b1 r vc
	for n in a:a0 b:b0 b:b1 r:va r:vb r:vc; do
		# checksums are computed, and what a driver redirects here is taken
		on "${n%:*}" ethtool -K "${n#*:}" tx off tso off gso off gro on >/dev/null
	done
	addresses a a0 1 2
	addresses r va 1 1
	addresses b b0 2 2
	addresses r vb 2 1
	addresses b b1 3 2
	addresses r vc 3 1
	# what BIRD does not say, these do: traffic comes back while no daemon runs
	ip -n "$tag-a" route add default via 10.0.1.1
	ip -n "$tag-a" -6 route add default via fd00:1::1
	ip -n "$tag-b" route add default via 10.0.2.1 metric 1000
	ip -n "$tag-b" -6 route add default via fd00:2::1 metric 2000
	ip -n "$tag-b" addr add "$far4/32" dev lo
	ip -n "$tag-b" addr add "$far6/128" dev lo nodad
}

addresses() { # NAMESPACE IF NETWORK HOST
	ip -n "$tag-$1" addr add "10.0.$3.$4/24" dev "$2"
	ip -n "$tag-$1" addr add "fd00:$3::$4/64" dev "$2" nodad
}

weir_routes() { # [OPTION]: of KernelRoutes
	on r "$weir" init va vb vc -o "$scratch/kernel.click" >"$scratch/init" 2>&1 ||
		because "$(cat "$scratch/init")" || return
	run < <(sed "s/\(KernelRoutes([^)]*\))/\1${1:+, $1})/" "$scratch/kernel.click")
}

announce() { # FAMILY COUNT: for BIRD
	"$build/net/full_table" "$1" "$2" | sed 's/.*/route & blackhole;/'
}

bird_a() {
	bird_in a <<EOC
router id 10.0.1.2;
protocol device {}
protocol static { ipv4; $(announce 4 "$n4") }
protocol static { ipv6; $(announce 6 "$n6") }
protocol bgp {
	local 10.0.1.2 as 65001;
	neighbor 10.0.1.1 as 65000;
	ipv4 { import all; export where source = RTS_STATIC; next hop self; };
}
protocol bgp {
	local fd00:1::2 as 65001;
	neighbor fd00:1::1 as 65000;
	ipv6 { import all; export where source = RTS_STATIC; next hop self; };
}
EOC
}

bird_b() {
	local timers="hello 1; dead 4; type ptp;"
	bird_in b <<EOC
router id 10.0.2.2;
protocol device { scan time 2; }
protocol direct { ipv6; interface "lo"; }
protocol kernel { ipv4 { export all; }; }
protocol kernel { ipv6 { export where source != RTS_DEVICE; }; }
protocol ospf v2 {
	ipv4 { import all; export none; };
	area 0 { interface "b0" { cost 10; $timers }; interface "b1" { cost 20; $timers }; interface "lo" { stub; }; };
}
protocol ospf v3 {
	ipv6 { import all; export where source = RTS_DEVICE; };
	area 0 { interface "b0" { cost 10; $timers }; interface "b1" { cost 20; $timers }; };
}
EOC
}

ospf_interface() { # IF COST
	printf 'interface %s\n' "$1"
	printf ' ip ospf %s\n' "cost $2" "hello-interval 1" "dead-interval 4" "network point-to-point" "area 0"
}

ospf6_interface() { # IF COST
	printf 'interface %s\n' "$1"
	printf ' ipv6 ospf6 %s\n' "cost $2" "hello-interval 1" "dead-interval 4" "network point-to-point" "area 0"
}

frr_r() {
	frr_in r zebra <<<"hostname r" || return
	frr_in r ospfd <<EOC || return
$(ospf_interface vb 10)
$(ospf_interface vc 20)
router ospf
 ospf router-id 10.0.2.1
 redistribute connected
 timers throttle spf 10 50 500
EOC
	frr_in r ospf6d <<EOC || return
$(ospf6_interface vb 10)
$(ospf6_interface vc 20)
router ospf6
 ospf6 router-id 10.0.2.1
 redistribute connected
 timers throttle spf 10 50 500
EOC
	frr_in r bgpd <<EOC
router bgp 65000
 bgp router-id 10.0.1.1
 no bgp ebgp-requires-policy
 neighbor 10.0.1.2 remote-as 65001
 neighbor fd00:1::2 remote-as 65001
 address-family ipv4 unicast
  redistribute ospf
  no neighbor fd00:1::2 activate
 exit-address-family
 address-family ipv6 unicast
  redistribute ospf6
  neighbor fd00:1::2 activate
 exit-address-family
EOC
}

# All that was announced, and the far addresses by OSPF, over vb or vc.
converged() { # INTERFACE
	has_routes 4 bgp "$n4" && has_routes 6 bgp "$n6" && by "$1"
}

by() { # INTERFACE
	ip -n "$tag-r" route show "$far4" | grep -q "dev $1" &&
		ip -n "$tag-r" -6 route show "$far6" | grep -q "dev $1"
}

reaches() { # traffic of a passes weir in both families
	local p
	on a ping -q -c 3 -i 0.2 -W 1 "$far4" >/dev/null &
	p=$!
	on a ping -q -c 3 -i 0.2 -W 1 "$far6" >/dev/null && wait "$p"
}

# The longest gap of a ping every 10 ms while COMMAND runs, in both families, in ms.
outage() { # SECONDS COMMAND ...
	local p q
	on a ping -i 0.01 -w "$1" "$far4" >"$scratch/ping4" 2>&1 &
	p=$!
	on a ping -i 0.01 -w "$1" "$far6" >"$scratch/ping6" 2>&1 &
	q=$!
	sleep 1
	"${@:2}"
	wait "$p" "$q"
	gap4=$(longest_gap "$scratch/ping4")
	gap6=$(longest_gap "$scratch/ping6")
	echo "$(basename "$0"): ${*:2}: traffic stood still for $gap4 ms (IPv4), $gap6 ms (IPv6)"
}

longest_gap() { # FILE: in ms; of a ping that never came back, nothing
	awk -F'icmp_seq=' '/bytes from/ { split($2, s, " "); n = s[1] - last - 1; if (n > most) most = n; last = s[1] }
		/packets transmitted/ { split($0, t, " "); n = t[1] - last; if (n > most) most = n; print most * 10 }' "$1"
}

cut() { # b0 loses its carrier, and vb with it
	ip -n "$tag-b" link set b0 down
}

mend() {
	ip -n "$tag-b" link set b0 up
	# these went with the link
	ip -n "$tag-b" addr replace fd00:2::2/64 dev b0 nodad
	ip -n "$tag-b" route replace default via 10.0.2.1 metric 1000
	ip -n "$tag-b" -6 route replace default via fd00:2::1 metric 2000
}

mute() { # the link stays up, and nothing passes it
	on b nft 'table netdev mute { chain in { type filter hook ingress device b0 priority 0; drop; }; }' &&
		on b nft 'table netdev mute2 { chain out { type filter hook egress device b0 priority 0; drop; }; }'
}

unmute() {
	on b nft delete table netdev mute
	on b nft delete table netdev mute2
}
