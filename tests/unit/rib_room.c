// SPDX-License-Identifier: BSD-2-Clause

// The tables of the kernel's routes as programs in the driver see them: what they can reach.

#include <weir/fib6.h>

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include <criterion/criterion.h>
#include <rib.h>
#include <sys/socket.h>

enum { ETH0 = 1 };

static struct rib *rib;
static const struct weir_view *view;

static void start(void)
{
	static const char *const eth0 = "eth0";
	struct rib_link l = {.index = ETH0, .up = true, .carrier = true, .name = "eth0"};
	struct rib_rule rule;

	rib = rib_new(&(struct rib_options){.devices = &eth0, .n_devices = 1});
	cr_assert(rib);
	view = rib_view(rib, eth0);
	cr_assert_eq(rib_link(rib, &l), 0);
	for (unsigned i = 0; i < 2; i++) {
		memset(&rule, 0, sizeof(rule));
		rule.family = i ? AF_INET6 : AF_INET;
		rule.table = RT_TABLE_MAIN;
		rule.action = FR_ACT_TO_TBL;
		rule.suppress_prefixlength = rule.suppress_ifgroup = -1;
		cr_assert_eq(rib_rule(rib, &rule), 0);
	}
}

static void add(bool v6, struct weir_ip6 dst, unsigned len)
{
	struct rib_hop hop = {.link = ETH0, .weight = 1};
	struct rib_route r = {.family = v6 ? AF_INET6 : AF_INET,
			      .dst = dst,
			      .len = (uint8_t)len,
			      .type = RTN_UNICAST,
			      .table = RT_TABLE_MAIN,
			      .hops = &hop,
			      .n_hops = 1};

	cr_assert_eq(rib_route(rib, &r, true, false), 0);
}

static void add_one(bool v6, uint32_t i)
{
	if (v6)
		add(true, (struct weir_ip6){.hi = (0x2000ull | (i * 40503 & 0xfff)) << 48 | 0x8000},
		    49);
	else
		add(false, rib_ip4(0x0b000000 + (i << 16)), 24);
}

// Where a table is, and how much of it a program can reach.
struct extent {
	unsigned moves;
	uint32_t room;
};

static struct extent extent_of(bool v6)
{
	if (v6)
		return (struct extent){view->fib6->moves, view->fib6->n_words};
	return (struct extent){view->fib4->moves, view->fib4->n_groups};
}

// Adds prefixes until there is memory for more, where it is.
static void grow(bool v6)
{
	struct extent was = extent_of(v6), is = was;
	bool moved = false;

	for (uint32_t i = 0; i < 4096 && is.room == was.room; i++) {
		add_one(v6, i);
		moved = rib_commit(rib);
		is = extent_of(v6);
	}
	cr_assert_neq(is.room, was.room);
	cr_assert_eq(is.moves, was.moves);
	cr_expect(moved, "IPv%d", v6 ? 6 : 4);
	rib_publish(rib);
	cr_expect_not(rib_commit(rib));
}

// Programs have to be told, or they hand over what lies beyond.
Test(rib_room, tables_grow_where_they_are)
{
	start();
	add_one(false, 0);
	add_one(true, 0);
	if (rib_commit(rib))
		rib_publish(rib);
	grow(false);
	grow(true);
	rib_free(rib);
}
