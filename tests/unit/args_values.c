// SPDX-License-Identifier: BSD-2-Clause
// Every type that an argument can have: what is accepted, what it means, and what is said of the
// rest.

#include <weir/args.h>

#include "graph.h"
#include "names.h"
#include "value.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

// Parses and writes the value as text, so that a row of a table can say what is expected. An error
// is its message.
static void show(enum weir_type type, const void *v, char *out, size_t size)
{
	const uint8_t *b = v;
	struct weir_bytes data;
	uint64_t n = 0;

	switch (type) {
	case WEIR_T_DOUBLE:
		snprintf(out, size, "%g", *(const double *)v);
		return;
	case WEIR_T_I32:
		snprintf(out, size, "%d", *(const int32_t *)v);
		return;
	case WEIR_T_I64:
		snprintf(out, size, "%lld", (long long)*(const int64_t *)v);
		return;
	case WEIR_T_IP4:
		snprintf(out, size, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
		return;
	case WEIR_T_IP4_PREFIX:
		snprintf(out, size, "%u.%u.%u.%u/%u.%u.%u.%u", b[0], b[1], b[2], b[3], b[4], b[5],
			 b[6], b[7]);
		return;
	case WEIR_T_IP6:
		weir_ip6_text(out, *(const struct weir_ip6 *)v);
		return;
	case WEIR_T_IP6_PREFIX:
		weir_ip6_text(out, ((const struct weir_ip6_prefix *)v)->addr);
		snprintf(out + strlen(out), size - strlen(out), "/%u",
			 ((const struct weir_ip6_prefix *)v)->len);
		return;
	case WEIR_T_ETHER:
		snprintf(out, size, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4],
			 b[5]);
		return;
	case WEIR_T_ANNO:
		snprintf(out, size, "%u+%u", b[0], b[1]);
		return;
	case WEIR_T_DATA:
		memcpy(&data, v, sizeof(data));
		*out = '\0';
		for (uint32_t i = 0; i < data.len; i++)
			snprintf(out + 2 * i, size - 2 * i, "%02x", data.data[i]);
		return;
	case WEIR_T_STRING:
	case WEIR_T_WORD:
	case WEIR_T_FILE:
	case WEIR_T_HANDLER:
	case WEIR_T_ARG:
		snprintf(out, size, "%s", *(char *const *)v);
		return;
	case WEIR_T_ELEMENT:
		snprintf(out, size, "%s", (*(struct weir_element *const *)v)->name);
		return;
	default:
		memcpy(&n, v, parse_size(type));
		snprintf(out, size, "%llu", (unsigned long long)n);
	}
}

static void parse_to_text(struct weir_element *e, enum weir_type type, const char *text, char *out,
			  size_t size)
{
	struct weir_err err = {};
	uint64_t v[3] = {};

	if (weir_parse(e, type, text, "X", v, &err)) {
		cr_assert_eq(err.n_errors, 1, "`%s'", text);
		cr_assert_eq(weir_parse(e, type, text, NULL, v, NULL), -EINVAL);
		snprintf(out, size, "%.*s", (int)strcspn(err.text, "\n"), err.text);
	} else {
		cr_assert_eq(err.n_errors, 0, "`%s'", text);
		show(type, v, out, size);
		parse_release(type, v);
	}
	weir_err_free(&err);
}

struct row {
	enum weir_type type;
	const char *text, *want;
};

static void run_rows(struct weir_element *e, const struct row *rows)
{
	char got[512];

	for (const struct row *r = rows; r->text; r++) {
		parse_to_text(e, r->type, r->text, got, sizeof(got));
		cr_expect_str_eq(got, r->want, "type %u, `%s': got %s, want %s", r->type, r->text,
				 got, r->want);
	}
}

#define GOT(what, text) "argument `X': expected " what ", got `" text "'"
#define NO_NAME " (neither an interface that has one nor a name from AddressInfo)"
#define RANGE(text, lo, hi) "argument `X': " text " is out of range, must be " lo " to " hi

