// SPDX-License-Identifier: BSD-2-Clause

// The mirror of the kernel's routing case by case: shares of groups and how few of them change,
// limits, views, sources, memory.

#include <weir/fib6.h>

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <rib.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LO = 1, ETH0, ETH1, ETH2, ETH3, VRF, OTHER, VRF_TABLE = 10, WG_TABLE = 51820 };

static const char *const devices[] = {"eth0", "eth1", "eth2", "eth3"};
static const char *const names[] = {"lo", "eth0", "eth1", "eth2", "eth3", "blue", "other"};
static struct rib *rib;
static const struct weir_view *view;

static void commit(void)
{
	if (rib_commit(rib))
		rib_publish(rib);
}

static void set_link(uint32_t index, bool up, bool carrier)
{
	struct rib_link l = {.index = index, .up = up, .carrier = carrier};

	strcpy(l.name, names[index - 1]);
	l.vrf_table = index == VRF ? VRF_TABLE : 0;
	cr_assert_eq(rib_link(rib, &l), 0);
}

static struct rib_rule rule(uint8_t family, uint32_t priority, uint32_t table)
{
	struct rib_rule r;

	memset(&r, 0, sizeof(r));
	r.family = family;
	r.priority = priority;
	r.table = table;
	r.action = FR_ACT_TO_TBL;
	r.suppress_prefixlength = r.suppress_ifgroup = -1;
	return r;
}

static void start(const struct rib_options *o)
{
	struct rib_options all = *o;

	all.devices = devices;
	all.n_devices = 4;
	rib = rib_new(&all);
	cr_assert_neq(rib, NULL);
	view = rib_view(rib, "eth0");
	for (uint32_t i = LO; i <= OTHER; i++)
		set_link(i, true, true);
	for (unsigned i = 0; i < 2; i++) {
		uint8_t family = i ? AF_INET6 : AF_INET;
		struct rib_rule v[] = {rule(family, 0, RT_TABLE_LOCAL), rule(family, 1000, 0),
				       rule(family, 32766, RT_TABLE_MAIN),
				       rule(family, 32767, RT_TABLE_DEFAULT)};

		v[1].l3mdev = true;
		for (unsigned k = 0; k < 4; k++)
			cr_assert_eq(rib_rule(rib, &v[k]), 0);
	}
	commit();
}

static struct rib_route route4(uint32_t dst, unsigned len, const struct rib_hop *hops, unsigned n)
{
	return (struct rib_route){.family = AF_INET,
				  .dst = rib_ip4(dst),
				  .len = (uint8_t)len,
				  .type = RTN_UNICAST,
				  .table = RT_TABLE_MAIN,
				  .hops = hops,
				  .n_hops = n};
}

static struct rib_hop hop4(uint32_t link, uint32_t gw, uint32_t weight)
{
	return (struct rib_hop){
		.link = link, .weight = weight, .gw_family = gw ? AF_INET : 0, .gw = rib_ip4(gw)};
}

static void add4(uint32_t dst, unsigned len, uint32_t link, uint32_t gw)
{
	struct rib_hop hop = hop4(link, gw, 1);
	struct rib_route r = route4(dst, len, &hop, 1);

	cr_assert_eq(rib_route(rib, &r, true, false), 0);
}

static const struct weir_hop *hop_of(const struct weir_view *v, uint32_t dst)
{
	uint32_t value = weir_fib4_lookup(v->fib4, dst);

	return value == WEIR_FIB4_NONE ? &v->hops[WEIR_HOP_NO_ROUTE] : &v->hops[value];
}

static struct rib_counts counts(void)
{
	struct rib_counts c;

	rib_count(rib, &c);
	return c;
}

// --- groups -----------------------------------------------------------------------------------

enum { SOME = 256 };

struct shares {
	uint32_t n, of[4]; // buckets; of each device
	uint32_t bucket[SOME];
};

static struct shares shares_of(uint32_t dst)
{
	const struct weir_hop *g = hop_of(view, dst);
	struct shares s = {.n = g->mask + 1};

	cr_assert_gt(g->mask, 0);
	for (uint32_t i = 0; i < s.n; i++) {
		s.bucket[i % SOME] = view->buckets[g->first + i];
		s.of[view->hops[s.bucket[i % SOME]].port - WEIR_HOP_DEVICE]++;
	}
	return s;
}

