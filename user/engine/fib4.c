// SPDX-License-Identifier: BSD-2-Clause

// The IPv4 table: the bytes that readers see (struct table) are painted from the prefixes in the
// trie. Two rules keep a change small. A slot of the root or of a group has a group of its own
// exactly as long as a prefix longer than the slot lies within it. And a change paints only the
// gaps between the longer prefixes in its range. Changes allocate all they need before they begin.

#include "fib4_rules.h"
#include "grace.h"

#include <errno.h>
#include <stdlib.h>

enum {
	SMALL_SHIFT = 16,
	LARGE_SHIFT = 8,
	FIRST_GROUPS = 256,
	MOST_GROUPS = 1 << 22,
	GROUP_BYTES = WEIR_FIB4_GROUP_SIZE * sizeof(uint32_t),
	GROW_AT = 4096, // measured: docs/decisions/001-fib4.md
	BATCH = 64,	// groups for which it is worth to wait
};

// Groups that are not in use, chained by table.links. Numbers plus one; 0: none. Readers may still
// be in those that were just given back, so nothing is written into these.
struct chains {
	uint32_t free;			// may be used again
	uint32_t waiting, waiting_last; // when grace period `period` is over
	uint32_t left, left_last;	// by prefixes, but maybe not by readers
	uint32_t n_left;
	uint64_t period;
};

struct table {
	struct weir_area root_area, group_area, link_area;
	uint32_t *root, *groups, *links; // lie in these
	unsigned shift;
	bool shared;   // as in weir_fib4
	uint32_t made; // groups from there on were never used
	uint32_t in_use;
	struct chains unused;
};

struct weir_fib4_rules {
	struct fib4_trie trie;
	struct table table;
	size_t retry_at; // groups; growing failed below that
};

static void table_free(struct table *t)
{
	weir_area_free(&t->root_area);
	weir_area_free(&t->group_area);
	weir_area_free(&t->link_area);
}

static int grow_groups(struct table *t, size_t n)
{
	int err = weir_area_grow(&t->link_area, n * sizeof(*t->links), false);

	return err ? err : weir_area_grow(&t->group_area, n * GROUP_BYTES, false);
}

static int table_init(struct table *t, unsigned shift)
{
	size_t n = (size_t)1 << (32 - shift);
	int err;

	*t = (struct table){.shift = shift};
	err = weir_area_grow(&t->root_area, n * sizeof(*t->root), true);
	if (!err)
		err = weir_area_reserve(&t->group_area, (size_t)MOST_GROUPS * GROUP_BYTES);
	if (!err)
		err = weir_area_reserve(&t->link_area, MOST_GROUPS * sizeof(*t->links));
	if (!err)
		err = grow_groups(t, FIRST_GROUPS);
	if (err) {
		table_free(t);
		return err;
	}
	t->root = t->root_area.at;
	t->groups = t->group_area.at;
	t->links = t->link_area.at;
	for (size_t i = 0; i < n; i++)
		t->root[i] = WEIR_FIB4_NONE;
	return 0;
}

static uint32_t room(const struct table *t)
{
	return (uint32_t)(t->group_area.bytes / GROUP_BYTES);
}

// Room for the groups of one prefix: one for each step from the root to its length.
static int table_reserve(struct table *t)
{
	return t->made + 2 <= room(t) ? 0 : grow_groups(t, 2 * (size_t)room(t));
}

// Readers find the entry as it was or as it is, and behind it what was written before.
// NOLINTNEXTLINE(readability-non-const-parameter): the tool does not see that this writes
static void put(uint32_t *e, uint32_t v)
{
	__atomic_store_n(e, v, __ATOMIC_RELEASE);
}

static uint32_t *group(const struct table *t, uint32_t e)
{
	return t->groups + (size_t)(e & ~WEIR_FIB4_GROUP) * WEIR_FIB4_GROUP_SIZE;
}

