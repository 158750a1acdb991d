// SPDX-License-Identifier: BSD-2-Clause
#include <args_table.h>
#include <errno.h>
#include <graph.h>
#include <limits.h>
#include <names.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_PORTS = 0x4000 }; // below WEIR_DROP, with room for drop reasons

const struct weir_wiring *weir_wiring(const struct weir_element *e)
{
	return &e->router->wiring[e->index];
}

unsigned weir_n_workers(const struct weir_element *e)
{
	return e->router->n_workers;
}

bool weir_in_connected(const struct weir_element *e, unsigned port)
{
	return port < weir_wiring(e)->n_in && weir_wiring(e)->in[port].n;
}

bool weir_out_connected(const struct weir_element *e, unsigned port)
{
	return port < weir_wiring(e)->n_out && weir_wiring(e)->out[port].n;
}

bool weir_in_is_pull(const struct weir_element *e, unsigned port)
{
	return port < weir_wiring(e)->n_in && weir_wiring(e)->in[port].processing == WEIR_PULL;
}

bool weir_out_is_pull(const struct weir_element *e, unsigned port)
{
	return port < weir_wiring(e)->n_out && weir_wiring(e)->out[port].processing == WEIR_PULL;
}

int weir_each_element(struct weir_router *r, int (*fn)(struct weir_element *e, void *arg),
		      void *arg)
{
	int rc = 0;

	for (unsigned i = 0; i < r->n_elements && !rc; i++)
		rc = fn(r->elements[i], arg);
	return rc;
}

struct weir_element *weir_find(struct weir_router *r, const char *name)
{
	for (unsigned i = 0; i < r->n_elements; i++)
		if (!strcmp(r->elements[i]->name, name))
			return r->elements[i];
	return NULL;
}

static int make_element(struct weir_router *r, const struct lang_element *le, unsigned i,
			struct weir_err *err)
{
	const struct weir_class *class = weir_class_find(le->class_name);
	struct weir_element *e;

	if (!class) {
		const char *near = weir_class_nearest(le->class_name);

		return weir_error(err, &le->loc, "unknown element class `%s'%s%s%s", le->class_name,
				  near ? ": did you mean `" : " (`weir list classes' shows them)",
				  near ? near : "", near ? "'?" : "");
	}
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->class = class;
	r->elements[i] = e;
	e->self = calloc(1, class->self_size + 1);
	if (!e->self)
		return -ENOMEM;
	e->name = le->name;
	e->router = r;
	e->loc = le->loc;
	e->config = le->config;
	e->index = i;
	r->wiring[i].config_loc = le->config_loc;
	return 0;
}

// The number of a port written by number or name; -1 with a message.
static int port_number(const struct weir_element *e, bool output, const struct lang_port *p,
		       const struct weir_loc *loc, struct weir_err *err)
{
	const char *const *names = output ? e->class->out : e->class->in;
	unsigned n = output ? sizeof(e->class->out) / sizeof(e->class->out[0])
			    : sizeof(e->class->in) / sizeof(e->class->in[0]);

	if (p->number >= 0)
		return p->number;
	for (unsigned i = 0; i < n && names[i]; i++)
		if (!strcmp(names[i], p->name))
			return (int)i;
	weir_error(err, loc, "`%s' (%s) has no %s named `%s'", e->name, e->class->name,
		   output ? "output" : "input", p->name);
	return -1;
}

// Two connections between the same ports are one, as in Click: the later ones go.
static bool is_repeated(const struct weir_router *r, const struct weir_connection *c)
{
	for (unsigned i = r->n_connections; i-- > 0;) {
		const struct weir_connection *d = &r->connections[i];

		if (c->from == d->from && c->to == d->to && c->from_port == d->from_port &&
		    c->to_port == d->to_port)
			return true;
		if (r->n_connections - i > 64)
			break;
	}
	return false;
}

static void make_connection(struct weir_router *r, const struct lang_connection *lc,
			    struct weir_err *err)
{
	struct weir_connection *c = &r->connections[r->n_connections];
	int from, to;