static uint32_t differ(const struct shares *a, const struct shares *b)
{
	uint32_t n = 0;

	cr_assert_eq(a->n, b->n);
	cr_assert_leq(a->n, SOME);
	for (uint32_t i = 0; i < a->n; i++)
		n += a->bucket[i] != b->bucket[i];
	return n;
}

static void add_group(unsigned n, bool resilient)
{
	struct rib_member m[4];
	struct rib_nexthop g = {.id = 10,
				.family = AF_INET,
				.resilient = resilient,
				.n_buckets = resilient ? 128 : 0,
				.members = m,
				.n_members = n};

	for (uint32_t i = 0; i < n; i++) {
		struct rib_nexthop one = {
			.id = 1 + i, .family = AF_INET, .hop = hop4(ETH0 + i, 0x0a000001 + i, 1)};

		cr_assert_eq(rib_nexthop(rib, &one), 0);
		m[i] = (struct rib_member){1 + i, 1};
	}
	cr_assert_eq(rib_nexthop(rib, &g), 0);
}

// A member that leaves gives its buckets to the others, and no other bucket changes; one that
// comes gets as many as it needs from them. No route changes for that.
Test(rib_cases, resilience)
{
	struct rib_route r = route4(0x0b000000, 8, NULL, 0);
	struct shares before, after;
	uint64_t changed;

	start(&(struct rib_options){0});
	add_group(4, true);
	r.nexthop = 10;
	cr_assert_eq(rib_route(rib, &r, false, false), 0);
	commit();
	before = shares_of(0x0b000001);
	cr_assert_eq(before.n, 128);
	for (unsigned i = 0; i < 4; i++)
		cr_expect_eq(before.of[i], 32);

	changed = counts().changes;
	cr_assert_eq(rib_nexthop_gone(rib, 2), 0);
	commit();
	after = shares_of(0x0b000001);
	cr_expect_eq(after.of[1], 0);
	cr_expect_eq(differ(&before, &after), 32);
	cr_expect_eq(after.of[0] + after.of[2] + after.of[3], 128);
	cr_expect_leq(after.of[0], 43);
	cr_expect_geq(after.of[0], 42);

	add_group(4, true);
	commit();
	before = shares_of(0x0b000001);
	cr_expect_eq(differ(&before, &after), 32);
	for (unsigned i = 0; i < 4; i++)
		cr_expect_eq(before.of[i], 32);
	cr_expect_eq(counts().changes, changed, "the route changed");
	cr_expect_eq(counts().buckets_changed, 64);
	rib_free(rib);
}

// The same for routes without objects, while links come and go.
Test(rib_cases, resilience_of_links)
{
	struct rib_hop hops[] = {hop4(ETH0, 1, 1), hop4(ETH1, 2, 2), hop4(ETH2, 3, 5)};
	struct rib_route r = route4(0x0b000000, 8, hops, 3);
	struct shares before, after;

	start(&(struct rib_options){0});
	cr_assert_eq(rib_route(rib, &r, false, false), 0);
	commit();
	before = shares_of(0x0b000001);
	cr_expect_eq(before.of[0] * 8, before.n);
	cr_expect_eq(before.of[1] * 4, before.n);
	set_link(ETH1, true, false);
	commit();
	after = shares_of(0x0b000001);
	cr_expect_eq(after.of[1], 0);
	cr_expect_eq(differ(&before, &after), before.of[1]);
	set_link(ETH1, true, true);
	commit();
	after = shares_of(0x0b000001);
	for (unsigned i = 0; i < 3; i++)
		cr_expect_eq(after.of[i], before.of[i]);
	set_link(ETH1, false, false);
	set_link(ETH2, false, false);
	commit();
	after = shares_of(0x0b000001);
	cr_expect_eq(after.of[0], after.n);
	set_link(ETH0, false, false);
	commit();
	cr_expect_eq(hop_of(view, 0x0b000001)->port, WEIR_HOP_NO_ROUTE);
	cr_expect_eq(counts().routes[0], 0, "the kernel has forgotten it");
	rib_free(rib);
}

