// SPDX-License-Identifier: BSD-2-Clause

// The sockets of one interface: zero copy if the driver can, else copy.

#include "open.h"
#include "why.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static unsigned dirs(const struct weir_device *d)
{
	return (d->roles & WEIR_DEVICE_RX ? XSK_RX : 0) | (d->roles & WEIR_DEVICE_TX ? XSK_TX : 0);
}

static uint64_t mac_word(const uint8_t *mac)
{
	uint64_t v = 0;

	memcpy(&v, mac, 6);
	return v;
}

static int open_queue(struct weir_xsk *x, struct xsk_device *d, struct xsk_umem *umem, unsigned i,
		      const char **step)
{
	struct xsk_queue *q = &d->queues[i];
	struct xsk_socket_want want = {
		.dirs = dirs(d->device),
		.ring_size = d->ring_size,
		.fill_size = 2 * d->ring_size,
	};
	int e;

	*q = (struct xsk_queue){
		.base = {&xsk_queue_ops, d->device, i, -1},
		.pool = &x->pool,
		.mac = mac_word(d->iface.mac),
		.device = d->device->index,
		.zc = umem->zc,
		.busy_poll = d->device->opt.busy_poll,
	};
	e = xsk_socket_open(&q->sock, umem, &want, step);
	if (e)
		return e;
	xsk_queue_fill(q);
	*step = umem->zc ? "bind a socket with zero copy" : "bind a socket";
	e = xsk_socket_bind(&q->sock, umem, d->iface.ifindex, i);
	if (e) {
		xsk_queue_unfill(q);
		xsk_socket_close(&q->sock);
		return e;
	}
	q->base.fd = want.dirs & XSK_RX ? q->sock.fd : -1;
	return 0;
}

void xsk_device_unbind(struct weir_xsk *x, struct xsk_device *d)
{
	for (unsigned i = 0; d->queues && i < d->n_queues; i++) {
		struct xsk_queue *q = &d->queues[i];

		if (q->sock.fd <= 0)
			continue;
		if (x->zc.fd == q->sock.fd)
			x->zc.fd = -1;
		if (x->copy.fd == q->sock.fd)
			x->copy.fd = -1;
		xsk_socket_close(&q->sock);
	}
}

static int open_queues(struct weir_xsk *x, struct xsk_device *d, struct xsk_umem *umem,
		       const char **step)
{
	for (unsigned i = 0; i < d->n_queues; i++) {
		int e = open_queue(x, d, umem, i, step);

		if (e) {
			while (i--)
				xsk_queue_unfill(&d->queues[i]);
			xsk_device_unbind(x, d);
			return e;
		}
	}
	return 0;
}

// Generic XDP must be bound with copying: with zero copy such a bind succeeds on some drivers, and
// then nothing is ever sent.
int xsk_device_bind(struct weir_xsk *x, struct xsk_device *d, struct weir_err *err)
{
	enum weir_device_mode mode = d->device->opt.mode;
	const char *step = NULL;
	int e = -EOPNOTSUPP;

	if (mode == WEIR_MODE_AUTO || mode == WEIR_MODE_ZEROCOPY) {
		e = open_queues(x, d, &x->zc, &step);
		d->zc_error = e;
		if (e &&
		    (mode == WEIR_MODE_ZEROCOPY || e == -EPERM || e == -EACCES || e == -ENOBUFS))
			return xsk_why(err, d->iface.name, step, e);
	}
	if (e)
		e = open_queues(x, d, &x->copy, &step);
	if (e)
		return xsk_why(err, d->iface.name, step, e);
	d->zc = d->queues[0].zc;
	for (unsigned i = 0; i < d->n_queues; i++) {
		if (xsk_socket_is_zc(&d->queues[i].sock) == d->queues[i].zc)
			continue;
		return weir_error(err, NULL, "%s: queue %u says it is not bound as it was asked to",
				  d->iface.name, i);
	}
	return 0;
}
