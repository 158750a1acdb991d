// SPDX-License-Identifier: BSD-2-Clause

// What a move of flows needs of an interface (user/engine/move.h).

#include "open.h"

#include <errno.h>
#include <stdlib.h>

int xsk_parks_open(struct xsk_device *d)
{
	d->parks = calloc(d->n_columns, sizeof(*d->parks));
	for (unsigned i = 0; d->parks && i < d->n_columns; i++)
		if (xsk_park_open(&d->parks[i], d->steer))
			return -ENOMEM;
	return d->parks ? 0 : -ENOMEM;
}

void xsk_parks_close(struct xsk_device *d)
{
	for (unsigned i = 0; d->parks && i < d->n_columns; i++)
		xsk_park_close(&d->parks[i]);
	free(d->parks);
	d->parks = NULL;
}

static struct xsk_device *opened(const struct weir_device *d)
{
	return d->opened;
}

static struct xsk_park *park_of(const struct weir_device *d, unsigned worker)
{
	return &opened(d)->parks[weir_rx_column(&d->plan, worker)];
}

static void hold(struct weir_device *d, unsigned worker, const struct weir_buckets *b)
{
	xsk_park_hold(park_of(d, worker), b);
}

static void steer(struct weir_device *d, unsigned worker, const struct weir_buckets *b)
{
	const uint16_t column = (uint16_t)weir_rx_column(&d->plan, worker);
	struct weir_steer *s = opened(d)->steer;

	for (unsigned i = 0; i < WEIR_BUCKETS; i++)
		if (weir_buckets_has(b, i))
			__atomic_store_n(&s->column[i], column, __ATOMIC_RELEASE);
}

static void release(struct weir_device *d, unsigned worker)
{
	xsk_park_release(park_of(d, worker));
}

static bool released(const struct weir_device *d, unsigned worker)
{
	return !xsk_park_is_on(park_of(d, worker));
}

// --- what the old worker still has in front of the graph ---
// Calls fn for each RX ring of the worker until it returns false.
static bool each_rx(const struct weir_device *d, unsigned worker, bool (*fn)(struct xsk_rx *q))
{
	const struct xsk_device *x = opened(d);
	const unsigned first = weir_rx_column(&d->plan, worker) * x->n_classes;

	for (unsigned q = 0; q < x->n_rx; q++)
		for (unsigned k = first; k < first + x->n_classes; k++)
			if (!fn(&x->queues[q].rx[k]))
				return false;
	return true;
}

static bool note(struct xsk_rx *q)
{
	q->mark = __atomic_load_n(q->ring.producer, __ATOMIC_ACQUIRE);
	return true;
}

static bool is_past(struct xsk_rx *q)
{
	return (int32_t)(__atomic_load_n(q->ring.consumer, __ATOMIC_ACQUIRE) - q->mark) >= 0;
}

static void mark_rx(struct weir_device *d, unsigned worker)
{
	each_rx(d, worker, note);
}

static bool rx_past(const struct weir_device *d, unsigned worker)
{
	return each_rx(d, worker, is_past);
}

// --- and behind it ---
static struct xsk_handover *handover_of(const struct xsk_device *x, unsigned worker)
{
	for (unsigned i = 0; i < x->n_handovers; i++)
		if (x->handovers[i].from == worker)
			return &x->handovers[i];
	return NULL;
}

// The TX ring by which packets of the worker leave; NULL: none do.
static struct xsk_tx *tx_of(const struct weir_device *d, unsigned worker)
{
	const struct xsk_device *x = opened(d);
	bool is_own;
	unsigned q = weir_tx_queue(&d->plan, worker, &is_own);

	return x->n_tx && weir_workers_has(&d->plan.tx, worker) ? &x->queues[q].tx : NULL;
}

static void mark_tx(struct weir_device *d, unsigned worker)
{
	struct xsk_device *x = opened(d);
	const struct xsk_handover *h = handover_of(x, worker);
	const struct xsk_tx *tx = tx_of(d, worker);

	x->tx_mark_in_handover = h;
	if (h)
		x->tx_mark = h->ring.tail;
	else if (tx)
		x->tx_mark = tx->ring.prod;
}

// With zero copy the card is done with what came back. A copy is the other side's as soon as the
// kernel took the descriptor.
static bool is_sent(struct xsk_tx *tx, uint32_t mark)
{
	uint32_t done = __atomic_load_n(tx->ring.consumer, __ATOMIC_ACQUIRE);

	if (tx->zc) {
		tx->base.ops->tx_room(&tx->base);
		done = tx->ring.prod - tx->in_flight;
	}
	return (int32_t)(done - mark) >= 0;
}

// Those that were handed over are in the TX ring when they have left the other; then it is that
// they wait for.
static bool tx_past(const struct weir_device *d, unsigned worker)
{
	struct xsk_device *x = opened(d);
	const struct xsk_handover *h = handover_of(x, worker);
	struct xsk_tx *tx = tx_of(d, worker);

	if (!tx || !weir_device_has_link(d))
		return true;
	if (x->tx_mark_in_handover) {
		if ((int32_t)(h->ring.head - x->tx_mark) < 0)
			return false;
		x->tx_mark = tx->ring.prod;
		x->tx_mark_in_handover = false;
	}
	return is_sent(tx, x->tx_mark);
}

// --- the load ---
static unsigned worker_of(const struct weir_device_plan *p, unsigned column)
{
	unsigned worker = weir_workers_next(&p->rx, 0);

	while (column--)
		worker = weir_workers_next(&p->rx, worker + 1);
	return worker;
}

static unsigned bucket(const struct weir_device *d, const struct packet *p)
{
	return xsk_bucket(opened(d)->steer, p);
}

static void buckets(const struct weir_device *d, struct weir_bucket v[WEIR_BUCKETS])
{
	const struct weir_steer *s = opened(d)->steer;
	struct weir_bucket_count count = {};

	xsk_steer_buckets(opened(d)->steering, opened(d)->number, &count);
	for (unsigned i = 0; i < WEIR_BUCKETS; i++)
		v[i] = (struct weir_bucket){worker_of(&d->plan, s->column[i]), count.packets[i]};
}

static void count(struct weir_device *d, bool on)
{
	__atomic_store_n(&opened(d)->steer->counts_buckets, on, __ATOMIC_RELAXED);
}

const struct weir_move_ops xsk_move_ops = {
	.hold = hold,
	.steer = steer,
	.mark_rx = mark_rx,
	.rx_past = rx_past,
	.mark_tx = mark_tx,
	.tx_past = tx_past,
	.release = release,
	.released = released,
	.bucket = bucket,
	.buckets = buckets,
	.count = count,
};