// What no reader can be in any more becomes free, what was left since then begins to wait.
static void turn(struct table *t)
{
	struct chains *c = &t->unused;

	if (c->waiting && weir_grace_over(c->period)) {
		t->links[c->waiting_last - 1] = c->free;
		c->free = c->waiting;
		c->waiting = 0;
	}
	if (c->waiting || c->n_left < BATCH)
		return;
	c->waiting = c->left;
	c->waiting_last = c->left_last;
	c->left = c->n_left = 0;
	c->period = weir_grace_begin();
}

static uint32_t unused_group(struct table *t)
{
	struct chains *c = &t->unused;
	uint32_t i;

	if (!c->free)
		turn(t);
	if (!c->free)
		return t->made++;
	i = c->free - 1;
	c->free = t->links[i];
	return i;
}

static uint32_t group_take(struct table *t, uint32_t value)
{
	uint32_t e = WEIR_FIB4_GROUP | unused_group(t);
	uint32_t *g = group(t, e);

	t->in_use++;
	for (unsigned i = 0; i < WEIR_FIB4_GROUP_SIZE; i++)
		g[i] = value;
	return e;
}

static void group_give(struct table *t, uint32_t e)
{
	struct chains *c = &t->unused;
	uint32_t i = e & ~WEIR_FIB4_GROUP;

	t->in_use--;
	if (!t->shared) {
		t->links[i] = c->free;
		c->free = i + 1;
		return;
	}
	t->links[i] = c->left;
	c->left = i + 1;
	if (!c->n_left++)
		c->left_last = i + 1;
	turn(t);
}

// Gives the slots that prefix/len fills only in part their groups.
static void split(struct table *t, uint32_t prefix, unsigned len)
{
	uint32_t *e = &t->root[prefix >> t->shift];

	for (unsigned shift = t->shift; len > 32 - shift;
	     e = group(t, *e) + (prefix >> shift & 255)) {
		if (!(*e & WEIR_FIB4_GROUP))
			put(e, group_take(t, *e));
		shift -= 8;
	}
}

// Takes the groups away that were there for prefix/len only, below `*e`, a slot of 2^shift
// addresses. Such a group has one value throughout.
static void join(struct weir_fib4_rules *r, uint32_t *e, unsigned shift, uint32_t prefix,
		 unsigned len)
{
	uint32_t slot = prefix & ~fib4_host(32 - shift), old = *e;
	const struct fib4_node *n;

	if (len <= 32 - shift)
		return;
	join(r, group(&r->table, old) + (prefix >> (shift - 8) & 255), shift - 8, prefix, len);
	n = fib4_trie_within(&r->trie, slot, 32 - shift);
	if (n && (n->len > 32 - shift || n->left || n->right))
		return;
	put(e, *group(&r->table, old));
	group_give(&r->table, old);
}

// Writes v to the addresses lo to last of entries, slots of 2^shift addresses each. Slots that are
// not filled whole have groups, the others have none.
static void fill(struct table *t, uint32_t *entries, unsigned shift, uint32_t lo, uint32_t last,
		 uint32_t v)
{
	uint32_t low = fib4_host(32 - shift);
	size_t i = lo >> shift, end = (size_t)(last >> shift) + 1;

	if (i + 1 == end && last - lo < low) {
		fill(t, group(t, entries[i]), shift - 8, lo & low, last & low, v);
		return;
	}
	if (lo & low) {
		fill(t, group(t, entries[i]), shift - 8, lo & low, low, v);
		i++;
	}
	if (~last & low) {
		end--;
		fill(t, group(t, entries[end]), shift - 8, 0, last & low, v);
	}
	for (; i < end; i++)
		put(&entries[i], v);
}

// A brush that goes over a range from left to right.
struct brush {
	struct table *table;
	const struct fib4_node *nodes;
	uint64_t at; // next address
	uint32_t value;
};

static void paint_to(struct brush *b, uint64_t end)
{
	if (b->at < end)
		fill(b->table, b->table->root, b->table->shift, (uint32_t)b->at,
		     (uint32_t)(end - 1), b->value);
	b->at = end;
}

