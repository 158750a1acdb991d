// SPDX-License-Identifier: BSD-2-Clause

// What speaks against an element in the driver, wherever it stands in the graph.

#include <weir/device.h>

#include "placing.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ELEMENTS_MAX = UINT16_MAX }; // struct weir_exit has no room for more

int weir_front_refuse(struct weir_front_args *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->why, sizeof(a->why), fmt, ap);
	va_end(ap);
	return -ENOTSUP;
}

struct weir_device *weir_device_of(const struct weir_element *e)
{
	const struct weir_arg *a = e->class->args;
	struct weir_device *d;
	const char *name;

	while (a && a->name && strcmp(a->name, "DEVNAME") != 0)
		a++;
	if (!a || !a->name)
		return NULL;
	memcpy(&name, (const char *)e->self + a->off, sizeof(name));
	for (unsigned i = 1; name && (d = weir_device_find(e, i)); i++)
		if (!strcmp(weir_device_name(d), name))
			return d;
	return NULL;
}

static bool has_pull(const struct weir_port *v, unsigned n, unsigned *port)
{
	for (*port = 0; *port < n; (*port)++)
		if (v[*port].processing == WEIR_PULL)
			return true;
	return false;
}

static int judge_arguments(struct placing *p, const struct weir_element *e)
{
	struct weir_front_args a = {
		.planning = true,
		.self = e->self,
		.size = e->class->self_size,
	};
	int rc = e->class->driver ? e->class->driver(e, &a) : 0;

	if (rc)
		return weir_stay(p->plan, e, "%s", *a.why ? a.why : strerror(-rc));
	p->can[e->index] = true;
	p->plan->placed[e->index].hands = a.hands;
	return 0;
}

static int judge_object(struct placing *p, const struct weir_element *e)
{
	const struct weir_place_options *opt = p->opt;
	const char *why = NULL, *file = NULL;
	struct weir_placed *at = &p->plan->placed[e->index];

	if (opt->object)
		file = opt->object(opt->arg, e->class, &why);
	if (!why)
		why = e->class->userspace;
	if (!file)
		return weir_stay(p->plan, e, "%s", why ? why : "has no half in the driver");
	at->object = strdup(file);
	return at->object ? judge_arguments(p, e) : -ENOMEM;
}

static int judge_entry(struct placing *p, const struct weir_element *e)
{
	if (p->router->n_elements > ELEMENTS_MAX)
		return weir_stay(p->plan, e, "more than %d elements", ELEMENTS_MAX);
	return judge_arguments(p, e);
}

int weir_judge(struct placing *p, const struct weir_element *e, bool reached)
{
	const struct weir_wiring *w = weir_wiring(e);
	const char *wish = weir_wishes_userspace(&p->wishes, e);
	unsigned port;

	if (wish)
		return weir_stay(p->plan, e, "%s says so", wish);
	if (weir_is_entry(e))
		return judge_entry(p, e);
	if (!reached)
		return weir_stay(p->plan, e,
				 e->n_in || e->n_out ? "no FromDevice leads to it"
						     : "no packet comes to it");
	if (has_pull(w->in, w->n_in, &port))
		return weir_stay(p->plan, e, "input %u is pull", port);
	if (has_pull(w->out, w->n_out, &port))
		return weir_stay(p->plan, e, "output %u is pull", port);
	return judge_object(p, e);
}
