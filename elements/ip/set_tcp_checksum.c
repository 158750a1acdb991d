// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// SetTCPChecksum: computes the checksum of a TCP segment over IPv4 (RFC 9293 3.1). FIXOFF first
// puts a data offset right that lies outside the packet. What is no whole TCP segment (fragments
// too) leaves by `bad`.
//
//	... -> SetTCPChecksum -> SetIPChecksum -> ...
#include <weir/csum_packet.h>
#include <weir/element.h>

enum { OUT, BAD };

struct set_tcp_checksum {
	bool fix_off;
};

static inline unsigned set_tcp_checksum(const struct set_tcp_checksum *self, struct packet *p)
{
	struct tcp *tcp = weir_transport_at(p, 0, sizeof(*tcp));
	const struct ip4 *ip = weir_ip4(p);
	uint32_t hlen, len, off;

	if (!ip || !tcp || ip->proto != IPPROTO4_TCP || rd16(ip->frag) & (IP4_MF | IP4_OFFMASK))
		return BAD;
	hlen = (ip->vihl & 15u) * 4;
	len = rd16(ip->len);
	if (len < hlen + sizeof(*tcp) || !weir_transport_at(p, 0, len - hlen))
		return BAD;
	len -= hlen;
	off = (tcp->off >> 4) * 4;
	if (off < sizeof(*tcp) || off > len) {
		if (!self->fix_off)
			return BAD;
		off = off > len ? len & ~3u : (uint32_t)sizeof(*tcp);
		tcp->off = (uint8_t)(off / 4 << 4 | (tcp->off & 15));
	}
	tcp->csum.be = 0;
	tcp->csum =
		weir_csum_fold(weir_csum_transport(p, len) +
			       weir_csum_pseudo4(ip->src, ip->dst, IPPROTO4_TCP, (uint16_t)len));
	return OUT;
}

static const struct weir_arg set_tcp_checksum_args[] = {
	WEIR_ARG(BOOL, set_tcp_checksum, fix_off, "FIXOFF",
		 "put a data offset right that is not in the packet", WEIR_POS, .def = "false"),
	{},
};

WEIR_ELEMENT(set_tcp_checksum, "SetTCPChecksum", .purpose = "sets the TCP checksum",
	     .ports = "1/1-2", .processing = "a/ah", .out = {"out", "bad"},
	     .args = set_tcp_checksum_args, .reconfigures = true);

WEIR_CASES(set_tcp_checksum, {"", "ip4 tcp csum=bad data=\"abc\"", "out", "ip4 tcp data=\"abc\""},
	   {"", "ip4 tcp csum=0 data=\"abc\" len=60", "out", "ip4 tcp data=\"abc\" len=60"},
	   {"", "ip4 tcp off=0xf0", "bad", ""}, {"", "ip4 tcp off=0x40", "bad", ""},
	   {"true", "ip4 tcp off=0xf0 csum=0", "out", "ip4 tcp off=0x50"},
	   {"FIXOFF true", "ip4 tcp off=0x40 csum=0", "out", "ip4 tcp off=0x50"},
	   {"", "ip4 udp", "bad", ""}, {"", "ip4 frag=8 proto=6 bytes=40", "bad", ""},
	   {"", "ip4 tcp cut=39", "bad", ""},
	   {"", "ip4 tcp network=none transport=none", "bad", ""});
