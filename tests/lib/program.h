// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// An element's program alone, run by BPF_PROG_RUN. Needs root.

#include <weir/element.h>

struct bpf_object;

// A router with one element e, whose outputs 0 to `last` (-1: none) are connected; NULL if
// userspace refuses the arguments, which it then has said on stderr. To be freed with
// weir_router_free.
struct weir_router *program_router(const struct weir_class *c, const char *args, int last);

// What the element's program gets: what the class's `driver` function says, or its own arguments.
// False if the class wants an element with these arguments in userspace.
bool program_ask(const struct weir_element *e, struct weir_front_args *a);

// A program with its arguments frozen in it, and its counters.
struct program {
	struct bpf_object *object;
	int fd, counts_fd;
	unsigned n_out, n_counts;
};
// False: the kernel refuses it.
bool program_load(struct program *p, const char *file, const struct weir_element *e,
		  const struct weir_front_args *a);
void program_close(struct program *p);

// The packet through the program. What was stripped before its start goes along, as in a driver.
// The output or drop reason by which it left, PROGRAM_HANDED, or -errno.
enum { PROGRAM_HANDED = 0x10000 }; // to the element in userspace
int program_run(const struct program *prog, struct packet *p);

// Where a packet got to that ran through programs which lead to one another.
struct program_end {
	unsigned verdict;
	bool has_block;
	uint16_t element, input; // what the block says
};
// The packet through the program fd and what follows: with a block that says what p says, or
// (block: false) as a driver receives it. If it comes out with a block, it is copied to `to`, which
// has room for a headroom and PROGRAM_LONGEST bytes. 0 or -errno.
enum { PROGRAM_LONGEST = 1900 };
int program_follow(int fd, const struct packet *p, bool block, struct packet *to,
		   struct program_end *end);

// Nanoseconds that a run takes, whole ones, in the mean of so many; negative if it fails.
double program_time(const struct program *prog, const struct packet *p, int repeat);
