// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// One element's program in the driver.

#include "share.h"

#include <abi/front.h>
#include <graph.h>

struct bpf_object;

// Zero-initialised is not loaded.
struct front_program {
	struct bpf_object *object; // NULL: not loaded, or (with counters) by a process that is gone
	int fd;
	int *more; // for inputs 1 to n_more, where each has a program; they share all tables
	unsigned n_more;
	int out_fd, counts_fd, state_fd; // state_fd: -1 without state
	unsigned n_counts;
	size_t state_size;
	struct front_share *live[WEIR_SHARES]; // memory that is a map's
	unsigned n_live;
	bool hands_all; // it hands over every packet for now
};

// What the programs of a router have together.
struct front_common {
	int beat_fd; // map of the router's sign of life
	struct front_share *shares;
};

// Does the program leave output 0 uncounted? Not where packets change their length on the way.
bool front_derives(const struct weir_element *e);
// Number of counters that an element's program has.
unsigned front_n_counts(const struct weir_element *e);

// Loads the program of an element from its object file with the element's arguments of now. With
// `old`, its counters, state and outputs go on in the new one. Live tables that others share, or
// the old one, and that have not moved, go on too. Why it failed goes to why: what the class,
// libbpf or the verifier said, one line. So does why all packets are handed over, if they are. 0 or
// -errno.
int front_program_load(struct front_program *p, const char *file, const struct weir_element *e,
		       const struct front_program *old, struct front_common *c, char *why,
		       size_t size);
void front_program_close(struct front_program *p, struct front_common *c);
// Would its arguments be others now, or what was copied into it? 1, 0, or -errno: the class refuses
// the driver.
int front_program_is_old(const struct front_program *p, const struct weir_element *e);

// Inputs that have programs of their own, at least one; and the program of an input.
unsigned front_n_inputs(const struct weir_element *e);
static inline int front_program_fd(const struct front_program *p, unsigned input)
{
	return input && input <= p->n_more ? p->more[input - 1] : p->fd;
}

// Makes the program's live tables the element's memory, so that both halves read the same bytes.
// Nobody writes to it meanwhile. 0 or -errno.
int front_program_share(struct front_program *p);
