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

// Do the arguments fit? `values`, if wanted, has room for s->n_formals. If not, *which is the
// argument that is too many, or LANG_NONE and *missing the parameter that has none.
static bool assign(struct lang_run *run, const struct scope *s, const struct args *args,
		   struct value *values, unsigned *which, unsigned *missing)
{
	bool *given = lang_alloc(run, &run->tmp, s->n_formals + 1), rest = has_rest(s);
	struct lang_buf others = {0};
	struct slice arg;
	unsigned i, k;

	lang_count_work(run, NULL, 64 + s->n_formals);
	*which = *missing = LANG_NONE;
	for (i = 0; i < args->n; i++) {
		lang_count_work(run, NULL, i < s->n_formals ? 1 : s->n_formals);
		arg = args->v[i];
		k = i < s->n_formals && !s->vars[i].key ? i : keyword(s, &arg);
		if (k == LANG_NONE && !rest) {
			*which = i;
			return false;
		}
		if (k == LANG_NONE || (rest && k == s->n_formals - 1)) {
			if (!values)
				continue;
			if (others.len)
				lang_buf_put(run, &others, ", ", 2);
			lang_buf_put(run, &others, args->v[i].s, args->v[i].len);
			continue;
		}
		given[k] = true;
		if (values)
			values[k] = (struct value){arg.s, arg.len, VALUE_DONE};
	}
	if (rest && values)
		values[s->n_formals - 1] =
			(struct value){others.s ? others.s : "", others.len, VALUE_DONE};
	for (i = 0; i < s->n_formals - rest; i++) {
		if (!given[i]) {
			*missing = i;
			return false;
		}
	}
	return true;
}

// "Foo($a, KEY, ...)[1 input, 2 outputs]"
static void put_signature(struct lang_run *run, struct lang_buf *b, const struct scope *s)
{
	char *ports = lang_printf(run, &run->tmp, "[%u input%s, %u output%s]", s->n_ports[INPUT],
				  s->n_ports[INPUT] == 1 ? "" : "s", s->n_ports[OUTPUT],
				  s->n_ports[OUTPUT] == 1 ? "" : "s");
	unsigned i;

	lang_buf_put(run, b, s->name, strlen(s->name));
	for (i = 0; i < s->n_formals; i++) {
		const struct var *v = &s->vars[i];
		const char *key = i == s->n_formals - 1 && has_rest(s) ? "..." : v->key;

		lang_buf_put(run, b, i ? ", " : "(", i ? 2 : 1);
		if (!key)
			lang_buf_put(run, b, "$", 1);
		lang_buf_put(run, b, key ? key : v->name, strlen(key ? key : v->name));
	}
	if (s->n_formals)
		lang_buf_put(run, b, ")", 1);
	lang_buf_put(run, b, ports, strlen(ports));
}

static void tell_arguments(struct lang_run *run, const struct elem *e,
			   const struct arg_text *config, const struct scope *s,
			   const struct args *args)
{
	const char *class = *s->name ? s->name : "this compound";
	unsigned which, missing, positional = 0;
	struct weir_loc loc = e->loc;

	assign(run, s, args, NULL, &which, &missing);
	while (positional < s->n_formals && !s->vars[positional].key)
		positional++;
	if (which != LANG_NONE && config->n_spans)
		loc = lang_text_loc(config, args->v[which].s);
	if (which != LANG_NONE && positional < s->n_formals)
		lang_error(run, &loc, "%s has no parameter for '%.*s'", class,
			   args->v[which].len > 60 ? 60 : (int)args->v[which].len,
			   args->v[which].s);
	else if (missing != LANG_NONE && s->vars[missing].key)
		lang_error(run, &loc, "%s needs the argument '%s'", class, s->vars[missing].key);
	else
		lang_error(run, &loc, "%s takes %u argument%s, not %u", class, positional,
			   positional == 1 ? "" : "s", args->n);
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
	lang_error(run, &e->loc,
		   "no definition of %s takes %u argument%s, %u input%s and %u output%s; "
		   "there are: %s",
		   e->class->name, args->n, args->n == 1 ? "" : "s", e->n_ports[INPUT],
		   e->n_ports[INPUT] == 1 ? "" : "s", e->n_ports[OUTPUT],
		   e->n_ports[OUTPUT] == 1 ? "" : "s", b.s);
}

enum fit {
	FIT_EXACT,   // as Click demands
	FIT_OUTPUTS, // outputs may be left unconnected
	FIT_ARGUMENTS,
	FIT_COUNT,
};

static bool fits(const struct elem *e, const struct scope *s, enum fit fit)
{
	return (fit > FIT_EXACT || s->n_ports[OUTPUT] == e->n_ports[OUTPUT]) &&
	       (fit > FIT_OUTPUTS || (s->n_ports[OUTPUT] >= e->n_ports[OUTPUT] &&
				      s->n_ports[INPUT] == e->n_ports[INPUT]));
}

static const struct scope *find(struct lang_run *run, const struct elem *e, const struct args *args,
				enum fit fit, const struct class **last)
{
	unsigned which, missing;
	const struct class *c;
	const struct scope *s;

	for (c = e->class; c && c->kind == CLASS_COMPOUND; c = c->rest)
		for (s = c->first; s; s = s->next)
			if (fits(e, s, fit) && assign(run, s, args, NULL, &which, &missing))
				return s;
	*last = c;
	return NULL;
}

struct choice lang_choose_definition(struct lang_run *run, struct elem *e,
				     const struct arg_text *config, bool ports_known)
{
	const struct class *c = e->class, *last = NULL;
	bool single = !c->rest && c->first && !c->first->next;
	const struct scope *s;
	unsigned which, missing;
	struct choice choice = {0};
	struct args args;
	enum fit fit;

	split(run, config, &args);
	s = find(run, e, &args, FIT_EXACT, &last);
	if (!s && last) {
		if (last->kind == CLASS_ROUTER)
			choice.router_class = last->name;
		return choice;
	}
	for (fit = FIT_OUTPUTS; !s && fit < (single || !ports_known ? FIT_COUNT : FIT_ARGUMENTS);
	     fit++)
		s = find(run, e, &args, fit, &last);
	if (!s) {
		if (!e->told && single)
			tell_arguments(run, e, config, c->first, &args);
		else if (!e->told && c->first)
			tell_candidates(run, e, c, &args);
		e->told = true;
		return choice;
	}
	choice.scope = s;
	choice.values = lang_alloc(run, &run->tmp, s->n_vars * sizeof(*choice.values));
	assign(run, s, &args, choice.values, &which, &missing);
	return choice;
}
