// SPDX-License-Identifier: BSD-2-Clause

// The sockets of one interface: zero copy if the driver can, else copy.

#include "open.h"
#include "why.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

enum { CLOSERS = 16 }; // threads

static int open_first(struct xsk_device *d, struct xsk_umem *umem, unsigned i, const char **step)
{
	struct xsk_queue *q = &d->queues[i];
	const bool sends = i < d->n_tx;
	const struct xsk_socket_want want = {
		.rx = q->sock.rx ? d->rx_size : 0,
		.tx = sends ? d->ring_size : 0,
		.fill = xsk_ring_size(q->fill.supply),
		.comp = xsk_ring_size(sends ? d->ring_size : 0),
	};
	int e = xsk_socket_open(&q->sock, umem, &want, step);

	if (e)
		return e;
	q->fill.fd = q->tx.fd = q->sock.fd;
	xsk_fill_begin(&q->fill);
	if (d->device->opt.busy_poll) {
		*step = "ask for busy polling";
		e = xsk_socket_busy_poll(&q->sock, d->device->opt.busy_budget);
	}
	if (!e) {
		*step = umem->zc ? "bind a socket with zero copy" : "bind a socket";
		e = xsk_socket_bind(&q->sock, umem, d->iface.ifindex, i);
	}
	if (e) {
		xsk_fill_undo(&q->fill);
		xsk_socket_close(&q->sock);
	}
	return e;
}

// The socket of an RX ring that the first one does not have.
static int join(struct xsk_device *d, struct xsk_umem *umem, unsigned queue, unsigned i,
		const char **step)
{
	struct xsk_queue *q = &d->queues[queue];
	struct xsk_socket *s = &q->joined[i];
	const struct xsk_socket_want want = {
		.rx = i % d->n_classes ? d->class_size : d->rx_size,
	};
	int e = xsk_socket_open(s, umem, &want, step);

	if (!e && d->device->opt.busy_poll) {
		*step = "ask for busy polling";
		e = xsk_socket_busy_poll(s, d->device->opt.busy_budget);
	}
	if (!e) {
		*step = "bind a socket beside another";
		e = xsk_socket_join(s, &q->sock, d->iface.ifindex, queue);
	}
	q->rx[i].base.fd = s->fd;
	return e;
}

static int open_queue(struct xsk_device *d, struct xsk_umem *umem, unsigned i, const char **step)
{
	struct xsk_queue *q = &d->queues[i];
	int e;

	xsk_queue_begin(d, i, !umem->zc);
	e = open_first(d, umem, i, step);
	for (unsigned k = 0; !e && k < q->n_rx; k++) {
		if (&q->rx[k].ring == q->sock.rx)
			q->rx[k].base.fd = q->sock.fd;
		else
			e = join(d, umem, i, k, step);
	}
	return e;
}

// The sockets of an interface, those of a queue after each other; NULL behind the last.
static struct xsk_socket *nth_socket(const struct xsk_device *d, unsigned i)
{
	for (unsigned k = 0; d->queues && k < d->n_queues; k++) {
		struct xsk_queue *q = &d->queues[k];

		if (i <= q->n_rx)
			return i ? &q->joined[i - 1] : &q->sock;
		i -= q->n_rx + 1;
	}
	return NULL;
}

struct closer {
	const struct xsk_device *d;
	unsigned first;
	pthread_t thread;
};

static void *close_some(void *arg)
{
	const struct closer *c = arg;
	struct xsk_socket *s;

	for (unsigned i = c->first; (s = nth_socket(c->d, i)); i += CLOSERS)
		xsk_socket_close(s);
	return NULL;
}

// The kernel waits for all CPUs before a socket is gone, 10 to 20 ms, and many can wait together.
static void close_sockets(const struct xsk_device *d)
{
	struct closer c[CLOSERS];
	unsigned n = 0;

	while (n < CLOSERS && nth_socket(d, n)) {
		c[n] = (struct closer){.d = d, .first = n};
		if (pthread_create(&c[n].thread, NULL, close_some, &c[n]))
			break;
		n++;
	}
	for (unsigned i = n; i < CLOSERS; i++) // without threads
		close_some(&(struct closer){.d = d, .first = i});
	while (n--)
		pthread_join(c[n].thread, NULL);
}

void xsk_device_unbind(struct xsk_device *d)
{
	for (unsigned i = 0; d->queues && i < d->n_queues; i++) {
		const int fd = d->queues[i].sock.fd;

		if (fd > 0 && d->memory->zc.fd == fd)
			d->memory->zc.fd = -1;
		if (fd > 0 && d->memory->copy.fd == fd)
			d->memory->copy.fd = -1;
	}
	close_sockets(d);
}

static int open_queues(struct xsk_device *d, struct xsk_umem *umem, const char **step)
{
	int e = 0;

	for (unsigned i = 0; !e && i < d->n_queues; i++)
		e = open_queue(d, umem, i, step);
	if (!e)
		return 0;
	for (unsigned i = 0; i < d->n_queues; i++)
		if (d->queues[i].sock.fd > 0)
			xsk_fill_undo(&d->queues[i].fill);
	xsk_device_unbind(d);
	return e;
}

// What XDP_OPTIONS says is the truth, not what was asked for.
static int check_queues(struct xsk_device *d, struct weir_err *err)
{
	d->zc = d->queues[0].tx.zc;
	for (unsigned i = 0; i < d->n_queues; i++) {
		if (xsk_socket_is_zc(&d->queues[i].sock) == d->queues[i].tx.zc)
			continue;
		return weir_error(err, NULL, "%s: queue %u says it is not bound as it was asked to",
				  d->iface.name, i);
	}
	return 0;
}

int xsk_device_bind_copy(struct xsk_device *d, struct weir_err *err)
{
	const char *step;
	int e = open_queues(d, &d->memory->copy, &step);

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
int xsk_device_bind(struct xsk_device *d, struct weir_err *err)
{
	enum weir_device_mode mode = d->device->opt.mode;
	const char *step;

	if (mode == WEIR_MODE_COPY || mode == WEIR_MODE_GENERIC)
		return xsk_device_bind_copy(d, err);
	d->zc_error = cannot_zero_copy(d) ? -EOPNOTSUPP : open_queues(d, &d->memory->zc, &step);
	if (!d->zc_error)
		return check_queues(d, err);
	// no driver answers so: it is the same for copying
	if (mode == WEIR_MODE_ZEROCOPY || d->zc_error == -EPERM || d->zc_error == -EACCES ||
	    d->zc_error == -ENOBUFS || d->zc_error == -EBUSY)
		return xsk_why(err, d->iface.name, step, d->zc_error);
	return xsk_device_bind_copy(d, err);
}
