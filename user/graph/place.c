// SPDX-License-Identifier: BSD-2-Clause
#include "place.h"

#include "placing.h"
#include "walk.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char too_deep[] = "too deep";

int weir_stay(struct weir_plan *plan, const struct weir_element *e, const char *fmt, ...)
{
	struct weir_placed *at = &plan->placed[e->index];
	va_list ap;
	int n;

	free(at->why);
	free(at->object);
	*at = (struct weir_placed){.side = WEIR_USERSPACE};
	va_start(ap, fmt);
	n = vasprintf(&at->why, fmt, ap);
	va_end(ap);
	if (n >= 0)
		return 0;
	at->why = NULL;
	return -ENOMEM;
}

bool weir_is_entry(const struct weir_element *e)
{
	return e->class->is_source && e->class->driver;
}

static int judge_all(struct placing *p)
{
	const struct weir_router *r = p->router;
	struct weir_walk w;
	int rc = weir_walk_open(&w, r);

	for (unsigned i = 0; !rc && i < r->n_elements; i++)
		if (weir_is_entry(r->elements[i]))
			weir_walk_from(&w, r->elements[i]);
	for (unsigned i = 0; !rc && i < r->n_elements; i++)
		rc = weir_judge(p, r->elements[i], w.state[i]);
	weir_walk_close(&w);
	return rc;
}

// --- the largest front -------------------------------------------------------------------------

static bool may_enter(const struct weir_connection *c)
{
	const struct weir_class *to = c->to->class;

	return c->to_port == 0 || to->inputs_alike || to->inputs_apart;
}

static bool may_lead(void *arg, const struct weir_connection *c)
{
	const struct placing *p = arg;

	return p->can[c->from->index] && p->can[c->to->index] && may_enter(c);
}

// Cycles are cut here.
static int sort(struct placing *p)
{
	const struct weir_router *r = p->router;
	struct weir_walk w;
	int rc = weir_walk_open(&w, r);

	w.follows = may_lead;
	w.arg = p;
	for (unsigned i = 0; !rc && i < r->n_elements; i++)
		if (weir_is_entry(r->elements[i]) && p->can[i])
			weir_walk_from(&w, r->elements[i]);
	p->plan->order = w.order;
	p->plan->n_order = w.n_order;
	p->plan->back = w.back;
	w.order = NULL;
	w.back = NULL;
	weir_walk_close(&w);
	return rc;
}

static bool leads_back(const struct weir_plan *plan, const struct weir_connection *c)
{
	return plan->back[c - plan->router->connections];
}

bool weir_plan_is_inside(const struct weir_plan *plan, const struct weir_connection *c)
{
	const struct weir_placed *from = &plan->placed[c->from->index];

	return from->side == WEIR_DRIVER && from->depth < WEIR_DEPTH_MAX &&
	       plan->placed[c->to->index].side == WEIR_DRIVER && may_enter(c) &&
	       !leads_back(plan, c);
}

static void spread_from(struct weir_plan *plan, const bool *can, const struct weir_element *e)
{
	const unsigned depth = plan->placed[e->index].depth + 1;

	for (unsigned i = 0; depth <= WEIR_DEPTH_MAX && i < weir_n_leaving(e); i++) {
		const struct weir_connection *c = weir_leaving(e, i);
		struct weir_placed *to = &plan->placed[c->to->index];

		if (!can[c->to->index] || !may_enter(c) || leads_back(plan, c))
			continue;
		to->side = WEIR_DRIVER;
		if (to->depth < depth)
			to->depth = depth;
	}
}

void weir_spread(struct weir_plan *plan, const bool *can)
{
	const struct weir_router *r = plan->router;

	for (unsigned i = 0; i < r->n_elements; i++) {
		plan->placed[i].side =
			can[i] && weir_is_entry(r->elements[i]) ? WEIR_DRIVER : WEIR_USERSPACE;
		plan->placed[i].depth = 0;
	}
	for (unsigned i = plan->n_order; i-- > 0;)
		if (plan->placed[plan->order[i]].side == WEIR_DRIVER)
			spread_from(plan, can, r->elements[plan->order[i]]);
}

