// SPDX-License-Identifier: BSD-2-Clause
#include "fib4_table.h"

#include <weir/grace.h>

#include <errno.h>
#include <string.h>

enum {
	FIRST_GROUPS = 256,
	MOST_GROUPS = 1 << 22,
	GROUP_BYTES = WEIR_FIB4_GROUP_SIZE * sizeof(uint32_t),
	GROUP_LEAVES = WEIR_FIB4_GROUP_SIZE / WEIR_FIB4_LEAF_SIZE,
	LEAF_FIRST = WEIR_FIB4_LEAF_SIZE - WEIR_FIB4_LEAF_VALUES, // value
	BATCH = 64,						  // pieces for which to wait
	FEW_RANGES = 4, // so many in a group make it a leaf again, at least a prefix below the most
};

// --- memory ---
void fib4_table_free(struct fib4_table *t)
{
	struct weir_area self;

	if (!t)
		return;
	weir_area_free(&t->root_area);
	weir_area_free(&t->group_area);
	weir_area_free(&t->link_area);
	self = t->self;
	weir_area_free(&self);
}

static int grow_groups(struct fib4_table *t, size_t n)
{
	int err = weir_area_grow(&t->group_area, n * GROUP_BYTES, false);

	n = t->group_area.bytes / GROUP_BYTES;
	err = err ? err
		  : weir_area_grow(&t->link_area, n * GROUP_LEAVES * sizeof(*t->links), false);
	if (!err)
		t->room = (uint32_t)n;
	return err;
}

static int open_areas(struct fib4_table *t, size_t root_size)
{
	int err = weir_area_grow(&t->root_area, root_size * sizeof(*t->root), true);

	if (!err)
		err = weir_area_reserve(&t->group_area, (size_t)MOST_GROUPS * GROUP_BYTES);
	if (!err)
		err = weir_area_reserve(&t->link_area,
					(size_t)MOST_GROUPS * GROUP_LEAVES * sizeof(*t->links));
	return err ? err : grow_groups(t, FIRST_GROUPS);
}

struct fib4_table *fib4_table_new(unsigned shift)
{
	const size_t n = (size_t)1 << (32 - shift);
	struct weir_area self = {0};
	struct fib4_table *t;

	if (weir_area_grow(&self, sizeof(*t), false))
		return NULL;
	t = self.at;
	*t = (struct fib4_table){.shift = shift, .self = self};
	if (open_areas(t, n)) {
		fib4_table_free(t);
		return NULL;
	}
	t->root = t->root_area.at;
	t->groups = t->group_area.at;
	t->links = t->link_area.at;
	t->view = (struct weir_fib4_view){t->root, t->groups, shift, 0};
	for (size_t i = 0; i < n; i++)
		t->root[i] = WEIR_FIB4_NONE;
	return t;
}

size_t fib4_table_memory(const struct fib4_table *t)
{
	return t->self.bytes + t->root_area.bytes + t->group_area.bytes + t->link_area.bytes;
}

// The small form takes a group for each step from the root to the prefix; the large one a group, or
// a leaf, for which it may have to take a group apart.
int fib4_table_reserve(struct fib4_table *t)
{
	return t->made + 2 <= t->room
		       ? 0
		       : grow_groups(t, (size_t)t->room + t->room / 2 + FIRST_GROUPS);
}

// Readers find the entry as it was or as it is, and behind it what was written before.
// NOLINTNEXTLINE(readability-non-const-parameter): the tool does not see that this writes
static void put(uint32_t *e, uint32_t v)
{
	__atomic_store_n(e, v, __ATOMIC_RELEASE);
}

// The same for what readers see only when the entry that leads there is put.
// NOLINTNEXTLINE(readability-non-const-parameter)
static void put_unseen(uint32_t *e, uint32_t v)
{
	__atomic_store_n(e, v, __ATOMIC_RELAXED);
}

static uint32_t *group_of(const struct fib4_table *t, uint32_t e)
{
	return t->groups + (size_t)(e & ~WEIR_FIB4_GROUP) * WEIR_FIB4_GROUP_SIZE;
}

