// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// MarkIPHeader: says where the IPv4 header begins, for elements that need to know, without
// checking it. A packet with fewer than 20 bytes there passes unmarked.
//
//	FromDump(x.pcap) -> MarkIPHeader(14) -> IPPrint -> Discard;
#include <weir/element.h>

struct mark_ip_header {
	uint32_t offset;
};

static inline unsigned mark_ip_header(const struct mark_ip_header *self, struct packet *p)
{
	const struct ip4 *ip = weir_at(p, self->offset, sizeof(*ip));
	uint32_t hlen;

	if (WEIR_UNLIKELY(!ip)) {
		weir_clear_network(p);
		return 0;
	}
	hlen = (ip->vihl & 15u) * 4;
	weir_set_network(p, self->offset, hlen < sizeof(*ip) ? sizeof(*ip) : hlen);
	return 0;
}

static const struct weir_arg mark_ip_header_args[] = {
	WEIR_ARG(U32, mark_ip_header, offset, "OFFSET", "byte at which the IP header begins",
		 WEIR_POS),
	{},
};

WEIR_ELEMENT(mark_ip_header, "MarkIPHeader", .purpose = "marks the IP header",
	     .args = mark_ip_header_args, .reconfigures = true);

WEIR_CASES(mark_ip_header,
	   {"", "ip4 udp network=none transport=none", "0", "ip4 udp network=0 transport=20"},
	   {"14", "eth ip4 opt=01010101 udp network=none", "0",
	    "eth ip4 opt=01010101 udp network=14 transport=38"},
	   {"14", "eth ip4 vihl=0 udp network=none", "0",
	    "eth ip4 vihl=0 udp network=14 transport=34"},
	   {"OFFSET 9", "ip4 udp", "0", "ip4 udp network=none transport=none"});
