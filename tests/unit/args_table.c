// SPDX-License-Identifier: BSD-2-Clause
// Argument tables: positions, keywords, defaults, and what is said of mistakes.

#include "args_table.h"

#include <weir/element.h>

#include "graph.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

struct thing {
	uint32_t limit;
	char *label;
	bool stop, limit_given;
	unsigned mode;
	uint8_t ttl;
	char rest[128];
};

static const char *const modes[] = {"fast", "slow", NULL};

static const struct weir_arg thing_args[] = {
	WEIR_ARG(STRING, thing, label, "LABEL", "what it is called", WEIR_MAND),
	WEIR_ARG(U32, thing, limit, "LIMIT", "most packets", WEIR_POS, .def = "7",
		 .given = offsetof(struct thing, limit_given)),
	WEIR_ARG(BOOL, thing, stop, "STOP", "stops the router"),
	WEIR_ARG(ENUM, thing, mode, "MODE", "how", .names = modes),
	WEIR_ARG(U8, thing, ttl, "TTL", "time to live", .def = "64", .min = 1, .max = 255),
	{.name = "ACTIVE", .type = WEIR_T_BOOL, .flags = WEIR_DEPRECATED},
	{},
};

static int collect_rest(struct weir_element *e, struct weir_args *a)
{
	struct thing *t = e->self;

	for (unsigned i = 0; i < a->n_rest; i++) {
		strcat(strcat(t->rest, a->rest[i]), ";");
		if (strcmp(a->rest[i], "bad") == 0)
			weir_args_error(a, (int)i, "this is bad");
	}
	return 0;
}

static const struct weir_class strict = {
	.name = "Strict", .args = thing_args, .self_size = sizeof(struct thing)};
static const struct weir_class free_form = {.name = "Free",
					    .args = thing_args,
					    .self_size = sizeof(struct thing),
					    .configure = collect_rest,
					    .rest = "WORD",
					    .rest_help = "a word"};
static const struct weir_class bare = {.name = "Bare", .self_size = sizeof(struct thing)};
static const struct weir_class listing = {.name = "Listing",
					  .self_size = sizeof(struct thing),
					  .configure = collect_rest,
					  .rest = "WORD",
					  .rest_help = "a word"};

static int configure(struct weir_element *e, const struct weir_class *class, const char *text,
		     struct weir_err *err)
{
	*e = (struct weir_element){
		.name = "x", .class = class, .self = calloc(1, class->self_size)};
	return weir_configure(e, text, NULL, err);
}

static void release(struct weir_element *e)
{
	weir_unconfigure(e);
	free(e->self);
}

struct good {
	const struct weir_class *class;
	const char *text, *label;
	unsigned limit, stop, mode, ttl, given;
	const char *rest;
};

Test(args_table, accepts)
{
	static const struct good rows[] = {
		{&strict, "a", "a", 7, 0, 0, 64, 0, ""},
		{&strict, "a, 5", "a", 5, 0, 0, 64, 1, ""},
		{&strict, "LABEL a, LIMIT 5", "a", 5, 0, 0, 64, 1, ""},
		{&strict, "LIMIT 5, LABEL a", "a", 5, 0, 0, 64, 1, ""},
		{&strict, "a, STOP true, TTL 1, MODE Slow", "a", 7, 1, 1, 1, 0, ""},
		{&strict, "LABEL a, LIMIT 1, LIMIT 0x10", "a", 16, 0, 0, 64, 1, ""},
		{&strict, "\"LIMIT 5\"", "LIMIT 5", 7, 0, 0, 64, 0, ""},
		{&strict, "LIMIT, 3", "LIMIT", 3, 0, 0, 64, 1, ""},
		{&strict, "a, ACTIVE true", "a", 7, 0, 0, 64, 0, ""},
		{&strict, "a /* b */ , // c\n 3", "a", 3, 0, 0, 64, 1, ""},
		{&free_form, "a, 3, b c, d", "a", 3, 0, 0, 64, 1, "b c;d;"},
		{&free_form, "a, b c, STOP true", "a", 7, 1, 0, 64, 0, "b c;"},
		{&bare, "", NULL, 0, 0, 0, 0, 0, ""},
		{&bare, " // nothing\n", NULL, 0, 0, 0, 0, 0, ""},
		{&listing, "1 2, \"3,4\", LIMIT 5", NULL, 0, 0, 0, 0, 0, "1 2;\"3,4\";LIMIT 5;"},
		{},
	};

	for (const struct good *g = rows; g->class; g++) {
		struct weir_err err = {};
		struct weir_element e;
		int r = configure(&e, g->class, g->text, &err);
		const struct thing *t = e.self;

		cr_assert_eq(r, 0, "`%s': %s", g->text, err.text);
		cr_expect_eq(err.n_errors, 0);
		cr_expect(g->label ? strcmp(t->label, g->label) == 0 : !t->label, "`%s'", g->text);
		cr_expect_eq(t->limit, g->limit, "`%s'", g->text);
		cr_expect_eq(t->stop, g->stop, "`%s'", g->text);
		cr_expect_eq(t->mode, g->mode, "`%s'", g->text);
		cr_expect_eq(t->ttl, g->ttl, "`%s'", g->text);
		cr_expect_eq(t->limit_given, g->given, "`%s'", g->text);
		cr_expect_str_eq(t->rest, g->rest, "`%s'", g->text);
		release(&e);
		weir_err_free(&err);
	}
}

