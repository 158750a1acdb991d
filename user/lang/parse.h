// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What the parser finds out: scopes with their elements, connections, classes and variables.
// A scope is the file or one definition of a compound; flat.c makes one graph of them.

#include "lex.h"

enum side { INPUT, OUTPUT };

enum class_kind {
	CLASS_ROUTER,	// none of ours
	CLASS_COMPOUND, // defined in the text
	CLASS_BROKEN,	// its definition has a mistake that has been told
};

struct class
{
	const char *name; // "" for `{ ... }` without one
	enum class_kind kind;
	bool lost;	     // its name occurs in a statement that could not be read
	struct scope *first; // definitions, in order
	struct class *rest;  // after `|| ...`, or NULL
};

struct elem {
	const char *name; // "a", or before lang_scope_finish the "Class" of an anonymous "Class@3"
	unsigned number;  // 3, or 0
	struct class *class; // NULL: one end of a tunnel
	struct arg_text config;
	struct weir_loc loc;
	// Of a tunnel, LANG_NONE if there is none: where packets leave that come here; from where
	// they come that leave here; the group whose `input` or `output` this is.
	unsigned next, entry, of;
	bool told;	     // a mistake in its arguments or ports has been told
	unsigned n_ports[2]; // highest number in a connection + 1
};

struct conn {
	unsigned elem[2]; // elem[OUTPUT] is where it begins
	struct lang_port port[2];
	struct weir_loc loc;
};

struct var {
	const char *name;
	const char *key;       // of a keyword argument, "__REST__", or NULL
	struct arg_text value; // of a define
};

struct scope {
	struct scope *parent;
	unsigned depth;	  // 0: the file
	const char *name; // of the class, "" if none
	struct weir_loc loc;
	struct scope *next; // further definition of the same class

	struct elem *elems; // of a compound, 0 and 1 are `input` and `output`
	struct conn *conns;
	struct class **classes;
	struct var *vars; // formal parameters, then defines
	unsigned n_elems, n_conns, n_classes, n_vars, n_formals;
	unsigned cap_elems, cap_conns, cap_classes, cap_vars;
	struct lang_table elem_of, class_of, var_of; // by name
	struct lang_table lost;			     // names in statements that could not be read

	unsigned n_ports[2]; // of the compound
	bool broken;	     // something is missing: do not complain about ports
	bool bad_formals;    // nor about arguments
};

// Ports in brackets.
struct ports {
	struct lang_port *v;
	unsigned n, cap;
	bool given;	 // brackets, even empty ones
	bool expandable; // `[]`, `[0,]`: as many as the other side has
};
struct ref { // an element in a chain
	const char *name;
	struct class *type; // the name is a class, or `{ ... }`
	struct class *decl; // behind '::'
	bool bare;	    // a name and nothing else
	bool implicit;	    // `input` or `output` left out
	bool configured;
	struct arg_text config;
	struct ports ports[2];
	struct weir_loc loc;
	unsigned elem; // LANG_NONE until resolved
};
struct set { // elements with commas between them
	struct ref *v;
	unsigned n, cap;
	bool any_implicit, any_ports;
};

struct parser {
	struct lang_run *run;
	struct lexer lx;
	struct token tok;
	struct scope *scope;
	unsigned nesting;	   // compounds and groups around tok
	unsigned braces, parens;   // of them, waiting for '}' and ')'
	bool last_ended_in_output; // the last statement of a compound or group
	struct lang_requirement *requirements;
	unsigned n_requirements, cap_requirements;
	const char **libraries; // included already
	unsigned n_libraries, cap_libraries, library_depth;
	struct set spare[8]; // memory for sets
	unsigned n_spare;
};

// parse.c: token by token.
void lang_parser_next(struct parser *p);
bool lang_parser_fail(struct parser *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *lang_parser_shown(const struct token *t); // for messages; static buffer of the run
char *lang_parser_word(struct parser *p, const struct token *t);
void lang_parse_statements(struct parser *p, int close);
bool lang_parse_end(struct parser *p); // of a statement, before the ';' that it may have
bool lang_parse_define(struct parser *p);
bool lang_parse_require(struct parser *p); // require.c

// compound.c
struct class *lang_parse_compound(struct parser *p, const char *name);
bool lang_parse_elementclass(struct parser *p);
bool lang_parse_tunnel(struct parser *p);

// chain.c
bool lang_parse_chain(struct parser *p);

// connect.c
bool lang_parse_ports(struct parser *p, struct ports *out);
void lang_connect_sets(struct parser *p, const struct set *from, const struct set *to,
		       int connector, const struct weir_loc *loc);

// scope.c
struct scope *lang_scope_new(struct lang_run *run, struct scope *parent, const char *name,
			     const struct weir_loc *loc);
unsigned lang_scope_add(struct lang_run *run, struct scope *s, const char *name,
			struct class *class,
			const struct weir_loc *loc); // makes no use of elem_of
unsigned lang_scope_add_named(struct lang_run *run, struct scope *s, const char *name,
			      struct class *class, const struct weir_loc *loc);
unsigned lang_scope_add_anonymous(struct lang_run *run, struct scope *s, struct class *class,
				  const struct weir_loc *loc);
unsigned lang_scope_number(const struct scope *s); // of the next anonymous element
unsigned lang_scope_elem(const struct scope *s, const char *name);
void lang_scope_tunnel(struct scope *s, unsigned from, unsigned to);
void lang_scope_connect(struct lang_run *run, struct scope *s, const struct conn *c);
struct class *lang_scope_class(const struct scope *s, const char *name); // NULL: not one of ours
struct class *lang_scope_router_class(struct lang_run *run, const struct scope *s,
				      const char *name); // for one that is none of ours
void lang_scope_add_class(struct lang_run *run, struct scope *s, const char *name,
			  struct class *class);
struct class *lang_class_new(struct lang_run *run, enum class_kind kind, const char *name);
bool lang_scope_add_var(struct lang_run *run, struct scope *s,
			const struct var *v); // false: is there

// Checks the ports of `input` and `output`, which were in use since connection `first`, and counts
// them. `what` is for messages. False if one is left out.
bool lang_scope_check_ends(struct lang_run *run, struct scope *s, unsigned input, unsigned output,
			   unsigned first, const char *what, const struct weir_loc *loc,
			   unsigned n_ports[2]);
void lang_scope_finish(struct lang_run *run, struct scope *s); // names the anonymous elements

// text.c: arguments within a text that has no comments any more.
struct slice {
	const char *s;
	size_t len;
};
void lang_text_loc_advance(struct weir_loc *loc, const char *s, const char *end);
struct weir_loc lang_text_loc(const struct arg_text *t, const char *at);
bool lang_text_next_arg(const char **pos, const char *end, struct slice *out);
bool lang_text_next_word(const char **pos, const char *end, struct slice *out);
struct arg_text lang_text_cut(struct lang_run *run, const struct arg_text *t, struct slice part);
