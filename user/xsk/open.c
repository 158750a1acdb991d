// SPDX-License-Identifier: BSD-2-Clause
#include "open.h"

#include "settings.h"
#include "why.h"

#include <bpf/bpf.h>

#include <entry.skel.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <traffic.h>
#include <unistd.h>

enum {
	CARRIER_MS = 3000,
};

static bool wants_generic(const struct xsk_device *d)
{
	return d->device->opt.mode == WEIR_MODE_GENERIC;
}

static bool has_role(const struct xsk_device *d, enum weir_device_role role)
{
	return d->device->roles & role;
}

// An interface that only sends needs no program of ours to copy from; for zero copy it does.
static bool needs_program(const struct xsk_device *d)
{
	return has_role(d, WEIR_DEVICE_RX);
}

static int check_device(struct xsk_device *d, struct weir_err *err)
{
	const struct weir_device_options *opt = &d->device->opt;
	int e = xsk_iface_look(&d->iface, d->device->name, err);

	if (e)
		return e;
	if (needs_program(d)) {
		e = xsk_program_check(d->iface.name, d->iface.ifindex, err);
		if (e)
			return e;
	}
	if (d->iface.mtu + XSK_ETH_VLAN > WEIR_POOL_LEN_MAX)
		return weir_error(
			err, NULL,
			"%s: its MTU of %u is more than a buffer takes; ip link set %s mtu %u",
			d->iface.name, d->iface.mtu, d->iface.name,
			(unsigned)WEIR_POOL_LEN_MAX - XSK_ETH_VLAN);
	if (opt->ring_size & (opt->ring_size - 1) || (opt->ring_size && opt->ring_size < 64) ||
	    opt->ring_size > 32768)
		return weir_error(err, NULL, "%s: RING %u is not a power of two from 64 to 32768",
				  d->iface.name, opt->ring_size);
	return 0;
}

// What takes a process is refused where there will be none.
static int check_alone(const struct xsk_device *d, struct weir_err *err)
{
	const struct weir_device_options *opt = &d->device->opt;
	const char *what = opt->promisc	    ? "PROMISC"
			   : opt->n_queues  ? "QUEUES"
			   : opt->rss	    ? "RSS"
			   : opt->busy_poll ? "BUSY_POLL"
					    : NULL;

	return what ? weir_error(err, NULL, "%s: %s lasts only as long as a process does",
				 d->iface.name, what)
		    : 0;
}

// Changes what was asked for, after everything was checked.
static int set_up(struct weir_xsk *x, struct xsk_device *d, struct weir_err *err)
{
	int e = xsk_settings_apply(&x->guard, d, err);

	if (e)
		return e;
	xsk_settings_warn(d, err);
	e = xsk_device_lay_out(x, d);
	return e ? weir_error(err, NULL, "%s: no memory for its rings", d->iface.name) : 0;
}

static int open_front_map(struct weir_xsk *x)
{
	struct entry *skel = entry__open();

	if (!skel)
		return -errno;
	x->front_fd = weir_xsk_map(skel->obj, skel->maps.front, 2 * (x->n ?: 1), "__u32");
	entry__destroy(skel);
	return x->front_fd < 0 ? x->front_fd : 0;
}

// Places that a queue has in the map of sockets.
static unsigned n_sockets(const struct xsk_device *d)
{
	return d->n_columns * d->n_classes;
}

struct weir_owners *weir_xsk_owners(const struct weir_xsk *x)
{
	return x->steer.owners;
}

static int deal(struct weir_xsk *x, struct xsk_device *d)
{
	struct weir_steer *s = &x->steer.tables[d - x->devices];

	s->first_socket = d->first_socket;
	xsk_steer_deal(s, d->device->plan.key, d->n_columns ?: 1, d->n_classes ?: 1);
	d->number = (unsigned)(d - x->devices);
	d->steering = &x->steer;
	d->steer = s;
	return x->opt.moves && d->n_columns > 1 ? xsk_parks_open(d) : 0;
}

static int open_maps(struct weir_xsk *x, struct weir_err *err)
{
	unsigned n = 0;
	int rc;

	for (unsigned i = 0; i < x->n; i++) {
		x->devices[i].first_socket = n;
		n += x->devices[i].n_queues * n_sockets(&x->devices[i]);
	}
	x->sockets_fd = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "weir_sockets", sizeof(__u32),
				       sizeof(__u32), n ?: 1, NULL);
	rc = x->sockets_fd < 0 ? -errno : open_front_map(x) ?: xsk_steer_open(&x->steer, x->n);
	if (!rc && x->opt.router)
		rc = weir_traffic_fill(x->opt.router, x->steer.classes);
	for (unsigned i = 0; !rc && i < x->n; i++)
		rc = deal(x, &x->devices[i]);
	return rc ? weir_error(err, NULL, "cannot make the map of sockets: %s", strerror(-rc)) : 0;
}

