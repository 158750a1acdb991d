#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Several workers on the queues of an interface: sockets that share a queue, packets handed over to
# who has a TX queue, in every mode, and through the whole life of a router.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
# shellcheck source=tests/net/flows.sh
. "$(dirname "$0")/flows.sh"
trap 'cleanup; "$weir" unload "$tag" >/dev/null 2>&1' EXIT

line() { # QUEUES QUEUES: a and b on one network, the router between them
	namespaces a r b
	wire a a0 r va "$1"
	wire b b0 r vb "$2"
	on a ip addr add 10.0.0.1/24 dev a0
	on b ip addr add 10.0.0.2/24 dev b0
	on r ip addr add 10.0.0.9/24 dev va
	quiet a b
}

bridge() { # WORKERS ARGUMENTS OPTION ...: forwards all, in both directions
	run --no-driver -j "$1" "${@:3}" <<-END
		FromDevice(va, PROMISC true$2) -> ToDevice(vb);
		FromDevice(vb, PROMISC true$2) -> ToDevice(va);
	END
}

forwards() { # NAME
	both_ways "$1" \
		"--from $tag-a:a0 --to $tag-b:b0 --mac $(ether b b0) --src 10.0.0.1 --dst 10.0.0.2 --count 8000 --rate 4000" \
		"--from $tag-b:b0 --to $tag-a:a0 --mac $(ether a a0) --src 10.0.0.2 --dst 10.0.0.1 --count 8000 --rate 4000"
}

are_set() { # N N: queues of va and vb, and napi_defer_hard_irqs of va
	local dev n
	for dev in va vb; do
		n=$(on r ethtool -l "$dev" | awk '/^Current/ { now = 1 } now && $1 == "RX:" { print $2 }')
		[ "$n" = "$1" ] || because "$dev has $n queues" || return
	done
	n=$(on r unshare -m sh -c "mount -t sysfs none /sys && cat /sys/class/net/va/napi_defer_hard_irqs")
	[ "$n" = "$2" ] || because "napi_defer_hard_irqs is $n"
}

counted() { # NAME: its sum over all queues
	on r "$weir" stats -n "$tag" | grep -o " $1 [0-9]*" | awk '{s += $2} END {print s + 0}'
}

line 1 1
for mode in auto generic; do
	expect "one queue, $mode: starts" bridge 4 ", MODE $mode"
	expect "one queue, $mode: forwards in order" forwards "one-$mode"
	expect "one queue, $mode: is shared" test "$(counted tx_handed_over)" -gt 8000
	expect "one queue, $mode: balances" soon balances
	expect "one queue, $mode: ends" stop
done
expect "busy polling: starts" bridge 2 ", BUSY_POLL true"
expect "busy polling: forwards in order" forwards one-auto
expect "busy polling: balances" soon balances
expect "busy polling: ends" stop

expect "small rings: starts" bridge 4 ", RING 64"
expect "small rings: forward" pings a 10.0.0.2 2000 56
expect "small rings: balance" soon balances
expect "small rings: end" stop

expect "ToHost: starts" run --no-driver -j 4 <<<"FromDevice(va) -> c :: Counter -> ToHost(va);"
expect "ToHost: the host answers" pings a 10.0.0.9 500 1400
expect "ToHost: balances" soon balances
expect "ToHost: ends" stop

# one worker each for what sends, so that two hand over
expect "pulled by others: starts" run --no-driver -j 4 <<-END
	FromDevice(va, PROMISC true) -> q :: Queue(2000) -> t :: ToDevice(vb);
	FromDevice(vb, PROMISC true) -> Queue(2000) -> ToDevice(va);
	RatedSource(LENGTH 60, LIMIT 2000, RATE 4000) -> t2 :: ToDevice(va);
END
expect "pulled by others: forwards in order" forwards one-auto
expect "pulled by others: all are sent" soon has t2.count 2000
expect "pulled by others: balances" soon balances
expect "pulled by others: ends" stop
no_hosts

line 4 2
for end in TERM KILL; do
	expect "many sockets: start" bridge 8 ""
	expect "many sockets: forward in order" forwards many
	expect "many sockets: balance" soon balances
	expect "many sockets: end by SIG$end" stop $end
done
expect "many sockets: start at once after SIGKILL" bridge 8 ""
expect "many sockets: and forward" pings a 10.0.0.2 200 56
expect "many sockets: end" stop

