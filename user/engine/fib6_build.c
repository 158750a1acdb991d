// SPDX-License-Identifier: BSD-2-Clause

// What a node is made of follows from the prefixes within its block of addresses alone: a value, if
// there are none longer than the block; a leaf, if the next 31 bits have at most eight ranges; else
// a branch as wide as it has use for, or a leaf of fewer bits where all lie close together.

#include "fib6_build.h"

#include <errno.h>
#include <stdlib.h>

enum {
	HALF = 64, // bits
	LEAF_BITS = 31,
	SPARSE = 4, // a branch has at most so many entries for each prefix in it
	BLOCKS = 4, // and so many of its entries or more lead to prefixes; else a leaf does better
};

// --- bits ---
// Bits at .. at + n of an address, all in one half.
static uint32_t bits(struct weir_ip6 a, unsigned at, unsigned n)
{
	uint64_t half = at < HALF ? a.hi << at : a.lo << (at - HALF);

	return n ? (uint32_t)(half >> (HALF - n)) : 0;
}

static struct weir_ip6 with_bits(struct weir_ip6 a, unsigned at, unsigned n, uint32_t v)
{
	if (at < HALF)
		a.hi |= (uint64_t)v << (HALF - at - n);
	else
		a.lo |= (uint64_t)v << (2 * HALF - at - n);
	return a;
}

// Bits from `at` to the end of its half.
static unsigned bits_left(unsigned at)
{
	return (at < HALF ? HALF : 2 * HALF) - at;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

// --- lists ---
static void add(struct fib6_change *c, struct fib6_list *l, uint32_t high, uint32_t low)
{
	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 16;
		uint64_t *v = reallocarray(l->v, room, sizeof(*v));

		if (!v) {
			c->err = -ENOMEM;
			return;
		}
		l->v = v;
		l->room = room;
	}
	l->v[l->n++] = (uint64_t)high << 32 | low;
}

static uint32_t take(struct fib6_change *c, unsigned kind)
{
	uint32_t line = c->err ? 0 : fib6_nodes_take(c->nodes, fib6_class(kind));

	if (!line) {
		c->err = -ENOMEM;
		return 0;
	}
	add(c, &c->fresh, 0, fib6_entry(line, kind));
	return line;
}

// A word of a node that readers do not see yet; they may have seen what was there before.
// NOLINTNEXTLINE(readability-non-const-parameter): the tool does not see that this writes
static void write_word(uint32_t *at, uint32_t v)
{
	__atomic_store_n(at, v, __ATOMIC_RELAXED);
}

// A word that readers see is to change.
static void put(struct fib6_change *c, const uint32_t *at, uint32_t e)
{
	if (*at != e)
		add(c, &c->puts, (uint32_t)(at - c->nodes->words), e);
}

// Readers are not led to e any more, nor to what lies behind it, but for the nodes in `kept`.
static void retire(struct fib6_change *c, uint32_t e, const uint32_t *kept)
{
	const bool leaf = !fib6_kind(e);
	const uint32_t *at;
	size_t n;

	if (!(e & WEIR_FIB6_NODE))
		return;
	for (unsigned i = 0; kept && i < WEIR_FIB6_RANGES; i++)
		if (kept[i] == e)
			return;
	at = fib6_words(c->nodes, fib6_line(e)) + (leaf ? WEIR_FIB6_RANGES : 0);
	n = leaf ? WEIR_FIB6_RANGES : 1u << fib6_kind(e);
	for (size_t i = 0; i < n; i++)
		if (!leaf || !i || at[i] != at[i - 1]) // a leaf repeats its last range
			retire(c, at[i], kept);
	add(c, &c->stale, 0, e);
}

// --- ranges ---
// What a leaf would be made of.
struct ranges {
	const struct fib6_node *nodes;
	unsigned at, width;
	unsigned n; // more than WEIR_FIB6_RANGES: there are too many
	struct range {
		uint32_t first;
		uint32_t value;	    // or what covers the node
		uint32_t node;	    // 0: a value
		unsigned cover_len; // of the prefix with that value
	} v[WEIR_FIB6_RANGES + 1];
};

