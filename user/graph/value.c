// SPDX-License-Identifier: BSD-2-Clause
// One value of one type.

#include "value.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int parse_error(const struct parse *c, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	if (!c->err)
		return -EINVAL;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	if (c->name)
		weir_error(c->err, c->loc, "argument `%s': %s", c->name, text ? text : fmt);
	else
		weir_error(c->err, c->loc, "%s", text ? text : fmt);
	free(text);
	return -EINVAL;
}

int parse_expected(const struct parse *c, const char *what, const char *text)
{
	return parse_error(c, "expected %s, got `%.80s'", what, text);
}

// An address may be written as a name, so one that is not known deserves a word.
static int expected_address(const struct parse *c, const char *what, const char *text)
{
	if (!isalpha((unsigned char)*text))
		return parse_expected(c, what, text);
	return parse_error(c,
			   "expected %s, got `%.80s' (neither an interface that has one nor a name "
			   "from AddressInfo)",
			   what, text);
}

static int parse_bool(const struct parse *c, const char *s, bool *out)
{
	static const char *const yes[] = {"1", "y", "t", "yes", "true"};
	static const char *const no[] = {"0", "n", "f", "no", "false"};

	for (unsigned i = 0; i < 5; i++) {
		if (strcmp(s, yes[i]) == 0 || strcmp(s, no[i]) == 0) {
			*out = s == yes[i] || strcmp(s, yes[i]) == 0;
			return 0;
		}
	}
	return parse_expected(c, "true or false", s);
}

static bool has_range(const struct parse *c)
{
	return c->a && (c->a->min || c->a->max);
}

// Stores an unsigned value after checking it against the type's and the argument's range. unit is
// for the message.
static int store_unsigned(const struct parse *c, enum parse_status st, uint64_t v, size_t size,
			  const char *what, const char *text, void *out)
{
	uint64_t top = size == 8 ? UINT64_MAX : (1ull << (8 * size)) - 1;
	uint64_t lo = 0, hi = top;

	if (st == PARSE_FORMAT)
		return parse_expected(c, what, text);
	if (has_range(c)) {
		lo = c->a->min > 0 ? (uint64_t)c->a->min : 0;
		hi = c->a->max > 0 ? (uint64_t)c->a->max : top;
	}
	if (st == PARSE_RANGE || v < lo || v > hi)
		return parse_error(c, "%.80s is out of range, must be %llu to %llu", text,
				   (unsigned long long)lo, (unsigned long long)hi);
	switch (size) {
	case 1:
		*(uint8_t *)out = (uint8_t)v;
		break;
	case 2:
		*(uint16_t *)out = (uint16_t)v;
		break;
	case 4:
		*(uint32_t *)out = (uint32_t)v;
		break;
	default:
		*(uint64_t *)out = v;
	}
	return 0;
}

static int parse_unsigned(const struct parse *c, const char *text, size_t size, void *out)
{
	bool negative;
	uint64_t v = 0;
	enum parse_status st = parse_integer(text, strlen(text), &negative, &v);

	if (negative)
		st = PARSE_FORMAT;
	return store_unsigned(c, st, v, size, "an unsigned number", text, out);
}

static int parse_signed(const struct parse *c, const char *text, size_t size, void *out)
{
	int64_t lo = size == 4 ? INT32_MIN : INT64_MIN, hi = size == 4 ? INT32_MAX : INT64_MAX;
	bool negative;
	uint64_t n = 0;
	enum parse_status st = parse_integer(text, strlen(text), &negative, &n);
	int64_t v;

	if (st == PARSE_FORMAT)
		return parse_expected(c, "a number", text);
	if (has_range(c)) {
		lo = c->a->min;
		hi = c->a->max;
	}
	if (n > (uint64_t)INT64_MAX + negative)
		st = PARSE_RANGE;
	v = (int64_t)(negative ? -n : n);
	if (st == PARSE_RANGE || v < lo || v > hi)
		return parse_error(c, "%.80s is out of range, must be %lld to %lld", text,
				   (long long)lo, (long long)hi);
	if (size == 4)
		*(int32_t *)out = (int32_t)v;
	else
		*(int64_t *)out = v;
	return 0;
}

