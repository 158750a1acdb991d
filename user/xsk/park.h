// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Where packets of flows that are being moved to a worker wait with it until the old worker is done
// with those before them (user/engine/move.h).

#include <abi/steer.h>
#include <move.h>

// One for each worker that receives from an interface.
struct xsk_park {
	// writers: control, and the worker when the last that waited has gone on
	_Atomic enum xsk_park_state { XSK_PARK_OFF, XSK_PARK_HOLDS, XSK_PARK_GOES_ON } state;
	struct weir_buckets what;	// while it is not off. writer: control, while it is
	const struct weir_steer *steer; // of the interface
	// owner: the worker
	struct packet **v;
	unsigned first, n; // of v: those that wait
};

// The bucket that the programs which steered a packet found for it.
unsigned xsk_bucket(const struct weir_steer *s, const struct packet *p);

int xsk_park_open(struct xsk_park *k, const struct weir_steer *steer);
void xsk_park_close(struct xsk_park *k);

// For control.
void xsk_park_hold(struct xsk_park *k, const struct weir_buckets *what);
void xsk_park_release(struct xsk_park *k);

// For the worker. Is there anything to do?
static inline bool xsk_park_is_on(const struct xsk_park *k)
{
	return k && atomic_load_explicit(&k->state, memory_order_acquire) != XSK_PARK_OFF;
}
// Those that go on now, at most max: before any is taken from a ring.
unsigned xsk_park_go_on(struct xsk_park *k, struct packet **v, unsigned max);
// How many more can wait.
unsigned xsk_park_room(const struct xsk_park *k);
// Keeps those of n received packets that have to wait; the number that stays in v, in order.
unsigned xsk_park_sieve(struct xsk_park *k, struct packet **v, unsigned n);
// Of those that wait, the ones that the driver's half had. While the worker stands still.
unsigned xsk_park_resumed(const struct xsk_park *k);
