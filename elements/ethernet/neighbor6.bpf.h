// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// Neighbours of both families, for programs in the driver.

#include <weir/clock.h>
#include <weir/element.h>

#include "neighbor_front.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, NEIGHBOR_PAIRS6);
	__type(key, __u32);
	__type(value, struct neighbor6_pair);
} neighbors SEC(".maps");

// Where a neighbour is that is known; *who gets its Ethernet address in the lower 48 bits, as it
// lies in memory. NULL: userspace is to look.
WEIR_INLINE struct neighbor6 *neighbor6_known(const struct neighbor_key *k, __u64 *who)
{
	__u32 place = neighbor6_place(*k), now = neighbor6_tick(weir_clock());
	struct neighbor6_pair *pair = bpf_map_lookup_elem(&neighbors, &place);

	if (!pair)
		return NULL;
	*who = neighbor6_look(&pair->way[0], k, now);
	if (WEIR_LIKELY(*who))
		return &pair->way[0];
	*who = neighbor6_look(&pair->way[1], k, now);
	return *who ? &pair->way[1] : NULL;
}

// Where multicasts go (RFC 2464 7); 0: it is none.
WEIR_INLINE __u64 neighbor6_group(const struct neighbor_key *k)
{
	return (k->half[0] & 0xff) == 0xff ? 0x3333 | k->half[1] >> 32 << 16 : 0;
}
