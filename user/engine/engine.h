// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Workers that run the graph. Each worker has its own node for every element, its own buffers,
// timers and counters; nothing in the packet path is shared. Control (handlers, reports) looks at
// workers only while all of them stand at a safe point, between two rounds.

#include <half.h>
#include <pool.h>
#include <pthread.h>
#include <stdatomic.h>
#include <threads.h>

struct weir_engine_options {
	unsigned n_workers; // 0: 1
	unsigned burst; // packets per batch, at most WEIR_BATCH_MAX; 1: depth first, Click's order
	const struct weir_worker_cpu *cpus; // by worker: it is pinned there; NULL: none is
	bool simtime;	   // time stands still while there is work and jumps when there is none
	uint64_t simstart; // wall clock at which simulated time begins, ns
	struct weir_pool *const *pools; // buffers, for all workers; none: all packets on the heap
	unsigned n_pools;
	uint32_t seed; // of weir_random
	bool bare;     // the elements are not started: only for reading what the driver's half has
};

struct weir_upstream {
	struct weir_node *node;
	unsigned port;
	struct weir_edge *edge;
};

struct weir_watch {
	int fd;
	struct weir_node *node;
	void (*fn)(struct weir_node *n, int fd);
	struct weir_watch *next;
};

// What others leave for a node of this worker.
struct weir_inbox {
	bool (*ready)(const void *arg);
	const void *arg;
};

// owner: its thread, except where a field says otherwise.
struct weir_worker {
	struct weir_engine *engine;
	unsigned id;
	uint64_t now; // monotonic, ns; read once a round
	bool depth_first;

	struct weir_input **order; // inputs in topological order
	unsigned n_order;
	uint64_t *ready; // bitmap over order
	bool any_ready;
	bool has_more;		      // a pull gave up although there may be more: no time to sleep
	unsigned depth;		      // inputs that run within each other
	unsigned backs;		      // back edges that may be taken until the outermost is done
	struct weir_input free_input; // where lost packets go
	struct weir_node free_node;
	struct batch **spare; // empty batches
	unsigned n_spare, spare_cap;

	struct weir_node **tasks;
	unsigned n_tasks;
	struct weir_timer **heap; // from 1, by time
	unsigned n_heap, heap_cap;
	struct weir_queue **flush; // queues to flush after this round
	unsigned n_flush, flush_cap;
	uint64_t flush_at; // not before; 0: something was added
	unsigned stuck;	   // flushes in a row that left something

	struct weir_cache *cache; // NULL: all packets on the heap
	struct packet *heap_free; // heap packets of the common size, for reuse
	unsigned n_heap_free;

	int epoll_fd, wake_fd;
	struct weir_watch *watches; // served by a function; in the epoll instance
	struct pollfd *sleep;	    // [0]: the epoll instance; the others only end the sleep
	unsigned n_sleep;	    // without [0]
	uint64_t hushed_until;	    // some of them are left alone, having an error; 0: none
	struct weir_inbox *inboxes;
	unsigned n_inboxes;
	atomic_bool asleep;	// or about to be: whoever leaves something wakes it. readers: all
	struct weir_bell *rung; // atomic; writers: all that ring, and it takes the whole list
	unsigned busy_rounds;	// since fds were last looked at
	unsigned awake;		// of its nodes, how many want no sleep
	uint64_t rounds, idle_rounds;
	// Nanoseconds of rounds in which there was something to do. readers: control
	atomic_uint_least64_t busy_ns;
	bool did; // the last round was one
	uint32_t random;

	struct weir_node *nodes; // by element index
	pthread_t thread;
	bool started;
};

struct weir_engine {
	struct weir_router *router;
	struct weir_engine_options opt;
	struct weir_worker *workers;
	atomic_bool stop;

	// Safe point. guarded by lock: n_parked, n_running; `park` is also read without it.
	pthread_mutex_t lock, world;
	pthread_mutex_t alone; // of who is in an element that takes one worker at a time
	pthread_cond_t parked, go;
	atomic_uint park;
	unsigned n_parked, n_running;

	const struct weir_half_ops *half; // NULL: all runs here
	void *half_arg;

	int64_t sim_offset;   // simulated minus real monotonic time
	uint64_t wall_offset; // wall minus monotonic
};

// Makes workers and nodes, runs init_node of every element. The router must be initialised.
int weir_engine_open(struct weir_engine **out, struct weir_router *r,
		     const struct weir_engine_options *opt, struct weir_err *err);
// Either: worker 0 runs on the calling thread until weir_stop or weir_engine_stop ...
void weir_engine_run(struct weir_engine *g);
// ... or all workers run on threads of their own. 0 or -errno; join also after a failure.
int weir_engine_start(struct weir_engine *g);
void weir_engine_join(struct weir_engine *g);
void weir_engine_stop(struct weir_engine *g); // from any thread or signal handler
// Gives back every packet that nodes hold (they count as drops of `shutdown`), then frees.
void weir_engine_close(struct weir_engine *g);

// Brings all workers to a safe point, and lets them go again. Nests within one thread; a worker may
// call it from a watch or a timer of its own.
void weir_world_stop(struct weir_engine *g);
void weir_world_go(struct weir_engine *g);

// One round of worker 0, for tests and benchmarks; true if anything was done.
bool weir_worker_round(struct weir_worker *w);
// Runs rounds until nothing is left to do.
void weir_worker_drain(struct weir_worker *w);

// --- within the engine ---
void weir_run_input(struct weir_worker *w, struct weir_input *in, struct batch *b);
void weir_run_ready(struct weir_worker *w);
unsigned weir_pull_by_push(struct weir_node *n, unsigned port, struct packet **v, unsigned max);
struct batch *weir_spare_get(struct weir_worker *w);
void weir_spare_put(struct weir_worker *w, struct batch *b);
void weir_recycle(struct weir_worker *w, struct packet *const *v, unsigned n);
void weir_heap_drain(struct weir_worker *w);
void weir_timers_run(struct weir_worker *w);
uint64_t weir_timers_next(const struct weir_worker *w); // UINT64_MAX: none
uint64_t weir_clock_ns(const struct weir_engine *g);
int weir_worker_open(struct weir_worker *w, struct weir_engine *g, unsigned id);
void weir_worker_close(struct weir_worker *w);
void weir_worker_wake(struct weir_worker *w);
int weir_watch_open(struct weir_worker *w);
void weir_watch_close(struct weir_worker *w);
// Waits at most timeout ms for fds and serves those that are readable.
void weir_watch_look(struct weir_worker *w, int timeout);
// The same for a worker that has nothing to do, unless there is something in an inbox.
void weir_watch_sleep(struct weir_worker *w, int timeout);
// Calls what was rung for.
void weir_bells_run(struct weir_worker *w);

// --- the ledger: what came in is somewhere ---
// made = ended + held + dropped, when nothing is in flight.
struct weir_ledger {
	uint64_t made, ended, held, dropped, made_bytes, ended_bytes, dropped_bytes;
};
void weir_ledger(struct weir_engine *g, struct weir_ledger *l); // the world stands still
// Calls fn for each drop reason that has lost packets: "instance.reason".
void weir_each_drop(struct weir_engine *g,
		    void (*fn)(void *arg, const char *name, uint64_t packets, uint64_t bytes),
		    void *arg);
