// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// A router on interfaces in memory, with some workers.

#include "wires.h"

#include <cpus.h>

struct setup {
	struct weir_router *router;
	struct weir_engine *engine;
	struct wires wires;
	struct weir_pool *pool; // theirs
	struct weir_threads threads;
	struct weir_worker_cpu *cpus; // by worker
};

// Ends the program if that fails. owner of the text: the caller.
void setup_open(struct setup *s, const char *text, unsigned n_workers, unsigned burst);
void setup_close(struct setup *s);

// In between, `urgent' threads come before all else on their CPUs, if that is permitted, and who
// calls this before them. Two workers that wait for each other measure nothing when one loses its
// CPU. Not for longer than some 100 ms.
void setup_urgent_begin(void);
void setup_urgent(pthread_t thread);
void setup_urgent_end(void);

// The workers run on threads of their own, each on a CPU, urgently.
void setup_start(struct setup *s);
void setup_stop(struct setup *s);
// The workers take turns on this thread until nothing is left to do.
void setup_drain(struct setup *s);

// Packets that the workers send in so many ms, after they ran for some. *ns: how long it was.
uint64_t setup_measure(struct setup *s, long warm_ms, long ms, uint64_t *ns);
void setup_sleep(long ms);

// Packets that were sent, by all workers.
uint64_t setup_sent(const struct setup *s);
// Ends the program if a packet went lost, or another way.
void setup_check(struct setup *s);
