// SPDX-License-Identifier: BSD-2-Clause
#include "device.h"

#include <weir/element.h>

#include <graph.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const MODES[] = {"auto", "zerocopy", "copy", "generic"};

static int contradicts(const struct weir_device *d, const struct weir_element *e, const char *what,
		       struct weir_err *err)
{
	return weir_error(err, &e->loc, "%s and %s ask for a different %s of %s", d->by->name,
			  e->name, what, d->name);
}

// Joins two wishes for a number; 0 is none.
static bool join(unsigned *have, unsigned want)
{
	if (!want)
		return true;
	if (*have && *have != want)
		return false;
	*have = want;
	return true;
}

static bool join_flag(bool *have, bool *have_set, bool want, bool want_set)
{
	if (!want_set)
		return true;
	if (*have_set && *have != want)
		return false;
	*have = want;
	*have_set = true;
	return true;
}

static int merge(struct weir_device *d, const struct weir_element *e,
		 const struct weir_device_options *want, struct weir_err *err)
{
	struct weir_device_options *have = &d->opt;

	if (want->mode != WEIR_MODE_AUTO) {
		if (have->mode != WEIR_MODE_AUTO && have->mode != want->mode)
			return weir_error(err, &e->loc, "%s: MODE %s here, but MODE %s in %s",
					  d->name, MODES[want->mode], MODES[have->mode],
					  d->by->name);
		have->mode = want->mode;
	}
	if (!join(&have->n_queues, want->n_queues))
		return contradicts(d, e, "number of queues", err);
	if (!join(&have->ring_size, want->ring_size))
		return contradicts(d, e, "ring size", err);
	if (!join_flag(&have->busy_poll, &have->busy_poll_set, want->busy_poll,
		       want->busy_poll_set))
		return contradicts(d, e, "BUSY_POLL", err);
	if (!join(&have->busy_budget, want->busy_budget))
		return contradicts(d, e, "BUSY_BUDGET", err);
	if (!join(&have->busy_usecs, want->busy_usecs))
		return contradicts(d, e, "BUSY_USECS", err);
	if (want->rss)
		have->rss = want->rss; // only one receives
	if (want->steer)
		have->steer = want->steer;
	if (!join_flag(&have->promisc, &have->promisc_set, want->promisc, want->promisc_set))
		return contradicts(d, e, "PROMISC", err);
	return 0;
}

struct weir_device *weir_device_claim(struct weir_element *e, const char *ifname, unsigned roles,
				      const struct weir_device_options *opt, struct weir_err *err)
{
	struct weir_device **at = &e->router->devices, *d;
	uint16_t index = 1;

	if (strlen(ifname) >= sizeof(d->name) || !ifname[0]) {
		weir_error(err, &e->loc, "`%s' cannot be the name of an interface", ifname);
		return NULL;
	}
	for (; *at && strcmp((*at)->name, ifname) != 0; at = &(*at)->next)
		index++;
	if (!*at) {
		d = calloc(1, sizeof(*d));
		if (!d) {
			weir_error(err, &e->loc, "no memory for interface %s", ifname);
			return NULL;
		}
		snprintf(d->name, sizeof(d->name), "%s", ifname);
		d->index = index;
		d->by = e;
		*at = d;
		e->router->free_devices = weir_devices_free;
	}
	d = *at;
	if (merge(d, e, opt, err))
		return NULL;
	if (roles & WEIR_DEVICE_RX && d->receiver) {
		weir_error(err, &e->loc,
			   "%s and %s would both receive from %s, and only one can: use a Tee",
			   d->receiver->name, e->name, d->name);
		return NULL;
	}
	if (roles & WEIR_DEVICE_RX)
		d->receiver = e;
	d->roles |= roles;
	return d;
}

struct weir_device_plan *weir_device_plan(struct weir_device *d)
{
	return &d->plan;
}

enum weir_device_steer weir_device_steer(const struct weir_device *d)
{
	return d->opt.steer;
}

bool weir_device_busy_poll(const struct weir_device *d)
{
	return d->opt.busy_poll;
}

struct weir_device *weir_router_devices(struct weir_router *r)
{
	return r->devices;
}

void weir_devices_free(struct weir_device *first)
{
	while (first) {
		struct weir_device *next = first->next;

		free(first);
		first = next;
	}
}

unsigned weir_device_n_queues(const struct weir_device *d)
{
	return d->n_queues;
}

struct weir_queue *weir_device_rx(const struct weir_device *d, unsigned worker, unsigned i)
{
	return worker < d->n_workers && i < d->workers[worker].n_rx ? d->workers[worker].rx[i]
								    : NULL;
}

struct weir_queue *weir_device_tx(const struct weir_device *d, unsigned worker)
{
	return worker < d->n_workers ? d->workers[worker].tx : NULL;
}

const char *weir_device_name(const struct weir_device *d)
{
	return d->name;
}

const uint8_t *weir_device_mac(const struct weir_device *d)
{
	return d->mac;
}

unsigned weir_device_mtu(const struct weir_device *d)
{
	return d->mtu;
}

bool weir_device_has_link(const struct weir_device *d)
{
	return !atomic_load_explicit(&d->no_link, memory_order_relaxed);
}

uint64_t weir_device_lost(const struct weir_device *d)
{
	return d->ops ? d->ops->lost(d) : 0;
}

void weir_device_host_all(struct weir_element *e)
{
	for (struct weir_device *d = e->router->devices; d; d = d->next)
		if (d->roles & WEIR_DEVICE_RX)
			d->roles |= WEIR_DEVICE_HOST;
}

struct weir_device *weir_device_find(const struct weir_element *e, unsigned index)
{
	struct weir_device *d = e->router->devices;

	while (d && d->index != index)
		d = d->next;
	return d;
}

bool weir_device_to_host(struct weir_device *d, struct packet *p)
{
	return d->ops && d->ops->to_host(d, p);
}
