// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The four rings of an AF_XDP socket: one producer, one consumer, one of which is the kernel. The
// other end's position is cached and read again only when it seems to leave nothing.

#include <linux/if_xdp.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XSK_INLINE static inline __attribute__((always_inline))

// owner: one worker; the positions behind the pointers are shared with the kernel.
struct xsk_ring {
	uint32_t *producer, *consumer, *flags;
	void *desc;
	uint32_t mask, size;
	uint32_t prod, cons; // ours is exact, the kernel's is as last read
	void *map;
	size_t map_len;
};

// Places that may be written, at least `want` of them if there are so many.
XSK_INLINE uint32_t xsk_ring_room(struct xsk_ring *r, uint32_t want)
{
	uint32_t room = r->size - (r->prod - r->cons);

	if (room >= want)
		return room;
	r->cons = __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE);
	return r->size - (r->prod - r->cons);
}

// Entries that wait, at most max.
XSK_INLINE uint32_t xsk_ring_ready(struct xsk_ring *r, uint32_t max)
{
	uint32_t n = r->prod - r->cons;

	if (n < max) {
		r->prod = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
		n = r->prod - r->cons;
	}
	return n < max ? n : max;
}

XSK_INLINE void xsk_ring_submit(struct xsk_ring *r, uint32_t n)
{
	r->prod += n;
	__atomic_store_n(r->producer, r->prod, __ATOMIC_RELEASE);
}

XSK_INLINE void xsk_ring_release(struct xsk_ring *r, uint32_t n)
{
	r->cons += n;
	__atomic_store_n(r->consumer, r->cons, __ATOMIC_RELEASE);
}

XSK_INLINE struct xdp_desc *xsk_ring_desc(struct xsk_ring *r, uint32_t i)
{
	return &((struct xdp_desc *)r->desc)[i & r->mask];
}

XSK_INLINE uint64_t *xsk_ring_addr(struct xsk_ring *r, uint32_t i)
{
	return &((uint64_t *)r->desc)[i & r->mask];
}

XSK_INLINE bool xsk_ring_needs_wakeup(const struct xsk_ring *r)
{
	return __atomic_load_n(r->flags, __ATOMIC_RELAXED) & XDP_RING_NEED_WAKEUP;
}
