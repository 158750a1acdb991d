// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Evens out the load of the workers: looks how busy they were and which flows came, and moves
// buckets of flows from the busiest worker to the idlest (user/engine/move.h). Packets per bucket
// are measured where they are steered, so what a full ring lost counts too.

#include <move.h>

// What is known of a while. owner: the caller.
struct weir_load {
	unsigned n_workers, n_devices;
	const double *busy; // by worker, 0 to 1
	const struct weir_balance_device {
		struct weir_device *device;
		struct weir_workers may; // workers that can have its buckets
		struct weir_bucket bucket[WEIR_BUCKETS];
	} * devices;
	double seconds; // that it took
};

struct weir_choice {
	struct weir_device *device;
	unsigned from, to, n;
	struct weir_buckets what;
};

// What to move. False: it is even enough, or no move makes it more even.
bool weir_balance_choose(const struct weir_load *l, struct weir_choice *c);

struct weir_balance;

// For an engine whose interfaces are open. -EOPNOTSUPP: nothing can be moved; err says why.
int weir_balance_open(struct weir_balance **out, struct weir_engine *g, struct weir_err *err);
void weir_balance_close(struct weir_balance *b);
// To be called by control every 50 ms or so; when it returns true, again in a millisecond.
bool weir_balance_tick(struct weir_balance *b);
// Has buckets moved at the next tick, whatever the load is. -EBUSY: another wish waits; -EINVAL:
// the interface's packets are not steered, or the worker does not receive from it.
int weir_balance_ask(struct weir_balance *b, struct weir_device *d, const struct weir_buckets *what,
		     unsigned to);
// What it sees and did, for people.
void weir_balance_show(struct weir_balance *b, struct weir_buf *out);
