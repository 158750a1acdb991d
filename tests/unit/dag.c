// SPDX-License-Identifier: BSD-2-Clause
// The compiler of rule lists against a twin that walks the expressions packet by packet.
#include <weir/dag.h>
#include <weir/front.h>
#include <weir/node.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <random_rules.h>
#include <stdlib.h>
#include <twin.h>

enum { NOTHING = WEIR_DROP };

static unsigned naive_run(const struct weir_exprs *e, const struct weir_rule *rules, unsigned n,
			  struct packet *p)
{
	for (unsigned i = 0; i < n; i++)
		if (twin_holds(e, rules[i].expr, p))
			return rules[i].port;
	return NOTHING;
}

static unsigned run(const struct weir_dag *d, struct packet *p)
{
	return d->data_only ? weir_dag_run_data(d, p) : weir_dag_run_ip(d, p);
}

static void random_rules(struct weir_exprs *e, struct weir_rule *rules, unsigned n, bool data_only,
			 unsigned size)
{
	for (unsigned i = 0; i < n; i++) {
		rules[i].expr = random_expr(e, data_only, 1 + random_below(size));
		rules[i].port = (uint16_t)random_below(5);
	}
}

static void check_random(bool data_only, unsigned rounds, unsigned most_rules, unsigned size)
{
	_Alignas(64) uint8_t buf[RANDOM_ROOM];
	struct packet *p = (struct packet *)buf;

	for (unsigned round = 0; round < rounds; round++) {
		struct weir_exprs e = {};
		struct weir_rule rules[64];
		unsigned n = 1 + random_below(most_rules);
		bool met[64] = {};
		struct weir_dag d;

		random_rules(&e, rules, n, data_only, size);
		cr_assert_eq(weir_dag_compile(&d, &e, rules, n, NOTHING, data_only), 0);
		cr_assert_leq(d.depth, d.n);
		for (unsigned i = 0; i < 100; i++) {
			unsigned want, got, k;

			random_packet(p);
			want = naive_run(&e, rules, n, p);
			got = run(&d, p);
			cr_assert_eq(got, want, "round %u packet %u: port %u instead of %u", round,
				     i, got, want);
			cr_assert_eq(weir_dag_run_careful(d.steps, d.careful, d.data_only, p),
				     want);
			for (k = 0; k < n && !twin_holds(&e, rules[k].expr, p); k++)
				;
			if (k < n)
				met[k] = true;
		}
		for (unsigned i = 0; i < n; i++)
			cr_assert(!met[i] || !rules[i].unused);
		weir_dag_free(&d);
		weir_exprs_free(&e);
	}
}

Test(dag, agrees_with_the_twin_on_data)
{
	random_state = 1;
	check_random(true, 1500, 6, 4);
	check_random(true, 200, 60, 3);
}

Test(dag, agrees_with_the_twin_on_headers)
{
	random_state = 2;
	check_random(false, 3000, 4, 5);
	check_random(false, 200, 20, 12);
	check_random(false, 20, 60, 60);
}

// What rules see of a packet with extension headers, whose bytes are as before when they have run.
Test(dag, agrees_with_the_twin_behind_extension_headers)
{
	_Alignas(64) uint8_t buf[RANDOM_ROOM], plain[RANDOM_ROOM], before[RANDOM_ROOM];
	struct packet *p = (struct packet *)buf;
	unsigned ports[6] = {};

	random_state = 5;
	for (unsigned round = 0; round < 2000; round++) {
		struct weir_exprs e = {};
		struct weir_rule rules[8];
		unsigned n = 1 + random_below(8);
		struct weir_dag d;

		random_rules(&e, rules, n, false, 6);
		cr_assert_eq(weir_dag_compile(&d, &e, rules, n, NOTHING, false), 0);
		for (unsigned i = 0; i < 50; i++) {
			unsigned want, got;

			random_packet6(p, (struct packet *)plain);
			memcpy(before, buf, sizeof(buf));
			want = naive_run(&e, rules, n, (struct packet *)plain);
			got = weir_dag_run_ip6(&d, p);
			cr_assert_eq(got, want, "round %u packet %u: port %u instead of %u", round,
				     i, got, want);
			cr_assert(!memcmp(before, buf, sizeof(buf)));
			ports[got < 5 ? got : 5]++;
		}
		weir_dag_free(&d);
		weir_exprs_free(&e);
	}
	for (unsigned i = 0; i < 6; i++)
		cr_expect_gt(ports[i], 1000);
}

