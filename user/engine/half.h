// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The driver's half, as the engine sees it. Who runs elements in the driver tells here what they
// counted and what state they have, so that readers of counters, handlers and the ledger see one
// router. All functions are called while the workers stand at a safe point, or before they run.

#include <abi/front.h>
#include <graph.h>

struct weir_engine;

struct weir_half_ops {
	// Does a program stand for the element? For a FromDevice whose packets enter the front,
	// that is the entry program.
	bool (*runs)(void *arg, const struct weir_element *e);

	// The rest is asked only of elements of which runs says true.

	// Does the program hand over every packet for now? May be NULL: none does.
	bool (*hands_all)(void *arg, const struct weir_element *e);

	// Counters first to first + n - 1 of the element, in the order of abi/front.h, summed over
	// the CPUs. v is zero; what the program does not have is left so. Of FromDevice: what
	// entered the front, as its output 0, and nothing else.
	void (*counts)(void *arg, const struct weir_element *e, unsigned first,
		       struct weir_count *v, unsigned n);
	// Copies the state that the element has on a CPU: state_size bytes of its class. False:
	// there is none, or no such CPU (they are asked for from 0 on).
	bool (*state)(void *arg, const struct weir_element *e, unsigned cpu, void *buf);
	// Zeroes `size` bytes at `off` of the state on all CPUs. Packets that come meanwhile may
	// not be counted in the rest of it. May be NULL where no element has state.
	void (*reset_state)(void *arg, const struct weir_element *e, size_t off, size_t size);
	// e->self was changed: the program is to go on with the new arguments. 0, or -errno with a
	// message; then it goes on with the old ones.
	int (*changed)(void *arg, const struct weir_element *e, struct weir_err *err);

	// Packets that crossed to userspace and that no worker has taken out of the rings yet.
	uint64_t (*waiting)(void *arg);
	// Of what ended in the driver, packets that went to an interface which did not take them.
	// They are among the losses. May be NULL where nothing is sent.
	uint64_t (*not_taken)(void *arg);
	// Calls fn for what left the driver for userspace and did not get there, by name: lost in
	// the rings, or left to the host because no worker listened; and for what interfaces did
	// not take. Only for names that have any.
	void (*losses)(void *arg,
		       void (*fn)(void *fn_arg, const char *name, uint64_t packets, uint64_t bytes),
		       void *fn_arg);
};

// From here on there is a driver's half; ops NULL: no longer, and its counters are gone. While the
// workers stand at a safe point, or before they run.
void weir_engine_half(struct weir_engine *g, const struct weir_half_ops *ops, void *arg);

// --- for those who read ---

// Is its work done in the driver: all of it that is not handed over?
bool weir_half_runs(const struct weir_element *e);
// What was counted by edge i of an element's nodes (outputs, the framework's drop reasons, the
// class's), in both halves.
struct weir_count weir_edge_count(const struct weir_element *e, unsigned i);
// Zeroes a part of the state of the CPUs.
void weir_half_reset(const struct weir_element *e, size_t off, size_t size);
// To be called after e->self was changed. 0, or -errno with a message.
int weir_half_changed(const struct weir_element *e, struct weir_err *err);
