// SPDX-License-Identifier: BSD-2-Clause
// Arguments inside an argument text, and their quoting.

#include "args.h"

#include "lang.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// An argument without white space at both ends, and with each comment and the space around it as
// one space.
struct trimmed {
	char *out;
	size_t len, kept; // `kept` ends behind the last byte that is no space
	bool hole;	  // a comment since then
};

static void put_piece(struct trimmed *t, const char *s, size_t len)
{
	if (lang_scan_is_space(*s)) {
		if (t->len && !t->hole)
			t->out[t->len++] = *s;
		return;
	}
	if (t->hole && t->kept) {
		t->len = t->kept;
		t->out[t->len++] = ' ';
	}
	t->hole = false;
	memmove(t->out + t->len, s, len); // may be the same text
	t->kept = t->len += len;
}

// Copies one argument, from s up to a comma (if commas end it) or `end`. Returns where it ended.
static const char *uncomment(struct trimmed *t, const char *s, const char *end, bool comma)
{
	const char *piece;

	while (s < end && !(comma && *s == ',')) {
		piece = s;
		if (lang_scan_is_comment(s, end)) {
			t->hole = true;
			s = lang_scan_comment(s, end);
			s = s ? s : end;
		} else {
			s = lang_text_piece(s, end);
			s = s ? s : end;
			put_piece(t, piece, (size_t)(s - piece));
		}
	}
	t->len = t->kept;
	return s;
}

// The first byte of an argument that is neither space nor comment.
static const char *skip_space(const char *s, const char *end)
{
	while (s && s < end && (lang_scan_is_space(*s) || lang_scan_is_comment(s, end)))
		s = lang_scan_is_space(*s) ? s + 1 : lang_scan_comment(s, end);
	return s ? s : end;
}

static int args_add(struct lang_args *a, const char *s, size_t len, size_t offset)
{
	unsigned size = a->n ? a->n * 2 : 4;
	size_t *offsets;
	char **v;

	if (!(a->n & (a->n - 1)) && (a->n == 0 || a->n >= 4)) { // full at powers of two
		v = realloc(a->v, size * sizeof(*v));
		if (v)
			a->v = v;
		offsets = realloc(a->offset, size * sizeof(*offsets));
		if (offsets)
			a->offset = offsets;
		if (!v || !offsets)
			return -ENOMEM;
	}
	a->offset[a->n] = offset;
	a->v[a->n] = malloc(len + 1);
	if (!a->v[a->n])
		return -ENOMEM;
	memcpy(a->v[a->n], s, len);
	a->v[a->n++][len] = '\0';
	return 0;
}

int lang_args_split(struct lang_args *out, const char *config)
{
	const char *s = config, *end = config + strlen(config), *from;
	char *text = malloc((size_t)(end - config) + 1);
	int err = text ? 0 : -ENOMEM;

	*out = (struct lang_args){0};
	for (; !err && s < end; s++) {
		struct trimmed t = {.out = text};

		from = s;
		s = uncomment(&t, s, end, true);
		if (t.len || s < end) // the last one counts only if there is something
			err = args_add(out, text, t.len, (size_t)(skip_space(from, s) - config));
	}
	free(text);
	if (err)
		lang_args_free(out);
	return err ? err : (int)out->n;
}