// Many overlapping ranges of one field, which become trees.
Test(dag, agrees_with_the_twin_on_rows, .timeout = 120)
{
	static const uint32_t masks[] = {0xffff, 0xfff3, 0x0ff0, 0xff};
	_Alignas(64) uint8_t buf[RANDOM_ROOM] = {};
	struct packet *p = (struct packet *)buf;

	random_state = 4;
	p->off = 200, p->room = RANDOM_ROOM;
	for (unsigned round = 0; round < 500; round++) {
		uint32_t mask = masks[random_below(4)];
		struct weir_exprs e = {};
		struct weir_rule rules[40];
		struct weir_dag d;

		for (unsigned i = 0; i < 40; i++) {
			struct weir_test t = {.base = WEIR_BASE_TRANSPORT, .mask = mask};

			t.lo = random_below(120) & (random_below(2) ? mask : ~0u);
			t.hi = t.lo + (random_below(3) ? 0 : random_below(30));
			t.negated = random_below(40) == 0;
			rules[i].expr = weir_expr_test(&e, t);
			rules[i].port = (uint16_t)random_below(20);
		}
		cr_assert_eq(weir_dag_compile(&d, &e, rules, 40, NOTHING, false), 0);
		cr_assert_leq(d.depth, 20);
		for (unsigned v = 0; v < 200; v++) {
			p->len = random_below(10) ? 60 : 20 + random_below(5);
			weir_set_network(p, 0, 20);
			weir_data(p)[22] = (uint8_t)random_below(3);
			weir_data(p)[23] = (uint8_t)v;
			cr_assert_eq(run(&d, p), naive_run(&e, rules, 40, p), "round %u value %u",
				     round, v);
			cr_assert_eq(weir_dag_run_careful(d.steps, d.careful, false, p),
				     naive_run(&e, rules, 40, p));
		}
		weir_dag_free(&d);
		weir_exprs_free(&e);
	}
}

static struct weir_test word(uint8_t base, uint16_t off, uint32_t mask, uint32_t value)
{
	return (struct weir_test){.base = base, .off = off, .mask = mask, .lo = value, .hi = value};
}

#define RULE(expr_, port_) ((struct weir_rule){.expr = expr_, .port = port_})

// 12/0806 20/0001, 12/0806 20/0002, 12/0800, -
Test(dag, arp_and_ip_take_few_tests)
{
	struct weir_exprs e = {};
	struct weir_test arp = word(WEIR_BASE_DATA, 12, 0xffff0000, 0x08060000);
	struct weir_rule rules[4] = {
		RULE(weir_expr_and(
			     &e, weir_expr_test(&e, arp),
			     weir_expr_test(&e, word(WEIR_BASE_DATA, 20, 0xffff0000, 0x10000))),
		     0),
		RULE(weir_expr_and(
			     &e, weir_expr_test(&e, arp),
			     weir_expr_test(&e, word(WEIR_BASE_DATA, 20, 0xffff0000, 0x20000))),
		     1),
		RULE(weir_expr_test(&e, word(WEIR_BASE_DATA, 12, 0xffff0000, 0x08000000)), 2),
		RULE(weir_expr_const(&e, true), 3),
	};
	_Alignas(64) uint8_t buf[RANDOM_ROOM] = {};
	struct packet *p = (struct packet *)buf;
	struct weir_dag d;

	cr_assert_eq(weir_dag_compile(&d, &e, rules, 4, NOTHING, true), 0);
	cr_assert_eq(d.root.yes, 2, "IP is known after one test");
	cr_assert_eq(d.need, 22);
	cr_assert_leq(d.depth, 4);
	p->off = 200, p->len = 60, p->room = RANDOM_ROOM;
	weir_data(p)[12] = 8;
	cr_assert_eq(weir_dag_run_data(&d, p), 2);
	p->len = 13;
	cr_assert_eq(weir_dag_run_data(&d, p), 3);
	p->len = 14;
	cr_assert_eq(weir_dag_run_data(&d, p), 2);
	weir_data(p)[13] = 6, weir_data(p)[21] = 2;
	cr_assert_eq(weir_dag_run_data(&d, p), 3, "too short to be a reply");
	p->len = 60;
	cr_assert_eq(weir_dag_run_data(&d, p), 1);
	weir_dag_free(&d);
	weir_exprs_free(&e);
}

Test(dag, sees_rules_that_no_packet_meets)
{
	struct weir_exprs e = {};
	struct weir_test low = {.base = WEIR_BASE_TRANSPORT, .mask = 0xffff, .hi = 1023};
	struct weir_test high = {
		.base = WEIR_BASE_TRANSPORT, .mask = 0xffff, .lo = 1024, .hi = 0xffff};
	struct weir_rule rules[] = {
		RULE(weir_expr_test(&e, low), 0),
		RULE(weir_expr_test(&e, word(WEIR_BASE_TRANSPORT, 0, 0xffff, 80)), 1),
		RULE(weir_expr_test(&e, high), 1),
		RULE(weir_expr_test(&e, word(WEIR_BASE_TRANSPORT, 0, 0xffff, 8080)), 2),
		RULE(weir_expr_const(&e, true), 2), // short packets
		RULE(weir_expr_const(&e, true), 3),
	};
	static const bool want[] = {false, true, false, true, false, true};
	struct weir_dag d;

	cr_assert_eq(weir_dag_compile(&d, &e, rules, 6, NOTHING, false), 0);
	for (unsigned i = 0; i < 6; i++)
		cr_assert_eq(rules[i].unused, want[i], "rule %u", i);
	cr_assert_eq(d.depth, 1);
	weir_dag_free(&d);
	weir_exprs_free(&e);
}

