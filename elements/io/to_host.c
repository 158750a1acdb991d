// SPDX-License-Identifier: BSD-2-Clause
// ToHost: gives packets, which begin with an Ethernet header, to the host's own network stack, as
// if they had just arrived: on interface DEVNAME, or without one on the interface that each packet
// came from. If DEVNAME is the interface of a FromHost, the packets arrive there. A packet that
// came from no interface is lost as `no_device`, one that the host does not take as `refused`.
#include "to_host.h"

#include "from_host.h"
#include "io.h"

#include <errno.h>
#include <net/if.h>

enum { ETHER_LEN = 14 };

struct to_host {
	char *devname;
	struct weir_device *device;
	const struct from_host *tap;
	struct to_host_front front;
	bool ignored;
};

static int is_its_tap(struct weir_element *e, void *arg)
{
	struct to_host *self = arg;

	if (strcmp(e->class->name, "FromHost") != 0 ||
	    strcmp(((const struct from_host *)e->self)->devname, self->devname) != 0)
		return 0;
	self->tap = e->self;
	return 1;
}

// Only now is it known whether there is such a FromHost.
static int init(struct weir_element *e, struct weir_err *err)
{
	struct to_host *self = e->self;
	struct weir_device_options opt = {};

	if (!self->devname) {
		weir_device_host_all(e);
		return 0;
	}
	if (weir_each_element(e->router, is_its_tap, self))
		return 0;
	self->device = weir_device_claim(e, self->devname, WEIR_DEVICE_HOST, &opt, err);
	return self->device ? 0 : -EINVAL;
}

static bool deliver(struct weir_node *n, struct packet *p, unsigned *reason)
{
	const struct to_host *self = n->self;
	struct weir_device *d = self->device;

	if (p->len < ETHER_LEN) {
		*reason = TO_HOST_TOO_SHORT;
		return false;
	}
	*reason = TO_HOST_REFUSED;
	if (self->tap)
		return from_host_write(self->tap, p);
	if (!d)
		d = weir_device_find(n->element, p->device);
	if (!d) {
		*reason = TO_HOST_NO_DEVICE;
		return false;
	}
	return weir_device_to_host(d, p);
}

static void to_host(struct weir_node *n, unsigned, struct batch *b)
{
	struct to_host_state *s = n->state;
	unsigned k = 0, reason;

	for (unsigned i = 0; i < b->n; i++) {
		struct packet *p = b->p[i];

		if (WEIR_LIKELY(deliver(n, p, &reason))) {
			b->p[k++] = p;
			continue;
		}
		s->drops++;
		weir_drop(n, reason, p);
	}
	weir_end(n, b->p, k);
	b->n = 0;
}

static int driver(const struct weir_element *e, struct weir_front_args *a)
{
	struct to_host *self = e->self;

	if (self->devname && weir_each_element(e->router, is_its_tap, self))
		return weir_front_refuse(a, "%s is the interface of a FromHost", self->devname);
	self->front.ifindex = self->devname && !a->planning ? if_nametoindex(self->devname) : 0;
	if (self->devname && !a->planning && !self->front.ifindex)
		return weir_front_refuse(a, "there is no interface %s", self->devname);
	a->self = &self->front;
	a->size = sizeof(self->front);
	if (self->devname)
		a->hands = "packets that came in elsewhere";
	return 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(WORD, to_host, devname, "DEVNAME", "interface to arrive on", WEIR_POS),
	WEIR_ARG(BOOL, to_host, ignored, "SNIFFERS", "ignored", .flags = WEIR_DEPRECATED),
	WEIR_ARG(WORD, to_host, devname, "TYPE", "ignored", .flags = WEIR_DEPRECATED),
	{},
};

static const struct weir_handler handlers[] = {
	WEIR_SUM("drops", to_host, drops, "packets that were not delivered"),
	{},
};

WEIR_BATCH_ELEMENT(to_host, "ToHost", .purpose = "gives packets to the host's network stack",
		   .ports = "1/0", .processing = "h/",
		   .drops = {"no_device", "refused", "too_short"}, .args = args,
		   .handlers = handlers, .init = init, .driver = driver,
		   .state_size = sizeof(struct to_host_state), .is_sink = true);
