// SPDX-License-Identifier: BSD-2-Clause
#include "fib4_rules.h"

#include <errno.h>

enum { FIRST_NODES = 256, MAX_NODES = 1 << 27 };

int fib4_trie_init(struct fib4_trie *t)
{
	int err = weir_area_reserve(&t->area, MAX_NODES * sizeof(*t->nodes));

	if (!err)
		err = weir_area_grow(&t->area, FIRST_NODES * sizeof(*t->nodes), false);
	if (err)
		return err;
	t->nodes = t->area.at;
	t->nodes[0].value = WEIR_FIB4_NONE;
	t->used = 1;
	return 0;
}

void fib4_trie_free(struct fib4_trie *t)
{
	weir_area_free(&t->area);
	*t = (struct fib4_trie){0};
}

// A new prefix takes a node for itself and at most one for a fork above it. The free nodes are
// not counted: whoever has some does not need the room behind the last one soon.
int fib4_trie_reserve(struct fib4_trie *t)
{
	if ((t->used + 2) * sizeof(*t->nodes) <= t->area.bytes)
		return 0;
	return weir_area_grow(&t->area, t->area.bytes + t->area.bytes / 4, false);
}

static uint32_t child(const struct fib4_node *n, unsigned side)
{
	return side ? n->right : n->left;
}

static void set_child(struct fib4_node *n, unsigned side, uint32_t c)
{
	if (side)
		n->right = c;
	else
		n->left = c;
}

// The side of a node of length len (below 32) on which an address lies.
static unsigned side_of(uint32_t addr, unsigned len)
{
	return addr >> (31 - len) & 1;
}

// How many leading bits of prefix/len the prefix of the node shares; more than its length says no
// more than that it covers prefix/len.
static unsigned common(const struct fib4_node *n, uint32_t prefix, unsigned len)
{
	uint32_t differ = n->prefix ^ prefix;
	unsigned same = differ ? (unsigned)__builtin_clz(differ) : 32;

	return same < len ? same : len;
}

static uint32_t take(struct fib4_trie *t, uint32_t prefix, unsigned len, uint32_t value)
{
	uint32_t i = t->free;

	if (i)
		t->free = t->nodes[i].left;
	else
		i = t->used++;
	t->nodes[i] = (struct fib4_node){.len = len, .prefix = prefix, .value = value};
	return i;
}

static void give(struct fib4_trie *t, uint32_t i)
{
	t->nodes[i] = (struct fib4_node){.left = t->free};
	t->free = i;
}

const struct fib4_node *fib4_trie_set(struct fib4_trie *t, uint32_t prefix, unsigned len,
				      uint32_t value)
{
	uint32_t at = 0, below, new, fork;
	struct fib4_node *n;
	unsigned side, same = 0;

	// Node `at` covers prefix/len.
	for (;;) {
		n = &t->nodes[at];
		if (n->len == len) {
			t->count += n->value == WEIR_FIB4_NONE;
			n->value = value;
			return n;
		}
		side = side_of(prefix, n->len);
		below = child(n, side);
		if (!below)
			break;
		same = common(&t->nodes[below], prefix, len);
		if (same < t->nodes[below].len)
			break;
		at = below;
	}
	t->count++;
	new = take(t, prefix, len, value);
	if (below && same < len) {
		fork = take(t, prefix & ~fib4_host(same), same, WEIR_FIB4_NONE);
		set_child(&t->nodes[fork], side_of(prefix, same), new);
		set_child(&t->nodes[fork], !side_of(prefix, same), below);
		set_child(n, side, fork);
		return &t->nodes[new];
	}
	if (below)
		set_child(&t->nodes[new], side_of(t->nodes[below].prefix, len), below);
	set_child(n, side, new);
	return &t->nodes[new];
}

// Takes a node that is no longer needed, `at` below `parent`, out of the trie.
static void unlink_node(struct fib4_trie *t, uint32_t parent, uint32_t at)
{
	struct fib4_node *n = &t->nodes[at], *p = &t->nodes[parent];

	if (!at || n->value != WEIR_FIB4_NONE || (n->left && n->right))
		return;
	set_child(p, side_of(n->prefix, p->len), n->left ? n->left : n->right);
	give(t, at);
}

bool fib4_trie_del(struct fib4_trie *t, uint32_t prefix, unsigned len, uint32_t *cover)
{
	uint32_t at = 0, parent = 0, grandparent = 0;
	struct fib4_node *n;

	*cover = WEIR_FIB4_NONE;
	for (;;) {
		n = &t->nodes[at];
		if (common(n, prefix, len) < n->len)
			return false;
		if (n->len == len)
			break;
		if (n->value != WEIR_FIB4_NONE)
			*cover = n->value;
		grandparent = parent;
		parent = at;
		at = child(n, side_of(prefix, n->len));
		if (!at)
			return false;
	}
	if (n->value == WEIR_FIB4_NONE)
		return false;
	n->value = WEIR_FIB4_NONE;
	t->count--;
	unlink_node(t, parent, at);
	unlink_node(t, grandparent, parent); // a fork that lost a branch
	return true;
}

const struct fib4_node *fib4_trie_within(const struct fib4_trie *t, uint32_t prefix, unsigned len)
{
	const struct fib4_node *n = t->nodes;
	uint32_t at;

	while (n->len < len) {
		at = child(n, side_of(prefix, n->len));
		if (!at)
			return NULL;
		n = &t->nodes[at];
		if (common(n, prefix, len) < (n->len < len ? n->len : len))
			return NULL;
	}
	return n;
}

const struct fib4_node *fib4_trie_get(const struct fib4_trie *t, uint32_t prefix, unsigned len)
{
	const struct fib4_node *n = fib4_trie_within(t, prefix, len);

	return n && n->len == len && n->value != WEIR_FIB4_NONE ? n : NULL;
}