Test(args_values, booleans)
{
	static const struct row rows[] = {
		{WEIR_T_BOOL, "true", "1"},
		{WEIR_T_BOOL, "false", "0"},
		{WEIR_T_BOOL, "1", "1"},
		{WEIR_T_BOOL, "0", "0"},
		{WEIR_T_BOOL, "yes", "1"},
		{WEIR_T_BOOL, "no", "0"},
		{WEIR_T_BOOL, "t", "1"},
		{WEIR_T_BOOL, "n", "0"},
		{WEIR_T_BOOL, "maybe", GOT("true or false", "maybe")},
		{WEIR_T_BOOL, "", GOT("true or false", "")},
		{},
	};

	run_rows(NULL, rows);
}

Test(args_values, integers)
{
	static const struct row rows[] = {
		{WEIR_T_U8, "255", "255"},
		{WEIR_T_U8, "0xfF", "255"},
		{WEIR_T_U8, "0377", "255"},
		{WEIR_T_U8, "+7", "7"},
		{WEIR_T_U8, "256", RANGE("256", "0", "255")},
		{WEIR_T_U8, "-1", GOT("an unsigned number", "-1")},
		{WEIR_T_U16, "65535", "65535"},
		{WEIR_T_U16, "65536", RANGE("65536", "0", "65535")},
		{WEIR_T_U32, "4_294_967_295", "4294967295"},
		{WEIR_T_U32, "4294967296", RANGE("4294967296", "0", "4294967295")},
		{WEIR_T_U32, "_1", GOT("an unsigned number", "_1")},
		{WEIR_T_U32, "1_", GOT("an unsigned number", "1_")},
		{WEIR_T_U32, "1__0", GOT("an unsigned number", "1__0")},
		{WEIR_T_U32, "08", GOT("an unsigned number", "08")},
		{WEIR_T_U32, "0x", GOT("an unsigned number", "0x")},
		{WEIR_T_U32, "0", "0"},
		{WEIR_T_U32, "", GOT("an unsigned number", "")},
		{WEIR_T_U32, " 1", GOT("an unsigned number", " 1")},
		{WEIR_T_U32, "1 ", GOT("an unsigned number", "1 ")},
		{WEIR_T_U32, "12k", GOT("an unsigned number", "12k")},
		{WEIR_T_U32, "\"1\"", GOT("an unsigned number", "\"1\"")},
		{WEIR_T_U64, "18446744073709551615", "18446744073709551615"},
		{WEIR_T_U64, "18446744073709551616",
		 RANGE("18446744073709551616", "0", "18446744073709551615")},
		{WEIR_T_I32, "-2147483648", "-2147483648"},
		{WEIR_T_I32, "2147483647", "2147483647"},
		{WEIR_T_I32, "2147483648", RANGE("2147483648", "-2147483648", "2147483647")},
		{WEIR_T_I32, "-0x10", "-16"},
		{WEIR_T_I64, "-9223372036854775808", "-9223372036854775808"},
		{WEIR_T_I64, "9223372036854775808",
		 RANGE("9223372036854775808", "-9223372036854775808", "9223372036854775807")},
		{WEIR_T_I64, "x", GOT("a number", "x")},
		{WEIR_T_DOUBLE, "-1.5e3", "-1500"},
		{WEIR_T_DOUBLE, " 1", GOT("a number", " 1")},
		{WEIR_T_DOUBLE, "1.5x", GOT("a number", "1.5x")},
		{},
	};

	run_rows(NULL, rows);
}

#define TIME "a time (1.5, 10ms, 2 min)"
#define BAND "a bandwidth (10Mbps, 64kBps)"

