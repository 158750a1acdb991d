// SPDX-License-Identifier: BSD-2-Clause
// Puts the elements of compounds in their place.

#include "flat.h"

#include <string.h>

static unsigned add_node(struct flat *f, struct elem *e, const char *prefix, struct env *env)
{
	struct lang_run *run = f->run;
	struct node *n;

	if (f->n_nodes >= LANG_ELEMENTS_MAX)
		lang_fatal(run, &e->loc, "more than %d elements when compounds are expanded",
			   LANG_ELEMENTS_MAX);
	f->nodes =
		lang_grow(run, &run->tmp, f->nodes, f->n_nodes, &f->cap_nodes, sizeof(*f->nodes));
	n = &f->nodes[f->n_nodes];
	*n = (struct node){.elem = e, .next = LANG_NONE, .entry = LANG_NONE, .of = LANG_NONE};
	n->name = *prefix ? lang_printf(run, run->keep, "%s/%s", prefix, e->name) : e->name;
	n->class_name = !e->class ? NULL : e->class->kind == CLASS_BROKEN ? "" : e->class->name;
	n->config = lang_variables_expand(run, &e->config, env);
	lang_count_flat(run, &e->loc, strlen(n->name) + n->config.len);
	return f->n_nodes++;
}

static void add_edge(struct flat *f, const struct conn *c, unsigned base)
{
	struct lang_run *run = f->run;

	if (f->n_edges >= LANG_CONNECTIONS_MAX)
		lang_fatal(run, &c->loc, "more than %d connections when compounds are expanded",
			   LANG_CONNECTIONS_MAX);
	f->edges =
		lang_grow(run, &run->tmp, f->edges, f->n_edges, &f->cap_edges, sizeof(*f->edges));
	f->edges[f->n_edges] = *c;
	f->edges[f->n_edges].elem[INPUT] += base;
	f->edges[f->n_edges++].elem[OUTPUT] += base;
}

static unsigned node_of(unsigned base, unsigned elem)
{
	return elem == LANG_NONE ? LANG_NONE : base + elem;
}

// Adds the elements and connections of one instance of a scope; returns the first element.
static unsigned add_instance(struct flat *f, const struct scope *s, const char *prefix,
			     struct env *env)
{
	unsigned base = f->n_nodes, i;

	for (i = 0; i < s->n_elems; i++) {
		struct elem *e = &s->elems[i];
		unsigned k = add_node(f, e, prefix, env);

		if (e->class)
			continue;
		f->nodes[k].next = node_of(base, e->next);
		f->nodes[k].entry = node_of(base, e->entry);
		f->nodes[k].of = node_of(base, e->of);
		f->nodes[k].broken = s->broken;
	}
	for (i = 0; i < s->n_conns; i++)
		add_edge(f, &s->conns[i], base);
	return base;
}

// The instances of one scope, and whether all its connections could be read.
struct instances {
	unsigned first, end;
	bool ports_known;
};

static void expand_nodes(struct flat *f, const struct instances *in, struct env *env,
			 unsigned depth);

static struct env *env_new(struct lang_run *run, struct env *env, const struct scope *s,
			   struct value *values)
{
	struct env *new = lang_alloc(run, &run->tmp, sizeof(*new));

	while (env && env->scope != s->parent) // lexical scoping: what surrounds the definition
		env = env->parent;
	new->parent = env;
	new->scope = s;
	new->values = values;
	return new;
}

static void expand_node(struct flat *f, unsigned i, struct env *env, unsigned depth,
			bool ports_known)
{
	struct node *n = &f->nodes[i];
	struct elem *e = n->elem;
	struct choice choice;
	struct instances inside;
	unsigned base;

	if (!e->class || e->class->kind != CLASS_COMPOUND)
		return;
	if (depth > LANG_NESTING_MAX)
		lang_fatal(f->run, &e->loc, "more than %d compounds use one another",
			   LANG_NESTING_MAX);
	choice = lang_choose_definition(f->run, e, &n->config, ports_known);
	if (!choice.scope) {
		n->class_name = choice.router_class ? choice.router_class : "";
		return;
	}
	env = env_new(f->run, env, choice.scope, choice.values);
	base = add_instance(f, choice.scope, n->name, env);
	n = &f->nodes[i]; // may have moved
	n->class_name = NULL;
	n->broken = !ports_known || choice.scope->broken;
	n->next = base;
	n->entry = base + 1;
	f->nodes[base].entry = i;
	f->nodes[base + 1].next = i;
	f->nodes[base].of = f->nodes[base + 1].of = i;
	f->nodes[base].broken = f->nodes[base + 1].broken = n->broken;
	inside = (struct instances){base + 2, f->n_nodes, !choice.scope->broken};
	expand_nodes(f, &inside, env, depth + 1);
}

