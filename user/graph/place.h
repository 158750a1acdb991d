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
	// Is any queue of this interface bound in zero-copy mode, so that sending from the driver
	// what it received copies?
	bool (*zero_copy)(void *arg, const struct weir_device *d);
	// What the user asked for on the command line: names of elements or of compounds.
	const char *const *driver, *const *userspace; // ended by NULL
};

struct weir_placed {
	enum weir_side side;
	unsigned depth; // programs from the entry to this one, on the longest way; in the driver
	char *object;	// file; in the driver. NULL: it is the entry program (FromDevice)
	char *why;	// why it stays in userspace, one line; NULL in the driver
	// which of its packets its program hands to userspace, as its class says; NULL: none
	const char *hands;
};

// A connection that leaves the driver half.
struct weir_crossing {
	const struct weir_connection *connection;
	// the reason of where it leads to, or "leads back", "input 1" or "too deep"; the plan's
	const char *why;
};

struct weir_plan {
	struct weir_router *router;
	const struct weir_threads *threads; // to be shown too; NULL: they are not known
	struct weir_placed *placed;	    // by element index
	struct weir_crossing *crossings;
	unsigned n_crossings;
	unsigned n_driver; // elements in the driver, FromDevices among them
	unsigned longest;  // tail calls on the longest way, with the one that leaves the driver

	// For weir_plan_withdraw.
	unsigned *order, n_order; // what could be in the driver, each behind all that it leads to
	bool *back;		  // by connection: it leads back
};

enum {
	WEIR_TAIL_CALLS = 33, // the kernel's limit
	// of programs behind the entry: what leaves the driver behind the last one is one more
	WEIR_DEPTH_MAX = WEIR_TAIL_CALLS - 1,
};

// 0 or -errno (unknown names among the user's wishes, or one that cannot be met, are errors).
int weir_place(struct weir_plan *plan, struct weir_router *r, const struct weir_place_options *opt,
	       struct weir_err *err);
void weir_plan_free(struct weir_plan *plan);
// Is its program that of the interface (FromDevice)?
bool weir_is_entry(const struct weir_element *e);
// Does a connection lead from one program to the next? Else packets on it are userspace's.
bool weir_plan_is_inside(const struct weir_plan *plan, const struct weir_connection *c);
// The interface that an element names by its DEVNAME, or NULL.
struct weir_device *weir_device_of(const struct weir_element *e);
// An element stays in userspace after all: the verifier refused it. Its successors that only it
// reached follow.
int weir_plan_withdraw(struct weir_plan *plan, const struct weir_element *e, const char *why);

// The plan as text for people, JSON for programs, DOT for drawing.
void weir_plan_text(const struct weir_plan *plan, struct weir_buf *out);
void weir_plan_json(const struct weir_plan *plan, struct weir_buf *out);
void weir_plan_dot(const struct weir_plan *plan, struct weir_buf *out);
