// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// EtherMirror: swaps the addresses of the Ethernet header with which the packet begins. A packet of
// less than 14 bytes is lost as `short`.
//
//	FromDevice(eth0) -> EtherMirror -> ToDevice(eth0);
#include <weir/element.h>

enum { SHORT = WEIR_DROP };

struct ether_mirror {
	uint8_t unused;
};

static inline unsigned ether_mirror(const struct ether_mirror *, struct packet *p)
{
	struct eth *eth = weir_at(p, 0, sizeof(*eth));
	uint8_t tmp[6];

	if (WEIR_UNLIKELY(!eth))
		return SHORT;
	__builtin_memcpy(tmp, eth->dst, 6);
	__builtin_memcpy(eth->dst, eth->src, 6);
	__builtin_memcpy(eth->src, tmp, 6);
	return 0;
}

WEIR_ELEMENT(ether_mirror, "EtherMirror", .purpose = "swaps the Ethernet addresses",
	     .drops = {"short"});

WEIR_CASES(ether_mirror,
	   {"", "eth src=1:1:1:1:1:1 dst=2:2:2:2:2:2 ip4 udp", "0",
	    "eth src=2:2:2:2:2:2 dst=1:1:1:1:1:1 ip4 udp"},
	   {"", "eth cut=13", "short", ""});
