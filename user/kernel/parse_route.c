// SPDX-License-Identifier: BSD-2-Clause

// Routes and next-hop objects.

#include "messages.h"

#include <linux/lwtunnel.h>
#include <linux/nexthop.h>

#include <libmnl/libmnl.h>
#include <string.h>
#include <sys/socket.h>

static const uint8_t route_least[RTA_MAX + 1] = {
	[RTA_OIF] = 4,	 [RTA_PRIORITY] = 4, [RTA_TABLE] = 4,	   [RTA_VIA] = 2,
	[RTA_NH_ID] = 4, [RTA_PREF] = 1,     [RTA_ENCAP_TYPE] = 2,
};

// The gateway of a next hop, which may be of the other family (RFC 8950).
static bool take_gateway(struct rib_hop *hop, uint8_t family, const struct nlattr *const *v)
{
	const struct nlattr *gw = v[RTA_GATEWAY], *via = v[RTA_VIA];
	uint8_t bytes[16] = {};
	size_t len;

	if (gw) {
		hop->gw_family = family;
		return kernel_ip(&hop->gw, family, gw);
	}
	if (!via)
		return true;
	// struct rtvia: the family in two bytes, and the address
	hop->gw_family = (uint8_t)kernel_u16(via, 0);
	len = hop->gw_family == AF_INET ? 4 : 16;
	if ((hop->gw_family != AF_INET && hop->gw_family != AF_INET6) ||
	    mnl_attr_get_payload_len(via) != 2 + len)
		return false;
	memcpy(bytes, (const char *)mnl_attr_get_payload(via) + 2, len);
	hop->gw = kernel_ip_of(hop->gw_family, bytes);
	return true;
}

static bool take_hop(struct rib_hop *hop, uint8_t family, uint32_t link, unsigned flags,
		     const struct nlattr *const *v)
{
	memset(hop, 0, sizeof(*hop));
	hop->link = link;
	hop->weight = 1;
	hop->onlink = flags & RTNH_F_ONLINK;
	hop->encap = v[RTA_ENCAP] || kernel_u16(v[RTA_ENCAP_TYPE], 0) != LWTUNNEL_ENCAP_NONE;
	return take_gateway(hop, family, v);
}

static bool take_multipath(struct rib_route *r, struct kernel_room *room, const struct nlattr *a)
{
	const char *at = mnl_attr_get_payload(a);
	size_t rest = mnl_attr_get_payload_len(a);
	const struct nlattr *v[RTA_MAX + 1];

	while (rest >= sizeof(struct rtnexthop)) {
		const struct rtnexthop *nh = (const struct rtnexthop *)at;
		struct rib_hop *hop = &room->hops[r->n_hops];
		size_t step = RTNH_ALIGN(nh->rtnh_len);

		if (nh->rtnh_len < sizeof(*nh) || nh->rtnh_len > rest ||
		    r->n_hops == KERNEL_MOST_HOPS)
			return false;
		if (!kernel_attrs(v, route_least, RTA_MAX, nh + 1, nh->rtnh_len - sizeof(*nh)) ||
		    !take_hop(hop, r->family, (uint32_t)nh->rtnh_ifindex, nh->rtnh_flags, v))
			return false;
		hop->weight = nh->rtnh_hops + 1u;
		r->n_hops++;
		if (step >= rest)
			return true;
		at += step;
		rest -= step;
	}
	return !rest;
}

static bool goes_nowhere(unsigned type)
{
	return type == RTN_BLACKHOLE || type == RTN_UNREACHABLE || type == RTN_PROHIBIT ||
	       type == RTN_THROW;
}

static bool take_hops(struct rib_route *r, struct kernel_room *room, const struct rtmsg *h,
		      const struct nlattr *const *v)
{
	r->hops = room->hops;
	r->nexthop = kernel_u32(v[RTA_NH_ID], 0);
	// the next hops of an object are said again with the route; it knows them better
	if (r->nexthop || goes_nowhere(r->type))
		return true;
	if (v[RTA_MULTIPATH])
		return take_multipath(r, room, v[RTA_MULTIPATH]);
	if (!v[RTA_OIF] && !v[RTA_GATEWAY] && !v[RTA_VIA])
		return true;
	r->n_hops = 1;
	return take_hop(room->hops, r->family, kernel_u32(v[RTA_OIF], 0), h->rtm_flags, v);
}

enum kernel_parsed kernel_parse_route(const struct nlmsghdr *m, struct rib_route *r,
				      struct kernel_room *room)
{
	const struct rtmsg *h = kernel_header(m, sizeof(*h));
	const struct nlattr *v[RTA_MAX + 1];

