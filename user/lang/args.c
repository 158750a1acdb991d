// SPDX-License-Identifier: BSD-2-Clause
// Arguments inside an argument text, and their quoting.

#include "args.h"

#include "lang.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// Copies one argument, from s up to a comma (if commas end it) or `end`, without white space at
// both ends and with each comment, and the space around it, as one space. Returns where it ended.
static const char *uncomment(char *out, size_t *len, const char *s, const char *end, bool comma)
{
	const char *piece;
	size_t kept = 0; // bytes up to the last that is no space
	bool hole = false;

	*len = 0;
	while (s < end && !(comma && *s == ',')) {
		piece = s;
		if (lang_scan_is_comment(s, end)) {
			s = lang_scan_comment(s, end);
			s = s ? s : end;
			hole = true;
			continue;
		}
		if (*s == '\'' || *s == '"')
			s = lang_scan_quote(s, end);
		else if (*s == '\\' && s + 1 < end && s[1] == '<')
			s = lang_scan_angle(s, end);
		else
			s++;
		s = s ? s : end;
		if (lang_scan_is_space(*piece)) {
			if (*len && !hole)
				out[(*len)++] = *piece;
			continue;
		}
		if (hole && kept) {
			*len = kept;
			out[(*len)++] = ' ';
		}
		hole = false;
		memcpy(out + *len, piece, (size_t)(s - piece));
		kept = *len += (size_t)(s - piece);
	}
	*len = kept;
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
	size_t len = strlen(config), n;
	const char *s = config, *end = config + len, *from;
	char *text = malloc(len + 1);
	int err = text ? 0 : -ENOMEM;

	*out = (struct lang_args){0};
	for (; !err && s < end; s++) {
		from = s;
		s = uncomment(text, &n, s, end, true);
		if (n || s < end) // the last one counts only if there is something
			err = args_add(out, text, n, (size_t)(skip_space(from, s) - config));
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

// A backslash at s, in double quotes. Every escape is at least as long as what it stands for.
static const char *unquote_escape(char **out, const char *s, const char *end)
{
	static const char letters[] = "abfnrtv", values[] = "\a\b\f\n\r\t\v";
	const char *letter;
	unsigned byte = 0;
	int i;

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
	if (*s >= '0' && *s <= '7') {
		for (i = 0; i < 3 && s < end && *s >= '0' && *s <= '7'; i++)
			byte = byte << 3 | (unsigned)(*s++ - '0');
		*(*out)++ = (char)byte;
		return s;
	}
	if (*s == 'x') {
		for (s++; s < end && hex_digit(*s) >= 0; s++)
			byte = byte << 4 | (unsigned)hex_digit(*s);
		*(*out)++ = (char)byte;
		return s;
	}
	letter = *s ? strchr(letters, *s) : NULL;
	*(*out)++ = letter ? values[letter - letters] : *s;
	return s + 1;
}

bool lang_args_unquote(char *text, size_t *len)
{
	const char *s = text, *end;
	char *out = text, quote = 0;

	uncomment(text, len, text, text + *len, false);
	for (end = text + *len; s && s < end;) {
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

size_t lang_args_quote_inside(char *out, const char *s, size_t len)
{
	size_t n = 0, i;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '\\' || c == '"' || c == '$') {
			out[n++] = '\\';
			out[n++] = (char)c;
		} else if (c == '\n' || c == '\t' || c == '\r') {
			out[n++] = '\\';
			out[n++] = c == '\n' ? 'n' : c == '\t' ? 't' : 'r';
		} else if (c < 0x20 || c >= 0x7f) {
			out[n++] = '\\';
			out[n++] = (char)('0' + (c >> 6));
			out[n++] = (char)('0' + (c >> 3 & 7));
			out[n++] = (char)('0' + (c & 7));
		} else {
			out[n++] = (char)c;
		}
	}
	return n;
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
