// SPDX-License-Identifier: BSD-2-Clause
#include "open.h"

#include "why.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
	RING_SIZE = 2048,
	ETH_VLAN = 14 + 2 * 4, // link header with two tags
	CARRIER_MS = 3000,
	CHUNK_2K = 2048,
};

// Drivers that tell their hardware the buffer size in steps of 1 KiB when they do zero copy: of a
// 2048-byte chunk, less the headroom, only 1 KiB is left and longer frames are cut without a word.
static const char *const COARSE[] = {"igb", "igc", "ixgbe"};

static bool is_coarse(const struct xsk_device *d)
{
	enum weir_device_mode mode = d->device->opt.mode;

	if (mode != WEIR_MODE_AUTO && mode != WEIR_MODE_ZEROCOPY)
		return false;
	for (unsigned i = 0; i < sizeof(COARSE) / sizeof(*COARSE); i++)
		if (!strcmp(d->iface.driver, COARSE[i]))
			return true;
	return false;
}

static bool wants_generic(const struct xsk_device *d)
{
	return d->device->opt.mode == WEIR_MODE_GENERIC;
}

static int check_device(struct xsk_device *d, struct weir_err *err)
{
	const struct weir_device_options *opt = &d->device->opt;
	int e = xsk_iface_look(&d->iface, d->device->name, err);

	if (e)
		return e;
	e = xsk_program_check(d->iface.name, d->iface.ifindex, err);
	if (e)
		return e;
	d->ring_size = opt->ring_size ?: RING_SIZE;
	if (d->ring_size & (d->ring_size - 1) || d->ring_size < 64 || d->ring_size > 32768)
		return weir_error(err, NULL, "%s: RING %u is not a power of two from 64 to 32768",
				  d->iface.name, d->ring_size);
	xsk_iface_warn(&d->iface, err);
	d->n_queues = d->iface.n_rx;
	return 0;
}

static int open_pool(struct weir_xsk *x, unsigned buffers, struct weir_err *err)
{
	unsigned max_len = 0, n = buffers, reserve = 0;
	int e;

	for (unsigned i = 0; i < x->n; i++) {
		struct xsk_device *d = &x->devices[i];
		unsigned len = d->iface.mtu + ETH_VLAN;

		if (is_coarse(d) && len < CHUNK_2K)
			len = CHUNK_2K; // which is more than such a chunk takes
		if (len > max_len)
			max_len = len;
		reserve += d->n_queues * 2 * d->ring_size;
		if (d->device->roles & WEIR_DEVICE_TX)
			n += d->n_queues * d->ring_size;
	}
	e = weir_pool_open(&x->pool, n + reserve, max_len, false, err);
	if (e)
		return e;
	x->pool.reserve = reserve;
	x->zc = (struct xsk_umem){.pool = &x->pool, .fd = -1, .zc = true};
	x->copy = (struct xsk_umem){.pool = &x->pool, .fd = -1};
	return 0;
}

