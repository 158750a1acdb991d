#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Elements of a folder (`weir run -L`): those that the pages in docs/ show, built with the installed headers
# alone, in both halves and in the driver only.
# shellcheck disable=SC2317
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
top=$(realpath "$(dirname "$0")/../..")
own=$scratch/own

shown() { # PAGE FILE: what a page shows of a file
	awk -v "file=// $2" '/^```/ { on = 0 } was && $0 == file { on = 1; next } on { print } { was = /^```c$/ }' \
		"$top/docs/$1"
}

write_elements() {
	local f
	mkdir "$own"
	make -s -C "$top" install B="$build" DESTDIR="$scratch" prefix=/usr >/dev/null
	shown elements-in-c.md elements/ip/set_ip_dscp.c >"$own/set_ip_dscp.c"
	for f in by_queue.h by_queue.c by_queue.bpf.c; do
		shown elements-in-bpf.md "$f" >"$own/$f"
	done
}

make_elements() {
	make -s -C "$own" -f "$scratch/usr/share/weir/element.mk" >"$out" 2>&1 ||
		because "$(head -n 3 "$out" | tr '\n' ' ')"
}

takes() { # [OPTION ...]: the configuration below, with the elements
	run -L "$own" "$@" <<-END
		FromDevice(va) -> q :: ByQueue(0) -> c :: Classifier(12/0800, -)
			-> Strip(14) -> CheckIPHeader -> dscp :: SetIPDSCP(46) -> Unstrip(14) -> host :: ToHost;
		q[1] -> Discard;
		c[1] -> ToHost;
	END
}

is_refused() { # WORD [OPTION ...]: it ends with WORD, and leaves nothing
	! takes "${@:2}" >/dev/null || because "it runs" || return
	says "$1" || return
	! on r ip -d link | grep -q xdp || because "a program stays attached"
}

run_in_driver() { # ELEMENT ...: as `weir stats` says
	local e
	for e; do
		on r "$weir" stats -n "$tag" | grep -q "^$e  .* driver " || because "$e does not"
	done
}

adds_map() { # called as one of the files that every element has
	sed -i '/include/a struct {\n__uint(type, BPF_MAP_TYPE_ARRAY);\n__uint(max_entries, 4);\n__type(key, __u32);\n__type(value, __u64[64]);\n} counts SEC(".maps");' "$own/by_queue.bpf.c"
	sed -i 's/{$/{ __u32 i = 1; if (!bpf_map_lookup_elem(\&counts, \&i)) return 1;/; s/^struct { .*/struct {/' "$own/by_queue.bpf.c"
	make_elements
}

stays() { # [OPTION ...]
	echo 'FromDevice(va, PROMISC false) -> q :: ByQueue(0) -> n :: Counter -> Discard; q[1] -> Discard;' \
		>"$scratch/stay.click"
	on r "$weir" load -L "$own" -n "$tag" "$scratch/stay.click" >"$out" 2>&1 || because "$(head -n 1 "$out")"
}

bytes() { # MAP VALUE: the size of a pinned map's values
	bpftool map show pinned "/sys/fs/bpf/weir/$tag/$1" | grep -q " value ${2}B " ||
		because "$(bpftool map show pinned "/sys/fs/bpf/weir/$tag/$1" 2>&1 | head -n 2)"
}

widens_state() { # userspace packs be32, BPF does not
	sed -i 's/uint64_t changed;/& uint8_t a; be32 b; uint8_t c;/' "$own/set_ip_dscp.c"
	make_elements
}

breaks_program() { # it reads the packet without looking where it ends
	sed -i 's/return .*/return *(volatile __u8 *)(long)p->ctx->data == self->queue;/' "$own/by_queue.bpf.c"
	make_elements
}

namespaces a r
wire a a0 r va
on a ip addr add 10.0.0.1/24 dev a0
on r ip addr add 10.0.0.9/24 dev va

expect "elements are written" write_elements
expect "they build" make_elements
expect "a router takes them" takes
expect "packets pass them" pings a 10.0.0.9 100 56
expect "state is that of both halves" between 100 110 dscp.changed
expect "they run in the driver" run_in_driver q dscp
expect "the ledger balances" balances
expect "ends" stop
expect "a map of its own is written" adds_map
expect "it is kept without a process" stays
expect "with its counters" bytes q/counts 16
expect "and its own map" bytes q/counts~ 512
expect "and shown" on r "$weir" stats -n "$tag" >"$out"
expect "and unloaded" on r "$weir" unload "$tag"
expect "in the driver only: not without it" is_refused "\`q' (ByQueue) runs in the driver only" --no-driver
expect "state of another layout is written" widens_state
expect "a router takes it" takes
expect "in userspace" says 'dscp stays in userspace: its state has 24 bytes in the driver and 16 in userspace'
expect "packets pass it" pings a 10.0.0.9 100 56
expect "and are counted there" between 100 110 dscp.changed
expect "and ends" stop
expect "a program that the verifier refuses is written" breaks_program
expect "in the driver only: not if it is refused" is_refused "\`q' (ByQueue) runs in the driver only: the verifier"
finish