// A route whose set of next hops is replaced (as BGP does) keeps the flows of those that stay.
Test(rib_cases, resilience_of_replaced_routes)
{
	struct rib_hop hops[] = {hop4(ETH0, 1, 1), hop4(ETH1, 2, 1), hop4(ETH2, 3, 1),
				 hop4(ETH3, 4, 1)};
	struct rib_route r = route4(0x0b000000, 8, hops, 4);
	struct shares before, after;

	start(&(struct rib_options){0});
	cr_assert_eq(rib_route(rib, &r, false, false), 0);
	commit();
	before = shares_of(0x0b000001);
	r.n_hops = 3;
	cr_assert_eq(rib_route(rib, &r, true, false), 0);
	commit();
	after = shares_of(0x0b000001);
	cr_expect_eq(differ(&before, &after), before.n / 4);
	cr_expect_eq(after.of[3], 0);
	rib_free(rib);
}

// All weights that the kernel has come out, as near as the buckets allow.
Test(rib_cases, weights)
{
	start(&(struct rib_options){0});
	for (uint32_t w = 1; w <= 256; w += 15) {
		struct rib_hop hops[] = {hop4(ETH0, 1, w), hop4(ETH1, 2, 1), hop4(ETH2, 3, 256)};
		struct rib_route r = route4(0x0b000000, 8, hops, 3);
		uint32_t all = w + 257;
		struct shares s;

		cr_assert_eq(rib_route(rib, &r, true, false), 0);
		commit();
		s = shares_of(0x0b000001);
		cr_assert_leq(abs((int)(s.of[0] * all) - (int)(s.n * w)), (int)all);
		cr_assert_leq(abs((int)(s.of[1] * all) - (int)s.n), (int)all);
		cr_assert_geq(s.of[1], 1);
	}
	rib_free(rib);
}

// --- limits -----------------------------------------------------------------------------------

Test(rib_cases, limit_of_routes)
{
	struct rib_hop hop = hop4(ETH0, 0x0a000001, 1);
	struct rib_route r = route4(0x0c000000, 8, &hop, 1);

	start(&(struct rib_options){.most_routes4 = 100});
	for (uint32_t i = 0; i < 100; i++)
		add4(0x0b000000 + (i << 8), 24, ETH0, 0x0a000001);
	cr_expect_not(rib_incomplete(rib, AF_INET));
	cr_expect_eq(rib_route(rib, &r, false, false), -ENOSPC);
	cr_expect_eq(rib_route(rib, &r, false, false), -ENOSPC);
	commit();
	cr_expect_eq(counts().refused[0], 2);
	cr_expect(rib_incomplete(rib, AF_INET));
	cr_expect_not(rib_incomplete(rib, AF_INET6));
	cr_expect_eq(counts().routes[0], 100);
	cr_expect_eq(hop_of(view, 0x0c000001)->port, WEIR_HOP_NO_ROUTE);
	add4(0x0b000000, 24, ETH1, 0x0a000002); // what is there may change
	commit();
	cr_expect_eq(hop_of(view, 0x0b000001)->port, WEIR_HOP_DEVICE + 1);
	hop = hop4(ETH1, 0x0a000002, 1);
	r = route4(0x0b000000, 24, &hop, 1);
	cr_expect_eq(rib_route_gone(rib, &r), 0);
	cr_expect_eq(rib_route_gone(rib, &r), -ENOENT);
	r = route4(0x0c000000, 8, &hop, 1);
	cr_expect_eq(rib_route(rib, &r, false, false), 0);
	commit();
	cr_expect_eq(hop_of(view, 0x0c000001)->port, WEIR_HOP_DEVICE + 1);
	rib_resync_begin(rib, &(struct rib_scope){.kinds = RIB_ROUTES, .family = AF_INET});
	cr_expect_not(rib_incomplete(rib, AF_INET));
	rib_resync_end(rib);
	commit();
	cr_expect_eq(counts().routes[0], 0);
	rib_free(rib);
}

