#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# XDP programs of others, pinned and run as elements: with the verdict back (XDPProgram) and with the
# last word (ToXDPProgram); and pins that cannot be run.
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
pins=/sys/fs/bpf/$tag
trap 'rm -rf "$pins"; cleanup' EXIT

# What becomes of a UDP packet depends on its port; all else passes.
cat >"$scratch/foreign.c" <<'END'
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

__attribute__((section(SECTION))) int foreign(struct xdp_md *ctx)
{
	unsigned char *d = (void *)(long)ctx->data;

	if ((void *)(d + 38) > (void *)(long)ctx->data_end || d[12] != 8 || d[13] || d[23] != 17)
		return XDP_PASS;
	switch (d[36] << 8 | d[37]) {
	case 9001:
		return XDP_DROP;
	case 9002:
		return XDP_ABORTED;
	case 9003:
		return XDP_TX;
	case 9004:
		return bpf_redirect(1, 0);
	case 9005: // weir puts no block in front of what others see
		return ctx->data_meta == ctx->data && ctx->ingress_ifindex > 1 ? XDP_PASS : XDP_DROP;
	case 9006:
		bpf_xdp_adjust_tail(ctx, -4);
		return XDP_PASS;
	case 9007: // a VLAN tag
		if (bpf_xdp_adjust_head(ctx, -4))
			return XDP_ABORTED;
		d = (void *)(long)ctx->data;
		if ((void *)(d + 18) > (void *)(long)ctx->data_end)
			return XDP_ABORTED;
		__builtin_memmove(d, d + 4, 12);
		d[12] = 0x81;
		d[13] = d[14] = 0;
		d[15] = 5;
		return XDP_PASS;
	}
	return XDP_PASS;
}
END

pin() { # NAME SECTION [TYPE]
	clang -O2 -target bpf -I"/usr/include/$(gcc -dumpmachine)" -DSECTION="\"$2\"" \
		-c "$scratch/foreign.c" -o "$scratch/$1.o" &&
		bpftool prog load "$scratch/$1.o" "$pins/$1" ${3:+type "$3"}
}

pin_others() { # a map, and a program of another kind
	bpftool map create "$pins/map" type array key 4 value 4 entries 1 name map
	printf '#include <linux/bpf.h>\n__attribute__((section("tc"))) int other(void *c) { return 0; }\n' |
		clang -O2 -target bpf -x c -I"/usr/include/$(gcc -dumpmachine)" -c -o "$scratch/tc.o" - &&
		bpftool prog load "$scratch/tc.o" "$pins/tc"
}

udp() { # PORT: ten packets from a
	on a python3 -c "
import socket
for i in range(10):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.sendto(b'x' * 64, ('10.0.1.1', $1))
"
}

no_ports() { # packets that came to the host for a port where nobody listens
	on r awk '/^Udp:/ && !/NoPorts/ {print $3}' /proc/net/snmp
}

reach() { # COUNT PORT: so many of ten packets come to the host
	local before after
	before=$(no_ports)
	udp "$2"
	soon came "$((before + $1))" "$before"
	sleep 0.1
	after=$(no_ports)
	[ $((after - before)) = "$1" ] || because "$((after - before)) of 10 to port $2 reached the host"
}

came() {
	[ "$(no_ports)" -ge "$1" ]
}

names_program() { # HANDLER
	local got
	got=$(on r "$weir" read -n "$tag" "$1")
	[[ $got =~ ^[0-9]+\ foreign$ ]] || because "$1 is '$got'"
}

plan_says() { # TEXT < CONFIGURATION
	local said
	said=$("$weir" plan /dev/stdin 2>&1)
	[[ $said == *"$1"* ]] || because "$said"
}

mkdir -p "$pins"
pin foreign xdp
namespaces a r
wire a a0 r va 1
ip -n "$tag-a" addr add 10.0.1.2/24 dev a0
ip -n "$tag-r" addr add 10.0.1.1/24 dev va
on r sysctl -qw net.ipv4.icmp_ratelimit=0

# --- with the verdict back ------------------------------------------------------------------------
called() { # MODE
	run <<-END
		FromDevice(va, MODE $1) -> x :: XDPProgram(PINNED $pins/foreign) -> n :: Counter
			-> c :: Classifier(12/8100, -);
		c[0] -> tagged :: Counter -> Discard;
		c[1] -> ToHost;
		x[tx] -> tx :: Counter -> Discard;
	END
}