Test(args_values, amounts)
{
	static const struct row rows[] = {
		{WEIR_T_SECONDS, "1.5", "1500000000"},
		{WEIR_T_SECONDS, "10ms", "10000000"},
		{WEIR_T_SECONDS, "2 min", "120000000000"},
		{WEIR_T_SECONDS, "2m", "120000000000"},
		{WEIR_T_SECONDS, "1hr", "3600000000000"},
		{WEIR_T_SECONDS, "1d", "86400000000000"},
		{WEIR_T_SECONDS, "0.1us", "100"},
		{WEIR_T_SECONDS, "3.6e6 msec", "3600000000000"},
		{WEIR_T_SECONDS, ".000000001", "1"},
		{WEIR_T_SECONDS, "0.1", "100000000"},
		{WEIR_T_SECONDS, "1189383079.180265331", "1189383079180265331"},
		{WEIR_T_SECONDS, "1_0.5s", "10500000000"},
		{WEIR_T_SECONDS, "-1", GOT(TIME, "-1")},
		{WEIR_T_SECONDS, "s", GOT(TIME, "s")},
		{WEIR_T_SECONDS, "1 fortnight", GOT(TIME, "1 fortnight")},
		{WEIR_T_SECONDS, "0x10", GOT(TIME, "0x10")},
		{WEIR_T_SECONDS, "inf", GOT(TIME, "inf")},
		{WEIR_T_SECONDS, "1e30", RANGE("1e30", "0", "18446744073709551615")},
		{WEIR_T_BANDWIDTH, "1Mbps", "125000"},
		{WEIR_T_BANDWIDTH, "64kBps", "64000"},
		{WEIR_T_BANDWIDTH, "64 KB/s", "64000"},
		{WEIR_T_BANDWIDTH, "1Gb/s", "125000000"},
		{WEIR_T_BANDWIDTH, "9600 baud", "1200"},
		{WEIR_T_BANDWIDTH, "0", "0"},
		{WEIR_T_BANDWIDTH, "10Mps", GOT(BAND, "10Mps")},
		{WEIR_T_RATE, "1000", "1000"},
		{WEIR_T_RATE, "1.5M", "1500000"},
		{WEIR_T_RATE, "20 kpps", "20000"},
		{WEIR_T_RATE, "fast", GOT("a rate in packets per second", "fast")},
		{},
	};
	struct weir_err err = {};
	uint64_t v;

	run_rows(NULL, rows);
	cr_assert_eq(weir_parse(NULL, WEIR_T_BANDWIDTH, "1000", "RATE", &v, &err), 0);
	cr_assert_eq(v, 1000);
	cr_assert_eq(err.n_warnings, 1);
	cr_assert_str_eq(err.text,
			 "warning: argument `RATE': no unit, taken as bytes per second\n");
	weir_err_free(&err);
}

#define WORDS "a word or quoted string"

Test(args_values, text)
{
	static const struct row rows[] = {
		{WEIR_T_STRING, "abc", "abc"},
		{WEIR_T_STRING, "\"a b, c\"", "a b, c"},
		{WEIR_T_STRING, "\"\"", ""},
		{WEIR_T_STRING, "a' 'b\"c\"", "a bc"},
		{WEIR_T_STRING, "\"tab\\there\"", "tab\there"},
		{WEIR_T_STRING, "a b", GOT(WORDS, "a b")},
		{WEIR_T_STRING, "", GOT(WORDS, "")},
		{WEIR_T_STRING, "\\<4142>", "AB"},
		{WEIR_T_STRING, "\\<00>", GOT("text without zero bytes", "\\<00>")},
		{WEIR_T_WORD, "abc", "abc"},
		{WEIR_T_WORD, "\"a b\"", GOT("a word", "\"a b\"")},
		{WEIR_T_FILE, "/tmp/x.pcap", "/tmp/x.pcap"},
		{WEIR_T_FILE, "-", "-"},
		{WEIR_T_FILE, "~/x", "/home/me/x"},
		{WEIR_T_FILE, "a b", GOT("a file name", "a b")},
		{WEIR_T_DATA, "\\<00 01 fe>", "0001fe"},
		{WEIR_T_DATA, "\"a\\x00\"", "6100"},
		{WEIR_T_DATA, "\\<0>", GOT("a string or \\<hex> data", "\\<0>")},
		{WEIR_T_ARG, "any thing / at \"all\"", "any thing / at \"all\""},
		{WEIR_T_ENUM, "A", GOT("", "A")},
		{},
	};

	setenv("HOME", "/home/me", 1);
	run_rows(NULL, rows);
}

