// SPDX-License-Identifier: BSD-2-Clause
// Declarations and connections: `[port] name :: Class (arguments) [port], ... -> ...`.

#include "parse.h"

#include <string.h>

static bool is_arrow(const struct token *t)
{
	return t->kind == TOK_ARROW || t->kind == TOK_ARROW2;
}

// A chain needs two sets at a time, a file as many as it has connections: their memory goes round.
static struct set set_get(struct parser *p)
{
	return p->n_spare ? p->spare[--p->n_spare] : (struct set){0};
}

static void set_put(struct parser *p, const struct set *set)
{
	if (set->cap && p->n_spare < sizeof(p->spare) / sizeof(p->spare[0]))
		p->spare[p->n_spare++] = (struct set){.v = set->v, .cap = set->cap};
}

static struct ref *add_ref(struct parser *p, struct set *set)
{
	struct ref *r;

	set->v = lang_grow(p->run, &p->run->tmp, set->v, set->n, &set->cap, sizeof(*set->v));
	r = &set->v[set->n++];
	*r = (struct ref){.loc = p->tok.loc, .elem = LANG_NONE};
	return r;
}

// A group is no scope: only `input` and `output` mean something else inside.
static bool parse_group(struct parser *p, struct ref *r)
{
	struct scope *s = p->scope;
	unsigned before[2] = {lang_scope_elem(s, "input"), lang_scope_elem(s, "output")},
		 n_ports[2], side, i;
	unsigned self = lang_scope_add_anonymous(p->run, s, NULL, &p->tok.loc), first = s->n_conns;
	unsigned number = s->elems[self].number;
	struct token open = p->tok;

	if (++p->nesting > LANG_NESTING_MAX)
		lang_fatal(p->run, &open.loc, "more than %d compounds and groups in one another",
			   LANG_NESTING_MAX);
	for (side = INPUT; side <= OUTPUT; side++) {
		i = lang_scope_add(p->run, s,
				   lang_printf(p->run, &p->run->tmp, "@%u/%s", number,
					       side == INPUT ? "input" : "output"),
				   NULL, &open.loc);
		lang_table_set(p->run, &s->elem_of, side == INPUT ? "input" : "output", i);
	}
	lang_scope_tunnel(s, self, self + 1);
	lang_scope_tunnel(s, self + 2, self);
	s->elems[self + 1].of = s->elems[self + 2].of = self;
	lang_parser_next(p);
	p->parens++;
	p->last_ended_in_output = true;
	lang_parse_statements(p, ')');
	p->parens--;
	p->nesting--;
	lang_table_set(p->run, &s->elem_of, "input", before[INPUT]);
	lang_table_set(p->run, &s->elem_of, "output", before[OUTPUT]);
	if (!lang_scope_check_ends(p->run, s, self + 1, self + 2, first, "the group", &open.loc,
				   n_ports))
		s->elems[self].told = true;
	r->elem = self;
	for (side = INPUT; side <= OUTPUT; side++) { // `=> (...)` means all its ports
		struct ports *ports = &r->ports[side];

		if (ports->given || !n_ports[side])
			continue;
		ports->v = lang_alloc(p->run, &p->run->tmp, n_ports[side] * sizeof(*ports->v));
		ports->given = true;
		for (i = 0; i < n_ports[side]; i++)
			ports->v[ports->n++] = (struct lang_port){(int)i, NULL};
	}
	if (p->tok.kind != ')') {
		lang_error(p->run, &open.loc, "this '(' has no ')'");
		s->broken = true;
		return p->tok.kind != TOK_END;
	}
	lang_parser_next(p);
	return true;
}

// May an element be left out here? Only in a compound or group, `input` before the first arrow of a
// chain and `output` behind the last one; in a list only with brackets.
static bool may_be_left_out(const struct parser *p, const struct set *set, bool ports, bool first)
{
	if (!p->nesting || p->tok.kind == TOK_COLON2)
		return false;
	if (p->tok.kind == ',')
		return ports;
	return first == is_arrow(&p->tok) && (ports || set->n == 1);
}

static bool implicit_end(struct parser *p, struct set *set, struct ref *r, bool first)
{
	bool ports = r->ports[INPUT].given;

	if (!may_be_left_out(p, set, ports, first))
		return false;
	if (first && !ports && is_arrow(&p->tok) && !p->last_ended_in_output)
		weir_warn(p->run->err, &p->tok.loc,
			  "this begins a new statement; write 'input %.2s' or ';' before it",
			  p->tok.s);
	r->elem = lang_scope_elem(p->scope, first ? "input" : "output");
	r->implicit = set->any_implicit = true;
	if (first) { // `[1] ->` is an output of `input`
		r->ports[OUTPUT] = r->ports[INPUT];
		r->ports[INPUT] = (struct ports){0};
	}
	return true;
}

