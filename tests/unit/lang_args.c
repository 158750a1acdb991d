// SPDX-License-Identifier: BSD-2-Clause

// Splitting, unquoting and quoting of arguments.

#include "lang.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Test(lang_args, split)
{
	static const struct {
		const char *config;
		unsigned n;
		const char *v[4];
		size_t offset[4];
	} cases[] = {
		{"", 0, {0}, {0}},
		{"  // nothing", 0, {0}, {0}},
		{"a", 1, {"a"}, {0}},
		{"a, b ,c", 3, {"a", "b", "c"}, {0, 3, 6}},
		{"  a /*?*/ b,  c, ", 2, {"a b", "c"}, {2, 14}},
		{"a,", 1, {"a"}, {0}},
		{"a,,", 2, {"a", ""}, {0, 2}},
		{",a", 2, {"", "a"}, {0, 1}},
		{" , ", 1, {""}, {1}},
		{"\"x, y\" // ?", 1, {"\"x, y\""}, {0}},
		{"'x, y' 'it''s', z", 2, {"'x, y' 'it''s'", "z"}, {0, 16}},
		{"\"\\\",\", 1", 2, {"\"\\\",\"", "1"}, {0, 7}},
		{"\\<2c , 2c>, 1", 2, {"\\<2c , 2c>", "1"}, {0, 12}},
		{"\\, 1", 2, {"\\", "1"}, {0, 3}},
		{"a  b\t\nc", 1, {"a  b\t\nc"}, {0}},
		{"a/* x */b", 1, {"a b"}, {0}},
		{"a // x, y\n b, c", 2, {"a b", "c"}, {0, 14}},
		{"f(1, 2)", 2, {"f(1", "2)"}, {0, 5}}, // as Click: parentheses do not count
		{"\"no end, b", 1, {"\"no end, b"}, {0}},
		{"/* no end, b", 0, {0}, {0}},
	};
	struct lang_args args;
	size_t i;
	unsigned k;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(lang_args_split(&args, cases[i].config), (int)cases[i].n, "%s",
			     cases[i].config);
		for (k = 0; k < args.n; k++) {
			cr_expect_str_eq(args.v[k], cases[i].v[k], "%s: got '%s'", cases[i].config,
					 args.v[k]);
			cr_expect_eq(args.offset[k], cases[i].offset[k], "%s: %u at %zu",
				     cases[i].config, k, args.offset[k]);
		}
		lang_args_free(&args);
		cr_expect_null(args.v);
	}
}

Test(lang_args, split_many)
{
	enum { N = 1000 };
	char config[N * 2 + 1];
	struct lang_args args;
	unsigned i;

	for (i = 0; i < N; i++)
		memcpy(config + i * 2, "x,", 2);
	config[N * 2] = '\0';
	cr_assert_eq(lang_args_split(&args, config), N);
	for (i = 0; i < N; i++) {
		cr_expect_str_eq(args.v[i], "x");
		cr_expect_eq(args.offset[i], i * 2);
	}
	lang_args_free(&args);
}

Test(lang_args, unquote)
{
	static const struct {
		const char *arg, *text;
		size_t len;
	} cases[] = {
		{"", "", 0},
		{"abc", "abc", 3},
		{"  a b  ", "a b", 3},
		{"\"\"", "", 0},
		{"\"a b\"", "a b", 3},
		{"'a \"b\" \\n'", "a \"b\" \\n", 8},
		{"a\"b\"'c'd", "abcd", 4},
		{"\"it's\"", "it's", 4},
		{"\"\\a\\b\\f\\n\\r\\t\\v\\\\\\\"\\$\\,\\q\"", "\a\b\f\n\r\t\v\\\"$,q", 12},
		{"\"\\0\\12\\1234\\8\"",
		 "\0\n\1234"
		 "8",
		 5},
		{"\"\\x41\\x00142\\xg\"", "AB\0g", 4},
		{"\"a\\\nb\\\r\nc\\\rd\"", "abcd", 4},
		{"\\<48 65 6c6C 6f>", "Hello", 5},
		{"x\\<0 /* 1 */ 0>\"\\<ff>\"'\\<00>'", "x\0\xff\\<00>", 8},
		{"\\n \\", "\\n \\", 4},
		{"\"\\n\" abc /* 123 */ '/* def */'", "\n abc /* def */", 15},
	};
	size_t i, len;
	char *text;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text = lang_unquote(cases[i].arg, &len);
		cr_assert_not_null(text, "%s", cases[i].arg);
		cr_expect_eq(len, cases[i].len, "%s: %zu", cases[i].arg, len);
		cr_expect_eq(memcmp(text, cases[i].text, cases[i].len), 0, "%s", cases[i].arg);
		cr_expect_eq(text[len], '\0');
		free(text);
	}
	text = lang_unquote("no length", NULL);
	cr_expect_str_eq(text, "no length");
	free(text);
}

Test(lang_args, broken_quotes)
{
	static const char *const cases[] = {"\"a",   "'a",	  "\"a\\\"",  "\\<12", "\\<1>",
					    "\\<x>", "\"\\<12\"", "a 'b' \"", "\\</*>"};
	size_t i, len;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		errno = 0;
		cr_expect_null(lang_unquote(cases[i], &len), "%s", cases[i]);
		cr_expect_eq(errno, EINVAL);
	}
}

Test(lang_args, quote)
{
	static const struct {
		const char *text;
		size_t len;
		const char *quoted;
	} cases[] = {
		{"", 0, "\"\""},
		{"abc", 3, "abc"},
		{"10.0.0.1/24", 11, "10.0.0.1/24"},
		{"a//b", 4, "\"a//b\""},
		{"a b", 3, "\"a b\""},
		{"a,b", 3, "\"a,b\""},
		{"$x\"\\", 4, "\"\\$x\\\"\\\\\""},
		{"\n\t\r\0\377"
		 "1",
		 6, "\"\\n\\t\\r\\000\\3771\""},
	};
	size_t i, n;
	char *quoted, *back;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		quoted = lang_quote(cases[i].text, cases[i].len);
		cr_expect_str_eq(quoted, cases[i].quoted, "got %s", quoted);
		back = lang_unquote(quoted, &n);
		cr_assert_not_null(back);
		cr_expect_eq(n, cases[i].len);
		cr_expect_eq(memcmp(back, cases[i].text, n), 0);
		free(quoted);
		free(back);
	}
}

// Any bytes survive, also as an argument of an element in a configuration.
Test(lang_args, quote_anything)
{
	unsigned seed = 7, i, round;
	char bytes[40], config[400], *quoted, *back;
	struct lang_router router;
	struct weir_err err = {0};
	size_t n;

	for (round = 0; round < 2000; round++) {
		for (i = 0; i < sizeof(bytes); i++) {
			seed = seed * 1103515245 + 12345;
			bytes[i] = (char)(seed >> 18);
			if (seed >> 17 & 1)
				bytes[i] = "\"'\\<>/*$,() \n#{"[seed >> 20 & 15];
		}
		quoted = lang_quote(bytes, round % sizeof(bytes));
		snprintf(config, sizeof(config), "a :: A(%s)", quoted);
		cr_assert_eq(lang_parse(&router, "t", config, strlen(config), NULL, 0, &err), 0,
			     "%s", err.text);
		cr_assert_str_eq(router.elements[0].config, quoted);
		back = lang_unquote(router.elements[0].config, &n);
		cr_assert_eq(n, round % sizeof(bytes));
		cr_assert_eq(memcmp(back, bytes, n), 0, "%s", quoted);
		lang_router_free(&router);
		free(quoted);
		free(back);
	}
}
