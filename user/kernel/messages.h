// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Messages of rtnetlink as structs of the mirror. Nothing of a message is trusted: what does not
// hold together is malformed, what is not ours to follow is other.

#include "netlink.h"
#include "rib.h"

enum kernel_parsed {
	KERNEL_PARSED,
	KERNEL_OTHER, // another family, a cached route
	KERNEL_MALFORMED,
};

// Room for what a route or a next-hop object points to.
enum { KERNEL_MOST_HOPS = 4096 };
struct kernel_room {
	struct rib_hop hops[KERNEL_MOST_HOPS];
	struct rib_member members[KERNEL_MOST_HOPS];
};

// An address of the family as the mirror has it. kernel_ip: of an attribute, as kernel_address.
struct weir_ip6 kernel_ip_of(uint8_t family, const uint8_t bytes[16]);
bool kernel_ip(struct weir_ip6 *to, uint8_t family, const struct nlattr *a);

// RTM_NEW... and RTM_DEL... alike.
enum kernel_parsed kernel_parse_link(const struct nlmsghdr *m, struct rib_link *l);
enum kernel_parsed kernel_parse_addr(const struct nlmsghdr *m, struct rib_addr *a);
enum kernel_parsed kernel_parse_route(const struct nlmsghdr *m, struct rib_route *r,
				      struct kernel_room *room);
enum kernel_parsed kernel_parse_nexthop(const struct nlmsghdr *m, struct rib_nexthop *n,
					struct kernel_room *room);
enum kernel_parsed kernel_parse_rule(const struct nlmsghdr *m, struct rib_rule *r);

// RTM_NEWNETCONF: whether an interface's routes count when it has no carrier.
struct kernel_netconf {
	uint32_t link;
	uint8_t family;
	bool ignore_linkdown;
};
enum kernel_parsed kernel_parse_netconf(const struct nlmsghdr *m, struct kernel_netconf *c);

// RTM_NEWNEIGH, RTM_DELNEIGH.
struct kernel_neigh {
	uint32_t link;
	uint16_t nud; // NUD_...
	uint8_t family;
	bool has_mac;
	bool learned, managed; // NTF_EXT_LEARNED, NTF_EXT_MANAGED
	uint8_t addr[16];
	uint8_t mac[6];
};
enum kernel_parsed kernel_parse_neigh(const struct nlmsghdr *m, struct kernel_neigh *n);