static void range_begins(struct ranges *r, uint64_t first, uint32_t node, uint32_t value,
			 unsigned cover_len)
{
	const struct range *last;

	if (first >> r->width || r->n > WEIR_FIB6_RANGES)
		return;
	if (r->n && r->v[r->n - 1].first == first)
		r->n--; // nothing lies between
	last = r->n ? &r->v[r->n - 1] : NULL;
	if (last && !node && !last->node && last->value == value)
		return;
	r->v[r->n++] = (struct range){(uint32_t)first, value, node, cover_len};
}

// Adds what lies at node i and below; the prefix with `cover` lies around it.
static void find_ranges(struct ranges *r, uint32_t i, uint32_t cover, unsigned cover_len)
{
	const struct fib6_node *n = &r->nodes[i];
	const unsigned end = r->at + r->width;
	uint64_t first = bits(n->prefix, r->at, r->width), behind;
	uint32_t value = n->value == WEIR_FIB6_NONE ? cover : n->value;
	unsigned len = n->value == WEIR_FIB6_NONE ? cover_len : n->len;

	if (!i || r->n > WEIR_FIB6_RANGES)
		return;
	if (n->len > end || (n->len == end && (n->left || n->right))) {
		if (n->len > end)
			range_begins(r, first, i, cover, cover_len);
		else
			range_begins(r, first, i, value, len);
		range_begins(r, first + 1, 0, cover, cover_len);
		return;
	}
	behind = first + (1ull << (end - n->len));
	if (n->value != WEIR_FIB6_NONE)
		range_begins(r, first, 0, value, len);
	find_ranges(r, n->left, value, len);
	find_ranges(r, n->right, value, len);
	if (n->value != WEIR_FIB6_NONE)
		range_begins(r, behind, 0, cover, cover_len);
}

// Do so many bits from `at` on have few enough ranges?
static bool few_ranges(const struct fib6_change *c, struct ranges *r, struct fib6_scope s,
		       unsigned at, unsigned width)
{
	const struct fib6_node *n = &c->trie->nodes[s.node];

	*r = (struct ranges){.nodes = c->trie->nodes, .at = at, .width = width};
	range_begins(r, 0, 0, s.cover, s.cover_len);
	if (n->len > at) {
		find_ranges(r, s.node, s.cover, s.cover_len);
	} else {
		find_ranges(r, n->left, s.cover, s.cover_len);
		find_ranges(r, n->right, s.cover, s.cover_len);
	}
	return r->n <= WEIR_FIB6_RANGES;
}

// The most bits from `at` on, below `width`, that have few enough ranges: more bits, more ranges.
static void few_enough(const struct fib6_change *c, struct ranges *r, struct fib6_scope s,
		       unsigned at, unsigned width)
{
	unsigned good = 1;

	while (width - good > 1) {
		unsigned middle = good + (width - good) / 2;

		if (few_ranges(c, r, s, at, middle))
			good = middle;
		else
			width = middle;
	}
	if (r->width != good)
		few_ranges(c, r, s, at, good);
}

// --- width of a branch ---
struct census {
	const struct fib6_node *nodes;
	const struct fib6_node *before;
	unsigned at;
	uint32_t n;			    // prefixes
	int32_t blocks[FIB6_MOST_KIND + 2]; // [k]: with prefixes in them that differ from k - 1
};

