// SPDX-License-Identifier: BSD-2-Clause

// Configurations and the flat graphs that they stand for, in the form of lang_unparse. Each flat
// form is parsed again and must stand for the same.

#include "lang.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct flat_case {
	const char *text, *flat;
};

static void check(const struct flat_case *c, const struct lang_define *defines, unsigned n_defines)
{
	struct lang_router router, again;
	struct weir_err err = {0};
	char *flat, *twice;

	cr_assert_eq(lang_parse(&router, "t", c->text, strlen(c->text), defines, n_defines, &err),
		     0, "%s\n%s", c->text, err.text);
	flat = lang_unparse(&router);
	cr_expect_str_eq(flat, c->flat, "%s\ngives\n%s", c->text, flat);
	cr_assert_eq(lang_parse(&again, "t", flat, strlen(flat), NULL, 0, &err), 0, "%s\n%s", flat,
		     err.text);
	twice = lang_unparse(&again);
	cr_expect_str_eq(flat, twice, "%s\nis parsed as\n%s", flat, twice);
	cr_expect_eq(err.n_warnings, 0, "%s", err.text);
	free(flat);
	free(twice);
	lang_router_free(&router);
	lang_router_free(&again);
	weir_err_free(&err);
}

static void check_all(const struct flat_case *cases, size_t n)
{
	while (n--)
		check(cases++, NULL, 0);
}

