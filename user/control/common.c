// SPDX-License-Identifier: BSD-2-Clause
// The handlers that every element has, and those of the router. Names and formats are Click's where
// Click has them.

#include "args_table.h"
#include "engine.h"
#include "handlers.h"
#include "lang.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

const char weir_version[] = "0.1";

#define READ_FN(name_)                                                                      \
	static int name_(struct weir_element *e, const struct weir_handler *, const char *, \
			 struct weir_buf *out, struct weir_err *)

READ_FN(read_name)
{
	weir_printf(out, "%s", e->name);
	return 0;
}

READ_FN(read_class)
{
	weir_printf(out, "%s", e->class->name);
	return 0;
}

READ_FN(read_config)
{
	weir_printf(out, "%s", e->config);
	return 0;
}

static int write_config(struct weir_element *e, const struct weir_handler *, const char *value,
			struct weir_err *err)
{
	struct weir_wiring *w = &e->router->wiring[e->index];
	char *text;
	int r;

	text = strdup(value);
	if (!text)
		return -ENOMEM;
	r = weir_reconfigure(e, text, weir_half_changed, err);
	if (r < 0) {
		free(text);
		return r;
	}
	for (unsigned i = 0; i < e->n_nodes; i++) {
		e->nodes[i]->self = e->self;
		e->nodes[i]->len_delta = e->len_delta;
		weir_wake(e->nodes[i]); // there may be something to do again
	}
	free(w->config);
	w->config = text;
	e->config = e->router->flat.elements[e->index].config = text;
	return 0;
}

static void show_port(struct weir_element *e, bool output, unsigned p, struct weir_buf *out)
{
	const struct weir_router *r = e->router;
	const struct weir_wiring *w = &r->wiring[e->index];
	const struct weir_port *port = output ? &w->out[p] : &w->in[p];
	const unsigned *connections = output ? w->by_out : w->by_in;
	const char *code = weir_processing_code(e->class);

	weir_printf(out, "%s%s\t-\t", port->processing == WEIR_PULL ? "pull" : "push",
		    weir_code_processing(code, output, p) == WEIR_AGNOSTIC ? "~" : "");
	for (unsigned i = port->first; i < port->first + port->n; i++) {
		const struct weir_connection *c = &r->connections[connections[i]];
		const char *sep = i > port->first ? ", " : "";

		if (output)
			weir_printf(out, "%s[%u] %s", sep, c->to_port, c->to->name);
		else
			weir_printf(out, "%s%s [%u]", sep, c->from->name, c->from_port);
	}
	weir_append(out, "\n", 1);
}

static void show_ports(struct weir_element *e, bool output, struct weir_buf *out)
{
	const struct weir_wiring *w = weir_wiring(e);
	unsigned n = output ? w->n_out : w->n_in;

	weir_printf(out, "%u %s%s\n", n, output ? "output" : "input", n == 1 ? "" : "s");
	for (unsigned p = 0; p < n; p++)
		show_port(e, output, p, out);
}

READ_FN(read_ports)
{
	show_ports(e, false, out);
	show_ports(e, true, out);
	return 0;
}

static void show_handler(void *arg, const struct weir_handler *h)
{
	unsigned flags = h->flags;

	if (!(flags & (WEIR_H_READ | WEIR_H_WRITE)))
		return;
	weir_printf(arg, "%s\t%s%s%s%s%s%s%s\n", h->name, flags & WEIR_H_READ ? "r" : "",
		    flags & WEIR_H_WRITE ? "w" : "", flags & WEIR_H_READ_PARAM ? "+" : "",
		    flags & WEIR_H_RAW ? "%" : "", flags & WEIR_H_CALM ? "." : "",
		    flags & WEIR_H_BUTTON ? "b" : "", flags & WEIR_H_CHECKBOX ? "c" : "");
}

READ_FN(read_handlers)
{
	weir_each_handler(e, show_handler, out);
	return 0;
}

static void show_count(struct weir_element *e, bool output, unsigned port, struct weir_count c,
		       struct weir_buf *out)
{
	char name[64];

	weir_port_name(e, output, port, name, sizeof(name));
	weir_printf(out, "%s %u %" PRIu64 " %" PRIu64, output ? "out" : "in", port,
		    (uint64_t)c.packets, (uint64_t)c.bytes);
	if (*name < '0' || *name > '9')
		weir_printf(out, " %s", name);
	weir_append(out, "\n", 1);
}

READ_FN(read_counts)
{
	const struct weir_router *r = e->router;
	const struct weir_wiring *w = &r->wiring[e->index];

	for (unsigned p = 0; p < w->n_in; p++) {
		const struct weir_port *port = &w->in[p];
		struct weir_count sum = {};

		for (unsigned i = port->first; i < port->first + port->n; i++) {
			const struct weir_connection *c = &r->connections[w->by_in[i]];
			struct weir_count one = weir_edge_count(c->from, c->from_port);

			sum.packets += one.packets;
			sum.bytes += one.bytes;
		}
		show_count(e, false, p, sum, out);
	}
	for (unsigned p = 0; r->engine && p < weir_n_outputs(e); p++)
		show_count(e, true, p, weir_edge_count(e, p), out);
	return 0;
}

struct drops {
	struct weir_buf *out;
	const char *element; // NULL: of all
	size_t len;
};

static void show_drop(void *arg, const char *name, uint64_t packets, uint64_t bytes)
{
	struct drops *d = arg;

	if (d->element && (strncmp(name, d->element, d->len) != 0 || name[d->len] != '.' ||
			   strchr(name + d->len + 1, '.')))
		return;
	weir_printf(d->out, "%s %" PRIu64 " %" PRIu64 "\n", d->element ? name + d->len + 1 : name,
		    packets, bytes);
}

