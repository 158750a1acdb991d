// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Text to tokens, and the argument texts between parentheses, which follow other rules.

#include "mem.h"

enum token_kind { // other single characters stand for themselves
	TOK_END = 0,
	TOK_IDENT = 256,
	TOK_VARIABLE, // $name; the text is the name
	TOK_ARROW,    // ->
	TOK_ARROW2,   // =>
	TOK_COLON2,   // ::
	TOK_BAR2,     // ||
	TOK_DOTS,     // ...
	TOK_ELEMENTCLASS,
	TOK_REQUIRE,
	TOK_PROVIDE,
	TOK_DEFINE,
	TOK_TUNNEL, // connectiontunnel
	TOK_BAD,    // bytes that begin no token, one after the other
};

struct token {
	int kind;
	const char *s; // in the source
	size_t len;
	struct weir_loc loc;
	bool begins_line;
};

struct lexer {
	struct lang_run *run;
	const char *begin, *pos, *end; // *end is '\0'
	const char *file, *given_file; // `#line` changes the first
	const char *line_start;
	unsigned line;
};

// `text` has a '\0' behind its end and lives in the `keep` arena.
void lang_lexer_init(struct lexer *lx, struct lang_run *run, const char *file, const char *text,
		     size_t len);
struct token lang_lexer_next(struct lexer *lx);

// Text of arguments. Bytes between two spans follow the source byte by byte; a fixed span (what a
// variable stood for) comes from one place.
struct span {
	size_t offset;
	struct weir_loc loc;
	bool fixed;
};
struct arg_text {
	const char *s; // ended by '\0', which occurs nowhere else in it
	size_t len;
	struct span *spans; // the first has offset 0
	unsigned n_spans, cap_spans;
	bool broken; // a mistake in it has been told
};
// The end of one byte, or of a quoted string or `\<...>` as a whole; NULL if that has no end.
const char *lang_text_piece(const char *s, const char *end);
void lang_text_add_span(struct lang_run *run, struct arg_text *t, size_t offset,
			const struct weir_loc *loc, bool fixed);

// With lx just behind a '(': reads up to its ')', without comments and line directives.
void lang_lexer_arguments(struct lexer *lx, const struct weir_loc *open, struct arg_text *out);

// Skip what must be skipped as a whole: return the first byte behind it, NULL if it has no end.
const char *lang_scan_comment(const char *s, const char *end); // at "//" or "/*"
const char *lang_scan_quote(const char *s, const char *end);   // at ' or "
const char *lang_scan_angle(const char *s, const char *end);   // at "\<"
const char *lang_scan_blanks(const char *s, const char *end);
// Does a line directive, `# 12 "file"` or `#line 12 "file"`, begin here? The number, or NULL.
const char *lang_scan_directive(const char *s, const char *end);
bool lang_scan_is_comment(const char *s, const char *end);
bool lang_scan_is_space(char c);
bool lang_scan_is_ident(char c);