static int parse_double(const struct parse *c, const char *text, double *out)
{
	char *end;
	double v;

	if ((unsigned char)*text <= ' ')
		return parse_expected(c, "a number", text);
	v = strtod(text, &end);
	if (*end)
		return parse_expected(c, "a number", text);
	if (has_range(c) && !(v >= (double)c->a->min && v <= (double)c->a->max))
		return parse_error(c, "%.80s is out of range, must be %lld to %lld", text,
				   (long long)c->a->min, (long long)c->a->max);
	*out = v;
	return 0;
}

static bool is_word(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] <= ' ' || s[i] >= 127 || strchr("\"'\\,", s[i]))
			return false;
	return len > 0;
}

// "~/x" and "~user/x" as a shell would.
static char *expand_home(const char *s)
{
	size_t user_len = strcspn(s, "/") - 1;
	const char *home = getenv("HOME");
	struct passwd *pw = NULL;
	char *user, *full = NULL;

	if (user_len || !home) {
		user = strndup(s + 1, user_len);
		pw = user_len ? getpwnam(user ? user : "") : getpwuid(getuid());
		free(user);
		home = pw ? pw->pw_dir : NULL;
	}
	if (!home || asprintf(&full, "%s%s", home, s + 1 + user_len) < 0)
		return NULL;
	return full;
}

static int parse_text(const struct parse *c, enum weir_type type, const char *text, char **out)
{
	size_t len;
	char *s = parse_string(text, &len), *full;

	if (!s)
		return parse_expected(
			c, type == WEIR_T_FILE ? "a file name" : "a word or quoted string", text);
	if (type == WEIR_T_WORD ? !is_word(s, len) : memchr(s, '\0', len) != NULL) {
		free(s);
		return parse_expected(c, type == WEIR_T_WORD ? "a word" : "text without zero bytes",
				      text);
	}
	if (type == WEIR_T_FILE && *s == '~') {
		full = expand_home(s);
		free(s);
		if (!full)
			return parse_error(c, "there is no home directory for `%s'", text);
		s = full;
	}
	*out = s;
	return 0;
}

static int parse_data(const struct parse *c, const char *text, struct weir_bytes *out)
{
	size_t len;
	char *s = parse_string(text, &len);

	if (!s || len > UINT32_MAX) {
		free(s);
		return parse_expected(c, "a string or \\<hex> data", text);
	}
	*out = (struct weir_bytes){(uint8_t *)s, (uint32_t)len};
	return 0;
}

static int parse_amount(const struct parse *c, enum weir_type type, const char *text, uint64_t *out)
{
	const char *what = "a bandwidth (10Mbps, 64kBps)";
	bool unitless = false;
	enum parse_status st;
	uint64_t v = 0;
	int r;

	if (type == WEIR_T_SECONDS) {
		st = parse_seconds(text, &v);
		what = "a time (1.5, 10ms, 2 min)";
	} else if (type == WEIR_T_RATE) {
		st = parse_rate(text, &v);
		what = "a rate in packets per second";
	} else {
		st = parse_bandwidth(text, &v, &unitless);
	}
	r = store_unsigned(c, st, v, sizeof(v), what, text, out);
	if (!r && unitless && v && c->err)
		weir_warn(c->err, c->loc, "argument `%s': no unit, taken as bytes per second",
			  c->name ? c->name : "");
	return r;
}

static int parse_address(const struct parse *c, enum weir_type type, const char *text, void *out)
{
	const char *what;
	bool ok;

	switch (type) {
	case WEIR_T_IP4:
		ok = parse_ip4(c->e, text, out);
		what = "an IP address";
		break;
	case WEIR_T_IP4_PREFIX:
		ok = parse_ip4_prefix(c->e, text, out);
		what = "an IP prefix";
		break;
	case WEIR_T_IP6:
		ok = parse_ip6(c->e, text, out);
		what = "an IPv6 address";
		break;
	case WEIR_T_IP6_PREFIX:
		ok = parse_ip6_prefix(c->e, text, out);
		what = "an IPv6 prefix";
		break;
	default:
		ok = parse_ether(c->e, text, out);
		what = "an Ethernet address";
	}
	return ok ? 0 : expected_address(c, what, text);
}

