// SPDX-License-Identifier: BSD-2-Clause
// Calling handlers, with all workers at a safe point.

#include "handlers.h"

#include "engine.h"
#include "value.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

static const struct weir_class root_class = {
	.name = "<router>",
	.ports = "0/0",
	.handlers = weir_global_handlers,
};

struct weir_element weir_root(struct weir_router *r)
{
	return (struct weir_element){.name = "", .class = &root_class, .router = r};
}

static bool is_root(const struct weir_element *e)
{
	return e->class == &root_class;
}

static const struct weir_handler *in_table(const struct weir_handler *h, const char *name)
{
	for (; h && h->name; h++)
		if (strcmp(h->name, name) == 0)
			return h;
	return NULL;
}

// Where the table does everything, it can do it again.
static bool reconfigures(const struct weir_class *c)
{
	return c->reconfigures ||
	       (c->args && !c->configure && !c->init && !c->init_node && !c->fini && !c->early);
}

// A common handler as this element has it.
static const struct weir_handler *common(const struct weir_element *e, const struct weir_handler *h)
{
	return h && reconfigures(e->class) && strcmp(h->name, "config") == 0 ? &weir_config_handler
									     : h;
}

static const struct weir_handler *find_handler(struct weir_element *e, const char *name)
{
	const struct weir_handler *h = in_table(e->class->handlers, name);

	if (!h && is_root(e))
		return in_table(e->router->handlers, name);
	if (!h)
		h = common(e, in_table(weir_common_handlers, name));
	if (!h && e->class->task)
		h = in_table(weir_task_handlers, name);
	if (!h && e->class->handler)
		h = e->class->handler(e, name, 0);
	return h;
}

void weir_each_handler(struct weir_element *e, void (*fn)(void *arg, const struct weir_handler *h),
		       void *arg)
{
	const struct weir_handler *h;

	for (h = is_root(e) ? e->router->handlers : weir_common_handlers; h && h->name; h++)
		fn(arg, is_root(e) ? h : common(e, h));
	for (h = weir_task_handlers; e->class->task && h->name; h++)
		fn(arg, h);
	for (h = e->class->handlers; h && h->name; h++)
		if (!(h->flags & WEIR_H_PRIVATE))
			fn(arg, h);
	for (unsigned i = 0; e->class->handler; i++) {
		h = e->class->handler(e, NULL, i);
		if (!h)
			break;
		fn(arg, h);
	}
}

// Splits "element.handler" at the last dot. An element can be given by its number, from 1, as in
// Click. No element, or an empty one: the router. NULL: there is no such element.
static struct weir_element *find_target(struct weir_router *r, const char *name,
					struct weir_element *root, const char **handler)
{
	const char *dot = strrchr(name, '.');
	struct weir_element *e;
	char *end, *element;
	unsigned long n;

	*handler = dot ? dot + 1 : name;
	if (!dot || dot == name)
		return root;
	element = strndup(name, (size_t)(dot - name));
	if (!element)
		return NULL;
	e = weir_find(r, element);
	n = isdigit((unsigned char)*element) ? strtoul(element, &end, 10) : 0;
	if (!e && n && !*end && n <= r->n_elements)
		e = r->elements[n - 1];
	free(element);
	return e;
}

const struct weir_handler *weir_handler_find(struct weir_router *r, const char *name,
					     bool *has_element)
{
	struct weir_element root = weir_root(r), *e;
	const char *handler;

	e = find_target(r, name, &root, &handler);
	if (has_element)
		*has_element = e != NULL;
	return e ? find_handler(e, handler) : NULL;
}

// Finds what a call is for, or says what is missing.
static int find_call(struct weir_router *r, const char *name, unsigned flag,
		     struct weir_element *root, struct weir_element **e,
		     const struct weir_handler **h, struct weir_err *err)
{
	const char *handler, *dot = strrchr(name, '.');

	*root = weir_root(r);
	*e = find_target(r, name, root, &handler);
	if (!*e) {
		weir_error(err, NULL, "no element named `%.*s'", (int)(dot - name), name);
		return -ENOENT;
	}
	*h = find_handler(*e, handler);
	if (!*h || !((*h)->flags & (WEIR_H_READ | WEIR_H_WRITE))) {
		weir_error(err, NULL, "no handler named `%s'", name);
		return -ENOENT;
	}
	if (!((*h)->flags & flag)) {
		weir_error(err, NULL, "handler `%s' is %s", name,
			   flag == WEIR_H_READ ? "write-only" : "read-only");
		return -EACCES;
	}
	return 0;
}

static void stop_world(struct weir_router *r)
{
	if (r->engine)
		weir_world_stop(r->engine);
}

static void go_world(struct weir_router *r)
{
	if (r->engine)
		weir_world_go(r->engine);
}

struct sum {
	const struct weir_handler *h;
	uint64_t value;
};

static void add_unsigned(void *arg, const void *state)
{
	struct sum *sum = arg;
	const size_t size = sum->h->size;
	uint64_t v = 0;

	memcpy(&v, (const uint8_t *)state + sum->h->off, size < sizeof(v) ? size : sizeof(v));
	sum->value += v; // little-endian
}

static void read_sum(const struct weir_element *e, const struct weir_handler *h,
		     struct weir_buf *out)
{
	struct sum sum = {.h = h};

	weir_each_state(e, add_unsigned, &sum);
	weir_printf(out, "%llu", (unsigned long long)sum.value);
}