static bool parse_class(struct parser *p, struct ref *r)
{
	struct class *c;
	char *word;

	lang_parser_next(p);
	if (p->tok.kind == '{') {
		r->decl = lang_parse_compound(p, "");
		return r->decl != NULL;
	}
	if (p->tok.kind != TOK_IDENT)
		return lang_parser_fail(p, "expected an element class after '::', not %s",
					lang_parser_shown(&p->tok));
	word = lang_parser_word(p, &p->tok);
	c = lang_scope_class(p->scope, word);
	r->decl = c ? c : lang_scope_router_class(p->run, p->scope, word);
	lang_parser_next(p);
	return true;
}

static bool missing_element(struct parser *p, const struct set *set, bool first)
{
	const char *where = set->n > 1 ? "after ',', not"
			    : first    ? "before"
				       : "after the arrow, not";

	return lang_parser_fail(p, "expected an element %s %s", where, lang_parser_shown(&p->tok));
}

// The name, class, compound or group.
static bool parse_name(struct parser *p, struct set *set, struct ref *r, bool first)
{
	r->loc = p->tok.loc;
	switch (p->tok.kind) {
	case TOK_IDENT:
		r->name = lang_parser_word(p, &p->tok);
		r->type = lang_scope_class(p->scope, r->name);
		r->bare = true;
		lang_parser_next(p);
		return true;
	case '{':
		r->name = "";
		r->type = lang_parse_compound(p, "");
		return r->type != NULL;
	case '(':
		return parse_group(p, r);
	default:
		return implicit_end(p, set, r, first) || missing_element(p, set, first);
	}
}

// `:: Class (arguments)`, both optional.
static bool parse_declaration(struct parser *p, struct ref *r)
{
	struct weir_loc loc;

	if (p->tok.kind == TOK_COLON2) {
		r->bare = false;
		if (r->elem != LANG_NONE || (r->type && !*r->type->name))
			return lang_parser_fail(p, "only a name can be declared");
		if (!parse_class(p, r))
			return false;
	}
	if (p->tok.kind == '(' && r->elem == LANG_NONE) {
		loc = p->tok.loc;
		r->configured = true;
		r->bare = false;
		lang_lexer_arguments(&p->lx, &loc, &r->config);
		lang_parser_next(p);
	}
	return true;
}

static bool parse_element(struct parser *p, struct set *set, bool first)
{
	struct ref *r = add_ref(p, set);

	if (p->tok.kind == '[' && !lang_parse_ports(p, &r->ports[INPUT]))
		return false;
	if (!parse_name(p, set, r, first))
		return false;
	set->any_ports |= r->ports[INPUT].given || r->ports[OUTPUT].given;
	if (r->implicit)
		return true;
	if (!parse_declaration(p, r))
		return false;
	if (p->tok.kind != '[')
		return true;
	set->any_ports = true;
	return lang_parse_ports(p, &r->ports[OUTPUT]);
}

// `a, b :: Class(...)` declares both, when it is no part of a connection.
static void spread_declaration(struct set *set)
{
	struct ref *last = &set->v[set->n - 1];
	unsigned i;

	if (set->any_ports || set->any_implicit || !last->decl)
		return;
	for (i = 0; i + 1 < set->n; i++)
		if (!set->v[i].bare)
			return;
	for (i = 0; i + 1 < set->n; i++) {
		set->v[i].decl = last->decl;
		set->v[i].config = last->config;
	}
}

static bool looks_like_class(const struct ref *r)
{
	const char *part = strrchr(r->name, '/');

	part = part ? part + 1 : r->name;
	return r->configured || (*part >= 'A' && *part <= 'Z');
}

static void declare(struct parser *p, struct ref *r)
{
	struct scope *s = p->scope;
	const struct weir_loc *old;

	if (r->elem == LANG_NONE) {
		p->run->declared_late |=
			lang_table_get(&s->lost, r->name, strlen(r->name)) != LANG_NONE;
		r->elem = lang_scope_add_named(p->run, s, r->name, r->decl, &r->loc);
		return;
	}
	old = &s->elems[r->elem].loc;
	if (!s->elems[r->elem].class)
		lang_error_apart(p->run, &r->loc,
				 "'%s' cannot be declared here: it has a meaning of its own",
				 r->name);
	else
		lang_error_apart(p->run, &r->loc,
				 "element '%s' is declared again; first at %s:%u:%u", r->name,
				 old->file, old->line, old->column);
}

