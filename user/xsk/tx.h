// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The sending side of a queue. Its TX ring has one writer; other workers hand their packets over to
// that one, by a ring each.

#include <weir/ring.h>

#include <device.h>
#include <pool.h>
#include <ring.h>

struct xsk_handover;

// A TX ring never holds more buffers than its size, from tx until they come back by the completion
// ring. owner: one worker.
struct xsk_tx {
	struct weir_queue base;
	struct xsk_ring ring, comp;
	int fd;
	unsigned worker;
	const struct weir_pool *pool;
	struct weir_cache *cache; // of the worker
	unsigned in_flight;	  // handed to the TX ring and not back yet
	bool zc, busy_poll;
	struct xsk_handover *from; // other workers
	unsigned n_from, next;	   // next: whose turn it is

	struct xsk_tx_count {
		uint64_t packets;     // that came back, so the kernel is done with them
		uint64_t bytes;	      // handed to the TX ring
		uint64_t handed_over; // packets that came from other workers
		uint64_t copied;      // packets that had to be moved into a buffer to be sent
		uint64_t copied_numa; // of these, from one of another node
		uint64_t no_buffer;   // of those, lost for want of one
		uint64_t invalid;     // packets that no descriptor can describe
	} count;
	// It had no room for what others handed over. writer: its worker, in the relay; read where
	// that is about to sleep, too.
	bool stuck;
};

// Where a worker leaves its packets for a TX ring of another one. owner: the worker that leaves
// them; `ring` says what is whose in it.
struct xsk_handover {
	struct weir_queue base; // its index is that of the TX ring's queue
	unsigned from, to;	// workers
	bool news;		// since the last flush
	struct weir_ring ring;
};

extern const struct weir_queue_ops xsk_tx_ops;
extern const struct weir_queue_ops xsk_relay_ops; // of a TX ring that others hand packets over to
extern const struct weir_queue_ops xsk_handover_ops;

// Packets that wait to be taken by the TX ring's worker.
unsigned xsk_tx_waiting(const struct xsk_tx *q);
// Frees what waits. When the workers have ended.
void xsk_handover_close(struct xsk_handover *h);
