// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// A deliberately naive mirror of what the kernel routes by: lists, searched from end to end for
// each packet, rule by rule and table by table.

#include <rib.h>

enum {
	TWIN_LINKS = 8,
	TWIN_NEXTHOPS = 24,
	TWIN_HOPS = 4, // of a route, and members of a group
	TWIN_RULES = 16,
	TWIN_ROUTES = 2048,
	TWIN_TOS = 0x10, // the only one
};

struct twin_route {
	struct rib_route said;
	struct rib_hop hops[TWIN_HOPS];
};

struct twin_nexthop {
	struct rib_nexthop said;
	struct rib_member members[TWIN_HOPS];
};

struct twin {
	struct rib_link links[TWIN_LINKS]; // index less one; index 0: not there
	struct twin_nexthop nexthops[TWIN_NEXTHOPS];
	struct rib_rule rules[TWIN_RULES];
	struct twin_route routes[TWIN_ROUTES];
	struct rib_addr addrs[TWIN_LINKS];
	unsigned n_nexthops, n_rules, n_routes, n_addrs;
	const char *const *devices;
	unsigned n_devices;
};

// As rib.h has them.
void twin_link(struct twin *t, const struct rib_link *l);
void twin_link_gone(struct twin *t, uint32_t index);
void twin_addr(struct twin *t, const struct rib_addr *a);
void twin_addr_gone(struct twin *t, const struct rib_addr *a);
void twin_nexthop(struct twin *t, const struct rib_nexthop *n);
void twin_nexthop_gone(struct twin *t, uint32_t id);
void twin_route(struct twin *t, const struct rib_route *route, bool replace, bool append);
void twin_route_gone(struct twin *t, const struct rib_route *route);
void twin_rule(struct twin *t, const struct rib_rule *rule);
void twin_rule_gone(struct twin *t, unsigned i);

// A packet that came in by an interface. Rules by mark ask for one bit each.
struct twin_packet {
	const char *iif; // NULL: the host's own
	uint8_t family, tos;
	uint32_t marks;
	struct weir_ip6 dst, src;
};

// Where it goes.
struct twin_way {
	struct {
		uint32_t port, link, weight;
		uint8_t gw_family;
		struct weir_ip6 gw;
	} hops[TWIN_HOPS];
	unsigned n;	  // 0: nothing said
	bool group;	  // several, be it that one is left
	uint32_t nexthop; // whose group it is
	struct rib_route route;
	struct rib_hop route_hops[TWIN_HOPS];
};

struct twin_way twin_lookup(const struct twin *t, const struct twin_packet *p);
bool twin_same_way(const struct twin_way *a, const struct twin_way *b);
