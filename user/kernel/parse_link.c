// SPDX-License-Identifier: BSD-2-Clause

// Links, their addresses, settings and neighbours.

#include "messages.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netconf.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <string.h>
#include <sys/socket.h>

struct weir_ip6 kernel_ip_of(uint8_t family, const uint8_t bytes[16])
{
	uint32_t ip4;

	if (family != AF_INET)
		return weir_ip6_read(bytes);
	memcpy(&ip4, bytes, sizeof(ip4));
	return rib_ip4(ntohl(ip4));
}

bool kernel_ip(struct weir_ip6 *to, uint8_t family, const struct nlattr *a)
{
	uint8_t bytes[16];

	if (!kernel_address(bytes, family, a))
		return false;
	*to = kernel_ip_of(family, bytes);
	return true;
}

static bool is_ip(unsigned family)
{
	return family == AF_INET || family == AF_INET6;
}

// What a device is beside an interface: a VRF, or the packets of a VLAN.
static bool take_info(struct rib_link *l, const struct nlattr *info)
{
	static const uint8_t least[IFLA_INFO_MAX + 1] = {};
	static const uint8_t vrf_least[IFLA_VRF_MAX + 1] = {[IFLA_VRF_TABLE] = 4};
	static const uint8_t vlan_least[IFLA_VLAN_MAX + 1] = {
		[IFLA_VLAN_ID] = 2,
		[IFLA_VLAN_PROTOCOL] = 2,
	};
	const struct nlattr *v[IFLA_INFO_MAX + 1], *vrf[IFLA_VRF_MAX + 1], *vlan[IFLA_VLAN_MAX + 1];
	char kind[16];

	if (!kernel_attrs_in(v, least, IFLA_INFO_MAX, info))
		return false;
	kernel_name(kind, sizeof(kind), v[IFLA_INFO_KIND]);
	if (!v[IFLA_INFO_DATA])
		return true;
	if (!strcmp(kind, "vrf")) {
		if (!kernel_attrs_in(vrf, vrf_least, IFLA_VRF_MAX, v[IFLA_INFO_DATA]))
			return false;
		l->vrf_table = kernel_u32(vrf[IFLA_VRF_TABLE], 0);
	} else if (!strcmp(kind, "vlan")) {
		if (!kernel_attrs_in(vlan, vlan_least, IFLA_VLAN_MAX, v[IFLA_INFO_DATA]))
			return false;
		l->vlan_id = kernel_u16(vlan[IFLA_VLAN_ID], 0);
		l->vlan_protocol = ntohs(kernel_u16(vlan[IFLA_VLAN_PROTOCOL], htons(0x8100)));
	}
	return true;
}

enum kernel_parsed kernel_parse_link(const struct nlmsghdr *m, struct rib_link *l)
{
	static const uint8_t least[IFLA_MAX + 1] = {
		[IFLA_IFNAME] = 1, [IFLA_MTU] = 4,	    [IFLA_LINK] = 4,
		[IFLA_MASTER] = 4, [IFLA_LINK_NETNSID] = 4, [IFLA_GROUP] = 4,
	};
	const struct ifinfomsg *h = kernel_header(m, sizeof(*h));
	const struct nlattr *v[IFLA_MAX + 1];

	memset(l, 0, sizeof(*l));
	if (!h || !kernel_attrs_of(v, least, IFLA_MAX, m, sizeof(*h)))
		return KERNEL_MALFORMED;
	// bridges and IPv6 speak of their ports and devices in messages of the same type
	if (h->ifi_family != AF_UNSPEC)
		return KERNEL_OTHER;
	if (h->ifi_index <= 0)
		return KERNEL_MALFORMED;
	l->index = (uint32_t)h->ifi_index;
	l->up = h->ifi_flags & IFF_UP;
	l->carrier = h->ifi_flags & (IFF_RUNNING | IFF_LOWER_UP);
	l->loopback = h->ifi_flags & IFF_LOOPBACK;
	l->master = kernel_u32(v[IFLA_MASTER], 0);
	l->lower = v[IFLA_LINK_NETNSID] ? 0 : kernel_u32(v[IFLA_LINK], 0);
	l->mtu = kernel_u32(v[IFLA_MTU], 0);
	l->group = kernel_u32(v[IFLA_GROUP], 0);
	kernel_name(l->name, sizeof(l->name), v[IFLA_IFNAME]);
	if (v[IFLA_ADDRESS] && mnl_attr_get_payload_len(v[IFLA_ADDRESS]) == sizeof(l->mac))
		memcpy(l->mac, mnl_attr_get_payload(v[IFLA_ADDRESS]), sizeof(l->mac));
	if (v[IFLA_LINKINFO] && !take_info(l, v[IFLA_LINKINFO]))
		return KERNEL_MALFORMED;
	return KERNEL_PARSED;
}