// A thousand ports, each with an output of its own.
Test(dag, finds_one_of_many_values_fast, .timeout = 120)
{
	struct weir_exprs e = {};
	static struct weir_rule rules[1000];
	_Alignas(64) uint8_t buf[RANDOM_ROOM] = {};
	struct packet *p = (struct packet *)buf;
	struct weir_dag d;

	for (unsigned i = 0; i < 1000; i++) {
		struct weir_test t = word(WEIR_BASE_TRANSPORT, 2, 0xffff0000, i * 7 << 16);

		if (i % 10 == 0)
			t.hi += 3 << 16;
		rules[i] = RULE(weir_expr_test(&e, t), (uint16_t)i);
	}
	cr_assert_eq(weir_dag_compile(&d, &e, rules, 1000, NOTHING, false), 0);
	cr_assert_leq(d.depth, 11, "%u of %u", d.depth, d.n);
	cr_assert_leq(d.n, 5000);
	p->off = 200, p->len = 60, p->room = RANDOM_ROOM;
	weir_set_network(p, 0, 20);
	for (unsigned port = 0; port < 8000; port++) {
		unsigned i = port / 7, want = NOTHING;

		if (i < 1000 && (port % 7 == 0 || (i % 10 == 0 && port % 7 <= 3)))
			want = i;
		weir_data(p)[22] = (uint8_t)(port >> 8);
		weir_data(p)[23] = (uint8_t)port;
		cr_assert_eq(weir_dag_run_ip(&d, p), want, "port %u", port);
		cr_assert_eq(weir_dag_run_careful(d.steps, d.careful, false, p), want);
	}
	p->len = 23;
	cr_assert_eq(weir_dag_run_ip(&d, p), NOTHING);
	weir_dag_free(&d);
	weir_exprs_free(&e);
}

// Rules over several independent fields could make a graph that doubles with each rule.
Test(dag, does_not_explode, .timeout = 120)
{
	struct weir_exprs e = {};
	static struct weir_rule rules[4000];
	struct weir_dag d;

	random_state = 3;
	for (unsigned i = 0; i < 4000; i++) {
		unsigned x = weir_expr_const(&e, true);

		for (unsigned k = 0; k < 4; k++) {
			uint32_t mask = ~0u << random_below(32), v = random_below(~0u) & mask;

			x = weir_expr_and(&e, x,
					  weir_expr_test(&e, word(2, (uint16_t)(4 * k), mask, v)));
		}
		rules[i] = RULE(x, (uint16_t)(i % 100));
	}
	cr_assert_eq(weir_dag_compile(&d, &e, rules, 4000, NOTHING, false), 0);
	cr_assert_leq(d.n, 10 * 16000);
	weir_dag_free(&d);
	for (unsigned i = 0; i < 400; i++)
		weir_expr_test(&e, word(2, 0, 0xff, 1));
	cr_assert_eq(weir_dag_compile(&d, &e, rules, 4000, NOTHING, false), -E2BIG);
	weir_exprs_free(&e);
}

// Each value of a field takes a step of its own in a Classifier.
Test(dag, long_lists_stay_in_userspace)
{
	for (unsigned n = WEIR_DAG_DRIVER_DEPTH - 1; n <= WEIR_DAG_DRIVER_DEPTH + 1; n += 2) {
		static struct weir_rule rules[WEIR_DAG_DRIVER_DEPTH + 1];
		struct weir_front_args a = {};
		struct weir_exprs e = {};
		struct weir_dag d;

		for (unsigned i = 0; i < n; i++) {
			struct weir_test t = {.off = 30, .mask = ~0u, .lo = i, .hi = i};

			rules[i].expr = weir_expr_test(&e, t);
			rules[i].port = (uint16_t)(i % 2);
		}
		cr_assert_eq(weir_dag_compile(&d, &e, rules, n, NOTHING, true), 0);
		if (n < WEIR_DAG_DRIVER_DEPTH) {
			cr_expect_eq(weir_dag_front(&d, &a), 0);
			cr_expect_eq(a.n_share, 1);
		} else {
			cr_expect_eq(weir_dag_front(&d, &a), -ENOTSUP);
			cr_expect(strstr(a.why, "1025") && strstr(a.why, "1024"), "%s", a.why);
		}
		weir_dag_free(&d);
		weir_exprs_free(&e);
	}
}
