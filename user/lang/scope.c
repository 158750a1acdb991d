// SPDX-License-Identifier: BSD-2-Clause
// Scopes: who is called what, and which ports of a compound are used.

#include "parse.h"

#include <string.h>

struct class *lang_class_new(struct lang_run *run, enum class_kind kind, const char *name)
{
	struct class *c = lang_alloc(run, &run->tmp, sizeof(*c));

	c->kind = kind;
	c->name = name;
	return c;
}

struct scope *lang_scope_new(struct lang_run *run, struct scope *parent, const char *name,
			     const struct weir_loc *loc)
{
	struct scope *s = lang_alloc(run, &run->tmp, sizeof(*s));

	s->parent = parent;
	s->depth = parent ? parent->depth + 1 : 0;
	s->name = name;
	s->loc = *loc;
	if (parent) {
		lang_scope_add_named(run, s, "input", NULL, loc);
		lang_scope_add_named(run, s, "output", NULL, loc);
	}
	return s;
}

unsigned lang_scope_add(struct lang_run *run, struct scope *s, const char *name,
			struct class *class, const struct weir_loc *loc)
{
	if (s->n_elems >= LANG_ELEMENTS_MAX)
		lang_fatal(run, loc, "more than %d elements", LANG_ELEMENTS_MAX);
	s->elems =
		lang_grow(run, &run->tmp, s->elems, s->n_elems, &s->cap_elems, sizeof(*s->elems));
	s->elems[s->n_elems] = (struct elem){.name = name,
					     .class = class,
					     .config.s = "",
					     .loc = *loc,
					     .next = LANG_NONE,
					     .entry = LANG_NONE,
					     .of = LANG_NONE};
	return s->n_elems++;
}

// Between slashes there must be something else than digits. The name of an anonymous element goes
// on with '@'.
static void check_name(struct lang_run *run, const char *name, bool anonymous,
		       const struct weir_loc *loc)
{
	const char *part;
	size_t len;

	for (part = name; *part; part += len + (part[len] == '/')) {
		len = strcspn(part, "/");
		if (strspn(part, "0123456789") < len || (anonymous && !part[len]))
			continue;
		lang_error(run, loc, "the name '%s' has a part of only digits", name);
		return;
	}
}

unsigned lang_scope_add_named(struct lang_run *run, struct scope *s, const char *name,
			      struct class *class, const struct weir_loc *loc)
{
	check_name(run, name, false, loc);
	lang_table_set(run, &s->elem_of, name, s->n_elems);
	return lang_scope_add(run, s, name, class, loc);
}

unsigned lang_scope_number(const struct scope *s)
{
	return s->n_elems + 1 - (s->parent ? 2 : 0); // as Click: `input` and `output` do not count
}

unsigned lang_scope_add_anonymous(struct lang_run *run, struct scope *s, struct class *class,
				  const struct weir_loc *loc)
{
	unsigned number = lang_scope_number(s), i;

	if (class)
		check_name(run, class->name, true, loc);
	i = lang_scope_add(run, s, class ? class->name : "", class, loc);
	s->elems[i].number = number;
	return i;
}

unsigned lang_scope_elem(const struct scope *s, const char *name)
{
	return lang_table_get(&s->elem_of, name, strlen(name));
}

void lang_scope_tunnel(struct scope *s, unsigned from, unsigned to)
{
	s->elems[from].next = to;
	s->elems[to].entry = from;
}

void lang_scope_connect(struct lang_run *run, struct scope *s, const struct conn *c)
{
	unsigned side, port;

	if (s->n_conns >= LANG_CONNECTIONS_MAX)
		lang_fatal(run, &c->loc, "more than %d connections", LANG_CONNECTIONS_MAX);
	s->conns =
		lang_grow(run, &run->tmp, s->conns, s->n_conns, &s->cap_conns, sizeof(*s->conns));
	s->conns[s->n_conns++] = *c;
	for (side = INPUT; side <= OUTPUT; side++) {
		struct elem *e = &s->elems[c->elem[side]];

		port = (unsigned)(c->port[side].number + 1); // 0 for a name
		if (e->n_ports[side] < port)
			e->n_ports[side] = port;
	}
}

