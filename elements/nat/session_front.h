// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// Sessions of address translators, as userspace and the programs in the driver have them: two
// arrays, sessions and an index over them. The memory may belong to pinned maps, so that sessions
// outlive the process that made them; links, timers and free lists are that process's own.
//
// A session has two directions. 0 is that of its first packet: such packets come as `from` says
// and leave as `to` says. Packets of direction 1 come as the flipped `to` and leave as the flipped
// `from`. Each direction has one slot in the index.
//
// writer: the worker that the session belongs to, under the version; `last` by any worker and any
// program, by one store, and only when it changes. readers: all workers, programs.

#include <linux/types.h>

#include <abi/hdr.h>

enum {
	SESSION_ABI = 1, // of what follows, in memory that another process left behind
	SESSION_MOST = (1 << 24) - 1024, // numbers from here on mean something else in links
	SESSION_TICK = 28, // bits of a nanosecond count, CLOCK_MONOTONIC: about a quarter second
};

// Of TCP and UDP both ports. Of ICMP queries the identifier is `sport` and `dport` is 0 in a
// request, the other way round in a reply. Where only addresses are looked at, all but those is 0.
struct session_tuple {
	be32 src, dst;
	be16 sport, dport;
};

enum session_flag {
	SESSION_FAST = 1,   // the driver may forward plain packets of both directions
	SESSION_STATIC = 2, // configured: it does not expire
};

struct session {
	struct session_tuple from, to;
	__u32 version; // odd while the rest is written, and another one afterwards; 0: never used
	__u32 last[2]; // tick of the last packet of each direction
	__u8 proto;    // of IP; 0: any, where only addresses are looked at
	__u8 state;    // of the element; 0: free
	__u8 flags;    // enum session_flag
	__u8 class;    // of the element: which of its timeouts, patterns...
	__u16 out[2];  // by which output packets of each direction leave
	__u32 user;    // of the element
	// Where one side is IPv6 (NAT64): the source of direction 0; from.src is 0 then, and
	// from.dst the address that is embedded in the destination (RFC 6052).
	__u64 from6[2];
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct session) == 64, "a cache line");

// A slot: tag in the upper bits, (number of the session) * 2 + direction below; without a number it
// is empty (session 0 is never used). The bucket of a key is that of its hash, or, where `more` of
// the bucket says so, one of the next SESSION_SPILL.
enum { SESSION_SLOTS = 15, SESSION_SPILL = 15 };
enum { SESSION_LOCK = 1u << 31 }; // of `more`: somebody puts a key of this bucket in
struct session_bucket {
	__u32 slot[SESSION_SLOTS];
	__u32 more; // keys that found no room here and stand further on, and SESSION_LOCK
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct session_bucket) == 64, "a cache line");

static inline __attribute__((always_inline)) struct session_tuple session_flip(
	struct session_tuple t)
{
	return (struct session_tuple){t.dst, t.src, t.dport, t.sport};
}

static inline __attribute__((always_inline)) int session_same(struct session_tuple a,
							      struct session_tuple b)
{
	return !((a.src.be ^ b.src.be) | (a.dst.be ^ b.dst.be) | (a.sport.be ^ b.sport.be) |
		 (a.dport.be ^ b.dport.be));
}

// The seed is secret, so that nobody chooses flows that meet in one bucket. from6: 0, 0 where the
// key is IPv4 alone. The place is taken from the upper half, the tag from the lower one.
static inline __attribute__((always_inline)) __u64 session_hash(__u64 seed, struct session_tuple t,
								__u8 proto, __u64 from6a,
								__u64 from6b)
{
	__u64 h;
	__u32 ports;

	__builtin_memcpy(&h, &t.src, sizeof(h));
	__builtin_memcpy(&ports, &t.sport, sizeof(ports));
	h ^= seed;

	h = (h ^ from6a) * 0x9e3779b97f4a7c15;
	h ^= h >> 32;
	h = (h ^ from6b ^ ((__u64)proto << 32 | ports)) * 0xff51afd7ed558ccd;
	return h ^ h >> 29;
}

// The bucket of a hash. buckets: a power of two.
static inline __attribute__((always_inline)) __u32 session_place(__u64 hash, __u32 buckets)
{
	return (__u32)(hash >> 32) & (buckets - 1);
}

// The bits of a slot that are the number and the direction where there are `most` sessions; the
// others are the tag, those of the hash's lower half.
static inline __attribute__((always_inline)) __u32 session_slot_mask(__u32 most)
{
	return 0xffffffff >> __builtin_clz(2 * most + 1);
}
