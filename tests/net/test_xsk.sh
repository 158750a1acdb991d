#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The AF_XDP room on veth pairs: a host, a bridge over the rings (xsk_forward), a host.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
forward=$build/net/xsk_forward
out=$scratch/out err=$scratch/err

hosts() { # QUEUES [QUEUES OF THE PEERS]
	namespaces a r b
	wire a a0 r va "$1"
	wire b b0 r vb "$1"
	on a ip addr add 10.0.0.1/24 dev a0
	on b ip addr add 10.0.0.2/24 dev b0
}

no_hosts() {
	local n
	for n in a r b; do
		ip netns del "$tag-$n"
	done
	soon no_interfaces
}

no_interfaces() { # a namespace's interfaces go some time after it
	! ls /run/netns/"$tag"-* >/dev/null 2>&1
}

bridge() { # OPTION ...: returns when it is ready
	background r "$forward" "$@" va vb >"$out" 2>"$err"
	soon ready || because "not ready: $(tail -n 1 "$err")"
}

ready() {
	dead || grep -q '^ready$' "$out"
}

stop() { # [SIGNAL]
	{
		kill "-${1:-TERM}" "$pid"
		soon dead && wait "$pid"
	} 2>/dev/null
	dead || because "still there 5 s after SIG${1:-TERM}"
}

says() {
	grep -q -- "$1" "$out" || because "$(head -n 3 "$out" | tr '\n' ' ')"
}

complains() {
	grep -q -- "$1" "$err" || because "$(tail -n 2 "$err" | tr '\n' ' ')"
}

passes() { # COUNT SIZE: pings, none of them lost
	local said
	said=$(on a ping -f -q -c "$1" -s "$2" -W 1 10.0.0.2 | grep -E 'received|errors') &&
		[[ $said == *" $1 received"* ]] || because "$said"
}

no_program() {
	! on r ip -d link | grep -q xdp
}

fails() { # WORD OPTION ...: ends with an error that has WORD in it, and attaches nothing
	local status
	on r timeout 10 "$forward" "${@:2}" va vb >"$out" 2>"$err"
	status=$?
	[ "$status" = 1 ] || because "status $status" || return
	complains "$1" || return
	soon no_program || because "a program stays attached"
}

counts() { # NAME: its sum over all queues
	grep -o " $1=[0-9]*" "$out" | awk -F= '{s += $2} END {print s + 0}'
}

balanced() { # what the program saw was received or has a name; what was received was sent
	local seen rx lost tx name
	seen=$(counts seen) rx=$(counts rx_packets) lost=0
	tx=$(($(counts tx_packets) + $(counts tx_pending)))
	for name in passed rx_ring_full rx_dropped multi_buffer; do
		lost=$((lost + $(counts "$name")))
	done
	[ "$seen" -gt 0 ] && [ "$seen" = $((rx + lost)) ] && [ "$rx" = "$tx" ] ||
		because "seen $seen, received $rx, lost $lost, sent $tx"
}

channels() { # IF: receiving queues in use
	on r ethtool -l "$1" | awk '/^Current/ {now = 1} now && $1 == "RX:" {print $2}'
}

is() { # VALUE COMMAND ...
	local got
	got=$("${@:2}")
	[ "$got" = "$1" ] || because "$got instead of $1"
}

setting() { # NAME: of va, in the sysfs of its namespace
	on r unshare -m sh -c "mount -t sysfs none /sys && cat /sys/class/net/va/$1"
}

no_journals() {
	! ls /run/weir/restore.* >/dev/null 2>&1
}

no_guardian() {
	! pgrep -x weir-guard >/dev/null
}

has_guardian() { # that sleeps: one that has ended is a zombie until the router ends
	pgrep -x -r S -P "$pid" weir-guard >/dev/null
}

few_files() { # OPTION ...: bridge, with not many more files than it needs
	background r sh -c "ulimit -n 60 && exec $forward $* va vb" >"$out" 2>"$err"
	soon ready || because "not ready: $(tail -n 1 "$err")"
}

