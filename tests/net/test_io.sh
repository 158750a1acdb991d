#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# FromDevice, ToDevice, ToHost and FromHost under `weir run`, between two hosts on veth pairs.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"

interfaces() {
	on r ip -br link | awk '{sub("@.*", "", $1); print $1}' | sort | tr '\n' ' '
}

has_interfaces() { # LIST
	[ "$(interfaces)" = "$1 " ] || because "$(interfaces)"
}

ticks() { # of CPU time that the router used
	awk '{print $14 + $15}' "/proc/$pid/stat"
}

rests() { # with packets that wait where nobody takes them
	local before used
	on a ping -q -c 3 -i 0.2 -W 1 10.0.0.2 >/dev/null && { because "it receives" || return; }
	before=$(ticks)
	sleep 1
	used=$(($(ticks) - before))
	((used < 20)) || because "$used ticks of CPU time in a second"
}

namespaces a r b
wire a a0 r va 2
wire b b0 r vb 2
on a ip addr add 10.0.0.1/24 dev a0
on b ip addr add 10.0.0.2/24 dev b0
on r ip addr add 10.0.0.9/24 dev va

expect "push: starts" run <<-END
	FromDevice(va, PROMISC true) -> ToDevice(vb);
	FromDevice(vb, PROMISC true) -> ToDevice(va);
END
expect "push: forwards" pings a 10.0.0.2 2000 1400
expect "push: the ledger balances" balances
expect "push: ends" stop
expect "pull, small rings: starts" run <<-END
	f1 :: FromDevice(va, PROMISC true, RING 64) -> Queue(2000) -> ToDevice(vb);
	f2 :: FromDevice(vb, PROMISC true) -> Queue(2000) -> t :: ToDevice(va, RING 64, BURST 8);
END
expect "pull: forwards" pings a 10.0.0.2 2000 56
expect "pull: counts" between 2000 3000 t.count
expect "pull: a counter is reset" on r "$weir" write -n "$tag" t.reset_counts
expect "pull: and is zero" has t.count 0
expect "pull: kernel_drops" has f1.kernel_drops 0
expect "pull: encap" has f1.encap ETHER
expect "pull: the ledger balances" balances
expect "pull: ends by SIGINT" stop INT
expect "a burst of 1: starts" run --burst 1 <<-END
	FromDevice(va, PROMISC true) -> ToDevice(vb);
	FromDevice(vb, PROMISC true) -> Queue -> ToDevice(va);
END
expect "a burst of 1: forwards" pings a 10.0.0.2 500 56
expect "a burst of 1: ends" stop

expect "inactive: starts" run <<-END
	f :: FromDevice(va, PROMISC true, ACTIVE false) -> ToDevice(vb);
	FromDevice(vb, PROMISC true) -> ToDevice(va);
END
expect "inactive: rests" rests
expect "inactive: begins" on r "$weir" write -n "$tag" f.active true
expect "inactive: forwards" pings a 10.0.0.2 500 56
expect "inactive: ends again" on r "$weir" write -n "$tag" f.active false
expect "inactive: rests again" rests
expect "inactive: the ledger balances" balances
expect "inactive: ends" stop

expect "sending only: starts" run -j 1 <<-END
	RatedSource(LENGTH 1600, LIMIT 5, RATE 1000) -> t :: ToDevice(vb);
	RatedSource(LENGTH 13, LIMIT 6, RATE 1000) -> t;
	RatedSource(LENGTH 1518, LIMIT 7, RATE 1000) -> t;
	InfiniteSource(LENGTH 60, LIMIT 5000, BURST 256) -> t2 :: ToDevice(va, RING 64);
	RatedSource(LENGTH 13, LIMIT 3, RATE 1000) -> t3 :: ToDevice(va) -> sent :: Counter -> Discard;
	t3[unsent] -> unsent :: Counter -> Discard;
	RatedSource(LENGTH 60, LIMIT 4, RATE 1000) -> t3;
END
expect "sending only: says so" says "^vb: sending only, 1 queue, copy"
expect "sending only: what is sent counts" soon has t.count 7
expect "sending only: a full ring drains" soon has t2.count 5000
expect "sending only: long frames are named" lost t.too_long 5
expect "sending only: short frames are named" lost t.too_short 6
expect "sending only: copies of what was sent" soon has sent.count 4
expect "sending only: what was not sent" has unsent.count 3
expect "sending only: the host still receives" pings a 10.0.0.9 20 56
expect "sending only: the ledger balances" balances
expect "sending only: ends" stop

