// SPDX-License-Identifier: BSD-2-Clause

// Configurations and the flat graph that they stand for, in the form of lang_unparse.

#include "lang.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct flat_case {
	const char *what, *text, *flat;
};

static void check(const struct flat_case *c)
{
	struct lang_router router, again;
	struct weir_err err = {0};
	char *flat, *twice;

	cr_assert_eq(lang_parse(&router, "t", c->text, strlen(c->text), NULL, 0, &err), 0, "%s: %s",
		     c->what, err.text);
	flat = lang_unparse(&router);
	cr_expect_str_eq(flat, c->flat, "%s: got\n%s", c->what, flat);
	cr_assert_eq(lang_parse(&again, "t", flat, strlen(flat), NULL, 0, &err), 0, "%s: %s",
		     c->what, err.text);
	twice = lang_unparse(&again);
	cr_expect_str_eq(flat, twice, "%s: the flat form says something else", c->what);
	free(flat);
	free(twice);
	lang_router_free(&router);
	lang_router_free(&again);
	weir_err_free(&err);
}

static const struct flat_case cases[] = {
	{"nothing", "", ""},
	{"declaration", "a :: Foo(1, 2);", "a :: Foo(1, 2);\n\n"},
	{"chain", "a :: A -> B(x) [1] -> [2] c :: C",
	 "a :: A;\nB@2 :: B(x);\nc :: C;\n\n"
	 "a -> B@2;\nB@2 [1] -> [2] c;\n"},
	{"compound", "c :: { input -> x :: X -> output } A -> c -> B;",
	 "A@2 :: A;\nB@3 :: B;\nc/x :: X;\n\nA@2 -> c/x\n    -> B@3;\n"},
};

Test(lang_flat, cases)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(&cases[i]);
}
