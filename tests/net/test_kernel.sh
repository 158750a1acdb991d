#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The follower of the kernel against the kernel: random routes, next-hop objects, rules, links and
# addresses in both families, and after each step the follower knows what one does that has only just
# read everything, and sends packets where `ip route get` says. Then full tables, and lost news.
#
#	a (a0 .. a3) ---- (e0 .. e3) r, where the follower is
set -u
here=$(dirname "$0")
# shellcheck source=tests/net/lib.sh
. "$here/lib.sh"
follow=$build/net/kernel_follow
load=$build/net/kernel_load
gateways=(10.1.0 10.1.1 10.1.2 10.1.3)

topology() {
	local i
	namespaces a r
	on r sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0 \
		net.ipv6.conf.default.accept_dad=0 net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1 net.ipv6.route.max_size=4194304
	for i in 0 1 2 3; do
		ip -n "$tag-r" link add "e$i" type veth peer name "a$i" netns "$tag-a"
		ip -n "$tag-r" link set "e$i" up
		ip -n "$tag-a" link set "a$i" up
		addresses "$i"
	done
}

addresses() { # I
	ip -n "$tag-r" addr add "${gateways[$1]}.1/24" dev "e$1"
	ip -n "$tag-r" addr add "2001:db8:f$1::1/64" dev "e$1" nodad
}

start() { # [OPTION ...]: a follower, whose first line is $answer
	coproc F { exec setpriv --pdeathsig KILL nsenter --net="/run/netns/$tag-r" \
		"$follow" "$@" e0 e1 e2 e3; }
	pid=$F_PID
	pids+=("$pid")
	read -r -t 60 answer <&"${F[0]}" || because "it does not start"
}

stop() {
	local in=${F[1]} status=0
	exec {in}>&-
	wait "$pid" || status=$?
	[ "$status" = 0 ] || because "status $status"
}

answers() { # PATTERN WORD ...: what the follower says to that
	echo "${*:2}" >&"${F[1]}"
	read -r -t 120 answer <&"${F[0]}" || because "no answer to ${*:2}" || return
	[[ $answer =~ $1 ]] || because "${*:2}: $answer"
}

under() { # LIMIT PATTERN WORD ...: the number in the answer is at most that
	answers "$2" "${@:3}" || return
	awk -v n="${BASH_REMATCH[1]}" -v most="$1" 'BEGIN {exit !(n <= most)}' || because "$answer"
}

above() {
	answers "$2" "${@:3}" || return
	awk -v n="${BASH_REMATCH[1]}" -v least="$1" 'BEGIN {exit !(n >= least)}' || because "$answer"
}

# --- random changes ---

any() { # N: a number below it
	n=$((RANDOM % $1))
}

hop4() { # a next hop in $hop
	any 4
	local dev=$n
	any 10
	case $n in
	0) hop="dev e$dev" ;;
	1) hop="via inet6 2001:db8:f$dev::9 dev e$dev" ;;
	*) any 6 && hop="via ${gateways[$dev]}.$((n + 2)) dev e$dev" ;;
	esac
}

hop6() {
	any 4
	local dev=$n
	any 6
	case $n in
	0) hop="dev e$dev" ;;
	1) hop="via fe80::9 dev e$dev" ;;
	*) hop="via 2001:db8:f$dev::$((n + 2)) dev e$dev" ;;
	esac
}

target() { # HOP: hop4 or hop6; where a route goes, in $to
	any 12
	case $n in
	0) to=blackhole ;;
	1) to=unreachable ;;
	2) to=prohibit ;;
	3 | 4) any 24 && to="nhid $((n + 1))" ;;
	5 | 6)
		any 4
		to='' hops=$((n + 2))
		while ((hops--)); do
			$1
			any 3
			to+=" nexthop $hop weight $((n + 1))"
		done
		;;
	7) to=throw ;;
	*) $1 && to=$hop ;;
	esac
}

prefix4() {
	local len addr
	any 25 && len=$((n + 8))
	any 4 && addr=$(((20 + n) << 24 | RANDOM % 3 << 22 | RANDOM % 3 << 12 | RANDOM % 5))
	addr=$((addr >> (32 - len) << (32 - len))) # the kernel wants no bits beyond the length
	prefix=$((addr >> 24)).$((addr >> 16 & 255)).$((addr >> 8 & 255)).$((addr & 255))/$len
}

