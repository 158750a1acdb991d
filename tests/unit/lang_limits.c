// SPDX-License-Identifier: BSD-2-Clause

// Configurations that nobody writes: each ends with a message, soon, and in bounded memory.

#include "lang.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
	char *s;
	size_t len, size;
};

static void put(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (t->size - t->len < 1000) {
		t->size = t->size * 2 + 1000;
		t->s = realloc(t->s, t->size);
	}
	va_start(ap, fmt);
	n = vsnprintf(t->s + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	t->len += (size_t)n;
}

static void repeat(struct text *t, const char *s, unsigned times)
{
	while (times--)
		put(t, "%s", s);
}

// Parses, frees the text, and looks at the first message; `message` NULL: there must be none.
static unsigned expect(struct text *t, const char *message)
{
	struct lang_router router;
	struct weir_err err = {0};
	unsigned n;
	int result = lang_parse(&router, "t", t->s, t->len, NULL, 0, &err);

	if (message) {
		cr_expect_lt(result, 0);
		cr_expect(err.text && strstr(err.text, message), "not '%s' but %.1000s", message,
			  err.text);
		cr_expect_lt(err.len, 100000);
	} else {
		cr_expect_eq(result, 0, "%s", err.text);
	}
	n = router.n_elements;
	lang_router_free(&router);
	weir_err_free(&err);
	free(t->s);
	*t = (struct text){0};
	return n;
}

Test(lang_limits, nesting, .timeout = 100)
{
	struct text t = {0};

	repeat(&t, "{", 1000000);
	expect(&t, "t:1:201: more than 200 compounds and groups in one another\n");
	put(&t, "x :: X -> ");
	repeat(&t, "(", 1000000);
	expect(&t, "more than 200 compounds and groups in one another\n");
	repeat(&t, "a :: {", 200);
	put(&t, "X");
	repeat(&t, "}", 200);
	cr_expect_eq(expect(&t, NULL), 1);
	put(&t, "a :: A(");
	repeat(&t, "(", 1000000);
	expect(&t, "t:1:7: this '(' has no ')'\n");
	put(&t, "a :: A(");
	repeat(&t, "(", 1000000);
	repeat(&t, ")", 1000001);
	expect(&t, NULL);
}

Test(lang_limits, classes, .timeout = 100)
{
	struct text t = {0};
	unsigned i;

	put(&t, "elementclass C0 { x :: X }");
	for (i = 0; i < 24; i++)
		put(&t, "elementclass C%u { a :: C%u; b :: C%u }", i + 1, i, i);
	put(&t, "C24");
	expect(&t, "more than 1000000 elements when compounds are expanded\n");
	put(&t, "elementclass C0 { -> }"); // no elements, but ends of tunnels
	for (i = 0; i < 60; i++)
		put(&t, "elementclass C%u { -> C%u -> C%u -> }", i + 1, i, i);
	put(&t, "x :: X -> C60 -> x");
	expect(&t, "when it is expanded\n");
	put(&t, "elementclass C0 { X }");
	for (i = 0; i < 1000; i++)
		put(&t, "elementclass C%u { C%u }", i + 1, i);
	put(&t, "C1000");
	expect(&t, "more than 200 compounds use one another\n");
	put(&t, "elementclass A { -> A -> } x :: X -> A -> A -> x"); // no recursion: the outer A
	cr_expect_eq(expect(&t, NULL), 3);
}

Test(lang_limits, variables, .timeout = 100)
{
	struct text t = {0};
	unsigned i;

	put(&t, "define($a0 x");
	for (i = 0; i < 60; i++)
		put(&t, ", $a%u $a%u$a%u", i + 1, i, i);
	put(&t, ") x :: X($a60)");
	expect(&t, "takes more than 268435456 steps to expand\n");
	put(&t, "define($a0 \"\\\\\\\\\"");
	for (i = 0; i < 60; i++)
		put(&t, ", $a%u \"$a%u\"", i + 1, i);
	put(&t, ") x :: X($a60)");
	expect(&t, "takes more than 268435456 steps to expand\n");
	put(&t, "define($v0 x");
	for (i = 0; i < 1000; i++)
		put(&t, ", $v%u $v%u", i + 1, i);
	put(&t, ") x :: X($v1000)");
	expect(&t, "more than 200 variables need one another\n");
	put(&t, "x :: X(\"");
	repeat(&t, "$(", 200000);
	put(&t, "\")");
	expect(&t, "takes more than 268435456 steps to expand\n");
}

Test(lang_limits, ports, .timeout = 100)
{
	struct text t = {0};
	unsigned i;

	put(&t, "a :: A; a [");
	for (i = 0; i < 5000; i++)
		put(&t, "0-65535,");
	put(&t, "0] => a");
	expect(&t, "takes more than 268435456 steps to expand\n");
	put(&t, "x :: X");
	repeat(&t, " => ([0] -> [0], [1]; [1] -> [0], [1])", 2000);
	put(&t, " => [0, 1] x"); // 2^2000 ways through it
	expect(&t, NULL);
	for (i = 0; i < 3000; i++)
		put(&t, "%sa%u", i ? ", " : "", i);
	put(&t, " :: A; ");
	for (i = 0; i < 3000; i++)
		put(&t, "%sa%u", i ? ", " : "", i);
	put(&t, " -> g :: { -> } -> ");
	for (i = 0; i < 3000; i++)
		put(&t, "%sa%u", i ? ", " : "", i);
	expect(&t, "more than 4000000 connections when compounds are expanded\n");
}

Test(lang_limits, garbage, .timeout = 100)
{
	struct text t = {0};
	unsigned i, seed = 1;

	t.s = malloc(3000000);
	for (; t.len < 3000000; t.len++) {
		seed = seed * 1103515245 + 12345;
		t.s[t.len] = (char)(seed >> 16);
	}
	expect(&t, "t:1:1: expected a statement, not byte 0xc6\n");
	t.s = calloc(1, t.len = 5000000);
	expect(&t, "expected a statement, not byte 0x00\n");
	put(&t, "x :: X(");
	repeat(&t, "\"\\\"", 300000);
	expect(&t, "this quote has no end\n");
	put(&t, "x :: X(");
	repeat(&t, "\\<", 300000);
	expect(&t, "100 errors, giving up\n");
	repeat(&t, "/*", 1000000);
	expect(&t, "expected a statement, not '*'\n");
	for (i = 0; i < 100000; i++)
		put(&t, "elementclass C%u { } ", i);
	repeat(&t, "}{", 10);
	expect(&t, "this '}' closes nothing\n");
	t.s = malloc(t.len = (64 << 20) + 1);
	memset(t.s, ' ', t.len);
	expect(&t, "t: the text is too big: more than 67108864 bytes\n");
}

// Big, but honest.
Test(lang_limits, big, .timeout = 100)
{
	struct text t = {0};
	unsigned i;

	put(&t, "x :: X");
	for (i = 0; i < 50000; i++)
		put(&t, "\n-> a%u :: A(%u)", i, i);
	cr_expect_eq(expect(&t, NULL), 50001);
	put(&t, "r :: Lookup(\n");
	for (i = 0; i < 200000; i++)
		put(&t, "\t%u.%u.%u.0/24 10.0.0.%u %u,\n", i >> 16, i >> 8 & 255, i & 255, i % 250,
		    i % 16);
	put(&t, ");");
	cr_expect_eq(expect(&t, NULL), 1);
	put(&t,
	    "elementclass Port { $dev, $n | in :: From($dev) -> q :: Queue($n) -> To($dev) }\n");
	for (i = 0; i < 20000; i++)
		put(&t, "p%u :: Port(eth%u, %u);\n", i, i, i);
	cr_expect_eq(expect(&t, NULL), 60000);
	put(&t, "define($x 1");
	for (i = 0; i < 5000; i++)
		put(&t, ", $v%u $x", i);
	put(&t, ") A($v4999)");
	cr_expect_eq(expect(&t, NULL), 1);
}