// Counts the blocks of k bits that have prefixes of that length or longer, for each k.
static void count_blocks(struct census *s, uint32_t i)
{
	const struct fib6_node *n = &s->nodes[i];

	if (!i)
		return;
	if (n->value != WEIR_FIB6_NONE && n->len > s->at) {
		struct weir_ip6 b = s->before ? s->before->prefix : n->prefix;
		uint64_t hi = n->prefix.hi ^ b.hi, lo = n->prefix.lo ^ b.lo;
		unsigned same = hi   ? (unsigned)__builtin_clzll(hi)
				: lo ? HALF + (unsigned)__builtin_clzll(lo)
				     : 2 * HALF;
		unsigned from = s->before ? least(same, s->before->len) - s->at + 1 : 1;
		unsigned to = least(n->len - s->at, FIB6_MOST_KIND);

		if (from <= to) {
			s->blocks[from]++;
			s->blocks[to + 1]--;
		}
		s->before = n;
		s->n++;
	}
	count_blocks(s, n->left);
	count_blocks(s, n->right);
}

// The kind of branch that has use here, or 0.
static unsigned branch_kind(struct census *s)
{
	// it must not take the last bit of a half: a leaf says that the other half begins
	const unsigned most = least(FIB6_MOST_KIND, bits_left(s->at) - 1);
	unsigned kind = 0;
	int32_t blocks = 0;

	for (unsigned k = 1; k <= most; k++) {
		blocks += s->blocks[k];
		if (k >= FIB6_LEAST_KIND && blocks >= BLOCKS &&
		    (uint64_t)s->n * SPARSE >= 1ull << k)
			kind = k;
	}
	return kind;
}

// --- nodes ---
static uint32_t build(struct fib6_change *c, struct fib6_scope s, struct weir_ip6 block,
		      unsigned at, uint32_t old);
static uint32_t touch(struct fib6_change *c, uint32_t e, struct fib6_scope s, struct weir_ip6 block,
		      unsigned at);

// Fills what of a branch lies within a block. Where no prefix is, in one go.
static void fill(struct fib6_change *c, uint32_t *entries, unsigned kind, struct fib6_scope s,
		 struct weir_ip6 block, unsigned at)
{
	if (!fib6_scope_splits(c->trie, s, at)) {
		for (size_t i = 0; i < 1u << kind; i++)
			write_word(&entries[i], s.cover);
		return;
	}
	if (!kind) {
		write_word(entries, build(c, s, block, at, 0));
		return;
	}
	for (unsigned side = 0; side < 2; side++) {
		struct weir_ip6 half = with_bits(block, at, 1, side);

		fill(c, entries + (side ? 1u << (kind - 1) : 0), kind - 1,
		     fib6_scope_of(c->trie, s, half, at + 1), half, at + 1);
	}
}

static uint32_t build_branch(struct fib6_change *c, const struct census *n, unsigned kind,
			     struct fib6_scope s, struct weir_ip6 block)
{
	uint32_t line = take(c, kind);

	if (!line)
		return WEIR_FIB6_NONE;
	c->nodes->note[line] = (struct fib6_note){.built = n->n, .now = n->n};
	fill(c, fib6_words(c->nodes, line), kind, s, block, n->at);
	return fib6_entry(line, kind);
}

// The node that the old leaf has for a block of the new one; 0: it has none.
static uint32_t old_node(const struct fib6_change *c, uint32_t old, const struct ranges *r,
			 uint32_t first)
{
	const uint32_t *leaf = fib6_words(c->nodes, fib6_line(old));
	uint32_t e;

	if (!old || (*leaf & WEIR_FIB6_WIDTH) != r->width)
		return 0;
	e = *weir_fib6_range(leaf, first);
	return e & WEIR_FIB6_NODE ? e : 0;
}