// More next hops than numbers for them: those beyond go to the host, none to a wrong place.
Test(rib_cases, limit_of_hops)
{
	start(&(struct rib_options){.most_hops = 20, .most_buckets = 256});
	for (uint32_t i = 0; i < 100; i++)
		add4(0x0b000000 + (i << 8), 24, ETH0, 0x0a000001 + i);
	commit();
	for (uint32_t i = 0; i < 100; i++) {
		const struct weir_hop *h = hop_of(view, 0x0b000001 + (i << 8));

		cr_expect_eq(h->port, i < 15 ? (uint32_t)WEIR_HOP_DEVICE : 0);
		cr_expect_eq(h->gw4.be, i < 15 ? __builtin_bswap32(0x0a000001 + i) : 0);
	}
	cr_expect_eq(counts().refused_hops, 85);
	cr_expect_eq(counts().hops, 20);
	rib_free(rib);
}

Test(rib_cases, nonsense)
{
	struct rib_hop hop = hop4(ETH0, 0, 1);
	struct rib_route r = route4(0x0b000000, 33, &hop, 1);

	start(&(struct rib_options){0});
	cr_expect_eq(rib_route(rib, &r, false, false), -EINVAL);
	r = route4(0x0b000001, 24, &hop, 1);
	cr_expect_eq(rib_route(rib, &r, false, false), -EINVAL);
	r = route4(0x0b000000, 24, NULL, 0);
	cr_expect_eq(rib_route(rib, &r, false, false), -EINVAL);
	r.family = 7;
	cr_expect_eq(rib_route(rib, &r, false, false), -EINVAL);
	cr_expect_eq(rib_route_gone(rib, &r), -EINVAL);
	cr_expect_eq(rib_link(rib, &(struct rib_link){0}), -EINVAL);
	cr_expect_eq(rib_nexthop(rib, &(struct rib_nexthop){0}), -EINVAL);
	cr_expect_eq(rib_addr(rib, &(struct rib_addr){.family = 7}), -EINVAL);
	cr_expect_eq(rib_link_gone(rib, 99), -ENOENT);
	cr_expect_eq(rib_nexthop_gone(rib, 99), -ENOENT);
	cr_expect_eq(counts().routes[0], 0);
	rib_free(rib);
}

// --- numbers ----------------------------------------------------------------------------------

// A number that readers may have means what it meant, until a grace period is over; then it is
// used again, so that routes which come and go take no more of them.
Test(rib_cases, numbers_are_used_again)
{
	struct weir_hop was;
	uint32_t first, value;
	unsigned i = 0;

	start(&(struct rib_options){.most_hops = 4000});
	add4(0x0b000000, 8, ETH0, 0x0a000001);
	commit();
	first = weir_fib4_lookup(view->fib4, 0x0b000001);
	was = view->hops[first];
	add4(0x0b000000, 8, ETH0, 0x0a000002);
	commit();
	add4(0x0c000000, 8, ETH0, 0x0a000003);
	commit();
	cr_expect_eq(memcmp(&was, &view->hops[first], sizeof(was)), 0);
	do {
		add4(0x0b000000, 8, ETH0, 0x0a000100 + i++);
		commit();
		usleep(100);
		value = weir_fib4_lookup(view->fib4, 0x0b000001);
		cr_assert_geq(value, (uint32_t)WEIR_HOP_DEVICE, "no number is left");
	} while (value != first);
	cr_expect_eq(counts().refused_hops, 0);
	rib_free(rib);
}

// --- views ------------------------------------------------------------------------------------

Test(rib_cases, views)
{
	const struct weir_view *eth1, *in_vrf, *none;
	struct rib_hop hop = hop4(ETH2, 0x0a000002, 1);
	struct rib_route r = route4(0, 0, &hop, 1);
	struct rib_link l = {.index = ETH3, .up = true, .carrier = true, .master = VRF};
	struct rib_rule more = rule(AF_INET, 100, 77);
	const struct weir_fib4 *was;

	start(&(struct rib_options){0});
	eth1 = rib_view(rib, "eth1");
	in_vrf = rib_view(rib, "eth3");
	none = rib_view(rib, NULL);
	cr_expect_eq(rib_view(rib, "eth1"), eth1);
	cr_expect_eq(eth1->fib4, view->fib4);
	cr_expect_eq(none->fib6, in_vrf->fib6);
	cr_expect_eq(counts().views, 2);

	add4(0, 0, ETH0, 0x0a000001);
	r.table = VRF_TABLE;
	cr_assert_eq(rib_route(rib, &r, false, false), 0);
	strcpy(l.name, "eth3");
	cr_assert_eq(rib_link(rib, &l), 0);
	was = eth1->fib4;
	cr_assert(rib_commit(rib));
	cr_expect_eq(in_vrf->fib4, was, "before it is published");
	rib_publish(rib);
	cr_expect_neq(in_vrf->fib4, was);
	cr_expect_eq(eth1->fib4, was);
	cr_expect_eq(counts().views, 4);
	cr_expect_eq(hop_of(eth1, 1)->port, WEIR_HOP_DEVICE);
	cr_expect_eq(hop_of(in_vrf, 1)->port, WEIR_HOP_DEVICE + 2);

	// a rule for all changes tables where they are
	cr_assert_eq(rib_rule(rib, &more), 0);
	cr_expect_not(rib_commit(rib));
	cr_expect_eq(counts().views, 4);

	l.master = 0;
	cr_assert_eq(rib_link(rib, &l), 0);
	commit();
	cr_expect_eq(in_vrf->fib4, was);
	cr_expect_eq(counts().views, 2);
	rib_free(rib);
}

