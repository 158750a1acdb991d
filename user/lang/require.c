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
	if (text) {
		lang_lexer_init(&p->lx, p->run, name, text, len);
		lang_parser_next(p);
		lang_parse_statements(p, TOK_END);
		p->lx = lx;
		p->tok = tok;
	}
	p->library_depth--;
}

static void require_one(struct parser *p, const struct arg_text *text, struct slice arg)
{
	static const char *const known[] = {"package", "library", "compact_config"};
	const char *pos = arg.s, *end = arg.s + arg.len, *kind = NULL, *value = "";
	struct weir_loc loc = lang_text_loc(text, arg.s);
	struct slice word[3];
	unsigned n = 0, i;
	char *copy[2];

	while (n < 3 && lang_text_next_word(&pos, end, &word[n]))
		n++;
	if (!n)
		return;
	for (i = 0; i < n && i < 2; i++) {
		size_t len = word[i].len;

		copy[i] = lang_strndup(p->run, &p->run->tmp, word[i].s, len);
		if (!lang_args_unquote(copy[i], &len) || strlen(copy[i]) != len)
			n = 3;
	}
	for (i = 0; n < 3 && i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(copy[0], known[i]) == 0)
			kind = known[i];
	if (n == 1 && !kind) { // require(NAME): a package
		kind = known[0];
		value = copy[0];
	} else if (n == 2 && kind && kind != known[2]) {
		value = copy[1];
	} else if (n != 1 || kind != known[2]) {
		lang_error(p->run, &loc,
			   "expected 'package NAME', 'library FILE' or 'compact_config'");
		return;
	}
	if (kind == known[1])
		include(p, value, &loc);
	else
		add_requirement(p, kind, value, &loc);
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
