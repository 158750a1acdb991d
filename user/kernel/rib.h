// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// A mirror of what the kernel routes by (links, addresses, next-hop objects, routes, rules), and
// the tables that follow from it: for each distinct list of routing tables that interfaces see, one
// merged table a family, whose values number hops. Pure data: whoever calls has heard from the
// kernel. Names as in rtnetlink(7).
//
// What a look-up by destination alone cannot decide (rules by source, mark, TOS, ports; routes by
// TOS or source) goes to the host wherever the answers differ. So do encapsulating routes, and
// devices that are not among the router's.
//
// The kernel says nothing of IPv4 routes that go with a link, an address or a next-hop object, nor
// of next-hop objects that go with a link; this knows, and lets them go by itself:
//   - a link goes down or away: IPv4 routes of which all next hops are there, except scope host;
//     next-hop objects there (also when it loses its carrier), in groups too; both families' routes
//     over objects that are gone.
//   - an IPv4 address that is nowhere else goes: routes that prefer it as source.
// IPv6 routes over a link that is down are not used, and go when the kernel says so.
//
// owner: the follower's thread, except where it says "any thread". Readers of the views are
// workers and programs.

#include <weir/fib.h>
#include <weir/ip6.h>
#include <weir/kernel.h>

struct rib;

struct rib_options {
	const char *const *devices; // as in weir_kernel_options; copied
	unsigned n_devices;
	uint32_t most_routes4, most_routes6; // 0: default
	uint32_t most_hops, most_buckets;    // 0: default
};

// Addresses and prefixes of both families; an IPv4 address is the upper half of `hi`.
static inline struct weir_ip6 rib_ip4(uint32_t host_order)
{
	return (struct weir_ip6){.hi = (uint64_t)host_order << 32};
}

static inline uint32_t rib_to_ip4(struct weir_ip6 a)
{
	return (uint32_t)(a.hi >> 32);
}

// All structs of this file are zero where nothing is said; zero them whole before they are filled
// in. Names of interfaces fill the rest with zeros.
enum { RIB_NAME = 16 };

struct rib_link {
	uint32_t index;
	uint32_t master;    // 0: none
	uint32_t lower;	    // IFLA_LINK, of a VLAN device the one below; 0: none, or elsewhere
	uint32_t vrf_table; // it is a VRF with that table; 0: it is none
	uint32_t mtu;
	uint32_t group;
	uint16_t vlan_id, vlan_protocol; // 802.1Q, 802.1ad; protocol 0: no VLAN device
	bool up;			 // IFF_UP
	bool carrier; // IFF_RUNNING or IFF_LOWER_UP, as the kernel's routing asks
	bool loopback;
	bool ignore_linkdown[2]; // sysctl ignore_routes_with_linkdown, IPv4 and IPv6
	char name[RIB_NAME];
	uint8_t mac[6];
};

struct rib_addr {
	uint32_t link;
	uint8_t family, len, scope;
	bool secondary;	      // IPv4: IFA_F_SECONDARY; IPv6: IFA_F_TEMPORARY
	bool deprecated;      // or tentative: not to be chosen while there is another
	struct weir_ip6 addr; // IFA_LOCAL, else IFA_ADDRESS
};

// A next hop (struct rtnexthop and its attributes).
struct rib_hop {
	uint32_t link;
	uint32_t weight;   // 1 and above; 0 counts as 1
	uint8_t gw_family; // 0: no gateway
	bool onlink;
	bool encap; // any RTA_ENCAP
	struct weir_ip6 gw;
};

struct rib_member {
	uint32_t id, weight;
};

// A next-hop object (RTM_NEWNEXTHOP), a group if it has members.
struct rib_nexthop {
	uint32_t id;
	uint8_t family;
	bool blackhole, fdb, resilient;
	uint32_t n_buckets; // resilient: as the kernel has
	struct rib_hop hop;
	const struct rib_member *members;
	unsigned n_members;
};

struct rib_route {
	uint8_t family;
	uint8_t len;	 // of dst
	uint8_t src_len; // IPv6 with subtrees
	uint8_t tos;
	uint8_t type;	  // RTN_*
	uint8_t scope;	  // RT_SCOPE_*
	uint8_t protocol; // RTPROT_*
	uint8_t pref;	  // IPv6: ICMPV6_ROUTER_PREF_*
	uint32_t table, metric;
	uint32_t nexthop; // id of the object; 0: hops say
	bool has_prefsrc;
	struct weir_ip6 dst, src, prefsrc;
	const struct rib_hop *hops;
	unsigned n_hops; // 0: none needed, as for blackholes
};

struct rib_range {
	uint32_t first, last;
};

// A rule (RTM_NEWRULE). Two rules are the same when all of this is.
struct rib_rule {
	uint32_t priority;
	uint32_t table, target; // target: of goto
	uint32_t mark, mark_mask;
	uint32_t realm;
	uint64_t tunnel;
	struct weir_ip6 dst, src;
	struct rib_range uid;				 // of use where has_uid
	struct rib_range sport, dport;			 // 0, 0: any
	int32_t suppress_prefixlength, suppress_ifgroup; // -1: none
	uint8_t family, dst_len, src_len, tos;
	uint8_t action; // FR_ACT_*
	uint8_t ip_proto, protocol;
	bool invert, l3mdev, has_uid;
	bool other; // it has a selector that is not among these
	char iif[RIB_NAME], oif[RIB_NAME];
};

struct rib *rib_new(const struct rib_options *o); // NULL: no memory
void rib_free(struct rib *r);			  // NULL is fine

