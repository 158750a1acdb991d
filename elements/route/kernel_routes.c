// SPDX-License-Identifier: BSD-2-Clause
// KernelRoutes(DEV, …): follows the kernel's routing, so that whoever writes it (`ip route`, FRR,
// BIRD) need not know of weir: links, addresses, routes of all tables in both families, next-hop
// objects, rules, VRFs and neighbours. KernelIPLookup and KernelIP6Lookup look its tables up;
// KernelNeighbors and ICMPError ask it too. Routes that leave by a DEV become outputs of the
// look-ups in the order in which the interfaces are given here; what leaves by any other interface,
// and what the kernel alone can decide, goes to the host.
//
// More than LIMIT IPv4 or LIMIT6 IPv6 routes are refused: what was there stays, and `state` says
// how many were refused. RCVBUF is the room for messages of the kernel that wait; where it did not
// suffice, everything is read anew.
//
//	k :: KernelRoutes(eth1, eth2);
//	rt :: KernelIPLookup(k, IIF eth1);
#include "kernel_routes.h"

#include <errno.h>
#include <stdlib.h>

static struct weir_kernel *kernel(const struct weir_element *e)
{
	return ((const struct kernel_routes *)e->self)->kernel;
}

const struct kernel_routes *kernel_routes_of(const struct weir_element *e)
{
	return e && e->class->kernel == kernel ? e->self : NULL;
}

// The i-th device, which is none of those before it.
static int take_device(struct weir_element *e, struct weir_args *a, char **devices, unsigned i)
{
	int rc = weir_parse(e, WEIR_T_WORD, a->rest[i], "DEV", &devices[i], a->err);

	for (unsigned k = 0; !rc && k < i; k++)
		if (devices[k] && !strcmp(devices[k], devices[i]))
			rc = weir_args_error(a, (int)i, "`%s' is given twice", devices[i]);
	return rc;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct kernel_routes *self = e->self;
	char **devices = calloc(a->n_rest + 1, sizeof(*devices));
	struct weir_kernel_options o = {
		.devices = (const char *const *)devices,
		.n_devices = a->n_rest,
		.most_routes4 = self->limit,
		.most_routes6 = self->limit6,
		.rcvbuf = self->rcvbuf,
	};
	int rc = devices ? 0 : -ENOMEM;

	if (a->n_rest > WEIR_KERNEL_DEVICES)
		rc = weir_args_error(a, -1, "has at most %d interfaces", WEIR_KERNEL_DEVICES);
	for (unsigned i = 0; devices && i < a->n_rest; i++)
		if (take_device(e, a, devices, i))
			rc = -EINVAL;
	if (!rc) {
		self->n_devices = a->n_rest;
		self->kernel = weir_kernel_new(&o, a->err);
		rc = self->kernel ? 0 : -EINVAL;
	}
	for (unsigned i = 0; devices && i < a->n_rest; i++)
		free(devices[i]);
	free(devices);
	return rc;
}

static int init(struct weir_element *e, struct weir_err *err)
{
	return weir_kernel_start(kernel(e), e->router, err);
}

static void move(struct weir_node *n, int)
{
	weir_kernel_move(kernel(n->element));
}

static int init_node(struct weir_node *n, struct weir_err *)
{
	if (weir_worker_of(n) != n->element->home)
		return 0;
	return weir_watch_fd(n, weir_kernel_move_fd(kernel(n->element)), move);
}

static void fini_node(struct weir_node *n)
{
	struct weir_kernel *k = kernel(n->element);

	if (weir_worker_of(n) != n->element->home)
		return;
	weir_kernel_stop(k);
	weir_unwatch_fd(n, weir_kernel_move_fd(k));
}

static void fini(struct weir_element *e)
{
	if (e->self)
		weir_kernel_free(kernel(e));
}

static int read_text(struct weir_element *e, const struct weir_handler *h, const char *param,
		     struct weir_buf *out, struct weir_err *err)
{
	const bool json = !strcmp(param, "json");

	if (*param && !json)
		return weir_error(err, NULL, "%s: `%s' is no form; `json' is", h->name, param);
	return weir_kernel_text(kernel(e), h->name, json, out);
}

#define TEXT(name_, help_) WEIR_READ(name_, read_text, help_, .flags = FORMS)
enum { FORMS = WEIR_H_READ | WEIR_H_READ_PARAM };

static const struct weir_handler handlers[] = {
	TEXT("routes", "the routes that it follows; with `json' as JSON, as the others"),
	TEXT("nexthops", "next-hop objects"),
	TEXT("rules", "rules, in their order"),
	TEXT("links", "interfaces"),
	TEXT("addresses", "their addresses"),
	TEXT("neighbors", "neighbours of its interfaces"),
	TEXT("state", "how it fares: counts, memory, resynchronizations, alarms, delay"),
	{},
};

static const struct weir_arg args[] = {
	WEIR_ARG(U32, kernel_routes, limit, "LIMIT", "IPv4 routes, at most; 0: 4 million"),
	WEIR_ARG(U32, kernel_routes, limit6, "LIMIT6", "IPv6 routes, at most; 0: 1 million"),
	WEIR_ARG(U32, kernel_routes, rcvbuf, "RCVBUF",
		 "bytes for messages of the kernel that wait; 0: as many as suffice for most"),
	{},
};

WEIR_PLAIN_ELEMENT(kernel_routes, "KernelRoutes", .purpose = "follows the kernel's routes",
		   .ports = "0/0", .processing = "a/a", .args = args, .handlers = handlers,
		   .rest = "DEV",
		   .rest_help = "an interface of the router; its place is its output of look-ups",
		   .configure = configure, .init = init, .init_node = init_node,
		   .fini_node = fini_node, .fini = fini, .kernel = kernel, .early = 1);
