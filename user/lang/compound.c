// SPDX-License-Identifier: BSD-2-Clause
// Compounds: `{ $a, KEY $b | ... || ... }`, `elementclass`, `connectiontunnel`.

#include "parse.h"

#include <string.h>

static struct token peek(struct parser *p)
{
	struct lexer ahead = p->lx;
	struct token t;

	p->run->quiet++;
	t = lang_lexer_next(&ahead);
	p->run->quiet--;
	return t;
}

static bool is_rest(const struct var *v)
{
	return v->key && strcmp(v->key, "__REST__") == 0;
}

static bool has_key(const struct scope *s, const char *key)
{
	const struct var *v;

	for (v = s->vars; v && v < s->vars + s->n_vars; v++)
		if (v->key && strcmp(v->key, key) == 0)
			return true;
	return false;
}

static void add_formal(struct parser *p, struct scope *s, const struct var *v,
		       const struct weir_loc *loc)
{
	const struct var *last = s->n_vars ? &s->vars[s->n_vars - 1] : NULL;
	unsigned n = p->run->n_errors;

	if (last && ((last->key && !v->key) || is_rest(last)))
		lang_error(p->run, loc,
			   "the order of parameters is: positional, then keywords, then __REST__");
	if (v->key && has_key(s, v->key))
		lang_error(p->run, loc, "keyword '%s' appears twice", v->key);
	if (s->n_vars >= LANG_FORMALS_MAX)
		lang_fatal(p->run, loc, "more than %d parameters", LANG_FORMALS_MAX);
	if (!lang_scope_add_var(p->run, s, v))
		lang_error(p->run, loc, "parameter '$%s' appears twice", v->name);
	s->n_formals = s->n_vars;
	s->bad_formals |= p->run->n_errors > n;
}

// `$a` or `KEY $a`
static bool parse_formal(struct parser *p, struct scope *s)
{
	struct weir_loc loc = p->tok.loc;
	struct var v = {0};

	if (p->tok.kind == TOK_IDENT) {
		v.key = lang_parser_word(p, &p->tok);
		lang_parser_next(p);
	}
	if (p->tok.kind != TOK_VARIABLE)
		return false;
	v.name = lang_parser_word(p, &p->tok);
	add_formal(p, s, &v, &loc);
	lang_parser_next(p);
	return true;
}

static bool parse_formal_list(struct parser *p, struct scope *s)
{
	while (p->tok.kind == TOK_VARIABLE || p->tok.kind == TOK_IDENT) {
		if (!parse_formal(p, s))
			return false;
		if (p->tok.kind != ',')
			break;
		lang_parser_next(p);
	}
	return p->tok.kind == '|';
}

static bool ends_formals(int kind)
{
	return kind == '|' || kind == ';' || kind == TOK_END || kind == '{' || kind == '}' ||
	       kind == TOK_BAR2;
}

// `$a, KEY $b, __REST__ $c |`
static void parse_formals(struct parser *p, struct scope *s)
{
	if (p->tok.kind != TOK_VARIABLE && p->tok.kind != '|' &&
	    (p->tok.kind != TOK_IDENT || peek(p).kind != TOK_VARIABLE))
		return; // none
	if (parse_formal_list(p, s)) {
		lang_parser_next(p);
		return;
	}
	lang_error(p->run, &p->tok.loc, "expected parameters like '$a, KEY $b |', not %s",
		   lang_parser_shown(&p->tok));
	s->bad_formals = true;
	while (!ends_formals(p->tok.kind))
		lang_parser_next(p);
	if (p->tok.kind == '|' || p->tok.kind == ';')
		lang_parser_next(p);
}

static struct scope *parse_definition(struct parser *p, const char *name,
				      const struct weir_loc *loc)
{
	struct scope *s = lang_scope_new(p->run, p->scope, name, loc);
	unsigned parens = p->parens;

	p->scope = s;
	p->parens = 0;
	p->last_ended_in_output = true;
	parse_formals(p, s);
	lang_parse_statements(p, '}');
	p->parens = parens;
	p->scope = s->parent;
	if (!lang_scope_check_ends(p->run, s, 0, 1, 0,
				   *name ? lang_printf(p->run, &p->run->tmp, "compound '%s'", name)
					 : "the compound",
				   loc, s->n_ports))
		s->broken = true;
	lang_scope_finish(p->run, s);
	return s;
}