	c->from = r->elements[lc->from];
	c->to = r->elements[lc->to];
	c->loc = lc->loc;
	if (!c->from || !c->to)
		return;
	from = port_number(c->from, true, &lc->from_port, &lc->loc, err);
	to = port_number(c->to, false, &lc->to_port, &lc->loc, err);
	if (from < 0 || to < 0)
		return;
	if (from >= MAX_PORTS || to >= MAX_PORTS) {
		weir_error(err, &lc->loc, "port number %d is too large: an element has at most %d",
			   from > to ? from : to, MAX_PORTS);
		return;
	}
	c->from_port = (unsigned)from;
	c->to_port = (unsigned)to;
	if (is_repeated(r, c))
		return;
	if (c->from->n_out <= c->from_port)
		c->from->n_out = c->from_port + 1;
	if (c->to->n_in <= c->to_port)
		c->to->n_in = c->to_port + 1;
	r->n_connections++;
}

static void plural(char *buf, size_t size, unsigned n, const char *what)
{
	snprintf(buf, size, "%u %s%s", n, what, n == 1 ? "" : "s");
}

// Outputs may be left unconnected: what leaves there is counted and freed. Inputs may not.
static void check_port_counts(struct weir_element *e, struct weir_err *err)
{
	unsigned in[2], out[2];
	char have[32], want[32];
	bool equal;

	if (!weir_code_ports(weir_ports_code(e->class), in, out, &equal))
		abort(); // the class is wrong, not the configuration
	if (equal)
		out[0] = out[1] = e->n_in;
	plural(have, sizeof(have), e->n_in, "input");
	if (e->n_in < in[0]) {
		plural(want, sizeof(want), in[0], "input");
		weir_error(err, &e->loc, "`%s' (%s) has %s, needs %s%s", e->name, e->class->name,
			   have, in[0] == in[1] ? "" : "at least ", want);
	} else if (e->n_in > in[1]) {
		plural(want, sizeof(want), in[1], "input");
		weir_error(err, &e->loc, "`%s' (%s) has %s, may have %s%s", e->name, e->class->name,
			   have, in[0] == in[1] ? "" : "at most ", want);
	}
	plural(have, sizeof(have), e->n_out, "output");
	plural(want, sizeof(want), out[1], "output");
	if (e->n_out > out[1])
		weir_error(err, &e->loc, "`%s' (%s) has %s, may have %s%s", e->name, e->class->name,
			   have, out[0] == out[1] ? "" : "at most ", want);
	else if (e->n_out < out[0])
		e->n_out = out[0];
}

static void check_inputs(struct weir_router *r, struct weir_err *err)
{
	char name[32];

	for (unsigned i = 0; i < r->n_elements; i++) {
		struct weir_element *e = r->elements[i];

		for (unsigned p = 0; p < r->wiring[i].n_in; p++) {
			if (r->wiring[i].in[p].n)
				continue;
			weir_port_name(e, false, p, name, sizeof(name));
			weir_error(err, &e->loc, "input %s of `%s' (%s) is not connected", name,
				   e->name, e->class->name);
		}
	}
}

static int count_connections(struct weir_router *r)
{
	for (unsigned i = 0; i < r->n_elements; i++) {
		struct weir_element *e = r->elements[i];
		struct weir_wiring *w = &r->wiring[i];

		w->n_in = e->n_in;
		w->n_out = e->n_out;
		w->in = calloc(e->n_in + 1, sizeof(*w->in));
		w->out = calloc(e->n_out + 1, sizeof(*w->out));
		if (!w->in || !w->out)
			return -ENOMEM;
	}
	for (unsigned i = 0; i < r->n_connections; i++) {
		const struct weir_connection *c = &r->connections[i];

		r->wiring[c->from->index].out[c->from_port].n++;
		r->wiring[c->to->index].in[c->to_port].n++;
	}
	return 0;
}

// Gives each port its place in the list of its side, as long as it has counted, and sets its count
// back. Returns the length of the list.
static unsigned place_ports(struct weir_port *v, unsigned n)
{
	unsigned total = 0;

	for (unsigned p = 0; p < n; p++) {
		v[p].first = total;
		total += v[p].n;
		v[p].n = 0;
	}
	return total;
}

