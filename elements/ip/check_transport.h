// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// What CheckTCPHeader, CheckUDPHeader and CheckICMPHeader have in both halves.

#include <weir/csum_packet.h>
#include <weir/element.h>

enum { CHECK_TRANSPORT_OUT, CHECK_TRANSPORT_BAD };

enum check_transport_reason {
	CHECK_TRANSPORT_PROTO,
	CHECK_TRANSPORT_LEN,
	CHECK_TRANSPORT_CSUM,
	CHECK_TRANSPORT_REASONS,
	CHECK_TRANSPORT_FINE = CHECK_TRANSPORT_REASONS,
};

struct check_transport {
	bool verbose, details;
};
struct check_transport_state {
	uint64_t drops, reason[CHECK_TRANSPORT_REASONS];
	uint64_t told, told_reason[CHECK_TRANSPORT_REASONS]; // what of these was told about
};

enum {
	ICMP4_UNREACHABLE = 3,
	ICMP4_SOURCE_QUENCH = 4,
	ICMP4_REDIRECT = 5,
	ICMP4_TIME_EXCEEDED = 11,
	ICMP4_PARAMETER_PROBLEM = 12,
	ICMP4_TIMESTAMP = 13,
	ICMP4_TIMESTAMP_REPLY = 14,
	ICMP4_INFORMATION = 15,
	ICMP4_INFORMATION_REPLY = 16,
	ICMP4_TIMESTAMP_LEN = 20,
	ICMP4_QUOTED = 28, // an IP header and 8 bytes
};

WEIR_INLINE unsigned check_transport_end(struct check_transport_state *state,
					 enum check_transport_reason why)
{
	if (WEIR_LIKELY(why == CHECK_TRANSPORT_FINE))
		return CHECK_TRANSPORT_OUT;
	state->drops++;
	state->reason[why]++;
	return CHECK_TRANSPORT_BAD;
}

// The sum over len bytes from the transport header on, which are there, and the pseudo header.
WEIR_INLINE enum check_transport_reason check_transport_sum(const struct packet *p,
							    const struct ip4 *ip, uint32_t len)
{
	return weir_csum_ok(weir_csum_transport(p, len) +
			    weir_csum_pseudo4(ip->src, ip->dst, ip->proto, (uint16_t)len))
		       ? CHECK_TRANSPORT_FINE
		       : CHECK_TRANSPORT_CSUM;
}

// RFC 9293 3.1.
WEIR_INLINE enum check_transport_reason check_tcp(struct packet *p)
{
	const struct ip4 *ip = weir_ip4(p);
	const struct tcp *tcp;
	uint32_t hlen, len, off;

	if (!ip || ip->proto != IPPROTO4_TCP)
		return CHECK_TRANSPORT_PROTO;
	tcp = weir_transport_at(p, 0, sizeof(*tcp));
	hlen = (ip->vihl & 15u) * 4;
	len = rd16(ip->len);
	if (!tcp || len < hlen + sizeof(*tcp))
		return CHECK_TRANSPORT_LEN;
	len -= hlen;
	off = (tcp->off >> 4) * 4;
	if (off < sizeof(*tcp) || off > len || !weir_transport_at(p, 0, len))
		return CHECK_TRANSPORT_LEN;
	return check_transport_sum(p, ip, len);
}

// RFC 768. A checksum of zero is none.
WEIR_INLINE enum check_transport_reason check_udp(struct packet *p)
{
	const struct ip4 *ip = weir_ip4(p);
	const struct udp *udp;
	uint32_t len;

	if (!ip || ip->proto != IPPROTO4_UDP)
		return CHECK_TRANSPORT_PROTO;
	udp = weir_transport_at(p, 0, sizeof(*udp));
	if (!udp)
		return CHECK_TRANSPORT_LEN;
	len = rd16(udp->len);
	if (len < sizeof(*udp) || !weir_transport_at(p, 0, len))
		return CHECK_TRANSPORT_LEN;
	return udp->csum.be ? check_transport_sum(p, ip, len) : CHECK_TRANSPORT_FINE;
}

WEIR_INLINE bool check_icmp_len(uint8_t type, uint32_t len)
{
	switch (type) {
	case ICMP4_UNREACHABLE:
	case ICMP4_SOURCE_QUENCH:
	case ICMP4_REDIRECT:
	case ICMP4_TIME_EXCEEDED:
	case ICMP4_PARAMETER_PROBLEM:
		return len >= sizeof(struct icmp4) + ICMP4_QUOTED;
	case ICMP4_TIMESTAMP:
	case ICMP4_TIMESTAMP_REPLY:
		return len == ICMP4_TIMESTAMP_LEN;
	case ICMP4_INFORMATION:
	case ICMP4_INFORMATION_REPLY:
		return len == sizeof(struct icmp4);
	default:
		return true;
	}
}

// RFC 792.
WEIR_INLINE enum check_transport_reason check_icmp(struct packet *p)
{
	const struct ip4 *ip = weir_ip4(p);
	const struct icmp4 *icmp;
	uint32_t hlen, len;

	if (!ip || ip->proto != IPPROTO4_ICMP)
		return CHECK_TRANSPORT_PROTO;
	icmp = weir_transport_at(p, 0, sizeof(*icmp));
	hlen = (ip->vihl & 15u) * 4;
	len = rd16(ip->len);
	if (!icmp || len < hlen + sizeof(*icmp))
		return CHECK_TRANSPORT_LEN;
	len -= hlen;
	if (!check_icmp_len(icmp->type, len) || !weir_transport_at(p, 0, len))
		return CHECK_TRANSPORT_LEN;
	return weir_csum_ok(weir_csum_transport(p, len)) ? CHECK_TRANSPORT_FINE
							 : CHECK_TRANSPORT_CSUM;
}