struct bad {
	const struct weir_class *class;
	const char *text, *want;
};

Test(args_table, refuses)
{
	static const struct bad rows[] = {
		{&strict, "", "argument `LABEL': missing (what it is called)\n"},
		{&strict, "LIMIT 5", "argument `LABEL': missing (what it is called)\n"},
		{&strict, "a, b", "argument `LIMIT': expected an unsigned number, got `b'\n"},
		{&strict, "a, 1, 2", "too many arguments: Strict takes 2 without a keyword\n"},
		{&strict, "a, 1, 2, 3", "too many arguments: Strict takes 2 without a keyword\n"},
		{&strict, "a, LIMTI 5", "unknown argument `LIMTI', did you mean `LIMIT'?\n"},
		{&strict, "a, stop true", "unknown argument `stop', did you mean `STOP'?\n"},
		{&strict, "a, ELEPHANT 5", "unknown argument `ELEPHANT'\n"},
		{&strict, "a, TTL 0", "argument `TTL': 0 is out of range, must be 1 to 255\n"},
		{&strict, "a, MODE quick",
		 "argument `MODE': expected one of fast, slow, got `quick'\n"},
		{&strict, "a, TTL 300, STOP 7",
		 "argument `STOP': expected true or false, got `7'\n"
		 "argument `TTL': 300 is out of range, must be 1 to 255\n"},
		{&strict, "LABEL a, 5", "too many arguments: Strict takes 2 without a keyword\n"},
		{&bare, "1", "too many arguments: Bare takes none\n"},
		{&bare, "LIMIT 1", "too many arguments: Bare takes none\n"},
		{&listing, "ok, bad", "this is bad\n"},
		{&free_form, "a, LIMIT x, bad",
		 "argument `LIMIT': expected an unsigned number, got `x'\n"},
		{},
	};

	for (const struct bad *b = rows; b->class; b++) {
		struct weir_err err = {};
		struct weir_element e;
		int r = configure(&e, b->class, b->text, &err);

		cr_expect_eq(r, -EINVAL, "`%s'", b->text);
		cr_expect_str_eq(err.text ? err.text : "", b->want, "`%s': got %s", b->text,
				 err.text);
		release(&e);
		weir_err_free(&err);
	}
}

// Messages point at the argument, also when a part of it came from a variable.
Test(args_table, points_at_the_argument)
{
	static const char source[] = "define($N 300)\nx :: Strict(a, /* b */\n   TTL $N);\n";
	struct weir_router r = {};
	struct weir_element e = {.name = "x", .class = &strict, .router = &r};
	struct weir_err err = {};

	cr_assert_eq(lang_parse(&r.flat, "f", source, strlen(source), NULL, 0, &err), 0);
	e.self = calloc(1, sizeof(struct thing));
	cr_assert_eq(weir_configure(&e, r.flat.elements[0].config, NULL, &err), -EINVAL);
	cr_assert_str_eq(err.text, "f:3:8: argument `TTL': 300 is out of range, must be 1 to 255\n"
				   "     TTL $N);\n"
				   "         ^\n");
	weir_err_free(&err);
	release(&e);
	lang_router_free(&r.flat);
}

static int agree(const struct weir_element *, struct weir_err *)
{
	return 0;
}

static int refuse(const struct weir_element *e, struct weir_err *)
{
	cr_expect_str_eq(((struct thing *)e->self)->label, "d");
	return -EBUSY;
}

Test(args_table, reconfigures_or_stays)
{
	struct weir_element e;
	struct weir_err err = {};

	cr_assert_eq(configure(&e, &strict, "a, 1", &err), 0);
	cr_assert_eq(weir_reconfigure(&e, "b, 2", agree, &err), 0);
	cr_assert_str_eq(((struct thing *)e.self)->label, "b");
	cr_assert_eq(weir_reconfigure(&e, "c, x", agree, &err), -EINVAL);
	cr_assert_str_eq(((struct thing *)e.self)->label, "b");
	cr_assert_eq(weir_reconfigure(&e, "d, 3", refuse, &err), -EBUSY);
	cr_assert_str_eq(((struct thing *)e.self)->label, "b");
	cr_assert_eq(((struct thing *)e.self)->limit, 2);
	weir_err_free(&err);
	release(&e);
}
