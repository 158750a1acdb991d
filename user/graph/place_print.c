// SPDX-License-Identifier: BSD-2-Clause

// A plan for people and for programs.

#include "place.h"
#include "threads.h"
#include "walk.h"

#include <stdlib.h>

static const char *const sides[] = {[WEIR_USERSPACE] = "userspace", [WEIR_DRIVER] = "driver"};

static const char *why_of(const struct weir_placed *at)
{
	return at->why ? at->why : "";
}

// --- text --------------------------------------------------------------------------------------

struct listing {
	const struct weir_plan *plan;
	struct weir_buf *out;
	int name_width, class_width;
	struct weir_walk walk;
	unsigned *listed; // by element: in which list, from 1
	unsigned n;	  // lists so far
};

static int wider(int have, const char *name)
{
	enum { WIDEST = 32 };
	int n = (int)strlen(name);

	return n > WIDEST || n < have ? have : n;
}

static void list_element(struct listing *l, const struct weir_element *e)
{
	const struct weir_placed *at = &l->plan->placed[e->index];

	l->listed[e->index] = l->n;
	if (at->side == WEIR_DRIVER)
		weir_printf(l->out, "  driver     %2u  %-*s  %s\n", at->depth, l->name_width,
			    e->name, e->class->name);
	else
		weir_printf(l->out, "  userspace   -  %-*s  %-*s  %s\n", l->name_width, e->name,
			    l->class_width, e->class->name, why_of(at));
}

// Where this list goes on in an earlier one.
static void list_joins(struct listing *l, const struct weir_element *e)
{
	for (unsigned i = 0; i < weir_n_leaving(e); i++) {
		const struct weir_element *to = weir_leaving(e, i)->to;
		unsigned *listed = &l->listed[to->index];

		if (!*listed || *listed == l->n)
			continue;
		*listed = l->n;
		weir_printf(l->out, "  as above       %-*s  %s\n", l->name_width, to->name,
			    to->class->name);
	}
}

// An element and what it leads to, but what was listed before.
static void list_from(struct listing *l, const struct weir_element *e)
{
	const struct weir_router *r = l->plan->router;
	unsigned before = l->walk.n_order;

	l->n++;
	weir_printf(l->out, "%s(%s)\n", e->name, e->config);
	weir_walk_from(&l->walk, e);
	for (unsigned i = l->walk.n_order; i-- > before;)
		list_element(l, r->elements[l->walk.order[i]]);
	for (unsigned i = l->walk.n_order; i-- > before;)
		list_joins(l, r->elements[l->walk.order[i]]);
	weir_printf(l->out, "\n");
}

static void list_rest(struct listing *l)
{
	const struct weir_router *r = l->plan->router;
	bool first = true;

	for (unsigned i = 0; i < r->n_elements; i++) {
		if (l->listed[i])
			continue;
		if (first)
			weir_printf(l->out, "behind no FromDevice\n");
		first = false;
		list_element(l, r->elements[i]);
	}
	if (!first)
		weir_printf(l->out, "\n");
}

static void list_crossings(const struct listing *l)
{
	const struct weir_plan *plan = l->plan;

	if (plan->n_crossings)
		weir_printf(l->out, "from the driver to userspace\n");
	for (unsigned i = 0; i < plan->n_crossings; i++) {
		const struct weir_connection *c = plan->crossings[i].connection;

		weir_printf(l->out, "  %s [%u] -> [%u] %s: %s\n", c->from->name, c->from_port,
			    c->to_port, c->to->name,
			    plan->crossings[i].why ? plan->crossings[i].why : "");
	}
	if (plan->n_crossings)
		weir_printf(l->out, "\n");
}

