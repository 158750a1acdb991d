// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What KernelNeighbors knows of its interface and the neighbours there.

#include <weir/kernel.h>

#include "neighbors.h"

enum { KERNEL_BROADCASTS = 32 }; // addresses of one interface that are heeded

// The follower's thread writes what the kernel says here, under the lock, and calls workers; the
// home of the element writes it into the table of the driver's half, as only workers may.
struct kernel_hub {
	struct neighbor_log log;
	struct neighbor_table known;   // guarded by the log's lock
	struct weir_workers listening; // have an open bell; guarded by the log's lock
	struct weir_node *nodes[WEIR_WORKERS_MAX];
	be32 broadcast[KERNEL_BROADCASTS]; // that are in `known`; owner: home, before that init
	unsigned n_broadcast;
};

struct kernel_neighbors {
	struct neighbors core; // core.log is a kernel_hub
	struct weir_element *routes;
	char *device;
	struct weir_kernel *kernel;
	struct weir_area source; // uint64_t: our Ethernet address, for the driver's half
};

struct kernel_neighbors_state {
	struct neighbors_state core;
	struct weir_timer fresh; // of home, as the rest
	int fd;			 // messages of the kernel about interfaces; 0: not open
};

static inline struct kernel_hub *kernel_hub(const struct kernel_neighbors *self)
{
	return (struct kernel_hub *)self->core.log;
}

// What the kernel says of a neighbour; by the follower's thread. arg: a kernel_neighbors.
void kernel_neighbors_hear(void *arg, const struct weir_neighbor_news *news);
// The kernel said something; the hub knows it already. Under the lock.
void kernel_neighbors_tell(struct kernel_hub *hub, const struct neighbor_news *news);

// Reads the interface's Ethernet address and its broadcast addresses. If there is no such
// interface, what was known stays.
void kernel_device_look(const struct kernel_neighbors *self);
// A socket that is readable when it may have changed, or -errno.
int kernel_device_open(void);
// Takes the messages.
void kernel_device_drain(int fd);
