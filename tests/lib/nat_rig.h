// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// NAT44 in a router of its own, for tests: packets are pushed as text, time is simulated, and the
// workers stand still but when they are run.

#include <engine.h>
#include <nat/nat44.h>
#include <pkt.h>
#include <threads.h>

enum { RIG_IN, RIG_OUT, RIG_LOST = -1 };
enum { RIG_SECOND = 1000000000 };

struct nat_rig {
	struct weir_router *router;
	struct weir_engine *engine;
	struct weir_element *nat;
	struct weir_threads threads;
	struct weir_err err;
	unsigned n_workers, n_out;
};

// Ends the test where it cannot.
void nat_rig_open(struct nat_rig *g, const char *args, unsigned n_workers);
// The same of another class, `nat` too.
void nat_rig_open_class(struct nat_rig *g, const char *class, unsigned n_out, const char *args,
			unsigned n_workers);
void nat_rig_close(struct nat_rig *g);
// Packets, on some worker, by an input; then all workers run until none has anything to do.
void nat_rig_push(struct nat_rig *g, unsigned worker, unsigned side, const char *text);
// The next packet that came out, and by which output; NULL and RIG_LOST: none.
struct packet *nat_rig_pull(struct nat_rig *g, int *out);
void nat_rig_end(struct nat_rig *g, struct packet *p);
void nat_rig_pass(struct nat_rig *g, uint64_t ns);