static uint32_t leaf_number(uint32_t e)
{
	return e & ~(WEIR_FIB4_GROUP | WEIR_FIB4_LEAF);
}

static uint32_t *leaf_of(const struct fib4_table *t, uint32_t e)
{
	return t->groups + (size_t)leaf_number(e) * WEIR_FIB4_LEAF_SIZE;
}

// --- pieces that are not in use ---
// What no reader can be in any more becomes free, what was left since then begins to wait.
static void turn(struct fib4_unused *u, uint32_t *links)
{
	if (u->waiting && weir_grace_over(u->period)) {
		links[u->waiting_last - 1] = u->free;
		u->free = u->waiting;
		u->waiting = 0;
	}
	if (u->waiting || u->n_left < BATCH)
		return;
	u->waiting = u->left;
	u->waiting_last = u->left_last;
	u->left = u->n_left = 0;
	u->period = weir_grace_begin();
}

// A number plus one; 0: none.
static uint32_t take_unused(struct fib4_unused *u, uint32_t *links)
{
	uint32_t n;

	if (!u->free)
		turn(u, links);
	n = u->free;
	if (n)
		u->free = links[n - 1];
	return n;
}

static void give_unused(struct fib4_unused *u, uint32_t *links, uint32_t n, bool shared)
{
	if (!shared) {
		links[n - 1] = u->free;
		u->free = n;
		return;
	}
	links[n - 1] = u->left;
	u->left = n;
	if (!u->n_left++)
		u->left_last = n;
	turn(u, links);
}

static uint32_t take_group(struct fib4_table *t)
{
	uint32_t n = take_unused(&t->unused, t->links);

	t->in_use++;
	return n ? (n - 1) / GROUP_LEAVES : t->made++;
}

static void give_group(struct fib4_table *t, uint32_t e)
{
	t->in_use--;
	give_unused(&t->unused, t->links, (e & ~WEIR_FIB4_GROUP) * GROUP_LEAVES + 1, t->shared);
}

static uint32_t take_leaf(struct fib4_table *t)
{
	uint32_t n = take_unused(&t->unused_leaves, t->links), first;

	if (n)
		return n - 1;
	first = take_group(t) * GROUP_LEAVES;
	for (uint32_t i = GROUP_LEAVES; i-- > 1;)
		give_unused(&t->unused_leaves, t->links, first + i + 1, false);
	return first;
}

// Gives back what an entry that is no value led to.
static void give(struct fib4_table *t, uint32_t e)
{
	if (e & WEIR_FIB4_LEAF)
		give_unused(&t->unused_leaves, t->links, leaf_number(e) + 1, t->shared);
	else
		give_group(t, e);
}

static uint32_t new_group(struct fib4_table *t, uint32_t value)
{
	uint32_t e = WEIR_FIB4_GROUP | take_group(t);
	uint32_t *g = group_of(t, e);

	for (unsigned i = 0; i < WEIR_FIB4_GROUP_SIZE; i++)
		put_unseen(&g[i], value);
	return e;
}

// --- ranges of the last eight bits ---
// Where they end: a bit for each last address. Bit 255 is always set.
struct ends {
	uint64_t bits[4];
	unsigned n;
};

static void add_end(struct ends *s, unsigned last)
{
	uint64_t *word = &s->bits[last / 64], bit = 1ull << last % 64;

	s->n += !(*word & bit);
	*word |= bit;
}

static bool is_end(const struct ends *s, unsigned last)
{
	return s->bits[last / 64] >> last % 64 & 1;
}

static void add_prefix(struct ends *s, uint32_t prefix, unsigned len)
{
	const uint32_t first = prefix & 255;

	if (first)
		add_end(s, first - 1);
	add_end(s, first + fib4_host(len));
}

static uint64_t leaf_ends(const uint32_t *leaf)
{
	return __atomic_load_n((const uint64_t *)leaf, __ATOMIC_RELAXED);
}