Test(lang_flat, declarations)
{
	static const struct flat_case cases[] = {
		{"", ""},
		{" \t\r\n ; ;; // nothing", ""},
		{"a :: Foo;", "a :: Foo;\n\n"},
		{"a :: Foo(1, 2)", "a :: Foo(1, 2);\n\n"},
		{"a :: Foo()", "a :: Foo;\n\n"},
		{"a :: Foo( 1 )", "a :: Foo( 1 );\n\n"},
		{"a::Foo b::Bar c::Baz(3)", "a :: Foo;\nb :: Bar;\nc :: Baz(3);\n\n"},
		{"a, b, c :: Foo(x);", "a :: Foo(x);\nb :: Foo(x);\nc :: Foo(x);\n\n"},
		{"_a1/b@c :: Foo", "_a1/b@c :: Foo;\n\n"},
		{"1a :: Foo", "1a :: Foo;\n\n"},
		{"Foo; Foo(1); Bar; foo(2)",
		 "Foo@1 :: Foo;\nFoo@2 :: Foo(1);\nBar@3 :: Bar;\nfoo@4 :: foo(2);\n\n"},
		{"a :: A; b :: B; C", "a :: A;\nb :: B;\nC@3 :: C;\n\n"},
		{"A@1 :: B; A; A", "A@1 :: B;\nA@2 :: A;\nA@3 :: A;\n\n"},
		{"A; A@1 :: B", "A@2 :: A;\nA@1 :: B;\n\n"},
		{"A; A@1 :: B; A@2 :: B", "A@3 :: A;\nA@1 :: B;\nA@2 :: B;\n\n"},
		{"Foo :: Bar; Foo -> x :: X", "Foo :: Bar;\nx :: X;\n\nFoo -> x;\n"},
	};

	check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

Test(lang_flat, arguments)
{
	static const struct flat_case cases[] = {
		{"a :: A(()(()))", "a :: A(()(()));\n\n"},
		{"a :: A(\")\", ')', \\<29 // )\n>)", "a :: A(\")\", ')', \\<29 // )\n>);\n\n"},
		{"a :: A(\"\\\")\" )", "a :: A(\"\\\")\" );\n\n"},
		{"a :: A(\"\\<29 \" >)\")", "a :: A(\"\\<29 \" >)\");\n\n"},
		{"a :: A(x/* ) */y, // )\n z)", "a :: A(x y,   z);\n\n"},
		{"a :: A(\"/* x */\" '// y')", "a :: A(\"/* x */\" '// y');\n\n"},
		{"a :: A(1,\n\t2)", "a :: A(1,\n\t2);\n\n"},
		{"a :: A(1\n# 7 \"x\"\n2\n#line 8\n3\n# no number\n4)",
		 "a :: A(1\n\n2\n\n3\n# no number\n4);\n\n"},
		{"a :: A(\\)", "a :: A(\\);\n\n"},
		{"a :: A('it is \"\n# 3\n')", "a :: A('it is \"\n# 3\n');\n\n"},
		{"s :: Script(set x $(add $x 1), write a.b $$ $? $#)",
		 "s :: Script(set x $(add $x 1), write a.b $$ $? $#);\n\n"},
	};

	check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

Test(lang_flat, comments_and_names)
{
	static const struct flat_case cases[] = {
		{"a/b//c\n::A", "a/b :: A;\n\n"},
		{"/* a */ a /* b */ :: // c\r A /*\n*/ (1)", "a :: A(1);\n\n"},
		{"# 3 \"other\"\na :: A;\n#line 7\nb :: B", "a :: A;\nb :: B;\n\n"},
		{"\xef\xbb\xbf"
		 "a :: A",
		 "a :: A;\n\n"},
		{"a::A->b::B->[1]c::C[2]->a", "a :: A;\nb :: B;\nc :: C;\n\n"
					      "c [2] -> a\n    -> b\n    -> [1] c;\n"},
	};

	check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

Test(lang_flat, connections)
{
	static const struct flat_case cases[] = {
		{"a :: A -> b :: B;", "a :: A;\nb :: B;\n\na -> b;\n"},
		{"a, b :: A; a -> b; a -> b; a [0] -> [0] b;", "a :: A;\nb :: A;\n\na -> b;\n"},
		{"a, b :: A; a [2] -> [1] b", "a :: A;\nb :: A;\n\na [2] -> [1] b;\n"},
		{"a, b :: A; a [0x10] -> [010] b", "a :: A;\nb :: A;\n\na [16] -> [8] b;\n"},
		{"A -> B(x) -> C", "A@1 :: A;\nB@2 :: B(x);\nC@3 :: C;\n\n"
				   "A@1 -> B@2\n    -> C@3;\n"},
		{"a :: A -> a", "a :: A;\n\na -> a;\n"},
		{"a, b, c :: A; a -> b -> c -> a", "a :: A;\nb :: A;\nc :: A;\n\n"
						   "c -> a\n    -> b\n    -> c;\n"},
		{"a, b, c, d :: A; a -> c; b -> c; c -> d",
		 "a :: A;\nb :: A;\nc :: A;\nd :: A;\n\na -> c\n    -> d;\nb -> c;\n"},
		{"t :: T; t [expired] -> x :: X; t [ok] -> [in] x; t -> [1] x",
		 "t :: T;\nx :: X;\n\nt [expired] -> x;\nt -> [1] x;\nt [ok] -> [in] x;\n"},
	};

	check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

Test(lang_flat, lists)
{
	static const struct flat_case cases[] = {
		{"a, b, c :: I; a, b -> c", "a :: I;\nb :: I;\nc :: I;\n\na -> c;\nb -> c;\n"},
		{"a, b, c :: I; a -> b, [1] c", "a :: I;\nb :: I;\nc :: I;\n\na -> b;\n"
						"a -> [1] c;\n"},
		{"a, c :: I; a, b :: B -> c", "a :: I;\nc :: I;\nb :: B;\n\na -> c;\nb -> c;\n"},
		{"a, b, c :: I; p, q :: P; a, a[1] -> b -> p, q; p -> [0]c, [1]c; q -> [2]c;",
		 "a :: I;\nb :: I;\nc :: I;\np :: P;\nq :: P;\n\n"
		 "a -> b\n    -> p\n    -> c;\na [1] -> b;\np -> [1] c;\nb -> q\n    -> [2] c;\n"},
		{"a, b, c :: I; a => b, c", "a :: I;\nb :: I;\nc :: I;\n\na -> b;\na [1] -> c;\n"},
		{"a, b, c :: I; a, b => c", "a :: I;\nb :: I;\nc :: I;\n\na -> c;\nb -> [1] c;\n"},
		{"a, b, c :: I; a => b, c, [0,1] a",
		 "a :: I;\nb :: I;\nc :: I;\n\na [2] -> a\n    -> b;\na [3] -> [1] a;\n"
		 "a [1] -> c;\n"},
		{"a :: A; a [0,1,2] => B, C, D", "a :: A;\nB@2 :: B;\nC@3 :: C;\nD@4 :: D;\n\n"
						 "a -> B@2;\na [1] -> C@3;\na [2] -> D@4;\n"},
		{"a, b :: A; a [0, 2] => [1 , 3] b",
		 "a :: A;\nb :: A;\n\na -> [1] b;\na [2] -> [3] b;\n"},
		{"a, b :: A; a [1-3] => [2 - 4] b", "a :: A;\nb :: A;\n\na [1] -> [2] b;\n"
						    "a [2] -> [3] b;\na [3] -> [4] b;\n"},
		{"a, b, c :: A; a [] => b, c", "a :: A;\nb :: A;\nc :: A;\n\n"
					       "a -> b;\na [1] -> c;\n"},
		{"a, b, c, d :: A; a [3,] => b, c, d", "a :: A;\nb :: A;\nc :: A;\nd :: A;\n\n"
						       "a [3] -> b;\na [4] -> c;\na [5] -> d;\n"},
		{"a, b, c :: A; a, b [5,] => [0,1,2] c",
		 "a :: A;\nb :: A;\nc :: A;\n\na -> c;\nb [5] -> [1] c;\nb [6] -> [2] c;\n"},
		{"a, b :: A; a [] -> b", "a :: A;\nb :: A;\n\na -> b;\n"},
		{"a, b :: A; a [0,1] -> b", "a :: A;\nb :: A;\n\na -> b;\na [1] -> b;\n"},
		{"a, b :: A; a => b", "a :: A;\nb :: A;\n\na -> b;\n"},
		{"t, x :: T; t [bad, 2, good] => [0, 1, y] x",
		 "t :: T;\nx :: T;\n\nt [bad] -> x;\nt [2] -> [1] x;\nt [good] -> [y] x;\n"},
	};

	check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

Test(lang_flat, groups)
{
	static const struct flat_case cases[] = {
		{"x, y :: X; x -> (->) -> y", "x :: X;\ny :: X;\n\nx -> y;\n"},
		{"x, y :: X; x -> (input -> output) -> y", "x :: X;\ny :: X;\n\nx -> y;\n"},
		{"x, y :: X; x => ( [0]->[0]; [1]->[1] ) => ( [0]->[0]; [1]->[1] ) -> y",
		 "x :: X;\ny :: X;\n\nx -> y;\nx [1] -> y;\n"},
		{"x, y :: X; x => [0,1] ( [0]->[0]; [1]->[1] ) [1,0] => y, Z",
		 "x :: X;\ny :: X;\nZ@6 :: Z;\n\nx [1] -> y;\nx -> Z@6;\n"},
		{"a, b, c, d :: I; a [0,1,2] => ( -> c ), ( -> b ), d",
		 "a :: I;\nb :: I;\nc :: I;\nd :: I;\n\na [1] -> b;\na -> c;\na [2] -> d;\n"},
		{"a, d :: I; a => (-> c :: I), (-> b :: I), d; c -> [1] d",
		 "a :: I;\nd :: I;\nc :: I;\nb :: I;\n\na [2] -> d;\na -> c\n    -> [1] d;\n"
		 "a [1] -> b;\n"},
		{"x :: X -> c :: C => ( input [0] -> output; input [1] -> P(1) -> output ) -> "
		 "y :: Y",
		 "x :: X;\nc :: C;\nP@6 :: P(1);\ny :: Y;\n\nx -> c\n    -> y;\n"
		 "c [1] -> P@6\n    -> y;\n"},
		{"x :: X -> (-> (-> (-> A ->) ->) ->) -> x",
		 "x :: X;\nA@11 :: A;\n\nA@11 -> x\n    -> A@11;\n"},
	};

	check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

Test(lang_flat, compounds)
{
	static const struct flat_case cases[] = {
		{"A -> c :: { input -> x :: X -> output } -> B",
		 "A@1 :: A;\nB@3 :: B;\nc/x :: X;\n\nA@1 -> c/x\n    -> B@3;\n"},
		{"A -> { -> X -> } -> B",
		 "A@1 :: A;\nB@3 :: B;\n@2/X@1 :: X;\n\nA@1 -> @2/X@1\n    -> B@3;\n"},
		{"c :: { input -> X -> output; input [1] -> Y -> [1] output }; a, b :: A; "
		 "a -> c -> b; a [1] -> [1] c [1] -> [1] b",
		 "a :: A;\nb :: A;\nc/X@1 :: X;\nc/Y@2 :: Y;\n\na -> c/X@1\n    -> b;\na [1] -> "
		 "c/Y@2\n    -> [1] b;\n"},
		{"elementclass Q { -> Queue -> Shaper(1000) -> } A -> q :: Q -> B -> Q -> C",
		 "A@1 :: A;\nB@3 :: B;\nC@5 :: C;\nq/Queue@1 :: Queue;\nq/Shaper@2 :: "
		 "Shaper(1000);\nQ@4/Queue@1 :: Queue;\nQ@4/Shaper@2 :: Shaper(1000);\n\nA@1 -> "
		 "q/Queue@1\n    -> q/Shaper@2\n    -> B@3\n    -> Q@4/Queue@1\n    -> "
		 "Q@4/Shaper@2\n    -> C@5;\n"},
		{"elementclass Queue { -> Queue -> S -> } A -> Queue -> B",
		 "A@1 :: A;\nB@3 :: B;\nQueue@2/Queue@1 :: Queue;\nQueue@2/S@2 :: S;\n\nA@1 -> "
		 "Queue@2/Queue@1\n    -> Queue@2/S@2\n    -> B@3;\n"},
		{"elementclass A { B } elementclass B { C } A; B",
		 "A@1/B@1 :: B;\nB@2/C@1 :: C;\n\n"},
		{"elementclass A { X } elementclass A { A; Y } A",
		 "A@1/Y@2 :: Y;\nA@1/A@1/X@1 :: X;\n\n"},
		{"elementclass A { elementclass B { X } b :: B } elementclass B { Y } A; B",
		 "A@1/b/X@1 :: X;\nB@2/Y@1 :: Y;\n\n"},
		{"elementclass A B; A(1); a :: A", "B@1 :: B(1);\na :: B;\n\n"},
		{"elementclass A { X } elementclass B A; b :: B", "b/X@1 :: X;\n\n"},
		{"a :: { b :: { c :: { D } } }", "a/b/c/D@1 :: D;\n\n"},
		{"a, b :: { X }", "a/X@1 :: X;\nb/X@1 :: X;\n\n"},
		{"{ X }; {}; {Y}", "@1/X@1 :: X;\n@3/Y@1 :: Y;\n\n"},
		{"e :: {} x :: X -> { -> } -> x", "x :: X;\n\nx -> x;\n"},
		{"x :: X; x -> d :: { input -> Y; Z -> output }; d -> x",
		 "x :: X;\nd/Y@1 :: Y;\nd/Z@2 :: Z;\n\nd/Z@2 -> x\n    -> d/Y@1;\n"},
	};

	check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

Test(lang_flat, compound_ports)
{
	static const struct flat_case cases[] = {
		// an output that nobody takes; the element inside is just not connected there
		{"x :: X -> s :: { input -> y :: Y; y -> output; y [1] -> [1] output }; s -> Z",
		 "x :: X;\nZ@3 :: Z;\ns/y :: Y;\n\nx -> s/y\n    -> Z@3;\n"},
		{"x :: X -> s :: { input -> y :: Y [err] -> [err] output; y -> output }; "
		 "s -> Z; s [err] -> E",
		 "x :: X;\nZ@3 :: Z;\nE@4 :: E;\ns/y :: Y;\n\ns/y [err] -> E@4;\nx -> s/y\n    -> "
		 "Z@3;\n"},
		{"x :: X -> f :: { input -> a :: A; input -> b :: B; a, b -> output } -> x",
		 "x :: X;\nf/a :: A;\nf/b :: B;\n\nx -> f/b\n    -> x\n    -> f/a\n    -> x;\n"},
		{"a, b :: A; a, b -> { -> } -> c :: C, d :: D",
		 "a :: A;\nb :: A;\nc :: C;\nd :: D;\n\na -> c;\nb -> c;\na -> d;\nb -> d;\n"},
	};

	check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

Test(lang_flat, tunnels)
{
	static const struct flat_case cases[] = {
		{"connectiontunnel p -> q; a, b :: A; a -> p; q -> b",
		 "a :: A;\nb :: A;\n\na -> b;\n"},
		{"connectiontunnel p1 -> p2; a, b, c :: X; a -> p1; b -> p1; p2 -> c; "
		 "a [1] -> [1] p1; p2 [1] -> D",
		 "a :: X;\nb :: X;\nc :: X;\nD@6 :: D;\n\na -> c;\nb -> c;\na [1] -> D@6;\n"},
		{"connectiontunnel p1 -> p2, q1 -> q2; a, b :: X; a -> p1; p2 -> q1; q2 -> b;",
		 "a :: X;\nb :: X;\n\na -> b;\n"},
		{"connectiontunnel p -> p/input, p/output -> p; a, b :: X; a -> p; "
		 "p/input -> Counter -> p/output; p -> b;",
		 "a :: X;\nb :: X;\nCounter@6 :: Counter;\n\na -> Counter@6\n    -> b;\n"},
		{"connectiontunnel a -> b; x :: X; x -> a; b -> a; b -> x", "x :: X;\n\nx -> x;\n"},
		{"c :: { connectiontunnel p -> q; input -> p; q -> Y -> output }; x :: X -> c -> x",
		 "x :: X;\nc/Y@3 :: Y;\n\nc/Y@3 -> x\n    -> c/Y@3;\n"},
	};

	check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

Test(lang_flat, parameters)
{
	static const struct flat_case cases[] = {
		{"{ $a | A(1, $a, 3) } (100)", "@1/A@1 :: A(1, 100, 3);\n\n"},
		{"{ | A($a) }", "@1/A@1 :: A($a);\n\n"},
		{"{ $a, $b | A($b, $a) } (x y, \"z, w\")", "@1/A@1 :: A(\"z, w\", x y);\n\n"},
		{"{ $a, $b | A($a,$b) } (, 2)", "@1/A@1 :: A(,2);\n\n"},
		{"{ COUNT $c | A($c) } (COUNT 3)", "@1/A@1 :: A(3);\n\n"},
		{"{ $a, COUNT $c, X $x | A($a, $c, $x) } (0, X 1 2, COUNT 3)",
		 "@1/A@1 :: A(0, 3, 1 2);\n\n"},
		{"{ $a, COUNT $c | A($a, $c) } (COUNT 1, COUNT 2)", "@1/A@1 :: A(COUNT 1, 2);\n\n"},
		{"{ COUNT $c | A($c) } (COUNT 1, COUNT 2)", "@1/A@1 :: A(2);\n\n"},
		{"{ COUNT $c | A($c) } (COUNT)", "@1/A@1 :: A;\n\n"},
		{"{ $a, COUNT $c, __REST__ $r | A($a; $c; $r) } (1, 2, COUNT 3, FOO 4)",
		 "@1/A@1 :: A(1; 3; 2, FOO 4);\n\n"},
		{"{ __REST__ $r | A($r) } ()", "@1/A@1 :: A;\n\n"},
		{"{ __REST__ $r | A($r) } (1, 2)", "@1/A@1 :: A(1, 2);\n\n"},
		{"elementclass F { $a | D($a) } elementclass G { $a, $b | F($b) } G(p q, r)",
		 "G@1/F@1/D@1 :: D(r);\n\n"},
		{"elementclass F { $a | elementclass B { $b | D($a) } elementclass Z { $a | I; "
		 "B($a) } Z(other) } F(stop)",
		 "F@1/Z@1/I@1 :: I;\nF@1/Z@1/B@2/D@1 :: D(stop);\n\n"},
		{"elementclass F { $a | { $b | A($a $b) } ($a$a) } F(x)",
		 "F@1/@1/A@1 :: A(x xx);\n\n"},
		{"elementclass F { $a | A($a) } F($b)", "F@1/A@1 :: A($b);\n\n"},
	};

	check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

Test(lang_flat, variables)
{
	static const struct flat_case cases[] = {
		{"define($a 1) A($a)", "A@1 :: A(1);\n\n"},
		{"A($a) define($a 1)", "A@1 :: A(1);\n\n"},
		{"define($a 1, b 2, $c) A($a, $b, $c)", "A@1 :: A(1, 2, );\n\n"},
		{"define($a $b, $b 2) A($a)", "A@1 :: A(2);\n\n"},
		{"define($a 1) A($ab ${a}b $a/b $a.b)", "A@1 :: A($ab 1b 1/b 1.b);\n\n"},
		{"define($a 1) A(${a-2}, ${b-2}, ${ b - 2 }, ${b-$a}, ${b})",
		 "A@1 :: A(1, 2,  2 , 1, ${b});\n\n"},
		{"define($a x 'y z' w) A(${a[0]}, ${a[1]}, ${a[2]}, ${a[3]}, ${ a [ 1] })",
		 "A@1 :: A(x, 'y z', w, , 'y z');\n\n"},
		{"define($a x y, $n 1) A(${a[$n]}, ${b[$n]})", "A@1 :: A(y, ${b[1]});\n\n"},
		{"define($a ${b[1]}, $b p q) A($a)", "A@1 :: A(q);\n\n"},
		{"define($a 1 \"2\" \\) A(\"$a\", '$a', \"\\$a\", $a)",
		 "A@1 :: A(\"1 \\\"2\\\" \\\\\", '$a', \"\\$a\", 1 \"2\" \\);\n\n"},
		{"define($a 1) A($(f $a), $$a, $?, $#)", "A@1 :: A($(f 1), $$a, $?, $#);\n\n"},
		{"define($a 1) A($a/* $a */$a)", "A@1 :: A(1 1);\n\n"},
		{"define($a \"x)\") A(f($a))", "A@1 :: A(f(\"x)\"));\n\n"},
		{"define($a 1) c :: { define($a 2) A($a); d :: { A($a) } } A($a)",
		 "A@2 :: A(1);\nc/A@1 :: A(2);\nc/d/A@1 :: A(2);\n\n"},
		{"c :: { A($a); define($a $b, $b 3) } define($b 4)", "c/A@1 :: A(3);\n\n"},
		{"define($x 1) elementclass C { A($x) } c :: { define($x 2) C }",
		 "c/C@1/A@1 :: A(1);\n\n"},
		{"define() define(,) A", "A@1 :: A;\n\n"},
	};

	check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

Test(lang_flat, defines_from_outside)
{
	static const struct lang_define defines[] = {{"a", "x y"}, {"b", "$a z"}, {"c", "/"}};
	static const struct flat_case cases[] = {
		{"A($a, $b)", "A@1 :: A(x y, x y z);\n\n"},
		{"define($a 1, $d 4) A($a, $b, $d)", "A@1 :: A(x y, x y z, 4);\n\n"},
		{"{ define($a 1) A($a, $b) }", "@1/A@1 :: A(1, x y z);\n\n"},
		{"{ $a | A($a, $b) } (0)", "@1/A@1 :: A(0, x y z);\n\n"},
		{"A(1 $c$c 2)", "A@1 :: A(1     );\n\n"}, // that is a comment
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(&cases[i], defines, 3);
}

Test(lang_flat, overloading)
{
	static const struct flat_case cases[] = {
		{"elementclass M { -> Q -> || $c | -> Q($c) -> } x :: X -> M -> M(7) -> x",
		 "x :: X;\nM@2/Q@1 :: Q;\nM@3/Q@1 :: Q(7);\n\nM@3/Q@1 -> x\n    -> M@2/Q@1\n"
		 "    -> M@3/Q@1;\n"},
		{"elementclass Q { $c, $r | Q($c); S($r) || ... } Q(1, 2); Q(3); q :: Q",
		 "Q@2 :: Q(3);\nq :: Q;\nQ@1/Q@1 :: Q(1);\nQ@1/S@2 :: S(2);\n\n"},
		{"elementclass F { $a, $b | A || $a, __REST__ $b | B || $a, TWO $b, __REST__ $c | "
		 "C } F(1, 2); F(1); F(1, TWO 2); F(1, 2, 3)",
		 "F@1/A@1 :: A;\nF@2/B@1 :: B;\nF@3/A@1 :: A;\nF@4/B@1 :: B;\n\n"},
		{"elementclass F { $a | A } F(1); elementclass F { $a, $b | B || ... } F(1, 2); "
		 "F(1)",
		 "F@1/A@1 :: A;\nF@2/B@1 :: B;\nF@3/A@1 :: A;\n\n"},
		{"elementclass T { input -> A || input -> B -> output } x :: X -> T; x [1] -> T -> "
		 "x",
		 "x :: X;\nT@2/A@1 :: A;\nT@3/B@1 :: B;\n\nx [1] -> T@3/B@1\n    -> x\n    -> "
		 "T@2/A@1;\n"},
		{"c :: { X || $a | Y($a) } (3)", "c/Y@1 :: Y(3);\n\n"},
		{"elementclass F { A || $a | B || $a, $b | C || ... } F(1, 2, 3); F(1, 2); F(1); F",
		 "F@1 :: F(1, 2, 3);\nF@2/C@1 :: C;\nF@3/B@1 :: B;\nF@4/A@1 :: A;\n\n"},
	};

	check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

Test(lang_flat, requirements)
{
	static const struct flat_case cases[] = {
		{"require(package foo);", "require(package foo);\n\n"},
		{"require(foo, package \"b c\", compact_config) A",
		 "require(package foo, package \"b c\", compact_config);\n\nA@1 :: A;\n\n"},
		{"require() require(,)", ""},
	};

	check_all(cases, sizeof(cases) / sizeof(cases[0]));
}
