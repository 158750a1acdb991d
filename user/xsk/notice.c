// SPDX-License-Identifier: BSD-2-Clause

// What changes on interfaces while the router runs: links that go and come, queues that are added.

#include "open.h"

static void look_at_link(struct xsk_device *d, struct weir_err *err)
{
	bool has_link = xsk_iface_has_carrier(d->iface.name);

	if (has_link != atomic_load_explicit(&d->device->no_link, memory_order_relaxed))
		return;
	atomic_store_explicit(&d->device->no_link, !has_link, memory_order_relaxed);
	if (has_link)
		weir_warn(err, NULL, "%s has a link now", d->iface.name);
	else
		weir_warn(err, NULL, "%s has no link; packets to it are lost until it has one",
			  d->iface.name);
}

// A queue without a socket passes what it gets to the host, and counts nothing.
static void look_at_queues(struct xsk_device *d, struct weir_err *err)
{
	struct xsk_channels c;
	bool more;

	if (!(d->device->roles & WEIR_DEVICE_RX) || xsk_iface_channels(d->iface.name, &c))
		return;
	more = c.rx + c.combined > d->n_rx;
	if (more && !d->has_more_queues)
		weir_warn(err, NULL,
			  "%s has %u queues now, and the router has %u of them; what comes in on "
			  "the others goes to the host, uncounted; set the number back with "
			  "ethtool -L, or start the router again",
			  d->iface.name, c.rx + c.combined, d->n_rx);
	d->has_more_queues = more;
}

void weir_xsk_notice(struct weir_xsk *x, unsigned tick, struct weir_err *err)
{
	for (unsigned i = 0; i < x->n; i++) {
		look_at_link(&x->devices[i], err);
		if (tick % WEIR_XSK_QUEUE_TICKS == 0)
			look_at_queues(&x->devices[i], err);
	}
}