static void add_leaf(struct ends *s, const uint32_t *leaf)
{
	uint64_t ends = leaf_ends(leaf);

	for (unsigned i = 0; i < WEIR_FIB4_LEAF_VALUES; i++)
		add_end(s, ends >> 8 * i & 255);
}

// What the slot whose entry is e says of its address x.
static uint32_t value_at(const struct fib4_table *t, uint32_t e, unsigned x)
{
	const uint32_t *leaf;

	if (!(e & WEIR_FIB4_GROUP))
		return e;
	if (!(e & WEIR_FIB4_LEAF))
		return group_of(t, e)[x];
	leaf = leaf_of(t, e);
	return leaf[LEAF_FIRST + weir_fib4_range(leaf_ends(leaf), x)];
}

// A leaf or a group with these ranges, and the values of entry e.
static uint32_t rebuild(struct fib4_table *t, uint32_t e, const struct ends *s)
{
	uint64_t ends = ~0ull;
	uint32_t *leaf, *g, new;
	unsigned n = 0;

	if (s->n > WEIR_FIB4_LEAF_VALUES) {
		new = new_group(t, 0);
		g = group_of(t, new);
		for (unsigned x = 0; x < WEIR_FIB4_GROUP_SIZE; x++)
			put_unseen(&g[x], value_at(t, e, x));
		return new;
	}
	new = WEIR_FIB4_GROUP | WEIR_FIB4_LEAF | take_leaf(t);
	leaf = leaf_of(t, new);
	for (unsigned x = 0; x < WEIR_FIB4_GROUP_SIZE; x++) {
		if (!is_end(s, x))
			continue;
		ends ^= (uint64_t)(255 ^ x) << 8 * n;
		put_unseen(&leaf[LEAF_FIRST + n++], value_at(t, e, x));
	}
	__atomic_store_n((uint64_t *)leaf, ends, __ATOMIC_RELAXED);
	return new;
}

static void replace(struct fib4_table *t, uint32_t *e, uint32_t new)
{
	uint32_t old = *e;

	put(e, new);
	if (t->shift == FIB4_LARGE_SHIFT)
		put(&t->view.deep,
		    t->view.deep + (new >> 31) - (old >> 31)); // the mark of what is no value
	if (old & WEIR_FIB4_GROUP)
		give(t, old);
}

// Gives the slot at e, which has 256 addresses, ranges for prefix/len.
static void split_leaf(struct fib4_table *t, uint32_t *e, uint32_t prefix, unsigned len)
{
	struct ends s = {0};
	unsigned before;

	add_end(&s, 255);
	if (*e & WEIR_FIB4_LEAF && *e & WEIR_FIB4_GROUP)
		add_leaf(&s, leaf_of(t, *e));
	else if (*e & WEIR_FIB4_GROUP)
		return;
	before = s.n;
	add_prefix(&s, prefix, len);
	if (s.n > before)
		replace(t, e, rebuild(t, *e, &s));
}

void fib4_split(struct fib4_table *t, uint32_t prefix, unsigned len)
{
	uint32_t *e = &t->root[prefix >> t->shift];

	if (t->shift == FIB4_LARGE_SHIFT) {
		if (len > 24)
			split_leaf(t, e, prefix, len);
		return;
	}
	for (unsigned shift = t->shift; len > 32 - shift;
	     e = group_of(t, *e) + (prefix >> shift & 255)) {
		if (!(*e & WEIR_FIB4_GROUP))
			put(e, new_group(t, *e));
		shift -= 8;
	}
}

// The ends of the prefixes at node i and below, as long as there are at most `most`.
static void add_rules(struct ends *s, const struct fib4_node *nodes, uint32_t i, unsigned most)
{
	const struct fib4_node *n = &nodes[i];

	if (!i || s->n > most)
		return;
	if (n->value != WEIR_FIB4_NONE && n->len > 24)
		add_prefix(s, n->prefix, n->len);
	add_rules(s, nodes, n->left, most);
	add_rules(s, nodes, n->right, most);
}