for mode in auto generic; do
	expect "ToHost, $mode: starts" run <<-END
		FromDevice(va, MODE $mode) -> c :: Counter -> ToHost(va);
	END
	expect "ToHost, $mode: the host answers" pings a 10.0.0.9 1000 1400
	expect "ToHost, $mode: the router has seen it, and once" \
		between 1000 1100 c.count
	expect "ToHost, $mode: the ledger balances" balances
	expect "ToHost, $mode: ends by SIGKILL" stop KILL
	expect "ToHost, $mode: no interface stays" soon has_interfaces "lo va vb"
done
expect "ToHost of all: starts" run <<-END
	FromDevice(va) -> h :: ToHost;
	FromDevice(vb) -> h;
	RatedSource(LENGTH 60, LIMIT 3, RATE 1000) -> h;
END
expect "ToHost of all: the host answers" pings a 10.0.0.9 100 56
expect "ToHost of all: packets from nowhere are named" lost h.no_device 3
expect "ToHost of all: are counted" has h.drops 3
expect "ToHost of all: ends" stop

expect "FromHost: starts" run <<-END
	FromHost(fake, 192.168.7.1/24, ETHER 2:0:0:0:0:7, MTU 1400)
		-> c :: Classifier(12/0806, 12/0800, -);
	c[0] -> ARPResponder(192.168.7.0/24 1:1:1:1:1:1) -> h :: ToHost(fake);
	c[1] -> CheckIPHeader(14) -> ICMPPingResponder -> EtherMirror -> h;
	c[2] -> Discard;
END
expect "FromHost: the host is answered" pings r 192.168.7.2 200 1000
expect "FromHost: the interface is as asked" \
	sh -c "ip -n $tag-r link show fake | tr '\n' ' ' | grep -q 'mtu 1400.*02:00:00:00:00:07'"
expect "FromHost: the ledger balances" balances
expect "FromHost: ends by SIGKILL" stop KILL
expect "FromHost: no interface stays" soon has_interfaces "lo va vb"
expect "FromHost of an interface that exists is refused" \
	refuses "va: the interface exists" <<<"FromHost(va) -> Discard;"

expect "contradicting modes are refused" refuses "va: MODE generic here, but MODE copy in" <<-END
	FromDevice(va, MODE copy) -> ToDevice(va, MODE generic);
END
expect "contradicting queues are refused" refuses "different number of queues of va" <<-END
	FromDevice(va, QUEUES 1) -> ToDevice(va, QUEUES 2);
END
expect "a ring that is no power of two is refused" refuses "RING 100 is not a power of two" <<-END
	FromDevice(va, RING 100) -> Discard;
END
expect "an interface that is not there is refused" refuses "nic9: there is no such interface" <<-END
	FromDevice(va) -> ToDevice(nic9);
END
expect "zero copy that is not there is refused" refuses "va: cannot bind a socket with zero copy" <<-END
	FromDevice(va, MODE zerocopy) -> Discard;
END

at_least() { # COUNT NAME: lost under that name
	local got
	got=$(on r "$weir" stats -n "$tag" | awk -v name="$2" '$1 == name {print $2}')
	[ "${got:-0}" -ge "$1" ] || because "$2 is ${got:-0}"
}

on b ip link set b0 down
expect "no link: starts" run <<-END
	FromDevice(va, PROMISC true) -> ToDevice(vb);
	RatedSource(LENGTH 60, LIMIT 20, RATE 1000) -> t :: ToDevice(vb);
	FromDevice(vb, PROMISC true) -> ToDevice(va);
END
expect "no link: is said" says "vb has no link; the router starts without"
expect "no link: packets are lost by name" soon at_least 20 t.no_link
on b ip link set b0 up
expect "no link: forwards when there is one" soon pings a 10.0.0.2 100 56
expect "no link: says that there is one" says "vb has a link now"
on b ip link set b0 down
expect "no link: says that it went" soon says "vb has no link; packets to it"
on b ip link set b0 up
expect "no link: goes on" soon pings a 10.0.0.2 100 56
expect "no link: the ledger balances" balances
expect "no link: ends" stop

on a ethtool -L a0 tx 1 rx 1
on r ethtool -L va tx 1 rx 1
expect "more queues: starts" run <<-END
	FromDevice(va, PROMISC true) -> Discard;
END
on r ethtool -L va rx 2
expect "more queues: are noticed" soon says "va has 2 queues now, and the router has 1 of them"
sleep 1.2
expect "more queues: are said once" test "$(grep -c 'va has 2 queues' "$out")" = 1
expect "more queues: ends" stop
finish