// Some drivers restart the link when a program is attached.
static void wait_for_carrier(const struct xsk_device *d, struct weir_err *err)
{
	if (!d->iface.has_carrier)
		return;
	for (unsigned ms = 0; ms < CARRIER_MS; ms += 10) {
		if (xsk_iface_has_carrier(d->iface.name))
			return;
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	weir_warn(err, NULL,
		  "%s lost its link when the program was attached, and it has not come "
		  "back yet",
		  d->iface.name);
}

static int open_device(struct weir_xsk *x, struct xsk_device *d, struct weir_err *err)
{
	int e;

	d->queues = calloc(d->n_queues, sizeof(*d->queues));
	d->device->queues = calloc(d->n_queues, sizeof(*d->device->queues));
	if (!d->queues || !d->device->queues)
		return -ENOMEM;
	e = xsk_program_open(&d->program, d->iface.name, d->iface.ifindex, d->n_queues,
			     wants_generic(d), err);
	if (e)
		return e;
	e = xsk_device_bind(x, d, err);
	if (e)
		return e;
	if (d->device->opt.promisc) {
		d->promisc_fd = xsk_iface_promisc(&d->iface);
		if (d->promisc_fd < 0)
			return xsk_why(err, d->iface.name, "make it promiscuous", d->promisc_fd);
	}
	for (unsigned i = 0; i < d->n_queues; i++)
		d->device->queues[i] = &d->queues[i].base;
	d->device->n_queues = d->n_queues;
	d->device->ifindex = d->iface.ifindex;
	d->device->mtu = d->iface.mtu;
	d->device->opened = d;
	memcpy(d->device->mac, d->iface.mac, 6);
	return 0;
}

// The last step: packets begin to come.
static int serve(struct xsk_device *d, struct weir_err *err)
{
	if (!(d->device->roles & WEIR_DEVICE_RX))
		return 0;
	for (unsigned i = 0; i < d->n_queues; i++) {
		int e = xsk_program_serve(&d->program, i, d->queues[i].sock.fd);

		if (e)
			return xsk_why(err, d->iface.name, "give a queue its socket", e);
	}
	return 0;
}

static int write_report(struct weir_xsk *x)
{
	size_t size;
	FILE *f = open_memstream(&x->report, &size);

	if (!f)
		return -ENOMEM;
	for (unsigned i = 0; i < x->n; i++) {
		const struct xsk_device *d = &x->devices[i];

		fprintf(f, "%s: %s, %u queue%s, %s", d->iface.name,
			wants_generic(d) ? "generic" : "native", d->n_queues,
			d->n_queues == 1 ? "" : "s", d->zc ? "zero-copy" : "copy");
		if (!d->zc && d->zc_error)
			fprintf(f, " (zero copy: %s)", strerror(-d->zc_error));
		fputc('\n', f);
	}
	fprintf(f, "buffers: %u of %u bytes, %s\n", x->pool.n, x->pool.chunk,
		x->pool.huge ? "on hugepages"
			     : "on small pages, not coloured: no hugepages to be had");
	return fclose(f) ? -ENOMEM : 0;
}

static int open_all(struct weir_xsk *x, unsigned buffers, struct weir_err *err)
{
	int e = 0;

	for (unsigned i = 0; i < x->n; i++)
		e = check_device(&x->devices[i], err) ?: e;
	if (!e)
		e = open_pool(x, buffers, err);
	for (unsigned i = 0; !e && i < x->n; i++)
		e = open_device(x, &x->devices[i], err);
	for (unsigned i = 0; !e && i < x->n; i++)
		wait_for_carrier(&x->devices[i], err);
	for (unsigned i = 0; !e && i < x->n; i++)
		e = serve(&x->devices[i], err);
	return e ?: write_report(x);
}

int weir_xsk_open(struct weir_xsk **out, struct weir_device *devices, unsigned buffers,
		  struct weir_err *err)
{
	struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
	struct weir_xsk *x = calloc(1, sizeof(*x));
	unsigned n = 0;
	int e = -ENOMEM;

	*out = NULL;
	if (!x)
		return -ENOMEM;
	for (struct weir_device *d = devices; d; d = d->next)
		n++;
	x->devices = calloc(n ?: 1, sizeof(*x->devices));
	if (!x->devices)
		goto fail;
	x->n = n;
	for (struct xsk_device *d = x->devices; devices; devices = devices->next, d++)
		*d = (struct xsk_device){
			.device = devices,
			.program = {.link_fd = -1},
			.promisc_fd = -1,
		};
	setrlimit(RLIMIT_MEMLOCK, &all); // helps old kernels; if it is refused, binding says so
	e = open_all(x, buffers, err);
	if (e)
		goto fail;
	*out = x;
	return 0;
fail:
	weir_xsk_close(x);
	return e;
}

void weir_xsk_close(struct weir_xsk *x)
{
	if (!x)
		return;
	for (unsigned i = 0; i < x->n; i++)
		xsk_program_close(&x->devices[i].program);
	for (unsigned i = 0; i < x->n; i++) {
		struct xsk_device *d = &x->devices[i];

		xsk_device_unbind(x, d);
		if (d->promisc_fd >= 0)
			close(d->promisc_fd);
		free(d->queues);
		free(d->device->queues);
		d->device->queues = NULL;
		d->device->n_queues = 0;
		d->device->opened = NULL;
	}
	weir_pool_close(&x->pool);
	free(x->devices);
	free(x->report);
	free(x);
}

struct weir_pool *weir_xsk_pool(struct weir_xsk *x)
{
	return &x->pool;
}

const char *weir_xsk_report(const struct weir_xsk *x)
{
	return x->report;
}