Test(args_values, addresses)
{
	static const struct row rows[] = {
		{WEIR_T_IP4, "1.2.3.4", "1.2.3.4"},
		{WEIR_T_IP4, "255.255.255.255", "255.255.255.255"},
		{WEIR_T_IP4, "1.2.3", GOT("an IP address", "1.2.3")},
		{WEIR_T_IP4, "1.2.3.4.5", GOT("an IP address", "1.2.3.4.5")},
		{WEIR_T_IP4, "1.2.3.256", GOT("an IP address", "1.2.3.256")},
		{WEIR_T_IP4, "1.2.3.4 ", GOT("an IP address", "1.2.3.4 ")},
		{WEIR_T_IP4, "", GOT("an IP address", "")},
		{WEIR_T_IP4, "localhost", "127.0.0.1"},
		{WEIR_T_IP4, "lo:ip", "127.0.0.1"},
		{WEIR_T_IP4, "lo:bcast", "127.255.255.255"},
		{WEIR_T_IP4, "nosuchname", GOT("an IP address", "nosuchname") NO_NAME},
		{WEIR_T_IP4, "lo:eth", GOT("an IP address", "lo:eth") NO_NAME},
		{WEIR_T_IP4_PREFIX, "18.26.4.0/24", "18.26.4.0/255.255.255.0"},
		{WEIR_T_IP4_PREFIX, "18.26.4/24", "18.26.4.0/255.255.255.0"},
		{WEIR_T_IP4_PREFIX, "18.26.4.9/24", "18.26.4.9/255.255.255.0"},
		{WEIR_T_IP4_PREFIX, "18.26/24", GOT("an IP prefix", "18.26/24")},
		{WEIR_T_IP4_PREFIX, "18/8", "18.0.0.0/255.0.0.0"},
		{WEIR_T_IP4_PREFIX, "0/0", "0.0.0.0/0.0.0.0"},
		{WEIR_T_IP4_PREFIX, "0.0.0.0/0", "0.0.0.0/0.0.0.0"},
		{WEIR_T_IP4_PREFIX, "1.2.3.4/33", GOT("an IP prefix", "1.2.3.4/33")},
		{WEIR_T_IP4_PREFIX, "1.2.3.4/", GOT("an IP prefix", "1.2.3.4/")},
		{WEIR_T_IP4_PREFIX, "18.26.4.0/255.0.255.0", "18.26.4.0/255.0.255.0"},
		{WEIR_T_IP4_PREFIX, "10.0.0.1", "10.0.0.1/255.255.255.255"},
		{WEIR_T_IP4_PREFIX, "10.0.0.1/32", "10.0.0.1/255.255.255.255"},
		{WEIR_T_IP4_PREFIX, "lo:net", "127.0.0.1/255.0.0.0"},
		{WEIR_T_ETHER, "00:15-58:2D:FB:8f", "00:15:58:2d:fb:8f"},
		{WEIR_T_ETHER, "1:2:3:4:5:6", "01:02:03:04:05:06"},
		{WEIR_T_ETHER, "1:2:3:4:5", GOT("an Ethernet address", "1:2:3:4:5")},
		{WEIR_T_ETHER, "1:2:3:4:5:678", GOT("an Ethernet address", "1:2:3:4:5:678")},
		{WEIR_T_ETHER, "1:2:3:4:5:6:7", GOT("an Ethernet address", "1:2:3:4:5:6:7")},
		{WEIR_T_ETHER, "g:2:3:4:5:6", GOT("an Ethernet address", "g:2:3:4:5:6") NO_NAME},
		{WEIR_T_TCP_PORT, "80", "80"},
		{WEIR_T_TCP_PORT, "https", "443"},
		{WEIR_T_TCP_PORT, "65536", GOT("a TCP port", "65536")},
		{WEIR_T_UDP_PORT, "domain", "53"},
		{WEIR_T_UDP_PORT, "x y", GOT("a UDP port", "x y")},
		{WEIR_T_IP_PROTO, "tcp", "6"},
		{WEIR_T_IP_PROTO, "47", "47"},
		{WEIR_T_IP_PROTO, "256", GOT("an IP protocol", "256")},
		{},
	};

	run_rows(NULL, rows);
}

