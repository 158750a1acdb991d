// SPDX-License-Identifier: BSD-2-Clause

// The IPv6 table: nodes for readers, made from the prefixes in a trie. A change is worked out
// beside what readers see, then published entry by entry; without memory it is forgotten.

#include "fib6_build.h"

#include <errno.h>
#include <stdlib.h>

enum {
	SPARE_LINES = 256, // kept for prefixes that go, which may take memory for a moment
	ROOMY = 8,	   // lines made for each in use that are too many
};

struct weir_fib6_rules {
	struct fib6_trie trie;
	struct fib6_nodes nodes;
};

static void show(struct weir_fib6 *f)
{
	const struct fib6_nodes *n = &f->rules->nodes;

	if (f->words != n->words) { // workers may be reading it
		f->words = n->words;
		f->moves++;
	}
	f->n_words = fib6_nodes_room(n) * WEIR_FIB6_LINE;
}

int weir_fib6_init(struct weir_fib6 *f)
{
	struct weir_fib6_rules *r = calloc(1, sizeof(*r));
	int err = -ENOMEM;

	*f = (struct weir_fib6){.rules = r};
	if (!r)
		goto fail;
	err = fib6_trie_init(&r->trie);
	if (err)
		goto fail;
	err = fib6_nodes_init(&r->nodes);
	if (err)
		goto fail;
	show(f);
	return 0;
fail:
	weir_fib6_free(f);
	return err;
}

void weir_fib6_free(struct weir_fib6 *f)
{
	if (f->rules) {
		fib6_trie_free(&f->rules->trie);
		fib6_nodes_free(&f->rules->nodes);
		free(f->rules);
	}
	*f = (struct weir_fib6){0};
}

static bool valid(struct weir_ip6 prefix, unsigned len)
{
	struct weir_ip6 m = len <= 128 ? weir_ip6_mask(len) : (struct weir_ip6){};

	return len <= 128 && !((prefix.hi & ~m.hi) | (prefix.lo & ~m.lo));
}

// Makes the nodes follow a change of the trie. -ENOMEM: they did not.
static int follow(struct weir_fib6 *f, struct weir_ip6 prefix, unsigned len, int more)
{
	struct weir_fib6_rules *r = f->rules;
	struct fib6_change c = {&r->trie, &r->nodes, .prefix = prefix, .len = len, .more = more};
	int err;

	r->nodes.shared = f->shared;
	err = fib6_change_plan(&c);
	if (err)
		fib6_change_undo(&c);
	else
		fib6_change_commit(&c);
	fib6_change_free(&c);
	return err;
}

static int copy_to(void *arg, struct weir_ip6 prefix, unsigned len, uint32_t value)
{
	return weir_fib6_set(arg, prefix, len, value);
}

// Gives memory back when there is much more than the prefixes need; without memory for that, not
// now. What others read while it changes stays where it is.
static void settle(struct weir_fib6 *f)
{
	const struct fib6_nodes *n = &f->rules->nodes;
	const uint32_t made = n->made - FIB6_ROOT_LINES;
	struct weir_fib6 small, old = *f;

	if (f->shared || made <= FIB6_ROOT_LINES || n->in_use >= made / ROOMY ||
	    weir_fib6_init(&small))
		return;
	if (weir_fib6_walk(f, copy_to, &small)) {
		weir_fib6_free(&small);
		return;
	}
	*f = small;
	f->moves = old.moves + 1;
	weir_fib6_free(&old);
}

int weir_fib6_set(struct weir_fib6 *f, struct weir_ip6 prefix, unsigned len, uint32_t value)
{
	struct weir_fib6_rules *r = f->rules;
	uint32_t old;
	int err;

	if (!valid(prefix, len) || value >= WEIR_FIB6_NONE)
		return -EINVAL;
	err = fib6_trie_reserve(&r->trie);
	if (!err)
		err = fib6_nodes_reserve(&r->nodes, SPARE_LINES);
	if (err)
		return err;
	fib6_trie_set(&r->trie, prefix, len, value, &old);
	if (old == value)
		return 0;
	err = follow(f, prefix, len, old == WEIR_FIB6_NONE);
	if (err && old == WEIR_FIB6_NONE)
		fib6_trie_del(&r->trie, prefix, len, &old);
	else if (err)
		fib6_trie_set(&r->trie, prefix, len, old, &old);
	show(f);
	return err;
}

int weir_fib6_del(struct weir_fib6 *f, struct weir_ip6 prefix, unsigned len)
{
	struct weir_fib6_rules *r = f->rules;
	uint32_t old;
	int err;

	if (!valid(prefix, len))
		return -EINVAL;
	if (!fib6_trie_del(&r->trie, prefix, len, &old))
		return -ENOENT;
	err = follow(f, prefix, len, -1);
	if (err)
		fib6_trie_set(&r->trie, prefix, len, old, &old);
	else
		settle(f);
	show(f);
	return err;
}

int weir_fib6_get(const struct weir_fib6 *f, struct weir_ip6 prefix, unsigned len, uint32_t *value)
{
	const struct fib6_node *n;

	if (!valid(prefix, len))
		return -EINVAL;
	n = fib6_trie_get(&f->rules->trie, prefix, len);
	if (!n)
		return -ENOENT;
	*value = n->value;
	return 0;
}

size_t weir_fib6_count(const struct weir_fib6 *f)
{
	return f->rules->trie.count;
}

size_t weir_fib6_memory(const struct weir_fib6 *f)
{
	const struct weir_fib6_rules *r = f->rules;

	return sizeof(*r) + r->trie.area.bytes + r->nodes.word_area.bytes +
	       r->nodes.note_area.bytes;
}

// Calls fn for the prefixes at node i and below.
static int walk(const struct fib6_node *nodes, uint32_t i,
		int (*fn)(void *arg, struct weir_ip6 prefix, unsigned len, uint32_t value),
		void *arg)
{
	const struct fib6_node *n = &nodes[i];
	int ret = 0;

	if (n->value != WEIR_FIB6_NONE)
		ret = fn(arg, n->prefix, n->len, n->value);
	if (!ret && n->left)
		ret = walk(nodes, n->left, fn, arg);
	if (!ret && n->right)
		ret = walk(nodes, n->right, fn, arg);
	return ret;
}

int weir_fib6_walk(const struct weir_fib6 *f,
		   int (*fn)(void *arg, struct weir_ip6 prefix, unsigned len, uint32_t value),
		   void *arg)
{
	return walk(f->rules->trie.nodes, FIB6_TOP, fn, arg);
}

int weir_fib6_walk_within(const struct weir_fib6 *f, struct weir_ip6 prefix, unsigned len,
			  int (*fn)(void *arg, struct weir_ip6 prefix, unsigned len,
				    uint32_t value),
			  void *arg)
{
	const struct fib6_trie *t = &f->rules->trie;
	struct fib6_scope s = fib6_scope_of(t, fib6_scope_all(t), prefix, len);

	return s.node ? walk(t->nodes, s.node, fn, arg) : 0;
}
