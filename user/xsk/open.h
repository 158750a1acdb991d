// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "attach.h"
#include "guard.h"
#include "host.h"
#include "iface.h"
#include "queue.h"
#include "xsk.h"

#include <abi/steer.h>

struct xsk_device {
	struct weir_device *device;
	struct xsk_iface iface;
	struct xsk_program program;
	struct xsk_host host;
	struct xsk_queue *queues;
	unsigned n_queues;
	unsigned first_socket; // of its queues in the map of sockets
	unsigned ring_size;
	bool zc;
	int zc_error; // why not
	int promisc_fd;
	bool has_more_queues; // than it had at the start, which was said
};

struct weir_xsk {
	struct weir_pool pool;
	struct xsk_umem zc, copy;
	struct xsk_guard guard;
	struct xsk_device *devices;
	unsigned n;
	int sockets_fd;		  // XSKMAP of the queues of all interfaces, one after the other
	int steer_fd;		  // how the interfaces choose among them, by their number
	struct weir_steer *steer; // the same, mapped
	int front_fd;		  // first elements behind the interfaces, by their number
	struct weir_xsk_options opt;
	char *report;
};

// Opens the sockets of an interface whose program is attached, in the mode that was asked for.
int xsk_device_bind(struct weir_xsk *x, struct xsk_device *d, struct weir_err *err);
int xsk_device_bind_copy(struct weir_xsk *x, struct xsk_device *d, struct weir_err *err);
void xsk_device_unbind(struct weir_xsk *x, struct xsk_device *d);

// Makes the table of steering, once each interface knows its first socket: one socket for each
// queue. 0 or -errno; close takes what is half open too.
int xsk_steer_open(struct weir_xsk *x);
void xsk_steer_close(struct weir_xsk *x);
