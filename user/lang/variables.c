// SPDX-License-Identifier: BSD-2-Clause
// `$name`, `${name}`, `${name[1]}`, `${name-default}` in arguments.

#include "args.h"
#include "flat.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 20 }; // of variables in names of variables

struct expansion {
	struct lang_run *run;
	struct env *env;
	const struct weir_loc *loc; // for limits
	unsigned depth;		    // of variables in names of variables
	unsigned level;		    // of definitions that need one another
};

struct trail;
static void expand(struct expansion *x, const char *s, const char *end, struct lang_buf *out,
		   struct trail *trail);

static struct value *find(struct env *env, const char *name, size_t len, struct env **owner,
			  const struct var **var)
{
	unsigned i;

	for (; env; env = env->parent) {
		i = lang_table_get(&env->scope->var_of, name, len);
		if (i == LANG_NONE)
			continue;
		*owner = env;
		*var = &env->scope->vars[i];
		return &env->values[i];
	}
	return NULL;
}

// The value of a variable, NULL if there is none. That of a define is expanded when first used,
// where it was defined.
static const struct value *value_of(struct expansion *x, const char *name, size_t len)
{
	struct expansion inner = {.run = x->run, .loc = x->loc, .level = x->level + 1};
	struct lang_buf buf = {0};
	const struct var *var;
	struct value *v = find(x->env, name, len, &inner.env, &var);
	struct weir_loc loc;

	if (!v || v->state == VALUE_DONE)
		return v;
	loc = lang_text_loc(&var->value, var->value.s);
	if (v->state == VALUE_BUSY) {
		x->run->bad_values = true;
		lang_error(x->run, loc.line ? &loc : x->loc, "variable '$%s' is defined by itself",
			   var->name);
		return v; // as empty
	}
	if (inner.level > LANG_NESTING_MAX)
		lang_fatal(x->run, x->loc, "more than %d variables need one another",
			   LANG_NESTING_MAX);
	v->state = VALUE_BUSY;
	v->s = "";
	lang_buf_put(x->run, &buf, "", 0);
	expand(&inner, var->value.s, var->value.s + var->value.len, &buf, NULL);
	*v = (struct value){buf.s, buf.len, VALUE_DONE};
	return v;
}

static const char *skip_space(const char *s, const char *end)
{
	while (s < end && lang_scan_is_space(*s))
		s++;
	return s;
}

static bool is_name(char c)
{
	return lang_scan_is_ident(c) && c != '@';
}

static struct slice nth_word(const struct value *v, unsigned long n)
{
	const char *pos = v->s, *end = v->s + v->len;
	struct slice word = {end, 0};

	do {
		if (!lang_text_next_word(&pos, end, &word))
			return (struct slice){end, 0};
	} while (n--);
	return word;
}

// `[1]` at s: the number. Returns what is behind, NULL if this is something else.
static const char *index_at(const char *s, const char *end, unsigned long *n)
{
	const char *digits = skip_space(s + 1, end);

	*n = 0;
	for (s = digits; s < end && *s >= '0' && *s <= '9'; s++)
		*n = *n > 1000000 ? *n : *n * 10 + (unsigned long)(*s - '0');
	return s > digits && s < end && *s == ']' ? skip_space(s + 1, end) : NULL;
}

// What is between the braces of `${ name [index] - default }`. False: no such variable.
static bool braced(struct expansion *x, const char *s, const char *end, struct lang_buf *out)
{
	const char *name = s = skip_space(s, end), *name_end, *behind = NULL;
	const struct value *v;
	struct slice word;
	unsigned long n;

	while (s < end && is_name(*s))
		s++;
	name_end = s;
	s = skip_space(s, end);
	if (s < end && *s == '[') {
		behind = index_at(s, end, &n);
		s = behind ? behind : end;
	}
	v = value_of(x, name, (size_t)(name_end - name));
	if (v) {
		word = behind ? nth_word(v, n) : (struct slice){v->s, v->len};
		lang_buf_put(x->run, out, word.s, word.len);
	} else if (s < end && *s == '-') {
		expand(x, s + 1, end, out, NULL);
	} else {
		return false;
	}
	return true;
}