// As wg-quick does: all but the default route of main, then the tunnel, for what is not marked.
Test(rib_cases, suppressed_default)
{
	struct rib_rule first = rule(AF_INET, 31000, RT_TABLE_MAIN);
	struct rib_rule second = rule(AF_INET, 31001, WG_TABLE);
	struct rib_hop hop = {.link = OTHER};
	struct rib_route r = route4(0, 0, &hop, 1);

	start(&(struct rib_options){0});
	first.suppress_prefixlength = 0;
	second.mark = 51820;
	second.mark_mask = ~0u;
	second.invert = true;
	r.table = WG_TABLE;
	cr_assert_eq(rib_rule(rib, &first), 0);
	cr_assert_eq(rib_rule(rib, &second), 0);
	cr_assert_eq(rib_route(rib, &r, false, false), 0);
	add4(0, 0, ETH0, 0x0a000001);
	add4(0x0b000000, 8, ETH1, 0x0a000002);
	commit();
	cr_expect_eq(hop_of(view, 0x0b000001)->port, WEIR_HOP_DEVICE + 1);
	cr_expect_eq(hop_of(view, 0x0c000001)->port, WEIR_HOP_HOST);
	cr_assert_eq(rib_rule_gone(rib, &second), 0);
	commit();
	cr_expect_eq(hop_of(view, 0x0c000001)->port, WEIR_HOP_DEVICE);
	rib_free(rib);
}

// --- sources ----------------------------------------------------------------------------------

static void add_addr(uint32_t link, uint32_t addr, unsigned len, bool secondary)
{
	struct rib_addr a = {.link = link,
			     .family = AF_INET,
			     .len = (uint8_t)len,
			     .scope = link == LO ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE,
			     .secondary = secondary,
			     .addr = rib_ip4(addr)};

	cr_assert_eq(rib_addr(rib, &a), 0);
}

static uint32_t source_to(const struct weir_view *v, uint32_t dst)
{
	be32 to = {__builtin_bswap32(dst)}, src = {0};

	return rib_source4(rib, v, to, &src) ? __builtin_bswap32(src.be) : 0;
}

Test(rib_cases, sources_ipv4)
{
	struct rib_hop hop = hop4(ETH0, 0x0a000102, 1);
	struct rib_route r = route4(0x0d000000, 8, &hop, 1);
	struct rib_hop hop3 = hop4(ETH3, 0, 1);
	struct rib_route in_vrf = route4(0x0a000200, 24, &hop3, 1);
	struct rib_link l = {.index = ETH3, .name = "eth3", .up = true, .carrier = true};

	start(&(struct rib_options){0});
	add_addr(LO, 0x7f000001, 8, false);
	add_addr(ETH3, 0x0a000201, 24, false);
	add_addr(ETH0, 0x0a000001, 24, false);
	add_addr(ETH0, 0x0a000101, 24, false);
	add_addr(ETH0, 0x0a000103, 24, true);
	add4(0x0a000000, 24, ETH0, 0);
	add4(0x0b000000, 8, ETH0, 0x0a000102); // the second subnet
	add4(0x0c000000, 8, ETH1, 0);	       // has no address
	add4(0x0e000000, 8, OTHER, 0);	       // not the router's, but the host's
	r.has_prefsrc = true;
	r.prefsrc = rib_ip4(0x0a000103);
	cr_assert_eq(rib_route(rib, &r, false, false), 0);
	l.master = VRF;
	in_vrf.table = VRF_TABLE;
	cr_assert(!rib_link(rib, &l) && !rib_route(rib, &in_vrf, false, false));
	commit();
	cr_expect_eq(source_to(rib_view(rib, "eth3"), 0x0a000209), 0x0a000201);
	cr_expect_eq(source_to(view, 0x0a000209), 0);
	cr_expect_eq(source_to(view, 0x0a000009), 0x0a000001);
	cr_expect_eq(source_to(view, 0x0b000009), 0x0a000101);
	cr_expect_eq(source_to(view, 0x0d000009), 0x0a000103);
	cr_expect_eq(source_to(view, 0x0c000009), 0x0a000001);
	cr_expect_eq(source_to(view, 0x0e000009), 0x0a000001);
	cr_expect_eq(source_to(view, 0x0f000009), 0);
	rib_free(rib);
}

