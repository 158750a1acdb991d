// SPDX-License-Identifier: BSD-2-Clause

// Which of the elements that can run in the driver are worth it there.

#include "placing.h"
#include "walk.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

static void mark_copied(struct placing *p, const struct weir_element *e)
{
	const struct weir_device *d = weir_is_entry(e) ? weir_device_of(e) : NULL;

	if (d && p->opt->zero_copy && p->opt->zero_copy(p->opt->arg, d))
		p->copied[e->index] = true;
	for (unsigned i = 0; p->copied[e->index] && i < weir_n_leaving(e); i++)
		if (weir_plan_is_inside(p->plan, weir_leaving(e, i)))
			p->copied[weir_leaving(e, i)->to->index] = true;
}

// Sending what zero-copy queues received copies it; userspace does not.
int weir_refuse_copies(struct placing *p)
{
	struct weir_plan *plan = p->plan;
	bool refused = false;
	int rc = 0;

	for (unsigned i = plan->n_order; i-- > 0;) {
		const struct weir_element *e = p->router->elements[plan->order[i]];

		if (plan->placed[e->index].side == WEIR_DRIVER)
			mark_copied(p, e);
	}
	for (unsigned i = 0; i < plan->n_order && !rc; i++) {
		const struct weir_element *e = p->router->elements[plan->order[i]];

		if (!e->class->transmits || !p->copied[e->index] ||
		    weir_wishes_driver(&p->wishes, e))
			continue;
		rc = weir_stay(plan, e, "the driver would copy what zero-copy queues received");
		p->can[e->index] = false;
		refused = true;
	}
	if (refused)
		weir_spread(plan, p->can);
	return rc;
}

// Is the last argument one that takes all packets, as Classifier knows it?
static bool takes_all(const struct weir_element *e)
{
	struct lang_args args;
	bool all;

	if (lang_args_split(&args, e->config) < 0)
		return false;
	all = args.n && !strcmp(args.v[args.n - 1], "-");
	lang_args_free(&args);
	return all;
}

// Do sound packets end in it: on purpose, or by an output that leads nowhere?
static bool ends_packets(const struct weir_element *e)
{
	unsigned in[2], out[2], n = e->n_out;
	bool equal;

	if (e->class->is_sink || (e->class->filters && !takes_all(e)))
		return true;
	if (weir_code_ports(weir_ports_code(e->class), in, out, &equal) && !equal &&
	    out[1] != UINT_MAX && out[1] > n)
		n = out[1];
	for (unsigned i = 0; i < n; i++)
		if (!weir_out_connected(e, i))
			return true;
	return false;
}

static bool is_useful(const struct placing *p, const struct weir_element *e, const bool *useful)
{
	if (!weir_is_entry(e) && (weir_wishes_driver(&p->wishes, e) || ends_packets(e)))
		return true;
	for (unsigned i = 0; i < weir_n_leaving(e); i++)
		if (weir_plan_is_inside(p->plan, weir_leaving(e, i)) &&
		    useful[weir_leaving(e, i)->to->index])
			return true;
	return false;
}

// What only passes packets on to userspace is not worth a program. The rest stays connected.
int weir_drop_useless(struct placing *p)
{
	struct weir_plan *plan = p->plan;
	bool *useful = calloc(p->router->n_elements + 1, sizeof(*useful));
	int rc = useful ? 0 : -ENOMEM;

	for (unsigned i = 0; i < plan->n_order && !rc; i++) {
		const struct weir_element *e = p->router->elements[plan->order[i]];

		if (plan->placed[e->index].side != WEIR_DRIVER)
			continue;
		useful[e->index] = is_useful(p, e, useful);
		if (useful[e->index])
			continue;
		rc = weir_stay(plan, e,
			       weir_is_entry(e) ? "what is behind it stays in userspace"
						: "no way through it ends in the driver");
	}
	free(useful);
	return rc;
}
