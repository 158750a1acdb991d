// SPDX-License-Identifier: BSD-2-Clause

// The mirror of the kernel's routing against its naive twin (tests/lib/rib_twin.h): random
// operations on both, then random packets, which must go the same way. A packet whose way depends
// on what a look-up by destination cannot know must go to the host.

#include <weir/fib6.h>

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include <criterion/criterion.h>
#include <random_routes.h>
#include <rib_twin.h>
#include <rnd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { LO = 1, ETH0, ETH1, OTHER, VRF, ETH3, ETH4, MARKS = 3 };

static const char *const devices[] = {"eth0", "eth1", "eth3", "eth4"};
static const char *const names[] = {"lo", "eth0", "eth1", "other", "blue", "eth3", "eth4"};
static const char *const iifs[] = {NULL, "eth0", "eth3", "eth9"};
enum { N_IIFS = 4, N_DEVICES = 4 };

static struct twin twin;
static struct rib *rib;
static const struct weir_view *views[N_IIFS];
static bool odd; // routes by TOS and source
static unsigned n_agreed, n_unsure, n_host;

static uint32_t rnd(void)
{
	return rnd32(&random_route_seed);
}

// --- random operations ------------------------------------------------------------------------

static void add_route(bool both)
{
	struct rib_hop hops[TWIN_HOPS] = {0};
	struct rib_route r = random_route(odd, hops);
	bool replace = rnd() % 4 == 0, append = !replace && rnd() % 2;

	if (twin.n_routes && rnd() % 3 == 0) {
		const struct rib_route *o = &twin.routes[rnd() % twin.n_routes].said;

		if (o->family == r.family) {
			r.table = o->table;
			r.dst = o->dst;
			r.len = o->len;
		}
	}
	if (r.nexthop) {
		bool there = false;

		for (unsigned i = 0; i < twin.n_nexthops; i++)
			there |= twin.nexthops[i].said.id == r.nexthop;
		if (!there)
			return; // the kernel would refuse it
	}
	if (twin.n_routes > TWIN_ROUTES - 2)
		return;
	twin_route(&twin, &r, replace, append);
	if (both)
		cr_assert_eq(rib_route(rib, &r, replace, append), 0);
}

// One of several IPv6 siblings goes.
static void del_sibling(struct twin_route *t, bool both)
{
	struct rib_route gone = t->said;
	unsigned k = rnd() % t->said.n_hops;

	gone.hops = &t->hops[k];
	gone.n_hops = 1;
	if (both)
		cr_assert_eq(rib_route_gone(rib, &gone), 0);
	t->said.n_hops--;
	memmove(&t->hops[k], &t->hops[k + 1], (t->said.n_hops - k) * sizeof(t->hops[0]));
}

static void del_route(bool both)
{
	struct twin_route *t;
	struct rib_route r;

	if (!twin.n_routes)
		return;
	t = &twin.routes[rnd() % twin.n_routes];
	if (t->said.family == AF_INET6 && t->said.n_hops > 1 && rnd() % 2) {
		del_sibling(t, both);
		return;
	}
	r = t->said;
	r.hops = t->hops;
	if (both)
		cr_assert_eq(rib_route_gone(rib, &r), 0);
	r = t->said;
	r.hops = t->hops;
	memmove(t, t + 1, (size_t)(&twin.routes[--twin.n_routes] - t) * sizeof(*t));
}

static void change_link(bool both)
{
	uint32_t index = ETH0 + rnd() % 6;
	struct rib_link l = twin.links[index - 1];

	if (l.index && rnd() % 8 == 0) {
		twin_link_gone(&twin, index);
		if (both)
			cr_assert_eq(rib_link_gone(rib, index), 0);
		return;
	}
	l = (struct rib_link){.index = index, .up = rnd() % 8, .carrier = rnd() % 4};
	memcpy(l.name, names[index - 1], strlen(names[index - 1]));
	l.ignore_linkdown[0] = rnd() % 2;
	l.ignore_linkdown[1] = rnd() % 2;
	l.vrf_table = index == VRF ? RANDOM_VRF : 0;
	l.master = index == ETH3 && rnd() % 4 ? VRF : 0;
	twin_link(&twin, &l);
	if (both)
		cr_assert_eq(rib_link(rib, &l), 0);
}