enum kernel_parsed kernel_parse_addr(const struct nlmsghdr *m, struct rib_addr *a)
{
	static const uint8_t least[IFA_MAX + 1] = {[IFA_FLAGS] = 4};
	const struct ifaddrmsg *h = kernel_header(m, sizeof(*h));
	const struct nlattr *v[IFA_MAX + 1];
	uint32_t flags;

	memset(a, 0, sizeof(*a));
	if (!h || !kernel_attrs_of(v, least, IFA_MAX, m, sizeof(*h)))
		return KERNEL_MALFORMED;
	if (!is_ip(h->ifa_family))
		return KERNEL_OTHER;
	a->link = h->ifa_index;
	a->family = h->ifa_family;
	a->len = h->ifa_prefixlen;
	a->scope = h->ifa_scope;
	flags = kernel_u32(v[IFA_FLAGS], h->ifa_flags);
	a->secondary = flags & IFA_F_SECONDARY;
	a->deprecated = flags & (IFA_F_DEPRECATED | IFA_F_TENTATIVE | IFA_F_DADFAILED);
	// of a peer-to-peer address IFA_ADDRESS is the peer's
	if (!kernel_ip(&a->addr, a->family, v[IFA_LOCAL] ? v[IFA_LOCAL] : v[IFA_ADDRESS]))
		return KERNEL_MALFORMED;
	return KERNEL_PARSED;
}

enum kernel_parsed kernel_parse_netconf(const struct nlmsghdr *m, struct kernel_netconf *c)
{
	static const uint8_t least[NETCONFA_MAX + 1] = {
		[NETCONFA_IFINDEX] = 4,
		[NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN] = 4,
	};
	const struct netconfmsg *h = kernel_header(m, sizeof(*h));
	const struct nlattr *v[NETCONFA_MAX + 1];

	memset(c, 0, sizeof(*c));
	if (!h || !kernel_attrs_of(v, least, NETCONFA_MAX, m, sizeof(*h)))
		return KERNEL_MALFORMED;
	// numbers below zero are for "all" and "default"
	if (!is_ip(h->ncm_family) || !v[NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN] ||
	    (int32_t)kernel_u32(v[NETCONFA_IFINDEX], 0) <= 0)
		return KERNEL_OTHER;
	c->family = h->ncm_family;
	c->link = kernel_u32(v[NETCONFA_IFINDEX], 0);
	c->ignore_linkdown = kernel_u32(v[NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN], 0);
	return KERNEL_PARSED;
}

enum kernel_parsed kernel_parse_neigh(const struct nlmsghdr *m, struct kernel_neigh *n)
{
	static const uint8_t least[NDA_MAX + 1] = {[NDA_FLAGS_EXT] = 4};
	const struct ndmsg *h = kernel_header(m, sizeof(*h));
	const struct nlattr *v[NDA_MAX + 1];

	memset(n, 0, sizeof(*n));
	if (!h || !kernel_attrs_of(v, least, NDA_MAX, m, sizeof(*h)))
		return KERNEL_MALFORMED;
	if (!is_ip(h->ndm_family) || h->ndm_flags & NTF_PROXY)
		return KERNEL_OTHER;
	if (h->ndm_ifindex <= 0 || !v[NDA_DST] ||
	    !kernel_address(n->addr, h->ndm_family, v[NDA_DST]))
		return KERNEL_MALFORMED;
	n->link = (uint32_t)h->ndm_ifindex;
	n->nud = h->ndm_state;
	n->family = h->ndm_family;
	n->learned = h->ndm_flags & NTF_EXT_LEARNED;
	n->managed = kernel_u32(v[NDA_FLAGS_EXT], 0) & NTF_EXT_MANAGED;
	n->has_mac = v[NDA_LLADDR] && mnl_attr_get_payload_len(v[NDA_LLADDR]) == sizeof(n->mac);
	if (n->has_mac)
		memcpy(n->mac, mnl_attr_get_payload(v[NDA_LLADDR]), sizeof(n->mac));
	return KERNEL_PARSED;
}
