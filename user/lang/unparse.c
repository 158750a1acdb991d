// SPDX-License-Identifier: BSD-2-Clause
// Flat graph to text, in Click's order: requirements, declarations, chains.

#include "lang.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct output {
	char *s;
	size_t len, size;
	bool failed;
};

static void put(struct output *o, const char *s)
{
	size_t n = strlen(s), size = o->size ? o->size : 1024;
	char *grown;

	while (size < o->len + n + 1)
		size *= 2;
	if (size != o->size && !o->failed) {
		grown = realloc(o->s, size);
		o->failed = !grown;
		o->s = grown ? grown : o->s;
		o->size = grown ? size : o->size;
	}
	if (o->failed)
		return;
	memcpy(o->s + o->len, s, n + 1);
	o->len += n;
}

static void put_requirements(struct output *o, const struct lang_router *r)
{
	unsigned i;
	char *quoted;

	for (i = 0; i < r->n_requirements; i++) {
		const struct lang_requirement *q = &r->requirements[i];

		put(o, i ? ", " : "require(");
		put(o, q->kind);
		if (!*q->value)
			continue;
		quoted = lang_quote(q->value, strlen(q->value));
		o->failed |= !quoted;
		put(o, " ");
		put(o, quoted ? quoted : "");
		free(quoted);
	}
	if (r->n_requirements)
		put(o, ");\n\n");
}

static void put_declarations(struct output *o, const struct lang_router *r)
{
	unsigned i;

	for (i = 0; i < r->n_elements; i++) {
		const struct lang_element *e = &r->elements[i];

		put(o, e->name);
		put(o, " :: ");
		put(o, e->class_name);
		if (*e->config) {
			put(o, "(");
			put(o, e->config);
			put(o, ")");
		}
		put(o, ";\n");
	}
	if (r->n_elements)
		put(o, "\n");
}

static bool is_zero(const struct lang_port *p)
{
	return p->number == 0 && !p->name;
}

static void put_port(struct output *o, const struct lang_port *p)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", p->number);
	put(o, "[");
	put(o, p->name ? p->name : number);
	put(o, "]");
}

enum { NONE = ~0u };

// Which connection follows which in a chain. A chain goes on where a connection ends at input 0 of
// an element and another begins at its output 0.
struct chains {
	unsigned *next;	    // per connection, NONE: the chain ends
	unsigned *follower; // per element: the connection from its output 0 that a chain takes
	bool *inner, *used; // per connection: follows another; has been printed
};

static bool chains_alloc(struct chains *c, const struct lang_router *r)
{
	c->next = calloc(r->n_connections + 1, sizeof(*c->next));
	c->follower = calloc(r->n_elements + 1, sizeof(*c->follower));
	c->inner = calloc(r->n_connections + 1, sizeof(*c->inner));
	c->used = calloc(r->n_connections + 1, sizeof(*c->used));
	return c->next && c->follower && c->inner && c->used;
}

static void chains_free(struct chains *c)
{
	free(c->next);
	free(c->follower);
	free(c->inner);
	free(c->used);
}

// Click prefers the first connection to an input 0, else takes the last; never the one itself.
static unsigned follower_of(const struct chains *c, const struct lang_router *r, unsigned i)
{
	const struct lang_connection *conn = &r->connections[i];
	unsigned d = is_zero(&conn->to_port) ? c->follower[conn->to] : NONE;

	return d == i ? NONE : d;
}

static void chains_find(struct chains *c, const struct lang_router *r)
{
	unsigned i;

	for (i = 0; i < r->n_elements; i++)
		c->follower[i] = NONE;
	for (i = 0; i < r->n_connections; i++) {
		const struct lang_connection *conn = &r->connections[i];
		unsigned *f = &c->follower[conn->from];

		if (is_zero(&conn->from_port) &&
		    (*f == NONE || !is_zero(&r->connections[*f].to_port)))
			*f = i;
	}
	for (i = 0; i < r->n_connections; i++) {
		c->next[i] = follower_of(c, r, i);
		if (c->next[i] != NONE)
			c->inner[c->next[i]] = true;
	}
}

static void put_chain(struct output *o, const struct lang_router *r, struct chains *c, unsigned i)
{
	const struct lang_connection *conn = &r->connections[i];
	const char *arrow = " -> ";

	put(o, r->elements[conn->from].name);
	if (!is_zero(&conn->from_port)) {
		put(o, " ");
		put_port(o, &conn->from_port);
	}
	for (; i != NONE && !c->used[i]; i = c->next[i]) {
		conn = &r->connections[i];
		put(o, arrow);
		arrow = "\n    -> ";
		if (!is_zero(&conn->to_port)) {
			put_port(o, &conn->to_port);
			put(o, " ");
		}
		put(o, r->elements[conn->to].name);
		c->used[i] = true;
	}
	put(o, ";\n");
}

char *lang_unparse(const struct lang_router *r)
{
	struct output o = {0};
	struct chains c;
	unsigned i, pass;

	o.failed = !chains_alloc(&c, r);
	put_requirements(&o, r);
	put_declarations(&o, r);
	if (!o.failed)
		chains_find(&c, r);
	for (pass = 0; pass < 2 && !o.failed; pass++) // rings, which have no start, come last
		for (i = 0; i < r->n_connections; i++)
			if (!c.used[i] && (pass || !c.inner[i]))
				put_chain(&o, r, &c, i);
	chains_free(&c);
	put(&o, "");
	if (o.failed) {
		free(o.s);
		return NULL;
	}
	return o.s;
}
