// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Thread analysis: which worker can be inside which element, and which calls its task (FastClick,
// Barbette et al. 2015, section 5.6; pins are SMP Click's). Tasks that receive are on every worker.
// The others have one home, and homes are dealt so that the stages of a pipeline, and sources, are
// on different workers. Touches nothing of the system.

#include <graph.h>
#include <queues.h>
#include <tags.h>

// Where a worker runs.
struct weir_worker_cpu {
	unsigned cpu, node; // NUMA node of the CPU
};

struct weir_threads_options {
	unsigned n_workers;		    // from 1 on
	const struct weir_worker_cpu *cpus; // by worker; NULL: they are not pinned to CPUs
	// How many queues an interface has when it is opened. False: nobody knows, take it for one.
	// NULL: nobody knows of any.
	bool (*queues)(void *arg, const struct weir_device *d, unsigned *n_rx, unsigned *n_tx);
	// The NUMA node that an interface is on; -1: not known. NULL: nobody knows of any.
	int (*node)(void *arg, const struct weir_device *d);
	// How an interface deals packets out to its queues, in words, malloc'd; NULL: it does not,
	// or nobody knows. NULL: nobody knows of any.
	char *(*rss)(void *arg, const struct weir_device *d);
	// What an interface does about VLAN tags. False: nobody knows. NULL: nobody knows of any.
	bool (*tags)(void *arg, const struct weir_device *d, struct weir_tag_offload *o);
	void *arg;
	bool balance; // packets are to be steered, so that flows can move between workers
	bool lenient; // a pin to a worker that is not there means worker 0, as in Click
};

struct weir_threads {
	const struct weir_router *router;
	struct weir_threads_options opt;
	const struct weir_pin **pin; // by element; NULL: not pinned
};

// Sets runs, tasks and home of every element and the plan of every interface. 0 or -errno with all
// mistakes in err. Can be called again.
int weir_threads(struct weir_threads *t, struct weir_router *r,
		 const struct weir_threads_options *opt, struct weir_err *err);
void weir_threads_free(struct weir_threads *t);

// "0-3,6"; "-" for none.
void weir_workers_print(const struct weir_workers *s, struct weir_buf *out);
// [0, 1, 2, 3, 6]
void weir_workers_json(const struct weir_workers *s, struct weir_buf *out);

// Parts of the plan: who works where, and the queues of each interface. The second adds members to
// an object.
void weir_threads_text(const struct weir_threads *t, struct weir_buf *out);
void weir_threads_json(const struct weir_threads *t, struct weir_buf *out);
