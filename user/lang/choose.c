// SPDX-License-Identifier: BSD-2-Clause
// Arguments of a compound, and which of its definitions they fit.

#include "flat.h"

#include <string.h>

struct args {
	struct slice *v;
	unsigned n, cap;
};

static void split(struct lang_run *run, const struct arg_text *t, struct args *out)
{
	const char *pos = t->s;
	struct slice arg;

	*out = (struct args){0};
	while (lang_text_next_arg(&pos, t->s + t->len, &arg)) {
		out->v = lang_grow(run, &run->tmp, out->v, out->n, &out->cap, sizeof(*out->v));
		out->v[out->n++] = arg;
	}
}

static bool is_keyword_char(char c)
{
	return (lang_scan_is_ident(c) && c != '@') || c == '.' || c == ':' || c == '?' || c == '!';
}

// The formal parameter that `KEY value` names; cuts the key off. LANG_NONE if there is none.
static unsigned keyword(const struct scope *s, struct slice *arg)
{
	unsigned i;
	size_t n = 0;

	while (n < arg->len && is_keyword_char(arg->s[n]))
		n++;
	if (!n || (n < arg->len && !lang_scan_is_space(arg->s[n])))
		return LANG_NONE;
	for (i = 0; i < s->n_formals; i++) {
		const char *key = s->vars[i].key;

		if (!key || strlen(key) != n || memcmp(key, arg->s, n) != 0)
			continue;
		for (; n < arg->len && lang_scan_is_space(arg->s[n]);)
			n++;
		arg->s += n;
		arg->len -= n;
		return i;
	}
	return LANG_NONE;
}

static bool has_rest(const struct scope *s)
{
	return s->n_formals && s->vars[s->n_formals - 1].key &&
	       strcmp(s->vars[s->n_formals - 1].key, "__REST__") == 0;
}

// What assign() found.
struct fit {
	const struct scope *scope;
	struct value *values; // of the formal parameters, if wanted
	struct lang_buf rest; // what goes to __REST__
	unsigned extra;	      // the argument that nothing takes, or LANG_NONE
	unsigned missing;     // the parameter that has none, or LANG_NONE
};

// The parameter for an argument; cuts off its keyword. __REST__ for all others, if there is one.
static unsigned parameter_of(const struct scope *s, unsigned i, struct slice *arg, unsigned rest)
{
	unsigned k = i < s->n_formals && !s->vars[i].key ? i : keyword(s, arg);

	return k == LANG_NONE ? rest : k;
}

static void put_rest(struct lang_run *run, struct fit *f, struct slice arg)
{
	if (!f->values)
		return;
	if (f->rest.len)
		lang_buf_put(run, &f->rest, ", ", 2);
	lang_buf_put(run, &f->rest, arg.s, arg.len);
}

static unsigned missing_of(const bool *given, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (!given[i])
			return i;
	return LANG_NONE;
}

// Do the arguments fit the parameters of f->scope?
static bool assign(struct lang_run *run, struct fit *f, const struct args *args)
{
	const struct scope *s = f->scope;
	bool *given = lang_alloc(run, &run->tmp, s->n_formals + 1);
	unsigned rest = has_rest(s) ? s->n_formals - 1 : LANG_NONE, i, k;

	lang_count_work(run, NULL, 64 + s->n_formals);
	f->extra = f->missing = LANG_NONE;
	for (i = 0; i < args->n; i++) {
		struct slice arg = args->v[i];

		lang_count_work(run, NULL, i < s->n_formals ? 1 : s->n_formals);
		k = parameter_of(s, i, &arg, rest);
		if (k == LANG_NONE) {
			f->extra = i;
			return false;
		}
		given[k] = true;
		if (k == rest)
			put_rest(run, f, args->v[i]);
		else if (f->values)
			f->values[k] = (struct value){arg.s, arg.len, VALUE_DONE};
	}
	if (rest != LANG_NONE && f->values)
		f->values[rest] =
			(struct value){f->rest.s ? f->rest.s : "", f->rest.len, VALUE_DONE};
	if (rest != LANG_NONE)
		given[rest] = true;
	f->missing = missing_of(given, s->n_formals);
	return f->missing == LANG_NONE;
}

static const char *plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

static void put_text(struct lang_run *run, struct lang_buf *b, const char *s)
{
	lang_buf_put(run, b, s, strlen(s));
}

// "Foo($a, KEY, ...)[1 input, 2 outputs]"
static void put_signature(struct lang_run *run, struct lang_buf *b, const struct scope *s)
{
	unsigned i;

	put_text(run, b, s->name);
	for (i = 0; i < s->n_formals; i++) {
		const struct var *v = &s->vars[i];

		put_text(run, b, i ? ", " : "(");
		if (i == s->n_formals - 1 && has_rest(s))
			put_text(run, b, "...");
		else
			put_text(run, b,
				 v->key ? v->key : lang_printf(run, &run->tmp, "$%s", v->name));
	}
	put_text(run, b, s->n_formals ? ")" : "");
	put_text(run, b,
		 lang_printf(run, &run->tmp, "[%u input%s, %u output%s]", s->n_ports[INPUT],
			     plural(s->n_ports[INPUT]), s->n_ports[OUTPUT],
			     plural(s->n_ports[OUTPUT])));
}