Test(rib_cases, sources_ipv6)
{
	const struct weir_ip6 addrs[] = {
		{0xfe80ull << 48, 1}, {0x20010db800010000, 1}, {0x20010db800020000, 1}};
	struct rib_hop hop = {.link = ETH0};
	struct rib_route r = {.family = AF_INET6,
			      .type = RTN_UNICAST,
			      .table = RT_TABLE_MAIN,
			      .hops = &hop,
			      .n_hops = 1};
	struct weir_ip6 src;

	start(&(struct rib_options){0});
	for (unsigned i = 0; i < 3; i++) {
		struct rib_addr a = {.link = ETH0,
				     .family = AF_INET6,
				     .len = 64,
				     .scope = i ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
				     .addr = addrs[i]};

		cr_assert_eq(rib_addr(rib, &a), 0);
	}
	cr_assert_eq(rib_route(rib, &r, false, false), 0);
	commit();
	cr_assert(rib_source6(rib, view, (struct weir_ip6){0x20010db800020000, 99}, &src));
	cr_expect(weir_ip6_equal(src, addrs[2]));
	cr_assert(rib_source6(rib, view, (struct weir_ip6){0x20010db800010000, 99}, &src));
	cr_expect(weir_ip6_equal(src, addrs[1]));
	rib_free(rib);
}

// --- the rest ---------------------------------------------------------------------------------

// An IPv4 route over an IPv6 gateway (RFC 8950) names it.
Test(rib_cases, names)
{
	struct rib_hop hop = {.link = ETH0, .gw_family = AF_INET6, .gw = {0xfe80ull << 48, 9}};
	struct rib_route r = route4(0x0b000000, 8, &hop, 1);

	start(&(struct rib_options){0});
	cr_expect_eq(rib_name(rib, hop.gw), 0);
	cr_assert_eq(rib_route(rib, &r, false, false), 0);
	commit();
	cr_expect_eq(rib_names(rib), 1);
	cr_expect_eq(rib_name(rib, hop.gw), 1);
	cr_expect(weir_ip6_equal(rib_named(rib, 1), hop.gw));
	cr_expect(weir_ip6_equal(rib_named(rib, 2), (struct weir_ip6){0}));
	cr_expect_eq(hop_of(view, 0x0b000001)->gw4.be, __builtin_bswap32(1));
	rib_free(rib);
}

// A hundred routes and their tables take less than a megabyte; many take little each.
Test(rib_cases, memory)
{
	struct rib_counts few, many;

	start(&(struct rib_options){0});
	for (uint32_t i = 0; i < 100; i++)
		add4(0x0b000000 + (i << 8), 24 + i % 9, ETH0 + i % 4, 0x0a000001 + i % 16);
	commit();
	few = counts();
	cr_expect_lt(few.memory, 1 << 20);
	for (uint32_t i = 0; i < 100000; i++)
		add4(0x0b000000 + (i << 8), 24, ETH0 + i % 4, 0x0a000001 + i % 16);
	many = counts();
	printf("100 routes: %zu bytes; 100,000: %.1f bytes each beside their table\n", few.memory,
	       (double)many.mirror / 100000);
	cr_expect_lt(many.mirror, 2000000);
	rib_free(rib);
}
