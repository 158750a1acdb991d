// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// IPv6 longest-prefix match: one table behind all look-up elements. A trie of few steps: wide
// branches where the prefixes are dense, and leaves of one cache line with the last few ranges.
// Readers take no lock.
// writer: control, readers: workers, and programs in the driver. As in weir/fib.h each entry goes
// from what was right to what is right in one store, and what is taken away is used again only
// after a grace period, if the table is shared.

#include <weir/ip6.h>
#include <weir/packet.h>

#include <abi/fib6.h>

struct weir_fib6 {
	const uint32_t *words;	       // the root and the nodes, in whole pages
	uint32_t n_words;	       // for which there is memory
	unsigned moves;		       // how often the words moved. May be changed
	bool shared;		       // there are readers while it changes. May be changed
	struct weir_fib6_rules *rules; // what was set, for changes and dumps
};

// Bits of a prefix beyond len must be zero. 0 or -errno; -ENOMEM changed nothing. Only a change
// that leaves few of many prefixes moves the words, and not while they are shared.
int weir_fib6_init(struct weir_fib6 *f);
void weir_fib6_free(struct weir_fib6 *f);
int weir_fib6_set(struct weir_fib6 *f, struct weir_ip6 prefix, unsigned len,
		  uint32_t value);					      // adds or replaces
int weir_fib6_del(struct weir_fib6 *f, struct weir_ip6 prefix, unsigned len); // -ENOENT: not there
// The value of exactly this prefix: 0, or -ENOENT.
int weir_fib6_get(const struct weir_fib6 *f, struct weir_ip6 prefix, unsigned len, uint32_t *value);
size_t weir_fib6_count(const struct weir_fib6 *f);
size_t weir_fib6_memory(const struct weir_fib6 *f); // bytes, rules included
// Calls fn for each prefix in ascending order (address, then length) until it returns nonzero,
// and returns that. fn leaves the table alone.
int weir_fib6_walk(const struct weir_fib6 *f,
		   int (*fn)(void *arg, struct weir_ip6 prefix, unsigned len, uint32_t value),
		   void *arg);
// Only those within prefix/len, itself included.
int weir_fib6_walk_within(const struct weir_fib6 *f, struct weir_ip6 prefix, unsigned len,
			  int (*fn)(void *arg, struct weir_ip6 prefix, unsigned len,
				    uint32_t value),
			  void *arg);

// Where a node leads an address of which `rest` are the bits that follow: to a word of a branch,
// or to the beginning of a leaf. A value leads anywhere.
WEIR_INLINE const uint32_t *weir_fib6_next(const uint32_t *words, uint32_t e, uint64_t *rest)
{
	const unsigned __int128 bits = (unsigned __int128)*rest << (e >> WEIR_FIB6_KIND_SHIFT & 15);
	const size_t line = e & ((1u << WEIR_FIB6_KIND_SHIFT) - 1);

	*rest = (uint64_t)bits;
	return words + line * WEIR_FIB6_LINE + (uint64_t)(bits >> 64);
}

WEIR_INLINE bool weir_fib6_is_branch(uint32_t e)
{
	return e >= WEIR_FIB6_NODE + (1u << WEIR_FIB6_KIND_SHIFT);
}

// An entry, or the first word of a leaf. What it leads to is older than it.
WEIR_INLINE uint32_t weir_fib6_read(const uint32_t *at)
{
	return __atomic_load_n(at, __ATOMIC_RELAXED);
}

typedef uint64_t weir_fib6_pair __attribute__((may_alias));
typedef uint64_t weir_fib6_pairs __attribute__((vector_size(16)));
typedef int32_t weir_fib6_keys __attribute__((vector_size(16)));

// Four words of a leaf.
WEIR_INLINE weir_fib6_keys weir_fib6_four(const uint32_t *at)
{
	const weir_fib6_pair *pair = (const weir_fib6_pair *)at;
	const weir_fib6_pairs both = {__atomic_load_n(&pair[0], __ATOMIC_RELAXED),
				      __atomic_load_n(&pair[1], __ATOMIC_RELAXED)};

	return (weir_fib6_keys)both;
}

// The entry of a leaf for a key: so many from the end as ranges begin above it. As no key is above
// INT32_MAX, and the first word is below zero, four words are compared at once.
WEIR_INLINE const uint32_t *weir_fib6_range(const uint32_t *leaf, uint32_t key)
{
	const int32_t k = (int32_t)key;
	const weir_fib6_keys keys = {k, k, k, k};
	weir_fib6_keys above = (weir_fib6_four(leaf) > keys) + (weir_fib6_four(leaf + 4) > keys);

	above += __builtin_shufflevector(above, above, 2, 3, 0, 1);
	return leaf + WEIR_FIB6_LINE - 1 + above[0] + above[1];
}

