// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// IPv4 longest-prefix match: one table behind all look-up elements. DIR-24-8 (Gupta, Lin, McKeown
// 1998) with the last eight bits as ranges when the table is large; a 16-8-8 trie below that, so
// that a small table takes well under 1 MB. Readers take no lock.
// writer: one thread at a time; readers: workers, and programs in the driver. Where `shared` is set
// the writer needs no safe point: each address goes from what was right to what is right in one
// store, and what was taken away is used again only after a grace period. A reader that is no
// worker and no program is one of liburcu's QSBR (urcu_qsbr_register_thread).

#include <weir/packet.h>

#include <abi/fib.h>

// What a reader takes once a batch, and keeps until the batch is done.
struct weir_fib4_view {
	const uint32_t *root;	// 2^(32 - shift) entries, in whole pages
	const uint32_t *groups; // in whole pages
	unsigned shift;		// 16 or 8: dst >> shift indexes the root
	uint32_t deep;		// of a large table: slots of /24 with longer prefixes. It changes
};

struct weir_fib4 {
	const struct weir_fib4_view *view; // read by weir_fib4_view
	uint32_t n_groups;		   // for which there is memory. owner: the writer
	unsigned moves;	  // how often root and groups moved. owner: the writer. May be changed
	unsigned grow_at; // more groups than this: the root gets 2^24 entries. May be changed
	bool shared;	  // somebody may read during a change. May be changed
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

WEIR_INLINE const struct weir_fib4_view *weir_fib4_view(const struct weir_fib4 *f)
{
	return __atomic_load_n(&f->view, __ATOMIC_ACQUIRE);
}

WEIR_INLINE uint32_t weir_fib4_read(const uint32_t *e)
{
	return __atomic_load_n(e, __ATOMIC_RELAXED);
}

// Groups are numbered below 2^22, leaves below 2^27.
WEIR_INLINE const uint32_t *weir_fib4_group(const struct weir_fib4_view *v, uint32_t e)
{
	return v->groups + (size_t)(e & ~WEIR_FIB4_GROUP) * WEIR_FIB4_GROUP_SIZE;
}

WEIR_INLINE const uint32_t *weir_fib4_leaf(const struct weir_fib4_view *v, uint32_t e)
{
	return v->groups + (size_t)(e & ~(WEIR_FIB4_GROUP | WEIR_FIB4_LEAF)) * WEIR_FIB4_LEAF_SIZE;
}

// The entry that decides about dst behind an entry that is no value.
WEIR_INLINE const uint32_t *weir_fib4_behind(const struct weir_fib4_view *v, uint32_t e,
					     uint32_t dst)
{
	const uint32_t *leaf = weir_fib4_leaf(v, e);

	if (WEIR_LIKELY(e & WEIR_FIB4_LEAF))
		return leaf + (WEIR_FIB4_LEAF_SIZE - WEIR_FIB4_LEAF_VALUES) +
		       weir_fib4_range(__atomic_load_n((const uint64_t *)leaf, __ATOMIC_RELAXED),
				       dst & 255);
	return weir_fib4_group(v, e) + (dst >> (v->shift - 8) & 255);
}

// dst in host byte order.
WEIR_INLINE uint32_t weir_fib4_find(const struct weir_fib4_view *v, uint32_t dst)
{
	uint32_t e = weir_fib4_read(&v->root[dst >> v->shift]);

	if (WEIR_LIKELY(!(e & WEIR_FIB4_GROUP)))
		return e;
	e = weir_fib4_read(weir_fib4_behind(v, e, dst));
	if (WEIR_LIKELY(!(e & WEIR_FIB4_GROUP)))
		return e;
	return weir_fib4_read(weir_fib4_group(v, e) + (dst & 255));
}

WEIR_INLINE uint32_t weir_fib4_lookup(const struct weir_fib4 *f, uint32_t dst)
{
	return weir_fib4_find(weir_fib4_view(f), dst);
}

WEIR_INLINE void weir_fib4_prefetch(const struct weir_fib4 *f, uint32_t dst)
{
	const struct weir_fib4_view *v = weir_fib4_view(f);

	__builtin_prefetch(&v->root[dst >> v->shift]);
}

// In a second pass over a batch: what is behind the root.
WEIR_INLINE void weir_fib4_prefetch_behind(const struct weir_fib4_view *v, uint32_t dst)
{
	uint32_t e = weir_fib4_read(&v->root[dst >> v->shift]);

	if (WEIR_UNLIKELY(e & WEIR_FIB4_GROUP))
		__builtin_prefetch(e & WEIR_FIB4_LEAF
					   ? weir_fib4_leaf(v, e)
					   : weir_fib4_group(v, e) + (dst >> (v->shift - 8) & 255));
}

// The values of n addresses. In a large table the cache lines are asked for pass by pass, so that
// one need not wait for the other.
WEIR_INLINE void weir_fib4_find_batch(const struct weir_fib4_view *view, const uint32_t *dst,
				      uint32_t *value, unsigned n)
{
	const struct weir_fib4_view large = {view->root, view->groups, 8, 0};

	if (view->shift != large.shift) {
		for (unsigned i = 0; i < n; i++)
			value[i] = weir_fib4_find(view, dst[i]);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		__builtin_prefetch(&large.root[dst[i] >> 8]);
	for (unsigned i = 0; i < n; i++) {
		value[i] = weir_fib4_read(&large.root[dst[i] >> 8]);
		if (WEIR_UNLIKELY(value[i] & WEIR_FIB4_GROUP))
			__builtin_prefetch(value[i] & WEIR_FIB4_LEAF
						   ? weir_fib4_leaf(&large, value[i])
						   : weir_fib4_group(&large, value[i]) +
							     (dst[i] & 255));
	}
	for (unsigned i = 0; i < n; i++)
		if (WEIR_UNLIKELY(value[i] & WEIR_FIB4_GROUP))
			value[i] = weir_fib4_read(weir_fib4_behind(&large, value[i], dst[i]));
}

WEIR_INLINE void weir_fib4_lookup_batch(const struct weir_fib4 *f, const uint32_t *dst,
					uint32_t *value, unsigned n)
{
	weir_fib4_find_batch(weir_fib4_view(f), dst, value, n);
}