every_verdict() {
	expect "what passes goes on in the graph" pings a 10.0.1.1 50 56
	expect "longest" pings a 10.0.1.1 5 1472
	expect "passed" reach 10 9000
	expect "dropped" reach 0 9001
	expect "dropped has a name" lost x.dropped 10
	expect "aborted" reach 0 9002
	expect "aborted has a name" lost x.aborted 10
	expect "sent back" reach 0 9003
	expect "sent back leaves by an output of its own" has tx.count 10
	expect "redirected" reach 0 9004
	expect "redirected has a name" lost x.redirected 10
	expect "sees the interface" reach 10 9005
	expect "cut is cut" reach 0 9006 # the host finds it too short
	expect "a tag that it adds" reach 0 9007
	expect "a tag that it adds is there" has tagged.count 10
	expect "longest with a tag" on a python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b'x' * 1472, ('10.0.1.1', 9007))"
	expect "longest with a tag is there" soon has tagged.count 11
	expect "names the program" names_program x.program
	expect "the ledger" balances
}

expect "called: starts" called auto
every_verdict
expect "called: ends" stop
expect "called, generic: starts" called generic
every_verdict
expect "called, generic: ends" stop
expect "called: the plan says why it is in userspace" plan_says "does not come back in the driver" \
	<<<"FromDevice(va) -> XDPProgram(PINNED $pins/foreign) -> ToHost"

# an output for what is sent back may be left out
run <<<"FromDevice(va) -> x :: XDPProgram(PINNED $pins/foreign) -> ToHost"
expect "no output for what is sent back" reach 0 9003
expect "no output for what is sent back: a name" lost x.tx 10
stop

# --- with the last word -----------------------------------------------------------------------------
jumped() { # MODE
	run <<-END
		FromDevice(va, MODE $1) -> c :: Classifier(12/0806, -);
		c[0] -> ToHost;
		c[1] -> Strip(14) -> Paint(3) -> Unstrip(14) -> x :: ToXDPProgram(PINNED $pins/foreign);
	END
}

last_word() {
	expect "what passes is the host's" pings a 10.0.1.1 50 56
	expect "jump: passed" reach 10 9000
	expect "jump: dropped" reach 0 9001
	expect "jump: sees the interface, and no block" reach 10 9005
	expect "jump: cut" reach 0 9006
}

for mode in auto generic; do
	expect "jump, $mode: starts" jumped $mode
	expect "jump, $mode: runs in the driver" says "driver: 7 of 7 elements"
	last_word
	expect "jump, $mode: names the program" names_program x.program
	expect "jump, $mode: the ledger" balances
	expect "jump, $mode: ends" stop
done

# without a process, and without the pin
cat >"$scratch/conf.click" <<<"FromDevice(va) -> x :: ToXDPProgram(PINNED $pins/foreign)"
expect "load" on r "$weir" load --name "$tag" "$scratch/conf.click" >/dev/null 2>&1
rm "$pins/foreign"
last_word
expect "unload" on r "$weir" unload "$tag"
pin foreign xdp

# --- what cannot be run -----------------------------------------------------------------------------

pin frags xdp.frags
pin devmap xdp/devmap
pin_others
for class in XDPProgram ToXDPProgram; do
	end=" -> Discard"
	[ $class = XDPProgram ] || end=
	try() { # WORD PIN
		refuses "$1" <<<"FromDevice(va) -> $class(PINNED $2)$end"
	}
	expect "$class: nothing there" try "nothing is pinned there" "$pins/none"
	expect "$class: no pin" try "not in a BPF file system" /etc/hostname
	expect "$class: a map" try "is no program" "$pins/map"
	expect "$class: another kind of program" try "no XDP program (sched_cls)" "$pins/tc"
	expect "$class: for a devmap" try devmap "$pins/devmap"
	expect "$class: no PINNED" refuses PINNED <<<"FromDevice(va) -> $class()$end"
done
class=ToXDPProgram end=
expect "jump: for several buffers" try "xdp.frags" "$pins/frags"
run <<<"FromDevice(va) -> x :: XDPProgram(PINNED $pins/frags) -> ToHost"
expect "called: for several buffers" reach 0 9001
expect "called: for several buffers, passed" reach 10 9000
stop
expect "jump: from userspace" refuses "from .* in userspace" <<<"
	FromDevice(va) -> c :: Classifier(12/0806, -); c[0] -> Print -> x :: ToXDPProgram(PINNED $pins/foreign);
	c[1] -> x;"
finish
