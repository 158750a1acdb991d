// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// IPv4 longest-prefix match: one table behind all look-up elements. DIR-24-8 (Gupta, Lin, McKeown
// 1998) when the table is large; a 16-8-8 trie of the same reader below that, so that a small table
// takes well under 1 MB. Readers take no lock.
// writer: control, readers: workers, and programs in the driver. A change is made while the workers
// stand at a safe point; programs do not stand, so each entry goes from what was right to what is
// right in one store, and what is taken away is used again only after a grace period.

#include <weir/packet.h>

#include <abi/fib.h>

struct weir_fib4 {
	const uint32_t *root;	// 2^16 or 2^24 entries, in whole pages
	const uint32_t *groups; // 256 entries each, in whole pages
	uint32_t n_groups;	// for which there is memory
	unsigned shift;		// 16 or 8: dst >> shift indexes the root
	unsigned moves;		// how often root and groups moved. May be changed
	unsigned grow_at;	// more groups than this: the root gets 2^24 entries. May be changed
	bool shared;		// there are readers beside the workers. May be changed
	struct weir_fib4_rules *rules; // what was set, for changes and dumps
};

// Prefixes are in host byte order; bits beyond len must be zero. 0 or -errno; -ENOMEM changed
// nothing. A change that takes the other form moves root and groups, both; no other moves any.
int weir_fib4_init(struct weir_fib4 *f);
void weir_fib4_free(struct weir_fib4 *f);
int weir_fib4_set(struct weir_fib4 *f, uint32_t prefix, unsigned len,
		  uint32_t value);				       // adds or replaces
int weir_fib4_del(struct weir_fib4 *f, uint32_t prefix, unsigned len); // -ENOENT if not there
// The value of exactly this prefix: 0, or -ENOENT.
int weir_fib4_get(const struct weir_fib4 *f, uint32_t prefix, unsigned len, uint32_t *value);
size_t weir_fib4_count(const struct weir_fib4 *f);
size_t weir_fib4_memory(const struct weir_fib4 *f); // bytes, rules included
// Calls fn for each prefix in ascending order (address, then length) until it returns nonzero,
// and returns that. fn leaves the table alone.
int weir_fib4_walk(const struct weir_fib4 *f,
		   int (*fn)(void *arg, uint32_t prefix, unsigned len, uint32_t value), void *arg);
// Only those within prefix/len, itself included.
int weir_fib4_walk_within(const struct weir_fib4 *f, uint32_t prefix, unsigned len,
			  int (*fn)(void *arg, uint32_t prefix, unsigned len, uint32_t value),
			  void *arg);

WEIR_INLINE void weir_fib4_prefetch(const struct weir_fib4 *f, uint32_t dst)
{
	__builtin_prefetch(&f->root[dst >> f->shift]);
}

// dst in host byte order.
WEIR_INLINE uint32_t weir_fib4_lookup(const struct weir_fib4 *f, uint32_t dst)
{
	uint32_t e = f->root[dst >> f->shift];

	if (WEIR_LIKELY(!(e & WEIR_FIB4_GROUP)))
		return e;
	e = f->groups[(size_t)(e & ~WEIR_FIB4_GROUP) * 256 + (dst >> (f->shift - 8) & 255)];
	if (WEIR_LIKELY(!(e & WEIR_FIB4_GROUP)))
		return e;
	return f->groups[(size_t)(e & ~WEIR_FIB4_GROUP) * 256 + (dst & 255)];
}
