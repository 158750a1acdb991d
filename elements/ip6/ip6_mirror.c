// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// IP6Mirror: swaps the addresses of the IPv6 header, and the ports if the packet is TCP or UDP (its
// first fragment). Checksums stay right. A packet without a marked IPv6 header passes.
//
//	FromDevice(eth0) -> Strip(14) -> CheckIP6Header -> IP6Mirror -> ...
#include <weir/element.h>
#include <weir/ip6_walk.h>

struct ip6_mirror {
	uint8_t unused;
};

static inline unsigned ip6_mirror(const struct ip6_mirror *, struct packet *p)
{
	struct ip6 *ip = weir_ip6_header(p);
	struct weir_ip6_upper upper;
	struct udp *ports;
	be16 port;
	be64 half;

	if (WEIR_UNLIKELY(!ip))
		return 0;
	for (unsigned i = 0; i < 2; i++) {
		half = ip->src[i];
		ip->src[i] = ip->dst[i];
		ip->dst[i] = half;
	}
	if (!weir_ip6_walk(p, ip, &upper) || upper.later ||
	    (upper.proto != IPPROTO4_TCP && upper.proto != IPPROTO4_UDP))
		return 0;
	ports = weir_network_at(p, upper.off, sizeof(*ports));
	if (!ports)
		return 0;
	port = ports->sport;
	ports->sport = ports->dport;
	ports->dport = port;
	return 0;
}

WEIR_ELEMENT(ip6_mirror, "IP6Mirror", .purpose = "swaps the IPv6 addresses and ports");

WEIR_CASES(ip6_mirror,
	   {"", "ip6 udp sport=5 dport=6", "0",
	    "ip6 src=2001:db8::2 dst=2001:db8::1 udp sport=6 dport=5"},
	   {"", "eth ip6 hop frag id=3 tcp sport=5 dport=6", "0",
	    "eth ip6 src=2001:db8::2 dst=2001:db8::1 hop frag id=3 tcp sport=6 dport=5"},
	   {"", "ip6 frag off=8 next=udp bytes=8", "0",
	    "ip6 src=2001:db8::2 dst=2001:db8::1 frag off=8 next=udp bytes=8"},
	   {"", "ip6 icmp6", "0", "ip6 src=2001:db8::2 dst=2001:db8::1 icmp6"},
	   {"", "ip6 next=udp hex=00010002", "0",
	    "ip6 src=2001:db8::2 dst=2001:db8::1 next=udp hex=00010002"},
	   {"", "ip6 udp network=none transport=none", "0", ""});