// The ')' of `$(`, NULL if it has none.
static const char *paren_end(const char *s, const char *end)
{
	unsigned level = 1;
	char quote = 0;

	for (; s < end; s++) {
		if (*s == '\\' && quote != '\'')
			s++;
		else if (quote && *s == quote)
			quote = 0;
		else if (!quote && (*s == '\'' || *s == '"'))
			quote = *s;
		else if (quote)
			continue;
		else if (*s == '(')
			level++;
		else if (*s == ')' && !--level)
			return s;
	}
	return NULL;
}

// `$name`
static const char *plain(struct expansion *x, const char *s, const char *end,
			 struct lang_buf *value)
{
	const char *name = ++s;
	const struct value *v;

	while (s < end && is_name(*s))
		s++;
	v = value_of(x, name, (size_t)(s - name));
	if (!v)
		return NULL;
	lang_buf_put(x->run, value, v->s, v->len);
	return s;
}

// `${...}` or `$(...)`: the text inside may have variables too.
static const char *nested(struct expansion *x, const char *s, const char *end,
			  struct lang_buf *value, bool *known)
{
	const char *name = s + 2, *stop;
	struct lang_buf inside = {0};

	if (x->depth >= DEPTH_MAX)
		return NULL;
	stop = s[1] == '{' ? memchr(name, '}', (size_t)(end - name)) : paren_end(name, end);
	lang_count_work(x->run, x->loc, (size_t)((stop ? stop : end) - s));
	if (!stop)
		return NULL;
	lang_buf_put(x->run, &inside, "", 0);
	x->depth++;
	expand(x, name, stop, &inside, NULL);
	*known = s[1] == '{' && braced(x, inside.s, inside.s + inside.len, value);
	x->depth--;
	if (!*known) { // not ours: a handler call, perhaps
		lang_buf_put(x->run, value, s, 2);
		lang_buf_put(x->run, value, inside.s, inside.len);
		lang_buf_put(x->run, value, stop, 1);
	}
	return stop + 1;
}

// At a '$': appends what it stands for to `value`, and whether somebody defined it or it only
// passes through. Returns what is behind; NULL if this is no variable.
static const char *variable(struct expansion *x, const char *s, const char *end,
			    struct lang_buf *value, bool *known)
{
	char c = s[1]; // a '\0' at the end

	*known = true;
	if (s + 1 < end && is_name(c))
		return plain(x, s, end, value);
	if (s + 1 < end && (c == '{' || c == '('))
		return nested(x, s, end, value, known);
	if (s + 1 == end || (c != '$' && c != '?' && c != '#'))
		return NULL;
	*known = false; // a script's
	lang_buf_put(x->run, value, s, 2);
	return s + 2;
}

static void put_value(struct expansion *x, struct lang_buf *out, const struct lang_buf *value,
		      bool quoted)
{
	char *escaped;

	if (!quoted) {
		lang_buf_put(x->run, out, value->s, value->len);
		return;
	}
	lang_count_work(x->run, x->loc, value->len * 4);
	escaped = lang_alloc(x->run, &x->run->tmp, value->len * 4 + 1);
	lang_buf_put(x->run, out, escaped, lang_args_quote_inside(escaped, value->s, value->len));
}

// Where each byte of the result came from: `map` is filled from what `from` knows.
struct trail {
	const struct arg_text *from;
	struct arg_text *map;
	struct weir_loc loc; // of the next byte of `from`
	unsigned span;	     // the next one of `from`
};

// The next byte of the result is the one at s.
static void trail_follow(struct expansion *x, struct trail *t, const char *s, size_t offset)
{
	if (!t)
		return;
	while (t->span < t->from->n_spans &&
	       t->from->spans[t->span].offset <= (size_t)(s - t->from->s)) {
		t->loc = t->from->spans[t->span++].loc;
		lang_text_add_span(x->run, t->map, offset, &t->loc, false);
	}
}

