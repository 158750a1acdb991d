// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// SetIPChecksum: computes the checksum of the IPv4 header. A packet whose header is not whole is
// lost as `bad-header`.
//
//	StoreIPAddress(10.0.0.9, 12) -> SetIPChecksum -> ...
#include <weir/csum_packet.h>
#include <weir/element.h>

enum { BAD_HEADER = WEIR_DROP };

struct set_ip_checksum {
	uint8_t unused;
};
struct set_ip_checksum_state {
	uint64_t drops;
};

static inline unsigned set_ip_checksum(const struct set_ip_checksum *,
				       struct set_ip_checksum_state *state, struct packet *p)
{
	const struct ip4 *ip = weir_ip4(p);
	uint32_t hlen = ip ? (ip->vihl & 15u) * 4 : 0;

	if (WEIR_UNLIKELY(hlen < sizeof(*ip) || hlen > weir_network_len(p))) {
		state->drops++;
		return BAD_HEADER;
	}
	weir_csum_header_set(p, hlen);
	return 0;
}

static const struct weir_handler set_ip_checksum_handlers[] = {
	WEIR_SUM("drops", set_ip_checksum, drops, "packets lost"),
	{},
};

WEIR_STATE_ELEMENT(set_ip_checksum, "SetIPChecksum", .purpose = "sets the IP header checksum",
		   .drops = {"bad-header"}, .handlers = set_ip_checksum_handlers);

WEIR_CASES(set_ip_checksum, {"", "ip4 csum=bad udp", "0", "ip4 udp"},
	   {"", "ip4 opt=07070400000000 csum=bad udp", "0", "ip4 opt=07070400000000 udp"},
	   {"", "ip4 vihl=0x44 udp", "bad-header", ""},
	   {"", "ip4 vihl=0x4f data=\"abc\"", "bad-header", ""},
	   {"", "ip4 udp network=none transport=none", "bad-header", ""});
