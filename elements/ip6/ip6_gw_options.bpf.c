// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// IP6GWOptions in the driver: packets with options, and those whose routing header is of type 0,
// are userspace's.
#include "ip6_gw_options.h"

static inline unsigned ip6_gw_options(const struct ip6_gw_options *,
				      struct ip6_gw_options_state *state, struct packet *p)
{
	const struct ip6 *ip = weir_ip6_header(p);
	const struct ip6_routing *r;

	if (!ip)
		return OUT;
	if (WEIR_UNLIKELY(is_link_local(ip->src))) {
		state->drops++;
		return SCOPE;
	}
	if (WEIR_LIKELY(ip->next != IPPROTO6_HOP && ip->next != IPPROTO6_ROUTING &&
			ip->next != IPPROTO6_OPTIONS))
		return OUT;
	if (ip->next != IPPROTO6_ROUTING)
		return WEIR_HANDOVER;
	r = weir_network_at(p, sizeof(*ip), sizeof(*r));
	return r && r->type ? OUT : WEIR_HANDOVER;
}

WEIR_DRIVER_STATE_ELEMENT(ip6_gw_options);