// old: the leaf that was there, whose nodes it takes over where it can, or 0.
static uint32_t build_leaf(struct fib6_change *c, const struct ranges *r, struct weir_ip6 block,
			   uint32_t old)
{
	uint32_t line = take(c, 0), *leaf, *entries, kept[WEIR_FIB6_RANGES] = {};

	if (!line)
		return WEIR_FIB6_NONE;
	leaf = fib6_words(c->nodes, line);
	entries = leaf + WEIR_FIB6_RANGES;
	write_word(leaf,
		   WEIR_FIB6_NODE | r->width | (r->at + r->width == HALF ? WEIR_FIB6_LOW : 0));
	for (unsigned i = 0; i < r->n; i++) {
		const struct range *v = &r->v[i];
		struct weir_ip6 sub = with_bits(block, r->at, r->width, v->first);
		const struct fib6_scope s = {v->node, v->value, v->cover_len};

		if (i)
			write_word(&leaf[i], v->first);
		kept[i] = v->node ? old_node(c, old, r, v->first) : 0;
		write_word(&entries[i],
			   v->node ? touch(c, kept[i], s, sub, r->at + r->width) : v->value);
	}
	for (unsigned i = r->n; i < WEIR_FIB6_RANGES; i++) {
		write_word(&leaf[i], INT32_MAX);
		write_word(&entries[i], entries[i - 1]);
	}
	retire(c, old, kept);
	return fib6_entry(line, 0);
}

// The node for a block that prefixes split. old: as in build_leaf; nobody is led to it any more.
static uint32_t build(struct fib6_change *c, struct fib6_scope s, struct weir_ip6 block,
		      unsigned at, uint32_t old)
{
	struct census n = {.nodes = c->trie->nodes, .at = at};
	unsigned width = least(LEAF_BITS, bits_left(at)), kind;
	struct ranges r;

	if (c->err)
		return s.cover;
	if (few_ranges(c, &r, s, at, width))
		return build_leaf(c, &r, block, old);
	count_blocks(&n, s.node);
	kind = branch_kind(&n);
	if (kind) {
		retire(c, old, NULL);
		return build_branch(c, &n, kind, s, block);
	}
	few_enough(c, &r, s, at, width);
	return build_leaf(c, &r, block, old);
}

// --- changes ---
// Is there an address in both the block and the prefix that changes?
static bool meets(const struct fib6_change *c, struct weir_ip6 block, unsigned at)
{
	struct weir_ip6 m = weir_ip6_mask(least(at, c->len));

	return !(((block.hi ^ c->prefix.hi) & m.hi) | ((block.lo ^ c->prefix.lo) & m.lo));
}

// Those of the entries of a branch, or the root, within a block, that the prefix covers. Where no
// prefix is, in one go.
static void touch_covered(struct fib6_change *c, const uint32_t *entries, unsigned kind,
			  struct fib6_scope s, struct weir_ip6 block, unsigned at)
{
	if (c->len < s.cover_len || !meets(c, block, at))
		return;
	if (!kind) {
		put(c, entries, touch(c, *entries, s, block, at));
		return;
	}
	if (!fib6_scope_splits(c->trie, s, at) && c->len <= at) {
		for (size_t i = 0; i < 1u << kind; i++) {
			retire(c, entries[i], NULL);
			put(c, &entries[i], s.cover);
		}
		return;
	}
	for (unsigned side = 0; side < 2; side++) {
		struct weir_ip6 half = with_bits(block, at, 1, side);

		touch_covered(c, entries + (side ? 1u << (kind - 1) : 0), kind - 1,
			      fib6_scope_of(c->trie, s, half, at + 1), half, at + 1);
	}
}

// The entries of a branch, or the root, which the prefix covers or lies in.
static void touch_entries(struct fib6_change *c, const uint32_t *entries, unsigned kind,
			  struct fib6_scope s, struct weir_ip6 block, unsigned at)
{
	const unsigned end = at + kind;
	struct weir_ip6 sub;

	if (c->len < end) {
		touch_covered(c, entries, kind, s, block, at);
		return;
	}
	entries += bits(c->prefix, at, kind);
	sub = with_bits(block, at, kind, bits(c->prefix, at, kind));
	put(c, entries, touch(c, *entries, fib6_scope_of(c->trie, s, sub, end), sub, end));
}

