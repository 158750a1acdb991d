#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Several workers: every configuration of configs/ as it is, with one worker, two, and more than there
# are CPUs, gives the same packets, and those of a flow in order; with as many queues as workers,
# fewer and more.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
# shellcheck source=tests/net/flows.sh
. "$(dirname "$0")/flows.sh"
configs=$(realpath configs)
where=--no-driver # empty: as much as possible in the driver
pace="--count 6000 --rate 4000" # a machine with other work shall have time enough

start() { # WORKERS NAME NAME=VALUE ...: a configuration as it is
	background r env -C "$scratch" "$weir" run --name "$tag" ${where:+"$where"} -j "$1" "$configs/$2.click" \
		"${@:3}" >"$out" 2>&1
	soon ready || because "not ready: $(tail -n 1 "$out")" || return
	alive || because "$(tail -n 3 "$out" | tr '\n' ' ')"
}

# Threads of the router that have run for more than a millisecond; the first one does not forward.
all_work() { # WORKERS
	local n
	n=$(tail -qn 1 /proc/"$pid"/task/[0-9]*/schedstat | awk 'NR > 1 && $1 > 1e6 { n++ } END { print n + 0 }')
	((n == $1)) || because "$n of them ran"
}

forwards() { # NAME: in both directions
	both_ways "$1" \
		"--from $tag-a:a0 --to $tag-b:b0 --mac $(ether r va) --src 10.0.1.2 --dst 10.0.2.2 $pace" \
		"--from $tag-b:b0 --to $tag-a:a0 --mac $(ether r vb) --src 10.0.2.2 --dst 10.0.1.2 $pace"
}

# --- the router, with queues of all kinds ---
for queues in "1 1" "2 2" "4 4" "8 8" "1 4" "8 2"; do
	# shellcheck disable=SC2086
	hosts $queues
	on r sysctl -qw net.ipv4.ip_forward=0
	quiet a b
	for workers in 1 2 8; do
		name="$workers workers, ${queues/ / and } queues"
		expect "router: starts ($name)" start "$workers" ip-router IF0=va IF1=vb
		alive || finish
		expect "router: knows its neighbours ($name)" soon knows_both
		expect "router: the same packets in order ($name)" forwards "router-${queues/ /-}"
		expect "router: all of them work ($name)" all_work "$workers"
		expect "router: balances ($name)" soon balances
		expect "router: ends ($name)" stop
	done
	on a ethtool -K a0 gro on
	on b ethtool -K b0 gro on
	where=''
	name="in the driver, ${queues/ / and } queues"
	expect "router: starts ($name)" start 2 ip-router IF0=va IF1=vb
	expect "router: knows its neighbours ($name)" soon knows_both
	expect "router: the same packets in order ($name)" forwards "router-${queues/ /-}"
	expect "router: balances ($name)" soon balances
	expect "router: ends ($name)" stop
	where=--no-driver
	no_hosts
done

# --- the others, in a line between two hosts ---
namespaces a r b
wire a a0 r va 2
wire b b0 r vb 2
on a ip addr add 10.0.0.1/24 dev a0
on b ip addr add 10.0.0.2/24 dev b0
on r ip addr add 10.0.0.9/24 dev va
quiet a b
forth="--from $tag-a:a0 --to $tag-b:b0 --mac $(ether b b0) --src 10.0.0.1 --dst 10.0.0.2 $pace"
back="--from $tag-b:b0 --to $tag-a:a0 --mac $(ether a a0) --src 10.0.0.2 --dst 10.0.0.1 $pace"

denied() { # packets to where nobody may go are lost, and counted
	# shellcheck disable=SC2086
	flows denied $forth --count 1000 --run 3 --seconds 1
	[ "$(said denied received)" = 0 ] || complain denied || return
	lost ingress.denied 1000
}

turned() { # frames come back with their addresses exchanged
	# shellcheck disable=SC2086
	carries turned --from "$tag-a:a0" --to "$tag-a:a0" --mac "$(ether r va)" --src 10.0.0.1 --dst 10.0.0.9 $pace
}

recorded() { # SUMMARY FILE: every packet has a line, and those that are watched are kept, in order
	local n
	n=$(grep -c '^[0-9]' "$scratch/$1")
	[ "$n" = 12000 ] || because "$n lines" || return
	carries kept --read "$scratch/$2" --count 6000
}

generated() { # WORKERS
	on r ip addr add 10.0.0.8/24 dev vb
	flows generated --to "$tag-b:b0" --others --count 1000 --seconds 3 &
	local listener=$!
	sleep 0.3
	on r timeout 20 "$weir" run --no-driver -j "$1" "$configs/generator.click" IF=vb DST=10.0.0.2 RATE=2000 \
		LIMIT=1000 "DST_ETHER=$(ether b b0)" >"$out" 2>&1 || because "$(tail -n 1 "$out")" || return
	wait "$listener"
	on r ip addr del 10.0.0.8/24 dev vb
	[ "$(said generated others)" = 1000 ] || complain generated || return
	same generated generated
}

replayed() { # WORKERS
	flows replayed --to "$tag-b:b0" --count 4000 --seconds 3 &
	local listener=$!
	sleep 0.3
	on r timeout 20 "$weir" run --no-driver -j "$1" "$configs/replay.click" IF=vb "FILE=$scratch/traffic.pcap" \
		>"$out" 2>&1 || because "$(tail -n 1 "$out")" || return
	wait "$listener"
	good replayed && same replayed replayed
}

# shellcheck disable=SC2086
flows traffic $forth --count 4000 --write "$scratch/traffic.pcap"
expect "replay: what the file holds" carries replayed --read "$scratch/traffic.pcap" --count 4000
for workers in 1 2 8; do
	w="$workers workers"
	expect "firewall: starts ($w)" start "$workers" firewall INSIDE=vb OUTSIDE=va NET=10.0.0.2/32 WEB=10.0.0.2
	expect "firewall: the same packets in order ($w)" both_ways firewall "$forth --sport 53 --by-dport" "$back"
	expect "firewall: others are lost by name ($w)" denied
	expect "firewall: balances ($w)" soon balances
	expect "firewall: ends ($w)" stop

	rm -f "$scratch"/watched.pcap
	expect "monitor: starts ($w)" start "$workers" monitor IF0=va IF1=vb "WATCH=src host 10.0.0.1"
	expect "monitor: the same packets in order ($w)" both_ways monitor "$forth" "$back"
	expect "monitor: counts ($w)" soon has udp.count 12000
	expect "monitor: loses none of its record ($w)" has record.drops 0
	expect "monitor: balances ($w)" soon balances
	expect "monitor: ends ($w)" stop
	expect "monitor: recorded all, in order ($w)" recorded summary.txt watched.pcap

	expect "reflector: starts ($w)" start "$workers" reflector IF=va
	expect "reflector: the same packets in order ($w)" turned
	expect "reflector: balances ($w)" soon balances
	expect "reflector: ends ($w)" stop

	expect "shaper: starts ($w)" start "$workers" shaper IN=va OUT=vb RATE=100000
	expect "shaper: the same packets in order ($w)" both_ways shaper "$forth" "$back"
	expect "shaper: balances ($w)" soon balances
	expect "shaper: ends ($w)" stop

	expect "generator: the same packets ($w)" generated "$workers"
	expect "replay: the same packets in order ($w)" replayed "$workers"
done
finish
