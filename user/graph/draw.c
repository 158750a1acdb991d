// SPDX-License-Identifier: BSD-2-Clause
#include "draw.h"

#include "threads.h"

// A quoted string of dot.
static void add_quoted(struct weir_buf *out, const char *s)
{
	weir_printf(out, "\"");
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			weir_printf(out, "\\");
		if (*s == '\n')
			weir_printf(out, "\\n");
		else
			weir_append(out, s, 1);
	}
	weir_printf(out, "\"");
}

// Who is in it, unless all are.
static void add_runs(const struct weir_element *e, const struct weir_plan *plan,
		     struct weir_buf *label)
{
	const struct weir_threads *t = plan ? plan->threads : NULL;
	unsigned n = weir_workers_count(&e->runs);

	if (!t || n == t->opt.n_workers || (!e->n_in && !e->n_out))
		return;
	weir_printf(label, "\nworker%s ", n == 1 ? "" : "s");
	weir_workers_print(&e->runs, label);
}

static void add_label(const struct weir_element *e, const struct weir_plan *plan,
		      struct weir_buf *out)
{
	struct weir_buf label = {};
	const char *name = strrchr(e->name, '/');

	name = name ? name + 1 : e->name;
	// the name that Click makes up says nothing new
	if (strchr(name, '@'))
		weir_printf(&label, "%s", e->class->name);
	else
		weir_printf(&label, "%s\n%s", name, e->class->name);
	add_runs(e, plan, &label);
	weir_printf(out, " [label=");
	add_quoted(out, label.text ? label.text : "");
	weir_buf_free(&label);
}

static void add_element(const struct weir_element *e, const struct weir_plan *plan,
			struct weir_buf *out)
{
	const struct weir_placed *at = plan ? &plan->placed[e->index] : NULL;
	const char *tooltip = at && at->why ? at->why : e->config;

	weir_printf(out, "\t");
	add_quoted(out, e->name);
	add_label(e, plan, out);
	if (*tooltip) {
		weir_printf(out, ", tooltip=");
		add_quoted(out, tooltip);
	}
	if (at && at->side == WEIR_DRIVER)
		weir_printf(out, ", style=filled, fillcolor=palegreen");
	weir_printf(out, "];\n");
}

// Elements of one compound stand in a box of its name.
static void add_elements(const struct weir_router *r, const struct weir_plan *plan,
			 struct weir_buf *out)
{
	for (unsigned i = 0; i < r->n_elements; i++) {
		const struct weir_element *e = r->elements[i];
		const char *slash = strrchr(e->name, '/');

		if (!slash) {
			add_element(e, plan, out);
			continue;
		}
		weir_printf(out, "\tsubgraph \"cluster_%.*s\" { label=\"%.*s\";\n",
			    (int)(slash - e->name), e->name, (int)(slash - e->name), e->name);
		add_element(e, plan, out);
		weir_printf(out, "\t}\n");
	}
}

static void add_port(const struct weir_element *e, bool output, unsigned port, unsigned n,
		     struct weir_buf *out)
{
	char name[64];

	weir_port_name(e, output, port, name, sizeof(name));
	if (n < 2 && *name >= '0' && *name <= '9')
		return;
	weir_printf(out, output ? " taillabel=" : " headlabel=");
	add_quoted(out, name);
}

static bool crosses(const struct weir_plan *plan, const struct weir_connection *c)
{
	return plan && plan->placed[c->from->index].side == WEIR_DRIVER &&
	       !weir_plan_is_inside(plan, c);
}

static void add_connections(const struct weir_router *r, const struct weir_plan *plan,
			    struct weir_buf *out)
{
	for (unsigned i = 0; i < r->n_connections; i++) {
		const struct weir_connection *c = &r->connections[i];

		weir_printf(out, "\t");
		add_quoted(out, c->from->name);
		weir_printf(out, " -> ");
		add_quoted(out, c->to->name);
		weir_printf(out, " [");
		add_port(c->from, true, c->from_port, weir_wiring(c->from)->n_out, out);
		add_port(c->to, false, c->to_port, weir_wiring(c->to)->n_in, out);
		if (weir_out_is_pull(c->from, c->from_port))
			weir_printf(out, " style=dashed");
		if (crosses(plan, c))
			weir_printf(out, " color=red");
		weir_printf(out, "];\n");
	}
}

void weir_draw(const struct weir_router *r, const struct weir_plan *plan, struct weir_buf *out)
{
	weir_printf(out, "digraph router {\n\tnode [shape=box, fontname=\"sans-serif\"];\n");
	add_elements(r, plan, out);
	add_connections(r, plan, out);
	weir_printf(out, "}\n");
}

void weir_plan_dot(const struct weir_plan *plan, struct weir_buf *out)
{
	weir_draw(plan->router, plan, out);
}