// --- what came of it ---------------------------------------------------------------------------

// How packets come to an element that could be in the driver and is not.
struct ways {
	unsigned input;			   // another than 0, from the driver
	const struct weir_element *before; // in userspace
	bool deep;
};

static void look(const struct weir_plan *plan, const struct weir_connection *c, struct ways *ways)
{
	const struct weir_placed *from = &plan->placed[c->from->index];

	if (from->side == WEIR_USERSPACE) {
		if (!ways->before || ways->before->class->is_source)
			ways->before = c->from;
	} else if (!may_enter(c)) {
		ways->input = c->to_port;
	} else if (from->depth == WEIR_DEPTH_MAX) {
		ways->deep = true;
	}
}

static int explain(struct weir_plan *plan, const struct weir_element *e)
{
	struct ways ways = {};

	for (unsigned i = 0; i < weir_n_entering(e); i++)
		look(plan, &plan->router->connections[weir_wiring(e)->by_in[i]], &ways);
	if (ways.deep)
		return weir_stay(plan, e, "%s: a packet passes at most %d programs", too_deep,
				 WEIR_TAIL_CALLS);
	if (ways.input)
		return weir_stay(plan, e, "the driver leads to its input %u only", ways.input);
	if (ways.before)
		return weir_stay(plan, e, "behind `%s', which stays in userspace",
				 ways.before->name);
	return weir_stay(plan, e, "what is before it leads back");
}

static const char *why_crossing(const struct weir_plan *plan, const struct weir_connection *c)
{
	if (plan->placed[c->to->index].side == WEIR_USERSPACE)
		return plan->placed[c->to->index].why;
	if (!may_enter(c))
		return c->to_port == 1 ? "input 1" : "another input than 0";
	return leads_back(plan, c) ? "leads back" : too_deep;
}

static void list_crossings(struct weir_plan *plan)
{
	const struct weir_router *r = plan->router;

	plan->n_crossings = plan->n_driver = plan->longest = 0;
	for (unsigned i = 0; i < r->n_connections; i++) {
		const struct weir_connection *c = &r->connections[i];
		const struct weir_placed *from = &plan->placed[c->from->index];

		if (from->side == WEIR_USERSPACE || weir_plan_is_inside(plan, c))
			continue;
		plan->crossings[plan->n_crossings++] =
			(struct weir_crossing){c, why_crossing(plan, c)};
		if (plan->longest < from->depth + 1)
			plan->longest = from->depth + 1;
	}
	for (unsigned i = 0; i < r->n_elements; i++) {
		const struct weir_placed *at = &plan->placed[i];

		if (at->side == WEIR_USERSPACE)
			continue;
		plan->n_driver++;
		if (plan->longest < at->depth)
			plan->longest = at->depth;
	}
}

static int settle(struct weir_plan *plan)
{
	const struct weir_router *r = plan->router;
	int rc = 0;

	for (unsigned i = 0; i < r->n_elements && !rc; i++) {
		struct weir_placed *at = &plan->placed[i];

		if (at->side == WEIR_USERSPACE && !at->why)
			rc = explain(plan, r->elements[i]);
	}
	list_crossings(plan);
	return rc;
}

static int place(struct placing *p)
{
	int rc = judge_all(p);

	if (!rc)
		rc = sort(p);
	if (!rc) {
		weir_spread(p->plan, p->can);
		rc = weir_refuse_copies(p);
	}
	if (!rc)
		rc = weir_drop_useless(p);
	return rc ? rc : settle(p->plan);
}

// Marks from which element packets come to each one in userspace: from itself, if its program hands
// some over.
static void reach(const struct weir_plan *plan, const struct weir_element **by)
{
	const struct weir_router *r = plan->router;
	bool more;

	for (unsigned i = 0; i < r->n_elements; i++)
		if (plan->placed[i].hands)
			by[i] = r->elements[i];
	do {
		more = false;
		for (unsigned i = 0; i < r->n_connections; i++) {
			const struct weir_connection *c = &r->connections[i];

			if (by[c->to->index] ||
			    (weir_plan_is_inside(plan, c) && !by[c->from->index]))
				continue;
			by[c->to->index] = c->from;
			more = true;
		}
	} while (more);
}

