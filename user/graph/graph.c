// SPDX-License-Identifier: BSD-2-Clause
#include <weir/kernel.h>

#include <args_table.h>
#include <errno.h>
#include <graph.h>
#include <limits.h>
#include <names.h>
#include <stdio.h>
#include <stdlib.h>
#include <traffic.h>

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

// Stands for a class that is not known. Whatever is connected to it is right.
static const struct weir_class unknown = {.name = "?", .ports = "-/-", .flow = "x/y"};

bool weir_is_unknown(const struct weir_element *e)
{
	return e->class == &unknown;
}

bool weir_ports_known(const struct weir_element *e)
{
	return !e->router->wiring[e->index].open;
}

static const struct weir_class *find_class(struct weir_router *r, const struct lang_element *le,
					   struct weir_err *err)
{
	const struct weir_class *class = weir_class_find(le->class_name);
	const char *near;

	if (class)
		return class;
	r->names_lost = true;
	if (!*le->class_name || le->class_lost)
		return &unknown;
	near = weir_class_nearest(le->class_name);
	weir_error(err, &le->loc, "unknown element class `%s'%s%s%s", le->class_name,
		   near ? ": did you mean `" : " (`weir list classes' shows them)",
		   near ? near : "", near ? "'?" : "");
	return &unknown;
}