WEIR_INLINE uint32_t weir_fib6_leaf(const uint32_t *leaf, uint64_t rest)
{
	const unsigned width = weir_fib6_read(leaf) & WEIR_FIB6_WIDTH;

	return weir_fib6_read(weir_fib6_range(leaf, (uint32_t)(rest >> (64 - width))));
}

// What of an address is left behind a leaf.
WEIR_INLINE uint64_t weir_fib6_behind(const uint32_t *leaf, uint64_t rest, uint64_t lo)
{
	const uint32_t first = weir_fib6_read(leaf);

	return first & WEIR_FIB6_LOW ? lo : rest << (first & WEIR_FIB6_WIDTH);
}

WEIR_INLINE void weir_fib6_prefetch(const struct weir_fib6 *f, struct weir_ip6 dst)
{
	__builtin_prefetch(&f->words[dst.hi >> (64 - WEIR_FIB6_ROOT_BITS)]);
}

// The rest of the way from entry e on.
WEIR_INLINE uint32_t weir_fib6_from(const uint32_t *words, uint32_t e, uint64_t rest, uint64_t lo)
{
	while (e & WEIR_FIB6_NODE) {
		const uint32_t *at = weir_fib6_next(words, e, &rest);

		if (weir_fib6_is_branch(e)) {
			e = weir_fib6_read(at);
			continue;
		}
		e = weir_fib6_leaf(at, rest);
		rest = weir_fib6_behind(at, rest, lo);
	}
	return e;
}

WEIR_INLINE uint32_t weir_fib6_lookup(const struct weir_fib6 *f, struct weir_ip6 dst)
{
	const uint32_t *root = &f->words[dst.hi >> (64 - WEIR_FIB6_ROOT_BITS)];

	return weir_fib6_from(f->words, weir_fib6_read(root), dst.hi << WEIR_FIB6_ROOT_BITS,
			      dst.lo);
}

enum { WEIR_FIB6_BATCH = 64 };

// The same for up to WEIR_FIB6_BATCH addresses, which wait for their cache lines together. In
// rounds without conditions: what is in doubt goes to the end of one of two lists, or of none.
WEIR_INLINE void weir_fib6_lookup_batch(const struct weir_fib6 *f, const struct weir_ip6 *dst,
					uint32_t *value, unsigned n)
{
	const uint32_t *words = f->words, *at[WEIR_FIB6_BATCH];
	uint64_t rest[WEIR_FIB6_BATCH];
	uint16_t branch[WEIR_FIB6_BATCH], leaf[WEIR_FIB6_BATCH] = {0}; // for the analyzers
	unsigned n_branch = 0, n_leaf = 0, left;

	for (unsigned i = 0; i < n; i++) {
		const uint32_t *root = &words[dst[i].hi >> (64 - WEIR_FIB6_ROOT_BITS)], *next;
		uint32_t e = weir_fib6_read(root);
		uint64_t bits = dst[i].hi << WEIR_FIB6_ROOT_BITS, behind = bits;

		next = weir_fib6_next(words, e, &behind);
		at[i] = weir_fib6_is_branch(e) ? next : root;
		rest[i] = weir_fib6_is_branch(e) ? behind : bits;
		branch[i] = (uint16_t)i;
		__builtin_prefetch(next);
	}
	for (n_branch = n; n_branch; n_branch = left) {
		left = 0;
		for (unsigned k = 0; k < n_branch; k++) {
			const unsigned i = branch[k];
			const uint32_t e = weir_fib6_read(at[i]);
			const bool is_branch = weir_fib6_is_branch(e);

			value[i] = e;
			at[i] = weir_fib6_next(words, e, &rest[i]);
			__builtin_prefetch(at[i]);
			branch[left] = (uint16_t)i;
			leaf[n_leaf] = (uint16_t)i;
			left += is_branch;
			n_leaf += (e >> 31) - is_branch;
		}
	}
	for (unsigned k = 0; k < n_leaf; k++) {
		const unsigned i = leaf[k];
		uint32_t e = weir_fib6_leaf(at[i], rest[i]);

		if (WEIR_UNLIKELY(e & WEIR_FIB6_NODE))
			e = weir_fib6_from(words, e, weir_fib6_behind(at[i], rest[i], dst[i].lo),
					   dst[i].lo);
		value[i] = e;
	}
}