// What was [s, stop) is now the value of a variable, up to `end` of the result.
static void trail_jump(struct expansion *x, struct trail *t, const char *s, const char *stop,
		       size_t offset, size_t end)
{
	if (!t)
		return;
	lang_text_add_span(x->run, t->map, offset, &t->loc, true);
	lang_text_loc_advance(&t->loc, s, stop);
	lang_text_add_span(x->run, t->map, end, &t->loc, false);
}

// One byte that is no variable, two if it is an escape.
static const char *literal(const char *s, const char *end, char *quote)
{
	if (*s == '\\' && *quote == '"' && s + 1 < end)
		return s + 2;
	if (*s == *quote)
		*quote = 0;
	else if (!*quote && (*s == '\'' || *s == '"'))
		*quote = *s;
	return s + 1;
}

// Copies [s, end) with its variables replaced.
static void expand(struct expansion *x, const char *s, const char *end, struct lang_buf *out,
		   struct trail *trail)
{
	struct lang_buf value = {0};
	const char *stop;
	char quote = 0;
	size_t offset;
	bool known;

	lang_count_work(x->run, x->loc, (size_t)(end - s));
	for (; s < end; s = stop) {
		trail_follow(x, trail, s, out->len);
		value.len = 0;
		stop = *s == '$' && quote != '\'' ? variable(x, s, end, &value, &known) : NULL;
		if (!stop) {
			stop = literal(s, end, &quote);
			lang_buf_put(x->run, out, s, (size_t)(stop - s));
			if (trail)
				lang_text_loc_advance(&trail->loc, s, stop);
			continue;
		}
		lang_count_work(x->run, x->loc, value.len);
		offset = out->len;
		if (value.len)
			put_value(x, out, &value, known && quote == '"');
		trail_jump(x, trail, s, stop, offset, out->len);
	}
}

// The end of what stands at s; a comment becomes space. NULL if it could not be read back.
static char *settle_piece(const char *begin, char *s, char *end, unsigned *depth)
{
	const char *stop = lang_text_piece(s, end);

	if (lang_scan_is_comment(s, end)) {
		stop = lang_scan_comment(s, end);
		if (stop)
			memset(s, ' ', (size_t)(stop - s));
	}
	if (*s == ')' && !(*depth)--)
		return NULL;
	*depth += *s == '(';
	if (s > begin && (s[-1] == '\n' || s[-1] == '\r') && lang_scan_directive(s, end))
		return NULL;
	return stop ? s + (stop - s) : NULL;
}

// Values can make of a text what nobody could write: a comment, which becomes space as any other,
// or quotes and parentheses that do not close, which is an error.
static void settle(struct lang_run *run, struct arg_text *t, char *begin)
{
	char *end = begin + t->len, *s = begin, *stop = begin;
	struct weir_loc loc;
	unsigned depth = 0;

	while (stop && s < end) {
		stop = settle_piece(begin, s, end, &depth);
		s = stop ? stop : s;
	}
	if (stop && !depth)
		return;
	s = stop ? begin : s;
	run->bad_values = true;
	loc = lang_text_loc(t, s);
	lang_error_once(run, &loc, "this cannot be read once its variables are replaced: %.60s", s);
}

struct arg_text lang_variables_expand(struct lang_run *run, const struct arg_text *text,
				      struct env *env)
{
	struct arg_text result = {0};
	struct trail trail = {.from = text, .map = &result};
	struct expansion x = {.run = run, .env = env, .loc = &trail.loc};
	struct lang_buf buf = {0};

	if (!memchr(text->s, '$', text->len))
		return *text;
	lang_buf_put(run, &buf, "", 0);
	expand(&x, text->s, text->s + text->len, &buf, &trail);
	result.s = buf.s;
	result.len = buf.len;
	settle(run, &result, buf.s);
	return result;
}