static void change_addr(bool both)
{
	struct rib_addr a = {.link = ETH0 + rnd() % 6, .family = AF_INET, .len = 24};
	unsigned i = twin.n_addrs ? rnd() % twin.n_addrs : 0;

	a.addr = rib_ip4(0x0a000100 + rnd() % 3);
	if (twin.n_addrs && (twin.n_addrs == TWIN_LINKS || rnd() % 2)) {
		a = twin.addrs[i];
		twin_addr_gone(&twin, &a);
		if (both)
			cr_assert_eq(rib_addr_gone(rib, &a), 0);
		return;
	}
	for (i = 0; i < twin.n_addrs; i++)
		if (!memcmp(&twin.addrs[i], &a, sizeof(a)))
			return;
	twin_addr(&twin, &a);
	if (both)
		cr_assert_eq(rib_addr(rib, &a), 0);
}

static void change_nexthop(bool both)
{
	struct rib_member members[TWIN_HOPS];
	struct rib_nexthop n = {.id = 1 + rnd() % 6, .family = AF_INET};
	unsigned i = twin.n_nexthops ? rnd() % twin.n_nexthops : 0;

	if (twin.n_nexthops && rnd() % 4 == 0) {
		n.id = twin.nexthops[i].said.id;
		twin_nexthop_gone(&twin, n.id);
		if (both)
			cr_assert_eq(rib_nexthop_gone(rib, n.id), 0);
		return;
	}
	n.hop = random_hop(AF_INET6); // of use for both families
	n.hop.encap = false;
	n.blackhole = rnd() % 8 == 0;
	if (rnd() % 2) {
		n = (struct rib_nexthop){.id = 11 + rnd() % 4, .resilient = rnd() % 2};
		n.n_buckets = n.resilient ? 32u << rnd() % 3 : 0;
		n.members = members;
		for (i = 0; i < 1 + rnd() % 4 && i < twin.n_nexthops; i++) {
			members[i] = (struct rib_member){twin.nexthops[i].said.id, 1 + rnd() % 9};
			if (members[i].id > 10)
				break;
		}
		n.n_members = i;
		if (!i)
			return;
	}
	twin_nexthop(&twin, &n);
	if (both)
		cr_assert_eq(rib_nexthop(rib, &n), 0);
}

static struct rib_rule base_rule(uint8_t family, uint32_t priority, uint32_t table)
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

static void random_selectors(struct rib_rule *r)
{
	uint32_t used = 0;

	for (unsigned i = 0; i < twin.n_rules; i++)
		used |= twin.rules[i].mark_mask;
	for (unsigned bit = 0; bit < MARKS && rnd() % 3 == 0; bit++) {
		if (used & 1u << bit)
			continue;
		r->mark = r->mark_mask = 1u << bit;
		break;
	}
	if (rnd() % 3 == 0) {
		r->dst_len = (uint8_t)random_route_len(r->family);
		r->dst = random_route_cut(random_route_addr(r->family), r->dst_len);
	}
	if (rnd() % 5 == 0)
		strcpy(r->iif, rnd() % 3 ? "eth0" : rnd() % 2 ? "blue" : "lo");
	if (rnd() % 9 == 0)
		strcpy(r->oif, rnd() % 2 ? "eth1" : "blue");
	if (rnd() % 9 == 0) {
		r->has_uid = true;
		r->uid = (struct rib_range){rnd() % 2, 10};
	}
	r->invert = rnd() % 6 == 0;
	if (rnd() % 4 == 0)
		r->suppress_prefixlength = (int)(rnd() % 20);
}

static void change_rule(bool both)
{
	static const uint8_t actions[] = {FR_ACT_NOP, FR_ACT_GOTO, FR_ACT_BLACKHOLE,
					  FR_ACT_UNREACHABLE, FR_ACT_PROHIBIT};
	struct rib_rule r = base_rule(random_route_family(), 1 + rnd() % 40000,
				      random_route_tables[rnd() % RANDOM_ROUTE_TABLES]);
	unsigned i = rnd() % (twin.n_rules + 1);

	if (twin.n_rules > 10 || (i < twin.n_rules && rnd() % 2)) {
		i %= twin.n_rules;
		r = twin.rules[i];
		twin_rule_gone(&twin, i);
		if (both)
			cr_assert_eq(rib_rule_gone(rib, &r), 0);
		return;
	}
	random_selectors(&r);
	if (rnd() % 3 == 0)
		r.action = actions[rnd() % sizeof(actions)];
	if (r.action == FR_ACT_GOTO)
		r.target = rnd() % 8 ? 32766 : 1 + rnd() % 40000;
	if (r.action == FR_ACT_GOTO && r.target <= r.priority)
		return;
	twin_rule(&twin, &r);
	if (both)
		cr_assert_eq(rib_rule(rib, &r), 0);
}

// --- comparing --------------------------------------------------------------------------------

