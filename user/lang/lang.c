// SPDX-License-Identifier: BSD-2-Clause
// The way in: text to flat graph.

#include "lang.h"

#include "flat.h"
#include "source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct request {
	const char *file, *text; // text NULL: read the file
	size_t len;
	const struct lang_define *defines;
	unsigned n_defines;
	int read_errno;
};

static void parse(struct lang_run *run, struct request *q, struct lang_router *out)
{
	struct parser p = {.run = run};
	const char *name = q->text || strcmp(q->file, "-") != 0 ? q->file : "<stdin>";
	struct weir_loc begin = {.file = name};
	char *text;

	name = lang_strndup(run, run->keep, name, strlen(name));
	if (q->text && q->len > LANG_SOURCE_MAX)
		lang_fatal(run, &begin, "the text is too big: more than %d bytes", LANG_SOURCE_MAX);
	errno = EINVAL;
	text = q->text ? lang_strndup(run, run->keep, q->text, q->len)
		       : lang_source_read(run, q->file, false, NULL, &q->len);
	if (!text) {
		q->read_errno = errno;
		return;
	}
	out->text = text;
	out->text_len = q->len;
	lang_lexer_init(&p.lx, run, name, text, q->len);
	p.scope = lang_scope_new(run, NULL, "", &begin);
	lang_parser_next(&p);
	lang_parse_statements(&p, TOK_END);
	lang_scope_finish(run, p.scope);
	out->requirements = p.requirements;
	out->n_requirements = p.n_requirements;
	lang_flatten(run, p.scope, q->defines, q->n_defines, out, &out->sources->configs);
}

static int run_request(struct lang_router *out, struct request *q, struct weir_err *err)
{
	struct lang_run *run = calloc(1, sizeof(*run));
	int result;

	*out = (struct lang_router){0};
	out->sources = calloc(1, sizeof(*out->sources));
	if (!run || !out->sources) {
		free(run);
		free(out->sources);
		out->sources = NULL;
		weir_error(err, NULL, "out of memory");
		return -ENOMEM;
	}
	run->err = err;
	run->keep = &out->sources->keep;
	if (!setjmp(run->fatal))
		parse(run, q, out);
	else
		out->n_elements = out->n_connections = 0; // perhaps half made
	out->incomplete = run->n_errors > run->n_apart || run->declared_late;
	result = q->read_errno ? -q->read_errno : run->n_errors ? -EINVAL : 0;
	lang_arena_free(&run->tmp);
	free(run->pending);
	free(run);
	return result;
}

int lang_parse(struct lang_router *out, const char *file, const char *text, size_t len,
	       const struct lang_define *defines, unsigned n_defines, struct weir_err *err)
{
	struct request q = {file, text ? text : "", len, defines, n_defines, 0};

	return run_request(out, &q, err);
}

int lang_parse_file(struct lang_router *out, const char *file, const struct lang_define *defines,
		    unsigned n_defines, struct weir_err *err)
{
	struct request q = {file, NULL, 0, defines, n_defines, 0};

	return run_request(out, &q, err);
}

void lang_router_free(struct lang_router *r)
{
	if (r->sources) {
		lang_arena_free(&r->sources->keep);
		free(r->sources);
	}
	*r = (struct lang_router){0};
}

struct weir_loc lang_config_loc(const struct lang_router *r, const struct lang_element *e,
				size_t offset)
{
	const struct arg_text *text = &r->sources->configs[e - r->elements];

	if (offset > text->len)
		offset = text->len;
	return lang_text_loc(text, text->s + offset);
}
