// SPDX-License-Identifier: BSD-2-Clause
// The protocol of Click's ControlSocket.

#include "protocol.h"

#include "handlers.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum code {
	OK = 200,
	OK_WARNING = 220,
	SYNTAX = 500,
	UNIMPLEMENTED = 501,
	NO_SUCH_ELEMENT = 510,
	NO_SUCH_HANDLER = 511,
	HANDLER_ERROR = 520,
	DATA_TOO_BIG = 521,
	PERMISSION = 530,
	UNSPECIFIED = 590,
};

// What a command needs: nothing more, or more bytes than have come yet.
enum progress { DONE, WAIT };

// A command line cut into words.
struct command {
	char *word[3];
	unsigned n;	// words in all, which may be more
	char *rest;	// from the third word to the end of the line; "" if there is none
	size_t skipped; // bytes of `in` behind the line that the command used
};

void protocol_consume(struct weir_buf *b, size_t n)
{
	memmove(b->text, b->text + n, b->len - n);
	b->len -= n;
	if (b->text)
		b->text[b->len] = '\0';
}

// One line of an answer. Bytes that a terminal would obey are shown as dots.
static void say(struct protocol *p, enum code code, bool more, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static void say(struct protocol *p, enum code code, bool more, const char *fmt, ...)
{
	size_t at;
	va_list ap;

	weir_printf(&p->out, "%d%c", code, more ? '-' : ' ');
	at = p->out.len;
	va_start(ap, fmt);
	weir_vprintf(&p->out, fmt, ap);
	va_end(ap);
	for (; at < p->out.len; at++)
		if ((unsigned char)p->out.text[at] < ' ' || p->out.text[at] == 127)
			p->out.text[at] = '.';
	weir_append(&p->out, "\r\n", 2);
}

// The messages of a handler, a line each, below a first one.
static void say_messages(struct protocol *p, enum code code, const char *what, const char *name,
			 const char *how, const struct weir_err *err)
{
	const char *s = err->text, *end;

	if (!err->len) {
		say(p, code, false, "%s '%s' %s", what, name, how);
		return;
	}
	say(p, code, true, "%s '%s' %s:", what, name, how);
	for (; *s; s = end + (*end == '\n')) {
		end = strchrnul(s, '\n');
		say(p, code, *end && end[1], "%.*s", (int)(end - s), s);
	}
}

static const struct weir_handler *find(struct protocol *p, const char *name)
{
	bool has_element;
	const struct weir_handler *h = weir_handler_find(p->router, name, &has_element);
	const char *dot = strrchr(name, '.');

	if (h && !(h->flags & WEIR_H_PRIVATE))
		return h;
	if (!has_element)
		say(p, NO_SUCH_ELEMENT, false, "No element named '%.*s'", (int)(dot - name), name);
	else
		say(p, NO_SUCH_HANDLER, false, "No handler named '%s'", name);
	return NULL;
}

static void do_read(struct protocol *p, const char *name, const char *param)
{
	const struct weir_handler *h = find(p, name);
	struct weir_buf value = {};
	struct weir_err err = {};

	if (!h)
		return;
	if (!(h->flags & WEIR_H_READ)) {
		say(p, PERMISSION, false, "Handler '%s' write-only", name);
		return;
	}
	if (weir_handler_read(p->router, name, param, &value, &err) < 0 || err.n_errors) {
		say_messages(p, UNSPECIFIED, "Read handler", name, "error", &err);
	} else {
		say(p, OK, false, "Read handler '%s' OK", name);
		weir_printf(&p->out, "DATA %zu\r\n", value.len);
		weir_append(&p->out, value.text, value.len);
	}
	weir_buf_free(&value);
	weir_err_free(&err);
}

static void do_write(struct protocol *p, const char *name, const char *value)
{
	const struct weir_handler *h = find(p, name);
	struct weir_err err = {};
	int r;

	if (!h)
		return;
	if (!(h->flags & WEIR_H_WRITE)) {
		say(p, PERMISSION, false, "Handler '%s' read-only", name);
		return;
	}
	if (p->read_only) {
		say(p, PERMISSION, false, "Permission denied for '%s'", name);
		return;
	}
	r = weir_handler_write(p->router, name, value, &err);
	if (r < 0 || err.n_errors)
		say_messages(p, HANDLER_ERROR, "Write handler", name, "error", &err);
	else if (err.n_warnings)
		say_messages(p, OK_WARNING, "Write handler", name, "OK with warnings", &err);
	else
		say(p, OK, false, "Write handler '%s' OK", name);
	weir_err_free(&err);
}

static void do_check(struct protocol *p, const char *name, bool write)
{
	const struct weir_handler *h = find(p, name);

	if (!h)
		return;
	if (!(h->flags & (write ? WEIR_H_WRITE : WEIR_H_READ)))
		say(p, NO_SUCH_HANDLER, false, "Handler '%s' not %s", name,
		    write ? "writable" : "readable");
	else if (write && p->read_only)
		say(p, PERMISSION, false, "Permission denied for '%s'", name);
	else
		say(p, OK, false, "%s handler '%s' OK", write ? "Write" : "Read", name);
}

static void do_help(struct protocol *p)
{
	static const char *const lines[] = {
		"Commands:",
		"READ handler [arg...]   read a handler; its value comes as DATA",
		"READDATA handler len    the same with len bytes that follow as argument",
		"READUNTIL handler term  the same with the lines up to term as argument",
		"WRITE handler [arg...]  write a handler",
		"WRITEDATA handler len   the same with len bytes that follow",
		"WRITEUNTIL handler term the same with the lines up to term",
		"CHECKREAD handler       can the handler be read?",
		"CHECKWRITE handler      can it be written?",
		"QUIT                    end the connection",
	};
	const size_t n = sizeof(lines) / sizeof(*lines);

	for (size_t i = 0; i < n; i++)
		say(p, OK, i + 1 < n, "%s", lines[i]);
}

static void call(struct protocol *p, const struct command *c, const char *data)
{
	if (toupper((unsigned char)*c->word[0]) == 'R' ||
	    toupper((unsigned char)*c->word[0]) == 'G')
		do_read(p, c->word[1], data);
	else
		do_write(p, c->word[1], data);
}

// The first len bytes behind the line.
static void call_with_data(struct protocol *p, struct command *c, const char *data, size_t len)
{
	char *copy = strndup(data, len);

	if (!copy) {
		say(p, UNSPECIFIED, false, "Out of memory");
		return;
	}
	if (strlen(copy) < len)
		say(p, SYNTAX, false, "Data must not contain zero bytes");
	else
		call(p, c, copy);
	free(copy);
}

static enum progress do_data(struct protocol *p, struct command *c, const char *data, size_t have)
{
	uint32_t len;

	if (c->n != 3) {
		say(p, SYNTAX, false, "Wrong number of arguments");
		return DONE;
	}
	if (weir_parse(NULL, WEIR_T_U32, c->word[2], NULL, &len, NULL) < 0) {
		say(p, SYNTAX, false, "Syntax error in '%s'", c->word[0]);
		return DONE;
	}
	if (len > PROTOCOL_DATA_MAX) {
		say(p, DATA_TOO_BIG, false, "Data too large for handler '%s'", c->word[1]);
		p->ended = true; // the data would be taken for commands
		return DONE;
	}
	if (have < len && !p->eof)
		return WAIT;
	if (have < len) {
		say(p, SYNTAX, false, "Not enough data");
		c->skipped = have;
		return DONE;
	}
	c->skipped = len;
	call_with_data(p, c, data, len);
	return DONE;
}

// Finds the line that is `term`, blanks around it aside: where it begins, and what is behind it.
static const char *find_line(const char *s, const char *end, const char *term, const char **behind)
{
	size_t len = strlen(term);

	for (; s < end; s = *behind) {
		const char *eol = memchr(s, '\n', (size_t)(end - s)), *from = s, *to = eol;

		if (!eol)
			break;
		*behind = eol + 1;
		while (to > from && isspace((unsigned char)to[-1]))
			to--;
		while (from < to && isspace((unsigned char)*from))
			from++;
		if ((size_t)(to - from) == len && memcmp(from, term, len) == 0)
			return s;
	}
	return NULL;
}

static enum progress do_until(struct protocol *p, struct command *c, const char *data, size_t have)
{
	const char *found, *behind;

	if (c->n < 2) {
		say(p, SYNTAX, false, "Wrong number of arguments");
		return DONE;
	}
	found = find_line(data, data + have, c->rest, &behind);
	if (found) {
		c->skipped = (size_t)(behind - data);
		call_with_data(p, c, data, (size_t)(found - data));
	} else if (have > PROTOCOL_DATA_MAX) {
		say(p, DATA_TOO_BIG, false, "Data too large for handler '%s'", c->word[1]);
		p->ended = true;
	} else if (!p->eof) {
		return WAIT;
	} else {
		say(p, SYNTAX, false, "Connection closed");
		c->skipped = have;
	}
	return DONE;
}

static bool is(const struct command *c, const char *a, const char *b)
{
	return strcasecmp(c->word[0], a) == 0 || (b && strcasecmp(c->word[0], b) == 0);
}

static void do_quit(struct protocol *p, const struct command *c)
{
	if (c->n != 1)
		say(p, SYNTAX, false, "Bad command syntax");
	say(p, OK, false, "Goodbye!");
	p->ended = true;
}

static void do_unknown(struct protocol *p, struct command *c)
{
	for (char *s = c->word[0]; *s; s++)
		*s = (char)toupper((unsigned char)*s);
	say(p, UNIMPLEMENTED, false, "Command '%s' unimplemented", c->word[0]);
}

// Commands that are complete in their line.
static void run_simple(struct protocol *p, struct command *c)
{
	bool calls = is(c, "READ", "GET") || is(c, "WRITE", "SET");
	bool checks = is(c, "CHECKREAD", "CHECKWRITE");

	if ((calls && c->n < 2) || (checks && c->n != 2))
		say(p, SYNTAX, false, "Wrong number of arguments");
	else if (calls)
		call(p, c, c->rest);
	else if (checks)
		do_check(p, c->word[1], is(c, "CHECKWRITE", NULL));
	else if (is(c, "QUIT", "CLOSE"))
		do_quit(p, c);
	else if (is(c, "HELP", NULL))
		do_help(p);
	else
		do_unknown(p, c);
}

// data: what came behind the line.
static enum progress run_command(struct protocol *p, struct command *c, const char *data,
				 size_t have)
{
	if (is(c, "READDATA", "WRITEDATA") || is(c, "SETDATA", NULL))
		return do_data(p, c, data, have);
	if (is(c, "READUNTIL", "WRITEUNTIL"))
		return do_until(p, c, data, have);
	run_simple(p, c);
	return DONE;
}

static char *skip(char *s, bool blanks)
{
	while (*s && (isspace((unsigned char)*s) != 0) == blanks)
		s++;
	return s;
}

// Cuts the line, which is changed, into words. The rest is a copy, or NULL if there is no memory.
static void split(struct command *c, char *line)
{
	char *s = skip(line, true), *end = line + strlen(line);

	while (end > s && isspace((unsigned char)end[-1]))
		*--end = '\0';
	*c = (struct command){.rest = end};
	for (unsigned i = 0; i < 3 && *s; i++) {
		if (i == 2)
			c->rest = strdup(s);
		c->word[c->n++] = s;
		s = skip(s, false);
		if (*s) {
			*s = '\0';
			s = skip(s + 1, true);
		}
	}
	c->n += *s ? 1 : 0; // more than three
}

// Runs the line that `in` begins with. used: bytes up to the end of the line.
static enum progress run_line(struct protocol *p, size_t len, size_t used)
{
	char *line = malloc(len + 1);
	enum progress what = DONE;
	struct command c = {};

	if (!line) {
		p->ended = true;
		return DONE;
	}
	memcpy(line, p->in.text, len);
	line[len] = '\0';
	for (size_t i = 0; i < len; i++) // no zero byte cuts it short
		if (!line[i])
			line[i] = '?';
	split(&c, line);
	if (!c.rest)
		p->ended = true;
	else if (c.n)
		what = run_command(p, &c, p->in.text + used, p->in.len - used);
	if (what == DONE)
		protocol_consume(&p->in, used + c.skipped);
	if (c.n > 2)
		free(c.rest);
	free(line);
	return what;
}

void protocol_greet(struct protocol *p)
{
	weir_printf(&p->out, "Click::ControlSocket/1.3\r\n");
}

// Bytes of the first line, and with its end. False: it is not all there.
static bool first_line(struct protocol *p, size_t *len, size_t *used)
{
	const char *s = p->in.text;
	size_t n = 0;

	while (n < p->in.len && s[n] != '\n' && s[n] != '\r')
		n++;
	*len = *used = n;
	if (n == p->in.len)
		return p->eof;
	++*used;
	if (s[n] == '\n')
		return true;
	// "\r\n" may come in two pieces
	if (*used == p->in.len)
		return p->eof;
	*used += s[*used] == '\n';
	return true;
}

void protocol_run(struct protocol *p)
{
	size_t len, used;

	while (!p->ended && p->in.len) {
		if (!first_line(p, &len, &used)) {
			if (len > PROTOCOL_LINE_MAX) {
				say(p, SYNTAX, false, "Line too long");
				p->ended = true;
			}
			return;
		}
		if (run_line(p, len, used) == WAIT)
			return;
	}
}