prefix6() {
	any 4
	case $n in
	0) any 8 && prefix=2400:$n::/32 ;;
	1) any 16 && prefix=2400:$((n % 8)):$n::/48 ;;
	2) any 16 && prefix=2400:$((n % 8)):$n:$((n * 7))::/64 ;;
	3) any 16 && prefix=2400:$((n % 8)):$n:$((n * 7))::$n/128 ;;
	esac
}

route() { # FAMILY: 4 or 6
	local how more
	any 10
	how=${verbs[n]}
	"prefix$1"
	target "hop$1"
	# Of IPv6 routes with one prefix and metric, the kernel prefers the one by the interface that a
	# packet came by, unless they are siblings: those with gateways only.
	if [[ $1 = 6 && $how = *pend ]]; then
		any 4 && prefix=2600:$n::/32
		until hop6 && [[ $hop = via* ]]; do :; done
		to=$hop
	fi
	any 6
	more="metric $((n % 3 * 10 + 10))"
	any 5
	((n)) || more+=" table 10$((RANDOM % 2))"
	if [[ $to = blackhole || $to = unreachable || $to = prohibit || $to = throw ]]; then
		echo "route $how $to $prefix $more"
	else
		echo "route $how $prefix $more $to"
	fi
}
verbs=(add add add replace replace append prepend del del change)

object() { # a next-hop object, of either family, or a group of some
	local id
	any 8
	case $n in
	0 | 1) any 12 && id=$((n + 1)) && hop4 && [[ $hop != *inet6* ]] && echo "nexthop replace id $id $hop" ;;
	2) any 12 && id=$((n + 1)) && hop6 && echo "nexthop replace id $id $hop" >&6 ;;
	3) any 12 && echo "nexthop del id $((n + 1))" ;;
	4) any 8 && echo "nexthop replace id $((n + 13)) group $((n + 1)),$((n % 3 + 1))/$((n + 2))" ;;
	5) any 4 && echo "nexthop replace id $((n + 21)) group $((n + 1))/$((n + 5)) type resilient buckets 16" ;;
	6) any 24 && echo "nexthop del id $((n + 1))" ;;
	7) any 12 && echo "nexthop replace id $((n + 1)) blackhole" ;;
	esac
}

rule() { # by interface; any one of these is there at most once
	local how=add
	any 3 && ((n)) || how=del
	any 4
	echo "rule $how iif e$n lookup 10$((n % 2)) priority $((1000 + n))"
}

link() {
	any 4
	local i=$n
	any 6
	case $n in
	0) echo "link set e$i down" ;;
	1 | 2) echo "link set e$i up" ;;
	3) echo "addr del ${gateways[$i]}.1/24 dev e$i" ;;
	4) echo "addr replace ${gateways[$i]}.1/24 dev e$i" ;;
	5) echo "addr replace 2001:db8:f$i::1/64 dev e$i nodad" >&6 ;;
	esac
}

change() { # N SEED: so many changes in either family
	local i
	RANDOM=$2
	for ((i = 0; i < $1; i++)); do
		any 20
		case $n in
		0) rule ;;
		1) rule >&6 ;;
		2) link ;;
		3 | 4 | 5) object ;;
		6 | 7 | 8 | 9 | 10 | 11 | 12) route 6 >&6 ;;
		*) route 4 ;;
		esac
	done >"$scratch/4" 6>"$scratch/6"
	on r ip -4 -force -batch "$scratch/4" >/dev/null 2>&1
	on r ip -6 -force -batch "$scratch/6" >/dev/null 2>&1
	return 0
}

follows() { # SEED: it knows what the kernel has, and sends where the kernel would
	local iif
	answers ^same same 20000 || return
	for iif in - e0 e1; do
		answers ' 0 differ$' lookup inet 200 "$1" "$iif" || return
		answers ' 0 differ$' lookup inet6 200 "$1" "$iif" || return
	done
}

random_steps() { # FROM TO
	local seed
	for ((seed = $1; seed <= $2; seed++)); do
		change 150 "$seed"
		follows "$seed" || because "step $seed: $reason" || return
	done
	# the steps made something of each kind
	answers 'is [0-9][0-9]+ ' above routes 40 1000 && answers 'is [0-9]+ ' above nexthops 4 1000
}