// What the kernel said: new or changed, and gone. 0, or
//   -EINVAL  nonsense (a length beyond the family's, bits beyond the length, unknown family)
//   -ENOSPC  a limit is reached; counted, and what was there before is as it was
//   -ENOMEM  likewise
//   -ENOENT  gone: it was not there
// They cost little; views follow with rib_commit.
int rib_link(struct rib *r, const struct rib_link *l);
int rib_link_gone(struct rib *r, uint32_t index);
int rib_addr(struct rib *r, const struct rib_addr *a);
int rib_addr_gone(struct rib *r, const struct rib_addr *a); // link, family, len and addr matter
// May come before its members; a group uses those that are there.
int rib_nexthop(struct rib *r, const struct rib_nexthop *n);
int rib_nexthop_gone(struct rib *r, uint32_t id);
// Flags of the message: NLM_F_REPLACE and NLM_F_APPEND. IPv4: replace puts it in the place of the
// first of the same prefix, TOS and metric; append puts it behind all of these, neither before
// them. IPv6: the route as it is now, all siblings in hops; takes the place of what has the same
// prefix and metric (replace), or of what it adds siblings to (append), or stands behind it
// (neither). While a resync of routes is under way the kernel's order of dumping is that of
// preference, and what is there already is only confirmed.
int rib_route(struct rib *r, const struct rib_route *route, bool replace, bool append);
// IPv6: only these hops of it.
int rib_route_gone(struct rib *r, const struct rib_route *route);
int rib_rule(struct rib *r, const struct rib_rule *rule);
int rib_rule_gone(struct rib *r, const struct rib_rule *rule);

// Between begin and end the caller says again what there is; what falls under the scope and is not
// said goes at the end. One at a time; a new begin forgets the one before.
enum rib_kind {
	RIB_LINKS = 1,
	RIB_ADDRS = 2,
	RIB_NEXTHOPS = 4,
	RIB_ROUTES = 8,
	RIB_RULES = 16,
	RIB_ALL = 31,
};
struct rib_scope {
	unsigned kinds; // of enum rib_kind
	uint8_t family; // 0: both. Of addresses, routes and rules
	uint32_t table; // 0: all. Of routes
	uint32_t link;	// 0: all. Of routes: those with any next hop there
};
void rib_resync_begin(struct rib *r, const struct rib_scope *scope);
void rib_resync_end(struct rib *r);

// Makes hops, groups and views right after a batch of the above. True: memory moved, or a view has
// other tables; readers see all of it as it was until rib_publish.
bool rib_commit(struct rib *r);
// At a safe point, and before the functions of weir_kernel_on_move.
void rib_publish(struct rib *r);

// What packets that came in by iif (NULL: none) see. The pointer stays; NULL without memory. May be
// called before the interface is there. Filled in by the next rib_commit and rib_publish.
const struct weir_view *rib_view(struct rib *r, const char *iif);

// As weir_kernel_source4 and 6. Any thread that may read the view.
bool rib_source4(const struct rib *r, const struct weir_view *v, be32 dst, be32 *src);
bool rib_source6(const struct rib *r, const struct weir_view *v, struct weir_ip6 dst,
		 struct weir_ip6 *src);

// IPv6 addresses that are next hops of IPv4 packets have names: numbers from 1 on, which read as
// addresses are 0.x.y.z. They stay for the life of the rib.
uint32_t rib_names(const struct rib *r); // how many there are
struct weir_ip6 rib_named(const struct rib *r, uint32_t name);
uint32_t rib_name(const struct rib *r, struct weir_ip6 addr); // 0: it has none

struct rib_counts {
	uint32_t links, addrs, nexthops, rules;
	uint32_t routes[2]; // IPv4, IPv6
	uint32_t paths, hops, groups, buckets, names;
	uint32_t views;		  // distinct merged tables of either family
	uint64_t refused[2];	  // routes, because of their limit
	uint64_t refused_hops;	  // next hops and groups, because of theirs: they go to the host
	uint64_t no_memory;	  // changes of views that wait for memory
	uint64_t changes;	  // of prefixes in views
	uint64_t buckets_changed; // in groups that readers may have
	size_t memory;		  // bytes in all, tables of the views included
	size_t mirror;		  // of these, what the routes take in the mirror
};
void rib_count(const struct rib *r, struct rib_counts *c);
// Routes were refused since the last resync of all of them: the mirror lacks some.
bool rib_incomplete(const struct rib *r, uint8_t family);

// Calls fn for each, in no particular order, rules in theirs, until it returns nonzero; that.
// fn changes nothing here. What it gets is valid for the call.
int rib_walk_links(const struct rib *r, int (*fn)(void *arg, const struct rib_link *l), void *arg);
int rib_walk_addrs(const struct rib *r, int (*fn)(void *arg, const struct rib_addr *a), void *arg);
int rib_walk_nexthops(const struct rib *r, int (*fn)(void *arg, const struct rib_nexthop *n),
		      void *arg);
// value: the number of its hop; WEIR_FIB4_NONE: not used, as throw, or as all its hops are dead
int rib_walk_routes(const struct rib *r, uint8_t family,
		    int (*fn)(void *arg, const struct rib_route *route, uint32_t value), void *arg);
int rib_walk_rules(const struct rib *r, int (*fn)(void *arg, const struct rib_rule *rule),
		   void *arg);
const struct rib_link *rib_find_link(const struct rib *r, uint32_t index); // or NULL
const struct rib_link *rib_find_name(const struct rib *r, const char *name);
