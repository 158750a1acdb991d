// SPDX-License-Identifier: BSD-2-Clause
// IP and TCP options, as text and back.
#include "summary.h"

#include <stdlib.h>

enum { OPT_EOL = 0, OPT_NOP = 1 };
enum { IP_OPT_RR = 7, IP_OPT_TS = 68, IP_OPT_LSRR = 131, IP_OPT_SSRR = 137 };
enum { TCP_OPT_MSS = 2, TCP_OPT_WSCALE = 3, TCP_OPT_SACKOK = 4, TCP_OPT_SACKS = 5, TCP_OPT_TS = 8 };
enum { MAX_OPTIONS = 40 };
// Kinds of IP timestamps (RFC 791).
enum { TS_ONLY = 0, TS_ADDRESS = 1, TS_PRESPECIFIED = 3 };

static uint32_t get32(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void print_address(struct weir_buf *b, const uint8_t *a)
{
	weir_printf(b, "%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
}

// An option that has no form of its own: 98, or 99=0:5:10.
static void print_unknown(struct weir_buf *b, const uint8_t *opt)
{
	weir_printf(b, "%u", opt[0]);
	for (unsigned i = 2; i < opt[1]; i++)
		weir_printf(b, "%c%u", i == 2 ? '=' : ':', opt[i]);
}

// rr{10.0.0.1,20.0.0.2}+5; in source routes ^ is where the pointer is.
static void print_route(struct weir_buf *b, const char *name, const uint8_t *opt)
{
	unsigned at = 3, pointer = opt[2] - 1u;
	bool records = opt[0] == IP_OPT_RR;
	const char *sep = "";

	weir_printf(b, "%s{", name);
	for (; at + 4 <= opt[1] && !(records && at == pointer); at += 4) {
		weir_printf(b, "%s", !records && at == pointer ? "^" : sep);
		print_address(b, opt + at);
		sep = ",";
	}
	if (!records && at == pointer)
		weir_printf(b, "^");
	weir_printf(b, "}");
	if (records && at == pointer && at + 4 <= opt[1])
		weir_printf(b, "+%u", (opt[1] - at) / 4);
}

static const char *timestamp_name(unsigned flag)
{
	return flag == TS_ONLY ? "ts" : flag == TS_ADDRESS ? "ts.ip" : "ts.preip";
}

static unsigned timestamp_size(unsigned flag)
{
	return flag >= TS_ADDRESS && flag <= TS_PRESPECIFIED ? 8 : 4;
}

// 10000, or !45 with the bit that says that it is not standard; behind an address if size is 8.
static void print_stamp(struct weir_buf *b, const uint8_t *at, unsigned size, bool reached)
{
	uint32_t stamp = get32(at + size - 4);

	if (size == 8)
		print_address(b, at);
	if (reached)
		weir_printf(b, "%s%s%u", size == 8 ? "=" : "", stamp >> 31 ? "!" : "",
			    stamp & 0x7fffffff);
}

static void print_ip_timestamp(struct weir_buf *b, const uint8_t *opt)
{
	unsigned flag = opt[3] & 15, at = 4, pointer = opt[2] - 1u, size = timestamp_size(flag);
	bool prespecified = flag == TS_PRESPECIFIED;
	const char *sep = "";

	if (flag == TS_ONLY || flag == TS_ADDRESS || prespecified)
		weir_printf(b, "%s{", timestamp_name(flag));
	else
		weir_printf(b, "ts.%u{", flag);
	for (; at + size <= opt[1] && (at != pointer || prespecified); at += size) {
		weir_printf(b, "%s", at == pointer ? "^" : sep);
		print_stamp(b, opt + at, size, at < pointer || !prespecified);
		sep = ",";
	}
	weir_printf(b, at == opt[1] && at == pointer ? "^}" : "}");
	if (at == pointer && at + size <= opt[1])
		weir_printf(b, "+%u", (opt[1] - at) / size);
	if (opt[3] >> 4)
		weir_printf(b, "++%u", opt[3] >> 4);
}

static bool print_ip_option(struct weir_buf *b, const uint8_t *opt)
{
	bool route = opt[0] == IP_OPT_RR || opt[0] == IP_OPT_LSRR || opt[0] == IP_OPT_SSRR;

	if (route) {
		if (opt[1] < 3 || opt[2] < 4)
			return false;
		print_route(b,
			    opt[0] == IP_OPT_RR	    ? "rr"
			    : opt[0] == IP_OPT_LSRR ? "lsrr"
						    : "ssrr",
			    opt);
	} else if (opt[0] == IP_OPT_TS) {
		if (opt[1] < 4 || opt[2] < 5)
			return false;
		print_ip_timestamp(b, opt);
	} else {
		print_unknown(b, opt);
	}
	return true;
}

static bool print_tcp_option(struct weir_buf *b, const uint8_t *opt)
{
	switch (opt[0]) {
	case TCP_OPT_MSS:
		weir_printf(b, "mss%u", opt[2] << 8 | opt[3]);
		return opt[1] == 4;
	case TCP_OPT_WSCALE:
		weir_printf(b, "wscale%u", opt[2]);
		return opt[1] == 3;
	case TCP_OPT_SACKOK:
		weir_printf(b, "sackok");
		return opt[1] == 2;
	case TCP_OPT_SACKS:
		for (unsigned i = 2; i + 8 <= opt[1]; i += 8)
			weir_printf(b, "%ssack%u-%u", i > 2 ? ";" : "", get32(opt + i),
				    get32(opt + i + 4));
		return opt[1] % 8 == 2;
	case TCP_OPT_TS:
		if (opt[1] == 10)
			weir_printf(b, "ts%u:%u", get32(opt + 2), get32(opt + 6));
		return opt[1] == 10;
	default:
		print_unknown(b, opt);
		return true;
	}
}

static bool is_wanted(uint8_t option, int which)
{
	if (which == TCP_OPT_SACK)
		return option == TCP_OPT_SACKOK || option == TCP_OPT_SACKS;
	return which != TCP_OPT_NOT_TIMESTAMP || option != TCP_OPT_TS;
}

// Options separated by semicolons, without padding. False if one is broken.
static bool print_each(struct weir_buf *b, const uint8_t *opt, uint32_t len, int which,
		       bool (*print)(struct weir_buf *b, const uint8_t *opt))
{
	const char *sep = "";

	for (uint32_t at = 0; at < len && opt[at] != OPT_EOL;) {
		const uint8_t *one = opt + at;

		at += *one == OPT_NOP ? 1 : one[1];
		if (*one == OPT_NOP)
			continue;
		if (one[1] < 2 || at > len)
			return false;
		if (!is_wanted(*one, which))
			continue;
		weir_printf(b, "%s", sep);
		if (!print(b, one))
			return false;
		sep = ";";
	}
	return true;
}

// `.` if there are no options, `?` if one is broken.
static void print_options(struct weir_buf *b, const uint8_t *opt, uint32_t len, int which,
			  bool (*print)(struct weir_buf *b, const uint8_t *opt))
{
	uint8_t padded[MAX_OPTIONS + 8] = {}; // so that looking at the first bytes is safe
	size_t begin = b->len;

	if (len > MAX_OPTIONS)
		len = MAX_OPTIONS;
	if (len)
		memcpy(padded, opt, len);
	if (!print_each(b, padded, len, which, print)) {
		b->len = begin;
		weir_printf(b, "?");
	} else if (b->len == begin) {
		weir_printf(b, ".");
	}
}

void summary_print_ip_opt(struct weir_buf *b, const uint8_t *opt, uint32_t len)
{
	print_options(b, opt, len, TCP_OPT_ALL, print_ip_option);
}

void summary_print_tcp_opt(struct weir_buf *b, const uint8_t *opt, uint32_t len, int which)
{
	print_options(b, opt, len, which, print_tcp_option);
}

// --- text to options --------------------------------------------------------------------------
struct parser {
	const char *s;
	uint8_t out[MAX_OPTIONS + 12];
	unsigned len;
	bool bad;
};

static void put(struct parser *p, uint32_t v, unsigned n)
{
	while (n--) {
		if (p->len < sizeof(p->out))
			p->out[p->len++] = (uint8_t)(v >> 8 * n);
		else
			p->bad = true;
	}
}

static bool take(struct parser *p, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(p->s, word, n) != 0)
		return false;
	p->s += n;
	return true;
}

static bool at_digit(const struct parser *p)
{
	return *p->s >= '0' && *p->s <= '9';
}

static uint32_t number(struct parser *p, uint64_t max)
{
	char *end;
	uint64_t v;

	if (!at_digit(p)) {
		p->bad = true;
		return 0;
	}
	v = strtoull(p->s, &end, 10);
	p->s = end;
	p->bad |= v > max;
	return (uint32_t)v;
}

static void address(struct parser *p)
{
	for (unsigned i = 0; i < 4; i++) {
		if (i && !take(p, "."))
			p->bad = true;
		put(p, number(p, 255), 1);
	}
}

static void unknown(struct parser *p)
{
	unsigned at = p->len;

	put(p, number(p, 255), 1);
	if (*p->s != '=')
		return;
	put(p, 0, 1);
	do {
		p->s++;
		put(p, number(p, 255), 1);
	} while (*p->s == ':' && !p->bad);
	if (!p->bad)
		p->out[at + 1] = (uint8_t)(p->len - at);
}

static void fill(struct parser *p, uint32_t n)
{
	while (n-- && !p->bad)
		put(p, 0, 1);
}

static void route(struct parser *p, uint8_t type)
{
	unsigned at = p->len, pointer = 0;

	put(p, type, 1);
	put(p, 0, 2);
	while (!p->bad) {
		if (!pointer && take(p, "^"))
			pointer = p->len - at + 1;
		if (!at_digit(p))
			break;
		address(p);
		if (*p->s == ',' || *p->s == ':')
			p->s++;
	}
	p->bad |= !take(p, "}");
	p->out[at + 2] = (uint8_t)(pointer ? pointer : p->len - at + 1);
	if (take(p, "+"))
		fill(p, number(p, 9) * 4);
	p->out[at + 1] = (uint8_t)(p->len - at);
}

static void stamp(struct parser *p, unsigned size, bool reached)
{
	uint32_t top;

	if (size == 8)
		address(p);
	if (size == 8 && !reached && *p->s != '=') {
		put(p, 0, 4);
		return;
	}
	p->bad |= size == 8 && !take(p, "=");
	top = take(p, "!") ? 0x80000000 : 0;
	put(p, number(p, 0x7fffffff) | top, 4);
}

static void ip_timestamp(struct parser *p, unsigned flag)
{
	unsigned at = p->len, pointer = 0, overflow = 0, size = timestamp_size(flag);

	put(p, IP_OPT_TS, 1);
	put(p, 0, 3);
	while (!p->bad) {
		if (!pointer && take(p, "^"))
			pointer = p->len - at + 1;
		if (!at_digit(p) && *p->s != '!')
			break;
		stamp(p, size, !pointer);
		take(p, ",");
	}
	p->bad |= !take(p, "}");
	p->out[at + 2] = (uint8_t)(pointer ? pointer : p->len - at + 1);
	if (*p->s == '+' && p->s[1] != '+') {
		p->s++;
		fill(p, number(p, 9) * size);
	}
	if (take(p, "++"))
		overflow = number(p, 15);
	p->out[at + 3] = (uint8_t)(overflow << 4 | flag);
	p->out[at + 1] = (uint8_t)(p->len - at);
}

static void ip_option(struct parser *p)
{
	if (take(p, "rr{")) {
		route(p, IP_OPT_RR);
	} else if (take(p, "lsrr{")) {
		route(p, IP_OPT_LSRR);
	} else if (take(p, "ssrr{")) {
		route(p, IP_OPT_SSRR);
	} else if (take(p, "ts{")) {
		ip_timestamp(p, TS_ONLY);
	} else if (take(p, "ts.ip{")) {
		ip_timestamp(p, TS_ADDRESS);
	} else if (take(p, "ts.preip{")) {
		ip_timestamp(p, TS_PRESPECIFIED);
	} else if (take(p, "ts.")) {
		uint32_t flag = number(p, 15);

		p->bad |= !take(p, "{");
		ip_timestamp(p, flag & 15);
	} else if (take(p, "nop")) {
		put(p, OPT_NOP, 1);
	} else if (take(p, "eol")) {
		put(p, OPT_EOL, 1);
	} else {
		unknown(p);
	}
}

// Neighbouring blocks become one option.
static void sack(struct parser *p)
{
	unsigned at = p->len;

	put(p, TCP_OPT_SACKS, 1);
	put(p, 0, 1);
	do {
		put(p, number(p, UINT32_MAX), 4);
		p->bad |= !take(p, "-") && !take(p, ":");
		put(p, number(p, UINT32_MAX), 4);
	} while (!p->bad && (take(p, ";sack") || take(p, ",sack")));
	p->out[at + 1] = (uint8_t)(p->len - at);
}

static void tcp_option(struct parser *p)
{
	if (take(p, "mss")) {
		put(p, TCP_OPT_MSS << 8 | 4, 2);
		put(p, number(p, 65535), 2);
	} else if (take(p, "wscale")) {
		put(p, TCP_OPT_WSCALE << 8 | 3, 2);
		put(p, number(p, 255), 1);
	} else if (take(p, "sackok")) {
		put(p, TCP_OPT_SACKOK << 8 | 2, 2);
	} else if (take(p, "sack")) {
		sack(p);
	} else if (take(p, "ts")) {
		if (!p->len) // so that the numbers are aligned
			put(p, OPT_NOP << 8 | OPT_NOP, 2);
		put(p, TCP_OPT_TS << 8 | 10, 2);
		put(p, number(p, UINT32_MAX), 4);
		p->bad |= !take(p, ":");
		put(p, number(p, UINT32_MAX), 4);
	} else if (take(p, "nop")) {
		put(p, OPT_NOP, 1);
	} else if (take(p, "eol")) {
		put(p, OPT_EOL, 1);
	} else {
		unknown(p);
	}
}

static int parse_options(const char *text, uint8_t *out, void (*option)(struct parser *p))
{
	struct parser p = {.s = text};

	if (!*text || !strcmp(text, "."))
		return 0;
	do
		option(&p);
	while (!p.bad && (take(&p, ",") || take(&p, ";")));
	if (p.bad || *p.s || p.len > MAX_OPTIONS)
		return -1;
	memcpy(out, p.out, p.len);
	return (int)p.len;
}

int summary_parse_ip_opt(const char *text, uint8_t *out)
{
	return parse_options(text, out, ip_option);
}

int summary_parse_tcp_opt(const char *text, uint8_t *out)
{
	return parse_options(text, out, tcp_option);
}
