// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <device.h>
#include <socket.h>

// One queue of an interface, with its socket. owner: one worker.
//
// A queue pair never holds more buffers than fill_size (receiving: in the fill ring, in the driver,
// in the RX ring) plus ring_size (sending: from tx until it comes back by the completion ring).
struct xsk_queue {
	struct weir_queue base;
	struct xsk_socket sock;
	struct weir_pool *pool;
	struct weir_cache *cache; // of its worker
	struct xsk_queue *via; // sends for this one, if that has no TX ring
	uint64_t mac;	       // of the interface, as the first 6 bytes of a frame read
	unsigned owed;	       // buffers that the fill ring is short of
	unsigned in_flight;    // handed to the TX ring and not back yet
	uint16_t device;
	bool zc, busy_poll;
	bool skip;  // within a frame of several buffers
	bool front; // frames may carry a block of the driver's half; stays once it is set

	struct xsk_queue_count {
		uint64_t rx_packets, rx_bytes;
		uint64_t tx_packets;   // that came back, so the kernel is done with them
		uint64_t tx_bytes;     // handed to the TX ring
		uint64_t multi_buffer; // received frames of several buffers, which are lost
		uint64_t tx_no_buffer; // heap packets lost for want of a buffer to send them from
		uint64_t tx_invalid;   // packets that no descriptor can describe
	} count;
};

extern const struct weir_queue_ops xsk_queue_ops;
// For a queue that only receives, where an interface has fewer queues for sending: `via` sends.
extern const struct weir_queue_ops xsk_queue_via_ops;

// Forgets what may look like a block in front of where a frame begins in this buffer.
void xsk_queue_forget(const struct weir_pool *pool, struct packet *p);
// Packets that wait in the RX ring and carry a block. While its worker stands still.
unsigned xsk_queue_resumed(struct xsk_queue *q);

// Fills the fill ring for the first time; before bind, because drivers look for buffers there when
// the socket is bound. The buffers are the pool's reserve.
void xsk_queue_fill(struct xsk_queue *q);
// Takes back what xsk_queue_fill gave, for a socket that is closed right after.
void xsk_queue_unfill(struct xsk_queue *q);
