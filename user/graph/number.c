// SPDX-License-Identifier: BSD-2-Clause
// Numbers with Click's bases, underscores and units.

#include "value.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 99;
}

// Takes 0x or 0 off the front of a number: its base.
static unsigned read_base(const char **s, const char *end)
{
	if (*s == end || **s != '0')
		return 10;
	if (end - *s < 2 || ((*s)[1] != 'x' && (*s)[1] != 'X'))
		return 8;
	*s += 2;
	return 16;
}

static bool is_separator(const char *s, const char *end)
{
	return *s == '_' && end - s > 1 && s[1] != '_';
}

enum parse_status parse_integer(const char *text, size_t len, bool *negative, uint64_t *v)
{
	const char *s = text, *end = text + len;
	bool overflow = false;
	uint64_t n = 0;
	unsigned base;

	*negative = len && *s == '-';
	s += len && (*s == '-' || *s == '+') ? 1 : 0;
	base = read_base(&s, end);
	if (s == end || *s == '_')
		return PARSE_FORMAT;
	for (; s < end; s++) {
		unsigned d = digit_value(*s);

		if (is_separator(s, end))
			continue;
		if (d >= base)
			return PARSE_FORMAT;
		overflow |= __builtin_mul_overflow(n, base, &n);
		overflow |= __builtin_add_overflow(n, d, &n);
	}
	*v = n;
	return overflow ? PARSE_RANGE : PARSE_OK;
}

// A real number while it is copied without its underscores.
struct real {
	const char *s, *end;
	char text[128];
	size_t n;
};

static bool take(struct real *r, const char *any_of)
{
	if (r->s == r->end || !*r->s || !strchr(any_of, *r->s) || r->n + 1 == sizeof(r->text))
		return false;
	r->text[r->n++] = *r->s++;
	return true;
}

// How many digits there were.
static unsigned take_digits(struct real *r)
{
	unsigned n = 0;

	while (take(r, "0123456789")) {
		n++;
		if (r->end - r->s > 1 && *r->s == '_' && isdigit((unsigned char)r->s[1]))
			r->s++;
	}
	return n;
}

static bool take_real(struct real *r)
{
	unsigned digits;

	take(r, "+");
	digits = take_digits(r);
	if (take(r, "."))
		digits += take_digits(r);
	if (!digits)
		return false;
	if (take(r, "eE")) {
		take(r, "+-");
		if (!take_digits(r))
			return false;
	}
	return r->s == r->end;
}

enum parse_status parse_real(const char *text, size_t len, long double factor, uint64_t *v)
{
	struct real r = {.s = text, .end = text + len};
	long double x;

	if (!take_real(&r))
		return PARSE_FORMAT;
	x = roundl(strtold(r.text, NULL) * factor);
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
	long double f = 1;

	switch (*len ? text[*len - 1] : 0) {
	case 'k':
	case 'K':
		f = 1e3L;
		break;
	case 'M':
		f = 1e6L;
		break;
	case 'G':
		f = 1e9L;
	}
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
