#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# configs/ip-router.click between two hosts: real protocols, the ledger under load and after it, an
# output that stops, and ends of every kind.
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
conf=$(realpath configs/ip-router.click)

router() { # QUEUES: the standard router, and a host on each side
	hosts "$1"
	# not in a pipe: run sets pid
	run < <(sed 's/define(.*/define($IF0 va, $IF1 vb, $MTU0 1500, $MTU1 1500)/' "$conf")
}

tcp() { # FLOWS: the transfer ends, and all of it arrived
	background b iperf3 -s -1 >/dev/null 2>&1
	local server=$pid said
	soon on b grep -q ':1451 ' /proc/net/tcp6 || because "no iperf3" || return
	said=$(on a timeout 20 iperf3 -c 10.0.2.2 -P "$1" -n 20M 2>&1 | grep -c receiver)
	[ "$said" -ge 1 ] || because "no result"
	wait "$server" 2>/dev/null
}

udp_flood() { # RATE SECONDS
	background b iperf3 -s -1 >/dev/null 2>&1
	local server=$pid
	soon on b grep -q ':1451 ' /proc/net/tcp6
	on a timeout 20 iperf3 -u -c 10.0.2.2 -b "$1" -l 100 -t "$2" >/dev/null 2>&1
	wait "$server" 2>/dev/null
}

ttl_seen() { # a packet sent with TTL 9 arrives with 8
	background b timeout 5 tcpdump -c 1 -lnvi b0 'icmp[0] = 8' >"$scratch/dump" 2>/dev/null
	sleep 0.5
	on a ping -q -c 2 -i 0.3 -t 9 -W 1 10.0.2.2 >/dev/null
	soon grep -q 'ttl 8,' "$scratch/dump" || because "$(cat "$scratch/dump")"
}



reports() {
	on r "$weir" stats -n "$tag" >"$scratch/stats" && grep -q '^ledger: [1-9]' "$scratch/stats"
}

for queues in 1 2 4 8; do
	expect "starts with $queues queues" router "$queues"
	main=$pid
	expect "says so ($queues)" says "^va: native, $queues queue"
	expect "pings ($queues)" pings a 10.0.2.2 50 1472
	expect "TCP, 8 flows ($queues)" tcp 8
	pid=$main
	expect "balances exactly when drained ($queues)" soon balances
	expect "ends ($queues)" stop
	no_hosts
done

router 2
main=$pid
expect "the kernel's ping gets the host" pings a 10.0.1.1 5 56
expect "takes one from the TTL" ttl_seen
udp_flood 300M 2 &
flood=$!
sleep 1
expect "reports under load" reports
wait "$flood"
pid=$main
expect "balances after a flood" soon balances
stop KILL
expect "leaves no program after SIGKILL" soon bash -c "! nsenter --net=/run/netns/$tag-r ip -d link | grep -q xdp"
no_hosts

# An output that stands still: bulk fills its queue and is lost by name, what does not go there passes.
hosts 1
run <<'EOC'
from :: FromDevice(va);
to :: ToDevice(va);
c :: Classifier(12/0806 20/0001, 12/0800 23/01, 12/0800, -);
from -> c;
c[0] -> ARPResponder(10.0.1.1 va:eth) -> to;
c[1] -> ping :: Strip(14) -> CheckIPHeader -> ICMPPingResponder -> Unstrip(14) -> EtherMirror -> to;
c[2] -> bulk :: Queue(100000) -> stopped :: Unqueue(ACTIVE false) -> Discard;
c[3] -> Discard;
EOC
main=$pid
on a bash -c 'exec 3<>/dev/udp/10.0.1.1/9; head -c 64 /dev/zero >&3' 2>/dev/null
background a timeout 30 python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(150000):
    try: s.sendto(b'x' * 64, ('10.0.1.1', 9))
    except OSError: pass
"
wait "$pid"
pid=$main
on a ip neigh flush dev a0
expect "ARP and ping pass while bulk is full" pings a 10.0.1.1 20 56
expect "what bulk lost has a name" bash -c "nsenter --net=/run/netns/$tag-r '$weir' stats -n '$tag' | grep -qE '^bulk\.[a-z_]+ +[1-9]'"
expect "balances with a full queue" balances
expect "goes on" on r "$weir" write -n "$tag" stopped.active true
expect "balances when it has run out" soon balances
expect "ends with packets in queues" stop
no_hosts
finish