static void paint_around(struct brush *b, uint32_t i)
{
	const struct fib4_node *n = &b->nodes[i];

	if (!i)
		return;
	if (n->value != WEIR_FIB4_NONE) {
		paint_to(b, n->prefix);
		b->at = (uint64_t)n->prefix + fib4_host(n->len) + 1;
		return;
	}
	__builtin_prefetch(&b->nodes[n->right]);
	paint_around(b, n->left);
	paint_around(b, n->right);
}

// Paints what prefix/len covers, longer prefixes excepted. n: the first node within it, or NULL.
static void paint(struct weir_fib4_rules *r, const struct fib4_node *n, uint32_t prefix,
		  unsigned len, uint32_t value)
{
	struct brush b = {&r->table, r->trie.nodes, prefix, value};

	if (n && n->len == len) {
		paint_around(&b, n->left);
		paint_around(&b, n->right);
	} else if (n) {
		paint_around(&b, (uint32_t)(n - r->trie.nodes));
	}
	paint_to(&b, (uint64_t)prefix + fib4_host(len) + 1);
}

// Calls fn for the prefixes at node i and below.
static int walk(const struct fib4_node *nodes, uint32_t i,
		int (*fn)(void *arg, uint32_t prefix, unsigned len, uint32_t value), void *arg)
{
	const struct fib4_node *n = &nodes[i];
	int ret = 0;

	if (n->value != WEIR_FIB4_NONE)
		ret = fn(arg, n->prefix, n->len, n->value);
	if (!ret && n->left)
		ret = walk(nodes, n->left, fn, arg);
	if (!ret && n->right)
		ret = walk(nodes, n->right, fn, arg);
	return ret;
}

// Shorter prefixes come first, so each may paint over all it covers.
static int copy_to_table(void *arg, uint32_t prefix, unsigned len, uint32_t value)
{
	struct table *t = arg;
	int err = table_reserve(t);

	if (err)
		return err;
	split(t, prefix, len);
	fill(t, t->root, t->shift, prefix, prefix + fib4_host(len), value);
	return 0;
}

static int copy_to_trie(void *arg, uint32_t prefix, unsigned len, uint32_t value)
{
	struct fib4_trie *t = arg;
	int err = fib4_trie_reserve(t);

	if (!err)
		fib4_trie_set(t, prefix, len, value);
	return err;
}

static int rebuild(struct weir_fib4_rules *r, unsigned shift)
{
	struct table t;
	int err = table_init(&t, shift);

	if (!err)
		err = walk(r->trie.nodes, 0, copy_to_table, &t);
	if (err) {
		table_free(&t);
		return err;
	}
	t.shared = r->table.shared;
	table_free(&r->table);
	r->table = t;
	return 0;
}

// Gives back the nodes of the prefixes that are gone; without memory for that, not now.
static void compact(struct weir_fib4_rules *r)
{
	struct fib4_trie t = {0};

	if (fib4_trie_init(&t) || walk(r->trie.nodes, 0, copy_to_trie, &t)) {
		fib4_trie_free(&t);
		return;
	}
	fib4_trie_free(&r->trie);
	r->trie = t;
}

// Does the table hold much more than its prefixes need? The small form needs two groups a prefix
// at most, so a table that shrinks is far from growing again.
static bool roomy(const struct weir_fib4 *f)
{
	const struct table *t = &f->rules->table;

	if (t->shift == LARGE_SHIFT && f->rules->trie.count <= f->grow_at / 8)
		return true;
	// The groups take more than the root, and most of them are empty. Where some wait for
	// readers, as many as routes that come and go leave behind: moving costs more then.
	if (f->shared && t->made <= GROW_AT)
		return false;
	return t->made > 1u << (32 - t->shift - 8) && t->in_use < t->made / 8;
}

// Changes the form of the table when its size calls for it, and shows readers where it is. Where
// memory lacks for that it is tried again later: both forms are right at any size.
static void settle(struct weir_fib4 *f)
{
	struct weir_fib4_rules *r = f->rules;
	struct table *t = &r->table;
	bool large = t->shift == LARGE_SHIFT;

	if (!large && t->in_use > f->grow_at && t->in_use > r->retry_at)
		r->retry_at = rebuild(r, LARGE_SHIFT) ? 2 * (size_t)t->in_use : 0;
	else if (roomy(f) &&
		 !rebuild(r, large && r->trie.count > f->grow_at / 8 ? LARGE_SHIFT : SMALL_SHIFT))
		compact(r);
	f->moves += f->root != t->root;
	f->root = t->root;
	f->groups = t->groups;
	f->n_groups = room(t);
	f->shift = t->shift;
}

