// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The receiving side of a queue: its fill ring, and the RX rings that are fed from it, one for each
// class of packets and each worker that takes them. Fill ring and RX rings may be different
// workers'. Who takes buffers out of an RX ring counts them, and the fill ring's owner puts as many
// back: so there are always as many on their way as all RX rings take and a ring more, and one that
// nobody empties does not starve the others.

#include <device.h>
#include <park.h>
#include <pool.h>
#include <ring.h>

enum { XSK_LINES = 128 }; // what workers write lies that far apart: processors fetch lines in pairs

// owner: one worker, except where a field says otherwise.
struct xsk_rx {
	struct weir_queue base; // its index is the queue's
	struct xsk_ring ring;
	const struct weir_pool *pool;
	struct weir_cache *cache; // of its worker
	struct xsk_fill *fill;
	bool owns_fill; // its worker is the fill ring's
	// Else: so many of its buffers may be taken that its owner does not know of.
	uint32_t credit;
	bool busy_poll;
	bool skip;  // within a frame of several buffers
	bool front; // frames may carry a block of the driver's half; stays once it is set
	uint16_t device;
	uint64_t mac;	       // of the interface, as the first 6 bytes of a frame read
	struct xsk_park *park; // of its worker; NULL: its packets stay where they are
	uint32_t mark;	       // where it was when a move began to wait for it. owner: control

	struct xsk_rx_count {
		uint64_t packets, bytes;
		uint64_t multi_buffer; // received frames of several buffers, which are lost
	} count;

	// Buffers taken in all, of a fill ring that is another worker's. writer: this worker,
	// reader: the fill ring's owner.
	_Alignas(XSK_LINES) uint32_t taken;
	// Of those, the ones that its owner knows of. writer: the fill ring's owner, reader: this
	// worker.
	_Alignas(XSK_LINES) uint32_t known;
};

// owner: one worker.
struct xsk_fill {
	struct xsk_ring ring;
	int fd; // of the first socket of the queue
	unsigned worker;
	const struct weir_pool *pool;
	struct weir_cache *cache; // of the worker
	unsigned supply;	  // buffers in the fill ring, in the driver and in the RX rings
	unsigned owed;		  // buffers that it is short of
	unsigned reserved;	  // of those, the ones that the cache keeps for it
	bool front;		  // as of the RX rings
	struct xsk_rx **others;	  // RX rings of other workers
	unsigned n_others;
};

// The first is for the RX ring that keeps the fill ring full: each call does.
extern const struct weir_queue_ops xsk_fill_ops;
extern const struct weir_queue_ops xsk_rx_ops;

// Forgets what may look like a block in front of where a frame begins in this buffer.
void xsk_forget(const struct weir_pool *pool, struct packet *p);
// Packets that wait in the RX ring and carry a block. While its worker stands still.
unsigned xsk_rx_resumed(struct xsk_rx *q);

// Fills the fill ring for the first time; before bind, because drivers look for buffers there when
// the socket is bound.
void xsk_fill_begin(struct xsk_fill *f);
// Takes back what xsk_fill_begin gave, for a socket that is closed right after.
void xsk_fill_undo(struct xsk_fill *f);
