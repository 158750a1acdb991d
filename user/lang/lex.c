// SPDX-License-Identifier: BSD-2-Clause
// Tokens of the Click language.

#include "lex.h"

#include "args.h"

#include <string.h>

void lang_lexer_init(struct lexer *lx, struct lang_run *run, const char *file, const char *text,
		     size_t len)
{
	*lx = (struct lexer){.run = run,
			     .begin = text,
			     .pos = text,
			     .end = text + len,
			     .file = file,
			     .given_file = file,
			     .line_start = text,
			     .line = 1};
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) // byte order mark
		lx->pos = lx->line_start = text + 3;
}

static struct weir_loc here(const struct lexer *lx)
{
	return (struct weir_loc){lx->file, lx->line, (unsigned)(lx->pos - lx->line_start) + 1,
				 lx->line_start};
}

// Moves to `to`, which lies ahead, counting lines: they end in LF, CR LF or CR.
static void advance(struct lexer *lx, const char *to)
{
	while (lx->pos < to) {
		char c = *lx->pos++;

		if (c == '\n' || (c == '\r' && *lx->pos != '\n')) {
			lx->line++;
			lx->line_start = lx->pos;
		}
	}
}

static bool at_line_start(const struct lexer *lx)
{
	return lx->pos == lx->line_start;
}

static const char *line_end(const char *s, const char *end)
{
	while (s < end && *s != '\n' && *s != '\r')
		s++;
	return s;
}

// Takes the whole line; the next one has the number that it names.
static void directive(struct lexer *lx)
{
	const char *s = lang_scan_directive(lx->pos, lx->end), *stop = line_end(lx->pos, lx->end),
		   *name;
	unsigned number = 0;
	char *unquoted;
	size_t len;

	if (!s) {
		struct weir_loc loc = here(lx);

		lang_error(lx->run, &loc,
			   "a line that begins with '#' must be a line directive, '# 12 \"file\"'; "
			   "comments begin with '//'");
		advance(lx, stop);
		return;
	}
	for (; s < stop && *s >= '0' && *s <= '9'; s++)
		number = number * 10 + (unsigned)(*s - '0'); // may wrap, as it only names a line
	name = lang_scan_blanks(s, stop);
	if (name < stop && *name == '"') {
		for (s = name + 1; s < stop && *s != '"'; s++)
			if (*s == '\\' && s + 1 < stop)
				s++;
		len = (size_t)(s - name) + 1;
		unquoted = lang_strndup(lx->run, lx->run->keep, name, len);
		unquoted[len - 1] = '"'; // the quote that closes it may be missing
		lang_args_unquote(unquoted, &len);
		lx->file = len ? unquoted : lx->given_file; // "": back to the file itself
	}
	advance(lx, stop);
	lx->line = number - 1; // the end of this line adds one
}

// Skips white space, comments and directives.
static void skip_space(struct lexer *lx)
{
	while (lx->pos < lx->end) {
		if (lang_scan_is_space(*lx->pos)) {
			advance(lx, lx->pos + 1);
		} else if (lang_scan_is_comment(lx->pos, lx->end)) {
			struct weir_loc loc = here(lx);
			const char *s = lang_scan_comment(lx->pos, lx->end);

			if (!s)
				lang_error(lx->run, &loc, "this comment has no end, '*/'");
			advance(lx, s ? s : lx->end);
		} else if (*lx->pos == '#' && at_line_start(lx)) {
			directive(lx);
		} else {
			return;
		}
	}
}

static const char *word_end(const char *s, const char *end)
{
	do {
		s++;
		while (s < end && lang_scan_is_ident(*s))
			s++;
	} while (end - s >= 2 && *s == '/' && lang_scan_is_ident(s[1]));
	return s;
}

static int word_kind(const char *s, size_t len)
{
	static const struct {
		const char *word;
		int kind;
	} words[] = {{"elementclass", TOK_ELEMENTCLASS},
		     {"require", TOK_REQUIRE},
		     {"provide", TOK_PROVIDE},
		     {"define", TOK_DEFINE},
		     {"connectiontunnel", TOK_TUNNEL}};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i].word) == len && memcmp(words[i].word, s, len) == 0)
			return words[i].kind;
	return TOK_IDENT;
}

