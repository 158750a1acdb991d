// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The kernel's neighbours, those who want to hear of them, and requests to find one out.

#include "messages.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	NEIGHBOR_ROWS = 1 << 14,
	NEIGHBORS_MOST = 1 << 18,
	REQUESTS = 1 << 10, // that wait at a time, a power of two
	RECENT = 1 << 12,   // requests that are remembered
	REQUEST_MS = 100,   // a neighbour is not asked for more often
	REQUESTS_A_MS = 10, // nor are more of them, in the long run
	REQUESTS_BURST = 1000,
};

struct kernel_neighbor {
	struct kernel_neighbor *next;
	uint32_t link;
	uint16_t nud;
	uint8_t family;
	bool told, said;       // the watchers know of it; the kernel said it again in this resync
	bool learned, managed; // as in kernel_neigh
	enum weir_neighbor_state state;
	uint8_t addr[16];
	uint8_t mac[6];
};

struct kernel_watch {
	char device[RIB_NAME];
	void (*fn)(void *arg, const struct weir_neighbor_news *news);
	void *arg;
	bool fresh; // has not heard of those that are known
};

// A neighbour that is asked for. `turn` says whose turn the place is (Vyukov's bounded queue):
// equal to the place's number, it may be written; one more, it may be read.
struct kernel_request {
	atomic_uint turn;
	uint16_t device;
	uint8_t family;
	uint8_t addr[16];
};

struct kernel_recent {
	uint64_t key, when;
};

struct kernel_neighbors {
	struct kernel_neighbor *
		*rows; // owner: the follower's thread; guarded by the lock for texts
	unsigned n;
	uint64_t refused; // more than NEIGHBORS_MOST

	pthread_mutex_t watch_lock; // held while a watch is added or looked through
	struct kernel_watch *watches;
	unsigned n_watches;
	atomic_bool fresh; // there is one that has not heard

	struct kernel_request queue[REQUESTS];
	atomic_uint put; // writers: any thread
	unsigned taken;	 // owner: the follower's thread
	atomic_bool rung;
	struct kernel_recent recent[RECENT];
	uint64_t tokens_at; // ns
	unsigned tokens;
	uint64_t asked;
	atomic_uint_least64_t lost; // requests for which there was no place
};

struct weir_kernel;
uint64_t kernel_neighbor_hash(uint32_t link, uint8_t family, const uint8_t addr[16]);
int kernel_neighbors_open(struct kernel_neighbors *n);
void kernel_neighbors_close(struct kernel_neighbors *n);

// All of these: by the follower's thread.
// What is known of the neighbour at that link and address; NULL: nothing.
const struct kernel_neighbor *kernel_neighbor_find(struct kernel_neighbors *n,
						   const struct kernel_neigh *m);
// A message about a neighbour; tells the watchers.
void kernel_neighbor(struct weir_kernel *k, const struct nlmsghdr *m);
// What is not said between these is gone.
void kernel_neighbors_resync_begin(struct weir_kernel *k);
void kernel_neighbors_resync_end(struct weir_kernel *k);
// Tells new watches what is known, and all of them of the names that came since.
void kernel_neighbors_settle(struct weir_kernel *k);
// Sends the requests that wait. Some may stay, for the next millisecond: true.
bool kernel_neighbors_ask(struct weir_kernel *k);
