// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// What the values of the tables of the kernel's routes mean (KernelIPLookup, KernelIP6Lookup): one
// array of hops for both families, and an array of buckets for groups.
// writer: the follower of the kernel; readers: workers, and programs in the driver. What a number
// means never changes while a reader may have it; buckets change one at a time, each by one store.

#include <abi/hdr.h>

// Where a packet goes: an output of the look-up, and the next hop for its annotation. Addresses of
// zeros: its own destination is the next hop. gw4 within 0.0.0.0/8 is no address but the name of a
// next hop for IPv4 packets that has an IPv6 address (RFC 8950).
struct weir_hop {
	__u32 port; // enum weir_hop_port
	be32 gw4;
	__u8 gw6[16];
	// Several next hops (mask + 1 buckets, a power of two, from `first` on): the hop is the one
	// whose number stands in the bucket that weir_hop_bucket says. 0: this is the hop.
	__u32 first, mask;
};
_Static_assert(sizeof(struct weir_hop) == 32, "two to a cache line");

// The bucket of a group for a flow. The lowest bit of a hash is always set, and says nothing.
static inline __attribute__((always_inline)) __u32 weir_hop_bucket(const struct weir_hop *h,
								   __u32 hash)
{
	return h->first + (hash >> 1 & h->mask);
}

// Outputs of a look-up, in their order. The hops that are none of a device are always there: hop 1
// is WEIR_HOP_NO_ROUTE, and so on.
enum weir_hop_port {
	WEIR_HOP_HOST,	      // the kernel has it: own addresses, multicast, what only it can do
	WEIR_HOP_NO_ROUTE,    // no prefix matches
	WEIR_HOP_UNREACHABLE, // these three as the route says
	WEIR_HOP_PROHIBIT,
	WEIR_HOP_BLACKHOLE,
	WEIR_HOP_DEVICE, // this and above: the devices, in their order
};
