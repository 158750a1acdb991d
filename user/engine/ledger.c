// SPDX-License-Identifier: BSD-2-Clause

// The ledger: every packet that came in was ended on purpose, is held, or was lost under a name, in
// either half.

#include <device.h>
#include <engine.h>
#include <stdio.h>

// The name of edge i of a node as a place where packets are lost.
static void edge_name(const struct weir_node *n, unsigned i, char *buf, size_t size)
{
	const struct weir_element *e = n->element;
	char port[64];

	if (i < n->n_out)
		weir_port_name(e, true, i, port, sizeof(port));
	else if (i == n->n_out + WEIR_EDGE_NO_PORT)
		snprintf(port, sizeof(port), "no_port");
	else if (i == n->n_out + WEIR_EDGE_LOOP)
		snprintf(port, sizeof(port), "loop");
	else
		snprintf(port, sizeof(port), "%s", e->class->drops[i - n->n_out - WEIR_EDGE_CLASS]);
	snprintf(buf, size, "%s.%s", e->name, port);
}

static unsigned n_edges(const struct weir_node *n)
{
	return n->n_out + WEIR_EDGE_CLASS + n->n_drops;
}

static void each_drop_of(const struct weir_node *n,
			 void (*fn)(void *arg, const char *name, uint64_t packets, uint64_t bytes),
			 void *arg)
{
	char name[512];

	for (unsigned x = 0; x < n_edges(n); x++) {
		struct weir_count c = {};

		if (n->out[x].to == &n->worker->free_input)
			c = weir_edge_count(n->element, x);
		if (!c.packets)
			continue;
		edge_name(n, x, name, sizeof(name));
		fn(arg, name, c.packets, c.bytes);
	}
}

void weir_each_drop(struct weir_engine *g,
		    void (*fn)(void *arg, const char *name, uint64_t packets, uint64_t bytes),
		    void *arg)
{
	for (unsigned i = 0; i < g->router->n_elements; i++)
		each_drop_of(&g->workers[0].nodes[i], fn, arg);
	if (g->half)
		g->half->losses(g->half_arg, fn, arg);
}

static void add_drop(void *arg, const char *, uint64_t packets, uint64_t bytes)
{
	struct weir_ledger *l = arg;

	l->dropped += packets;
	l->dropped_bytes += bytes;
}

// Packets that wait for the next pass, behind a back edge say.
static uint64_t waiting(const struct weir_node *n)
{
	const unsigned n_in = n->element->router->wiring[n->element->index].n_in;
	uint64_t sum = 0;

	for (unsigned p = 0; p < n_in; p++)
		if (n->in[p].pending)
			sum += n->in[p].pending->n;
	return sum;
}

// What entered at the interfaces and was ended before it came to a worker.
static void add_driver(const struct weir_node *n, struct weir_ledger *l)
{
	const struct weir_count ended =
		weir_driver_count(n->element, n_edges(n) + WEIR_COUNT_ENDED);
	struct weir_count made = {};

	if (n->element->class->is_source)
		made = weir_driver_count(n->element, 0);
	l->made += made.packets;
	l->made_bytes += made.bytes;
	l->ended += ended.packets;
	l->ended_bytes += ended.bytes;
}

// What ToDevice gave to a worker that sends it is under way within the router.
static void add_handed_over(const struct weir_router *r, struct weir_ledger *l)
{
	for (const struct weir_device *d = r->devices; d; d = d->next) {
		uint64_t n = d->ops && d->ops->handed_over ? d->ops->handed_over(d) : 0;

		l->ended -= n;
		l->held += n;
	}
}

void weir_ledger(struct weir_engine *g, struct weir_ledger *l)
{
	*l = (struct weir_ledger){};
	for (unsigned k = 0; k < g->opt.n_workers; k++)
		for (unsigned i = 0; i < g->router->n_elements; i++) {
			struct weir_node *n = &g->workers[k].nodes[i];

			l->made += n->made;
			l->made_bytes += n->made_bytes;
			l->ended += n->ended;
			l->ended_bytes += n->ended_bytes;
			l->held += waiting(n);
			if (n->element->class->held)
				l->held += n->element->class->held(n);
		}
	for (unsigned i = 0; i < g->router->n_elements; i++)
		add_driver(&g->workers[0].nodes[i], l);
	add_handed_over(g->router, l);
	if (g->half)
		l->held += g->half->waiting(g->half_arg);
	if (g->half && g->half->not_taken)
		l->ended -= g->half->not_taken(g->half_arg);
	weir_each_drop(g, add_drop, l);
}