static void tell_arguments(struct lang_run *run, const struct elem *e,
			   const struct arg_text *config, const struct scope *s,
			   const struct args *args)
{
	const char *class = *s->name ? s->name : "this compound";
	struct fit f = {.scope = s};
	const struct slice *extra;
	unsigned positional = 0;
	struct weir_loc loc = e->loc;

	assign(run, &f, args);
	extra = f.extra < args->n && args->v ? &args->v[f.extra] : NULL;
	while (positional < s->n_formals && !s->vars[positional].key)
		positional++;
	if (extra && config->n_spans)
		loc = lang_text_loc(config, extra->s);
	if (extra && positional < s->n_formals)
		lang_error_apart(run, &loc, "%s has no parameter for '%.*s'", class,
				 extra->len > 60 ? 60 : (int)extra->len, extra->s);
	else if (f.missing != LANG_NONE && s->vars[f.missing].key)
		lang_error_apart(run, &loc, "%s needs the argument '%s'", class,
				 s->vars[f.missing].key);
	else
		lang_error_apart(run, &loc, "%s takes %u argument%s, not %u", class, positional,
				 plural(positional), args->n);
}

static void tell_candidates(struct lang_run *run, const struct elem *e, const struct class *c,
			    const struct args *args)
{
	struct lang_buf b = {0};
	const struct scope *s;
	unsigned n = 0;

	for (; c && c->kind == CLASS_COMPOUND; c = c->rest)
		for (s = c->first; s && n < 10; s = s->next, n++) {
			if (n)
				lang_buf_put(run, &b, ", ", 2);
			put_signature(run, &b, s);
		}
	lang_error_apart(run, &e->loc,
			 "no definition of %s takes %u argument%s, %u input%s and %u output%s; "
			 "there are: %s",
			 e->class->name, args->n, plural(args->n), e->n_ports[INPUT],
			 plural(e->n_ports[INPUT]), e->n_ports[OUTPUT], plural(e->n_ports[OUTPUT]),
			 b.s);
}

enum strictness {
	EXACT,	       // as Click demands
	FREE_OUTPUTS,  // some may be left unconnected
	ARGUMENTS_ONLY // the ports will be complained about
};

static bool ports_fit(const struct elem *e, const struct scope *s, enum strictness how)
{
	switch (how) {
	case EXACT:
		return s->n_ports[OUTPUT] == e->n_ports[OUTPUT] &&
		       s->n_ports[INPUT] == e->n_ports[INPUT];
	case FREE_OUTPUTS:
		return s->n_ports[OUTPUT] >= e->n_ports[OUTPUT] &&
		       s->n_ports[INPUT] == e->n_ports[INPUT];
	default:
		return true;
	}
}

// The first definition that fits; if none does, *last is the class behind `...`, if it is no
// compound.
static const struct scope *find(struct lang_run *run, const struct elem *e, const struct args *args,
				enum strictness how, const struct class **last)
{
	const struct class *c;
	struct fit f = {0};

	for (c = e->class; c && c->kind == CLASS_COMPOUND; c = c->rest)
		for (f.scope = c->first; f.scope; f.scope = f.scope->next)
			if (ports_fit(e, f.scope, how) && assign(run, &f, args))
				return f.scope;
	*last = c;
	return NULL;
}

static void tell(struct lang_run *run, struct elem *e, const struct arg_text *config,
		 const struct args *args)
{
	const struct class *c = e->class;

	if (!e->told && c->first && !c->first->next && !c->rest)
		tell_arguments(run, e, config, c->first, args);
	else if (!e->told && c->first)
		tell_candidates(run, e, c, args);
	e->told = true;
}

struct choice lang_choose_definition(struct lang_run *run, struct elem *e,
				     const struct arg_text *config, bool ports_known)
{
	const struct class *c = e->class, *last = NULL;
	bool single = !c->rest && c->first && !c->first->next;
	struct choice choice = {0};
	struct fit f = {0};
	struct args args;

	split(run, config, &args);
	f.scope = find(run, e, &args, EXACT, &last);
	if (!f.scope && last) {
		choice.router_class = last->kind == CLASS_ROUTER ? last->name : NULL;
		return choice;
	}
	if (!f.scope)
		f.scope = find(run, e, &args, FREE_OUTPUTS, &last);
	if (!f.scope && (single || !ports_known))
		f.scope = find(run, e, &args, ARGUMENTS_ONLY, &last);
	if (!f.scope) {
		tell(run, e, config, &args);
		return choice;
	}
	f.values = lang_alloc(run, &run->tmp, f.scope->n_vars * sizeof(*f.values));
	assign(run, &f, &args);
	choice.scope = f.scope;
	choice.values = f.values;
	return choice;
}
