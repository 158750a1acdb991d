// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Depth-first walks along connections, without recursion: a configuration may be long.

#include <graph.h>

// Arrays are by element or connection, and zero at first.
struct weir_walk {
	const struct weir_router *router;
	bool (*follows)(void *arg, const struct weir_connection *c); // NULL: all
	void *arg;
	uint8_t *state;	 // of elements: 0 not seen
	unsigned *order; // those that were seen, each behind all that it leads to but by a way back
	unsigned n_order;
	bool *back; // connections that lead back

	struct weir_walk_step {
		unsigned element, next;
	} * stack;
};

// 0 or -ENOMEM; the walk has to be closed in both cases.
int weir_walk_open(struct weir_walk *w, const struct weir_router *r);
void weir_walk_close(struct weir_walk *w);
// Goes on from an element, if no walk was there before.
void weir_walk_from(struct weir_walk *w, const struct weir_element *e);

// The number of connections that leave an element (weir_wiring's by_out).
unsigned weir_n_leaving(const struct weir_element *e);
// The i-th of them.
const struct weir_connection *weir_leaving(const struct weir_element *e, unsigned i);
unsigned weir_n_entering(const struct weir_element *e);
