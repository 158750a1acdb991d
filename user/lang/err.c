// SPDX-License-Identifier: BSD-2-Clause
// Messages with the source line and a caret below the place.

#include <weir/err.h>

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	EXCERPT_BEFORE = 100, // bytes of a long source line shown before the place
	EXCERPT_MAX = 160,    // and in all
};

// One message while it is put together.
struct message {
	char *s;
	size_t len, size;
	bool failed; // no memory: the message is lost, the count is not
};

static void put(struct message *m, const char *s, size_t len)
{
	size_t size = m->size ? m->size : 256;
	char *grown;

	if (m->failed)
		return;
	while (size < m->len + len + 1)
		size *= 2;
	if (size != m->size) {
		grown = realloc(m->s, size);
		if (!grown) {
			m->failed = true;
			return;
		}
		m->s = grown;
		m->size = size;
	}
	memcpy(m->s + m->len, s, len);
	m->len += len;
	m->s[m->len] = '\0';
}

static void put_text(struct message *m, const char *s)
{
	put(m, s, strlen(s));
}

static void put_format(struct message *m, const char *fmt, va_list ap)
{
	char small[512], *big = NULL;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	if (n >= 0 && (size_t)n < sizeof(small)) {
		put(m, small, (size_t)n);
	} else if (n >= 0 && (big = malloc((size_t)n + 1))) {
		vsnprintf(big, (size_t)n + 1, fmt, again);
		put(m, big, (size_t)n);
		free(big);
	}
	va_end(again);
}

// A message in the text of a weir_err.
struct weir_message {
	size_t begin, len, file_len; // it begins with the name of the file
	unsigned line, column, file; // file: number of the first message about it
	unsigned number;
	bool is_warning;
};

static bool ends_line(char c)
{
	return c == '\n' || c == '\r' || c == '\0';
}

// Length of a UTF-8 character by its first byte, 0 if none begins so.
static size_t utf8_length(unsigned char c)
{
	static const struct {
		unsigned char below, length;
	} ranges[] = {{0x80, 1}, {0xc2, 0}, {0xe0, 2}, {0xf0, 3}, {0xf5, 4}};
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c < ranges[i].below)
			return ranges[i].length;
	return 0;
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

// Length of the UTF-8 character at s, 0 if it is none or has no glyph of its own.
static size_t glyph(const char *s)
{
	size_t n = utf8_length((unsigned char)*s), i;

	for (i = 1; i < n; i++)
		if (!is_continuation(s[i])) // also stops at '\0'
			return 0;
	return (unsigned char)*s < 0x20 || *s == 0x7f ? 0 : n;
}

// Prints the line from s, and below it what brings the caret to `place`.
static const char *put_line(struct message *m, struct message *caret, const char *s,
			    const char *place)
{
	const char *begin = s;
	size_t n;

	while (s - begin < EXCERPT_MAX && !ends_line(*s)) {
		n = glyph(s);
		put(m, n || *s == '\t' ? s : "?", n ? n : 1);
		if (s < place)
			put(caret, *s == '\t' ? s : " ", 1);
		s += n ? n : 1;
	}
	return s;
}

// The line, or the part of a long one around `column`, and a caret below. Bytes that a terminal
// would obey are shown as '?'; tabs are kept, above and below, so that the caret stands right.
static void put_excerpt(struct message *m, const struct weir_loc *loc)
{
	const char *place = loc->text, *s = loc->text;
	struct message caret = {0};
	size_t i;

	for (i = 1; i < loc->column && !ends_line(*place); i++)
		place++;
	put_text(m, "  ");
	if (place - s > EXCERPT_BEFORE) {
		s = place - EXCERPT_BEFORE;
		for (i = 0; i < 4 && is_continuation(*s); i++)
			s++;
		put_text(m, "...");
		put_text(&caret, "   ");
	}
	if (!ends_line(*put_line(m, &caret, s, place)))
		put_text(m, "...");
	if (loc->column) {
		put_text(m, "\n  ");
		put(m, caret.s ? caret.s : "", caret.len);
		put_text(m, "^");
	}
	put_text(m, "\n");
	free(caret.s);
}

static bool append(struct weir_err *err, const struct message *m)
{
	char *grown = realloc(err->text, err->len + m->len + 1);

	if (!grown)
		return false;
	memcpy(grown + err->len, m->s, m->len + 1);
	err->text = grown;
	err->len += m->len;
	return true;
}

// Without memory, the message cannot be sorted; it stays where it is.
static void note(struct weir_err *err, const struct weir_loc *loc, size_t len, bool is_warning)
{
	struct weir_message *v = err->messages;
	unsigned cap = err->cap_messages ? 2 * err->cap_messages : 16;

	if (err->n_messages == err->cap_messages) {
		v = reallocarray(v, cap, sizeof(*v));
		if (!v)
			return;
		err->messages = v;
		err->cap_messages = cap;
	}
	v[err->n_messages++] = (struct weir_message){
		.begin = err->len - len,
		.len = len,
		.file_len = loc && loc->file ? strlen(loc->file) : 0,
		.line = loc && loc->line ? loc->line : UINT_MAX,
		.column = loc ? loc->column : 0,
		.is_warning = is_warning,
	};
}

