// SPDX-License-Identifier: BSD-2-Clause

// What ToDevices in the driver sent and their interfaces did not take. A redirect is a promise: the
// program hears nothing of what becomes of it. So this is what the interface says, from when the
// router began.

#include "parts.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <time.h>

// One of the elements that send on the interface.
static bool sends_on(const struct weir_front *f, const struct weir_element *e,
		     const struct weir_device *d)
{
	return f->programs[e->index].n_counts && e->class->transmits && weir_device_of(e) == d;
}

static uint64_t sent_on(const struct weir_front *f, const struct weir_device *d)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < f->plan->router->n_elements; i++) {
		const struct weir_element *e = f->plan->router->elements[i];

		if (sends_on(f, e, d))
			n += front_ended(f, e).packets;
	}
	return n;
}

// Under generic XDP the host's own way of sending takes what is redirected, and counts elsewhere.
static bool is_generic(const struct weir_device *devices)
{
	for (; devices; devices = devices->next)
		if (devices->opt.mode == WEIR_MODE_GENERIC)
			return true;
	return false;
}

const char *weir_front_deaf(const struct weir_front *f, const struct weir_element *e)
{
	const struct weir_device *d = e->class->transmits ? weir_device_of(e) : NULL;
	unsigned ifindex = d ? if_nametoindex(weir_device_name(d)) : 0;

	if (!f->before || !ifindex || !sends_on(f, e, d) || weir_takes_redirects(ifindex))
		return NULL;
	return weir_device_name(d);
}

int front_make_before(struct weir_front *f)
{
	unsigned n = 0;

	for (struct weir_device *d = weir_router_devices(f->plan->router); d; d = d->next)
		n++;
	f->before = calloc(n + 1, sizeof(*f->before));
	f->sent_before = calloc(n + 1, sizeof(*f->sent_before));
	return f->before && f->sent_before ? 0 : -ENOMEM;
}

void weir_front_begin(struct weir_front *f)
{
	f->since = (uint64_t)time(NULL);
	if (front_make_before(f))
		return;
	// what is under way between the two looks counts as taken
	for (struct weir_device *d = weir_router_devices(f->plan->router); d; d = d->next) {
		f->before[d->index - 1] = weir_xsk_taken(d);
		f->sent_before[d->index - 1] = sent_on(f, d);
	}
}

uint64_t weir_front_since(const struct weir_front *f)
{
	return f->since;
}

uint64_t front_not_taken(const struct weir_front *f, const struct weir_device *d)
{
	const struct weir_device *all = weir_router_devices(f->plan->router);
	const struct weir_xsk_taken *before;
	uint64_t sent, taken, refused;
	struct weir_xsk_taken now;

	if (!f->before || !f->sent_before)
		return 0;
	before = &f->before[d->index - 1];
	sent = sent_on(f, d) - f->sent_before[d->index - 1];
	if (!sent)
		return 0;
	now = weir_xsk_taken(d);
	if (now.refused < before->refused || now.taken < before->taken)
		return 0; // another interface, of the same name
	refused = now.refused - before->refused;
	taken = now.taken - before->taken;
	if (now.counts_taken && !is_generic(all) && taken + refused < sent)
		return sent - taken;
	return refused < sent ? refused : sent;
}