// Two and three character tokens; 0 if there is none.
static int symbol(const char *s, const char *end, size_t *len)
{
	static const struct {
		char text[4];
		int kind;
	} symbols[] = {{"->", TOK_ARROW},
		       {"=>", TOK_ARROW2},
		       {"::", TOK_COLON2},
		       {"||", TOK_BAR2},
		       {"...", TOK_DOTS}};
	size_t i;

	for (i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		*len = strlen(symbols[i].text);
		if ((size_t)(end - s) >= *len && memcmp(s, symbols[i].text, *len) == 0)
			return symbols[i].kind;
	}
	return 0;
}

static bool begins_token(const char *s, const char *end)
{
	size_t len;

	return lang_scan_is_space(*s) || lang_scan_is_ident(*s) || *s == '$' || *s == '/' ||
	       strchr(";,()[]{}|", *s) || symbol(s, end, &len);
}

struct token lang_lexer_next(struct lexer *lx)
{
	struct token t = {0};
	const char *s, *before = lx->line_start;

	skip_space(lx);
	t.begins_line = lx->pos == lx->begin || lx->line_start != before;
	t.loc = here(lx);
	t.s = s = lx->pos;
	if (s >= lx->end)
		return t;
	t.len = 1;
	if (lang_scan_is_ident(*s)) {
		t.len = (size_t)(word_end(s, lx->end) - s);
		t.kind = word_kind(s, t.len);
	} else if (*s == '$' && lx->end - s > 1 && lang_scan_is_ident(s[1]) && s[1] != '@') {
		for (t.s = ++s; s < lx->end && lang_scan_is_ident(*s) && *s != '@';)
			s++;
		t.len = (size_t)(s - t.s);
		t.kind = TOK_VARIABLE;
	} else if ((t.kind = symbol(s, lx->end, &t.len))) {
		; // found
	} else if (*s && strchr(";,()[]{}|", *s)) {
		t.kind = (unsigned char)*s;
		t.len = 1;
	} else {
		t.kind = TOK_BAD;
		do
			s++;
		while (s < lx->end && !(*s && begins_token(s, lx->end)));
		t.len = (size_t)(s - t.s);
	}
	advance(lx, t.s + t.len);
	return t;
}

static void add_span(struct lexer *lx, struct arg_text *t, size_t offset)
{
	struct weir_loc loc = here(lx);

	lang_text_add_span(lx->run, t, offset, &loc, false);
}

// The end of what begins at lx->pos inside arguments: a quoted string, `\<...>`, or one byte. An
// error if it has no end.
static const char *argument_piece(struct lexer *lx)
{
	const char *stop = lang_text_piece(lx->pos, lx->end);
	struct weir_loc loc = here(lx);

	if (!stop)
		lang_error(lx->run, &loc,
			   *lx->pos == '\\' ? "this '\\<' has no end, '>'"
					    : "this quote has no end");
	return stop ? stop : lx->pos + 1;
}

// A comment in arguments is one space.
static void argument_comment(struct lexer *lx, struct lang_buf *buf)
{
	struct weir_loc loc = here(lx);
	const char *stop = lang_scan_comment(lx->pos, lx->end);

	if (!stop)
		lang_error(lx->run, &loc, "this comment has no end, '*/'");
	advance(lx, stop ? stop : lx->end);
	lang_buf_put(lx->run, buf, " ", 1);
}

void lang_lexer_arguments(struct lexer *lx, const struct weir_loc *open, struct arg_text *out)
{
	const unsigned errors = lx->run->n_errors;
	struct lang_buf buf = {0};
	unsigned depth = 1;
	const char *from;

	*out = (struct arg_text){0};
	add_span(lx, out, 0);
	lang_buf_put(lx->run, &buf, "", 0);
	while (lx->pos < lx->end) {
		from = lx->pos;
		if (*from == ')' && !--depth)
			break;
		depth += *from == '(';
		if (lang_scan_is_comment(from, lx->end)) {
			argument_comment(lx, &buf);
			add_span(lx, out, buf.len);
		} else if (*from == '#' && at_line_start(lx) &&
			   lang_scan_directive(lx->pos, lx->end)) {
			directive(lx);
			add_span(lx, out, buf.len);
		} else {
			advance(lx, argument_piece(lx));
			lang_buf_put(lx->run, &buf, from, (size_t)(lx->pos - from));
		}
	}
	if (lx->pos < lx->end)
		lx->pos++; // the ')'
	else
		lang_error(lx->run, open, "this '(' has no ')'");
	if (memchr(buf.s, '\0', buf.len))
		lang_error(lx->run, open, "the arguments hold a byte 0x00; write it as \"\\0\"");
	out->s = buf.s;
	out->len = strlen(buf.s);
	out->broken = lx->run->n_errors > errors;
}
