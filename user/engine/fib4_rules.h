// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The prefixes that were set in an IPv4 table: a path-compressed binary trie in one array. A node
// without a value is a fork. Node 0 is 0.0.0.0/0, always there and nobody's child, so that 0 also
// says "no child".
// owner: control.

#include <weir/area.h>
#include <weir/fib.h>

struct fib4_node {
	uint64_t left : 29, right : 29, len : 6;
	uint32_t prefix;
	uint32_t value; // WEIR_FIB4_NONE: a fork
};
_Static_assert(sizeof(struct fib4_node) == 16, "1.1 million prefixes in 34 MB");

struct fib4_trie {
	struct weir_area area;
	struct fib4_node *nodes; // lies in area
	uint32_t used;		 // nodes from there on were never used
	uint32_t free;		 // first of the nodes to be used again, chained by left; 0: none
	size_t count;		 // prefixes
};

int fib4_trie_init(struct fib4_trie *t);
void fib4_trie_free(struct fib4_trie *t);
// Makes sure that one fib4_trie_set succeeds. 0 or -ENOMEM.
int fib4_trie_reserve(struct fib4_trie *t);
// Adds or replaces; the node.
const struct fib4_node *fib4_trie_set(struct fib4_trie *t, uint32_t prefix, unsigned len,
				      uint32_t value);
// False: it is not there. *cover: the value of the longest prefix that covers the one removed.
bool fib4_trie_del(struct fib4_trie *t, uint32_t prefix, unsigned len, uint32_t *cover);
// The node of exactly this prefix with a value, or NULL.
const struct fib4_node *fib4_trie_get(const struct fib4_trie *t, uint32_t prefix, unsigned len);
// The first node from the top that lies within prefix/len (itself included), or NULL.
const struct fib4_node *fib4_trie_within(const struct fib4_trie *t, uint32_t prefix, unsigned len);

// The host bits of a prefix of that length.
static inline uint32_t fib4_host(unsigned len)
{
	return (uint32_t)(0xffffffffULL >> len);
}
