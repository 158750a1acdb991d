// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// The hops of the kernel's routes in the driver. Where the maps have less room than the tables
// (until the programs are loaded anew), userspace looks up.

#include <weir/element.h>
#include <weir/hash.h>

#include "kernel_front.h"

// Each map is one value, as large as its table.
#define KERNEL_MAP                                 \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);  \
		__uint(map_flags, BPF_F_MMAPABLE); \
		__uint(max_entries, 1);            \
		__uint(key_size, sizeof(__u32));   \
		__uint(value_size, sizeof(__u64)); \
	}
KERNEL_MAP hops SEC(".maps");
KERNEL_MAP buckets SEC(".maps");

WEIR_INLINE const struct weir_hop *kernel_hop_at(__u32 n_hops, __u32 value)
{
	__u32 zero = 0;
	const struct weir_hop *all = bpf_map_lookup_elem(&hops, &zero);

	asm("" : "+r"(value)); // the verifier must see that this is compared, and this used
	return all && value < n_hops ? all + value : NULL;
}

// The hop of a group for the packet's flow. NULL: what *port says is to be done.
WEIR_INLINE const struct weir_hop *kernel_hop_of(const struct kernel_front *f,
						 const struct packet *p, const struct weir_hop *h,
						 unsigned *port)
{
	__u32 zero = 0, n_buckets = f->n_buckets, at, hash = weir_flow_hash(p);
	const __u32 *all = bpf_map_lookup_elem(&buckets, &zero);

	*port = hash == WEIR_APART ? WEIR_APART : WEIR_HANDOVER;
	if (hash == WEIR_APART || !all)
		return NULL;
	at = weir_hop_bucket(h, hash);
	asm("" : "+r"(at));
	return at < n_buckets ? kernel_hop_at(f->n_hops, WEIR_READ_ONCE(all[at])) : NULL;
}

// What a value of a table says. NULL: what *port says is to be done.
WEIR_INLINE const struct weir_hop *kernel_resolve(const struct kernel_front *f,
						  const struct packet *p, __u32 value,
						  unsigned *port)
{
	const struct weir_hop *h = kernel_hop_at(f->n_hops, value);

	*port = WEIR_HANDOVER;
	if (h && WEIR_UNLIKELY(h->mask))
		h = kernel_hop_of(f, p, h, port);
	return h;
}
