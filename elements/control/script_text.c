// SPDX-License-Identifier: BSD-2-Clause
// Words, variables and substitutions of Script, and the handler calls that they name.

#include "script.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { NESTING_MAX = 50 }; // of $(...) within each other

unsigned script_variable(struct script *s, const char *name, bool add)
{
	struct script_variable *v;

	for (unsigned i = 0; i < s->n_vars; i++)
		if (strcmp(s->vars[i].name, name) == 0)
			return i;
	if (!add)
		return s->n_vars;
	v = reallocarray(s->vars, s->n_vars + 1, sizeof(*v));
	if (!v)
		return s->n_vars;
	s->vars = v;
	v[s->n_vars] = (struct script_variable){strdup(name), strdup("")};
	if (!v[s->n_vars].name || !v[s->n_vars].value) {
		free(v[s->n_vars].name);
		free(v[s->n_vars].value);
		return s->n_vars;
	}
	return s->n_vars++;
}

void script_assign(struct script *s, unsigned var, char *value)
{
	if (!value || var >= s->n_vars) {
		free(value);
		return;
	}
	free(s->vars[var].value);
	s->vars[var].value = value;
}

char *script_shift(const char **text)
{
	const char *begin = *text, *end;

	while (isspace((unsigned char)*begin))
		begin++;
	end = weir_word_end(begin);
	*text = end;
	while (isspace((unsigned char)**text))
		++*text;
	return strndup(begin, (size_t)(end - begin));
}

char *script_unquote(const char *text)
{
	char *s = weir_unquote(text, NULL);

	return s ? s : strdup(text);
}

char *script_handler_name(struct weir_element *e, const char *name)
{
	char *full = NULL;

	if (*name == '.')
		return strdup(name + 1);
	if (!strchr(name, '.')) {
		if (asprintf(&full, "%s.%s", e->name, name) < 0)
			return NULL;
		if (weir_handler_find(e->router, full, NULL))
			return full;
		free(full);
		return strdup(name);
	}
	return weir_parse(e, WEIR_T_HANDLER, name, NULL, &full, NULL) < 0 ? strdup(name) : full;
}

// Splits a call into the handler's full name and its argument.
static int split_call(struct weir_element *e, const char *text, bool unquote, char **name,
		      char **value)
{
	char *word = script_shift(&text);

	*name = word ? script_handler_name(e, word) : NULL;
	*value = unquote ? script_unquote(text) : strdup(text);
	free(word);
	if (*name && *value)
		return 0;
	free(*name);
	free(*value);
	*name = NULL;
	return -ENOMEM;
}

int script_call_read(struct weir_element *e, const char *text, bool unquote, char **name,
		     struct weir_buf *out, struct weir_err *err)
{
	char *full, *value;
	int r = split_call(e, text, unquote, &full, &value);

	if (r < 0)
		return r;
	r = weir_handler_read(e->router, full, value, out, err);
	free(value);
	if (name)
		*name = full;
	else
		free(full);
	return r;
}

int script_call_write(struct weir_element *e, const char *text, bool unquote, struct weir_err *err)
{
	char *full, *value;
	int r = split_call(e, text, unquote, &full, &value);

	if (r < 0)
		return r;
	r = weir_handler_write(e->router, full, value, err);
	free(value);
	free(full);
	return r;
}

// A substitution under way.
struct expansion {
	struct weir_element *e;
	struct weir_err *err;
	struct weir_buf out;
	unsigned depth;
};

static char *expand(struct expansion *x, const char *text, size_t len, bool quote);

// The n-th word of the arguments that the script was run with, from 1.
static char *argument(const struct script *s, unsigned long n)
{
	const char *rest = s->run_args ? s->run_args : "";
	char *word = NULL;

	while (n--) {
		free(word);
		word = script_shift(&rest);
	}
	return word;
}

static char *count_arguments(const struct script *s)
{
	char **words, *text = NULL;
	int n = weir_words(s->run_args ? s->run_args : "", &words);

	if (n < 0)
		return NULL;
	weir_words_free(words, n);
	return asprintf(&text, "%d", n) < 0 ? NULL : text;
}

static char *number(long n)
{
	char *text = NULL;

	return asprintf(&text, "%ld", n) < 0 ? NULL : text;
}

// Variables of one character that every script has.
static char *special_value(const struct script *s, char name)
{
	switch (name) {
	case '?':
		return number(s->write_status);
	case '$':
		return number(getpid());
	case '#':
		return count_arguments(s);
	case '0':
		return strdup(s->run_name ? s->run_name : "");
	default:
		return name >= '1' && name <= '9' ? argument(s, (unsigned long)(name - '0')) : NULL;
	}
}

// The value of a variable; NULL: it has none.
static char *value_of(const struct script *s, const char *name)
{
	unsigned var = script_variable((struct script *)s, name, false);

	if (var < s->n_vars)
		return strdup(s->vars[var].value);
	if (*name && !name[1])
		return special_value(s, *name);
	if (strcmp(name, "args") == 0)
		return strdup(s->run_args ? s->run_args : "");
	if (strcmp(name, "write") == 0)
		return strdup(s->run_write ? "true" : "false");
	if (*name < '1' || *name > '9' || name[strspn(name, "0123456789")])
		return NULL;
	return argument(s, strlen(name) < 7 ? strtoul(name, NULL, 10) : 1000000);
}