int parse_value(const struct parse *c, enum weir_type type, const char *text, void *out)
{
	switch (type) {
	case WEIR_T_BOOL:
		return parse_bool(c, text, out);
	case WEIR_T_U8:
	case WEIR_T_U16:
	case WEIR_T_U32:
	case WEIR_T_U64:
		return parse_unsigned(c, text, parse_size(type), out);
	case WEIR_T_I32:
	case WEIR_T_I64:
		return parse_signed(c, text, parse_size(type), out);
	case WEIR_T_DOUBLE:
		return parse_double(c, text, out);
	case WEIR_T_STRING:
	case WEIR_T_WORD:
	case WEIR_T_FILE:
		return parse_text(c, type, text, out);
	case WEIR_T_DATA:
		return parse_data(c, text, out);
	case WEIR_T_IP4:
	case WEIR_T_IP4_PREFIX:
	case WEIR_T_IP6:
	case WEIR_T_IP6_PREFIX:
	case WEIR_T_ETHER:
		return parse_address(c, type, text, out);
	case WEIR_T_TCP_PORT:
		return parse_port(text, IPPROTO_TCP, out) ? 0
							  : parse_expected(c, "a TCP port", text);
	case WEIR_T_UDP_PORT:
		return parse_port(text, IPPROTO_UDP, out) ? 0
							  : parse_expected(c, "a UDP port", text);
	case WEIR_T_IP_PROTO:
		return parse_ip_proto(text, out) ? 0 : parse_expected(c, "an IP protocol", text);
	case WEIR_T_SECONDS:
	case WEIR_T_BANDWIDTH:
	case WEIR_T_RATE:
		return parse_amount(c, type, text, out);
	case WEIR_T_ANNO:
		return parse_anno(c, text, out);
	case WEIR_T_ELEMENT:
		return parse_element_value(c, text, out);
	case WEIR_T_HANDLER:
		return parse_handler(c, text, out);
	case WEIR_T_ENUM:
		return parse_enum(c, text, out);
	case WEIR_T_ARG:
		*(char **)out = strdup(text);
		return *(char **)out ? 0 : parse_error(c, "out of memory");
	}
	return parse_error(c, "no such type");
}

size_t parse_size(enum weir_type type)
{
	switch (type) {
	case WEIR_T_BOOL:
		return sizeof(bool);
	case WEIR_T_U8:
	case WEIR_T_IP_PROTO:
		return 1;
	case WEIR_T_U16:
	case WEIR_T_TCP_PORT:
	case WEIR_T_UDP_PORT:
		return 2;
	case WEIR_T_U32:
	case WEIR_T_I32:
	case WEIR_T_IP4:
		return 4;
	case WEIR_T_U64:
	case WEIR_T_I64:
	case WEIR_T_SECONDS:
	case WEIR_T_BANDWIDTH:
	case WEIR_T_RATE:
		return 8;
	case WEIR_T_DOUBLE:
		return sizeof(double);
	case WEIR_T_DATA:
		return sizeof(struct weir_bytes);
	case WEIR_T_IP4_PREFIX:
		return sizeof(struct weir_ip4_prefix);
	case WEIR_T_IP6:
		return sizeof(struct weir_ip6);
	case WEIR_T_IP6_PREFIX:
		return sizeof(struct weir_ip6_prefix);
	case WEIR_T_ETHER:
		return 6;
	case WEIR_T_ANNO:
		return sizeof(struct weir_anno);
	case WEIR_T_ENUM:
		return sizeof(unsigned);
	case WEIR_T_STRING:
	case WEIR_T_WORD:
	case WEIR_T_FILE:
	case WEIR_T_ELEMENT:
	case WEIR_T_HANDLER:
	case WEIR_T_ARG:
		return sizeof(void *);
	}
	return 0;
}

bool parse_allocates(enum weir_type type)
{
	return type == WEIR_T_STRING || type == WEIR_T_WORD || type == WEIR_T_FILE ||
	       type == WEIR_T_DATA || type == WEIR_T_HANDLER || type == WEIR_T_ARG;
}

void parse_release(enum weir_type type, void *out)
{
	if (!parse_allocates(type))
		return;
	if (type == WEIR_T_DATA) {
		free(((struct weir_bytes *)out)->data);
		*(struct weir_bytes *)out = (struct weir_bytes){};
	} else {
		free(*(char **)out);
		*(char **)out = NULL;
	}
}

int weir_parse(struct weir_element *e, enum weir_type type, const char *text, const char *name,
	       void *out, struct weir_err *err)
{
	struct parse c = {.e = e, .name = name, .loc = e ? &e->loc : NULL, .err = err};

	return parse_value(&c, type, text, out);
}