static bool is_hop(const struct weir_hop *h, const struct twin_way *w, unsigned i)
{
	struct weir_hop want = {.port = w->hops[i].port};

	if (w->hops[i].gw_family == AF_INET)
		want.gw4.be = __builtin_bswap32(rib_to_ip4(w->hops[i].gw));
	if (w->hops[i].gw_family == AF_INET6) {
		weir_ip6_write(want.gw6, w->hops[i].gw);
		if (w->route.family == AF_INET)
			want.gw4.be = __builtin_bswap32(rib_name(rib, w->hops[i].gw));
	}
	return !memcmp(h, &want, sizeof(want));
}

// The buckets of a group: each has as many as its weight says, give or take one.
static void same_shares(const struct weir_view *v, const struct weir_hop *g,
			const struct twin_way *w)
{
	uint32_t n = g->mask + 1, weights = 0, sum = 0;

	cr_assert(g->mask && !(n & g->mask));
	cr_assert_leq(g->first + n, v->n_buckets);
	for (unsigned i = 0; i < w->n; i++)
		weights += w->hops[i].weight;
	for (unsigned i = 0; i < w->n; i++) {
		uint32_t has = 0, weight = 0;
		bool again = false;

		for (unsigned k = 0; k < w->n; k++) {
			struct twin_way other = *w;

			other.hops[0] = w->hops[k];
			other.hops[0].weight = other.hops[1].weight = 0;
			if (w->hops[k].port == w->hops[i].port &&
			    w->hops[k].gw_family == w->hops[i].gw_family &&
			    weir_ip6_equal(w->hops[k].gw, w->hops[i].gw)) {
				weight += w->hops[k].weight;
				again |= k < i;
			}
		}
		for (uint32_t b = 0; b < n; b++)
			has += is_hop(&v->hops[v->buckets[g->first + b]], w, i);
		if (!again)
			sum += has;
		cr_assert_leq(abs((int)(has * weights) - (int)(n * weight)), (int)(weights * w->n),
			      "%u of %u buckets for %u of %u", has, n, weight, weights);
	}
	cr_assert_eq(sum, n);
}

static uint32_t look_up(const struct weir_view *v, const struct twin_packet *p)
{
	uint32_t value = p->family == AF_INET ? weir_fib4_lookup(v->fib4, rib_to_ip4(p->dst))
					      : weir_fib6_lookup(v->fib6, p->dst);

	return value == WEIR_FIB4_NONE ? (uint32_t)WEIR_HOP_NO_ROUTE : value;
}

static bool is_unsure(void)
{
	bool jumps = false;

	for (unsigned i = 0; i < twin.n_rules; i++)
		jumps |= twin.rules[i].action == FR_ACT_GOTO && twin.rules[i].mark_mask;
	return odd || jumps;
}

static void same_way(unsigned iif, struct twin_packet p)
{
	const struct weir_view *v = views[iif];
	const struct weir_hop *h = &v->hops[look_up(v, &p)];
	struct twin_way first, other;
	bool differ = false;

	p.iif = iifs[iif];
	first = twin_lookup(&twin, &p);
	for (unsigned i = 1; i < 4u << MARKS; i++) {
		p.marks = i & ((1 << MARKS) - 1);
		p.tos = i >> MARKS & 1 ? TWIN_TOS : 0;
		p.src.hi = (uint64_t)(0x2001 + (i >> MARKS >> 1)) << 48;
		other = twin_lookup(&twin, &p);
		differ |= !twin_same_way(&first, &other);
	}
	if (differ || (is_unsure() && h->port == WEIR_HOP_HOST && !h->mask)) {
		cr_assert(h->port == WEIR_HOP_HOST && !h->mask);
		n_host += differ;
		n_unsure += !differ;
		return;
	}
	n_agreed++;
	if (first.group)
		same_shares(v, h, &first);
	else
		cr_assert(is_hop(h, &first, 0), "%s %016lx: port %u, not %u", p.iif ? p.iif : "-",
			  (unsigned long)p.dst.hi, h->port, first.hops[0].port);
}

static void same_ways(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct twin_packet p = {.family = random_route_family()};

		p.dst = random_route_addr(p.family);
		if (twin.n_routes && rnd() % 2) {
			const struct rib_route *r = &twin.routes[rnd() % twin.n_routes].said;

			p.family = r->family;
			p.dst = r->dst;
			if (rnd() % 2)
				p.dst.lo += r->family == AF_INET6 ? 1 : 0;
		}
		same_way(rnd() % N_IIFS, p);
	}
}

// --- runs -------------------------------------------------------------------------------------