carriers() { # the far end of a link goes down and up again, with and without ignore_routes_with_linkdown
	local ignore
	for ignore in 0 1; do
		on r sysctl -qw "net.ipv4.conf.e1.ignore_routes_with_linkdown=$ignore" \
			"net.ipv6.conf.e1.ignore_routes_with_linkdown=$ignore"
		ip -n "$tag-a" link set a1 down
		follows $((700 + ignore)) || because "down, $ignore: $reason" || return
		ip -n "$tag-a" link set a1 up
		follows $((710 + ignore)) || because "up, $ignore: $reason" || return
	done
}

calm() { # every link up, every address there
	local i
	for i in 0 1 2 3; do
		ip -n "$tag-r" link set "e$i" up
		addresses "$i" 2>/dev/null
	done
	on r ip nexthop flush >/dev/null 2>&1
	on r ip route flush table all proto boot 2>/dev/null
	on r ip -6 route flush table all proto boot 2>/dev/null
	return 0
}

goes_away() { # a link is deleted with all that it carried, and another of its name comes
	ip -n "$tag-r" route add 60.0.0.0/8 via 10.1.3.9
	ip -n "$tag-r" link del e3
	follows 800 || return
	ip -n "$tag-r" link add e3 type veth peer name a3 netns "$tag-a"
	ip -n "$tag-r" link set e3 up
	ip -n "$tag-a" link set a3 up
	addresses 3
	ip -n "$tag-r" route add 60.0.0.0/8 via 10.1.3.9
	follows 801
}

neighbors() {
	on a sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.a0.disable_ipv6=0
	ip -n "$tag-a" addr add 10.1.0.2/24 dev a0
	ip -n "$tag-a" addr add 2001:db8:f0::2/64 dev a0 nodad
	on r sysctl -qw net.ipv4.neigh.e0.retrans_time_ms=50 net.ipv6.neigh.e0.retrans_time_ms=50
	answers asked resolve e0 10.1.0.2 && answers 'is known' neighbor 10.1.0.2 known 3000 || return
	answers asked resolve e0 10.1.0.77 && answers 'is failed' neighbor 10.1.0.77 failed 3000 || return
	answers asked resolve e0 2001:db8:f0::2 &&
		answers 'is known' neighbor 2001:db8:f0::2 known 3000 || return
	ip -n "$tag-r" neigh del 10.1.0.2 dev e0
	answers 'is gone' neighbor 10.1.0.2 gone 1000 || return
	# an IPv6 neighbour that is the next hop of IPv4 packets is known by the name of the hop, too
	ip -n "$tag-r" route add 61.0.0.0/8 via inet6 2001:db8:f0::2 dev e0
	answers 'is known' neighbor name:2001:db8:f0::2 known 1000
}

# To be asked for changes nothing of a neighbour that is permanent or was learned by other means.
stay_set() {
	local n=10.1.0.88 learned=10.1.0.89 i
	ip -n "$tag-r" neigh replace "$n" dev e0 lladdr 02:00:00:00:00:88 nud permanent
	ip -n "$tag-r" neigh replace "$learned" dev e0 lladdr 02:00:00:00:00:89 nud reachable extern_learn
	for i in 1 2; do # the first time the follower may not have heard of them
		answers asked resolve e0 "$n" && answers asked resolve e0 "$learned" || return
		answers 'is known' neighbor "$n" known 1000 &&
			answers 'is known' neighbor "$learned" known 1000 || return
		sleep 0.2 # it is not asked for more often
	done
	answers asked resolve e0 10.1.0.78 && answers 'is failed' neighbor 10.1.0.78 failed 3000 || return
	[[ $(ip -n "$tag-r" neigh show "$n" dev e0) == *PERMANENT* ]] &&
		[[ $(ip -n "$tag-r" neigh show "$learned" dev e0) == *extern_learn* ]] ||
		because "$(ip -n "$tag-r" neigh show dev e0 | tr '\n' ' ')"
}

# A follower that stands still while the kernel speaks, with little room for what it says.
overrun() {
	kill -STOP "$pid"
	on r "$load" add 50000 e0 10.1.0.2 >/dev/null
	on r "$load" del 20000 e0 10.1.0.2 >/dev/null
	change 40 900
	kill -CONT "$pid"
	answers 'is [1-9]' above overruns 1 5000 && answers 'is [2-9]' above resyncs 2 20000 &&
		follows 900
}

