// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// A router from its text to running and back: parse, check, open devices, make the engine; and
// everything undone in reverse, whatever was reached. `run` and `click` both stand on this.

#include <balance.h>
#include <cpus.h>
#include <engine.h>
#include <front.h>
#include <pins.h>

// What is asked of the half in the driver. Zero-initialised: nothing runs there.
struct session_front {
	bool on;
	bool keep;  // it stays in the driver when the process ends
	bool alone; // and there is no userspace: only session_load
	bool gone;  // what becomes of packets to userspace was said
	const char *const *driver, *const *userspace; // wishes: names ended by NULL; NULL: none
	struct weir_front_options opt;
};

struct session_options {
	const char *file; // "-": standard input; NULL: see text
	const char *text; // configuration given on the command line
	const struct lang_define *defines;
	unsigned n_defines;
	const char *const *folders; // of elements beside weir's own; ended by NULL; NULL: none
	struct weir_engine_options engine; // its pool is filled in by session_open
	bool pin;			   // workers are pinned to CPUs
	const char *cpus;		   // which; NULL: those that this process may use
	bool balance;			   // flows move from worker to worker as the load is
	bool lenient_pins;		   // a task of a worker that is not there is worker 0's
	struct session_front front;
	const char *name; // of the router; NULL: it has nothing to do with what is kept
};

// owner: main thread. Zero-initialised is closed.
struct session {
	struct weir_router *router;
	struct weir_engine *engine;
	struct weir_xsk *xsk;	      // NULL: no devices
	struct weir_worker_cpu *cpus; // by worker; NULL: they are not pinned
	struct weir_threads threads;
	struct weir_balance *balance; // NULL: flows stay where they are
	struct weir_plan plan;
	struct weir_front *front; // NULL: everything runs in userspace
	struct weir_pins *pins;	  // NULL: nothing is kept, or to be kept
	struct weir_kept *kept;	  // of session_look
	bool keep;
	const char *const *folders; // as in the options
	uint64_t since;		    // when the counters began, in seconds since 1970; 0: unknown
};

// Parses and checks only; nothing on the system is touched. 0 or -errno with all errors in err.
int session_check(struct session *s, const struct session_options *opt, struct weir_err *err);

// After session_check: says which workers do what (s->threads). Touches nothing. 0 or -errno.
int session_threads(struct session *s, const struct session_options *opt, struct weir_err *err);

// After session_check: initialises elements, opens devices, makes the engine. On failure whatever
// was opened is closed again by session_close. 0 or -errno with the reasons in err.
int session_open(struct session *s, const struct session_options *opt, struct weir_err *err);

// After session_open, when nothing can fail any more: takes the place of what was kept under the
// name, and keeps the router if that was asked for. 0 or -errno.
int session_settle(struct session *s, struct weir_err *err);

// After session_check: puts a router that needs no userspace into the driver, where it stays. 0 or
// -errno with all reasons in err.
int session_load(struct session *s, const struct session_options *opt, struct weir_err *err);

// A router that is in the driver without a process, to be read only: what is there of its counters
// and state, under its configuration. 0 or -errno with the reason in err.
int session_look(struct session *s, const char *name, struct weir_err *err);
// A handler of such a router, `stats' among them. 0 or -errno with the reason in err.
int session_read_kept(const char *name, const char *handler, const char *param,
		      struct weir_buf *out, struct weir_err *err);

// Ends everything; s is closed again.
void session_close(struct session *s);

// What every element saw, what the rings of the devices count, and the ledger, as a table.
void session_stats(const struct session *s, struct weir_buf *out);

// What reached an element's inputs, from the outputs that lead there.
struct weir_count session_came_in(const struct weir_element *e);

// When the counters began, in seconds since 1970.
void session_since(const struct session *s, struct weir_buf *out);

// Interfaces, elements in the driver and packets received: a line of `weir status' without its
// beginning.
void session_status(const struct session *s, struct weir_buf *out);
void session_status_line(struct weir_buf *out, const char *interfaces, unsigned elements,
			 uint64_t packets);

// The ledger over devices and graph: zero when everything that was received is accounted for.
// Packets in flight count as missing.
int64_t session_ledger(const struct session *s, struct weir_ledger *l);
