// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Interfaces in memory, for benchmarks: each worker receives packets as long as its wire has some
// to give, and what it sends is gone. The packets are UDP with random destinations below the
// prefixes of a table.

#include <device.h>
#include <engine.h>

// All interfaces, as one worker has them. owner: that worker, and others while it stands still.
struct wire {
	struct weir_queue base;
	struct weir_cache *cache;
	uint64_t left; // packets to give
	uint64_t given;
	uint64_t sent; // readers: other threads
	unsigned next; // destination
	// No more than `window` packets may be on their way to the worker that sends them.
	// NULL: any number.
	const struct wire *sender;
	uint64_t seen_sent;
} __attribute__((aligned(128)));

struct wires {
	unsigned n; // workers
	struct wire *wire;
	struct weir_device_worker *workers;
	struct weir_queue **rx;
	struct weir_pool pool;
};

enum { WIRES_WINDOW = 512 };

// Gives every interface of the router a wire for each worker, with buffers for all. 0 or -errno.
int wires_open(struct wires *w, struct weir_router *r, unsigned n_workers, struct weir_err *err);
void wires_close(struct wires *w);

static inline uint64_t wire_sent(const struct wire *w)
{
	return __atomic_load_n(&w->sent, __ATOMIC_RELAXED);
}

// The packets: UDP in frames of 60 bytes, TTL 64.
enum { WIRES_PACKET = 60 };
extern const uint8_t wires_headers[WIRES_PACKET];
struct wires_destination {
	uint32_t address; // network byte order
	uint16_t sum;	  // of the IP header with it
};
extern struct wires_destination *wires_destinations;
extern unsigned wires_n_destinations;

// Makes the destinations, below the prefixes of a table like the Internet's, which it returns:
// "PREFIX OUTPUT, ..." over n_out outputs. owner of the text: the caller.
struct weir_buf wires_routes(unsigned n_prefixes, unsigned n_out);

// Bytes of a packet of that length to the i-th destination.
static inline void wires_write(uint8_t *data, unsigned i)
{
	const struct wires_destination *d = &wires_destinations[i];

	memcpy(data, wires_headers, WIRES_PACKET);
	memcpy(data + 24, &d->sum, sizeof(d->sum));
	memcpy(data + 30, &d->address, sizeof(d->address));
}

// The same of IPv6: frames of 62 bytes to the destinations that wires_routes6 makes.
enum { WIRES_PACKET6 = 62 };
struct weir_buf wires_routes6(unsigned n_prefixes);
void wires_write6(uint8_t *data, unsigned i);

// The elements from a Classifier `c' to a lookup `rt', and from there to an interface.
extern const char wires_head[], wires_tail[];
extern const char wires_head6[], wires_tail6[];
