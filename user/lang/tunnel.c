// SPDX-License-Identifier: BSD-2-Clause
// Connections of compounds, groups and tunnels become connections of elements.

#include "flat.h"

#include <stdlib.h>
#include <string.h>

// The edges in order of their far end (by[INPUT]) and their near end (by[OUTPUT]), so that all
// edges at one port of a node stand together.
struct tunnels {
	struct flat *f;
	struct conn **by[2];
	unsigned *seen;	 // per edge in by[OUTPUT]: the search that came there last
	unsigned *stack; // indices into by[OUTPUT]
	unsigned n_stack, cap_stack;
	struct conn *found; // between elements
	unsigned n_found, cap_found;
};

static int compare_ports(const struct lang_port *a, const struct lang_port *b)
{
	if (!a->name != !b->name)
		return a->name ? 1 : -1;
	if (a->name)
		return strcmp(a->name, b->name);
	return (a->number > b->number) - (a->number < b->number);
}

static int compare_end(const struct conn *a, unsigned node, const struct lang_port *port, int side)
{
	if (a->elem[side] != node)
		return a->elem[side] < node ? -1 : 1;
	return compare_ports(&a->port[side], port);
}

static int compare_conns(const struct conn *a, const struct conn *b, int side)
{
	int c = compare_end(a, b->elem[side], &b->port[side], side);

	return c ? c : compare_end(a, b->elem[!side], &b->port[!side], !side);
}

static int by_input(const void *a, const void *b)
{
	return compare_conns(*(struct conn *const *)a, *(struct conn *const *)b, INPUT);
}

static int by_output(const void *a, const void *b)
{
	return compare_conns(*(struct conn *const *)a, *(struct conn *const *)b, OUTPUT);
}

static int found_by_input(const void *a, const void *b)
{
	return compare_conns(a, b, INPUT); // Click's order
}