static struct class *undeclared(struct parser *p, const struct ref *r)
{
	bool lost = lang_table_get(&p->scope->lost, r->name, strlen(r->name)) != LANG_NONE;

	if (!lost && looks_like_class(r))
		return lang_class_new(p->run, CLASS_ROUTER, r->name);
	if (lost) // its declaration may stand in a statement that could not be read
		return lang_scope_router_class(p->run, p->scope, r->name);
	if (strcmp(r->name, "input") == 0 || strcmp(r->name, "output") == 0)
		lang_error_apart(p->run, &r->loc,
				 "'%s' has a meaning only in a compound or a group", r->name);
	else
		lang_error_apart(p->run, &r->loc, "element '%s' is not declared", r->name);
	lang_table_set(p->run, &p->scope->lost, r->name, 0);
	return lang_class_new(p->run, CLASS_BROKEN, r->name);
}

// Gives a ref its element.
static void resolve(struct parser *p, struct ref *r)
{
	struct scope *s = p->scope;
	unsigned n = s->n_elems;

	if (r->elem != LANG_NONE)
		return;
	if (r->type && r->decl)
		lang_error(p->run, &r->loc, "'%s' is an element class, it cannot name an element",
			   r->name);
	if (!r->type) {
		r->elem = lang_scope_elem(s, r->name);
		if (r->decl && !r->decl->rest && r->decl->kind == CLASS_ROUTER &&
		    strcmp(r->decl->name, r->name) == 0)
			lang_error(p->run, &r->loc,
				   "'%s' is an element class, it cannot name an element", r->name);
		else if (r->decl)
			declare(p, r);
		else if (r->elem == LANG_NONE)
			r->type = undeclared(p, r);
		else if (r->configured)
			lang_error_apart(p->run, &r->loc,
					 "'%s' is declared already, it cannot take arguments here",
					 r->name);
	}
	if (r->elem == LANG_NONE)
		r->elem = lang_scope_add_anonymous(p->run, s, r->type ? r->type : r->decl, &r->loc);
	if (s->n_elems > n && r->config.s)
		s->elems[r->elem].config = r->config;
}

static bool parse_list(struct parser *p, struct set *set, bool first)
{
	do {
		if (set->n)
			lang_parser_next(p); // the ','
		if (!parse_element(p, set, first))
			return false;
	} while (p->tok.kind == ',');
	return is_arrow(&p->tok) || lang_parse_end(p);
}

// Reads elements up to the next connector.
static bool parse_set(struct parser *p, struct set *set, bool first)
{
	unsigned i;

	if (!parse_list(p, set, first)) {
		for (i = 0; i < set->n; i++) // do not miss them later
			if (set->v[i].name && *set->v[i].name)
				lang_table_set(p->run, &p->scope->lost, set->v[i].name, 0);
		return false;
	}
	if (set->any_implicit && !first && is_arrow(&p->tok))
		return lang_parser_fail(p,
					"a chain cannot go on after an output that was left out");
	if (first && set->n > 1 && !is_arrow(&p->tok))
		spread_declaration(set);
	for (i = 0; i < set->n; i++)
		resolve(p, &set->v[i]);
	return true;
}

static void check_useless(struct parser *p, const struct set *set, enum side side)
{
	unsigned i;

	for (i = 0; i < set->n; i++) {
		const struct ref *r = &set->v[i];
		const struct elem *e = &p->scope->elems[r->elem];

		if (!r->ports[side].given || (!e->class && e->number)) // a group: told elsewhere
			continue;
		lang_error_apart(p->run, &r->loc,
				 side == INPUT ? "nothing is connected to the input ports of '%s'"
					       : "nothing is connected to the output ports of '%s'",
				 r->name ? r->name : "");
	}
}

bool lang_parse_chain(struct parser *p)
{
	struct set from = {0}, to = {0};
	struct weir_loc loc = {0};
	bool first = true;
	int connector = 0;

	for (;; first = false) {
		to = set_get(p);
		if (!parse_set(p, &to, first))
			return false;
		if (first)
			check_useless(p, &to, INPUT);
		else
			lang_connect_sets(p, &from, &to, connector, &loc);
		set_put(p, &from);
		from = to;
		if (!is_arrow(&p->tok))
			break;
		connector = p->tok.kind;
		loc = p->tok.loc;
		lang_parser_next(p);
	}
	check_useless(p, &from, OUTPUT);
	set_put(p, &from);
	p->last_ended_in_output =
		from.n == 1 && from.v[0].elem == lang_scope_elem(p->scope, "output");
	return true;
}
