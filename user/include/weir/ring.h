// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// A ring between two workers: one puts packets in, the other takes them out, in order, in batches,
// without a lock. Each end keeps what it last saw of the other's position and looks again only when
// that is not enough (B-Queue, Wang et al. 2013; FastForward, Giacomoni et al. 2008), so that a
// batch costs each side one line of the other's.
//
// Positions count up and wrap around. owner of the packets: the ring, from put to take.

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct packet;

// The padding keeps what one end writes out of the cache lines of the other; two lines, as
// processors fetch neighbours in pairs.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct weir_ring {
	struct packet **slot;
	uint32_t mask; // slots, a power of two, less one
	// writer: the end that puts
	_Alignas(128) uint32_t tail;
	uint32_t seen_head;
	// writer: the end that takes
	_Alignas(128) uint32_t head;
	uint32_t seen_tail;
};

// At least `capacity` places. 0 or -ENOMEM.
static inline int weir_ring_open(struct weir_ring *r, uint32_t capacity)
{
	uint32_t n = 1;

	while (n < capacity)
		n *= 2;
	*r = (struct weir_ring){.mask = n - 1};
	r->slot = calloc(n, sizeof(struct packet *));
	return r->slot ? 0 : -ENOMEM;
}

// The packets must have been taken out.
static inline void weir_ring_close(struct weir_ring *r)
{
	free(r->slot);
	r->slot = NULL;
}

// Packets in the ring, as seen from any thread.
static inline uint32_t weir_ring_length(const struct weir_ring *r)
{
	uint32_t head = __atomic_load_n(&r->head, __ATOMIC_ACQUIRE);

	return __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE) - head;
}

// Places that are free, at least `want` of them if there are so many. For the end that puts.
static inline uint32_t weir_ring_room(struct weir_ring *r, uint32_t want)
{
	uint32_t room = r->mask + 1 - (r->tail - r->seen_head);

	if (room >= want)
		return room;
	r->seen_head = __atomic_load_n(&r->head, __ATOMIC_ACQUIRE);
	return r->mask + 1 - (r->tail - r->seen_head);
}

// How many of v, from the front, the ring took. For the end that puts.
static inline uint32_t weir_ring_put(struct weir_ring *r, struct packet *const *v, uint32_t n)
{
	uint32_t room = weir_ring_room(r, n), at = r->tail & r->mask, first;

	if (n > room)
		n = room;
	first = r->mask + 1 - at < n ? r->mask + 1 - at : n;
	memcpy(r->slot + at, v, first * sizeof(*v));
	memcpy(r->slot, v + first, (n - first) * sizeof(*v));
	__atomic_store_n(&r->tail, r->tail + n, __ATOMIC_RELEASE);
	return n;
}

// Up to max packets into v; their number. For the end that takes.
static inline uint32_t weir_ring_take(struct weir_ring *r, struct packet **v, uint32_t max)
{
	uint32_t n = r->seen_tail - r->head, at = r->head & r->mask, first;

	if (n < max) {
		r->seen_tail = __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE);
		n = r->seen_tail - r->head;
	}
	if (n > max)
		n = max;
	first = r->mask + 1 - at < n ? r->mask + 1 - at : n;
	memcpy(v, r->slot + at, first * sizeof(*v));
	memcpy(v + first, r->slot, (n - first) * sizeof(*v));
	__atomic_store_n(&r->head, r->head + n, __ATOMIC_RELEASE);
	return n;
}