static void name_way(const struct weir_plan *plan, const struct weir_element *const *by,
		     const struct weir_element *e, struct weir_err *err)
{
	const struct weir_element *from = by[e->index];
	unsigned steps = plan->router->n_elements;

	while (steps-- && plan->placed[from->index].side == WEIR_DRIVER && by[from->index] &&
	       by[from->index] != from)
		from = by[from->index];
	if (plan->placed[from->index].hands)
		weir_error(err, &e->loc,
			   "`%s' (%s) runs in the driver only, but `%s' hands %s to userspace, "
			   "from where they come to it",
			   e->name, e->class->name, from->name, plan->placed[from->index].hands);
	else
		weir_error(err, &e->loc,
			   "`%s' (%s) runs in the driver only, but packets also come to it "
			   "from `%s' in userspace",
			   e->name, e->class->name, by[e->index]->name);
}

// Where there is no half in userspace, no packet may come there.
static int check_driver_only(const struct weir_plan *plan, struct weir_err *err)
{
	const struct weir_router *r = plan->router;
	const struct weir_element **by = calloc(r->n_elements + 1, sizeof(*by));

	if (!by)
		return -ENOMEM;
	reach(plan, by);
	for (unsigned i = 0; i < r->n_elements; i++) {
		const struct weir_element *e = r->elements[i];

		if (!e->class->driver_only)
			continue;
		if (plan->placed[i].side == WEIR_USERSPACE)
			weir_error(err, &e->loc, "`%s' (%s) cannot run in the driver: %s", e->name,
				   e->class->name, plan->placed[i].why);
		else if (by[i])
			name_way(plan, by, e, err);
	}
	free(by);
	return 0;
}

int weir_place(struct weir_plan *plan, struct weir_router *r, const struct weir_place_options *opt,
	       struct weir_err *err)
{
	struct placing p = {
		.plan = plan,
		.router = r,
		.opt = opt,
		.can = calloc(r->n_elements + 1, sizeof(*p.can)),
		.copied = calloc(r->n_elements + 1, sizeof(*p.copied)),
	};
	unsigned before = err->n_errors;
	int rc = weir_wishes_open(&p.wishes, r, opt, err);

	*plan = (struct weir_plan){
		.router = r,
		.placed = calloc(r->n_elements + 1, sizeof(*plan->placed)),
		.crossings = calloc(r->n_connections + 1, sizeof(*plan->crossings)),
	};
	if (!p.can || !p.copied || !plan->placed || !plan->crossings)
		rc = -ENOMEM;
	if (!rc)
		rc = place(&p);
	if (!rc) {
		weir_wishes_check(&p.wishes, plan, err);
		rc = check_driver_only(plan, err);
	}
	if (!rc)
		rc = err->n_errors == before ? 0 : -EINVAL;
	weir_wishes_close(&p.wishes);
	free(p.can);
	free(p.copied);
	if (rc)
		weir_plan_free(plan);
	return rc;
}

int weir_plan_withdraw(struct weir_plan *plan, const struct weir_element *e, const char *why)
{
	const unsigned n = plan->router->n_elements;
	bool *can = calloc(n + 1, sizeof(*can));
	int rc = can ? weir_stay(plan, e, "%s", why) : -ENOMEM;

	if (!rc) {
		for (unsigned i = 0; i < n; i++)
			can[i] = plan->placed[i].side == WEIR_DRIVER;
		weir_spread(plan, can);
		rc = settle(plan);
	}
	free(can);
	return rc;
}

void weir_plan_free(struct weir_plan *plan)
{
	for (unsigned i = 0; plan->placed && i < plan->router->n_elements; i++) {
		free(plan->placed[i].why);
		free(plan->placed[i].object);
	}
	free(plan->placed);
	free(plan->crossings);
	free(plan->order);
	free(plan->back);
	*plan = (struct weir_plan){};
}