// Some drivers restart the link when a program is attached.
static void wait_for_carrier(const struct xsk_device *d, struct weir_err *err)
{
	if (!d->iface.has_carrier) {
		atomic_store(&d->device->no_link, true);
		weir_warn(err, NULL,
			  "%s has no link; the router starts without, and packets to it are "
			  "lost until it has one",
			  d->iface.name);
		return;
	}
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

// Sockets of an interface that receives, behind its program.
static int open_receiver(struct weir_xsk *x, struct xsk_device *d, struct weir_err *err)
{
	struct xsk_program_args args = {
		.ifname = d->iface.name,
		.ifindex = d->iface.ifindex,
		.n_queues = d->n_rx ?: d->n_tx,
		.generic = wants_generic(d),
		.sockets_fd = x->sockets_fd,
		.steer = &x->steer,
		.first_socket = d->first_socket,
		.front_fd = x->front_fd,
		.number = (unsigned)(d - x->devices),
	};
	char *kept = x->opt.kept ? x->opt.kept(x->opt.kept_arg, d->iface.name) : NULL;
	int e;

	args.kept = kept;
	memcpy(args.mac, d->iface.mac, sizeof(args.mac));
	e = xsk_program_open(&d->program, &args, err);
	free(kept);
	if (e || x->opt.no_sockets)
		return e;
	return xsk_device_bind(d, err);
}

// Sockets of an interface that only sends. A program is needed for zero copy alone: without one,
// copying does, and whoever else has a program there is not disturbed.
static int open_sender(struct weir_xsk *x, struct xsk_device *d, struct weir_err *err)
{
	enum weir_device_mode asked = d->device->opt.mode;
	struct weir_err quiet = {};
	int e;

	if (asked == WEIR_MODE_ZEROCOPY)
		return open_receiver(x, d, err);
	if (asked == WEIR_MODE_AUTO) {
		d->device->opt.mode = WEIR_MODE_ZEROCOPY;
		e = open_receiver(x, d, &quiet);
		d->device->opt.mode = asked;
		weir_err_free(&quiet);
		if (!e)
			return 0;
		d->zc_error = e;
		xsk_program_close(&d->program);
	}
	return xsk_device_bind_copy(d, err);
}

static bool to_host(struct weir_device *device, struct packet *p)
{
	struct xsk_host *h = &((struct xsk_device *)device->opened)->host;

	return h->fd >= 0 && xsk_host_send(h, p);
}

static uint64_t lost(const struct weir_device *d)
{
	struct weir_xsk_count v[WEIR_XSK_COUNTS];
	uint64_t sum = 0;

	for (unsigned q = 0; q < d->n_queues; q++)
		for (unsigned i = weir_xsk_counts(NULL, d, q, v); i--;)
			sum += v[i].lost ? v[i].value : 0;
	return sum;
}

static uint64_t handed_over(const struct weir_device *device)
{
	const struct xsk_device *d = device->opened;
	uint64_t n = 0;

	for (unsigned i = 0; i < d->n_handovers; i++)
		n += weir_ring_length(&d->handovers[i].ring);
	return n;
}

static const struct weir_device_ops OPS = {
	.to_host = to_host,
	.lost = lost,
	.handed_over = handed_over,
	.move = &xsk_move_ops,
};

// What the engine and the elements may see from now on.
static int show_device(const struct weir_xsk *x, struct xsk_device *d)
{
	struct weir_device *to = d->device;
	int e = x->opt.no_sockets ? 0 : xsk_device_show(x, d);

	if (e)
		return e;
	to->ifindex = d->iface.ifindex;
	to->mtu = d->iface.mtu;
	to->opened = d;
	to->ops = &OPS;
	memcpy(to->mac, d->iface.mac, sizeof(to->mac));
	return 0;
}

static int open_device(struct weir_xsk *x, struct xsk_device *d, struct weir_err *err)
{
	int e = 0;

	if (has_role(d, WEIR_DEVICE_RX))
		e = open_receiver(x, d, err);
	else if (has_role(d, WEIR_DEVICE_TX) && !x->opt.no_sockets)
		e = open_sender(x, d, err);
	if (!e && has_role(d, WEIR_DEVICE_HOST) && !x->opt.no_sockets)
		e = xsk_host_open(&d->host, &d->iface,
				  wants_generic(d) && d->program.skel ? &d->program.secret : NULL,
				  err);
	if (e)
		return e;
	if (d->device->opt.promisc) {
		d->promisc_fd = xsk_iface_promisc(&d->iface);
		if (d->promisc_fd < 0)
			return xsk_why(err, d->iface.name, "make it promiscuous", d->promisc_fd);
	}
	return show_device(x, d);
}

// The last step: packets begin to come.
static int serve(struct xsk_device *d, struct weir_err *err)
{
	if (!(d->device->roles & WEIR_DEVICE_RX))
		return 0;
	for (unsigned i = 0; i < d->n_rx * n_sockets(d); i++) {
		const struct xsk_queue *q = &d->queues[i / n_sockets(d)];
		int e = xsk_program_serve(&d->program, i, q->rx[i % n_sockets(d)].base.fd);

		if (e)
			return xsk_why(err, d->iface.name, "give a queue its socket", e);
	}
	return 0;
}

static const char *kind(const struct xsk_device *d)
{
	if (!d->program.skel)
		return "sending only";
	return wants_generic(d) ? "generic" : "native";
}

// Of an interface without sockets.
static const char *alone(const struct weir_xsk *x, const struct xsk_device *d)
{
	if (!x->opt.no_sockets)
		return "to the host only";
	if (!needs_program(d))
		return "sent on by others";
	return wants_generic(d) ? "generic, the driver alone" : "native, the driver alone";
}

static void write_device(FILE *f, const struct weir_xsk *x, const struct xsk_device *d)
{
	const unsigned n = d->n_rx ?: d->n_tx;

	if (x->opt.no_sockets || !n) {
		fprintf(f, "%s: %s\n", d->iface.name, alone(x, d));
		return;
	}
	fprintf(f, "%s: %s, %u queue%s, %s", d->iface.name, kind(d), n, n == 1 ? "" : "s",
		d->zc ? "zero-copy" : "copy");
	if (!d->zc && d->zc_error)
		fprintf(f, " (zero copy: %s)", strerror(-d->zc_error));
	fputc('\n', f);
	xsk_settings_print(f, d);
}

static int write_report(struct weir_xsk *x)
{
	size_t size;
	FILE *f = open_memstream(&x->report, &size);

	if (!f)
		return -ENOMEM;
	for (unsigned i = 0; i < x->n; i++)
		write_device(f, x, &x->devices[i]);
	if (x->opt.no_sockets)
		return fclose(f) ? -ENOMEM : 0;
	xsk_memory_print(f, x);
	return fclose(f) ? -ENOMEM : 0;
}

static int check_all(struct weir_xsk *x, struct weir_err *err)
{
	int e = xsk_check_permission(err);

	if (e)
		return e;
	xsk_guard_repair(err); // before anything is looked at
	for (unsigned i = 0; i < x->n; i++) {
		e = check_device(&x->devices[i], err) ?: e;
		if (x->opt.no_sockets)
			e = check_alone(&x->devices[i], err) ?: e;
		if (x->opt.keep)
			e = xsk_settings_check_keep(&x->devices[i], err) ?: e;
	}
	return e;
}

static int set_up_all(struct weir_xsk *x, struct weir_err *err)
{
	int e = 0;

	for (unsigned i = 0; !e && i < x->n; i++)
		e = set_up(x, &x->devices[i], err);
	if (!e && !x->opt.no_sockets)
		e = xsk_memory_open(x, err);
	return e ?: open_maps(x, err);
}

static int serve_all(struct weir_xsk *x, struct weir_err *err)
{
	int e = 0;

	for (unsigned i = 0; !e && !x->opt.no_sockets && i < x->n; i++)
		e = serve(&x->devices[i], err);
	return e;
}

static int open_all(struct weir_xsk *x, struct weir_err *err)
{
	int e = check_all(x, err) ?: set_up_all(x, err);

	for (unsigned i = 0; !e && i < x->n; i++)
		e = open_device(x, &x->devices[i], err);
	for (unsigned i = 0; !e && i < x->n; i++)
		wait_for_carrier(&x->devices[i], err);
	return e ?: serve_all(x, err) ?: write_report(x);
}

int weir_xsk_open(struct weir_xsk **out, struct weir_device *devices,
		  const struct weir_xsk_options *opt, struct weir_err *err)
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
	x->guard = (struct xsk_guard){.journal = -1, .pipe = -1};
	x->opt = *opt;
	x->sockets_fd = x->front_fd = -1;
	x->devices = calloc(n ?: 1, sizeof(*x->devices));
	if (!x->devices)
		goto fail;
	x->n = n;
	for (struct xsk_device *d = x->devices; devices; devices = devices->next, d++)
		*d = (struct xsk_device){
			.device = devices,
			.program = {.link_fd = -1},
			.host = {.fd = -1},
			.promisc_fd = -1,
		};
	setrlimit(RLIMIT_MEMLOCK, &all); // helps old kernels; if it is refused, binding says so
	e = open_all(x, err);
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

		xsk_device_unbind(d);
		xsk_host_close(&d->host);
		if (d->promisc_fd >= 0)
			close(d->promisc_fd);
		xsk_device_free(d);
		d->device->opened = NULL;
		d->device->ops = NULL;
	}
	if (x->sockets_fd >= 0)
		close(x->sockets_fd);
	if (x->front_fd >= 0)
		close(x->front_fd);
	xsk_steer_close(&x->steer);
	xsk_guard_close(&x->guard);
	xsk_memory_close(x);
	free(x->devices);
	free(x->report);
	free(x);
}

const char *weir_xsk_report(const struct weir_xsk *x)
{
	return x->report;
}
