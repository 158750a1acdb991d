// SPDX-License-Identifier: BSD-2-Clause

// What who loads the front of the graph needs of the interfaces.

#include "open.h"
#include "why.h"

#include <bpf/libbpf.h>

#include <entry.skel.h>
#include <errno.h>
#include <string.h>

// Buffers that are in the fill ring already were not looked at when they went there.
static void expect_blocks(struct weir_xsk *x, struct xsk_device *d)
{
	if (x->opt.no_sockets || d->queues[0].fill.front)
		return;
	for (unsigned i = 0; i < d->memory->pool.n; i++)
		xsk_forget(&d->memory->pool, weir_pool_nth(&d->memory->pool, i));
	for (unsigned i = 0; i < d->n_queues; i++) {
		d->queues[i].fill.front = true;
		for (unsigned k = 0; k < d->queues[i].n_rx; k++)
			d->queues[i].rx[k].front = true;
	}
}

int weir_xsk_front(struct weir_xsk *x, struct weir_device *device, int prog_fd)
{
	struct xsk_device *d = device->opened;

	if (!d || !d->program.skel || !d->n_queues)
		return -ENODEV;
	if (prog_fd >= 0)
		expect_blocks(x, d);
	return xsk_program_front(&d->program, prog_fd);
}

int weir_xsk_path(struct weir_device *device, int prog_fd)
{
	struct xsk_device *d = device->opened;

	return d && d->program.skel ? xsk_program_path(&d->program, prog_fd) : -ENODEV;
}

void weir_xsk_path_args(const struct weir_device *device, struct weir_path *path)
{
	const struct xsk_device *d = device->opened;
	const struct weir_entry_args *a = &d->program.skel->rodata->args;

	*path = (struct weir_path){.aside = 1, .number = a->number};
	memcpy(path->mac, a->mac, sizeof(path->mac));
}

int weir_xsk_take_over(struct weir_xsk *x, struct weir_err *err)
{
	int e = 0;

	for (unsigned i = 0; !e && i < x->n; i++) {
		e = xsk_program_take_over(&x->devices[i].program);
		if (e)
			xsk_why(err, x->devices[i].iface.name, "exchange the XDP program", e);
	}
	return e;
}

bool weir_xsk_program(const struct weir_xsk *x, unsigned i, struct weir_xsk_program *p)
{
	const struct xsk_device *d = &x->devices[i];

	if (i >= x->n)
		return false;
	*p = (struct weir_xsk_program){d->iface.name, -1, -1, -1};
	if (!(d->device->roles & WEIR_DEVICE_RX))
		return true;
	p->link = d->program.link_fd;
	p->program = bpf_program__fd(d->program.skel->progs.weir_entry);
	p->counts = bpf_map__fd(d->program.skel->maps.counts);
	return true;
}

int weir_xsk_first(const struct weir_xsk *x)
{
	return x->front_fd;
}

int weir_xsk_sockets(const struct weir_xsk *x)
{
	return x->sockets_fd;
}

int weir_xsk_steering(const struct weir_xsk *x)
{
	return x->steer.fd[XSK_STEER_TABLES];
}

bool weir_xsk_sorts(const struct weir_xsk *x)
{
	for (unsigned i = 0; i < x->n; i++)
		if (x->steer.tables[i].n_sockets > 1)
			return true;
	return false;
}

int weir_xsk_share(const struct weir_xsk *x, struct bpf_object *o)
{
	struct bpf_map *sockets = bpf_object__find_map_by_name(o, "sockets");

	return bpf_map__reuse_fd(sockets, x->sockets_fd) ?: xsk_steer_share(&x->steer, o);
}

unsigned weir_xsk_waiting(const struct weir_device *device)
{
	const struct xsk_device *d = device->opened;
	unsigned n = 0;

	for (unsigned i = 0; d && d->queues && i < d->n_queues; i++)
		for (unsigned k = 0; k < d->queues[i].n_rx; k++)
			n += xsk_rx_resumed(&d->queues[i].rx[k]);
	for (unsigned i = 0; d && d->parks && i < d->n_columns; i++)
		n += xsk_park_resumed(&d->parks[i]);
	return n;
}

bool weir_xsk_is_zero_copy(const struct weir_device *device)
{
	const struct xsk_device *d = device->opened;

	return d && d->zc;
}

int weir_xsk_entry_counts(const struct weir_device *device)
{
	const struct xsk_device *d = device->opened;

	return bpf_map__fd(d->program.skel->maps.counts);
}
