// SPDX-License-Identifier: BSD-2-Clause
// `require(...)`: packages for the router to judge, libraries to read here.

#include "args.h"
#include "parse.h"
#include "source.h"

#include <stdlib.h>
#include <string.h>

static void add_requirement(struct parser *p, const char *kind, const char *value,
			    const struct weir_loc *loc)
{
	struct lang_run *run = p->run;

	p->requirements = lang_grow(run, run->keep, p->requirements, p->n_requirements,
				    &p->cap_requirements, sizeof(*p->requirements));
	p->requirements[p->n_requirements++] =
		(struct lang_requirement){lang_strndup(run, run->keep, kind, strlen(kind)),
					  lang_strndup(run, run->keep, value, strlen(value)), *loc};
}

// Looks beside the file that asks, then in DIR/conf and DIR for each DIR of CLICKPATH.
static const char *find_library(struct parser *p, const char *name)
{
	const char *file = p->lx.given_file, *slash = strrchr(file, '/'), *path, *stop;
	struct lang_run *run = p->run;
	const char *found;

	found = *name == '/' || !slash ? name
				       : lang_printf(run, &run->tmp, "%.*s%s",
						     (int)(slash + 1 - file), file, name);
	if (*name == '/' || lang_source_readable(found))
		return found;
	for (path = getenv("CLICKPATH"); path && *path; path = *stop ? stop + 1 : stop) {
		stop = path + strcspn(path, ":");
		found = lang_printf(run, &run->tmp, "%.*s/conf/%s", (int)(stop - path), path, name);
		if (lang_source_readable(found))
			return found;
		found = lang_printf(run, &run->tmp, "%.*s/%s", (int)(stop - path), path, name);
		if (lang_source_readable(found))
			return found;
	}
	return name;
}

// Its statements become part of the file that asks, once.
static void include(struct parser *p, const char *name, const struct weir_loc *loc)
{
	struct lexer lx = p->lx;
	struct token tok = p->tok;
	unsigned i;
	char *text;
	size_t len;

	if (p->scope->depth || p->nesting) {
		lang_error(p->run, loc, "a library can be required by a file, not by a compound");
		return;
	}
	name = find_library(p, name);
	for (i = 0; i < p->n_libraries; i++)
		if (strcmp(p->libraries[i], name) == 0)
			return;
	p->libraries = lang_grow(p->run, &p->run->tmp, p->libraries, p->n_libraries,
				 &p->cap_libraries, sizeof(*p->libraries));
	p->libraries[p->n_libraries++] = name =
		lang_strndup(p->run, p->run->keep, name, strlen(name));
	if (++p->library_depth > LANG_NESTING_MAX)
		lang_fatal(p->run, loc, "more than %d libraries in one another", LANG_NESTING_MAX);
	text = lang_source_read(p->run, name, true, loc, &len);
	if (!text) {
		p->run->no_library = true;
	} else {
		lang_lexer_init(&p->lx, p->run, name, text, len);
		lang_parser_next(p);
		lang_parse_statements(p, TOK_END);
		p->lx = lx;
		p->tok = tok;
	}
	p->library_depth--;
}

enum requirement { PACKAGE, LIBRARY, COMPACT_CONFIG, UNKNOWN };
static const char *const kinds[] = {"package", "library", "compact_config"};

static enum requirement kind_of(const char *word)
{
	enum requirement kind = PACKAGE;

	while (kind < UNKNOWN && strcmp(word, kinds[kind]) != 0)
		kind++;
	return kind;
}

// The words of one requirement, at most two, without quotes. LANG_NONE: something else is there.
static unsigned split_words(struct lang_run *run, struct slice arg, char *words[2])
{
	const char *pos = arg.s, *end = arg.s + arg.len;
	struct slice word;
	unsigned n = 0;
	size_t len;

	for (; lang_text_next_word(&pos, end, &word); n++) {
		if (n == 2)
			return LANG_NONE;
		len = word.len;
		words[n] = lang_strndup(run, &run->tmp, word.s, len);
		if (!lang_args_unquote(words[n], &len) || strlen(words[n]) != len)
			return LANG_NONE;
	}
	return n;
}

static void require_one(struct parser *p, const struct arg_text *text, struct slice arg)
{
	struct weir_loc loc = lang_text_loc(text, arg.s);
	char *words[2] = {NULL, NULL};
	unsigned n = split_words(p->run, arg, words);
	enum requirement kind = n && n != LANG_NONE ? kind_of(words[0]) : UNKNOWN;

	if (n == 0)
		return;
	if (n == 1 && kind == UNKNOWN) // require(NAME): a package
		add_requirement(p, kinds[PACKAGE], words[0], &loc);
	else if (n == 2 && kind == PACKAGE)
		add_requirement(p, kinds[PACKAGE], words[1], &loc);
	else if (n == 2 && kind == LIBRARY)
		include(p, words[1], &loc);
	else if (n == 1 && kind == COMPACT_CONFIG)
		add_requirement(p, kinds[COMPACT_CONFIG], "", &loc);
	else
		lang_error(p->run, &loc,
			   "expected 'package NAME', 'library FILE' or 'compact_config'");
}

bool lang_parse_require(struct parser *p)
{
	struct weir_loc loc;
	struct arg_text text;
	struct slice arg;
	const char *pos;

	lang_parser_next(p);
	if (p->tok.kind != '(')
		return lang_parser_fail(p, "expected '(' after 'require', not %s",
					lang_parser_shown(&p->tok));
	loc = p->tok.loc;
	lang_lexer_arguments(&p->lx, &loc, &text);
	for (pos = text.s; lang_text_next_arg(&pos, text.s + text.len, &arg);)
		require_one(p, &text, arg);
	lang_parser_next(p);
	return true;
}
