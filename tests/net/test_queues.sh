#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Several workers on interfaces with more queues, as many, fewer, or one: what comes is sent, whoever has
# the queue; pins; and what the running plan says of them.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"

plans() { # LINE ...: the running plan has these lines
	local line
	on r "$weir" read -n "$tag" plan >"$scratch/plan"
	for line; do
		grep -qx -- "$line" "$scratch/plan" || because "no line '$line'" || return
	done
}

# Many flows at once, both ways: eight connections of TCP, of which none may stall.
transfers() {
	local said router=$pid
	background b iperf3 -s -1 >/dev/null
	pid=$router
	sleep 0.3
	said=$(on a timeout 20 iperf3 -c 10.0.0.2 -P 8 -n 400K 2>&1) || because "${said##*$'\n'}"
}

forwarding() { # QUEUES WORKERS [OPTION ...]
	local what="$1 queues, $2 workers${3:+, $3}"
	expect "$what: starts" run -j "$2" "${@:3}" <<-END
		FromDevice(va, PROMISC true) -> ToDevice(vb);
		FromDevice(vb, PROMISC true) -> ToDevice(va);
	END
	expect "$what: forwards" pings a 10.0.0.2 1000 56
	expect "$what: many flows" transfers
	expect "$what: the ledger balances" soon balances
	expect "$what: ends" stop
}

bridge() { # QUEUES of va QUEUES of vb
	namespaces a r b
	wire a a0 r va "$1"
	wire b b0 r vb "$2"
	on a ip addr add 10.0.0.1/24 dev a0
	on b ip addr add 10.0.0.2/24 dev b0
	on a ethtool -K a0 tso off gso off >/dev/null
	on b ethtool -K b0 tso off gso off >/dev/null
}

for queues in "1 1" "2 1" "4 2" "8 4"; do
	# shellcheck disable=SC2086
	bridge $queues
	for workers in 1 2 3 8; do
		forwarding "$queues" "$workers" --no-driver
	done
	no_hosts
done

bridge 4 1
expect "pins: start" run -j 4 --no-driver <<-END
	FromDevice(va, PROMISC true, THREADS "1-2") -> ToDevice(vb, THREADS 3);
	FromDevice(vb, PROMISC true, THREADS 0) -> p :: Pipeliner -> q :: Queue -> ToDevice(va);
	StaticThreadSched(p 2);
END
expect "pins: the plan" plans "va: 4 queues for 2 workers, need_wakeup" \
	"  RX 0: worker 1" "  RX 1: worker 2" "  RX 2: worker 1" "  RX 3: worker 2" \
	"vb: 1 queue for 1 worker, need_wakeup" "  RX 0: worker 0" \
	"  TX 0: worker 3, to which workers 1-2 hand over" \
	"  p :: Pipeliner: pushed to by worker 0, goes on on worker 2 (pinned by StaticThreadSched@7)"
expect "pins: forward" pings a 10.0.0.2 1000 56
expect "pins: many flows" transfers
expect "pins: the ledger balances" soon balances
expect "pins: end" stop

expect "a task of nobody: starts" run -j 2 --no-driver <<-END
	FromDevice(va, PROMISC true) -> q :: Queue(5) -> u :: Unqueue -> ToDevice(vb);
	FromDevice(vb, PROMISC true) -> ToDevice(va);
	StaticThreadSched(u -1);
END
on a ping -q -c 1 -W 1 10.0.0.2 >/dev/null 2>&1
expect "a task of nobody: packets wait" between 1 5 q.length
expect "a task of nobody: ends" stop
no_hosts
finish
