// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// IP6GWOptions in the driver: packets without options pass, and those whose routing header is of a
// type that routers may see; the others are userspace's.
#include <weir/element.h>

struct ip6_gw_options {
	uint8_t unused;
};

static inline unsigned ip6_gw_options(const struct ip6_gw_options *, struct packet *p)
{
	const struct ip6 *ip = weir_ip6_header(p);
	const struct ip6_routing *r;

	if (WEIR_LIKELY(!ip || (ip->next != IPPROTO6_HOP && ip->next != IPPROTO6_ROUTING &&
				ip->next != IPPROTO6_OPTIONS)))
		return 0;
	if (ip->next != IPPROTO6_ROUTING)
		return WEIR_HANDOVER;
	r = weir_network_at(p, sizeof(*ip), sizeof(*r));
	return r && r->type ? 0 : WEIR_HANDOVER;
}

WEIR_DRIVER_ELEMENT(ip6_gw_options);