static void list_all(struct listing *l)
{
	const struct weir_router *r = l->plan->router;

	for (unsigned i = 0; i < r->n_elements; i++) {
		l->name_width = wider(l->name_width, r->elements[i]->name);
		l->class_width = wider(l->class_width, r->elements[i]->class->name);
	}
	for (unsigned i = 0; i < r->n_elements; i++)
		if (weir_is_entry(r->elements[i]))
			list_from(l, r->elements[i]);
	l->n++;
	list_rest(l);
	list_crossings(l);
	if (l->plan->threads)
		weir_threads_text(l->plan->threads, l->out);
	weir_printf(l->out, "driver: %u of %u elements, longest way %u of %d programs\n",
		    l->plan->n_driver, r->n_elements, l->plan->longest, WEIR_TAIL_CALLS);
}

void weir_plan_text(const struct weir_plan *plan, struct weir_buf *out)
{
	struct listing l = {
		.plan = plan,
		.out = out,
		.listed = calloc(plan->router->n_elements + 1, sizeof(*l.listed)),
	};

	if (weir_walk_open(&l.walk, plan->router) || !l.listed)
		out->failed = true;
	else
		list_all(&l);
	weir_walk_close(&l.walk);
	free(l.listed);
}

// --- JSON --------------------------------------------------------------------------------------

// Bytes beyond ASCII become characters of the same number, so that the result is always JSON.
static void add_string(struct weir_buf *out, const char *key, const char *s)
{
	weir_printf(out, "\"%s\": \"", key);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			weir_printf(out, "\\%c", c);
		else if (c < ' ' || c > '~')
			weir_printf(out, "\\u%04x", c);
		else
			weir_append(out, s, 1);
	}
	weir_printf(out, "\"");
}

static void add_element(const struct weir_plan *plan, const struct weir_element *e,
			struct weir_buf *out)
{
	const struct weir_placed *at = &plan->placed[e->index];

	weir_printf(out, "%s\n\t\t{", e->index ? "," : "");
	add_string(out, "name", e->name);
	weir_printf(out, ", ");
	add_string(out, "class", e->class->name);
	weir_printf(out, ", ");
	add_string(out, "side", sides[at->side]);
	if (at->side == WEIR_DRIVER)
		weir_printf(out, ", \"depth\": %u", at->depth);
	if (at->object) {
		weir_printf(out, ", ");
		add_string(out, "object", at->object);
	}
	if (at->why) {
		weir_printf(out, ", ");
		add_string(out, "why", at->why);
	}
	if (plan->threads) {
		weir_printf(out, ", \"runs\": ");
		weir_workers_json(&e->runs, out);
		weir_printf(out, ", \"tasks\": ");
		weir_workers_json(&e->tasks, out);
	}
	weir_printf(out, "}");
}

static void add_crossing(const struct weir_plan *plan, unsigned i, struct weir_buf *out)
{
	const struct weir_connection *c = plan->crossings[i].connection;

	weir_printf(out, "%s\n\t\t{", i ? "," : "");
	add_string(out, "from", c->from->name);
	weir_printf(out, ", \"output\": %u, ", c->from_port);
	add_string(out, "to", c->to->name);
	weir_printf(out, ", \"input\": %u, ", c->to_port);
	add_string(out, "why", plan->crossings[i].why ? plan->crossings[i].why : "");
	weir_printf(out, "}");
}

void weir_plan_json(const struct weir_plan *plan, struct weir_buf *out)
{
	const struct weir_router *r = plan->router;

	weir_printf(out, "{\n\t\"elements\": [");
	for (unsigned i = 0; i < r->n_elements; i++)
		add_element(plan, r->elements[i], out);
	weir_printf(out, "\n\t],\n\t\"crossings\": [");
	for (unsigned i = 0; i < plan->n_crossings; i++)
		add_crossing(plan, i, out);
	weir_printf(out, "\n\t],\n");
	if (plan->threads)
		weir_threads_json(plan->threads, out);
	weir_printf(out,
		    "\t\"driver\": %u, \"userspace\": %u, \"longest\": %u, "
		    "\"limit\": %d\n}\n",
		    plan->n_driver, r->n_elements - plan->n_driver, plan->longest, WEIR_TAIL_CALLS);
}
