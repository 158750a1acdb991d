// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Placement: which elements run in the driver. Starting at each FromDevice, the largest connected
// front part whose elements can (Kohler 2000 has the graph, docs/design the rule). Touches nothing
// of the system.

#include <graph.h>

enum weir_side { WEIR_USERSPACE, WEIR_DRIVER };

// What is known of the system, asked for by the placement. All may be NULL.
struct weir_place_options {
	void *arg;
	// Is there a BPF object for the class? NULL means no: *why then says what is wrong
	// (missing, stale, of another version), or stays NULL where none is expected.
	const char *(*object)(void *arg, const struct weir_class *c, const char **why);
	// Is this interface's queue bound in zero-copy mode, so that sending from the driver
	// copies?
	bool (*zero_copy)(void *arg, const struct weir_device *d);
	// What the user asked for on the command line: names of elements or of compounds.
	const char *const *driver, *const *userspace; // ended by NULL
};

struct weir_placed {
	enum weir_side side;
	unsigned depth; // programs from the entry to this one, on the longest way; in the driver
	const char *object; // file; in the driver
	char *why;	    // why it stays in userspace, one line; NULL in the driver
};

// A connection that leaves the driver half.
struct weir_crossing {
	const struct weir_connection *connection;
	const char *why; // the reason of where it leads to, or "leads back" or "input 1"
};

struct weir_plan {
	struct weir_router *router;
	struct weir_placed *placed; // by element index
	struct weir_crossing *crossings;
	unsigned n_crossings, n_driver;
};

enum {
	WEIR_DEPTH_MAX = 32
}; // programs behind the entry: the kernel's limit of tail calls, less one

// 0 or -errno (unknown names among the user's wishes, or one that cannot be met, are errors).
int weir_place(struct weir_plan *plan, struct weir_router *r, const struct weir_place_options *opt,
	       struct weir_err *err);
void weir_plan_free(struct weir_plan *plan);
// An element stays in userspace after all: the verifier refused it. Its successors that only it
// reached follow.
int weir_plan_withdraw(struct weir_plan *plan, const struct weir_element *e, const char *why);

// The plan as text for people, JSON for programs, DOT for drawing.
void weir_plan_text(const struct weir_plan *plan, struct weir_buf *out);
void weir_plan_json(const struct weir_plan *plan, struct weir_buf *out);
void weir_plan_dot(const struct weir_plan *plan, struct weir_buf *out);
