// SPDX-License-Identifier: BSD-2-Clause
#include "fib6_rules.h"

#include <errno.h>

enum { FIRST_NODES = 256, MAX_NODES = 1 << 29 };

int fib6_trie_init(struct fib6_trie *t)
{
	int err = weir_area_grow(&t->area, FIRST_NODES * sizeof(*t->nodes), false);

	if (err)
		return err;
	t->nodes = t->area.at;
	t->nodes[FIB6_TOP].value = WEIR_FIB6_NONE;
	t->used = FIB6_TOP + 1;
	return 0;
}

void fib6_trie_free(struct fib6_trie *t)
{
	weir_area_free(&t->area);
	*t = (struct fib6_trie){0};
}

// A new prefix takes a node for itself and at most one for a fork above it. The free nodes are
// not counted: whoever has some does not need the room behind the last one soon.
int fib6_trie_reserve(struct fib6_trie *t)
{
	int err;

	if ((t->used + 2) * sizeof(*t->nodes) <= t->area.bytes)
		return 0;
	if (t->used + 2 > MAX_NODES)
		return -ENOMEM;
	err = weir_area_grow(&t->area, t->area.bytes + t->area.bytes / 4, false);
	t->nodes = t->area.at;
	return err;
}

// The side of a node of length len (below 128) on which an address lies.
static unsigned side_of(struct weir_ip6 addr, unsigned len)
{
	return (len < 64 ? addr.hi >> (63 - len) : addr.lo >> (127 - len)) & 1;
}

static uint32_t *child(struct fib6_node *n, unsigned side)
{
	return side ? &n->right : &n->left;
}

static uint32_t child_of(const struct fib6_node *n, struct weir_ip6 addr)
{
	return side_of(addr, n->len) ? n->right : n->left;
}

// How many leading bits, at most len, two addresses share.
static unsigned common(struct weir_ip6 a, struct weir_ip6 b, unsigned len)
{
	uint64_t hi = a.hi ^ b.hi, lo = a.lo ^ b.lo;
	unsigned same = hi   ? (unsigned)__builtin_clzll(hi)
			: lo ? 64 + (unsigned)__builtin_clzll(lo)
			     : 128;

	return same < len ? same : len;
}

static struct weir_ip6 masked(struct weir_ip6 a, unsigned len)
{
	struct weir_ip6 m = weir_ip6_mask(len);

	return (struct weir_ip6){a.hi & m.hi, a.lo & m.lo};
}

static uint32_t take(struct fib6_trie *t, struct weir_ip6 prefix, unsigned len, uint32_t value)
{
	uint32_t i = t->free;

	if (i)
		t->free = t->nodes[i].left;
	else
		i = t->used++;
	t->nodes[i] = (struct fib6_node){.len = len, .prefix = prefix, .value = value};
	return i;
}

static void give(struct fib6_trie *t, uint32_t i)
{
	t->nodes[i] = (struct fib6_node){.left = t->free};
	t->free = i;
}

void fib6_trie_set(struct fib6_trie *t, struct weir_ip6 prefix, unsigned len, uint32_t value,
		   uint32_t *old)
{
	struct fib6_node *n = &t->nodes[FIB6_TOP], *fork;
	uint32_t below, new, middle;
	unsigned same = 0;

	// Node n covers prefix/len.
	for (;; n = &t->nodes[below]) {
		if (n->len == len) {
			*old = n->value;
			t->count += n->value == WEIR_FIB6_NONE;
			n->value = value;
			return;
		}
		below = child_of(n, prefix);
		if (!below)
			break;
		same = common(t->nodes[below].prefix, prefix, len);
		if (same < t->nodes[below].len)
			break;
	}
	*old = WEIR_FIB6_NONE;
	t->count++;
	new = take(t, prefix, len, value);
	if (!below || same == len) {
		if (below)
			*child(&t->nodes[new], side_of(t->nodes[below].prefix, len)) = below;
		*child(n, side_of(prefix, n->len)) = new;
		return;
	}
	middle = take(t, masked(prefix, same), same, WEIR_FIB6_NONE);
	fork = &t->nodes[middle];
	*child(fork, side_of(prefix, same)) = new;
	*child(fork, !side_of(prefix, same)) = below;
	*child(n, side_of(prefix, n->len)) = middle;
}

// Takes a node that is no longer needed, `at` below `parent`, out of the trie.
static void unlink_node(struct fib6_trie *t, uint32_t parent, uint32_t at)
{
	struct fib6_node *n = &t->nodes[at], *p = &t->nodes[parent];

	if (at == FIB6_TOP || n->value != WEIR_FIB6_NONE || (n->left && n->right))
		return;
	*child(p, side_of(n->prefix, p->len)) = n->left ? n->left : n->right;
	give(t, at);
}

bool fib6_trie_del(struct fib6_trie *t, struct weir_ip6 prefix, unsigned len, uint32_t *old)
{
	uint32_t at = FIB6_TOP, parent = FIB6_TOP, grandparent = FIB6_TOP;
	struct fib6_node *n = &t->nodes[at];

	while (n->len < len) {
		grandparent = parent;
		parent = at;
		at = child_of(n, prefix);
		n = &t->nodes[at];
		if (!at || common(n->prefix, prefix, len) < n->len)
			return false;
	}
	if (n->len != len || n->value == WEIR_FIB6_NONE)
		return false;
	*old = n->value;
	n->value = WEIR_FIB6_NONE;
	t->count--;
	unlink_node(t, parent, at);
	if (parent != at)
		unlink_node(t, grandparent, parent); // a fork that lost a branch
	return true;
}

struct fib6_scope fib6_scope_all(const struct fib6_trie *t)
{
	return (struct fib6_scope){FIB6_TOP, t->nodes[FIB6_TOP].value, 0};
}

struct fib6_scope fib6_scope_of(const struct fib6_trie *t, struct fib6_scope s,
				struct weir_ip6 block, unsigned len)
{
	const struct fib6_node *n;

	for (; s.node; s.node = child_of(n, block)) {
		n = &t->nodes[s.node];
		if (common(n->prefix, block, len) < (n->len < len ? n->len : len)) {
			s.node = 0;
			break;
		}
		if (n->len <= len && n->value != WEIR_FIB6_NONE) {
			s.cover = n->value;
			s.cover_len = n->len;
		}
		if (n->len >= len)
			break;
	}
	return s;
}

const struct fib6_node *fib6_trie_get(const struct fib6_trie *t, struct weir_ip6 prefix,
				      unsigned len)
{
	struct fib6_scope s = fib6_scope_of(t, fib6_scope_all(t), prefix, len);
	const struct fib6_node *n = &t->nodes[s.node];

	return s.node && n->len == len && n->value != WEIR_FIB6_NONE ? n : NULL;
}