	memset(r, 0, sizeof(*r));
	if (!h || !kernel_attrs_of(v, route_least, RTA_MAX, m, sizeof(*h)))
		return KERNEL_MALFORMED;
	if ((h->rtm_family != AF_INET && h->rtm_family != AF_INET6) || h->rtm_flags & RTM_F_CLONED)
		return KERNEL_OTHER;
	r->family = h->rtm_family;
	r->len = h->rtm_dst_len;
	r->src_len = h->rtm_src_len;
	r->tos = h->rtm_tos;
	r->type = h->rtm_type;
	r->scope = h->rtm_scope;
	r->protocol = h->rtm_protocol;
	r->table = kernel_u32(v[RTA_TABLE], h->rtm_table);
	r->metric = kernel_u32(v[RTA_PRIORITY], 0);
	r->pref = kernel_u8(v[RTA_PREF], 0);
	r->has_prefsrc = v[RTA_PREFSRC];
	if (!kernel_ip(&r->dst, r->family, v[RTA_DST]) ||
	    !kernel_ip(&r->src, r->family, v[RTA_SRC]) ||
	    !kernel_ip(&r->prefsrc, r->family, v[RTA_PREFSRC]) || !take_hops(r, room, h, v))
		return KERNEL_MALFORMED;
	return KERNEL_PARSED;
}

static bool take_members(struct rib_nexthop *n, struct kernel_room *room, const struct nlattr *a)
{
	const uint8_t *at = mnl_attr_get_payload(a);
	size_t len = mnl_attr_get_payload_len(a);

	if (len % sizeof(struct nexthop_grp) || len / sizeof(struct nexthop_grp) > KERNEL_MOST_HOPS)
		return false;
	n->members = room->members;
	n->n_members = (unsigned)(len / sizeof(struct nexthop_grp));
	// later kernels have the upper half of a weight in the byte behind it, which was zero
	// before
	for (unsigned i = 0; i < n->n_members; i++, at += sizeof(struct nexthop_grp)) {
		room->members[i].weight = (at[4] | (uint32_t)at[5] << 8) + 1;
		memcpy(&room->members[i].id, at, sizeof(room->members[i].id));
	}
	return true;
}

static bool take_group(struct rib_nexthop *n, struct kernel_room *room,
		       const struct nlattr *const *v)
{
	static const uint8_t least[NHA_RES_GROUP_MAX + 1] = {[NHA_RES_GROUP_BUCKETS] = 2};
	const struct nlattr *resilient[NHA_RES_GROUP_MAX + 1];

	n->resilient = kernel_u16(v[NHA_GROUP_TYPE], 0) == NEXTHOP_GRP_TYPE_RES;
	if (v[NHA_RES_GROUP]) {
		if (!kernel_attrs_in(resilient, least, NHA_RES_GROUP_MAX, v[NHA_RES_GROUP]))
			return false;
		n->n_buckets = kernel_u16(resilient[NHA_RES_GROUP_BUCKETS], 0);
	}
	return take_members(n, room, v[NHA_GROUP]);
}

enum kernel_parsed kernel_parse_nexthop(const struct nlmsghdr *m, struct rib_nexthop *n,
					struct kernel_room *room)
{
	static const uint8_t least[NHA_MAX + 1] = {
		[NHA_ID] = 4,
		[NHA_GROUP_TYPE] = 2,
		[NHA_OIF] = 4,
		[NHA_ENCAP_TYPE] = 2,
	};
	const struct nhmsg *h = kernel_header(m, sizeof(*h));
	const struct nlattr *v[NHA_MAX + 1];

	memset(n, 0, sizeof(*n));
	if (!h || !kernel_attrs_of(v, least, NHA_MAX, m, sizeof(*h)) || !v[NHA_ID])
		return KERNEL_MALFORMED;
	n->id = kernel_u32(v[NHA_ID], 0);
	n->family = h->nh_family;
	n->blackhole = v[NHA_BLACKHOLE];
	n->fdb = v[NHA_FDB];
	if (v[NHA_GROUP])
		return take_group(n, room, v) ? KERNEL_PARSED : KERNEL_MALFORMED;
	n->hop.link = kernel_u32(v[NHA_OIF], 0);
	n->hop.weight = 1;
	n->hop.onlink = h->nh_flags & RTNH_F_ONLINK;
	n->hop.encap = v[NHA_ENCAP] || kernel_u16(v[NHA_ENCAP_TYPE], 0) != LWTUNNEL_ENCAP_NONE;
	if (!v[NHA_GATEWAY])
		return KERNEL_PARSED;
	n->hop.gw_family = n->family;
	if ((n->family != AF_INET && n->family != AF_INET6) ||
	    !kernel_ip(&n->hop.gw, n->family, v[NHA_GATEWAY]))
		return KERNEL_MALFORMED;
	return KERNEL_PARSED;
}
