// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// What stands behind the extension headers of an IPv6 packet (RFC 8200 4.1). For both halves.

#include <weir/packet.h>

enum { WEIR_IP6_EXTENSIONS = 8 }; // more are not looked at

struct weir_ip6_upper {
	uint32_t off;  // from the IPv6 header; behind the fragment header of a fragment
	uint8_t proto; // of what is there; where the walk gave up, of what it did not look at
	bool fragment; // one of several (RFC 6946)
	bool later;    // not the first one: what is at off is no header
};

// ESP is no header to go over: all behind it is hidden. So are those that have no other header
// behind them in practice (mobility, HIP, shim6).
WEIR_INLINE bool weir_ip6_is_extension(uint8_t next)
{
	return next == IPPROTO6_HOP || next == IPPROTO6_ROUTING || next == IPPROTO6_FRAGMENT ||
	       next == IPPROTO6_OPTIONS || next == IPPROTO4_AH;
}

WEIR_INLINE uint32_t weir_ip6_extension_len(uint8_t proto, const struct ip6_ext *x)
{
	if (proto == IPPROTO6_FRAGMENT)
		return sizeof(*x);
	return proto == IPPROTO4_AH ? (x->len + 2u) * 4 : (x->len + 1u) * 8;
}

// False: there are too many headers, or not all bytes of one; then that one is what is at off.
WEIR_INLINE bool weir_ip6_walk(struct packet *p, const struct ip6 *ip, struct weir_ip6_upper *u)
{
	*u = (struct weir_ip6_upper){.off = sizeof(*ip), .proto = ip->next};
	for (unsigned i = 0; i < WEIR_IP6_EXTENSIONS; i++) {
		const struct ip6_ext *x;
		uint32_t len;

		if (!weir_ip6_is_extension(u->proto))
			return true;
		x = weir_network_at(p, u->off, sizeof(*x));
		if (!x)
			return false;
		len = weir_ip6_extension_len(u->proto, x);
		if (!weir_network_at(p, u->off, len))
			return false;
		if (u->proto == IPPROTO6_FRAGMENT) {
			u->fragment |= x->frag.be & wr16(IP6_OFFMASK | IP6_MF).be;
			u->later = x->frag.be & wr16(IP6_OFFMASK).be;
		}
		u->off += len;
		u->proto = x->next;
		if (u->later)
			return true;
	}
	return !weir_ip6_is_extension(u->proto);
}
