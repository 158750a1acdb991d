// SPDX-License-Identifier: BSD-2-Clause
// Numbers with Click's bases, underscores and units.

#include "value.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

enum parse_status parse_integer(const char *text, size_t len, bool *negative, uint64_t *v)
{
	const char *s = text, *end = text + len;
	unsigned base = 10;
	bool overflow = false;
	uint64_t n = 0;

	*negative = s < end && *s == '-';
	if (s < end && (*s == '-' || *s == '+'))
		s++;
	if (end - s >= 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	} else if (s < end && *s == '0') {
		base = 8;
	}
	if (s == end || *s == '_')
		return PARSE_FORMAT;
	for (; s < end; s++) {
		int d = digit_value(*s);

		if (*s == '_' && s + 1 < end && s[1] != '_')
			continue;
		if (d >= (int)base)
			return PARSE_FORMAT;
		overflow |= __builtin_mul_overflow(n, base, &n);
		overflow |= __builtin_add_overflow(n, (unsigned)d, &n);
	}
	*v = n;
	return overflow ? PARSE_RANGE : PARSE_OK;
}

// Copies a decimal number without its underscores into buf, if it is well formed.
static bool plain_real(const char *text, size_t len, char *buf, size_t size)
{
	const char *s = text, *end = text + len;
	bool dot = false, exponent = false;
	unsigned digits = 0;
	size_t n = 0;

	if (s < end && *s == '+')
		s++;
	for (; s < end && n + 1 < size; s++) {
		if (isdigit((unsigned char)*s)) {
			digits++;
		} else if (*s == '.' && !dot && !exponent) {
			dot = true;
		} else if ((*s == 'e' || *s == 'E') && !exponent && digits) {
			exponent = true;
			digits = 0;
			buf[n++] = *s;
			if (end - s > 1 && (s[1] == '-' || s[1] == '+') && n + 1 < size)
				buf[n++] = *++s;
			continue;
		} else if (*s == '_' && s > text && isdigit((unsigned char)s[-1]) && end - s > 1 &&
			   isdigit((unsigned char)s[1])) {
			continue;
		} else {
			return false;
		}
		buf[n++] = *s;
	}
	buf[n] = '\0';
	return s == end && digits;
}

enum parse_status parse_real(const char *text, size_t len, long double factor, uint64_t *v)
{
	long double x;
	char buf[128];

	if (!plain_real(text, len, buf, sizeof(buf)))
		return PARSE_FORMAT;
	x = roundl(strtold(buf, NULL) * factor);
	if (!(x < 0x1p64L))
		return PARSE_RANGE;
	*v = (uint64_t)x;
	return PARSE_OK;
}

struct unit {
	const char *name;
	long double factor;
};

// The unit that ends the text, the longest if there are several; NULL if none. *len gets the length
// of what stands before it, without blanks.
static const struct unit *unit_at_end(const struct unit *units, const char *text, size_t *len)
{
	const struct unit *best = NULL;
	size_t best_len = 0, n = strlen(text);

	for (const struct unit *u = units; u->name; u++) {
		size_t l = strlen(u->name);

		if (l > best_len && l <= n && memcmp(text + n - l, u->name, l) == 0) {
			best = u;
			best_len = l;
		}
	}
	n -= best_len;
	while (best && n > 0 && isspace((unsigned char)text[n - 1]))
		n--;
	*len = n;
	return best;
}

enum parse_status parse_seconds(const char *text, uint64_t *ns)
{
	static const struct unit units[] = {
		{"ns", 1},	{"nsec", 1},	 {"us", 1e3L},	  {"usec", 1e3L},    {"ms", 1e6L},
		{"s", 1e9L},	{"sec", 1e9L},	 {"m", 60e9L},	  {"min", 60e9L},    {"msec", 1e6L},
		{"h", 3600e9L}, {"hr", 3600e9L}, {"d", 86400e9L}, {"day", 86400e9L}, {},
	};
	size_t len;
	const struct unit *u = unit_at_end(units, text, &len);

	return parse_real(text, len, u ? u->factor : 1e9L, ns);
}

// Takes k, M or G off the end of the text: its factor.
static long double si_prefix(const char *text, size_t *len)
{
	char c = *len ? text[*len - 1] : '\0';
	long double f = c == 'k' || c == 'K' ? 1e3L : c == 'M' ? 1e6L : c == 'G' ? 1e9L : 1;

	if (f > 1)
		--*len;
	while (*len && isspace((unsigned char)text[*len - 1]))
		--*len;
	return f;
}

enum parse_status parse_bandwidth(const char *text, uint64_t *v, bool *unitless)
{
	static const struct unit units[] = {
		{"baud", 0.125L}, {"bps", 0.125L}, {"b/s", 0.125L}, {"Bps", 1}, {"B/s", 1}, {},
	};
	size_t len;
	const struct unit *u = unit_at_end(units, text, &len);
	long double factor = u ? u->factor : 1;

	*unitless = !u;
	if (u)
		factor *= si_prefix(text, &len);
	return parse_real(text, len, factor, v);
}

enum parse_status parse_rate(const char *text, uint64_t *v)
{
	static const struct unit units[] = {{"pps", 1}, {"/s", 1}, {}};
	size_t len;
	long double factor;

	unit_at_end(units, text, &len);
	factor = si_prefix(text, &len);
	return parse_real(text, len, factor, v);
}
