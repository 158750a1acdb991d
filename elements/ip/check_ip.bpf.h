// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// CheckIPHeader and CheckIPHeader2 in the driver.

#include <weir/csum_packet.h>

#include "check_ip.h"

WEIR_INLINE bool check_ip_listed(const struct check_ip_front *self, be32 src, be32 dst)
{
	bool bad = false;

	if (WEIR_LIKELY(!(self->bad_bits >> (src.be >> 24 & 63) & 1)))
		return false;
	for (unsigned i = 0; i < CHECK_IP_FRONT_LIST; i++)
		bad |= i < self->n_bad && self->bad_src[i].be == src.be;
	for (unsigned i = 0; i < CHECK_IP_FRONT_LIST; i++)
		bad &= i >= self->n_good || self->good_dst[i].be != dst.be;
	return bad;
}

// Why the header is bad; CHECK_IP_REASONS: it is not, and *hlen is its length.
WEIR_INLINE enum check_ip_reason check_ip_why(const struct check_ip_front *self, struct packet *p,
					      const struct ip4 *ip, uint32_t *hlen)
{
	uint32_t len;

	if (!ip)
		return CHECK_IP_TINY;
	if (ip->vihl >> 4 != 4)
		return CHECK_IP_VERSION;
	*hlen = (ip->vihl & 15u) * 4;
	if (*hlen < sizeof(*ip))
		return CHECK_IP_HLEN;
	len = rd16(ip->len);
	if (len < *hlen || len > weir_len(p) - self->offset)
		return CHECK_IP_LEN;
	if (self->checksum &&
	    weir_csum_header(p, ip, p->m->off + self->offset, *hlen) * CHECK_IP_INVERSE >
		    CHECK_IP_MULTIPLE)
		return CHECK_IP_CSUM;
	return check_ip_listed(self, ip->src, ip->dst) ? CHECK_IP_SRC : CHECK_IP_REASONS;
}

// Headers with options, padding behind the datagram, and why a header is bad.
WEIR_INLINE unsigned weir_apart_check_ip(const struct check_ip_front *self,
					 struct check_ip_state *state, struct packet *p)
{
	const struct ip4 *ip = weir_at(p, self->offset, sizeof(*ip));
	uint32_t hlen = 0;
	enum check_ip_reason why = check_ip_why(self, p, ip, &hlen);

	if (WEIR_UNLIKELY(!ip || why != CHECK_IP_REASONS)) {
		state->drops++;
		state->reason[why % CHECK_IP_REASONS]++;
		return CHECK_IP_BAD;
	}
	weir_set_network(p, self->offset, hlen);
	weir_set_dst_ip(p, ip->dst);
	weir_truncate(p, self->offset + rd16(ip->len));
	return CHECK_IP_OUT;
}

WEIR_INLINE unsigned check_ip_front(const struct check_ip_front *self, struct check_ip_state *state,
				    struct packet *p)
{
	const struct ip4 *ip = weir_at(p, self->offset, sizeof(*ip));

	if (!ip || ip->vihl != 0x45 || rd16(ip->len) != weir_len(p) - self->offset ||
	    self->bad_bits >> (ip->src.be >> 24 & 63) & 1 ||
	    (self->checksum && weir_csum_ip4_sum(ip) * CHECK_IP_INVERSE > CHECK_IP_MULTIPLE))
		return weir_apart_check_ip(self, state, p);
	weir_set_network(p, self->offset, sizeof(*ip));
	weir_set_dst_ip(p, ip->dst);
	return CHECK_IP_OUT;
}
