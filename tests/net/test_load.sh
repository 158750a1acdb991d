#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Workers that have too much to do, and workers that have nothing to do: routing protocols get through
# a flood, and an idle router costs nothing.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
# shellcheck source=tests/net/flows.sh
. "$(dirname "$0")/flows.sh"
conf=$(realpath configs/ip-router.click)

router() { # OPTION ...: the standard router, all in userspace
	run --no-driver "$@" < <(sed 's/define(.*/define($IF0 va, $IF1 vb, $MTU0 1500, $MTU1 1500)/' "$conf")
}

comes_first() { # what is measured has a CPU, on a machine with other work too
	local t
	for t in /proc/"$pid"/task/*; do renice -n -20 "${t##*/}" >/dev/null; done
}

knows_both() {
	pings a 10.0.2.2 3 56 && pings b 10.0.1.2 3 56
}

load() { # OUT OPTION ...: bulk traffic from a to b
	timeout 60 nice -n -10 "$build/bench/net/load" --from "$tag-a:a0" --to "$tag-b:b0" --mac "$(ether r va)" \
		--src 10.0.1.2 --dst 10.0.2.2 --cpu 0 "${@:2}" >"$scratch/$1" 2>&1
}

# --- a flood ---
floods() { # as much as the sender can
	load flood --seconds 4 &
	flood=$!
	sleep 0.8
}

was_too_much() { # for a machine of its own several times what gets through
	wait "$flood"
	python3 -c '
import json, statistics, sys
for line in open(sys.argv[1]):
    o = json.loads(line)
    if "offered" in o:
        bulk = statistics.median(o["pps"])
        print("test_load.sh: %s in a flood of %.0f packets/s, of which %.0f get through" %
              (sys.argv[2], o["offered"], bulk))
        sys.exit(not (bulk > 0 and o["offered"] > 2 * bulk))
sys.exit(1)' "$scratch/flood" "$1" || because "$(tail -n 1 "$scratch/flood")"
}

passes() { # OUT OPTION ...: 1,000 packets a second during the flood
	local try
	# the sender of the flood may get too little time on a machine with other work
	for try in 1 2 3; do
		floods
		flows "$@" --from "$tag-a:a0" --to "$tag-b:b0" --mac "$(ether r va)" --src 10.0.1.2 --dst 10.0.2.2 \
			--rate 1000 --count 2500 --flows 4
		was_too_much "$1" && break
		((try < 3)) || return
	done
	good "$1"
}

for workers in 1 2; do
	hosts 1
	quiet a b
	on r sysctl -qw net.ipv4.ip_forward=0
	w="$workers workers"
	# the flood's sender has the other CPU, so that it can send more than workers take
	expect "starts ($w)" router -j "$workers" --cpus 1
	alive || finish
	comes_first
	expect "knows its neighbours ($w)" soon knows_both
	expect "OSPF passes a flood ($w)" passes ospf --l4 ospf
	expect "BGP passes it ($w)" passes bgp --l4 tcp --dport 179
	expect "balances ($w)" soon balances
	expect "ends ($w)" stop
	no_hosts
done

# --- nothing to do ---
idles() { # at most 1 % of a CPU
	local before after
	sleep 1
	before=$(cpu_ms "$pid")
	sleep 5
	after=$(cpu_ms "$pid")
	echo "test_load.sh: idle with $1 workers: $((after - before)) ms of CPU in 5 s"
	((after - before <= 50)) || because "$((after - before)) ms in 5 s"
}

wakes() { # the first packet after a pause
	local i first=()
	for i in 1 2 3 4 5; do
		sleep 1.5
		flows first --from "$tag-a:a0" --to "$tag-b:b0" --mac "$(ether r va)" --src 10.0.1.2 --dst 10.0.2.2 \
			--count 1 --flows 1 --sport $((10000 + i))
		good first || return
		first+=("$(said first first_us)")
	done
	echo "test_load.sh: first packet after 1.5 s of idleness, $1 workers: ${first[*]} us"
}

for workers in 1 2 8; do
	hosts 2
	quiet a b
	on r sysctl -qw net.ipv4.ip_forward=0
	w="$workers workers"
	expect "starts to idle ($w)" router -j "$workers"
	expect "knows its neighbours ($w)" soon knows_both
	expect "is idle ($w)" idles "$workers"
	expect "wakes up ($w)" wakes "$workers"
	expect "ends its idleness ($w)" stop
	no_hosts
done
finish
