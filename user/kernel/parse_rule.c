// SPDX-License-Identifier: BSD-2-Clause

// Rules, with all that they ask for.

#include "messages.h"

#include <linux/fib_rules.h>

#include <endian.h>
#include <libmnl/libmnl.h>
#include <string.h>
#include <sys/socket.h>

enum { LAST = FRA_DPORT_RANGE }; // of those that are read here; later headers have more

// Is there something that later kernels know and this does not? Rules say only what they ask for.
static bool has_more(const struct nlmsghdr *m, size_t header)
{
	const struct nlattr *a = mnl_nlmsg_get_payload_offset(m, header);
	int rest = (int)(mnl_nlmsg_get_payload_len(m) - MNL_ALIGN(header));

	for (; mnl_attr_ok(a, rest); a = mnl_attr_next(a)) {
		if (mnl_attr_get_type(a) > LAST)
			return true;
		rest -= (int)MNL_ALIGN(a->nla_len);
	}
	return false;
}

static struct rib_range ports(const struct nlattr *a)
{
	const struct fib_rule_port_range *p = a ? mnl_attr_get_payload(a) : NULL;

	return p ? (struct rib_range){p->start, p->end} : (struct rib_range){};
}

static struct rib_range users(const struct nlattr *a)
{
	const struct fib_rule_uid_range *u = a ? mnl_attr_get_payload(a) : NULL;

	return u ? (struct rib_range){u->start, u->end} : (struct rib_range){};
}

static uint64_t tunnel(const struct nlattr *a)
{
	return a ? be64toh(mnl_attr_get_u64(a)) : 0;
}

static void take_selectors(struct rib_rule *r, const struct fib_rule_hdr *h,
			   const struct nlattr *const *v)
{
	r->dst_len = h->dst_len;
	r->src_len = h->src_len;
	r->tos = h->tos;
	r->invert = h->flags & FIB_RULE_INVERT;
	r->mark = kernel_u32(v[FRA_FWMARK], 0);
	r->mark_mask = kernel_u32(v[FRA_FWMASK], 0);
	r->realm = kernel_u32(v[FRA_FLOW], 0);
	r->tunnel = tunnel(v[FRA_TUN_ID]);
	r->has_uid = v[FRA_UID_RANGE];
	r->uid = users(v[FRA_UID_RANGE]);
	r->sport = ports(v[FRA_SPORT_RANGE]);
	r->dport = ports(v[FRA_DPORT_RANGE]);
	r->ip_proto = kernel_u8(v[FRA_IP_PROTO], 0);
	r->l3mdev = kernel_u8(v[FRA_L3MDEV], 0);
	kernel_name(r->iif, sizeof(r->iif), v[FRA_IIFNAME]);
	kernel_name(r->oif, sizeof(r->oif), v[FRA_OIFNAME]);
}

enum kernel_parsed kernel_parse_rule(const struct nlmsghdr *m, struct rib_rule *r)
{
	static const uint8_t least[FRA_MAX + 1] = {
		[FRA_GOTO] = 4,	       [FRA_PRIORITY] = 4,
		[FRA_FWMARK] = 4,      [FRA_FLOW] = 4,
		[FRA_TUN_ID] = 8,      [FRA_SUPPRESS_IFGROUP] = 4,
		[FRA_TABLE] = 4,       [FRA_SUPPRESS_PREFIXLEN] = 4,
		[FRA_FWMASK] = 4,      [FRA_L3MDEV] = 1,
		[FRA_UID_RANGE] = 8,   [FRA_PROTOCOL] = 1,
		[FRA_IP_PROTO] = 1,    [FRA_SPORT_RANGE] = 4,
		[FRA_DPORT_RANGE] = 4,
	};
	const struct fib_rule_hdr *h = kernel_header(m, sizeof(*h));
	const struct nlattr *v[FRA_MAX + 1];

	memset(r, 0, sizeof(*r));
	if (!h || !kernel_attrs_of(v, least, FRA_MAX, m, sizeof(*h)))
		return KERNEL_MALFORMED;
	if (h->family != AF_INET && h->family != AF_INET6)
		return KERNEL_OTHER;
	r->family = h->family;
	r->action = h->action;
	r->priority = kernel_u32(v[FRA_PRIORITY], 0);
	r->table = kernel_u32(v[FRA_TABLE], h->table);
	r->target = kernel_u32(v[FRA_GOTO], 0);
	r->protocol = kernel_u8(v[FRA_PROTOCOL], 0);
	// both are numbers with a sign, -1 where there is none
	r->suppress_prefixlength = (int32_t)kernel_u32(v[FRA_SUPPRESS_PREFIXLEN], UINT32_MAX);
	r->suppress_ifgroup = (int32_t)kernel_u32(v[FRA_SUPPRESS_IFGROUP], UINT32_MAX);
	take_selectors(r, h, v);
	r->other = has_more(m, sizeof(*h));
	if (!kernel_ip(&r->dst, r->family, v[FRA_DST]) ||
	    !kernel_ip(&r->src, r->family, v[FRA_SRC]))
		return KERNEL_MALFORMED;
	return KERNEL_PARSED;
}