struct class *lang_scope_class(const struct scope *s, const char *name)
{
	unsigned i;

	for (; s; s = s->parent) {
		i = lang_table_get(&s->class_of, name, strlen(name));
		if (i != LANG_NONE)
			return s->classes[i];
	}
	return NULL;
}

struct class *lang_scope_router_class(struct lang_run *run, const struct scope *s, const char *name)
{
	struct class *c = lang_class_new(run, CLASS_ROUTER, name);

	for (; s && !c->lost; s = s->parent)
		c->lost = lang_table_get(&s->lost, name, strlen(name)) != LANG_NONE;
	return c;
}

void lang_scope_add_class(struct lang_run *run, struct scope *s, const char *name,
			  struct class *class)
{
	s->classes = lang_grow(run, &run->tmp, s->classes, s->n_classes, &s->cap_classes,
			       sizeof(struct class *));
	s->classes[s->n_classes] = class;
	lang_table_set(run, &s->class_of, name, s->n_classes++);
}

bool lang_scope_add_var(struct lang_run *run, struct scope *s, const struct var *v)
{
	if (lang_table_get(&s->var_of, v->name, strlen(v->name)) != LANG_NONE)
		return false;
	s->vars = lang_grow(run, &run->tmp, s->vars, s->n_vars, &s->cap_vars, sizeof(*s->vars));
	s->vars[s->n_vars] = *v;
	lang_table_set(run, &s->var_of, v->name, s->n_vars++);
	return true;
}

// `side` is the side of `end` that may be used: the OUTPUT of `input`.
static bool check_end(struct lang_run *run, struct scope *s, unsigned end, enum side side,
		      unsigned first, const char *what, const struct weir_loc *loc)
{
	unsigned n = s->elems[end].n_ports[side], i;
	const char *name = side == OUTPUT ? "input" : "output";
	bool *used = lang_alloc(run, &run->tmp, n + 1);

	for (i = first; i < s->n_conns; i++) {
		struct conn *c = &s->conns[i];

		if (c->elem[!side] == end)
			lang_error(run, &c->loc,
				   side == OUTPUT ? "nothing can be connected to '%s': packets "
						    "come from it"
						  : "nothing can come from '%s': packets go to it",
				   name);
		if (c->elem[side] == end && c->port[side].number >= 0)
			used[c->port[side].number] = true;
	}
	for (i = 0; i < n && !s->broken; i++) {
		if (used[i])
			continue;
		lang_error(run, loc, "%s uses %s %u but not %s %u", what, name, n - 1, name, i);
		return false;
	}
	return true;
}

bool lang_scope_check_ends(struct lang_run *run, struct scope *s, unsigned input, unsigned output,
			   unsigned first, const char *what, const struct weir_loc *loc,
			   unsigned n_ports[2])
{
	bool ok = check_end(run, s, input, OUTPUT, first, what, loc);

	ok &= check_end(run, s, output, INPUT, first, what, loc);
	n_ports[INPUT] = s->elems[input].n_ports[OUTPUT];
	n_ports[OUTPUT] = s->elems[output].n_ports[INPUT];
	return ok;
}

void lang_scope_finish(struct lang_run *run, struct scope *s)
{
	struct elem *e;
	unsigned i;
	char *name;

	for (i = 0; i < s->n_elems; i++) {
		e = &s->elems[i];
		if (!e->number)
			continue;
		name = lang_printf(run, &run->tmp, "%s@%u", e->name, e->number);
		while (lang_scope_elem(s, name) != LANG_NONE)
			name = lang_printf(run, &run->tmp, "%s@%u", e->name, ++e->number);
		e->name = name;
		lang_table_set(run, &s->elem_of, name, i);
	}
}
