// SPDX-License-Identifier: BSD-2-Clause

// The mirror of the kernel's routing with tables of full size: how long it takes until the views
// have them, how many changes a second follow, and bytes a route. Seconds of CPU time.
// Usage: rib [ROUTES4 [ROUTES6]]

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include <rib.h>
#include <rnd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { CHANGES = 200000, BATCH = 64, PEERS = 16 };

static uint64_t seed = 1;
static const char *const devices[] = {"eth0", "eth1"};

static uint32_t rnd(void)
{
	return rnd32(&seed);
}

// CPU time of this thread: machines are shared.
static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void need(int err)
{
	if (!err)
		return;
	fprintf(stderr, "rib: error %d\n", err);
	exit(1);
}

static void commit(struct rib *r)
{
	if (rib_commit(r))
		rib_publish(r);
}

static void add_rule(struct rib *r, uint8_t family, uint32_t priority, uint32_t table)
{
	struct rib_rule rule;

	memset(&rule, 0, sizeof(rule));
	rule.family = family;
	rule.priority = priority;
	rule.table = table;
	rule.action = FR_ACT_TO_TBL;
	rule.suppress_prefixlength = rule.suppress_ifgroup = -1;
	need(rib_rule(r, &rule));
}

static void add_local(struct rib *r, uint32_t addr, unsigned len)
{
	struct rib_hop hop = {.link = 1};
	struct rib_route route = {.family = AF_INET,
				  .len = (uint8_t)len,
				  .type = RTN_LOCAL,
				  .scope = RT_SCOPE_HOST,
				  .table = RT_TABLE_LOCAL,
				  .dst = rib_ip4(addr),
				  .hops = &hop,
				  .n_hops = 1};

	need(rib_route(r, &route, false, false));
}

static struct rib *start(void)
{
	struct rib *r = rib_new(&(struct rib_options){.devices = devices, .n_devices = 2});

	need(!r);
	for (unsigned i = 1; i <= 3; i++) {
		struct rib_link l = {.index = i, .up = true, .carrier = true};

		strcpy(l.name, i == 1 ? "lo" : devices[i - 2]);
		need(rib_link(r, &l));
	}
	for (unsigned i = 0; i < 2; i++) {
		uint8_t family = i ? AF_INET6 : AF_INET;

		add_rule(r, family, 0, RT_TABLE_LOCAL);
		add_rule(r, family, 32766, RT_TABLE_MAIN);
		add_rule(r, family, 32767, RT_TABLE_DEFAULT);
	}
	add_local(r, 0x7f000000, 8);
	for (uint32_t i = 0; i < 8; i++) {
		add_local(r, 0x0a000001 + (i << 8), 32);
		add_local(r, 0x0a0000ff + (i << 8), 32);
	}
	return r;
}

// Lengths much like those of an Internet table, 10 % of them longer than /24.
static void random_route4(struct rib_route *route, struct rib_hop *hop)
{
	unsigned p = rnd() % 100;
	unsigned len = p < 54 ? 24 : p < 90 ? 16 + p % 8 : 25 + rnd() % 8;

	*hop = (struct rib_hop){.link = 2 + rnd() % 2,
				.gw_family = AF_INET,
				.gw = rib_ip4(0x0a000002 + rnd() % PEERS)};
	*route = (struct rib_route){.family = AF_INET,
				    .len = (uint8_t)len,
				    .type = RTN_UNICAST,
				    .protocol = RTPROT_BIRD,
				    .table = RT_TABLE_MAIN,
				    .metric = 32,
				    .hops = hop,
				    .n_hops = 1};
	route->dst = rib_ip4(rnd() & ~0u << (32 - len) & 0xdfffffff);
}

