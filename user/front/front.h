// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The driver half: loads what the plan puts into the driver, joins it, switches it on, and tells
// what it counted. owner: control thread.

#include <engine.h>
#include <half.h>
#include <place.h>
#include <xsk.h>

struct weir_front;

struct weir_front_options {
	bool gone_drop;	  // where no worker listens, packets are lost instead of the host's
	unsigned beat_ms; // without a sign of life for so long, nobody listens; 0: not looked at
	bool no_compile;  // the paths stay in parts, one program for each element
};

// Loads every program of the plan and switches the front on. A program that the verifier refuses is
// withdrawn from the plan with its reason, and its element stays in userspace. On failure the
// router runs in userspace alone. 0 or -errno.
int weir_front_open(struct weir_front **out, struct weir_plan *plan, struct weir_xsk *x,
		    const struct weir_front_options *opt, struct weir_err *err);
// Switches the front off; packets go to the sockets again.
void weir_front_close(struct weir_front *f);

// From here on the elements follow what interfaces become able and unable to do. After
// weir_engine_open, and before the workers run.
void weir_front_watch(struct weir_front *f, struct weir_engine *g);

// Makes one program of each path behind an interface, and waits for it. While it is watched the
// router does so by itself, when it begins and after each change.
void weir_front_compile(struct weir_front *f);

// The router's programs have the packets from now on: from here on its interfaces' own statistics
// tell what they did not take.
void weir_front_begin(struct weir_front *f);
// When that was, in seconds since 1970.
uint64_t weir_front_since(const struct weir_front *f);

// Does an element in the driver send on an interface of this network namespace that does not send
// what a driver redirects to it? Then the interface's name, else NULL.
const char *weir_front_deaf(const struct weir_front *f, const struct weir_element *e);

// The driver's half for the engine, with the front as its arg.
extern const struct weir_half_ops weir_front_half;

// A sign of life, every few beats of beat_ms.
void weir_front_beat(struct weir_front *f);

// For the `object` question of placement: the file of a class, below one of the folders that were
// given, or below those of the running program. Both results are valid until the next call.
const char *weir_front_object(void *, const struct weir_class *c, const char **why);
