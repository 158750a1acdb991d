// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "attach.h"
#include "guard.h"
#include "host.h"
#include "iface.h"
#include "queue.h"
#include "steer.h"
#include "xsk.h"

#include <stdio.h>

enum { XSK_ETH_VLAN = 14 + 2 * 4 }; // link header with two tags

// Buffers on one NUMA node, as the kernel has them.
struct xsk_memory {
	struct weir_pool_want want;
	struct weir_pool pool;
	struct xsk_umem zc, copy;
};

struct xsk_device {
	struct weir_device *device;
	struct xsk_memory *memory; // its buffers
	struct xsk_iface iface;
	struct xsk_program program;
	struct xsk_host host;
	struct xsk_queue *queues;
	unsigned n_queues, n_rx, n_tx; // in all, received from, sent on
	unsigned first_socket;	       // of its queues in the map of sockets
	// RX rings of a queue: one for each class in each column (see abi/steer.h).
	unsigned n_columns, n_classes;
	const char *class_names[WEIR_XSK_CLASSES];
	unsigned ring_size;	      // of TX rings
	unsigned rx_size, class_size; // of RX rings, of class 0 and of the others
	struct xsk_handover *handovers;
	unsigned n_handovers;
	unsigned number; // of the interface in the tables below
	const struct xsk_steer *steering;
	struct weir_steer *steer; // its table
	struct xsk_park *parks;	  // by column; NULL: its packets stay where they are
	uint32_t tx_mark;	  // where a move waits for, of what sends for the old worker
	bool tx_mark_in_handover;
	bool zc;
	int zc_error; // why not
	int promisc_fd;
	bool has_more_queues; // than it had at the start, which was said
};

struct weir_xsk {
	struct xsk_memory *memory; // by node
	struct weir_pool **pools;  // the same
	unsigned n_memory;
	struct xsk_guard guard;
	struct xsk_device *devices;
	unsigned n;
	int sockets_fd;		// XSKMAP of the queues of all interfaces, one after the other
	struct xsk_steer steer; // how the interfaces choose among them, by their number
	int front_fd;		// first elements behind the interfaces, by their number
	struct weir_xsk_options opt;
	char *report;
};

// Opens the buffers, once it is known how many each interface has need of. 0 or -errno; close takes
// what is half open too.
int xsk_memory_open(struct weir_xsk *x, struct weir_err *err);
void xsk_memory_close(struct weir_xsk *x);
void xsk_memory_print(FILE *f, const struct weir_xsk *x);

// Decides how many queues, RX rings and buffers an interface has, and makes room for them, once it
// is set up. 0 or -ENOMEM.
// The least that the kernel takes for so many entries.
unsigned xsk_ring_size(unsigned n);
int xsk_device_lay_out(struct weir_xsk *x, struct xsk_device *d);
void xsk_device_free(struct xsk_device *d);
// Buffers that its rings hold.
unsigned xsk_device_buffers(const struct xsk_device *d);
// Says which worker has which of its queues.
int xsk_device_show(const struct weir_xsk *x, struct xsk_device *d);
// What each queue begins with. copy: its sockets are to copy.
void xsk_queue_begin(struct xsk_device *d, unsigned queue, bool copy);

// Opens the sockets of an interface whose program is attached, in the mode that was asked for.
int xsk_device_bind(struct xsk_device *d, struct weir_err *err);
int xsk_device_bind_copy(struct xsk_device *d, struct weir_err *err);
void xsk_device_unbind(struct xsk_device *d);

// Where packets of flows that move to a worker wait. 0 or -ENOMEM.
int xsk_parks_open(struct xsk_device *d);
void xsk_parks_close(struct xsk_device *d);
// How its packets are moved from worker to worker (user/engine/move.h).
extern const struct weir_move_ops xsk_move_ops;
