// SPDX-License-Identifier: BSD-2-Clause

// The IPv4 table: the bytes that readers see (fib4_table.h) are painted from the prefixes in the
// trie. A change paints only the gaps between the longer prefixes in its range. Changes allocate
// all they need before they begin. What cannot be changed in place is built aside and shown to
// readers by one store; they take the view once a batch, and what it was is freed after a grace
// period.

#include <weir/grace.h>

#include "fib4_table.h"

#include <errno.h>
#include <stdlib.h>

enum {
	GROW_AT = 4096, // measured: docs/decisions/001-fib4.md
};

struct weir_fib4_rules {
	struct fib4_trie trie;
	struct fib4_table *table;
	struct fib4_table *old; // until grace period `period` is over
	uint64_t period;
	size_t retry_at; // groups; growing failed below that
};

// A brush that goes over a range from left to right.
struct brush {
	struct fib4_table *table;
	const struct fib4_node *nodes;
	uint64_t at; // next address
	uint32_t value;
};

static void paint_to(struct brush *b, uint64_t end)
{
	if (b->at < end)
		fib4_fill(b->table, (uint32_t)b->at, (uint32_t)(end - 1), b->value);
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
	struct brush b = {r->table, r->trie.nodes, prefix, value};

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
	struct fib4_table *t = arg;
	int err = fib4_table_reserve(t);

	if (err)
		return err;
	fib4_split(t, prefix, len);
	fib4_fill(t, prefix, prefix + fib4_host(len), value);
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

static void drop_old(struct weir_fib4_rules *r)
{
	if (!r->old || !weir_grace_over(r->period))
		return;
	fib4_table_free(r->old);
	r->old = NULL;
}

// Another table from the same rules. There is at most one that waits for its readers.
static int rebuild(struct weir_fib4 *f, unsigned shift)
{
	struct weir_fib4_rules *r = f->rules;
	struct fib4_table *t = r->old ? NULL : fib4_table_new(shift), *was = r->table;

	if (!t || walk(r->trie.nodes, 0, copy_to_table, t)) {
		fib4_table_free(t);
		return -ENOMEM;
	}
	t->shared = was->shared;
	r->table = t;
	__atomic_store_n(&f->view, &t->view, __ATOMIC_RELEASE);
	f->moves++;
	if (was->shared) {
		r->old = was;
		r->period = weir_grace_begin();
	} else {
		fib4_table_free(was);
	}
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
	const struct fib4_table *t = f->rules->table;

	if (t->shift == FIB4_LARGE_SHIFT && f->rules->trie.count <= f->grow_at / 8)
		return true;
	// The groups take more than the root, and most of them are empty. Where some wait for
	// readers, as many as routes that come and go leave behind: moving costs more then.
	if (f->shared && t->made <= GROW_AT)
		return false;
	return t->made > 1u << (32 - t->shift - 8) && t->in_use < t->made / 8;
}

// Changes the form of the table when its size calls for it. Where memory lacks for that it is tried
// again later: both forms are right at any size.
static void settle(struct weir_fib4 *f)
{
	struct weir_fib4_rules *r = f->rules;
	const struct fib4_table *t = r->table;
	bool large = t->shift == FIB4_LARGE_SHIFT;

	drop_old(r);
	if (!large && t->in_use > f->grow_at && t->in_use > r->retry_at)
		r->retry_at = rebuild(f, FIB4_LARGE_SHIFT) ? t->in_use + t->in_use / 4 : 0;
	else if (roomy(f) &&
		 !rebuild(f, large && r->trie.count > f->grow_at / 8 ? FIB4_LARGE_SHIFT
								     : FIB4_SMALL_SHIFT))
		compact(r);
	f->n_groups = r->table->room;
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
	err = -ENOMEM;
	r->table = fib4_table_new(FIB4_SMALL_SHIFT);
	if (!r->table)
		goto fail;
	f->view = &r->table->view;
	f->n_groups = r->table->room;
	return 0;
fail:
	weir_fib4_free(f);
	return err;
}

void weir_fib4_free(struct weir_fib4 *f)
{
	if (f->rules) {
		fib4_trie_free(&f->rules->trie);
		fib4_table_free(f->rules->table);
		fib4_table_free(f->rules->old);
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
	err = fib4_table_reserve(r->table);
	if (err)
		return err;
	r->table->shared = f->shared;
	n = fib4_trie_set(&r->trie, prefix, len, value);
	fib4_split(r->table, prefix, len);
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
	r->table->shared = f->shared;
	paint(r, fib4_trie_within(&r->trie, prefix, len), prefix, len, cover);
	fib4_join(r->table, &r->trie, prefix, len);
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

	return sizeof(*r) + r->trie.area.bytes + fib4_table_memory(r->table) +
	       (r->old ? fib4_table_memory(r->old) : 0);
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