flood_hidden() { # more packets than a ring of 64 takes while nobody reads it
	kill -STOP "$pid"
	on a ping -q -c 1000 -l 1000 -s 100 -W 1 -w 2 10.0.0.2 >/dev/null
	kill -CONT "$pid"
	sleep 0.2
}

for n in 1 2 4; do
	hosts $n
	expect "$n queues: starts" bridge
	expect "$n queues: says what it is" says "^va: native, $n queue.*, copy (zero copy: "
	expect "$n queues: forwards" passes 3000 1400
	expect "$n queues: ends" stop INT
	expect "$n queues: the counts balance" balanced
	expect "$n queues: no program stays" soon no_program
	expect "$n queues: starts at once again" bridge
	expect "$n queues: is killed" stop KILL
	expect "$n queues: starts at once after SIGKILL" bridge
	expect "$n queues: forwards after SIGKILL" passes 100 56
	expect "$n queues: ends by SIGKILL" stop KILL
	expect "$n queues: no program stays after SIGKILL" soon no_program
	no_hosts
done

hosts 2
for mode in copy generic; do
	expect "$mode: starts" bridge -m $mode
	expect "$mode: is named" says "^va: $([ $mode = copy ] && echo native || echo generic), 2 queues, copy$"
	expect "$mode: forwards" passes 2000 1000
	expect "$mode: ends" stop
	expect "$mode: the counts balance" balanced
done
expect "zero copy that is not there is refused" fails "va: cannot bind a socket with zero copy" -m zerocopy

expect "another router: starts" bridge
on r timeout 10 "$forward" va vb >"$scratch/second" 2>"$err"
expect "another router: is named" complains "va: another weir router is on it"
# the refused one must not have taken the first one's program off
expect "another router: goes on" passes 100 56
expect "another router: ends" stop
printf '#include <linux/bpf.h>\n__attribute__((section("xdp"))) int foreign(void *c) { return 2; }\n' |
	clang -O2 -g -target bpf "-I/usr/include/$(gcc -dumpmachine)" -x c -c -o "$scratch/foreign.o" -
on r ip link set vb xdpdrv obj "$scratch/foreign.o" sec xdp
on r timeout 10 "$forward" va vb >"$out" 2>"$err"
expect "a foreign program is named" complains "vb: XDP program [0-9]* (foreign) is attached"
expect "and is offered as an element" complains 'XDPProgram(PINNED /sys/fs/bpf/NAME) behind FromDevice(vb)'
expect "and stays" sh -c "nsenter --net=/run/netns/$tag-r ip -d link show vb | grep -q xdp"
on r ip link set vb xdpdrv off
expect "a link that is down is refused" sh -c "ip -n $tag-r link set vb down"
expect "a link that is down is named" fails "vb: the interface is down"
ip -n "$tag-r" link set vb up
expect "an MTU that no buffer takes" sh -c "ip -n $tag-r link set va mtu 9000"
expect "is refused" fails "va: its MTU of 9000 is more than a buffer takes"
ip -n "$tag-r" link set va mtu 3600
ip -n "$tag-a" link set a0 mtu 3600
expect "an MTU that XDP does not take is refused" fails "va: its MTU of 3600, or .* ip link set va mtu"
ip -n "$tag-a" link set a0 mtu 1500
ip -n "$tag-r" link set va mtu 1500
expect "an interface that is not there is named" \
	sh -c "nsenter --net=/run/netns/$tag-r $forward va none 2>&1 | grep -q 'none: there is no such'"
expect "a missing capability is named" sh -c "nsenter --net=/run/netns/$tag-r \
	setpriv --reuid 65534 --clear-groups $forward va vb 2>&1 | grep -q CAP_NET_ADMIN"

expect "RSS without a table is refused" fails "va: RSS equal: its driver (veth) has no RSS table to set" -e
expect "a link that goes: starts" bridge
ip -n "$tag-r" link set vb down
on a ping -q -c 3 -i 0.1 -W 1 10.0.0.2 >/dev/null
ip -n "$tag-r" link set vb up
expect "a link that goes: forwards when it is back" soon passes 1 56
expect "a link that goes: and goes on" passes 200 1400
ip -n "$tag-r" link del vb
on a ping -q -c 3 -i 0.1 -W 1 10.0.0.2 >/dev/null
expect "a link that goes: survives the interface" alive
expect "a link that goes: ends" stop
no_hosts
hosts 2