// Groups the connections by the ports they use. Within a group they keep their order.
static int index_ports(struct weir_router *r)
{
	int rc = count_connections(r);

	if (rc)
		return rc;
	for (unsigned i = 0; i < r->n_elements; i++) {
		struct weir_wiring *w = &r->wiring[i];

		w->by_in = calloc(place_ports(w->in, w->n_in) + 1, sizeof(*w->by_in));
		w->by_out = calloc(place_ports(w->out, w->n_out) + 1, sizeof(*w->by_out));
		if (!w->by_in || !w->by_out)
			return -ENOMEM;
	}
	for (unsigned i = 0; i < r->n_connections; i++) {
		const struct weir_connection *c = &r->connections[i];
		struct weir_wiring *from = &r->wiring[c->from->index];
		struct weir_wiring *to = &r->wiring[c->to->index];
		struct weir_port *out = &from->out[c->from_port], *in = &to->in[c->to_port];

		from->by_out[out->first + out->n++] = i;
		to->by_in[in->first + in->n++] = i;
	}
	return 0;
}

// Those that others look into while they are configured (AddressInfo) come first.
static int configure(struct weir_router *r, bool early, struct weir_err *err)
{
	int rc = 0;

	for (unsigned i = 0; i < r->n_elements; i++) {
		struct weir_element *e = r->elements[i];
		int one;

		if (e->class->early != early)
			continue;
		one = weir_configure(e, e->config, &r->wiring[i].config_loc, err);
		r->wiring[i].configured = true;
		if (one && !rc)
			rc = one;
	}
	return rc;
}

static int build(struct weir_router *r, struct weir_err *err)
{
	unsigned n = r->flat.n_elements;
	int rc = 0;

	r->n_workers = 1;
	r->elements = calloc(n + 1, sizeof(*r->elements));
	r->wiring = calloc(n + 1, sizeof(*r->wiring));
	r->connections = calloc(r->flat.n_connections + 1, sizeof(*r->connections));
	if (!r->elements || !r->wiring || !r->connections || weir_names_init(&r->names))
		return -ENOMEM;
	for (unsigned i = 0; i < n && rc != -ENOMEM; i++)
		rc = make_element(r, &r->flat.elements[i], i, err);
	if (rc == -ENOMEM)
		return rc;
	r->n_elements = n;
	for (unsigned i = 0; i < r->flat.n_connections; i++)
		make_connection(r, &r->flat.connections[i], err);
	if (err->n_errors) {
		// what has no class has no ports to speak of
		r->n_elements = 0;
		return -EINVAL;
	}
	for (unsigned i = 0; i < n; i++)
		check_port_counts(r->elements[i], err);
	rc = index_ports(r);
	if (rc)
		return rc;
	check_inputs(r, err);
	weir_resolve_processing(r, err);
	rc = configure(r, true, err);
	if (!rc || rc == -EINVAL)
		rc = configure(r, false, err) ?: rc;
	return rc ? rc : err->n_errors ? -EINVAL : 0;
}

int weir_router_build(struct weir_router **out, struct lang_router *flat, struct weir_err *err)
{
	struct weir_router *r = calloc(1, sizeof(*r));
	int rc;

	*out = NULL;
	if (!r) {
		lang_router_free(flat);
		return -ENOMEM;
	}
	r->flat = *flat;
	memset(flat, 0, sizeof(*flat));
	rc = build(r, err);
	if (rc) {
		if (rc == -ENOMEM)
			weir_error(err, NULL, "out of memory");
		weir_router_free(r);
		return rc;
	}
	*out = r;
	return 0;
}

int weir_router_init(struct weir_router *r, struct weir_err *err)
{
	for (unsigned i = 0; i < r->n_elements; i++) {
		struct weir_element *e = r->elements[i];
		unsigned before = err->n_errors;
		int rc = e->class->init ? e->class->init(e, err) : 0;

		r->wiring[i].initialised = true;
		if (rc && err->n_errors == before)
			weir_error(err, &e->loc, "`%s' (%s) cannot start: %s", e->name,
				   e->class->name, strerror(-rc));
	}
	return err->n_errors ? -EINVAL : 0;
}

void weir_router_free(struct weir_router *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i < r->flat.n_elements && r->elements && r->wiring; i++) {
		struct weir_element *e = r->elements[i];
		struct weir_wiring *w = &r->wiring[i];

		if (e) {
			if (w->configured && e->class->fini)
				e->class->fini(e);
			if (w->configured)
				weir_unconfigure(e);
			free(e->self);
			free(e->nodes);
			free(e);
		}
		free(w->config);
		free(w->in);
		free(w->out);
		free(w->by_in);
		free(w->by_out);
	}
	free(r->elements);
	free(r->wiring);
	free(r->connections);
	if (r->free_devices)
		r->free_devices(r->devices);
	weir_names_free(r->names);
	lang_router_free(&r->flat);
	free(r);
}
