// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The bytes of an IPv4 table that readers see: root, groups and leaves. Two rules keep a change
// small. A slot of the root or of a group has a group or a leaf of its own exactly as long as a
// prefix longer than the slot lies within it. And the ranges of a leaf end where such prefixes
// begin and end, whatever their values are: so only a prefix that comes or goes takes another leaf,
// and all other changes are stores of values where they are.
// owner: the writer.

#include "fib4_rules.h"

enum { FIB4_SMALL_SHIFT = 16, FIB4_LARGE_SHIFT = 8 };

// Pieces that are not in use, chained by links. Numbers plus one; 0: none. Readers may still be in
// those that were just given back, so nothing is written into these.
struct fib4_unused {
	uint32_t free;			// may be used again
	uint32_t waiting, waiting_last; // when grace period `period` is over
	uint32_t left, left_last;	// by prefixes, but maybe not by readers
	uint32_t n_left;
	uint64_t period;
};

struct fib4_table {
	struct weir_fib4_view view;
	struct weir_area self; // in which this lies
	struct weir_area root_area, group_area, link_area;
	uint32_t *root, *groups;
	uint32_t *links; // of leaves; a group has that of its first leaf
	unsigned shift;
	bool shared;   // as in weir_fib4
	uint32_t room; // groups for which there is memory
	uint32_t made; // those from there on were never used
	uint32_t in_use;
	struct fib4_unused unused, unused_leaves;
};

// NULL: no memory.
struct fib4_table *fib4_table_new(unsigned shift);
void fib4_table_free(struct fib4_table *t); // also NULL
size_t fib4_table_memory(const struct fib4_table *t);
// Makes sure that one fib4_split or fib4_join has what it needs. 0 or -ENOMEM.
int fib4_table_reserve(struct fib4_table *t);

// Gives the slots that prefix/len fills only in part their groups.
void fib4_split(struct fib4_table *t, uint32_t prefix, unsigned len);
// Writes v to all addresses from lo to last, which are the ends of ranges.
void fib4_fill(struct fib4_table *t, uint32_t lo, uint32_t last, uint32_t v);
// Takes away what was there for prefix/len only, which rules has no longer.
void fib4_join(struct fib4_table *t, const struct fib4_trie *rules, uint32_t prefix, unsigned len);
