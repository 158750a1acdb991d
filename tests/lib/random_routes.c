// SPDX-License-Identifier: BSD-2-Clause
#include "random_routes.h"

#include <linux/rtnetlink.h>

#include <rib_twin.h>
#include <rnd.h>
#include <sys/socket.h>

uint64_t random_route_seed = 1;
const uint32_t random_route_tables[] = {RT_TABLE_LOCAL,	  RT_TABLE_MAIN, RT_TABLE_MAIN,
					RT_TABLE_DEFAULT, RANDOM_VRF,	 100};

static uint32_t rnd(void)
{
	return rnd32(&random_route_seed);
}

// Few distinct bits make prefixes that nest and meet again. No multicast, nothing link-local.
struct weir_ip6 random_route_addr(uint8_t family)
{
	struct weir_ip6 a;

	if (family == AF_INET)
		return rib_ip4(rnd() & (rnd() % 4 ? 0xc1018183 : 0xdfffffff));
	a.hi = 0x2001000000000000 | ((uint64_t)(rnd() & 0x81810101) << 16 | (rnd() & 0x8001));
	a.lo = (uint64_t)(rnd() & 0x80000001) << 32 | (rnd() & 0x80000181);
	return a;
}

struct weir_ip6 random_route_cut(struct weir_ip6 a, unsigned len)
{
	struct weir_ip6 m = weir_ip6_mask(len);

	return (struct weir_ip6){a.hi & m.hi, a.lo & m.lo};
}

unsigned random_route_len(uint8_t family)
{
	static const uint8_t lens[] = {0, 8, 16, 24, 25, 31, 32, 48, 63, 64, 65, 96, 127, 128};

	if (family == AF_INET)
		return rnd() % 2 ? rnd() % 33 : lens[rnd() % 7];
	return rnd() % 2 ? rnd() % 129 : lens[rnd() % sizeof(lens)];
}

uint8_t random_route_family(void)
{
	return rnd() % 2 ? AF_INET : AF_INET6;
}

struct rib_hop random_hop(uint8_t family)
{
	struct rib_hop h = {.link = RANDOM_LINK + rnd() % RANDOM_LINKS, .weight = 1 + rnd() % 4};

	if (rnd() % 4) {
		h.gw_family = family == AF_INET && rnd() % 4 ? AF_INET : AF_INET6;
		h.gw = h.gw_family == AF_INET ? rib_ip4(0x0a000001 + rnd() % 3)
					      : (struct weir_ip6){0xfe80ull << 48, 1 + rnd() % 3};
	}
	h.encap = rnd() % 16 == 0;
	return h;
}

// IPv6 siblings come from a few, so that there are never many.
static void random_hops(struct rib_route *route, struct rib_hop *hops)
{
	bool siblings = route->family == AF_INET6 && rnd() % 2;
	unsigned first = rnd() % 3;

	route->n_hops = route->family == AF_INET || siblings ? 1 + rnd() % 3 : 1;
	route->hops = hops;
	for (unsigned i = 0; i < route->n_hops; i++) {
		hops[i] = random_hop(route->family);
		if (route->family == AF_INET6 && !siblings)
			hops[i].gw_family = 0, hops[i].gw = (struct weir_ip6){0};
		if (!siblings)
			continue;
		hops[i] = (struct rib_hop){.link = RANDOM_LINK + (first + i) % 3,
					   .weight = 1 + rnd() % 3,
					   .gw_family = AF_INET6,
					   .gw = {0xfe80ull << 48, 7}};
	}
}

struct rib_route random_route(bool odd, struct rib_hop *hops)
{
	static const uint8_t types[] = {RTN_LOCAL,	 RTN_BROADCAST, RTN_BLACKHOLE,
					RTN_UNREACHABLE, RTN_PROHIBIT,	RTN_THROW};
	struct rib_route r = {.family = random_route_family(), .type = RTN_UNICAST};

	r.table = random_route_tables[rnd() % RANDOM_ROUTE_TABLES];
	r.len = (uint8_t)random_route_len(r.family);
	r.dst = random_route_cut(random_route_addr(r.family), r.len);
	r.metric = rnd() % 3 * 10;
	r.protocol = RTPROT_STATIC;
	if (rnd() % 4 == 0)
		r.type = types[rnd() % sizeof(types)];
	if (odd && rnd() % 8 == 0 && r.family == AF_INET)
		r.tos = TWIN_TOS;
	if (odd && rnd() % 8 == 0 && r.family == AF_INET6) {
		r.src_len = 16;
		r.src.hi = 0x2002ull << 48;
	}
	if (r.type == RTN_LOCAL)
		r.scope = RT_SCOPE_HOST;
	if (r.type == RTN_UNICAST && rnd() % 6 == 0) {
		r.nexthop = rnd() % 2 ? 1 + rnd() % 6 : 11 + rnd() % 4;
		return r;
	}
	if (r.type <= RTN_BROADCAST)
		random_hops(&r, hops);
	if (r.type != RTN_UNICAST && r.n_hops > 1)
		r.n_hops = 1;
	if (r.family == AF_INET && r.n_hops && rnd() % 4 == 0) {
		r.has_prefsrc = true;
		r.prefsrc = rib_ip4(0x0a000100 + rnd() % 3);
	}
	return r;
}
