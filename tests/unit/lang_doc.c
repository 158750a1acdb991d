// SPDX-License-Identifier: BSD-2-Clause

// The examples of docs/language.md: each parses, or fails as its second box says.

#include "lang.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_page(void)
{
	FILE *f = fopen("docs/language.md", "re");
	char *text = calloc(1, 200000);

	cr_assert_not_null(f, "cannot open docs/language.md: tests run in the top folder");
	cr_assert_gt(fread(text, 1, 199999, f), 1000);
	fclose(f);
	return text;
}

// Takes the box that begins at s with "```kind\n": ends it with '\0', and says what is behind.
static char *box(char *s, const char *kind, char **rest)
{
	size_t len = strlen(kind);
	char *end;

	if (strncmp(s, "```", 3) != 0 || strncmp(s + 3, kind, len) != 0 || s[3 + len] != '\n')
		return NULL;
	s += 4 + len;
	end = strstr(s, "```\n");
	cr_assert_not_null(end, "a box without end:\n%s", s);
	*end = '\0';
	*rest = end + 4;
	return s;
}

static void check(const char *config, const char *flat, const char *error)
{
	struct lang_router router;
	struct weir_err err = {0};
	char *got;
	int result = lang_parse(&router, "example", config, strlen(config), NULL, 0, &err);

	if (error) {
		cr_expect_lt(result, 0);
		cr_expect_str_eq(err.text ? err.text : "", error, "%s\ngives\n%s", config,
				 err.text);
	} else {
		cr_expect_eq(result, 0, "%s\n%s", config, err.text);
		cr_expect_eq(err.n_warnings, 0, "%s", err.text);
	}
	if (!result && flat) {
		got = lang_unparse(&router);
		cr_expect_str_eq(got, flat, "%s\ngives\n%s", config, got);
		free(got);
	}
	lang_router_free(&router);
	weir_err_free(&err);
}

Test(lang_doc, examples)
{
	char *page = read_page(), *s, *config, *flat, *error;
	unsigned n = 0, n_flat = 0;

	for (s = page; (s = strstr(s, "```click\n")); n++) {
		config = box(s, "click", &s);
		flat = box(s, "flat", &s);
		error = flat ? NULL : box(s, "error", &s);
		check(config, flat, error);
		n_flat += flat != NULL;
	}
	cr_expect_gt(n, 15);
	cr_expect_gt(n_flat, 10);
	free(page);
}