void lang_args_free(struct lang_args *a)
{
	while (a->n)
		free(a->v[--a->n]);
	free(a->v);
	free(a->offset);
	*a = (struct lang_args){0};
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

// `\<48 65>` at s: writes the bytes, returns what is behind; NULL if something else is inside.
static const char *unquote_angle(char **out, const char *s, const char *end)
{
	unsigned digits = 0, byte = 0;

	for (s += 2; s < end && *s != '>';) {
		if (lang_scan_is_comment(s, end)) {
			s = lang_scan_comment(s, end);
			if (!s)
				return NULL;
		} else if (hex_digit(*s) >= 0) {
			byte = byte << 4 | (unsigned)hex_digit(*s++);
			if (++digits % 2 == 0)
				*(*out)++ = (char)byte;
		} else if (lang_scan_is_space(*s)) {
			s++;
		} else {
			return NULL;
		}
	}
	return s < end && digits % 2 == 0 ? s + 1 : NULL;
}

// `\101` or `\x41`, with s behind the backslash.
static const char *unquote_number(char **out, const char *s, const char *end)
{
	unsigned byte = 0;
	int i;

	if (*s == 'x')
		for (s++; s < end && hex_digit(*s) >= 0; s++)
			byte = byte << 4 | (unsigned)hex_digit(*s);
	else
		for (i = 0; i < 3 && s < end && *s >= '0' && *s <= '7'; i++)
			byte = byte << 3 | (unsigned)(*s++ - '0');
	*(*out)++ = (char)byte;
	return s;
}

// A backslash at s, in double quotes. Every escape is at least as long as what it stands for.
static const char *unquote_escape(char **out, const char *s, const char *end)
{
	static const char letters[] = "abfnrtv", values[] = "\a\b\f\n\r\t\v";
	const char *letter;

	if (s + 1 == end) {
		*(*out)++ = '\\';
		return end;
	}
	s++;
	if (*s == '<')
		return unquote_angle(out, s - 1, end);
	if (*s == '\n')
		return s + 1;
	if (*s == '\r')
		return s + 1 + (s + 1 < end && s[1] == '\n');
	if ((*s >= '0' && *s <= '7') || *s == 'x')
		return unquote_number(out, s, end);
	letter = *s ? strchr(letters, *s) : NULL;
	if (letter)
		*(*out)++ = values[letter - letters];
	else
		*(*out)++ = *s;
	return s + 1;
}

bool lang_args_unquote(char *text, size_t *len)
{
	const char *s = text, *end;
	struct trimmed t = {.out = text};
	char *out = text, quote = 0;

	uncomment(&t, text, text + *len, false);
	for (end = text + t.len; s && s < end;) {
		if (quote && *s == quote) {
			quote = 0;
			s++;
		} else if (!quote && (*s == '\'' || *s == '"')) {
			quote = *s++;
		} else if (*s == '\\' && quote == '"') {
			s = unquote_escape(&out, s, end);
		} else if (*s == '\\' && !quote && s + 1 < end && s[1] == '<') {
			s = unquote_angle(&out, s, end);
		} else {
			*out++ = *s++;
		}
	}
	*len = (size_t)(out - text);
	*out = '\0';
	return s && !quote;
}

char *lang_unquote(const char *arg, size_t *len)
{
	size_t n = strlen(arg);
	char *text = malloc(n + 1);

	if (!text)
		return NULL;
	memcpy(text, arg, n + 1);
	if (!lang_args_unquote(text, &n)) {
		free(text);
		errno = EINVAL;
		return NULL;
	}
	if (len)
		*len = n;
	return text;
}

// A byte that needs no quotes anywhere. '/' is not among them when it could begin a comment.
static bool is_plain(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!lang_scan_is_ident(s[i]) && (!s[i] || !strchr(".:-+%=/", s[i])))
			return false;
	for (i = 0; i + 1 < len; i++)
		if (s[i] == '/' && s[i + 1] == '/')
			return false;
	return len > 0;
}

// What stands behind a backslash for c; '\0' if c needs none, or a number.
static char escape_of(char c)
{
	static const char bytes[] = "\\\"$\n\t\r", letters[] = "\\\"$ntr";
	const char *at = c ? strchr(bytes, c) : NULL;

	if (!at)
		return '\0';
	return letters[at - bytes];
}

size_t lang_args_quote_inside(char *out, const char *s, size_t len)
{
	char *begin = out;
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned c = (unsigned char)s[i];

		if (escape_of(s[i])) {
			*out++ = '\\';
			*out++ = escape_of(s[i]);
		} else if (c < 0x20 || c >= 0x7f) {
			*out++ = '\\';
			*out++ = (char)('0' + (c >> 6));
			*out++ = (char)('0' + (c >> 3 & 7));
			*out++ = (char)('0' + (c & 7));
		} else {
			*out++ = s[i];
		}
	}
	return (size_t)(out - begin);
}

char *lang_quote(const char *s, size_t len)
{
	char *out;
	size_t n;

	if (len > (SIZE_MAX - 3) / 4)
		return NULL;
	out = malloc(len * 4 + 3);
	if (!out)
		return NULL;
	if (is_plain(s, len)) {
		memcpy(out, s, len);
		out[len] = '\0';
		return out;
	}
	out[0] = '"';
	n = lang_args_quote_inside(out + 1, s, len);
	out[n + 1] = '"';
	out[n + 2] = '\0';
	return out;
}