static void expand_nodes(struct flat *f, const struct instances *in, struct env *env,
			 unsigned depth)
{
	unsigned i;

	for (i = in->first; i < in->end; i++)
		expand_node(f, i, env, depth, in->ports_known);
}

// May the arguments be others than what is there now?
static bool arguments_lost(const struct lang_run *run, const struct node *n)
{
	if (n->elem->config.broken)
		return true;
	if (run->n_errors == run->n_apart)
		return false;
	return memchr(n->config.s, '$', n->config.len) ||
	       (run->bad_values && memchr(n->elem->config.s, '$', n->elem->config.len));
}

// Copies what the router keeps of a node.
static void keep_element(struct flat *f, struct node *n, struct lang_router *out,
			 struct arg_text *map)
{
	struct lang_run *run = f->run;
	struct lang_element *e = &out->elements[out->n_elements];

	n->index = out->n_elements++;
	e->name = lang_strndup(run, run->keep, n->name, strlen(n->name));
	e->class_name = lang_strndup(run, run->keep, n->class_name, strlen(n->class_name));
	e->config = lang_strndup(run, run->keep, n->config.s, n->config.len);
	e->class_lost = run->no_library || (n->elem->class->lost && *n->class_name);
	e->config_lost = arguments_lost(run, n);
	e->loc = n->elem->loc;
	e->config_loc = lang_text_loc(&n->config, n->config.s);
	*map = n->config;
	map->s = e->config;
	map->spans = lang_alloc(run, run->keep, map->n_spans * sizeof(*map->spans));
	if (map->n_spans)
		memcpy(map->spans, n->config.spans, map->n_spans * sizeof(*map->spans));
}

static void keep_elements(struct flat *f, struct lang_router *out, struct arg_text **maps)
{
	struct lang_run *run = f->run;
	struct lang_table names = {0};
	unsigned i, n = 0, other;

	for (i = 0; i < f->n_nodes; i++)
		n += f->nodes[i].class_name != NULL;
	out->elements = lang_alloc(run, run->keep, n * sizeof(*out->elements));
	*maps = lang_alloc(run, run->keep, n * sizeof(**maps));
	for (i = 0; i < f->n_nodes; i++) {
		struct node *node = &f->nodes[i];

		if (!node->class_name)
			continue;
		other = lang_table_get(&names, node->name, strlen(node->name));
		if (other != LANG_NONE)
			lang_error_apart(
				run, &node->elem->loc,
				"two elements are called '%s'; the first stands at %s:%u:%u",
				node->name, f->nodes[other].elem->loc.file,
				f->nodes[other].elem->loc.line, f->nodes[other].elem->loc.column);
		else
			lang_table_set(run, &names, node->name, i);
		keep_element(f, node, out, &(*maps)[out->n_elements]);
	}
}

// Definitions from outside come first.
static void override(struct lang_run *run, struct scope *root, const struct lang_define *defines,
		     unsigned n)
{
	struct var v = {0};
	unsigned i, old;

	for (i = 0; i < n; i++) {
		v.name = defines[i].name;
		v.value.s = defines[i].value;
		v.value.len = strlen(defines[i].value);
		old = lang_table_get(&root->var_of, v.name, strlen(v.name));
		if (old == LANG_NONE)
			lang_scope_add_var(run, root, &v);
		else
			root->vars[old] = v;
	}
}

void lang_flatten(struct lang_run *run, struct scope *root, const struct lang_define *defines,
		  unsigned n_defines, struct lang_router *out, struct arg_text **maps)
{
	struct flat f = {.run = run};
	struct env *env;
	struct instances all;

	override(run, root, defines, n_defines);
	env = env_new(run, NULL, root,
		      lang_alloc(run, &run->tmp, root->n_vars * sizeof(struct value)));
	add_instance(&f, root, "", env);
	all = (struct instances){0, f.n_nodes, !root->broken};
	expand_nodes(&f, &all, env, 1);
	keep_elements(&f, out, maps);
	lang_tunnels_resolve(&f, out);
}
