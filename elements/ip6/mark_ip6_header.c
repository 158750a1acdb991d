// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// MarkIP6Header: says where the IPv6 header begins, for elements that need to know, without
// checking it. The transport header that is marked is what follows the extension headers. A packet
// with fewer than 40 bytes there passes unmarked.
//
//	FromDump(x.pcap) -> MarkIP6Header(14) -> IP6Print -> Discard;
#include <weir/element.h>
#include <weir/ip6_walk.h>

struct mark_ip6_header {
	uint32_t offset;
};

static inline unsigned mark_ip6_header(const struct mark_ip6_header *self, struct packet *p)
{
	const struct ip6 *ip = weir_at(p, self->offset, sizeof(*ip));
	struct weir_ip6_upper upper;

	if (WEIR_UNLIKELY(!ip)) {
		weir_clear_network(p);
		return 0;
	}
	weir_set_network(p, self->offset, sizeof(*ip));
	if (WEIR_LIKELY(!weir_ip6_is_extension(ip->next)))
		return 0;
	weir_ip6_walk(p, ip, &upper);
	weir_set_network(p, self->offset, upper.off);
	return 0;
}

static const struct weir_arg mark_ip6_header_args[] = {
	WEIR_ARG(U32, mark_ip6_header, offset, "OFFSET", "byte at which the IPv6 header begins",
		 .max = 65535, WEIR_POS),
	{},
};

WEIR_ELEMENT(mark_ip6_header, "MarkIP6Header", .purpose = "marks the IPv6 header",
	     .args = mark_ip6_header_args, .reconfigures = true);

WEIR_CASES(mark_ip6_header,
	   {"", "ip6 udp network=none transport=none", "0", "ip6 udp network=0 transport=40"},
	   {"14", "eth ip6 dest udp network=none", "0", "eth ip6 dest udp network=14 transport=62"},
	   {"OFFSET 9", "ip6 udp", "0", "ip6 udp network=none transport=none"});
