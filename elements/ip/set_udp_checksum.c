// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// SetUDPChecksum: computes the checksum of a UDP datagram over IPv4 (RFC 768), and its length field
// must be right for that. What is no whole UDP datagram (fragments too) leaves by `bad`.
//
//	... -> SetUDPChecksum -> SetIPChecksum -> ...
#include <weir/csum_packet.h>
#include <weir/element.h>

enum { OUT, BAD };

struct set_udp_checksum {
	uint8_t unused;
};

static inline unsigned set_udp_checksum(const struct set_udp_checksum *, struct packet *p)
{
	struct udp *udp = weir_transport_at(p, 0, sizeof(*udp));
	const struct ip4 *ip = weir_ip4(p);
	uint16_t len;

	if (!ip || !udp || ip->proto != IPPROTO4_UDP || rd16(ip->frag) & (IP4_MF | IP4_OFFMASK))
		return BAD;
	len = rd16(udp->len);
	if (len < sizeof(*udp) || !weir_transport_at(p, 0, len))
		return BAD;
	udp->csum.be = 0;
	udp->csum = weir_csum_fold_udp(weir_csum_transport(p, len) +
				       weir_csum_pseudo4(ip->src, ip->dst, IPPROTO4_UDP, len));
	return OUT;
}

WEIR_ELEMENT(set_udp_checksum, "SetUDPChecksum", .purpose = "sets the UDP checksum",
	     .ports = "1/1-2", .processing = "a/ah", .out = {"out", "bad"});

WEIR_CASES(set_udp_checksum, {"", "ip4 udp csum=bad data=\"abc\"", "out", "ip4 udp data=\"abc\""},
	   {"", "ip4 udp csum=0 data=\"abcd\"", "out", "ip4 udp data=\"abcd\""},
	   {"", "ip4 udp csum=0 data=\"abcd\" len=60", "out", "ip4 udp data=\"abcd\" len=60"},
	   {"", "ip4 tcp", "bad", ""}, {"", "ip4 mf udp", "bad", ""},
	   {"", "ip4 udp udplen=7", "bad", ""}, {"", "ip4 udp udplen=9", "bad", ""},
	   {"", "ip4 proto=17 bytes=7", "bad", ""},
	   {"", "ip4 udp network=none transport=none", "bad", ""});
