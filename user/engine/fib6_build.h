// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Nodes of an IPv6 table from its prefixes, and what one change does to those that are there.
// Nothing that a reader sees is touched: a change is written down first, and carried out only if
// there was memory for all of it.
// owner: control.

#include "fib6_nodes.h"
#include "fib6_rules.h"

struct fib6_list {
	uint64_t *v;
	size_t n, room;
};

// A change that is being made.
struct fib6_change {
	const struct fib6_trie *trie; // with the change
	struct fib6_nodes *nodes;
	struct weir_ip6 prefix; // that came, went or has another value
	unsigned len;
	int more;		 // prefixes: 1, 0, or -1
	int err;		 // no memory for all of it
	struct fib6_list fresh;	 // nodes that readers do not see yet
	struct fib6_list stale;	 // nodes that readers are not led to any more
	struct fib6_list puts;	 // number of a word << 32 | what is to stand there
	struct fib6_list counts; // line of a branch << 32 | its prefixes
};

// Works out the change. 0, or -ENOMEM.
int fib6_change_plan(struct fib6_change *c);
void fib6_change_commit(struct fib6_change *c);
void fib6_change_undo(struct fib6_change *c); // instead
void fib6_change_free(struct fib6_change *c);
