// SPDX-License-Identifier: BSD-2-Clause

// Where things stand in the source; files and libraries.

#include "lang.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void expect_place(struct weir_loc loc, const char *file, unsigned line, unsigned column,
			 const char *text)
{
	cr_expect_str_eq(loc.file, file);
	cr_expect_eq(loc.line, line, "%s: line %u", text, loc.line);
	cr_expect_eq(loc.column, column, "%s: column %u", text, loc.column);
	cr_expect_eq(strncmp(loc.text + loc.column - 1, text, strlen(text)), 0, "not %s: %.20s",
		     text, loc.text + loc.column - 1);
}

static void parse(struct lang_router *r, const char *text, const struct lang_define *defines,
		  unsigned n)
{
	struct weir_err err = {0};

	cr_assert_eq(lang_parse(r, "t", text, strlen(text), defines, n, &err), 0, "%s", err.text);
	weir_err_free(&err);
}

Test(lang_places, elements)
{
	struct lang_router r;

	parse(&r, "a :: Foo(x,\n  y);\nB(z)\n  -> c :: { -> D( 1) -> } -> a", NULL, 0);
	cr_assert_eq(r.n_elements, 3);
	expect_place(r.elements[0].loc, "t", 1, 1, "a :: Foo");
	expect_place(r.elements[0].config_loc, "t", 1, 10, "x,");
	expect_place(r.elements[1].loc, "t", 3, 1, "B(z)");
	expect_place(r.elements[1].config_loc, "t", 3, 3, "z)");
	expect_place(r.elements[2].loc, "t", 4, 16, "D( 1)");
	expect_place(r.elements[2].config_loc, "t", 4, 18, " 1)");
	lang_router_free(&r);
	lang_router_free(&r); // twice is harmless
}

Test(lang_places, connections)
{
	struct lang_router r;

	parse(&r, "a :: A;\nb :: B -> a;\na\n -> c :: { -> X -> } -> b", NULL, 0);
	cr_assert_eq(r.n_connections, 3);
	expect_place(r.connections[0].loc, "t", 2, 8, "-> a;");
	expect_place(r.connections[1].loc, "t", 4, 17, "-> }");
	expect_place(r.connections[2].loc, "t", 4, 2, "-> c");
	lang_router_free(&r);
}

Test(lang_places, arguments)
{
	static const char text[] = "define($v a b, $w \"x\n y\")\n"
				   "a :: A(one, /* , */ two // 2\n\t, $v three, \"$w\" four\n"
				   "# 50 \"gen\"\n, five ${v[1]}six)";
	static const struct {
		const char *text;
		unsigned line, column;
		const char *file;
	} expected[] = {
		{"one", 3, 8, "t"},	     {"two", 3, 21, "t"},    {"$v three", 4, 4, "t"},
		{"\"$w\" four", 4, 14, "t"}, {"five", 50, 3, "gen"},
	};
	struct lang_router r;
	struct lang_args args;
	struct weir_loc loc;
	unsigned i;

	parse(&r, text, NULL, 0);
	cr_assert_eq(lang_args_split(&args, r.elements[0].config), 5, "%s", r.elements[0].config);
	cr_expect_str_eq(args.v[2], "a b three");
	cr_expect_str_eq(args.v[4], "five bsix");
	for (i = 0; i < args.n; i++)
		expect_place(lang_config_loc(&r, &r.elements[0], args.offset[i]), expected[i].file,
			     expected[i].line, expected[i].column, expected[i].text);
	// inside a value: where the variable stands; behind it: exactly
	expect_place(lang_config_loc(&r, &r.elements[0], args.offset[2] + 2), "t", 4, 4, "$v");
	expect_place(lang_config_loc(&r, &r.elements[0], args.offset[2] + 4), "t", 4, 7, "three");
	expect_place(lang_config_loc(&r, &r.elements[0], args.offset[4] + 6), "gen", 50, 15, "six");
	loc = lang_config_loc(&r, &r.elements[0], 100000);
	expect_place(loc, "gen", 50, 18, ")");
	lang_args_free(&args);
	lang_router_free(&r);
}