expect "senders: start" run -j 4 <<-END
	define(\$R 4000);
	RatedSource(LENGTH 60, LIMIT 1000, RATE \$R) -> t :: ToDevice(va);
	RatedSource(LENGTH 60, LIMIT 1000, RATE \$R) -> t;
	RatedSource(LENGTH 60, LIMIT 1000, RATE \$R) -> t;
	RatedSource(LENGTH 60, LIMIT 1000, RATE \$R) -> t;
	RatedSource(LENGTH 60, LIMIT 1000, RATE \$R) -> u :: ToDevice(vb);
	RatedSource(LENGTH 60, LIMIT 1000, RATE \$R) -> u;
	RatedSource(LENGTH 60, LIMIT 1000, RATE \$R) -> u;
	RatedSource(LENGTH 60, LIMIT 1000, RATE \$R) -> u;
END
expect "senders: have a queue each" says "^va: sending only, 4 queues"
expect "senders: as far as there are queues" says "^vb: sending only, 2 queues"
expect "senders: send" soon has t.count 4000
expect "senders: and by others" soon has u.count 4000
expect "senders: balance" soon balances
expect "senders: all is on the wire" test "$(counted tx_packets)" = 8000
expect "senders: end" stop
no_hosts

line 4 4
for i in a:a0 b:b0; do
	on "${i%:*}" ethtool -L "${i#*:}" tx 2 rx 2
done
expect "changed queues: start" bridge 4 ", QUEUES 2, BUSY_POLL true"
expect "changed queues: are polled, two of them" are_set 2 2
expect "changed queues: have sockets" says "^va: native, 2 queues"
expect "changed queues: forward in order" forwards changed
expect "changed queues: end" stop
expect "changed queues: are as before" soon are_set 4 0
expect "killed: starts" bridge 4 ", QUEUES 2, BUSY_POLL true"
expect "killed: ends by SIGKILL" stop KILL
expect "killed: queues are as before" soon are_set 4 0
expect "killed with its guardian: starts" bridge 4 ", QUEUES 2, BUSY_POLL true"
pkill -KILL -x -P "$pid" weir-guard
expect "killed with its guardian: ends by SIGKILL" stop KILL
expect "killed with its guardian: queues stay" are_set 2 2
expect "killed with its guardian: the next start" bridge 4 ""
expect "killed with its guardian: has all queues" says "^va: native, 4 queues"
expect "killed with its guardian: queues are as before" are_set 4 0
expect "killed with its guardian: forwards in order" forwards changed
expect "killed with its guardian: balances" soon balances
expect "killed with its guardian: ends" stop
no_hosts

line 4 1
on a ethtool -L a0 tx 1
on r ethtool -L va rx 1
expect "more queues to send on than to receive from: starts" run --no-driver -j 4 <<-END
	FromDevice(va, PROMISC true) -> Queue(2000) -> ToDevice(vb);
	FromDevice(vb, PROMISC true) -> ToDevice(va);
END
expect "more queues to send on: says" says "^va: native, 1 queue, copy"
expect "more queues to send on: forwards in order" forwards more
expect "more queues to send on: nobody hands over" test "$(counted tx_handed_over)" = 0
expect "more queues to send on: balances" soon balances
expect "more queues to send on: ends" stop
no_hosts

hosts 2
on a ethtool -K a0 gro on
on b ethtool -K b0 gro on
on r sysctl -qw net.ipv4.ip_forward=0
router() {
	run "$@" < <(sed 's/define(.*/define($IF0 va, $IF1 vb, $MTU0 1500, $MTU1 1500)/' configs/ip-router.click)
}
for workers in 2 8; do
	expect "kept, $workers workers: starts" router --keep -j "$workers"
	expect "kept, $workers workers: forwards" soon pings a 10.0.2.2 500 56
	expect "kept, $workers workers: is killed" stop KILL
	expect "kept, $workers workers: is taken over" router --keep -j 4
	expect "kept, $workers workers: forwards on" soon pings a 10.0.2.2 200 56
	expect "kept, $workers workers: answers too" eval 'on a ping -c 1 -W 1 -t 1 10.0.2.2 | grep -q "Time to live exceeded"'
	expect "kept, $workers workers: balances" soon balances
	expect "kept, $workers workers: ends" stop
	on r "$weir" unload "$tag" >/dev/null 2>&1
done
finish
