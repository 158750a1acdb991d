// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The memory of an IPv6 table's nodes: blocks of 2^c lines in one area that does not move. The root
// lies at its beginning, so no node has line 0.
// owner: control.

#include <weir/area.h>
#include <weir/fib6.h>

enum {
	FIB6_LINE_BYTES = WEIR_FIB6_LINE * sizeof(uint32_t),
	FIB6_LEAST_KIND = 4, // a branch that fills a line
	FIB6_MOST_KIND = 15,
	FIB6_CLASSES = FIB6_MOST_KIND - FIB6_LEAST_KIND + 1,
	FIB6_ROOT_LINES = (1 << WEIR_FIB6_ROOT_BITS) / WEIR_FIB6_LINE,
};

// What control knows of a block, by its first line.
struct fib6_note {
	union {
		uint32_t built; // a branch: its prefixes when it was built
		uint32_t next;	// a block that is not in use: the next one; 0: none
	};
	union {
		uint32_t now;	// its prefixes
		uint32_t class; // its lines: 2^class
	};
};

// Blocks that are not in use, chained by note.next. Readers may still be in those that were just
// given back, so nothing is written into these.
struct fib6_unused {
	uint32_t free[FIB6_CLASSES]; // may be used again
	uint32_t waiting;	     // when grace period `period` is over
	uint32_t left;		     // by prefixes, but maybe not by readers
	uint32_t n_left;	     // lines
	uint64_t period;
};

struct fib6_nodes {
	struct weir_area word_area, note_area;
	uint32_t *words; // lie in these
	struct fib6_note *note;
	bool shared;	 // as in weir_fib6
	uint32_t made;	 // lines from there on were never used
	uint32_t in_use; // lines
	struct fib6_unused unused;
};

int fib6_nodes_init(struct fib6_nodes *n);
void fib6_nodes_free(struct fib6_nodes *n);
// Makes sure that there are so many lines. 0 or -ENOMEM.
int fib6_nodes_reserve(struct fib6_nodes *n, uint32_t lines);
uint32_t fib6_nodes_room(const struct fib6_nodes *n); // lines
// The first line of a block that nobody reads; 0: out of memory.
uint32_t fib6_nodes_take(struct fib6_nodes *n, unsigned class);
// Gives back a block that readers may be in.
void fib6_nodes_give(struct fib6_nodes *n, uint32_t line, unsigned class);
// The same for one that no reader ever saw.
void fib6_nodes_untake(struct fib6_nodes *n, uint32_t line, unsigned class);

static inline unsigned fib6_kind(uint32_t e) // 0: a leaf
{
	return e >> WEIR_FIB6_KIND_SHIFT & 15;
}

static inline uint32_t fib6_line(uint32_t e)
{
	return e & ((1u << WEIR_FIB6_KIND_SHIFT) - 1);
}

static inline uint32_t fib6_entry(uint32_t line, unsigned kind)
{
	return WEIR_FIB6_NODE | kind << WEIR_FIB6_KIND_SHIFT | line;
}

static inline unsigned fib6_class(unsigned kind)
{
	return kind ? kind - FIB6_LEAST_KIND : 0;
}

static inline uint32_t *fib6_words(const struct fib6_nodes *n, uint32_t line)
{
	return n->words + (size_t)line * WEIR_FIB6_LINE;
}
