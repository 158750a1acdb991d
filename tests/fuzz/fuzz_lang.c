// SPDX-License-Identifier: BSD-2-Clause

// Any bytes as a configuration. What parses is printed and parsed again, to the same graph; what
// does not parse gives a message.

#include "lang.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *what, const char *text)
{
	fprintf(stderr, "%s\n%s\n", what, text);
	abort();
}

static void same(const char *a, const char *b, const char *flat)
{
	if (strcmp(a, b) != 0)
		fail("the flat form names something else", flat);
}

static void same_port(const struct lang_port *a, const struct lang_port *b, const char *flat)
{
	if (a->number != b->number || !a->name != !b->name)
		fail("the flat form has other ports", flat);
	if (a->name)
		same(a->name, b->name, flat);
}

static void compare(const struct lang_router *a, const struct lang_router *b, const char *flat)
{
	unsigned i;

	if (a->n_elements != b->n_elements || a->n_connections != b->n_connections ||
	    a->n_requirements != b->n_requirements)
		fail("the flat form has another size", flat);
	for (i = 0; i < a->n_elements; i++) {
		same(a->elements[i].name, b->elements[i].name, flat);
		same(a->elements[i].class_name, b->elements[i].class_name, flat);
		same(a->elements[i].config, b->elements[i].config, flat);
	}
	for (i = 0; i < a->n_connections; i++) {
		const struct lang_connection *c = &a->connections[i], *d = &b->connections[i];

		if (c->from != d->from || c->to != d->to)
			fail("the flat form has other connections", flat);
		same_port(&c->from_port, &d->from_port, flat);
		same_port(&c->to_port, &d->to_port, flat);
	}
	for (i = 0; i < a->n_requirements; i++) {
		same(a->requirements[i].kind, b->requirements[i].kind, flat);
		same(a->requirements[i].value, b->requirements[i].value, flat);
	}
}

// Arguments can be split, unquoted, and quoted again.
static void arguments(const struct lang_router *r, const struct lang_element *e)
{
	struct lang_args args;
	char *plain, *quoted, *again;
	size_t len, n;
	unsigned i;

	if (lang_args_split(&args, e->config) < 0)
		abort();
	for (i = 0; i < args.n; i++) {
		lang_config_loc(r, e, args.offset[i]);
		plain = lang_unquote(args.v[i], &len);
		if (!plain)
			continue;
		quoted = lang_quote(plain, len);
		again = lang_unquote(quoted, &n);
		if (!again || n != len || memcmp(again, plain, n) != 0)
			fail("quoting changes the text", quoted);
		free(plain);
		free(quoted);
		free(again);
	}
	lang_args_free(&args);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct lang_define defines[] = {{"OUTSIDE", "x y"}, {"EMPTY", ""}};
	struct lang_router router, again;
	struct weir_err err = {0};
	unsigned i;
	char *flat;

	if (lang_parse(&router, "fuzz", (const char *)data, size, defines, 2, &err)) {
		if (!err.n_errors || !err.text)
			fail("an error without a message", "");
		lang_router_free(&router);
		weir_err_free(&err);
		return 0;
	}
	for (i = 0; i < router.n_elements; i++)
		arguments(&router, &router.elements[i]);
	flat = lang_unparse(&router);
	if (lang_parse(&again, "flat", flat, strlen(flat), NULL, 0, &err))
		fail(err.text, flat);
	compare(&router, &again, flat);
	free(flat);
	lang_router_free(&router);
	lang_router_free(&again);
	weir_err_free(&err);
	return 0;
}
