// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Which workers receive from an interface and which send on it, queue by queue. Made by the thread
// analysis (threads.h) before the interface is opened; whoever opens it does what is said here.

#include <weir/device.h>
#include <weir/workers.h>

#include <abi/steer.h>

// Zero-initialised: worker 0 does all, on as many queues as there are.
struct weir_device_plan {
	unsigned n_rx, n_tx; // queues that are used; 0: as many as the interface has
	bool known;	     // these numbers are not a guess
	// Who receive. Queue q belongs to the worker at position q, modulo their number: it fills
	// the queue, and polls it unless packets are steered.
	struct weir_workers rx;
	// The queues do not give every worker of rx the packets that it should have: the entry
	// program deals them out, and each worker of rx has a socket on every queue, its column.
	bool steer;
	enum weir_key key; // what stays together then; without steering WEIR_KEY_NONE
	char why[96];	   // of `steer`, whatever it is, for people
	// Who send: they are inside a ToDevice, or relay for those who are. The first n_tx of
	// `owners`, which are part of tx, have a TX queue each, of their position there; the others
	// hand over to one of them. The task of a ToDevice of the interface is called on each
	// owner.
	struct weir_workers tx, owners;
};

// The worker that fills RX queue q.
unsigned weir_rx_owner(const struct weir_device_plan *p, unsigned queue);
// How many sockets that receive each queue has for a class, and which is the worker's: its position
// in rx. One and 0 where packets are not steered.
unsigned weir_rx_columns(const struct weir_device_plan *p);
unsigned weir_rx_column(const struct weir_device_plan *p, unsigned worker);

// The TX queues in use: no more than have an owner.
unsigned weir_tx_queues(const struct weir_device_plan *p);
// The only worker that writes to TX queue q.
unsigned weir_tx_owner(const struct weir_device_plan *p, unsigned queue);
// The queue by which packets of the worker leave. *is_own: it writes there itself; else it hands
// them over to weir_tx_owner of that queue.
unsigned weir_tx_queue(const struct weir_device_plan *p, unsigned worker, bool *is_own);

struct weir_device;
struct weir_device_plan *weir_device_plan(struct weir_device *d);
enum weir_device_steer weir_device_steer(const struct weir_device *d);
// Is the driver polled instead of waited for?
bool weir_device_busy_poll(const struct weir_device *d);
