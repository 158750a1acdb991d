// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// ICMP6PingResponder: turns an ICMPv6 echo request into the reply (RFC 4443 4.2): swaps the
// addresses, sets the hop limit to 64, and sets the destination annotation to the host that asked.
// Everything else leaves by `other`: what is no echo request, one with extension headers, so that
// fragments do too, and a request to or from an address that cannot be answered with or to.
//
//	IPClassifier(icmp6 type 128) -> ICMP6PingResponder -> LookupIP6Route(...)
#include <weir/csum.h>
#include <weir/element.h>
#include <weir/ip6.h>

enum { OUT, OTHER };
enum { ECHO = 128, REPLY = 129, HOP_LIMIT = 64 };

struct icmp6_ping_responder {
	uint8_t unused;
};

// Neither multicast, unspecified nor loopback.
static inline bool is_node(const be64 addr[2])
{
	const struct weir_ip6 a = weir_ip6_read(addr);

	return a.hi >> 56 != 0xff && (a.hi || a.lo > 1);
}

static inline unsigned icmp6_ping_responder(const struct icmp6_ping_responder *, struct packet *p)
{
	struct ip6 *ip = weir_ip6_header(p);
	struct icmp6 *icmp = weir_network_at(p, sizeof(*ip), sizeof(*icmp));

	if (!ip || !icmp || ip->next != IPPROTO6_ICMP || icmp->type != ECHO || !is_node(ip->src) ||
	    !is_node(ip->dst))
		return OTHER;
	for (unsigned i = 0; i < 2; i++) {
		const be64 half = ip->src[i];

		ip->src[i] = ip->dst[i];
		ip->dst[i] = half;
	}
	ip->hops = HOP_LIMIT;
	icmp->csum = weir_csum_edit16(icmp->csum, wr16((uint16_t)(ECHO << 8 | icmp->code)),
				      wr16(REPLY << 8));
	icmp->type = REPLY;
	icmp->code = 0;

	weir_set_dst_ip6(p, ip->dst);
	weir_set_anno_u8(p, ANNO_PAINT, 0);
	weir_set_type(p, WEIR_HOST);
	return OUT;
}

WEIR_ELEMENT(icmp6_ping_responder, "ICMP6PingResponder", .purpose = "answers ICMPv6 echo requests",
	     .ports = "1/1-2", .processing = "a/ah", .out = {"out", "other"});

WEIR_CASES(icmp6_ping_responder,
	   {"", "ip6 src=2001:db8::1 dst=2001:db8::2 hlim=3 icmp6 id=7 seq=9 data=\"abc\"", "out",
	    "ip6 src=2001:db8::2 dst=2001:db8::1 hlim=64 icmp6 type=129 id=7 seq=9 data=\"abc\" "
	    "dst_ip6=2001:db8::1"},
	   {"", "eth ip6 tc=5 flow=9 icmp6 code=3 paint=4 type=otherhost", "out",
	    "eth ip6 src=2001:db8::2 dst=2001:db8::1 tc=5 flow=9 icmp6 type=129 paint=0 type=host"},
	   {"", "ip6 icmp6 type=129", "other", ""}, {"", "ip6 udp", "other", ""},
	   {"", "ip6 frag mf icmp6", "other", ""}, {"", "ip6 dst=ff02::1 icmp6", "other", ""},
	   {"", "ip6 src=:: icmp6", "other", ""}, {"", "ip6 src=ff02::1 icmp6", "other", ""},
	   {"", "ip6 icmp6 cut=47", "other", ""},
	   {"", "ip6 icmp6 network=none transport=none", "other", ""});
