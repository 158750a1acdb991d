// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// The time for programs that need it for each packet: asking the kernel takes 10 ns.

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include <abi/front.h>

// Written by the process; shared by all programs of a router.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct weir_beat);
} weir_beat SEC(".maps");

// CLOCK_MONOTONIC in ns, up to some 50 ms behind. Without a process it stands still.
static __always_inline __u64 weir_clock(void)
{
	__u32 zero = 0;
	const struct weir_beat *b = bpf_map_lookup_elem(&weir_beat, &zero);

	return b ? *(const volatile __u64 *)&b->last : 0;
}
