// SPDX-License-Identifier: BSD-2-Clause

// What is said about mistakes: every message of lang_errors.txt, to the letter and the column.

#include "lang.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_file(const char *name)
{
	FILE *f = fopen(name, "re");
	char *text;
	long size;

	cr_assert_not_null(f, "cannot open %s: tests run in the top folder", name);
	cr_assert_eq(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	rewind(f);
	text = calloc(1, (size_t)size + 1);
	cr_assert_eq(fread(text, 1, (size_t)size, f), (size_t)size);
	fclose(f);
	return text;
}

static unsigned count_errors(const char *messages)
{
	unsigned n = 0;
	const char *s;

	for (s = messages; *s; s += strcspn(s, "\n") + 1)
		n += *s != ' ' && !strstr(s, ": warning:");
	return n;
}

// Cuts the text at `mark`, a line of its own; returns what is behind it.
static char *cut(char *text, const char *mark)
{
	char *at = strstr(text, mark);

	cr_assert_not_null(at, "no '%s' behind\n%s", mark, text);
	*at = '\0';
	return at + strlen(mark);
}

Test(lang_errors, all)
{
	char *file = read_file("tests/unit/lang_errors.txt"), *config, *expected, *next;
	unsigned n = 0;

	for (config = cut(file, "====\n"); *config; config = next) {
		struct lang_router router;
		struct weir_err err = {0};

		expected = cut(config, "\n----\n");
		next = cut(expected, "====\n");
		cr_expect_neq(lang_parse(&router, "t", config, strlen(config), NULL, 0, &err), 0);
		cr_expect_str_eq(err.text ? err.text : "", expected, "%s\ngives\n%s\nnot\n%s",
				 config, err.text, expected);
		cr_expect_eq(err.n_errors, count_errors(expected), "%s\nhas %u errors", config,
			     err.n_errors);
		lang_router_free(&router);
		weir_err_free(&err);
		n++;
	}
	cr_expect_gt(n, 100);
	free(file);
}

static char *messages(const char *text, size_t len, unsigned *n_errors)
{
	struct lang_router router;
	struct weir_err err = {0};
	char *copy;

	lang_parse(&router, "t", text, len, NULL, 0, &err);
	if (n_errors)
		*n_errors = err.n_errors;
	copy = strdup(err.text ? err.text : "");
	lang_router_free(&router);
	weir_err_free(&err);
	return copy;
}

Test(lang_errors, bytes)
{
	static const struct {
		const char *text;
		size_t len;
		const char *messages;
	} cases[] = {
		{"\0\0\0 a :: A", 10, "t:1:1: expected a statement, not byte 0x00\n  \n  ^\n"},
		{"a :: A(\0)", 9,
		 "t:1:7: the arguments hold a byte 0x00; write it as \"\\0\"\n  a :: A(\n        "
		 "^\n"},
		{"\xff\xfe\x80 b", 5, "t:1:1: expected a statement, not byte 0xff\n  ??? b\n  ^\n"},
		{"\x1b[31m :: A", 10,
		 "t:1:1: expected a statement, not byte 0x1b\n  ?[31m :: A\n  ^\n"},
		{"a::A;\t\tb;\r\nc;\rd", 15,
		 "t:1:8: element 'b' is not declared\n  a::A;\t\tb;\n       \t\t^\n"
		 "t:2:1: element 'c' is not declared\n  c;\n  ^\n"
		 "t:3:1: element 'd' is not declared\n  d\n  ^\n"},
		{"/* h\xc3\xa9 */ b", 11,
		 "t:1:11: element 'b' is not declared\n  /* h\xc3\xa9 */ b\n           ^\n"},
	};
	size_t i;
	char *text;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text = messages(cases[i].text, cases[i].len, NULL);
		cr_expect_str_eq(text, cases[i].messages, "got\n%s", text);
		free(text);
	}
}

// A long line is shown in part, around the place.
Test(lang_errors, long_line)
{
	char config[4000], *text, *line;

	memset(config, ' ', sizeof(config));
	config[2000] = 'b';
	text = messages(config, sizeof(config), NULL);
	line = strchr(text, '\n') + 1;
	cr_expect_eq(strncmp(line, "  ...  ", 7), 0, "%s", text);
	cr_expect_eq(line[5 + 100], 'b');
	line = strchr(line, '\n') + 1;
	cr_expect_str_eq(line + strspn(line, " "), "^\n");
	cr_expect_eq(strspn(line, " "), 5 + 100);
	cr_expect_lt(strlen(text), 400);
	free(text);
}

Test(lang_errors, too_many)
{
	char config[1000];
	unsigned n, i;
	char *text;

	for (i = 0; i < sizeof(config); i += 5)
		memcpy(config + i, "a[b; ", 5);
	text = messages(config, sizeof(config), &n);
	cr_expect_eq(n, 101, "%u errors", n);
	cr_expect_str_eq(strrchr(text, '1'), "100 errors, giving up\n", "%s", text);
	free(text);
}

Test(lang_errors, warning)
{
	const char *config = "{ input -> a :: A\n-> B\n; x :: X\n-> C }";
	struct lang_router router;
	struct weir_err err = {0};

	lang_parse(&router, "t", config, strlen(config), NULL, 0, &err);
	cr_expect_eq(err.n_warnings, 0);
	lang_router_free(&router);
	weir_err_free(&err);

	config = "a :: A; elementclass a { B } a";
	lang_parse(&router, "t", config, strlen(config), NULL, 0, &err);
	cr_expect_str_eq(err.text, "t:1:22: warning: 'a' now means this class, no longer the "
				   "element\n  a :: A; elementclass a { B } a\n"
				   "                       ^\n");
	cr_expect_eq(router.n_elements, 2);
	lang_router_free(&router);
	weir_err_free(&err);

	config = "x :: X; x -> (-> a :: A; [0] -> B\ndefine($x 1) -> C)";
	lang_parse(&router, "t", config, strlen(config), NULL, 0, &err);
	cr_expect_eq(err.n_errors, 0, "%s", err.text);
	cr_expect_eq(err.n_warnings, 1);
	cr_expect_str_eq(err.text,
			 "t:2:14: warning: this begins a new statement; write 'input ->' or ';' "
			 "before it\n  define($x 1) -> C)\n               ^\n");
	lang_router_free(&router);
	weir_err_free(&err);
}

Test(lang_errors, unreadable_file)
{
	struct lang_router router;
	struct weir_err err = {0};

	cr_expect_eq(lang_parse_file(&router, "/nonexistent/x.click", NULL, 0, &err), -2);
	cr_expect_eq(err.n_errors, 1);
	cr_expect_str_eq(err.text,
			 "cannot read '/nonexistent/x.click': No such file or directory\n");
	lang_router_free(&router);
	weir_err_free(&err);
	cr_expect_lt(lang_parse_file(&router, "/", NULL, 0, &err), 0);
	cr_expect_str_eq(err.text, "cannot read '/': Is a directory\n");
	lang_router_free(&router);
	weir_err_free(&err);
}
