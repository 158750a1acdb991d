// SPDX-License-Identifier: BSD-2-Clause
// Statements, and how to go on behind a mistake.

#include "parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void lang_parser_next(struct parser *p)
{
	p->tok = lang_lexer_next(&p->lx);
}

char *lang_parser_word(struct parser *p, const struct token *t)
{
	return lang_strndup(p->run, p->run->keep, t->s, t->len);
}

const char *lang_parser_shown(const struct token *t)
{
	static _Thread_local char shown[64];
	enum { LONGEST = 40 };

	if (t->kind == TOK_END)
		return "the end of the file";
	if (t->kind == TOK_BAD && ((unsigned char)*t->s < 0x20 || (unsigned char)*t->s >= 0x7f))
		snprintf(shown, sizeof(shown), "byte 0x%02x", (unsigned char)*t->s);
	else
		snprintf(shown, sizeof(shown), "'%s%.*s%s'", t->kind == TOK_VARIABLE ? "$" : "",
			 t->len > LONGEST ? LONGEST : (int)t->len, t->s,
			 t->len > LONGEST ? "..." : "");
	return shown;
}

bool lang_parser_fail(struct parser *p, const char *fmt, ...)
{
	char message[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	lang_error(p->run, &p->tok.loc, "%s", message);
	p->scope->broken = true;
	return false;
}

static bool is_keyword(int kind)
{
	return kind == TOK_ELEMENTCLASS || kind == TOK_REQUIRE || kind == TOK_PROVIDE ||
	       kind == TOK_DEFINE || kind == TOK_TUNNEL;
}

// Does a token of this kind at the start of a line begin a statement? Not behind these:
static bool continues(int before)
{
	return before == TOK_ARROW || before == TOK_ARROW2 || before == TOK_COLON2 || before == ',';
}

// A block on the way is read, for its own mistakes. False: there is none.
static bool skip_block(struct parser *p)
{
	struct weir_loc loc = p->tok.loc;
	struct arg_text ignored;

	if (p->tok.kind == '{') {
		lang_parse_compound(p, "");
		return true;
	}
	if (p->tok.kind != '(')
		return false;
	lang_lexer_arguments(&p->lx, &loc, &ignored);
	lang_parser_next(p);
	return true;
}

// Is this a good place to go on? `before` is the token before it.
static bool may_resume(const struct parser *p, int before)
{
	int kind = p->tok.kind;

	if (kind == TOK_END || kind == ';')
		return true;
	if (kind == '}' || kind == TOK_BAR2)
		return p->braces;
	if (kind == ')')
		return p->parens;
	if (is_keyword(kind))
		return before != ',';
	return p->tok.begins_line && !continues(before) && (kind == TOK_IDENT || kind == '[');
}

// Skips to where a statement probably begins: behind ';', at a closing brace, at a keyword, or at
// a name that begins a line. Names on the way may be declarations: their later use is no error.
static void recover(struct parser *p, const char *begin)
{
	int before = p->tok.s == begin ? ',' : 0; // at least one token must go

	for (;; before = p->tok.kind, lang_parser_next(p)) {
		while (skip_block(p))
			before = ')';
		if (may_resume(p, before))
			return;
		if (p->tok.kind == TOK_IDENT)
			lang_table_set(p->run, &p->scope->lost, lang_parser_word(p, &p->tok), 0);
	}
}

static bool define_one(struct parser *p, const struct arg_text *all, struct slice arg)
{
	const char *pos = arg.s, *end = arg.s + arg.len;
	struct weir_loc loc = lang_text_loc(all, arg.s);
	struct var v = {0};
	struct slice word;
	size_t i;

	if (!lang_text_next_word(&pos, end, &word))
		return true;
	if (*word.s == '$') {
		word.s++;
		word.len--;
	}
	for (i = 0; i < word.len && lang_scan_is_ident(word.s[i]) && word.s[i] != '@'; i++)
		;
	if (!word.len || i < word.len) {
		lang_error(p->run, &loc, "expected a variable and its value, as in '$NAME value'");
		return false;
	}
	v.name = lang_strndup(p->run, &p->run->tmp, word.s, word.len);
	v.value = lang_text_cut(p->run, all, (struct slice){pos, (size_t)(end - pos)});
	if (!lang_scope_add_var(p->run, p->scope, &v))
		lang_error_apart(p->run, &loc, "variable '$%s' is defined twice", v.name);
	return true;
}

bool lang_parse_define(struct parser *p)
{
	struct weir_loc loc;
	struct arg_text text;
	struct slice arg;
	const char *pos;

	lang_parser_next(p);
	if (p->tok.kind != '(')
		return lang_parser_fail(p, "expected '(' after 'define', not %s",
					lang_parser_shown(&p->tok));
	loc = p->tok.loc;
	lang_lexer_arguments(&p->lx, &loc, &text);
	for (pos = text.s; lang_text_next_arg(&pos, text.s + text.len, &arg);)
		define_one(p, &text, arg);
	lang_parser_next(p);
	return true;
}

// ';', or a token that begins the next statement or ends the block.
bool lang_parse_end(struct parser *p)
{
	int kind = p->tok.kind;

	if (kind == ';' || kind == TOK_IDENT || kind == '[' || kind == '{' || kind == '}' ||
	    kind == ')' || kind == TOK_BAR2 || kind == TOK_END || is_keyword(kind))
		return true;
	return lang_parser_fail(p, "expected ';' or a connection, not %s",
				lang_parser_shown(&p->tok));
}

static bool parse_statement(struct parser *p)
{
	switch (p->tok.kind) {
	case TOK_IDENT:
	case TOK_ARROW:
	case TOK_ARROW2:
	case '[':
	case '{':
	case '(':
		return lang_parse_chain(p);
	case TOK_ELEMENTCLASS:
		return lang_parse_elementclass(p);
	case TOK_REQUIRE:
		return lang_parse_require(p);
	case TOK_DEFINE:
		return lang_parse_define(p);
	case TOK_TUNNEL:
		return lang_parse_tunnel(p) && lang_parse_end(p);
	case TOK_PROVIDE:
		return lang_parser_fail(p, "'provide' is a reserved word");
	case '}':
	case ')':
		lang_parser_fail(p, "this %s closes nothing", lang_parser_shown(&p->tok));
		lang_parser_next(p);
		return true;
	default:
		return lang_parser_fail(p, "expected a statement, not %s",
					lang_parser_shown(&p->tok));
	}
}

void lang_parse_statements(struct parser *p, int close)
{
	const char *begin;

	while (p->tok.kind != TOK_END) {
		if (p->tok.kind == close || (p->tok.kind == '}' && p->braces) ||
		    (p->tok.kind == ')' && p->parens) || (p->tok.kind == TOK_BAR2 && p->braces))
			return;
		begin = p->tok.s;
		if (p->tok.kind == ';') {
			p->last_ended_in_output = true; // what follows is no continuation
			lang_parser_next(p);
		} else if (!parse_statement(p)) {
			recover(p, begin);
		}
	}
}