// Does its task get a turn in the next round? Not before something wakes it, if it sleeps.
READ_FN(read_scheduled)
{
	bool is = false;

	for (unsigned i = 0; i < e->n_nodes; i++)
		is |= weir_workers_has(&e->tasks, i) &&
		      e->nodes[i]->sleep_until <= weir_now(e->nodes[i]);
	weir_printf(out, "%s", is ? "true" : "false");
	return 0;
}

READ_FN(read_home_thread)
{
	if (weir_workers_count(&e->tasks))
		weir_workers_print(&e->tasks, out);
	else
		weir_printf(out, "-1");
	return 0;
}

READ_FN(read_drops)
{
	struct drops d = {out, *e->name ? e->name : NULL, strlen(e->name)};

	if (e->router->engine)
		weir_each_drop(e->router->engine, show_drop, &d);
	return 0;
}

#define CALM(name_, fn_, help_)                                                     \
	{                                                                           \
		.name = (name_), .flags = WEIR_H_READ | WEIR_H_CALM, .read = (fn_), \
		.help = (help_)                                                     \
	}

const struct weir_handler weir_config_handler = {
	.name = "config",
	.flags = WEIR_H_READ | WEIR_H_WRITE | WEIR_H_CALM,
	.read = read_config,
	.write = write_config,
	.help = "its arguments; a write replaces them",
};

const struct weir_handler weir_task_handlers[] = {
	WEIR_READ("scheduled", read_scheduled, "whether its task is to run"),
	WEIR_READ("home_thread", read_home_thread, "the workers that call its task; -1: none"),
	{},
};

const struct weir_handler weir_common_handlers[] = {
	CALM("name", read_name, "name of the element"),
	CALM("class", read_class, "its class"),
	CALM("config", read_config, "its arguments"),
	CALM("ports", read_ports, "ports, their processing, and what they are connected to"),
	CALM("handlers", read_handlers, "names and kinds of the handlers"),
	WEIR_READ("counts", read_counts, "packets and bytes by port"),
	WEIR_READ("drops", read_drops, "packets and bytes lost, by reason"),
	{},
};

static int read_version(struct weir_element *, const struct weir_handler *, const char *,
			struct weir_buf *out, struct weir_err *)
{
	weir_printf(out, "%s", weir_version);
	return 0;
}

READ_FN(read_flatconfig)
{
	char *text = lang_unparse(&e->router->flat);

	if (!text)
		return -ENOMEM;
	weir_printf(out, "%s", text);
	free(text);
	return 0;
}

READ_FN(read_source)
{
	weir_append(out, e->router->flat.text, e->router->flat.text_len);
	return 0;
}

READ_FN(read_list)
{
	weir_printf(out, "%u\n", e->router->n_elements);
	for (unsigned i = 0; i < e->router->n_elements; i++)
		weir_printf(out, "%s\n", e->router->elements[i]->name);
	return 0;
}

static int read_classes(struct weir_element *, const struct weir_handler *, const char *,
			struct weir_buf *out, struct weir_err *)
{
	const struct weir_class *const *v;
	unsigned n = weir_classes(&v);

	for (unsigned i = 0; i < n; i++)
		weir_printf(out, "%s\n", v[i]->name);
	return 0;
}

READ_FN(read_requirements)
{
	const struct lang_router *flat = &e->router->flat;

	for (unsigned i = 0; i < flat->n_requirements; i++)
		weir_printf(out, "%s %s\n", flat->requirements[i].kind,
			    flat->requirements[i].value);
	return 0;
}

static int read_packages(struct weir_element *, const struct weir_handler *, const char *,
			 struct weir_buf *, struct weir_err *)
{
	return 0; // everything is built in
}

static int read_driver(struct weir_element *, const struct weir_handler *, const char *,
		       struct weir_buf *out, struct weir_err *)
{
	weir_printf(out, "userlevel");
	return 0;
}

READ_FN(read_ledger)
{
	struct weir_ledger l = {};

	if (e->router->engine)
		weir_ledger(e->router->engine, &l);
	weir_printf(out, "made %" PRIu64 " %" PRIu64 "\nended %" PRIu64 " %" PRIu64 "\n", l.made,
		    l.made_bytes, l.ended, l.ended_bytes);
	weir_printf(out, "held %" PRIu64 "\ndropped %" PRIu64 " %" PRIu64 "\n", l.held, l.dropped,
		    l.dropped_bytes);
	return 0;
}

static int write_stop(struct weir_element *e, const struct weir_handler *, const char *value,
		      struct weir_err *)
{
	int32_t n = 1;

	if (weir_parse(NULL, WEIR_T_I32, value, NULL, &n, NULL) < 0)
		n = 1;
	while (n-- > 0)
		weir_stop(e->router);
	return 0;
}

const struct weir_handler weir_global_handlers[] = {
	CALM("version", read_version, "version of weir"),
	CALM("config", read_source, "configuration, as it was read"),
	CALM("flatconfig", read_flatconfig, "configuration with compounds expanded"),
	CALM("list", read_list, "number of elements, and their names"),
	CALM("classes", read_classes, "element classes that weir has"),
	CALM("requirements", read_requirements, "requirements of the configuration"),
	CALM("packages", read_packages, "loaded packages: none"),
	CALM("driver", read_driver, "Click's name for this kind of driver"),
	CALM("handlers", read_handlers, "names and kinds of the router's handlers"),
	WEIR_READ("drops", read_drops, "packets and bytes lost, by element and reason"),
	WEIR_READ("ledger", read_ledger, "packets and bytes made, ended, held and dropped"),
	{.name = "stop",
	 .flags = WEIR_H_WRITE | WEIR_H_BUTTON,
	 .write = write_stop,
	 .help = "stops the router"},
	{},
};
