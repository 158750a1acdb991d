// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The follower of the kernel: its sockets, its thread, and what it counts.

#include "messages.h"
#include "neighbors.h"
#include "netlink.h"

#include <pthread.h>
#include <stdatomic.h>

// A lock that two threads take in turns: who waits for it gets it next, however often the other
// comes back. (The follower has it most of the time while it reads a full table; a handler that
// waits for it has stopped the workers.)
struct kernel_lock {
	pthread_mutex_t turn, inner;
};
void kernel_lock(struct kernel_lock *l);
bool kernel_lock_soon(struct kernel_lock *l); // false: not within a tenth of a second
void kernel_unlock(struct kernel_lock *l);

// Messages that came while something was dumped; they are newer than what the dump says.
struct kernel_backlog {
	char *bytes;
	size_t len, cap;
};

// writer: the follower; guarded by count_lock.
struct kernel_counts {
	uint64_t messages, changes, malformed, refused, no_memory;
	uint64_t strange; // datagrams that were malformed, cut off, or not the kernel's
	uint64_t overruns, resyncs, reconciled; // reconciled: parts read again, for doubts
	uint64_t repeated;			// dumps that were inconsistent, and made once more
	uint64_t failed;			// dumps that ended in an error
	int error;				// of the last of those
	uint64_t alarms;			// how often a table came to its limit
	uint64_t batches, busy_ns;		// of messages; their CPU time, dumps left out
	uint64_t latency_last, latency_most;	// ns, from receiving a batch to its publication
	uint64_t dump_ns;			// what the last whole resync took
	uint64_t dumped;			// when it ended, ns since 1970
	uint64_t moves;				// of memory
	bool alarm[2];				// IPv4, IPv6: routes are missing, for the limit
	uint64_t neighbors, neighbors_refused, asked;
	struct rib_counts rib;
};

struct kernel_moved {
	void (*ahead)(void *arg);
	void (*fn)(void *arg);
	void *arg;
};

struct weir_kernel {
	char **devices;
	unsigned n_devices;
	size_t rcvbuf;
	struct weir_router *router; // NULL: memory is moved at once
	bool started;

	struct kernel_lock lock;
	struct rib *rib; // guarded by lock; changed by the follower only
	pthread_mutex_t count_lock;
	struct kernel_counts told; // as of the last batch; guarded by count_lock

	// owner: the follower's thread, from the start on
	struct kernel_counts counts;
	struct kernel_socket news, near, asker; // near: of neighbours; news: of all else
	struct kernel_inbox inbox;
	struct kernel_room *room;
	struct kernel_backlog backlog;
	bool overrun, near_overrun; // news are missing: all is to be read again
	unsigned doubts;     // enum rib_kind: to be read again, as not all may have been told
	bool deleted;	     // routes went since the last dump of them began
	unsigned patience;   // dumps in a row that made it doubt again
	uint64_t doubt_from; // ns
	uint64_t dump_until; // ns: when the last one ended
	uint64_t dump_took;  // ns
	uint64_t counted;    // ns: when the mirror was last looked through for told
	bool stale;	     // told lacks what the mirror has since
	uint32_t names;	     // that neighbours were told under

	struct kernel_neighbors neighbors;

	pthread_t thread;
	bool has_thread;
	atomic_bool waits; // for news, having published all that it read
	int wake;	   // eventfd: requests, new watches, the end
	atomic_bool stop;  // writer: who frees

	// Moving memory at a safe point.
	int move_fd; // eventfd: readable while it is asked for
	pthread_mutex_t move_lock;
	pthread_cond_t moved;
	bool move_asked;		 // guarded by move_lock
	uint64_t pause_last, pause_most; // ns that workers stood still for it. At safe points
	struct kernel_moved *on_move;	 // guarded by move_lock
	unsigned n_on_move;
};

uint64_t kernel_now(void); // monotonic, ns

// --- follow.c ---
// Opens the sockets and reads everything. 0 or -errno.
int kernel_open(struct weir_kernel *k);
void kernel_close(struct weir_kernel *k);
void *kernel_thread(void *k);

// --- resync.c ---
// Reads all that is of these kinds (enum rib_kind) again, and then takes in what came meanwhile. 0
// or -errno; then nothing has gone.
int kernel_resync(struct weir_kernel *k, unsigned kinds);
// The same for neighbours.
int kernel_resync_neighbors(struct weir_kernel *k);

// --- apply.c ---
// Takes one message of links, addresses, routes, next hops or rules into the mirror. Under the lock
void kernel_apply(struct weir_kernel *k, const struct nlmsghdr *m);
// News were lost.
void kernel_lost(struct weir_kernel *k);
// There may be changes of these kinds that the kernel does not tell of.
void kernel_doubt(struct weir_kernel *k, unsigned kinds);
// Brings what texts tell up to date.
void kernel_tell_counts(struct weir_kernel *k);
// Makes the views right. False: the follower is to end.
bool kernel_commit(struct weir_kernel *k);

// --- kernel.c ---
// Publishes what rib_commit moved, at a safe point. False: the follower is to end.
bool kernel_move_memory(struct weir_kernel *k);