// The first edge at this port; LANG_NONE if there is none.
static unsigned edges_at(const struct tunnels *t, unsigned node, const struct lang_port *port,
			 enum side side)
{
	unsigned low = 0, high = t->f->n_edges, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (compare_end(t->by[side][mid], node, port, side) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < t->f->n_edges && !compare_end(t->by[side][low], node, port, side) ? low
										       : LANG_NONE;
}

static bool same_end(const struct conn *a, const struct conn *b, enum side side)
{
	return !compare_end(a, b->elem[side], &b->port[side], side);
}

static const char *port_text(struct lang_run *run, const struct lang_port *port)
{
	return port->name ? lang_printf(run, &run->tmp, "'%s'", port->name)
			  : lang_printf(run, &run->tmp, "%d", port->number);
}

// What to call a tunnel: a compound by its name, a group has none.
static const char *tunnel_text(struct lang_run *run, const struct node *n)
{
	return !n->elem->class && n->elem->number ? "this group"
						  : lang_printf(run, &run->tmp, "'%s'", n->name);
}

static bool has_name(const struct node *n) // of its own: `connectiontunnel`
{
	return !n->elem->class && !n->elem->number && n->of == LANG_NONE;
}

// An edge into a tunnel that goes nowhere: a port that the compound does not have.
static void check_arrival(struct tunnels *t, const struct conn *c)
{
	struct lang_run *run = t->f->run;
	struct node *n = &t->f->nodes[c->elem[INPUT]];
	const char *port;

	// An output of a compound that nobody needs is no mistake; arrivals at `input` were told.
	if (n->class_name || n->broken || n->elem->told || n->of != LANG_NONE)
		return;
	if (n->next == LANG_NONE) {
		lang_error_once(run, &c->loc, "nothing can go to '%s': it ends a tunnel", n->name);
		return;
	}
	if (edges_at(t, n->next, &c->port[INPUT], OUTPUT) != LANG_NONE)
		return;
	n->misled = true;
	port = port_text(run, &c->port[INPUT]);
	if (has_name(n))
		lang_error_once(run, &c->loc, "input %s of tunnel '%s' leads nowhere", port,
				n->name);
	else
		lang_error_once(run, &c->loc, "%s has no input %s", tunnel_text(run, n), port);
}

// An edge that comes out of a tunnel where nothing goes in.
static void check_departure(struct tunnels *t, const struct conn *c)
{
	struct lang_run *run = t->f->run;
	const struct node *n = &t->f->nodes[c->elem[OUTPUT]];
	const struct node *whole = n->of == LANG_NONE ? n : &t->f->nodes[n->of];
	const char *port;

	if (n->class_name || n->broken || n->elem->told || whole->elem->told)
		return;
	if (n->entry == LANG_NONE) {
		if (has_name(n)) // departures from `output` were told
			lang_error_once(run, &c->loc,
					"nothing can come from '%s': it begins a tunnel", n->name);
		return;
	}
	if (edges_at(t, n->entry, &c->port[OUTPUT], INPUT) != LANG_NONE)
		return;
	port = port_text(run, &c->port[OUTPUT]);
	if (has_name(n))
		lang_error_once(run, &c->loc, "nothing comes to output %s of tunnel '%s'", port,
				n->name);
	else if (whole == n)
		lang_error_once(run, &c->loc, "%s has no output %s", tunnel_text(run, n), port);
	else if (!whole->misled)
		lang_error_once(run, &whole->elem->loc, "input %s of %s is not connected", port,
				tunnel_text(run, whole));
}

static void check_tunnels(struct tunnels *t)
{
	unsigned i;

	for (i = 0; i < t->f->n_edges; i++)
		if (!i || !same_end(t->by[INPUT][i - 1], t->by[INPUT][i], INPUT))
			check_arrival(t, t->by[INPUT][i]);
	for (i = 0; i < t->f->n_edges; i++)
		if (!i || !same_end(t->by[OUTPUT][i - 1], t->by[OUTPUT][i], OUTPUT))
			check_departure(t, t->by[OUTPUT][i]);
}

static void emit(struct tunnels *t, const struct conn *from, const struct conn *to)
{
	struct lang_run *run = t->f->run;
	const struct node *nodes = t->f->nodes;

	if (t->n_found >= LANG_CONNECTIONS_MAX)
		lang_fatal(run, &from->loc, "more than %d connections when compounds are expanded",
			   LANG_CONNECTIONS_MAX);
	t->found =
		lang_grow(run, &run->tmp, t->found, t->n_found, &t->cap_found, sizeof(*t->found));
	t->found[t->n_found++] =
		(struct conn){{nodes[to->elem[INPUT]].index, nodes[from->elem[OUTPUT]].index},
			      {to->port[INPUT], from->port[OUTPUT]},
			      from->loc};
}

// Goes on from an edge into a tunnel: notes the edges at its other end for the search `number`.
static void follow(struct tunnels *t, const struct conn *c, unsigned number)
{
	struct lang_run *run = t->f->run;
	const struct node *n = &t->f->nodes[c->elem[INPUT]];
	unsigned i;

	if (n->next == LANG_NONE)
		return;
	i = edges_at(t, n->next, &c->port[INPUT], OUTPUT);
	if (i == LANG_NONE || t->seen[i] == number) // a ring of tunnels holds nothing
		return;
	t->seen[i] = number;
	for (;
	     i < t->f->n_edges && !compare_end(t->by[OUTPUT][i], n->next, &c->port[INPUT], OUTPUT);
	     i++) {
		t->stack = lang_grow(run, &run->tmp, t->stack, t->n_stack, &t->cap_stack,
				     sizeof(*t->stack));
		t->stack[t->n_stack++] = i;
	}
}

static void search(struct tunnels *t, const struct conn *from, unsigned number)
{
	const struct conn *c = from;

	for (;;) {
		lang_count_work(t->f->run, &from->loc, 16);
		if (t->f->nodes[c->elem[INPUT]].class_name)
			emit(t, from, c);
		else
			follow(t, c, number);
		if (!t->n_stack)
			return;
		c = t->by[OUTPUT][t->stack[--t->n_stack]];
	}
}

static void keep_connections(struct tunnels *t, struct lang_router *out)
{
	struct lang_run *run = t->f->run;
	const struct conn *last = NULL;
	unsigned i;

	if (t->n_found)
		qsort(t->found, t->n_found, sizeof(*t->found), found_by_input);
	out->connections = lang_alloc(run, run->keep, t->n_found * sizeof(*out->connections));
	for (i = 0; i < t->n_found; i++) {
		const struct conn *c = &t->found[i];

		if (last && !compare_conns(last, c, INPUT))
			continue; // said twice
		last = c;
		out->connections[out->n_connections++] = (struct lang_connection){
			.from = c->elem[OUTPUT],
			.to = c->elem[INPUT],
			.from_port = c->port[OUTPUT],
			.to_port = c->port[INPUT],
			.loc = c->loc,
		};
	}
}

void lang_tunnels_resolve(struct flat *f, struct lang_router *out)
{
	struct tunnels t = {.f = f};
	unsigned side, i, n = f->n_edges;

	for (side = INPUT; side <= OUTPUT; side++) {
		t.by[side] = lang_alloc(f->run, &f->run->tmp, n * sizeof(struct conn *));
		for (i = 0; i < n; i++)
			t.by[side][i] = &f->edges[i];
	}
	qsort(t.by[INPUT], n, sizeof(struct conn *), by_input);
	qsort(t.by[OUTPUT], n, sizeof(struct conn *), by_output);
	t.seen = lang_alloc(f->run, &f->run->tmp, n * sizeof(*t.seen));
	check_tunnels(&t);
	for (i = 0; i < n; i++)
		if (f->nodes[f->edges[i].elem[OUTPUT]].class_name)
			search(&t, &f->edges[i], i + 1);
	keep_connections(&t, out);
}