# The same of a neighbour: what the kernel said last is lost, what it said before is still there.
lost_neighbor() {
	local i near=(10.1.0.50 dev e0)
	ip -n "$tag-r" neigh replace "${near[@]}" lladdr 02:00:00:00:00:00 nud permanent
	answers 'is known' neighbor "${near[0]}" known 3000 || return
	kill -STOP "$pid"
	for ((i = 1; i < 3000; i++)); do
		printf "neigh replace ${near[*]} lladdr 02:00:00:00:%02x:%02x nud permanent\n" \
			$((i >> 8)) $((i & 255))
	done >"$scratch/neighbors"
	ip -n "$tag-r" -batch "$scratch/neighbors"
	ip -n "$tag-r" neigh del "${near[@]}"
	kill -CONT "$pid"
	sleep 1
	answers 'is gone' neighbor "${near[0]}" gone 3000
}

# Messages come while everything is read, and there is little room for them.
amid_changes() {
	local changer
	calm
	on r "$load" add 150000 e0 10.1.0.2 >/dev/null 2>&1 &
	changer=$!
	sleep 0.2
	start "$@" || return
	wait "$changer"
	on r "$load" del 100000 e0 10.1.0.2 >/dev/null 2>&1 &
	changer=$!
	change 100 910
	wait "$changer"
	follows 910 || return
	stop
}

are_json() { # all texts
	local what line
	for what in routes nexthops rules links addresses neighbors state; do
		echo "text $what json" >&"${F[1]}"
		while read -r -t 60 line <&"${F[0]}" && [ "$line" != . ]; do
			echo "$line"
		done >"$scratch/json"
		python3 -c 'import json, sys; json.load(sys.stdin)' <"$scratch/json" 2>/dev/null ||
			because "$what is no JSON: $(head -n 3 "$scratch/json")" || return
	done
}

limit() { # more routes than it takes: those that it has stay; it says so; and goes on when there is room
	on r "$load" add 3000 e0 10.1.0.2 >/dev/null
	answers 'is [1-9]' above refused_routes 1 5000 && answers 'is 1 ' until alarms 1 1000 || return
	answers ' 0 after' until malformed 0 1000 || return
	answers 'is 2000 ' until routes 2000 1000 || return
	on r "$load" del 3000 e0 10.1.0.2 >/dev/null
	answers ^same same 10000
}

full_table() { # N
	on r "$load" add "$1" e0 10.1.0.2 >"$scratch/kernel" || because "$(cat "$scratch/kernel")"
}

figures() { # WHAT FIGURE: for who reads along
	echo "test_kernel.sh: $1: $2"
}

topology
start
expect "a follower starts" answers ^same same 2000
expect "random changes" random_steps 1 8
expect "texts" are_json
expect "carriers" carriers
calm
expect "an interface that goes and comes" goes_away
expect "neighbours" neighbors
expect "neighbours that are set" stay_set
calm
expect "a single change comes at once" under 5 'median ([0-9.]+)' latency 200 e0 10.1.0.2
figures latency "$answer"
expect "it ends" stop

calm
start -r 65536
expect "lost news are made good" overrun
expect "lost news of a neighbour" lost_neighbor
expect "it ends" stop
expect "a start amid changes" amid_changes
expect "a start amid changes, with little room" amid_changes -r 65536
calm
on r "$load" del 150000 e0 10.1.0.2 >/dev/null 2>&1

start -l 2000
expect "a limit" limit
expect "it ends" stop

expect "a full table" full_table 1100000
figures "the kernel adds" "$(cat "$scratch/kernel")"
figures "the kernel's dump" "$(on r "$load" dump inet)"
start -r 268435456
figures "a full table" "$answer"
[[ $answer =~ ([0-9]+)\ of ]]
expect "it is read in 3 s" [ "${BASH_REMATCH[1]}" -le 3000 ]
answers . rate
answers . count changes && [[ $answer =~ ([0-9]+) ]] && changes=${BASH_REMATCH[1]}
on r "$load" change 400000 e0 10.1.0.2 >"$scratch/kernel"
figures "the kernel changes" "$(cat "$scratch/kernel")"
expect "changes are taken in" answers ' after' above changes $((changes + 400000)) 20000
expect "200,000 a second" above 200000 '([0-9]+) changes' rate
figures rate "$answer"
expect "a single change in a full table" under 5 'median ([0-9.]+)' latency 100 e0 10.1.0.2
figures latency "$answer"
expect "a full table is the kernel's" answers ' 0 differ$' lookup inet 2000 99
answers . text state json && figures state "$answer"
finish
