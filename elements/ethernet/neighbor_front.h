// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// What elements that know neighbours and their programs in the driver agree on: two forms of a
// table of neighbours, by address.
// writer: workers, under the lock of the element, and control; readers: programs in the driver.
//
// IPv4 alone: multiplying by an odd number maps addresses to as many hashes, so the place in the
// table (the upper half of the hash) and the tag (the lower half) together are the address; tag and
// Ethernet address fit into one word, and no reader ever sees half of a neighbour.
//
// Addresses of both families: a pair of places for each hash. Whole addresses are compared; what
// belongs together lies between two looks at `who`, which holds a version beside the Ethernet
// address. It is odd while the rest is written, and another one afterwards.

#include <linux/types.h>

#include <abi/hdr.h>

// An address of either family, network byte order; IPv4 as ::ffff:a.b.c.d (RFC 4291 2.5.5.2).
struct neighbor_key {
	__u64 half[2];
};

#define NEIGHBOR_INLINE static inline __attribute__((always_inline))

enum { NEIGHBOR_IP4_PREFIX = 0xffff0000 }; // ::ffff as it lies in the first half of half[1]

NEIGHBOR_INLINE struct neighbor_key neighbor_ip4(be32 ip)
{
	return (struct neighbor_key){{0, (__u64)ip.be << 32 | NEIGHBOR_IP4_PREFIX}};
}

NEIGHBOR_INLINE int neighbor_is_ip4(struct neighbor_key k)
{
	return !k.half[0] && (__u32)k.half[1] == NEIGHBOR_IP4_PREFIX;
}

NEIGHBOR_INLINE be32 neighbor_to_ip4(struct neighbor_key k)
{
	return (be32){(__u32)(k.half[1] >> 32)};
}

NEIGHBOR_INLINE int neighbor_same(struct neighbor_key a, struct neighbor_key b)
{
	return !((a.half[0] ^ b.half[0]) | (a.half[1] ^ b.half[1]));
}

// --- IPv4 alone ---
enum { NEIGHBOR_PLACES4 = 1 << 16 };

struct neighbor4 {
	__u64 who;   // tag in the upper 16 bits, Ethernet address below
	__u64 until; // when userspace is to look again; CLOCK_MONOTONIC, ns
};

NEIGHBOR_INLINE __u32 neighbor4_hash(be32 ip)
{
	return rd32(ip) * 0x9e3779b1;
}

NEIGHBOR_INLINE __u32 neighbor4_place(__u32 hash)
{
	return hash >> 16;
}

NEIGHBOR_INLINE __u64 neighbor4_tag(__u32 hash)
{
	return (__u64)hash << 48;
}

// --- both families ---
enum { NEIGHBOR_PAIRS6 = 1 << 14, NEIGHBOR_TICK = 26 /* bits of a nanosecond count */ };

struct neighbor6 {
	struct neighbor_key key;
	__u64 who;   // version in the upper 16 bits, Ethernet address below
	__u32 until; // in ticks of 2^26 ns; 0: no neighbour; all ones: until userspace says so
	__u32 used;  // set by the program, taken back by userspace
};
struct neighbor6_pair {
	struct neighbor6 way[2];
};
_Static_assert(sizeof(struct neighbor6_pair) == 64, "a cache line");

NEIGHBOR_INLINE __u32 neighbor6_place(struct neighbor_key k)
{
	__u64 h = (k.half[0] ^ k.half[1] * 0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd;

	return (__u32)((h ^ h >> 29) >> 20) % NEIGHBOR_PAIRS6;
}

NEIGHBOR_INLINE __u32 neighbor6_tick(__u64 ns)
{
	return ns >> NEIGHBOR_TICK >= 0xffffffff ? 0xffffffff : (__u32)(ns >> NEIGHBOR_TICK);
}

enum { NEIGHBOR6_BEING_WRITTEN = 1 }; // bit of the version

// For readers that hold no lock: the word with the Ethernet address, if it is this neighbour and
// nobody wrote to the place while it was looked at; else 0. All loads happen, in this order, as far
// as the compiler is concerned; x86 does not change it either.
NEIGHBOR_INLINE __u64 neighbor6_look(const volatile struct neighbor6 *x,
				     const struct neighbor_key *k, __u32 now)
{
	__u64 who = x->who;

	if (x->key.half[0] != k->half[0] || x->key.half[1] != k->half[1] || x->until <= now ||
	    who >> 48 & NEIGHBOR6_BEING_WRITTEN || x->who != who)
		return 0;
	return who;
}