static void random_route6(struct rib_route *route, struct rib_hop *hop)
{
	unsigned p = rnd() % 100;
	unsigned len = p < 50 ? 48 : p < 90 ? 29 + p % 19 : 49 + rnd() % 16;
	struct weir_ip6 m = weir_ip6_mask(len);

	*hop = (struct rib_hop){.link = 2 + rnd() % 2,
				.gw_family = AF_INET6,
				.gw = {0xfe80ull << 48, 1 + rnd() % PEERS}};
	*route = (struct rib_route){.family = AF_INET6,
				    .len = (uint8_t)len,
				    .type = RTN_UNICAST,
				    .protocol = RTPROT_BIRD,
				    .table = RT_TABLE_MAIN,
				    .metric = 32,
				    .hops = hop,
				    .n_hops = 1};
	route->dst.hi = ((uint64_t)(0x20010000 | (rnd() & 0x0fffffff)) << 32 | rnd()) & m.hi;
}

static void random_route(struct rib_route *route, struct rib_hop *hop, bool v6)
{
	if (v6)
		random_route6(route, hop);
	else
		random_route4(route, hop);
}

static void add(struct rib *r, bool v6)
{
	struct rib_route route;
	struct rib_hop hop;

	random_route(&route, &hop, v6);
	need(rib_route(r, &route, true, false));
}

static uint32_t count(const struct rib *r, bool v6)
{
	struct rib_counts c;

	rib_count(r, &c);
	return c.routes[v6];
}

static int in_order(const void *a, const void *b)
{
	const struct rib_route *x = a, *y = b;

	if (x->dst.hi != y->dst.hi)
		return x->dst.hi < y->dst.hi ? -1 : 1;
	return (int)x->len - (int)y->len;
}

// As the kernel dumps them, in ascending order.
static void load(struct rib *r, bool v6, uint32_t n)
{
	struct rib_route *routes = calloc(n, sizeof(*routes));
	struct rib_hop *hops = calloc(n, sizeof(*hops));
	double start;

	need(!routes || !hops);
	for (uint32_t i = 0; i < n; i++)
		random_route(&routes[i], &hops[i], v6);
	qsort(routes, n, sizeof(*routes), in_order);
	start = now();
	for (uint32_t i = 0; i < n; i++)
		need(rib_route(r, &routes[i], true, false));
	printf("IPv%d: %u routes in the mirror after %.2f s\n", v6 ? 6 : 4, count(r, v6),
	       now() - start);
	free(routes);
	free(hops);
}

static void change(struct rib *r, bool v6, unsigned batch)
{
	double start = now();

	for (unsigned i = 0; i < CHANGES; i++) {
		add(r, v6);
		if (i % batch == batch - 1)
			commit(r);
	}
	commit(r);
	printf("IPv%d: %.0f changes a second, committed by %u\n", v6 ? 6 : 4,
	       CHANGES / (now() - start), batch);
}

static void flap(struct rib *r)
{
	struct rib_link l = {.index = 3,
			     .up = true,
			     .carrier = true,
			     .name = "eth1",
			     .ignore_linkdown = {true, true}};
	double start;

	need(rib_link(r, &l));
	l.carrier = false;
	need(rib_link(r, &l));
	start = now();
	commit(r);
	printf("carrier lost, half of all routes are unusable after %.2f s", now() - start);
	l.carrier = true;
	need(rib_link(r, &l));
	start = now();
	commit(r);
	printf(", usable again after %.2f s\n", now() - start);
}

int main(int argc, char **argv)
{
	uint32_t n4 = argc > 1 ? (uint32_t)atoi(argv[1]) : 1100000;
	uint32_t n6 = argc > 2 ? (uint32_t)atoi(argv[2]) : 250000;
	struct rib *r = start();
	struct rib_counts c, before;
	double start_at;

	rib_count(r, &before);
	load(r, false, n4);
	rib_count(r, &c);
	printf("IPv4: %.1f bytes a route in the mirror\n",
	       (double)(c.mirror - before.mirror) / c.routes[0]);
	before = c;
	load(r, true, n6);
	rib_count(r, &c);
	printf("IPv6: %.1f bytes a route in the mirror\n",
	       (double)(c.mirror - before.mirror) / c.routes[1]);
	start_at = now();
	commit(r);
	rib_count(r, &c);
	printf("both in the view after %.2f s more, %.1f MB in all\n", now() - start_at,
	       (double)c.memory / 1e6);
	change(r, false, 1);
	change(r, false, BATCH);
	change(r, true, 1);
	change(r, true, BATCH);
	flap(r);
	rib_free(r);
}
