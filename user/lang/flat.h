// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// From scopes to one flat graph.

#include "parse.h"

// Variables of one instance of a scope.
enum value_state { VALUE_RAW, VALUE_BUSY, VALUE_DONE };
struct value {
	const char *s; // when done
	size_t len;
	enum value_state state;
};
struct env {
	struct env *parent; // lexical
	const struct scope *scope;
	struct value *values; // as scope->vars
};

// variables.c: `text` with its $variables replaced. Unknown ones stay, they may mean something to
// the element.
struct arg_text lang_variables_expand(struct lang_run *run, const struct arg_text *text,
				      struct env *env);

// An element of the flat graph, or an end of a tunnel.
struct node {
	const char *name;
	struct elem *elem;
	const char *class_name; // NULL: tunnel; "": not known because of a mistake
	struct arg_text config;
	unsigned next, entry, of; // tunnel: see struct elem; for a compound its inner ends
	bool broken;		  // do not complain about its ports
	bool misled;	// something goes to an input that it does not have, perhaps for another
	unsigned index; // among the real ones
};

struct flat {
	struct lang_run *run;
	struct node *nodes;
	struct conn *edges; // between nodes
	unsigned n_nodes, cap_nodes, n_edges, cap_edges;
};

// flat.c: makes the graph of the file's scope.
void lang_flatten(struct lang_run *run, struct scope *root, const struct lang_define *defines,
		  unsigned n_defines, struct lang_router *out, struct arg_text **maps);

// choose.c: which definition of a compound fits an instance, and the values of its parameters.
struct choice {
	const struct scope *scope; // NULL: none
	const char *router_class;  // or this, from `|| ...`
	struct value *values;
};
struct choice lang_choose_definition(struct lang_run *run, struct elem *e,
				     const struct arg_text *config, bool ports_known);

// tunnel.c: follows connections through tunnels, into `out`.
void lang_tunnels_resolve(struct flat *f, struct lang_router *out);
