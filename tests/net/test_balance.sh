#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Flows that change their worker while packets come: none is lost, none overtakes another of its flow.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
# shellcheck source=tests/net/flows.sh
. "$(dirname "$0")/flows.sh"
conf=$(realpath configs/ip-router.click)
pace="--count 120000 --rate 20000 --flows 16 --train 32" # of a flow right behind each other

router() { # OPTION ...: the standard router, all in userspace, with rings for a while without a CPU
	run --no-driver --balance "$@" < <(sed 's/define(.*/define($IF0 va, $IF1 vb, $MTU0 1500, $MTU1 1500)/
		s/FromDevice(\$dev)/FromDevice($dev, RING 8192)/' "$conf")
}

shaken() { # WORKERS NAME: the packets come through, in order
	local shaker before after
	before=$(moves)
	shake "$1" &
	shaker=$!
	both_ways "$2" \
		"--from $tag-a:a0 --to $tag-b:b0 --mac $(ether r va) --src 10.0.1.2 --dst 10.0.2.2 $pace" \
		"--from $tag-b:b0 --to $tag-a:a0 --mac $(ether r vb) --src 10.0.2.2 --dst 10.0.1.2 $pace"
	local status=$?
	kill "$shaker"
	wait "$shaker" 2>/dev/null
	after=$(moves)
	echo "test_balance.sh: $1 workers, $((after - before)) moves during 240,000 packets"
	[ "$status" = 0 ] || return
	((after - before >= 20)) || because "$((after - before)) moves only"
}

moved() { # DEVICE BUCKETS WORKER: begins, the one before being done
	soon on r "$weir" write -n "$tag" move "$*" 2>/dev/null || because "the move before is not done"
}

unmoved() { # WORD WHAT: asked to, it refuses with a message that has WORD in it
	! on r "$weir" write -n "$tag" move "$2" >"$scratch/said" 2>&1 || because "\`$2' is taken" || return
	grep -q -- "$1" "$scratch/said" || because "$(head -n 1 "$scratch/said")"
}

refuses_moves() {
	unmoved "there is no interface vx" "vx 0-31 1" && unmoved "is not .DEVICE" "va 0-31 1 2" &&
		unmoved "is not .DEVICE" "va 0-256 1" && unmoved "worker 99 has no part" "va 0-31 99"
}

goes_on_without() { # DEVICE: what it cannot send any more holds up nothing that comes in elsewhere
	flows down --from "$tag-a:a0" --to "$tag-b:b0" --mac "$(ether r va)" --src 10.0.1.2 --dst 10.0.2.2 \
		--count 20000 --rate 20000 --flows 16 &
	sleep 0.5
	ip -n "$tag-r" link set "$1" down
	wait $!
	moved va 0-255 0 && moved va 0-255 1 && moved va 0-255 0 && pings a 10.0.1.1 3 56
	local status=$?
	ip -n "$tag-r" link set "$1" up
	return "$status"
}

for queues in 1 2; do
	hosts "$queues"
	quiet a b
	on r sysctl -qw net.ipv4.ip_forward=0
	for workers in 2 8; do
		w="$workers workers, $queues queues"
		expect "starts ($w)" router -j "$workers"
		alive || finish
		expect "knows its neighbours ($w)" soon knows_both
		expect "keeps all in order while flows move ($w)" shaken "$workers" "queues-$queues"
		expect "balances ($w)" soon balances
		expect "moves flows while an interface is down ($w)" goes_on_without vb
		expect "refuses moves that cannot be ($w)" refuses_moves
		expect "ends ($w)" stop
	done
	no_hosts
done
finish