// After prefix/len went from the slot at e: fewer ranges, a leaf for a group, or none of them.
static void join_leaf(struct fib4_table *t, const struct fib4_trie *rules, uint32_t *e,
		      uint32_t prefix)
{
	const struct fib4_node *n = fib4_trie_within(rules, prefix & ~255u, 24);
	const bool leaf = *e & WEIR_FIB4_LEAF;
	struct ends s = {0};

	if (!n || (n->len == 24 && !n->left && !n->right)) {
		replace(t, e, value_at(t, *e, 0));
		return;
	}
	add_end(&s, 255);
	add_rules(&s, rules->nodes, (uint32_t)(n - rules->nodes), WEIR_FIB4_LEAF_VALUES);
	// ranges that are not needed do no harm, and those of the others may not be reached yet
	if (s.n <= (leaf ? WEIR_FIB4_LEAF_VALUES : FEW_RANGES) && !fib4_table_reserve(t))
		replace(t, e, rebuild(t, *e, &s));
}

// Takes the groups away that were there for prefix/len only, below `*e`, a slot of 2^shift
// addresses. Such a group has one value throughout.
static void join_groups(struct fib4_table *t, const struct fib4_trie *rules, uint32_t *e,
			unsigned shift, uint32_t prefix, unsigned len)
{
	uint32_t slot = prefix & ~fib4_host(32 - shift), old = *e;
	const struct fib4_node *n;

	if (len <= 32 - shift)
		return;
	join_groups(t, rules, group_of(t, old) + (prefix >> (shift - 8) & 255), shift - 8, prefix,
		    len);
	n = fib4_trie_within(rules, slot, 32 - shift);
	if (n && (n->len > 32 - shift || n->left || n->right))
		return;
	replace(t, e, *group_of(t, old));
}

void fib4_join(struct fib4_table *t, const struct fib4_trie *rules, uint32_t prefix, unsigned len)
{
	uint32_t *e = &t->root[prefix >> t->shift];

	if (t->shift != FIB4_LARGE_SHIFT)
		join_groups(t, rules, e, t->shift, prefix, len);
	else if (len > 24)
		join_leaf(t, rules, e, prefix);
}

static void fill_leaf(uint32_t *leaf, uint32_t lo, uint32_t last, uint32_t v)
{
	const uint64_t ends = leaf_ends(leaf);
	uint32_t first = 0, end;

	for (unsigned i = 0; i < WEIR_FIB4_LEAF_VALUES && first <= last; i++, first = end + 1) {
		end = ends >> 8 * i & 255;
		if (first >= lo)
			put(&leaf[LEAF_FIRST + i], v);
	}
}

static void fill_entries(struct fib4_table *t, uint32_t *entries, unsigned shift, uint32_t lo,
			 uint32_t last, uint32_t v);

static void fill_behind(struct fib4_table *t, uint32_t e, unsigned shift, uint32_t lo,
			uint32_t last, uint32_t v)
{
	if (e & WEIR_FIB4_LEAF)
		fill_leaf(leaf_of(t, e), lo, last, v);
	else
		fill_entries(t, group_of(t, e), shift - 8, lo, last, v);
}

// Writes v to the addresses lo to last of entries, slots of 2^shift addresses each. Slots that are
// not filled whole have groups, the others have none.
static void fill_entries(struct fib4_table *t, uint32_t *entries, unsigned shift, uint32_t lo,
			 uint32_t last, uint32_t v)
{
	uint32_t low = fib4_host(32 - shift);
	size_t i = lo >> shift, end = (size_t)(last >> shift) + 1;

	if (i + 1 == end && last - lo < low) {
		fill_behind(t, entries[i], shift, lo & low, last & low, v);
		return;
	}
	if (lo & low) {
		fill_behind(t, entries[i], shift, lo & low, low, v);
		i++;
	}
	if (~last & low) {
		end--;
		fill_behind(t, entries[end], shift, 0, last & low, v);
	}
	for (; i < end; i++)
		put(&entries[i], v);
}

void fib4_fill(struct fib4_table *t, uint32_t lo, uint32_t last, uint32_t v)
{
	fill_entries(t, t->root, t->shift, lo, last, v);
}
