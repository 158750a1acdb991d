// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// ICMPPingResponder: turns an ICMP echo request into the reply (RFC 792; RFC 1812 4.3.3.6): swaps
// the addresses, sets the TTL to 255, clears DF, and sets the destination annotation to the host
// that asked. Everything else leaves by `other`: what is no echo request, a fragment (reassemble
// first), and a request to or from an address that cannot be answered with or to (RFC
// 1122 3.2.2.6).
//
//	IPClassifier(icmp type echo) -> ICMPPingResponder -> RadixIPLookup(...)
#include <weir/csum.h>
#include <weir/element.h>

enum { OUT, OTHER };
enum { ICMP_REPLY = 0, ICMP_ECHO = 8 };

struct icmp_ping_responder {
	uint8_t unused;
};

// Neither network 0, multicast, reserved nor broadcast.
static inline bool is_host(be32 addr)
{
	uint32_t net = rd32(addr) >> 24;

	return net && net < 224;
}

static inline unsigned icmp_ping_responder(const struct icmp_ping_responder *, struct packet *p)
{
	struct icmp4 *icmp = weir_transport_at(p, 0, sizeof(*icmp));
	struct ip4 *ip = weir_ip4(p);
	be16 old, new;
	be32 src;

	if (!ip || !icmp || ip->proto != IPPROTO4_ICMP || icmp->type != ICMP_ECHO ||
	    rd16(ip->frag) & (IP4_MF | IP4_OFFMASK) || !is_host(ip->src) || !is_host(ip->dst))
		return OTHER;
	src = ip->src;
	ip->src = ip->dst;
	ip->dst = src;
	ip->csum = weir_csum_edit16(ip->csum, ip->frag, (be16){0});
	ip->frag.be = 0;
	old = wr16((uint16_t)(ip->ttl << 8 | ip->proto));
	new = wr16((uint16_t)(255 << 8 | ip->proto));
	ip->csum = weir_csum_edit16(ip->csum, old, new);
	ip->ttl = 255;

	old = wr16((uint16_t)(icmp->type << 8 | icmp->code));
	new = wr16(ICMP_REPLY << 8);
	icmp->csum = weir_csum_edit16(icmp->csum, old, new);
	icmp->type = ICMP_REPLY;
	icmp->code = 0;

	weir_set_dst_ip(p, ip->dst);
	weir_set_anno_u8(p, ANNO_PAINT, 0);
	weir_set_type(p, WEIR_HOST);
	return OUT;
}

WEIR_ELEMENT(icmp_ping_responder, "ICMPPingResponder", .purpose = "answers ICMP echo requests",
	     .ports = "1/1-2", .processing = "a/ah", .out = {"out", "other"});

WEIR_CASES(icmp_ping_responder,
	   {"", "ip4 src=10.0.0.1 dst=10.0.0.2 ttl=3 df icmp type=8 id=7 seq=9 data=\"abc\"", "out",
	    "ip4 src=10.0.0.2 dst=10.0.0.1 ttl=255 icmp type=0 id=7 seq=9 data=\"abc\" "
	    "dst_ip=10.0.0.1"},
	   {"", "ip4 icmp type=0", "other", ""}, {"", "ip4 udp", "other", ""},
	   {"", "ip4 mf icmp type=8", "other", ""},
	   {"", "ip4 dst=255.255.255.255 icmp type=8", "other", ""},
	   {"", "ip4 src=224.0.0.1 icmp type=8", "other", ""},
	   {"", "ip4 icmp type=8 cut=27", "other", ""},
	   {"", "ip4 icmp type=8 network=none transport=none", "other", ""});
