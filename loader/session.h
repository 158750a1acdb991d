// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// A router from its text to running and back: parse, check, open devices, make the engine; and
// everything undone in reverse, whatever was reached. `run` and `click` both stand on this.

#include <engine.h>

struct session_options {
	const char *file; // "-": standard input; NULL: see text
	const char *text; // configuration given on the command line
	const struct lang_define *defines;
	unsigned n_defines;
	struct weir_engine_options engine; // pool is filled in by session_open
	const char *name;		   // of the router: state and socket are found under it
};

// owner: main thread. Zero-initialised is closed.
struct session {
	struct weir_router *router;
	struct weir_engine *engine;
	struct weir_pool pool;
	struct xsk *xsk;  // NULL: no devices
	char *report;	  // what was opened, a line per device; malloc'd
	uint64_t started; // CLOCK_MONOTONIC ns
};

// Parses and checks only; nothing on the system is touched. 0 or -errno with all errors in err.
int session_check(struct session *s, const struct session_options *opt, struct weir_err *err);

// After session_check: opens devices and files, makes the engine. On failure everything that was
// opened is closed again, and s is as after session_check.
int session_open(struct session *s, const struct session_options *opt, struct weir_err *err);

// Ends everything; s is closed again.
void session_close(struct session *s);
