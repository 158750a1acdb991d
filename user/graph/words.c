// SPDX-License-Identifier: BSD-2-Clause
// Words and quoted strings of argument texts.

#include <weir/args.h>

#include "lang.h"
#include "value.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

static const char *skip_data(const char *s) // behind the > of \<...>
{
	while (*s && *s != '>')
		s++;
	return *s ? s + 1 : s;
}

static const char *skip_quoted(const char *s)
{
	const char quote = *s++;

	while (*s && *s != quote) {
		if (quote == '"' && s[0] == '\\' && s[1] == '<')
			s = skip_data(s);
		else if (quote == '"' && s[0] == '\\' && s[1])
			s += 2;
		else
			s++;
	}
	return *s ? s + 1 : s;
}

const char *weir_word_end(const char *s)
{
	while (*s && !isspace((unsigned char)*s)) {
		if (*s == '"' || *s == '\'')
			s = skip_quoted(s);
		else if (s[0] == '\\' && s[1] == '<')
			s = skip_data(s);
		else
			s++;
	}
	return s;
}

static const char *skip_blanks(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

int weir_words(const char *text, char ***words)
{
	const char *s, *end;
	char **v;
	int n = 0;

	for (s = skip_blanks(text); *s; s = skip_blanks(weir_word_end(s)))
		n++;
	v = calloc((size_t)n + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	n = 0;
	for (s = skip_blanks(text); *s; s = skip_blanks(end)) {
		end = weir_word_end(s);
		v[n] = strndup(s, (size_t)(end - s));
		if (!v[n]) {
			weir_words_free(v, n);
			return -ENOMEM;
		}
		n++;
	}
	*words = v;
	return n;
}

void weir_words_free(char **words, int n)
{
	for (int i = 0; i < n; i++)
		free(words[i]);
	free(words);
}

char *weir_unquote(const char *text, size_t *len)
{
	size_t unused;

	return lang_unquote(text, len ? len : &unused);
}

char *weir_quote(const char *s, size_t len)
{
	return lang_quote(s, len);
}

char *parse_string(const char *text, size_t *len)
{
	if (!*text || *weir_word_end(text))
		return NULL;
	return weir_unquote(text, len);
}

int weir_args_each(struct weir_element *e, struct weir_args *a,
		   int (*take)(struct weir_element *e, struct weir_args *a, unsigned i,
			       char **words, int n))
{
	int rc = 0;

	for (unsigned i = 0; i < a->n_rest; i++) {
		char **words;
		int n = weir_words(a->rest[i], &words), one;

		if (n < 0)
			return n;
		one = take(e, a, i, words, n);
		weir_words_free(words, n);
		rc = rc ? rc : one;
	}
	return rc;
}
