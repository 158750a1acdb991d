// SPDX-License-Identifier: BSD-2-Clause
// Switches over several packets and with their handlers, in routers.
#include <criterion/criterion.h>
#include <engine.h>
#include <graph.h>
#include <lang.h>
#include <stdio.h>

struct rig {
	struct weir_router *router;
	struct weir_engine *engine;
	struct weir_err err;
};

static void rig_open(struct rig *g, const char *text)
{
	struct weir_engine_options opt = {.n_workers = 1, .burst = 8, .simtime = true};
	struct lang_router flat = {};

	*g = (struct rig){};
	cr_assert_eq(lang_parse(&flat, "test", text, strlen(text), NULL, 0, &g->err), 0);
	if (weir_router_build(&g->router, &flat, &g->err) || weir_router_init(g->router, &g->err) ||
	    weir_engine_open(&g->engine, g->router, &opt, &g->err))
		cr_assert_fail("%s", g->err.text);
}

static void rig_close(struct rig *g)
{
	struct weir_ledger l;

	weir_ledger(g->engine, &l);
	cr_expect_eq(l.made, l.ended + l.held + l.dropped);
	weir_engine_close(g->engine);
	weir_router_free(g->router);
	weir_err_free(&g->err);
}

static void expect(struct rig *g, const char *handler, const char *want)
{
	struct weir_buf b = {};

	cr_assert_eq(weir_handler_read(g->router, handler, "", &b, &g->err), 0, "%s", g->err.text);
	cr_expect_str_eq(b.text, want, "%s is %s, not %s", handler, b.text, want);
	weir_buf_free(&b);
}

static void put(struct rig *g, const char *handler, const char *value)
{
	cr_assert_eq(weir_handler_write(g->router, handler, value, &g->err), 0, "%s", g->err.text);
}

static void rounds(struct rig *g, unsigned n)
{
	while (n--)
		weir_worker_round(&g->engine->workers[0]);
}

Test(switches, round_robin_goes_on_with_the_next_batch)
{
	struct rig g;

	rig_open(&g, "InfiniteSource(LIMIT 20) -> r :: RoundRobinSwitch;"
		     "r[0] -> a :: Counter -> Discard; r[1] -> b :: Counter -> Discard;"
		     "r[2] -> c :: Counter -> Discard;");
	rounds(&g, 10);
	expect(&g, "a.count", "7");
	expect(&g, "b.count", "7");
	expect(&g, "c.count", "6");
	rig_close(&g);
}

Test(switches, switch_can_be_turned)
{
	struct rig g;

	rig_open(&g, "s :: RatedSource(RATE 1000) -> w :: Switch(1);"
		     "w[0] -> a :: Counter -> Discard; w[1] -> b :: Counter -> Discard;");
	expect(&g, "w.switch", "1");
	rounds(&g, 5);
	expect(&g, "a.count", "0");
	put(&g, "b.reset", "");
	put(&g, "w.switch", "0");
	rounds(&g, 5);
	expect(&g, "b.count", "0");
	put(&g, "a.reset", "");
	put(&g, "w.switch", "2");
	expect(&g, "w.switch", "-1");
	expect(&g, "w.config", "-1");
	rounds(&g, 5);
	expect(&g, "a.count", "0");
	expect(&g, "b.count", "0");
	cr_expect_lt(weir_handler_write(g.router, "w.switch", "x", &g.err), 0);
	expect(&g, "w.switch", "-1");
	rig_close(&g);
}

Test(switches, pull_switch_can_be_turned)
{
	struct rig g;

	rig_open(&g, "InfiniteSource(LIMIT 4) -> q :: Queue -> [0] p :: PullSwitch(7);"
		     "InfiniteSource(LIMIT 4) -> r :: Queue -> [1] p;"
		     "p -> Unqueue -> c :: Counter -> Discard;");
	expect(&g, "p.switch", "-1");
	rounds(&g, 20);
	expect(&g, "c.count", "0");
	put(&g, "p.switch", "1");
	rounds(&g, 20);
	expect(&g, "c.count", "4");
	expect(&g, "q.length", "4");
	put(&g, "p.switch", "-3");
	expect(&g, "p.switch", "-1");
	put(&g, "p.switch", "0");
	rounds(&g, 20);
	expect(&g, "c.count", "8");
	rig_close(&g);
}

Test(switches, hash_switch_spreads)
{
	struct rig g;

	// bytes 0..3 are 1: the sum is 4
	rig_open(&g, "InfiniteSource(DATA \\<01010101>, LIMIT 5) -> h :: HashSwitch(0, 4);"
		     "h[0] -> a :: Counter -> Discard; h[1] -> b :: Counter -> Discard;"
		     "h[2] -> c :: Counter -> Discard;");
	rounds(&g, 5);
	expect(&g, "a.count", "0");
	expect(&g, "b.count", "5");
	rig_close(&g);
}

Test(switches, rules_can_be_changed)
{
	struct rig g;

	rig_open(&g, "InfiniteSource(DATA \\<0102>, LIMIT 5) -> k :: Classifier(0/02, -);"
		     "k[0] -> a :: Counter -> Discard; k[1] -> b :: Counter -> Discard;");
	put(&g, "k.config", "0/01, -");
	rounds(&g, 5);
	expect(&g, "a.count", "5");
	cr_expect_lt(weir_handler_write(g.router, "k.config", "0/01", &g.err), 0);
	cr_expect_lt(weir_handler_write(g.router, "k.config", "0/01, 0/02, -", &g.err), 0);
	expect(&g, "k.program",
	       "  0  data[0:4] & ff000000 == 01000000  yes [0]  no [1]\n"
	       "packets with 4 bytes or more begin at 0, others at 0\n");
	rig_close(&g);
}