int weir_fib4_init(struct weir_fib4 *f)
{
	struct weir_fib4_rules *r = calloc(1, sizeof(*r));
	int err = -ENOMEM;

	*f = (struct weir_fib4){.grow_at = GROW_AT, .rules = r};
	if (!r)
		goto fail;
	err = fib4_trie_init(&r->trie);
	if (err)
		goto fail;
	err = table_init(&r->table, SMALL_SHIFT);
	if (err)
		goto fail;
	settle(f);
	return 0;
fail:
	weir_fib4_free(f);
	return err;
}

void weir_fib4_free(struct weir_fib4 *f)
{
	if (f->rules) {
		fib4_trie_free(&f->rules->trie);
		table_free(&f->rules->table);
		free(f->rules);
	}
	*f = (struct weir_fib4){0};
}

static bool valid(uint32_t prefix, unsigned len)
{
	return len <= 32 && !(prefix & fib4_host(len));
}

int weir_fib4_set(struct weir_fib4 *f, uint32_t prefix, unsigned len, uint32_t value)
{
	struct weir_fib4_rules *r = f->rules;
	const struct fib4_node *n;
	int err;

	if (!valid(prefix, len) || value >= WEIR_FIB4_NONE)
		return -EINVAL;
	err = fib4_trie_reserve(&r->trie);
	if (err)
		return err;
	err = table_reserve(&r->table);
	if (err)
		return err;
	r->table.shared = f->shared;
	n = fib4_trie_set(&r->trie, prefix, len, value);
	split(&r->table, prefix, len);
	paint(r, n, prefix, len, value);
	settle(f);
	return 0;
}

int weir_fib4_del(struct weir_fib4 *f, uint32_t prefix, unsigned len)
{
	struct weir_fib4_rules *r = f->rules;
	uint32_t cover;

	if (!valid(prefix, len))
		return -EINVAL;
	if (!fib4_trie_del(&r->trie, prefix, len, &cover))
		return -ENOENT;
	r->table.shared = f->shared;
	paint(r, fib4_trie_within(&r->trie, prefix, len), prefix, len, cover);
	join(r, &r->table.root[prefix >> r->table.shift], r->table.shift, prefix, len);
	settle(f);
	return 0;
}

int weir_fib4_get(const struct weir_fib4 *f, uint32_t prefix, unsigned len, uint32_t *value)
{
	const struct fib4_node *n;

	if (!valid(prefix, len))
		return -EINVAL;
	n = fib4_trie_get(&f->rules->trie, prefix, len);
	if (!n)
		return -ENOENT;
	*value = n->value;
	return 0;
}

size_t weir_fib4_count(const struct weir_fib4 *f)
{
	return f->rules->trie.count;
}

size_t weir_fib4_memory(const struct weir_fib4 *f)
{
	const struct weir_fib4_rules *r = f->rules;

	return sizeof(*r) + r->trie.area.bytes + r->table.root_area.bytes +
	       r->table.group_area.bytes + r->table.link_area.bytes;
}

int weir_fib4_walk(const struct weir_fib4 *f,
		   int (*fn)(void *arg, uint32_t prefix, unsigned len, uint32_t value), void *arg)
{
	return walk(f->rules->trie.nodes, 0, fn, arg);
}

int weir_fib4_walk_within(const struct weir_fib4 *f, uint32_t prefix, unsigned len,
			  int (*fn)(void *arg, uint32_t prefix, unsigned len, uint32_t value),
			  void *arg)
{
	const struct fib4_trie *t = &f->rules->trie;
	const struct fib4_node *n = fib4_trie_within(t, prefix, len);

	return n ? walk(t->nodes, (uint32_t)(n - t->nodes), fn, arg) : 0;
}