Test(lang_places, values)
{
	static const struct lang_define define = {"X", "2"};
	struct lang_router r;

	parse(&r, "c :: { $p | A(1, $p) } (5 6);\nB($X)", &define, 1);
	cr_assert_eq(r.n_elements, 2);
	expect_place(lang_config_loc(&r, &r.elements[0], 0), "t", 2, 3, "$X)");
	expect_place(lang_config_loc(&r, &r.elements[0], 1), "t", 2, 5, ")");
	cr_expect_str_eq(r.elements[1].config, "1, 5 6");
	expect_place(lang_config_loc(&r, &r.elements[1], 5), "t", 1, 18, "$p)");
	lang_router_free(&r);
}

Test(lang_places, ports_and_requirements)
{
	struct lang_router r;

	parse(&r, "require(package x,\n y);\na :: A; a [late] -> [2] a", NULL, 0);
	cr_assert_eq(r.n_requirements, 2);
	expect_place(r.requirements[0].loc, "t", 1, 9, "package x");
	expect_place(r.requirements[1].loc, "t", 2, 2, "y)");
	cr_expect_str_eq(r.requirements[1].kind, "package");
	cr_expect_str_eq(r.requirements[1].value, "y");
	cr_assert_eq(r.n_connections, 1);
	cr_expect_eq(r.connections[0].from_port.number, -1);
	cr_expect_str_eq(r.connections[0].from_port.name, "late");
	cr_expect_eq(r.connections[0].to_port.number, 2);
	cr_expect_null(r.connections[0].to_port.name);
	lang_router_free(&r);
}

static char folder[] = "/tmp/weir-lang-XXXXXX";

static void write_file(const char *name, const char *text)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "we");
	cr_assert_not_null(f);
	fputs(text, f);
	fclose(f);
}

static void remove_files(void)
{
	static const char *const names[] = {"main.click", "lib.click", "sub/conf/other.click",
					    "bad.click",  "sub/conf",  "sub"};
	char path[200];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		remove(path);
	}
	rmdir(folder);
}

Test(lang_places, libraries, .fini = remove_files)
{
	struct weir_err err = {0};
	struct lang_router r;
	char path[200], *flat;

	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/sub", folder);
	cr_assert_eq(mkdir(path, 0700), 0);
	setenv("CLICKPATH", path, 1);
	strcat(path, "/conf");
	cr_assert_eq(mkdir(path, 0700), 0);
	write_file("lib.click", "require(library other.click, library lib.click) "
				"elementclass L { $x | -> Lib($x) -> }");
	write_file("sub/conf/other.click", "define($other 7) o :: Other");
	write_file("main.click", "require(library lib.click, library \"lib.click\", package p)\n"
				 "o -> L($other) -> o");
	write_file("bad.click", "\nrequire(library lib.click)\no -> x");

	snprintf(path, sizeof(path), "%s/main.click", folder);
	cr_assert_eq(lang_parse_file(&r, path, NULL, 0, &err), 0, "%s", err.text);
	flat = lang_unparse(&r);
	cr_expect_str_eq(flat, "require(package p);\n\no :: Other;\nL@2/Lib@1 :: Lib(7);\n\n"
			       "L@2/Lib@1 -> o\n    -> L@2/Lib@1;\n");
	free(flat);
	lang_router_free(&r);

	snprintf(path, sizeof(path), "%s/bad.click", folder);
	cr_expect_lt(lang_parse_file(&r, path, NULL, 0, &err), 0);
	cr_expect_str_eq(strrchr(err.text, '/'),
			 "/bad.click:3:6: element 'x' is not declared\n  o -> x\n       ^\n");
	lang_router_free(&r);
	weir_err_free(&err);
}
