// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// StripToNetworkHeader: takes all that is in front of the network header which an element before
// marked. If the packet begins behind it, it is put back. A packet without one is lost.
//
//	MarkIP6Header(18) -> StripToNetworkHeader -> ...
#include <weir/element.h>

enum { NO_HEADER };

struct strip_to_network_header {
	uint8_t unused;
};

static inline unsigned strip_to_network_header(const struct strip_to_network_header *,
					       struct packet *p)
{
	return weir_start_at_network(p) ? 0 : WEIR_DROP + NO_HEADER;
}

WEIR_ELEMENT(strip_to_network_header, "StripToNetworkHeader",
	     .purpose = "takes what is in front of the network header",
	     .drops = {"no-network-header"}, .resizes = true);

WEIR_CASES(strip_to_network_header,
	   {"", "eth vlan ip6 udp", "0", "eth vlan ip6 udp strip=18 network=0 transport=40"},
	   {"", "ip4 udp", "0", "ip4 udp network=0 transport=20"},
	   {"", "ip4 udp strip=20 network=-20 transport=0", "0", "ip4 udp network=0 transport=20"},
	   {"", "ip4 udp network=none transport=none", "no-network-header", ""});
