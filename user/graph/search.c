// SPDX-License-Identifier: BSD-2-Clause

// What can be reached from a port, along connections and through elements as their flow codes say.

#include <graph.h>
#include <stdlib.h>

struct place {
	struct weir_element *e;
	unsigned port;
};

struct search {
	bool down;
	bool (*is)(struct weir_element *);
	struct weir_element **v;
	unsigned n, max;

	struct place *open; // ports to go on from: outputs when going down, inputs when going up
	unsigned n_open;
	bool *queued;	// those that are or were in open
	unsigned *base; // first index of an element's ports in `queued`
};

static unsigned n_ports(const struct search *s, const struct weir_element *e)
{
	return s->down ? weir_wiring(e)->n_out : weir_wiring(e)->n_in;
}

static void queue(struct search *s, struct weir_element *e, unsigned port)
{
	bool *queued = &s->queued[s->base[e->index] + port];

	if (!*queued)
		s->open[s->n_open++] = (struct place){e, port};
	*queued = true;
}

static void found(struct search *s, struct weir_element *e)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->v[i] == e)
			return;
	if (s->n < s->max)
		s->v[s->n++] = e;
}

static bool flows(const struct search *s, struct weir_element *e, unsigned at, unsigned k)
{
	return s->down ? weir_flows(e, at, k) : weir_flows(e, k, at);
}

static void follow(struct search *s, const struct place *from)
{
	const struct weir_router *r = from->e->router;
	const struct weir_wiring *w = weir_wiring(from->e);
	const struct weir_port *p = s->down ? &w->out[from->port] : &w->in[from->port];

	for (unsigned i = p->first; i < p->first + p->n; i++) {
		const struct weir_connection *c =
			&r->connections[s->down ? w->by_out[i] : w->by_in[i]];
		struct weir_element *e = s->down ? c->to : c->from;
		unsigned at = s->down ? c->to_port : c->from_port;

		if (s->is(e)) {
			found(s, e);
			continue;
		}
		for (unsigned k = 0; k < n_ports(s, e); k++)
			if (flows(s, e, at, k))
				queue(s, e, k);
	}
}

// port -1: all ports of the element.
static unsigned search(struct weir_element *e, int port, bool down,
		       bool (*is)(struct weir_element *), struct weir_element **v, unsigned max)
{
	struct weir_router *r = e->router;
	struct search s = {.down = down, .is = is, .v = v, .max = max};
	unsigned total = 0;

	s.base = calloc(r->n_elements + 1, sizeof(*s.base));
	for (unsigned i = 0; s.base && i < r->n_elements; i++) {
		s.base[i] = total;
		total += n_ports(&s, r->elements[i]);
	}
	s.queued = calloc(total + 1, sizeof(*s.queued));
	s.open = calloc(total + 1, sizeof(*s.open));
	if (s.base && s.queued && s.open) {
		for (unsigned p = 0; p < n_ports(&s, e); p++)
			if (port < 0 || (unsigned)port == p)
				queue(&s, e, p);
		for (unsigned i = 0; i < s.n_open; i++)
			follow(&s, &s.open[i]);
	}
	free(s.base);
	free(s.queued);
	free(s.open);
	return s.n;
}

unsigned weir_find_downstream(struct weir_element *e, int port, bool (*is)(struct weir_element *),
			      struct weir_element **v, unsigned max)
{
	return search(e, port, true, is, v, max);
}

unsigned weir_find_upstream(struct weir_element *e, int port, bool (*is)(struct weir_element *),
			    struct weir_element **v, unsigned max)
{
	return search(e, port, false, is, v, max);
}

void weir_pushers(const struct weir_element *e, unsigned port, struct weir_workers *s)
{
	const struct weir_router *r = e->router;
	const struct weir_wiring *w = weir_wiring(e);

	*s = (struct weir_workers){};
	for (unsigned i = 0; port < w->n_in && i < w->in[port].n; i++) {
		const struct weir_element *from =
			r->connections[w->by_in[w->in[port].first + i]].from;

		weir_workers_join(s, from->class->changes_worker ? &from->tasks : &from->runs);
	}
}

// The output by which what is pulled from `port` is pulled on; n_out: it is not.
static unsigned pulled_on(const struct weir_element *e, unsigned port)
{
	const struct weir_wiring *w = weir_wiring(e);
	unsigned out = 0;

	while (out < w->n_out && (w->out[out].processing != WEIR_PULL || !weir_flows(e, port, out)))
		out++;
	return out;
}

struct weir_element *weir_puller(const struct weir_element *e, unsigned port)
{
	const struct weir_router *r = e->router;

	// a pull path may go in a circle, in which nobody pulls
	for (unsigned i = 0; i < r->n_elements; i++) {
		const struct weir_wiring *w = weir_wiring(e);
		const struct weir_connection *c;

		if (port >= w->n_out || w->out[port].processing != WEIR_PULL || !w->out[port].n)
			return NULL;
		c = &r->connections[w->by_out[w->out[port].first]];
		e = c->to;
		port = pulled_on(e, c->to_port);
		if (port == weir_wiring(e)->n_out)
			return e->class->task ? c->to : NULL;
	}
	return NULL;
}
