// SPDX-License-Identifier: BSD-2-Clause
// Handlers of class tables, of all elements and of the router.

#include "handlers.h"

#include "session.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

struct knobs {
	uint8_t ttl;
	bool on;
	char *label;
	uint64_t wait;
	be32 ip;
	struct weir_ip4_prefix net;
	struct weir_anno anno;
	int32_t low;
	double ratio;
	uint8_t mac[6];
};

struct knobs_state {
	uint32_t seen;
	uint64_t bytes;
};

static const struct weir_arg args[] = {
	WEIR_ARG(U8, knobs, ttl, "TTL", "time to live", WEIR_POS, .def = "64", .min = 1,
		 .max = 255),
	WEIR_ARG(BOOL, knobs, on, "ON", "is it on?", .def = "true"),
	WEIR_ARG(STRING, knobs, label, "LABEL", "name", .def = "none"),
	WEIR_ARG(SECONDS, knobs, wait, "WAIT", "time", .def = "1.5"),
	WEIR_ARG(IP4, knobs, ip, "IP", "address", .def = "1.2.3.4"),
	WEIR_ARG(IP4_PREFIX, knobs, net, "NET", "network", .def = "10.0.0.1/8"),
	WEIR_ARG(ANNO, knobs, anno, "ANNO", "annotation", .def = "PAINT"),
	WEIR_ARG(I32, knobs, low, "LOW", "number", .def = "-5"),
	WEIR_ARG(DOUBLE, knobs, ratio, "RATIO", "number", .def = "0.25"),
	WEIR_ARG(ETHER, knobs, mac, "MAC", "address", .def = "0:1:2:a:b:c"),
	{},
};

static int fail_quietly(struct weir_element *, const struct weir_handler *, const char *,
			struct weir_buf *, struct weir_err *)
{
	return -EBUSY;
}

static int echo(struct weir_element *, const struct weir_handler *, const char *param,
		struct weir_buf *out, struct weir_err *)
{
	weir_printf(out, "[%s]", param);
	return 0;
}

static char written[64];

static int keep(struct weir_element *, const struct weir_handler *, const char *value,
		struct weir_err *)
{
	snprintf(written, sizeof(written), "[%s]", value);
	return 0;
}

static const struct weir_handler handlers[] = {
	WEIR_FIELD_RW("ttl", U8, knobs, ttl, "time to live"),
	WEIR_FIELD("on", BOOL, knobs, on, "is it on?"),
	WEIR_FIELD_RW("label", STRING, knobs, label, "name"),
	WEIR_FIELD("wait", SECONDS, knobs, wait, "time"),
	WEIR_FIELD("ip", IP4, knobs, ip, "address"),
	WEIR_FIELD("net", IP4_PREFIX, knobs, net, "network"),
	WEIR_FIELD("anno", ANNO, knobs, anno, "annotation"),
	WEIR_FIELD("low", I32, knobs, low, "number"),
	WEIR_FIELD("ratio", DOUBLE, knobs, ratio, "number"),
	WEIR_FIELD("mac", ETHER, knobs, mac, "address"),
	WEIR_SUM("seen", knobs, seen, "packets"),
	WEIR_SUM("bytes", knobs, bytes, "bytes"),
	WEIR_RESET("reset", "forgets"),
	WEIR_READ("fail", fail_quietly, "fails"),
	WEIR_READ("echo", echo, "says it again", .flags = WEIR_H_READ | WEIR_H_READ_PARAM),
	WEIR_WRITE("keep", keep, "keeps it"),
	WEIR_WRITE("raw", keep, "keeps it", .flags = WEIR_H_WRITE | WEIR_H_RAW),
	{},
};

WEIR_CLASS(knobs, .name = "HandlerKnobs", .ports = "0/0", .args = args, .handlers = handlers,
	   .self_size = sizeof(struct knobs), .state_size = sizeof(struct knobs_state),
	   .userspace = "has no half in the driver");

static struct session s;

static void open_router(void)
{
	const struct session_options opt = {.text = "k :: HandlerKnobs; a/b :: HandlerKnobs(7)",
					    .engine = {.n_workers = 3}};
	struct weir_err err = {};

	cr_assert_eq(session_check(&s, &opt, &err), 0, "%s", err.text);
	cr_assert_eq(session_open(&s, &opt, &err), 0, "%s", err.text);
}

static void close_router(void)
{
	session_close(&s);
}

TestSuite(handlers, .init = open_router, .fini = close_router);

static void expect_read(const char *name, const char *param, const char *want)
{
	struct weir_buf out = {};
	struct weir_err err = {};
	int r = weir_handler_read(s.router, name, param, &out, &err);
	const char *got = r < 0 ? err.text : out.text;

	cr_expect_str_eq(got ? got : "", want, "%s: got %s, want %s", name, got, want);
	weir_buf_free(&out);
	weir_err_free(&err);
}