Test(args_values, ip6)
{
	static const struct row rows[] = {
		{WEIR_T_IP6, "2001:db8::1", "2001:db8::1"},
		{WEIR_T_IP6, "::", "::"},
		{WEIR_T_IP6, "2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
		{WEIR_T_IP6, "::ffff:10.0.0.1", "::ffff:10.0.0.1"},
		{WEIR_T_IP6, "2001:db8::1::2", GOT("an IPv6 address", "2001:db8::1::2")},
		{WEIR_T_IP6, "10.0.0.1", GOT("an IPv6 address", "10.0.0.1")},
		{WEIR_T_IP6, "", GOT("an IPv6 address", "")},
		{WEIR_T_IP6, "::1/128", GOT("an IPv6 address", "::1/128")},
		{WEIR_T_IP6, "nosuchname", GOT("an IPv6 address", "nosuchname") NO_NAME},
		{WEIR_T_IP6_PREFIX, "2001:db8::/32", "2001:db8::/32"},
		{WEIR_T_IP6_PREFIX, "2001:db8::1/32", "2001:db8::1/32"},
		{WEIR_T_IP6_PREFIX, "::/0", "::/0"},
		{WEIR_T_IP6_PREFIX, "::1", "::1/128"},
		{WEIR_T_IP6_PREFIX, "::1/129", GOT("an IPv6 prefix", "::1/129")},
		{WEIR_T_IP6_PREFIX, "::1/", GOT("an IPv6 prefix", "::1/")},
		{WEIR_T_IP6_PREFIX, "::1/-1", GOT("an IPv6 prefix", "::1/-1")},
		{WEIR_T_IP6_PREFIX, "10.0.0.0/8", GOT("an IPv6 prefix", "10.0.0.0/8")},
		{},
	};

	run_rows(NULL, rows);
}

Test(args_values, annotations)
{
	static const struct row rows[] = {
		{WEIR_T_ANNO, "PAINT", "16+1"},
		{WEIR_T_ANNO, "DST_IP", "0+4"},
		{WEIR_T_ANNO, "DST_IP_ANNO", "0+4"},
		{WEIR_T_ANNO, "AGGREGATE", "20+4"},
		{WEIR_T_ANNO, "47", "47+1"},
		{WEIR_T_ANNO, "48",
		 "argument `X': 1 bytes at 48 are beyond the 48 bytes of annotations"},
		{WEIR_T_ANNO, "PINT", GOT("the name or the offset of an annotation", "PINT")},
		{},
	};
	const struct weir_arg four = {.name = "X", .type = WEIR_T_ANNO, .max = 4};
	struct weir_err err = {};
	struct parse c = {.name = "X", .a = &four, .err = &err};
	struct weir_anno a;

	run_rows(NULL, rows);
	cr_assert_eq(parse_value(&c, WEIR_T_ANNO, "44", &a), 0);
	cr_assert_eq(a.size, 4);
	cr_assert_eq(parse_value(&c, WEIR_T_ANNO, "45", &a), -EINVAL);
	cr_assert_eq(parse_value(&c, WEIR_T_ANNO, "PAINT", &a), -EINVAL);
	cr_assert_str_eq(err.text,
			 "argument `X': 4 bytes at 45 are beyond the 48 bytes of annotations\n"
			 "argument `X': annotation PAINT has 1 bytes, but 4 are needed\n");
	weir_err_free(&err);
}

Test(args_values, names_follow_compounds)
{
	struct weir_router router = {};
	struct weir_element outer = {.name = "a/names", .router = &router};
	struct weir_element top = {.name = "names", .router = &router};
	struct weir_element user = {.name = "a/b/user", .router = &router};
	struct weir_element other = {.name = "ab/user", .router = &router};
	struct weir_element *all[] = {&outer, &top, &user, &other};
	be32 ip = wr32(0x0a000001), inner = wr32(0x0a000002);
	struct weir_ip4_prefix net = {wr32(0x0a000001), wr32(0xffffff00)};
	struct weir_ip6 ip6 = {0x20010db800000000, 1};
	struct weir_ip6_prefix net6 = {{0x20010db800000000, 0}, 48};
	static const struct row of_user[] = {
		{WEIR_T_IP4, "mazu", "10.0.0.2"},
		{WEIR_T_IP4, "mazu:ip", "10.0.0.2"},
		{WEIR_T_IP4, "net:bcast", "10.0.0.255"},
		{WEIR_T_IP4, "net:gw", "10.0.0.1"},
		{WEIR_T_IP4_PREFIX, "mazu", "10.0.0.2/255.255.255.255"},
		{WEIR_T_IP4_PREFIX, "mazu/16", "10.0.0.2/255.255.0.0"},
		{WEIR_T_IP4_PREFIX, "net", "10.0.0.1/255.255.255.0"},
		{WEIR_T_IP4_PREFIX, "net:ipnet", "10.0.0.1/255.255.255.0"},
		{WEIR_T_ETHER, "mac", "02:00:00:00:00:01"},
		{WEIR_T_ETHER, "mac:eth", "02:00:00:00:00:01"},
		{WEIR_T_ELEMENT, "names", "a/names"},
		{WEIR_T_ELEMENT, "b/user", "a/b/user"},
		{WEIR_T_ELEMENT, "none", "argument `X': there is no element `none'"},
		{WEIR_T_HANDLER, "names.count", "a/names.count"},
		{WEIR_T_HANDLER, "stop", "stop"},
		{},
	};
	static const struct row of_other[] = {
		{WEIR_T_IP6, "mazu6", "2001:db8::1"},
		{WEIR_T_IP6, "mazu6:ip6", "2001:db8::1"},
		{WEIR_T_IP6, "mazu6:ip", GOT("an IPv6 address", "mazu6:ip") NO_NAME},
		{WEIR_T_IP6_PREFIX, "mazu6", "2001:db8::1/128"},
		{WEIR_T_IP6_PREFIX, "mazu6/64", "2001:db8::1/64"},
		{WEIR_T_IP6_PREFIX, "net6", "2001:db8::/48"},
		{WEIR_T_IP6_PREFIX, "net6:ip6net", "2001:db8::/48"},
		{WEIR_T_IP4, "mazu", "10.0.0.1"},
		{WEIR_T_ETHER, "mac", GOT("an Ethernet address", "mac") NO_NAME},
		{WEIR_T_ELEMENT, "names", "names"},
		{},
	};

	router.elements = all;
	router.n_elements = 4;
	cr_assert_eq(weir_names_init(&router.names), 0);
	cr_assert_eq(weir_name_address(&top, WEIR_T_IP4, "mazu", &ip), 0);
	cr_assert_eq(weir_name_address(&outer, WEIR_T_IP4, "mazu", &inner), 0);
	cr_assert_eq(weir_name_address(&top, WEIR_T_IP4_PREFIX, "net", &net), 0);
	cr_assert_eq(weir_name_address(&outer, WEIR_T_ETHER, "mac", "\2\0\0\0\0\1"), 0);
	cr_assert_eq(weir_name_address(&top, WEIR_T_IP6, "mazu6", &ip6), 0);
	cr_assert_eq(weir_name_address(&top, WEIR_T_IP6_PREFIX, "net6", &net6), 0);
	run_rows(&user, of_user);
	run_rows(&other, of_other);
	weir_names_free(router.names);
}

Test(args_values, words)
{
	char **v;
	int n = weir_words("  a \"b c\" d\\<01 02>e 'f\ng'\t", &v);

	cr_assert_eq(n, 4);
	cr_assert_str_eq(v[0], "a");
	cr_assert_str_eq(v[1], "\"b c\"");
	cr_assert_str_eq(v[2], "d\\<01 02>e");
	cr_assert_str_eq(v[3], "'f\ng'");
	weir_words_free(v, n);
	cr_assert_eq(weir_words(" ", &v), 0);
	weir_words_free(v, 0);
}