static char *braced_value(const struct script *s, char *name)
{
	char *minus = strchr(name, '-'), *value;

	if (minus)
		*minus = '\0';
	value = value_of(s, name);
	return value || !minus ? value : strdup(minus + 1);
}

static char *call_value(struct expansion *x, const char *text, size_t len)
{
	struct weir_buf out = {};
	char *call = expand(x, text, len, false);
	int r = call ? script_call_read(x->e, call, false, NULL, &out, x->err) : -ENOMEM;

	free(call);
	if (r < 0) {
		weir_buf_free(&out);
		return NULL;
	}
	return out.text ? out.text : strdup("");
}

// Where a `(` group ends: behind its `)`. NULL: it does not.
static const char *group_end(const char *s, const char *end)
{
	unsigned level = 1;
	char quote = 0;

	for (; s < end && level; s++) {
		if (*s == '\\' && s + 1 < end && quote != '\'')
			s++;
		else if (quote && *s == quote)
			quote = 0;
		else if (quote)
			continue;
		else if (*s == '"' || *s == '\'')
			quote = *s;
		else if (*s == '(')
			level++;
		else if (*s == ')')
			level--;
	}
	return level ? NULL : s;
}

// Where the name of a `$name` ends; some consist of one special character.
static const char *name_end(const char *s, const char *end)
{
	if (s < end && (*s == '?' || *s == '#' || *s == '$'))
		return s + 1;
	while (s < end && (isalnum((unsigned char)*s) || *s == '_'))
		s++;
	return s;
}

// The reference that begins behind a `$` at s: its value (NULL: leave the text as it is) and where
// it ends (NULL: this is none).
static char *reference(struct expansion *x, const char *s, const char *end, const char **after)
{
	const struct script *script = x->e->self;
	const char *stop;
	char *name, *value;

	*after = NULL;
	if (s < end && *s == '(') {
		*after = group_end(s + 1, end);
		return *after ? call_value(x, s + 1, (size_t)(*after - s) - 2) : NULL;
	}
	if (s < end && *s == '{') {
		stop = memchr(s, '}', (size_t)(end - s));
		name = stop ? strndup(s + 1, (size_t)(stop - s) - 1) : NULL;
		if (!name)
			return NULL;
		*after = stop + 1;
		value = braced_value(script, name);
		free(name);
		return value;
	}
	stop = name_end(s, end);
	if (stop == s)
		return NULL;
	name = strndup(s, (size_t)(stop - s));
	*after = stop;
	value = name ? value_of(script, name) : NULL;
	free(name);
	return value;
}

// Puts a value into the text so that it survives the quoting around it.
static void put_value(struct weir_buf *out, const char *value, bool in_quotes, bool add_quotes)
{
	size_t len = strlen(value);
	char *quoted;

	if (!in_quotes && !add_quotes) {
		weir_append(out, value, len);
		return;
	}
	quoted = weir_quote(value, len);
	if (!quoted) {
		out->failed = true;
		return;
	}
	if (add_quotes)
		weir_append(out, "\"", 1);
	len = strlen(quoted);
	if (*quoted == '"')
		weir_append(out, quoted + 1, len - 2);
	else
		weir_append(out, quoted, len);
	if (add_quotes)
		weir_append(out, "\"", 1);
	free(quoted);
}

// What stands at s, with its value if it is a reference, goes to out. in: the quote around it, or
// 0. Returns what is behind it.
static const char *expand_one(struct expansion *x, const char *s, const char *end, char in,
			      bool quote, struct weir_buf *out)
{
	const char *after = NULL;
	char *value = NULL;

	if (*s == '\\' && in == '"' && end - s > 1)
		after = s + 2;
	else if (*s == '$' && in != '\'')
		value = reference(x, s + 1, end, &after);
	if (!after)
		after = s + 1;
	if (value)
		put_value(out, value, in == '"', quote && !in);
	else
		weir_append(out, s, (size_t)(after - s));
	free(value);
	return after;
}

static char *expand(struct expansion *x, const char *text, size_t len, bool quote)
{
	const char *s = text, *end = text + len;
	struct weir_buf out = {};
	char in = 0;

	if (++x->depth > NESTING_MAX) {
		weir_error(x->err, NULL, "substitutions are nested too deeply");
		end = s;
	}
	weir_append(&out, "", 0);
	while (s < end) {
		if (in && *s == in)
			in = 0;
		else if (!in && (*s == '"' || *s == '\''))
			in = *s;
		s = expand_one(x, s, end, in, quote, &out);
	}
	x->depth--;
	if (out.failed)
		weir_buf_free(&out);
	return out.text;
}

char *script_expand(struct weir_element *e, const char *text, bool quote, struct weir_err *err)
{
	struct expansion x = {.e = e, .err = err};

	return expand(&x, text, strlen(text), quote);
}