static void expect_write(const char *name, const char *value, const char *want)
{
	struct weir_err err = {};
	int r = weir_handler_write(s.router, name, value, &err);

	cr_expect_eq(r < 0, *want != '\0', "%s", name);
	cr_expect_str_eq(err.text ? err.text : "", want, "%s: got %s, want %s", name, err.text,
			 want);
	weir_err_free(&err);
}

Test(handlers, show_fields)
{
	static const char *const rows[][2] = {
		{"k.ttl", "64"},	  {"a/b.ttl", "7"},
		{"2.ttl", "7"},		  {"k.on", "true"},
		{"k.label", "none"},	  {"k.wait", "1.5"},
		{"k.ip", "1.2.3.4"},	  {"k.net", "10.0.0.1/8"},
		{"k.anno", "16"},	  {"k.low", "-5"},
		{"k.ratio", "0.25"},	  {"k.mac", "00-01-02-0A-0B-0C"},
		{"k.name", "k"},	  {"a/b.class", "HandlerKnobs"},
		{"a/b.config", "7"},	  {"list", "2\nk\na/b\n"},
		{".list", "2\nk\na/b\n"}, {},
	};

	for (unsigned i = 0; rows[i][0]; i++)
		expect_read(rows[i][0], NULL, rows[i][1]);
}

Test(handlers, write_fields_within_their_range)
{
	expect_write("k.ttl", " 9\n", "");
	expect_read("k.ttl", NULL, "9");
	expect_write("k.ttl", "0", "argument `ttl': 0 is out of range, must be 1 to 255\n");
	expect_write("k.ttl", "x", "argument `ttl': expected an unsigned number, got `x'\n");
	expect_read("k.ttl", NULL, "9");
	expect_write("k.label", "\"a b\"", "");
	expect_read("k.label", NULL, "a b");
	expect_write("k.on", "false", "handler `k.on' is read-only\n");
}

Test(handlers, sum_and_reset_all_workers)
{
	struct weir_element *k = weir_find(s.router, "k");

	for (unsigned i = 0; i < 3; i++) {
		struct knobs_state *state = k->nodes[i]->state;

		state->seen = 0x7fffffff + i;
		state->bytes = 1ull << 40;
	}
	expect_read("k.seen", NULL, "6442450944");
	expect_read("k.bytes", NULL, "3298534883328");
	expect_write("k.reset", "", "");
	expect_read("k.seen", NULL, "0");
	expect_read("a/b.seen", NULL, "0");
}

Test(handlers, say_what_is_missing)
{
	expect_read("x.ttl", NULL, "no element named `x'\n");
	expect_read("k.none", NULL, "no handler named `k.none'\n");
	expect_read("none", NULL, "no handler named `none'\n");
	expect_read("k.reset", NULL, "handler `k.reset' is write-only\n");
	expect_read("k.ttl", "5", "read handler `k.ttl' does not take parameters\n");
	expect_read("k.fail", NULL, "handler `k.fail' failed: Device or resource busy\n");
	expect_read("0.ttl", NULL, "no element named `0'\n");
	expect_read("3.ttl", NULL, "no element named `3'\n");
	expect_read("", NULL, "no handler named `'\n");
	expect_read(".", NULL, "no handler named `.'\n");
	expect_write("list", "", "handler `list' is read-only\n");
}

Test(handlers, pass_parameters)
{
	expect_read("k.echo", " a b ", "[ a b ]");
	expect_read("k.echo", NULL, "[]");
	expect_write("k.keep", "  x y\n", "");
	cr_assert_str_eq(written, "[x y]");
	expect_write("k.raw", " x ", "");
	cr_assert_str_eq(written, "[ x ]");
}

Test(handlers, reconfigure_by_config)
{
	expect_write("k.config", "3, LABEL new", "");
	expect_read("k.ttl", NULL, "3");
	expect_read("k.label", NULL, "new");
	expect_read("k.config", NULL, "3, LABEL new");
	expect_write("k.config", "4, LABEL",
		     "too many arguments: HandlerKnobs takes 1 without a keyword\n");
	expect_read("k.ttl", NULL, "3");
	expect_read("flatconfig", NULL,
		    "k :: HandlerKnobs(3, LABEL new);\na/b :: HandlerKnobs(7);\n\n");
	for (unsigned i = 0; i < 3; i++)
		cr_assert_eq(weir_find(s.router, "k")->nodes[i]->self,
			     weir_find(s.router, "k")->self);
}

static void collect(void *arg, const struct weir_handler *h)
{
	weir_printf(arg, "%s ", h->name);
}

Test(handlers, are_listed)
{
	struct weir_buf out = {};
	struct weir_element root = weir_root(s.router);

	weir_each_handler(weir_find(s.router, "k"), collect, &out);
	cr_assert(strstr(out.text, "name class config "));
	cr_assert(strstr(out.text, " ttl on label "));
	weir_buf_free(&out);
	weir_each_handler(&root, collect, &out);
	cr_assert(strstr(out.text, "version config "));
	weir_buf_free(&out);
}