static void start(uint64_t from, bool with_odd)
{
	static const uint32_t lists[3][2] = {
		{0, RT_TABLE_LOCAL}, {32766, RT_TABLE_MAIN}, {32767, RT_TABLE_DEFAULT}};
	struct rib_options o = {.devices = devices, .n_devices = N_DEVICES};

	random_route_seed = from;
	odd = with_odd;
	n_agreed = n_unsure = n_host = 0;
	memset(&twin, 0, sizeof(twin));
	twin.devices = devices;
	twin.n_devices = N_DEVICES;
	rib = rib_new(&o);
	cr_assert_neq(rib, NULL);
	for (unsigned i = 0; i < N_IIFS; i++)
		views[i] = rib_view(rib, iifs[i]);
	for (unsigned i = 0; i < 6; i++) {
		struct rib_rule r =
			base_rule(i % 2 ? AF_INET : AF_INET6, lists[i / 2][0], lists[i / 2][1]);

		twin_rule(&twin, &r);
		cr_assert_eq(rib_rule(rib, &r), 0);
	}
	for (unsigned i = 0; i < 2; i++) {
		struct rib_rule r = base_rule(i % 2 ? AF_INET : AF_INET6, 1000, 0);

		r.l3mdev = true;
		twin_rule(&twin, &r);
		cr_assert_eq(rib_rule(rib, &r), 0);
	}
}

static void step(bool both)
{
	unsigned what = rnd() % 64;

	if (what < 28)
		add_route(both);
	else if (what < 48)
		del_route(both);
	else if (what < 54)
		change_nexthop(both);
	else if (what < 58)
		change_link(both);
	else if (what < 61)
		change_addr(both);
	else
		change_rule(both);
}

static void commit(void)
{
	if (rib_commit(rib))
		rib_publish(rib);
	cr_assert_not(rib_commit(rib));
}

static void say_routes(void)
{
	for (unsigned i = 0; i < twin.n_routes; i++) {
		struct rib_route r = twin.routes[i].said;

		r.hops = twin.routes[i].hops;
		cr_assert_eq(rib_route(rib, &r, false, false), 0);
	}
}

static void resync(void)
{
	rib_resync_begin(rib, &(struct rib_scope){.kinds = RIB_ALL});
	for (unsigned i = 0; i < TWIN_LINKS; i++)
		if (twin.links[i].index)
			cr_assert_eq(rib_link(rib, &twin.links[i]), 0);
	for (unsigned i = 0; i < twin.n_addrs; i++)
		cr_assert_eq(rib_addr(rib, &twin.addrs[i]), 0);
	for (unsigned i = 0; i < twin.n_nexthops; i++) {
		struct rib_nexthop n = twin.nexthops[i].said;

		n.members = twin.nexthops[i].members;
		cr_assert_eq(rib_nexthop(rib, &n), 0);
	}
	for (unsigned i = 0; i < twin.n_rules; i++)
		cr_assert_eq(rib_rule(rib, &twin.rules[i]), 0);
	say_routes();
	rib_resync_end(rib);
}

static void same_counts(void)
{
	struct rib_counts c;
	uint32_t n[2] = {0};

	rib_count(rib, &c);
	for (unsigned i = 0; i < twin.n_routes; i++)
		n[twin.routes[i].said.family == AF_INET6]++;
	cr_assert_eq(c.routes[0], n[0]);
	cr_assert_eq(c.routes[1], n[1]);
	cr_assert_eq(c.rules, twin.n_rules);
	cr_assert_eq(c.nexthops, twin.n_nexthops);
}

static void run(uint64_t from, bool with_odd, unsigned rounds)
{
	start(from, with_odd);
	for (unsigned i = 0; i < rounds; i++) {
		bool silent = rnd() % 64 == 0; // the kernel said nothing: a resync is needed

		for (unsigned k = rnd() % (silent ? 100 : 6); k--;)
			step(!silent);
		if (silent || rnd() % 64 == 0)
			resync();
		commit();
		same_counts();
		same_ways(8);
	}
	cr_assert_gt(n_agreed, rounds);
	cr_assert_gt(n_host, rounds / 20);
	rib_free(rib);
}

Test(rib, twins)
{
	for (unsigned i = 1; i <= 4; i++)
		run(i, false, 500);
	printf("%u ways agreed, %u differ by packet\n", n_agreed, n_host);
}

Test(rib, twins_with_tos_and_source)
{
	for (unsigned i = 11; i <= 14; i++)
		run(i, true, 500);
	printf("%u ways agreed, %u differ by packet, %u are not sure\n", n_agreed, n_host,
	       n_unsure);
	cr_assert_lt(n_unsure, n_agreed / 2);
}
