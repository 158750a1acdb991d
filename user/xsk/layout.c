// SPDX-License-Identifier: BSD-2-Clause

// Which rings an interface has, how long they are, and whose they are.

#include "open.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <traffic.h>

enum {
	RING_SIZE = 2048,      // two milliseconds at 1 Mpps
	RING_SIZE_MANY = 1024, // with more than MANY queues: each holds three times as many buffers
	MANY = 2,
	COLUMN_SIZE = 512, // least for one worker's part of a queue
	CREDIT = 256,	   // least: a batch
	// For a class with priority, which is emptied first: a second of routing protocols, which
	// workers share; and the least that is a worker's part.
	CLASS_SIZE = 1024,
	CLASS_LEAST = 256,
	RESERVE = 16, // the part of a ring for sending that is kept for classes with priority
	LEAST = 64,   // the kernel wants a fill and a completion ring even where none is used
};

static unsigned min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned max(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

unsigned xsk_ring_size(unsigned n)
{
	unsigned size = LEAST;

	while (size < n)
		size *= 2;
	return size;
}

// What is said here holds, whatever was planned: the interface may have changed since.
static void count_queues(struct xsk_device *d)
{
	struct weir_device_plan *plan = &d->device->plan;

	plan->n_rx = d->iface.n_rx;
	if (!plan->n_tx || plan->n_tx > d->iface.n_tx)
		plan->n_tx = d->iface.n_tx;
	d->n_rx = d->device->roles & WEIR_DEVICE_RX ? d->iface.n_rx : 0;
	d->n_tx = d->device->roles & WEIR_DEVICE_TX ? weir_tx_queues(plan) : 0;
	d->n_queues = max(d->n_rx, d->n_tx);
}

static void count_classes(const struct weir_router *r, struct xsk_device *d)
{
	_Static_assert((int)WEIR_XSK_CLASSES == (int)WEIR_CLASSES, "names for all");
	d->n_classes = d->n_rx && r ? weir_traffic_classes(r) : 1;
	for (unsigned i = 0; d->n_classes > 1 && i < d->n_classes; i++)
		d->class_names[i] = weir_traffic_name(r, i);
}

// Columns share what one ring would take, twice, as their parts are not equal.
static void size_rings(struct xsk_device *d)
{
	const unsigned asked = d->device->opt.ring_size;

	d->n_columns = weir_rx_columns(&d->device->plan);
	d->ring_size = asked ?: d->n_queues > MANY ? RING_SIZE_MANY : RING_SIZE;
	d->rx_size = d->ring_size;
	if (!asked && d->n_columns > 1)
		d->rx_size = min(d->rx_size, xsk_ring_size(2 * d->ring_size / d->n_columns));
	if (!asked && d->rx_size < COLUMN_SIZE)
		d->rx_size = COLUMN_SIZE;
	d->class_size =
		min(d->ring_size, max(CLASS_LEAST, xsk_ring_size(CLASS_SIZE / d->n_columns)));
}

// What a worker may take out of a queue that another one fills before that one comes after.
static unsigned credit(const struct xsk_device *d)
{
	return d->n_columns > 1 ? max(CREDIT, d->ring_size / 2 / (d->n_columns - 1)) : 0;
}

// Enough that all RX rings of the queue can be full and packets still come in, when other workers
// have taken all that they may, too. A queue that does not receive has some for drivers that look
// for them when a socket is bound with zero copy.
static unsigned supply(const struct xsk_device *d, unsigned queue, bool copy)
{
	if (queue >= d->n_rx)
		return copy ? 0 : d->ring_size;
	return d->n_columns * (d->rx_size + (d->n_classes - 1) * d->class_size) +
	       max(d->ring_size, d->ring_size / 2 + (d->n_columns - 1) * credit(d));
}

unsigned xsk_device_buffers(const struct xsk_device *d)
{
	unsigned n = d->n_tx * d->ring_size;

	for (unsigned i = 0; i < d->n_handovers; i++)
		n += d->handovers[i].ring.mask + 1;
	for (unsigned i = 0; i < d->n_queues; i++)
		n += supply(d, i, false);
	return n;
}

static unsigned count_handovers(const struct xsk_device *d)
{
	const struct weir_device_plan *plan = &d->device->plan;
	unsigned n = weir_workers_count(&plan->tx);

	return d->n_tx && n > d->n_tx ? n - d->n_tx : 0;
}

// In the order of their queues.
static int open_handovers(struct xsk_device *d)
{
	const struct weir_device_plan *plan = &d->device->plan;
	unsigned n = count_handovers(d), k = 0;

	if (!n)
		return 0;
	d->handovers = aligned_alloc(XSK_LINES, n * sizeof(*d->handovers));
	if (!d->handovers)
		return -ENOMEM;
	memset(d->handovers, 0, n * sizeof(*d->handovers));
	for (unsigned q = 0; q < d->n_tx; q++)
		for (unsigned w = weir_workers_next(&plan->tx, 0); w < WEIR_WORKERS_MAX;
		     w = weir_workers_next(&plan->tx, w + 1)) {
			struct xsk_handover *h = &d->handovers[k];
			bool is_own;

			if (weir_tx_queue(plan, w, &is_own) != q || is_own)
				continue;
			h->base = (struct weir_queue){&xsk_handover_ops, d->device, q, .fd = -1};
			h->base.reserve = d->ring_size / RESERVE;
			h->from = w;
			h->to = weir_tx_owner(plan, q);
			if (weir_ring_open(&h->ring, max(d->ring_size, 2 * WEIR_BATCH_MAX)))
				return -ENOMEM;
			d->n_handovers = ++k;
		}
	return 0;
}

static int alloc_queue(const struct xsk_device *d, struct xsk_queue *q)
{
	unsigned n = d->n_columns * d->n_classes;

	q->rx = aligned_alloc(XSK_LINES, n * sizeof(*q->rx));
	q->joined = calloc(n, sizeof(*q->joined));
	q->fill.others = calloc(n, sizeof(struct xsk_rx *));
	if (!q->rx || !q->joined || !q->fill.others)
		return -ENOMEM;
	memset(q->rx, 0, n * sizeof(*q->rx));
	q->n_rx = n;
	return 0;
}

int xsk_device_lay_out(struct weir_xsk *x, struct xsk_device *d)
{
	int e = 0;

	count_queues(d);
	count_classes(x->opt.router, d);
	size_rings(d);
	if (x->opt.no_sockets || !d->n_queues)
		return 0;
	d->queues = aligned_alloc(XSK_LINES, d->n_queues * sizeof(*d->queues));
	if (!d->queues)
		return -ENOMEM;
	memset(d->queues, 0, d->n_queues * sizeof(*d->queues));
	for (unsigned i = 0; !e && i < d->n_rx; i++)
		e = alloc_queue(d, &d->queues[i]);
	return e ?: open_handovers(d);
}

void xsk_device_free(struct xsk_device *d)
{
	for (unsigned i = 0; d->queues && i < d->n_queues; i++) {
		free(d->queues[i].rx);
		free(d->queues[i].joined);
		free(d->queues[i].fill.others);
	}
	for (unsigned i = 0; i < d->n_handovers; i++)
		xsk_handover_close(&d->handovers[i]);
	free(d->handovers);
	free(d->queues);
	xsk_parks_close(d);
	for (unsigned i = 0; d->device->workers && i < d->device->n_workers; i++)
		free(d->device->workers[i].rx);
	free(d->device->workers);
	d->device->workers = NULL;
	d->device->n_workers = d->device->n_queues = 0;
}

// --- the parts of a queue ---
static uint64_t mac_word(const uint8_t *mac)
{
	uint64_t v = 0;

	memcpy(&v, mac, 6);
	return v;
}

static void begin_fill(struct xsk_device *d, unsigned queue, bool copy)
{
	struct xsk_queue *q = &d->queues[queue];
	const unsigned worker = weir_rx_owner(&d->device->plan, queue);

	q->fill = (struct xsk_fill){
		.worker = worker,
		.pool = &d->memory->pool,
		.cache = &d->memory->pool.caches[worker],
		.supply = supply(d, queue, copy),
		.owed = supply(d, queue, copy),
		.others = q->fill.others,
	};
}

// RX ring i of a queue, in the order of the map of sockets.
static void begin_rx(struct xsk_device *d, unsigned queue, unsigned i)
{
	const struct weir_device_plan *plan = &d->device->plan;
	const unsigned column = i / d->n_classes, class = i % d->n_classes;
	const unsigned worker = weir_rx_owner(plan, plan->steer ? column : queue);
	struct xsk_queue *q = &d->queues[queue];
	struct xsk_rx *rx = &q->rx[i];

	*rx = (struct xsk_rx){
		.base = {&xsk_rx_ops, d->device, queue, class, -1},
		.pool = &d->memory->pool,
		.cache = &d->memory->pool.caches[worker],
		.fill = &q->fill,
		.owns_fill = worker == q->fill.worker,
		.credit = credit(d),
		.busy_poll = d->device->opt.busy_poll && !class,
		.device = d->device->index,
		.mac = mac_word(d->iface.mac),
		.park = d->parks ? &d->parks[column] : NULL,
	};
	q->joined[i] = (struct xsk_socket){.fd = -1};
	if (!rx->owns_fill)
		q->fill.others[q->fill.n_others++] = rx;
	if (rx->owns_fill && !class)
		q->sock.rx = &rx->ring;
	else
		q->joined[i].rx = &rx->ring;
}

static void begin_tx(struct xsk_device *d, unsigned queue, bool copy)
{
	struct xsk_tx *tx = &d->queues[queue].tx;
	const unsigned worker = weir_tx_owner(&d->device->plan, queue);

	*tx = (struct xsk_tx){
		.base = {&xsk_tx_ops, d->device, queue, .fd = -1,
			 .reserve = d->ring_size / RESERVE},
		.worker = worker,
		.pool = &d->memory->pool,
		.cache = &d->memory->pool.caches[worker],
		.zc = !copy,
		.busy_poll = d->device->opt.busy_poll,
	};
	for (unsigned i = d->n_handovers; i--;)
		if (d->handovers[i].base.index == queue) {
			tx->from = &d->handovers[i];
			tx->n_from++;
		}
	if (tx->n_from)
		tx->base.ops = &xsk_relay_ops;
}

void xsk_queue_begin(struct xsk_device *d, unsigned queue, bool copy)
{
	struct xsk_queue *q = &d->queues[queue];

	q->sock = (struct xsk_socket){
		.fd = -1, .fill = &q->fill.ring, .comp = &q->tx.comp, .tx = &q->tx.ring};
	begin_fill(d, queue, copy);
	begin_tx(d, queue, copy);
	for (unsigned i = 0; i < q->n_rx; i++)
		begin_rx(d, queue, i);
	for (unsigned i = 0; q->fill.n_others && i < q->n_rx; i++)
		if (q->sock.rx == &q->rx[i].ring)
			q->rx[i].base.ops = &xsk_fill_ops;
}

// --- for the elements ---
// The RX rings of a worker for packets of a class.
static void show_class(const struct xsk_device *d, unsigned worker, unsigned class)
{
	const struct weir_device_plan *plan = &d->device->plan;
	struct weir_device_worker *w = &d->device->workers[worker];

	for (unsigned i = 0; i < d->n_rx; i++) {
		const unsigned column = weir_rx_column(plan, worker);
		struct xsk_queue *q = &d->queues[i];

		if (weir_rx_owner(plan, plan->steer ? column : i) == worker)
			w->rx[w->n_rx++] = &q->rx[column * d->n_classes + class].base;
	}
}

static int show_worker(const struct xsk_device *d, unsigned worker)
{
	struct weir_device_worker *w = &d->device->workers[worker];
	bool is_own;
	unsigned q;

	w->rx = calloc((size_t)d->n_queues * d->n_classes, sizeof(struct weir_queue *));
	if (!w->rx)
		return -ENOMEM;
	for (unsigned class = 1; class < d->n_classes; class ++)
		show_class(d, worker, class);
	show_class(d, worker, 0);
	q = weir_tx_queue(&d->device->plan, worker, &is_own);
	if (d->n_tx && is_own && d->queues[q].tx.worker == worker)
		w->tx = &d->queues[q].tx.base;
	for (unsigned i = 0; !is_own && i < d->n_handovers; i++)
		if (d->handovers[i].from == worker)
			w->tx = &d->handovers[i].base;
	return 0;
}

int xsk_device_show(const struct weir_xsk *x, struct xsk_device *d)
{
	const unsigned n_workers = x->opt.n_workers ?: 1;
	int e = 0;

	d->device->workers = calloc(n_workers, sizeof(*d->device->workers));
	if (!d->device->workers)
		return -ENOMEM;
	d->device->n_workers = n_workers;
	d->device->n_queues = d->n_queues;
	for (unsigned i = 0; !e && i < d->device->n_workers; i++)
		e = show_worker(d, i);
	return e;
}
