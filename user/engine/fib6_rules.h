// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The prefixes that were set in an IPv6 table: a path-compressed binary trie in one array, as
// fib4_rules.h has it. A node without a value is a fork. Node FIB6_TOP is ::/0, always there; 0 is
// none.
// owner: control.

#include <weir/area.h>
#include <weir/fib6.h>

struct fib6_node {
	struct weir_ip6 prefix;
	uint32_t left, right;
	uint32_t value; // WEIR_FIB6_NONE: a fork
	uint32_t len;
};
_Static_assert(sizeof(struct fib6_node) == 32, "two to a cache line");

enum { FIB6_TOP = 1 };

struct fib6_trie {
	struct weir_area area;
	struct fib6_node *nodes; // lies in area
	uint32_t used;		 // nodes from there on were never used
	uint32_t free;		 // first of the nodes to be used again, chained by left; 0: none
	size_t count;		 // prefixes
};

int fib6_trie_init(struct fib6_trie *t);
void fib6_trie_free(struct fib6_trie *t);
// Makes sure that one fib6_trie_set succeeds. May move the nodes. 0 or -ENOMEM.
int fib6_trie_reserve(struct fib6_trie *t);
// Adds or replaces; *old: the value that it had, or WEIR_FIB6_NONE.
void fib6_trie_set(struct fib6_trie *t, struct weir_ip6 prefix, unsigned len, uint32_t value,
		   uint32_t *old);
// False: it is not there. One fib6_trie_set of the same prefix succeeds after it.
bool fib6_trie_del(struct fib6_trie *t, struct weir_ip6 prefix, unsigned len, uint32_t *old);
// The node of exactly this prefix with a value, or NULL.
const struct fib6_node *fib6_trie_get(const struct fib6_trie *t, struct weir_ip6 prefix,
				      unsigned len);

// What the prefixes say of a block of addresses, itself a prefix of some length.
struct fib6_scope {
	uint32_t node;	    // the first from the top that lies within the block; 0: none does
	uint32_t cover;	    // value of the longest prefix that covers the block
	unsigned cover_len; // its length
};
struct fib6_scope fib6_scope_all(const struct fib6_trie *t);
// Of a block within that of s.
struct fib6_scope fib6_scope_of(const struct fib6_trie *t, struct fib6_scope s,
				struct weir_ip6 block, unsigned len);
// Are there prefixes longer than the block within it?
static inline bool fib6_scope_splits(const struct fib6_trie *t, struct fib6_scope s, unsigned len)
{
	const struct fib6_node *n = &t->nodes[s.node];

	return s.node && (n->len > len || n->left || n->right);
}
