// SPDX-License-Identifier: BSD-2-Clause

// The sockets of one interface: zero copy if the driver can, else copy.

#include "open.h"
#include "why.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static unsigned dirs(const struct xsk_device *d, unsigned queue)
{
	unsigned roles = d->device->roles;
	bool sends = roles & WEIR_DEVICE_TX && queue < d->iface.n_tx;

	return (roles & WEIR_DEVICE_RX ? XSK_RX : 0) | (sends ? XSK_TX : 0);
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
		.dirs = dirs(d, i),
		.ring_size = d->ring_size,
		.fill_size = 2 * d->ring_size,
	};
	int e;

	*q = (struct xsk_queue){
		.base = {&xsk_queue_ops, d->device, i, -1},
		.via = &d->queues[i % d->iface.n_tx],
		.pool = &x->pool,
		.cache = &x->pool.caches[0],
		.mac = mac_word(d->iface.mac),
		.device = d->device->index,
		.zc = umem->zc,
		.busy_poll = d->device->opt.busy_poll,
	};
	e = xsk_socket_open(&q->sock, umem, &want, step);
	if (e)
		return e;
	xsk_queue_fill(q);
	if (q->busy_poll) {
		*step = "ask for busy polling";
		e = xsk_socket_busy_poll(&q->sock, d->device->opt.busy_budget);
	}
	if (!e) {
		*step = umem->zc ? "bind a socket with zero copy" : "bind a socket";
		e = xsk_socket_bind(&q->sock, umem, d->iface.ifindex, i);
	}
	if (e) {
		xsk_queue_unfill(q);
		xsk_socket_close(&q->sock);
		return e;
	}
	if (!(want.dirs & XSK_TX))
		q->base.ops = &xsk_queue_via_ops;
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

// What XDP_OPTIONS says is the truth, not what was asked for.
static int check_queues(struct xsk_device *d, struct weir_err *err)
{
	d->zc = d->queues[0].zc;
	for (unsigned i = 0; i < d->n_queues; i++) {
		if (xsk_socket_is_zc(&d->queues[i].sock) == d->queues[i].zc)
			continue;
		return weir_error(err, NULL, "%s: queue %u says it is not bound as it was asked to",
				  d->iface.name, i);
	}
	return 0;
}

int xsk_device_bind_copy(struct weir_xsk *x, struct xsk_device *d, struct weir_err *err)
{
	const char *step;
	int e = open_queues(x, d, &x->copy, &step);

	return e ? xsk_why(err, d->iface.name, step, e) : check_queues(d, err);
}

// A refused bind costs 30 to 40 ms a socket in its undoing. Where the driver is known not to have
// zero copy, only MODE zerocopy asks it.
static bool cannot_zero_copy(const struct xsk_device *d)
{
	return d->device->opt.mode == WEIR_MODE_AUTO && !strcmp(d->iface.driver, "veth");
}

// Generic XDP must be bound with copying: with zero copy such a bind succeeds on some drivers, and
// then nothing is ever sent.
int xsk_device_bind(struct weir_xsk *x, struct xsk_device *d, struct weir_err *err)
{
	enum weir_device_mode mode = d->device->opt.mode;
	const char *step;

	if (mode == WEIR_MODE_COPY || mode == WEIR_MODE_GENERIC)
		return xsk_device_bind_copy(x, d, err);
	d->zc_error = cannot_zero_copy(d) ? -EOPNOTSUPP : open_queues(x, d, &x->zc, &step);
	if (!d->zc_error)
		return check_queues(d, err);
	// no driver answers so: it is the same for copying
	if (mode == WEIR_MODE_ZEROCOPY || d->zc_error == -EPERM || d->zc_error == -EACCES ||
	    d->zc_error == -ENOBUFS || d->zc_error == -EBUSY)
		return xsk_why(err, d->iface.name, step, d->zc_error);
	return xsk_device_bind_copy(x, d, err);
}