static void report(struct weir_err *err, const struct weir_loc *loc, const char *kind,
		   const char *fmt, va_list ap)
{
	struct message m = {0};
	char number[48];

	if (loc && loc->file)
		put_text(&m, loc->file);
	if (loc && loc->line) {
		snprintf(number, sizeof(number), loc->column ? "%s%u:%u" : "%s%u",
			 loc->file ? ":" : "", loc->line, loc->column);
		put_text(&m, number);
	}
	if (m.len)
		put_text(&m, ": ");
	put_text(&m, kind);
	put_format(&m, fmt, ap);
	put_text(&m, "\n");
	if (loc && loc->line && loc->text)
		put_excerpt(&m, loc);
	if (!m.failed && append(err, &m))
		note(err, loc, m.len, *kind);
	free(m.s);
}

int weir_verror(struct weir_err *err, const struct weir_loc *loc, const char *fmt, va_list ap)
{
	err->n_errors++;
	report(err, loc, "", fmt, ap);
	return -EINVAL;
}

int weir_error(struct weir_err *err, const struct weir_loc *loc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	weir_verror(err, loc, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

void weir_warn(struct weir_err *err, const struct weir_loc *loc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err->n_warnings++;
	report(err, loc, "warning: ", fmt, ap);
	va_end(ap);
}

void weir_err_rewind(struct weir_err *err, const struct weir_err *before)
{
	err->n_errors = before->n_errors;
	err->n_warnings = before->n_warnings;
	err->n_messages = before->n_messages;
	err->len = before->len;
	if (err->text)
		err->text[err->len] = '\0';
}

static int by_place(const void *a, const void *b)
{
	const struct weir_message *m = a, *n = b;
	bool mp = m->line != UINT_MAX, np = n->line != UINT_MAX;

	if (mp != np)
		return mp ? -1 : 1;
	if (m->file != n->file)
		return m->file < n->file ? -1 : 1;
	if (m->line != n->line)
		return m->line < n->line ? -1 : 1;
	if (m->column != n->column)
		return m->column < n->column ? -1 : 1;
	return m->number < n->number ? -1 : 1;
}

static bool same_file(const struct weir_err *err, const struct weir_message *a,
		      const struct weir_message *b)
{
	return a->file_len == b->file_len &&
	       !memcmp(err->text + a->begin, err->text + b->begin, a->file_len);
}

static void number_messages(struct weir_err *err)
{
	for (unsigned i = 0; i < err->n_messages; i++) {
		struct weir_message *m = &err->messages[i];

		m->number = m->file = i;
		for (unsigned k = 0; k < i && m->file == i; k++)
			if (same_file(err, &err->messages[k], m))
				m->file = err->messages[k].file;
	}
}

// The instances of a compound may say a lot of one place; what is the same stands close together.
static bool is_repeated(const struct weir_err *err, unsigned i)
{
	const struct weir_message *m = &err->messages[i], *n;

	for (unsigned back = 1; back <= i && back <= 64 && m->line != UINT_MAX; back++) {
		n = m - back;
		if (n->file != m->file || n->line != m->line || n->column != m->column)
			return false;
		if (n->len == m->len && !memcmp(err->text + n->begin, err->text + m->begin, m->len))
			return true;
	}
	return false;
}

void weir_err_sort(struct weir_err *err)
{
	struct message sorted = {0};

	for (unsigned i = 0; i < err->n_messages; i++)
		sorted.len += err->messages[i].len;
	sorted.failed = sorted.len != err->len; // a message could not be noted
	sorted.len = 0;
	number_messages(err);
	if (!sorted.failed && err->n_messages)
		qsort(err->messages, err->n_messages, sizeof(*err->messages), by_place);
	for (unsigned i = 0; i < err->n_messages && !sorted.failed; i++) {
		const struct weir_message *m = &err->messages[i];

		if (!is_repeated(err, i))
			put(&sorted, err->text + m->begin, m->len);
		else if (m->is_warning)
			err->n_warnings--;
		else
			err->n_errors--;
	}
	free(err->messages);
	err->messages = NULL;
	err->n_messages = err->cap_messages = 0;
	if (sorted.failed || !sorted.s) {
		free(sorted.s);
		return;
	}
	free(err->text);
	err->text = sorted.s;
	err->len = sorted.len;
}

void weir_err_free(struct weir_err *err)
{
	free(err->messages);
	free(err->text);
	*err = (struct weir_err){0};
}