static void reset_state(struct weir_element *e, const struct weir_handler *h)
{
	const size_t size = h->size ? h->size : e->class->state_size;

	for (unsigned i = 0; i < e->n_nodes; i++)
		memset((uint8_t *)e->nodes[i]->state + h->off, 0, size);
	weir_half_reset(e, h->off, size);
}

// The argument whose field a handler shows: its range holds for writes too.
static const struct weir_arg *argument_of(const struct weir_element *e,
					  const struct weir_handler *h)
{
	for (const struct weir_arg *a = e->class->args; a && a->name; a++)
		if (a->off == h->off && a->type == (enum weir_type)h->type)
			return a;
	return NULL;
}

// Puts a value into a field of the arguments, and what was there to *value.
static void swap_field(struct weir_element *e, const struct weir_handler *h, uint8_t *value)
{
	uint8_t *field = (uint8_t *)e->self + h->off, old[sizeof(struct weir_bytes)];

	memcpy(old, field, h->size);
	memcpy(field, value, h->size);
	memcpy(value, old, h->size);
}

static int write_field(struct weir_element *e, const struct weir_handler *h, const char *text,
		       struct weir_err *err)
{
	struct parse c = {.e = e, .name = h->name, .a = argument_of(e, h), .err = err};
	uint8_t value[sizeof(struct weir_bytes)] = {};
	int r = parse_value(&c, (enum weir_type)h->type, text, value);

	if (r < 0 || !e->self)
		return r;
	swap_field(e, h, value);
	r = weir_half_changed(e, err);
	if (r < 0)
		swap_field(e, h, value);
	parse_release((enum weir_type)h->type, value);
	return r;
}

// A handler function that changes arguments has changed them for good: if the driver does not
// follow, the message says so.
static int write_by_function(struct weir_element *e, const struct weir_handler *h,
			     const char *value, struct weir_err *err)
{
	const size_t size = is_root(e) || h == &weir_config_handler ? 0 : e->class->self_size;
	void *before = malloc(size + 1);
	int r;

	if (!before)
		return -ENOMEM;
	if (size)
		memcpy(before, e->self, size);
	r = h->write(e, h, value, err);
	if (size && memcmp(before, e->self, size) != 0 && weir_half_changed(e, err) < 0)
		r = weir_error(err, NULL, "%s goes on in the driver with what it had", e->name);
	free(before);
	return r;
}

static int call_read(struct weir_element *e, const struct weir_handler *h, const char *param,
		     struct weir_buf *out, struct weir_err *err)
{
	switch (h->kind) {
	case WEIR_H_SELF:
		weir_show_value(out, h->type, (const uint8_t *)e->self + h->off);
		return 0;
	case WEIR_H_STATE_SUM:
		read_sum(e, h, out);
		return 0;
	default:
		return h->read(e, h, param, out, err);
	}
}

static int call_write(struct weir_element *e, const struct weir_handler *h, const char *value,
		      struct weir_err *err)
{
	switch (h->kind) {
	case WEIR_H_SELF:
		return h->write ? write_by_function(e, h, value, err)
				: write_field(e, h, value, err);
	case WEIR_H_STATE_RESET:
		reset_state(e, h);
		return 0;
	default:
		return write_by_function(e, h, value, err);
	}
}

// Ends a call: its messages, which it gathered by itself so that older ones do not look like its
// own, go to err. A call that failed without a word gets one.
static int finish(int r, const char *name, struct weir_err *own, struct weir_err *err)
{
	char *text;

	if (r < 0 && !own->n_errors)
		weir_error(own, NULL, "handler `%s' failed: %s", name, strerror(-r));
	if (r >= 0 && own->n_errors)
		r = -EINVAL;
	err->n_errors += own->n_errors;
	err->n_warnings += own->n_warnings;
	text = own->len ? realloc(err->text, err->len + own->len + 1) : NULL;
	if (text) {
		memcpy(text + err->len, own->text, own->len + 1);
		err->text = text;
		err->len += own->len;
	}
	weir_err_free(own);
	return r;
}

int weir_handler_read(struct weir_router *r, const char *name, const char *param,
		      struct weir_buf *out, struct weir_err *err)
{
	const struct weir_handler *h;
	struct weir_element root, *e;
	struct weir_err own = {};
	int rc = find_call(r, name, WEIR_H_READ, &root, &e, &h, err);

	if (rc < 0)
		return rc;
	if (param && *param && !(h->flags & WEIR_H_READ_PARAM))
		return weir_error(err, NULL, "read handler `%s' does not take parameters", name);
	stop_world(r);
	rc = call_read(e, h, param ? param : "", out, &own);
	go_world(r);
	if (rc >= 0 && out->failed)
		rc = -ENOMEM;
	return finish(rc, name, &own, err);
}

// Without the blanks at both ends; malloc'd.
static char *trim(const char *s)
{
	size_t len;

	while (isspace((unsigned char)*s))
		s++;
	len = strlen(s);
	while (len && isspace((unsigned char)s[len - 1]))
		len--;
	return strndup(s, len);
}

int weir_handler_write(struct weir_router *r, const char *name, const char *value,
		       struct weir_err *err)
{
	const struct weir_handler *h;
	struct weir_element root, *e;
	struct weir_err own = {};
	char *text;
	int rc = find_call(r, name, WEIR_H_WRITE, &root, &e, &h, err);

	if (rc < 0)
		return rc;
	text = h->flags & WEIR_H_RAW ? strdup(value) : trim(value);
	if (!text)
		return -ENOMEM;
	stop_world(r);
	rc = call_write(e, h, text, &own);
	go_world(r);
	free(text);
	return finish(rc, name, &own, err);
}