static int make_element(struct weir_router *r, const struct lang_element *le, unsigned i,
			struct weir_err *err)
{
	struct weir_element *e = calloc(1, sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->class = find_class(r, le, err);
	r->elements[i] = e;
	e->self = calloc(1, e->class->self_size + 1);
	if (!e->self)
		return -ENOMEM;
	e->name = le->name;
	e->router = r;
	e->loc = le->loc;
	e->config = le->config;
	e->index = i;
	r->wiring[i].config_loc = le->config_loc;
	r->wiring[i].open = r->flat.incomplete || weir_is_unknown(e);
	r->wiring[i].misread = weir_is_unknown(e);
	return 0;
}

bool weir_name_is_lost(const struct weir_router *r, const char *name)
{
	if (!r->names_lost || r->flat.incomplete)
		return r->names_lost;
	for (unsigned i = 0; i < r->n_elements; i++)
		if (r->wiring[i].misread && strstr(r->elements[i]->config, name))
			return true;
	return false;
}

// The number of a port written by number or name; -1 with a message.
static int port_number(const struct weir_element *e, bool output, const struct lang_port *p,
		       const struct weir_loc *loc, struct weir_err *err)
{
	const char *const *names = output ? e->class->out : e->class->in;
	unsigned n = output ? sizeof(e->class->out) / sizeof(e->class->out[0])
			    : sizeof(e->class->in) / sizeof(e->class->in[0]);

	if (p->number >= 0 || weir_is_unknown(e))
		return p->number >= 0 ? p->number : 0;
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

// The ports that a connection joins. False, with a message, if there are no such ports.
static bool find_ports(const struct lang_connection *lc, struct weir_connection *c,
		       struct weir_err *err)
{
	int from = port_number(c->from, true, &lc->from_port, &lc->loc, err);
	int to = port_number(c->to, false, &lc->to_port, &lc->loc, err);

	if (from < 0 || to < 0)
		return false;
	if (from >= MAX_PORTS || to >= MAX_PORTS) {
		weir_error(err, &lc->loc, "port number %d is too large: an element has at most %d",
			   from > to ? from : to, MAX_PORTS);
		return false;
	}
	c->from_port = (unsigned)from;
	c->to_port = (unsigned)to;
	return true;
}

static void make_connection(struct weir_router *r, const struct lang_connection *lc,
			    struct weir_err *err)
{
	struct weir_connection *c = &r->connections[r->n_connections];

	c->from = r->elements[lc->from];
	c->to = r->elements[lc->to];
	c->loc = lc->loc;
	if (!find_ports(lc, c, err)) {
		r->wiring[lc->from].open = r->wiring[lc->to].open = true;
		return;
	}
	if (is_repeated(r, c))
		return;
	if (c->from->n_out <= c->from_port)
		c->from->n_out = c->from_port + 1;
	if (c->to->n_in <= c->to_port)
		c->to->n_in = c->to_port + 1;
	r->n_connections++;
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
static int configure(struct weir_router *r, unsigned early, struct weir_err *err)
{
	int rc = 0;

	for (unsigned i = 0; i < r->n_elements; i++) {
		struct weir_element *e = r->elements[i];
		int one;

		if (e->class->early != early || weir_is_unknown(e) ||
		    r->flat.elements[i].config_lost)
			continue;
		one = weir_configure(e, e->config, &r->wiring[i].config_loc, err);
		r->wiring[i].configured = true;
		r->wiring[i].misread = early && one;
		r->names_lost |= r->wiring[i].misread;
		if (one && !rc)
			rc = one;
	}
	return rc;
}

static int make_elements(struct weir_router *r, struct weir_err *err)
{
	unsigned n = r->flat.n_elements;
	int rc = 0;

	r->n_workers = 1;
	r->names_lost = r->flat.incomplete;
	r->elements = calloc(n + 1, sizeof(*r->elements));
	r->wiring = calloc(n + 1, sizeof(*r->wiring));
	r->connections = calloc(r->flat.n_connections + 1, sizeof(*r->connections));
	if (!r->elements || !r->wiring || !r->connections || weir_names_init(&r->names))
		return -ENOMEM;
	for (unsigned i = 0; i < n && !rc; i++)
		rc = make_element(r, &r->flat.elements[i], i, err);
	if (!rc)
		r->n_elements = n;
	return rc;
}

// Goes on after a mistake, as long as what follows does not depend on it.
static int build(struct weir_router *r, struct weir_err *err)
{
	int rc = make_elements(r, err);

	if (rc)
		return rc;
	for (unsigned i = 0; i < r->flat.n_connections; i++)
		make_connection(r, &r->flat.connections[i], err);
	for (unsigned i = 0; i < r->n_elements; i++)
		weir_check_port_counts(r->elements[i], err);
	rc = index_ports(r);
	if (rc)
		return rc;
	weir_check_inputs(r, err);
	weir_resolve_processing(r, err);
	for (unsigned early = WEIR_EARLIEST + 1; early-- && (!rc || rc == -EINVAL);)
		rc = configure(r, early, err) ?: rc;
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

static void init_element(struct weir_element *e, struct weir_err *err)
{
	unsigned before = err->n_errors;
	int rc = e->class->init ? e->class->init(e, err) : 0;

	e->router->wiring[e->index].initialised = true;
	if (rc && err->n_errors == before)
		weir_error(err, &e->loc, "`%s' (%s) cannot start: %s", e->name, e->class->name,
			   strerror(-rc));
}

static void init_some(struct weir_router *r, bool late, bool alone, struct weir_err *err)
{
	for (unsigned i = 0; i < r->n_elements; i++) {
		const struct weir_class *class = r->elements[i]->class;

		if (!r->wiring[i].initialised && class->late == late && class->alone <= alone)
			init_element(r->elements[i], err);
	}
}

static int init(struct weir_router *r, bool alone, struct weir_err *err)
{
	init_some(r, false, alone, err);
	init_some(r, true, alone, err);
	return err->n_errors ? -EINVAL : 0;
}

int weir_router_init_beside(struct weir_router *r, struct weir_err *err)
{
	return init(r, false, err);
}

int weir_router_init(struct weir_router *r, struct weir_err *err)
{
	return init(r, true, err);
}

// A start that failed may have left them at work, for elements that go before them.
static void stop_followers(struct weir_router *r)
{
	for (unsigned i = 0; i < r->flat.n_elements && r->elements; i++) {
		const struct weir_element *e = r->elements[i];

		if (e && e->self && e->class->kernel && e->class->kernel(e))
			weir_kernel_stop(e->class->kernel(e));
	}
}

void weir_router_free(struct weir_router *r)
{
	if (!r)
		return;
	stop_followers(r);
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
	for (unsigned i = 0; i < r->n_wishes; i++)
		free(r->wishes[i].name);
	free(r->wishes);
	for (unsigned i = 0; i < r->n_pins; i++) {
		free(r->pins[i].name);
		free(r->pins[i].list);
	}
	free(r->pins);
	weir_names_free(r->names);
	weir_traffic_free(r->traffic);
	lang_router_free(&r->flat);
	free(r);
}