expect "a ring of 64: starts" bridge -r 64
expect "a ring of 64: forwards" passes 10 56
flood_hidden
expect "a ring of 64: forwards after a jam" passes 200 56
expect "a ring of 64: ends" stop
expect "a ring of 64: overruns are counted" test "$(($(counts rx_ring_full) + $(counts rx_dropped)))" -gt 0
expect "a ring of 64: the counts balance" balanced

for end in TERM KILL; do
	before=$(setting napi_defer_hard_irqs)/$(setting gro_flush_timeout)
	expect "busy polling: starts" bridge -b -p
	expect "busy polling: defers interrupts" is 2 setting napi_defer_hard_irqs
	expect "busy polling: is said" says "^va: busy polling, up to 64 packets at a time$"
	expect "busy polling: forwards" passes 100 56
	expect "busy polling: ends by SIG$end" stop $end
	expect "busy polling: the guardian is done after SIG$end" soon no_guardian
	expect "busy polling: restored after SIG$end" is "$before" \
		sh -c "echo $(setting napi_defer_hard_irqs)/$(setting gro_flush_timeout)"
	expect "busy polling: no journal stays after SIG$end" no_journals
done
# while the guardian of a killed router is at work, the next start waits for it
expect "a slow guardian: starts" bridge -b
guard=$(pgrep -x -P "$pid" weir-guard)
kill -STOP "$guard"
expect "a slow guardian: ends by SIGKILL" stop KILL
{ sleep 0.5 && kill -CONT "$guard"; } &
expect "a slow guardian: the next start" bridge -b
expect "a slow guardian: sets what it wants" is 2 setting napi_defer_hard_irqs
expect "a slow guardian: ends" stop
expect "a slow guardian: restored" is 0 setting napi_defer_hard_irqs
expect "a slow guardian: no journal stays" no_journals
expect "few files: starts" few_files -b
expect "few files: the guardian waits" has_guardian
expect "few files: nothing is put back early" is 2 setting napi_defer_hard_irqs
expect "few files: ends by SIGKILL" stop KILL
expect "few files: the guardian is done" soon no_guardian
expect "few files: restored" is 0 setting napi_defer_hard_irqs
# the guardian is killed with the router: the next start repairs
expect "no guardian: starts" bridge -b
pkill -KILL -x -P "$pid" weir-guard
expect "no guardian: ends by SIGKILL" stop KILL
expect "no guardian: a setting stays" is 2 setting napi_defer_hard_irqs
expect "no guardian: the next start" bridge
expect "no guardian: the next start says that it repairs" complains "an earlier run was killed"
expect "no guardian: repaired" is 0 setting napi_defer_hard_irqs
expect "no guardian: no journal stays" no_journals
expect "no guardian: ends" stop
no_hosts

namespaces a r b
wire a a0 r va 4
wire b b0 r vb 4
for i in a0:a b0:b; do
	on "${i#*:}" ethtool -L "${i%:*}" tx 2 rx 2
done
on a ip addr add 10.0.0.1/24 dev a0
on b ip addr add 10.0.0.2/24 dev b0
for end in TERM KILL; do
	expect "QUEUES: starts" bridge -q 2
	expect "QUEUES: are set" is 2 channels va
	expect "QUEUES: are said" says "va: native, 2 queues"
	expect "QUEUES: forward" passes 200 56
	expect "QUEUES: end by SIG$end" stop $end
	expect "QUEUES: the guardian is done after SIG$end" soon no_guardian
	expect "QUEUES: restored after SIG$end" is 4/4 sh -c "echo $(channels va)/$(channels vb)"
done
expect "fewer queues than the peer sends on are refused" fails "its peer sends on more" -q 1
expect "and the number is restored" is 4 channels va

on r ethtool -L va tx 1
on r ethtool -L vb tx 1
expect "one sending queue: starts" bridge
expect "one sending queue: forwards" passes 500 56
expect "one sending queue: ends" stop
expect "one sending queue: the counts balance" balanced
finish