// `...` as the last definition: what the class was before.
static void parse_rest(struct parser *p, struct class *c)
{
	struct weir_loc loc = p->tok.loc;

	lang_parser_next(p);
	if (!*c->name)
		lang_error(p->run, &loc, "'...' extends a class; this compound has no name");
	else if (!c->first || p->tok.kind != '}')
		lang_error(p->run, &loc, "'...' comes last, behind other definitions and '||'");
	if (!*c->name || !c->first || p->tok.kind != '}')
		c->kind = CLASS_BROKEN;
	else if (!(c->rest = lang_scope_class(p->scope, c->name)))
		c->rest = lang_scope_router_class(p->run, p->scope, c->name);
}

struct class *lang_parse_compound(struct parser *p, const char *name)
{
	struct class *c = lang_class_new(p->run, CLASS_COMPOUND, name);
	struct scope **last = &c->first;
	struct token open = p->tok;

	if (++p->nesting > LANG_NESTING_MAX)
		lang_fatal(p->run, &open.loc, "more than %d compounds and groups in one another",
			   LANG_NESTING_MAX);
	p->braces++;
	do {
		lang_parser_next(p); // the '{' or '||'
		if (p->tok.kind == TOK_DOTS) {
			parse_rest(p, c);
			continue;
		}
		*last = parse_definition(p, name, &open.loc);
		if ((*last)->bad_formals)
			c->kind = CLASS_BROKEN;
		last = &(*last)->next;
	} while (p->tok.kind == TOK_BAR2);
	p->braces--;
	p->nesting--;
	if (p->tok.kind != '}') {
		lang_error(p->run, &open.loc, "this '{' has no '}'");
		p->scope->broken = true;
		c->kind = CLASS_BROKEN;
		return p->tok.kind == TOK_END ? NULL : c;
	}
	lang_parser_next(p);
	return c;
}

bool lang_parse_elementclass(struct parser *p)
{
	struct weir_loc loc;
	struct class *c;
	char *name;

	lang_parser_next(p);
	if (p->tok.kind != TOK_IDENT)
		return lang_parser_fail(p,
					"expected the name of a class after 'elementclass', not %s",
					lang_parser_shown(&p->tok));
	name = lang_parser_word(p, &p->tok);
	loc = p->tok.loc;
	lang_parser_next(p);
	if (p->tok.kind == '{') {
		c = lang_parse_compound(p, name);
		lang_scope_add_class(p->run, p->scope, name,
				     c ? c : lang_class_new(p->run, CLASS_BROKEN, name));
	} else if (p->tok.kind == TOK_IDENT) {
		char *other = lang_parser_word(p, &p->tok);

		c = lang_scope_class(p->scope, other);
		lang_scope_add_class(p->run, p->scope, name,
				     c ? c : lang_scope_router_class(p->run, p->scope, other));
		lang_parser_next(p);
	} else {
		lang_scope_add_class(p->run, p->scope, name,
				     lang_class_new(p->run, CLASS_BROKEN, name));
		return lang_parser_fail(
			p, "expected '{' or another class after 'elementclass %.40s'", name);
	}
	if (lang_scope_elem(p->scope, name) != LANG_NONE)
		weir_warn(p->run->err, &loc, "'%s' now means this class, no longer the element",
			  name);
	return true;
}

static bool tunnel_end(struct parser *p, unsigned *elem)
{
	struct elem *e;
	char *name;

	if (p->tok.kind != TOK_IDENT)
		return lang_parser_fail(p, "expected a name in 'connectiontunnel', not %s",
					lang_parser_shown(&p->tok));
	name = lang_parser_word(p, &p->tok);
	*elem = lang_scope_elem(p->scope, name);
	if (*elem == LANG_NONE)
		*elem = lang_scope_add_named(p->run, p->scope, name, NULL, &p->tok.loc);
	e = &p->scope->elems[*elem];
	if (e->class || strcmp(name, "input") == 0 || strcmp(name, "output") == 0)
		return lang_parser_fail(p, "'%s' cannot be a tunnel, it is declared already", name);
	lang_parser_next(p);
	return true;
}

bool lang_parse_tunnel(struct parser *p)
{
	unsigned from = 0, to = 0;
	struct weir_loc loc;

	do {
		lang_parser_next(p); // the keyword or ','
		loc = p->tok.loc;
		if (!tunnel_end(p, &from))
			return false;
		if (p->tok.kind != TOK_ARROW)
			return lang_parser_fail(p, "expected '->' in 'connectiontunnel', not %s",
						lang_parser_shown(&p->tok));
		lang_parser_next(p);
		if (!tunnel_end(p, &to))
			return false;
		if (p->scope->elems[from].next != LANG_NONE ||
		    p->scope->elems[to].entry != LANG_NONE)
			lang_error(p->run, &loc, "one of these names ends a tunnel already");
		else
			lang_scope_tunnel(p->scope, from, to);
	} while (p->tok.kind == ',');
	return true;
}