// A branch that has many more prefixes than it was built for, or many less, is built anew. So the
// work for that is in proportion to the changes.
static uint32_t touch_branch(struct fib6_change *c, uint32_t e, struct fib6_scope s,
			     struct weir_ip6 block, unsigned at)
{
	const uint32_t line = fib6_line(e);
	const struct fib6_note *note = &c->nodes->note[line];
	uint32_t now = note->now;

	if (c->len > at)
		now += (uint32_t)c->more;
	if (now > note->built + note->built / 2 + WEIR_FIB6_RANGES || now < note->built / 2) {
		retire(c, e, NULL);
		return build(c, s, block, at, 0);
	}
	if (now != note->now)
		add(c, &c->counts, line, now);
	touch_entries(c, fib6_words(c->nodes, line), fib6_kind(e), s, block, at);
	return e;
}

static uint32_t touch_leaf(struct fib6_change *c, uint32_t e, struct fib6_scope s,
			   struct weir_ip6 block, unsigned at)
{
	const uint32_t *leaf = fib6_words(c->nodes, fib6_line(e)), *entry;
	const unsigned width = *leaf & WEIR_FIB6_WIDTH, end = at + width;
	uint32_t key, new, old;
	struct fib6_scope of_sub;
	struct weir_ip6 sub;

	if (c->len <= end)
		return build(c, s, block, at, e);
	key = bits(c->prefix, at, width);
	sub = with_bits(block, at, width, key);
	of_sub = fib6_scope_of(c->trie, s, sub, end);
	entry = weir_fib6_range(leaf, key);
	old = *entry;
	if (!(old & WEIR_FIB6_NODE) || !fib6_scope_splits(c->trie, of_sub, end))
		return build(c, s, block, at, e);
	new = touch(c, old, of_sub, sub, end);
	for (; entry < leaf + WEIR_FIB6_LINE; entry++)
		if (*entry == old) // the last range is repeated
			put(c, entry, new);
	return e;
}

// What is to stand in place of e, 0 or the entry for a block before the change.
static uint32_t touch(struct fib6_change *c, uint32_t e, struct fib6_scope s, struct weir_ip6 block,
		      unsigned at)
{
	if (c->err || (e && (c->len < s.cover_len || !meets(c, block, at))))
		return e;
	if (!fib6_scope_splits(c->trie, s, at)) {
		retire(c, e, NULL);
		return s.cover;
	}
	if (!(e & WEIR_FIB6_NODE))
		return build(c, s, block, at, 0);
	return fib6_kind(e) ? touch_branch(c, e, s, block, at) : touch_leaf(c, e, s, block, at);
}

int fib6_change_plan(struct fib6_change *c)
{
	touch_entries(c, c->nodes->words, WEIR_FIB6_ROOT_BITS, fib6_scope_all(c->trie),
		      (struct weir_ip6){}, 0);
	return c->err;
}

// Readers find an entry as it was or as it is, and behind it what was written before.
void fib6_change_commit(struct fib6_change *c)
{
	for (size_t i = 0; i < c->puts.n; i++)
		__atomic_store_n(&c->nodes->words[c->puts.v[i] >> 32], (uint32_t)c->puts.v[i],
				 __ATOMIC_RELEASE);
	for (size_t i = 0; i < c->counts.n; i++)
		c->nodes->note[c->counts.v[i] >> 32].now = (uint32_t)c->counts.v[i];
	for (size_t i = 0; i < c->stale.n; i++)
		fib6_nodes_give(c->nodes, fib6_line((uint32_t)c->stale.v[i]),
				fib6_class(fib6_kind((uint32_t)c->stale.v[i])));
}

void fib6_change_undo(struct fib6_change *c)
{
	for (size_t i = 0; i < c->fresh.n; i++)
		fib6_nodes_untake(c->nodes, fib6_line((uint32_t)c->fresh.v[i]),
				  fib6_class(fib6_kind((uint32_t)c->fresh.v[i])));
}

void fib6_change_free(struct fib6_change *c)
{
	free(c->fresh.v);
	free(c->stale.v);
	free(c->puts.v);
	free(c->counts.v);
}
