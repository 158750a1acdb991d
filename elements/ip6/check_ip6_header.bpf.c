// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// CheckIP6Header in the driver.
#include "check_ip6_header.h"

struct check_ip6_header {
	struct check_ip6 c;
};

WEIR_INLINE unsigned weir_apart_check_ip6(const struct check_ip6 *c,
					  struct check_ip6_header_state *state, struct packet *p)
{
	return check_ip6_rest(c, state, p);
}

static inline unsigned check_ip6_header(const struct check_ip6_header *self,
					struct check_ip6_header_state *state, struct packet *p)
{
	const struct check_ip6 *c = &self->c;
	const struct ip6 *ip = weir_at(p, c->offset, sizeof(*ip));

	if (!ip || !check_ip6_is_plain(c->bad_bits, ip, weir_len(p) - c->offset))
		return weir_apart_check_ip6(c, state, p);
	weir_set_network(p, c->offset, sizeof(*ip));
	weir_set_dst_ip6(p, ip->dst);
	return CHECK_IP6_OUT;
}

WEIR_DRIVER_STATE_ELEMENT(check_ip6_header);
