// SPDX-License-Identifier: BSD-2-Clause
// What text and packet have in common: the headers.
#include "pkt.h"

#include <stdlib.h>

static const struct eth blank_eth = {.dst = {2, 0, 0, 0, 0, 2}, .src = {2, 0, 0, 0, 0, 1}};
static const struct {
	be16 tci, type;
} blank_vlan;
static const struct arp4 blank_arp = {
	.htype = {0x0100}, .ptype = {0x0008}, .hlen = 6, .plen = 4, .op = {0x0100}};
static const struct ip4 blank_ip4 = {
	.vihl = 0x45, .ttl = 64, .src = {0x0100000a}, .dst = {0x0200000a}};
static const struct icmp4 blank_icmp = {.type = 8};
static const struct udp blank_udp = {.sport = {0xe803}, .dport = {0xd007}};
static const struct tcp blank_tcp = {
	.sport = {0xe803}, .dport = {0xd007}, .off = 0x50, .flags = TCP_ACK, .win = {0xffff}};

// 2001:db8::1 to 2001:db8::2
static const struct ip6 blank_ip6 = {.vtcfl = {0x60},
				     .next = IPPROTO6_NONE,
				     .hops = 64,
				     .src = {{0xb80d0120}, {1ull << 56}},
				     .dst = {{0xb80d0120}, {2ull << 56}}};
// PadN over the six bytes
static const uint8_t blank_options[8] = {IPPROTO6_NONE, 0, IP6_OPT_PADN, 4};
static const struct ip6_routing blank_routing = {.next = IPPROTO6_NONE};
static const struct ip6_ext blank_frag = {.next = IPPROTO6_NONE};
static const uint8_t blank_ah[24] = {IPPROTO6_NONE};
static const struct icmp6 blank_icmp6 = {.type = 128};
static const uint8_t blank_nd[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
static const uint8_t blank_ndopt[8] = {1, 1, 2, [7] = 1};

const struct pkt_kind_size pkt_kinds[PKT_KINDS] = {
	[PKT_U8] = {1, 0, 0},	 [PKT_U16] = {2, 0, 0},	   [PKT_U32] = {4, 0, 0},
	[PKT_IP] = {4, 0, 0},	 [PKT_ETHER] = {6, 0, 0},  [PKT_ADDR6] = {16, 0, 0},
	[PKT_VERS] = {4, 28, 4}, [PKT_CLASS] = {4, 20, 8}, [PKT_FLOW] = {4, 0, 20},
};

const uint8_t pkt_protos[PKT_LAYERS] = {
	[PKT_IP4] = IPPROTO4_IPIP,	  [PKT_IP6] = IPPROTO4_IP6,
	[PKT_HOP] = IPPROTO6_HOP,	  [PKT_DEST] = IPPROTO6_OPTIONS,
	[PKT_ROUTING] = IPPROTO6_ROUTING, [PKT_FRAG] = IPPROTO6_FRAGMENT,
	[PKT_AH] = IPPROTO4_AH,		  [PKT_ICMP] = IPPROTO4_ICMP,
	[PKT_ICMP6] = IPPROTO6_ICMP,	  [PKT_UDP] = IPPROTO4_UDP,
	[PKT_TCP] = IPPROTO4_TCP,
};

const struct pkt_header pkt_headers[PKT_LAYERS] = {
	[PKT_ETH] = {"eth", 14, (const uint8_t *)&blank_eth},
	[PKT_VLAN] = {"vlan", 4, (const uint8_t *)&blank_vlan},
	[PKT_ARP] = {"arp", 28, (const uint8_t *)&blank_arp},
	[PKT_IP4] = {"ip4", 20, (const uint8_t *)&blank_ip4},
	[PKT_IP6] = {"ip6", 40, (const uint8_t *)&blank_ip6},
	[PKT_HOP] = {"hop", 8, blank_options},
	[PKT_DEST] = {"dest", 8, blank_options},
	[PKT_ROUTING] = {"routing", 8, (const uint8_t *)&blank_routing},
	[PKT_FRAG] = {"frag", 8, (const uint8_t *)&blank_frag},
	[PKT_AH] = {"ah", 24, blank_ah},
	[PKT_ICMP] = {"icmp", 8, (const uint8_t *)&blank_icmp},
	[PKT_ICMP6] = {"icmp6", 8, (const uint8_t *)&blank_icmp6},
	[PKT_ND] = {"nd", 16, blank_nd},
	[PKT_NDOPT] = {"ndopt", 8, blank_ndopt},
	[PKT_UDP] = {"udp", 8, (const uint8_t *)&blank_udp},
	[PKT_TCP] = {"tcp", 20, (const uint8_t *)&blank_tcp},
};

const struct pkt_field pkt_fields[] = {
	{PKT_ETH, 6, PKT_ETHER, "src"},
	{PKT_ETH, 0, PKT_ETHER, "dst"},
	{PKT_ETH, 12, PKT_U16, "type"},
	{PKT_VLAN, 0, PKT_U16, "tci"},
	{PKT_VLAN, 2, PKT_U16, "type"},
	{PKT_ARP, 0, PKT_U16, "htype"},
	{PKT_ARP, 2, PKT_U16, "ptype"},
	{PKT_ARP, 4, PKT_U8, "hlen"},
	{PKT_ARP, 5, PKT_U8, "plen"},
	{PKT_ARP, 6, PKT_U16, "op"},
	{PKT_ARP, 8, PKT_ETHER, "sha"},
	{PKT_ARP, 14, PKT_IP, "spa"},
	{PKT_ARP, 18, PKT_ETHER, "tha"},
	{PKT_ARP, 24, PKT_IP, "tpa"},
	{PKT_IP4, 12, PKT_IP, "src"},
	{PKT_IP4, 16, PKT_IP, "dst"},
	{PKT_IP4, 0, PKT_U8, "vihl"},
	{PKT_IP4, 1, PKT_U8, "tos"},
	{PKT_IP4, 2, PKT_U16, "iplen"},
	{PKT_IP4, 4, PKT_U16, "id"},
	{PKT_IP4, 6, PKT_U16, "frag"},
	{PKT_IP4, 8, PKT_U8, "ttl"},
	{PKT_IP4, 9, PKT_U8, "proto"},
	{PKT_IP4, 10, PKT_U16, "csum"},
	{PKT_ICMP, 0, PKT_U8, "type"},
	{PKT_ICMP, 1, PKT_U8, "code"},
	{PKT_ICMP, 2, PKT_U16, "csum"},
	{PKT_ICMP, 4, PKT_U16, "id"},
	{PKT_ICMP, 6, PKT_U16, "seq"},
	{PKT_ICMP, 4, PKT_IP, "gw"},
	{PKT_ICMP, 6, PKT_U16, "mtu"},
	{PKT_ICMP, 4, PKT_U8, "ptr"},
	{PKT_UDP, 0, PKT_U16, "sport"},
	{PKT_UDP, 2, PKT_U16, "dport"},
	{PKT_UDP, 4, PKT_U16, "udplen"},
	{PKT_UDP, 6, PKT_U16, "csum"},
	{PKT_TCP, 0, PKT_U16, "sport"},
	{PKT_TCP, 2, PKT_U16, "dport"},
	{PKT_TCP, 4, PKT_U32, "seq"},
	{PKT_TCP, 8, PKT_U32, "ack"},
	{PKT_TCP, 12, PKT_U8, "off"},
	{PKT_TCP, 13, PKT_U8, "flags"},
	{PKT_TCP, 14, PKT_U16, "win"},
	{PKT_TCP, 16, PKT_U16, "csum"},
	{PKT_TCP, 18, PKT_U16, "urp"},
	{PKT_IP6, 8, PKT_ADDR6, "src"},
	{PKT_IP6, 24, PKT_ADDR6, "dst"},
	{PKT_IP6, 0, PKT_VERS, "vers"},
	{PKT_IP6, 0, PKT_CLASS, "tc"},
	{PKT_IP6, 0, PKT_FLOW, "flow"},
	{PKT_IP6, 4, PKT_U16, "plen"},
	{PKT_IP6, 6, PKT_U8, "next"},
	{PKT_IP6, 7, PKT_U8, "hlim"},
	{PKT_HOP, 0, PKT_U8, "next"},
	{PKT_HOP, 1, PKT_U8, "hlen"},
	{PKT_DEST, 0, PKT_U8, "next"},
	{PKT_DEST, 1, PKT_U8, "hlen"},
	{PKT_ROUTING, 0, PKT_U8, "next"},
	{PKT_ROUTING, 1, PKT_U8, "hlen"},
	{PKT_ROUTING, 2, PKT_U8, "rtype"},
	{PKT_ROUTING, 3, PKT_U8, "left"},
	{PKT_FRAG, 0, PKT_U8, "next"},
	{PKT_FRAG, 2, PKT_U16, "off"},
	{PKT_FRAG, 4, PKT_U32, "id"},
	{PKT_AH, 0, PKT_U8, "next"},
	{PKT_AH, 1, PKT_U8, "hlen"},
	{PKT_AH, 4, PKT_U32, "spi"},
	{PKT_AH, 8, PKT_U32, "seq"},
	{PKT_ICMP6, 0, PKT_U8, "type"},
	{PKT_ICMP6, 1, PKT_U8, "code"},
	{PKT_ICMP6, 2, PKT_U16, "csum"},
	{PKT_ICMP6, 4, PKT_U16, "id"},
	{PKT_ICMP6, 6, PKT_U16, "seq"},
	{PKT_ICMP6, 4, PKT_U32, "mtu"},
	{PKT_ICMP6, 4, PKT_U32, "ptr"},
	{PKT_ICMP6, 4, PKT_U32, "flags"},
	{PKT_ND, 0, PKT_ADDR6, "addr"},
	{PKT_NDOPT, 0, PKT_U8, "type"},
	{PKT_NDOPT, 1, PKT_U8, "hlen"},
	{PKT_NDOPT, 2, PKT_ETHER, "ether"},
	{},
};

uint16_t pkt_csum(const uint8_t *b, uint32_t n, uint32_t sum)
{
	uint64_t s = sum;

	for (uint32_t i = 0; i < n; i++)
		s += i % 2 ? b[i] : b[i] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

uint32_t pkt_pseudo(const struct ip4 *ip, uint32_t len)
{
	uint32_t s = rd32(ip->src), d = rd32(ip->dst);

	return (s >> 16) + (s & 0xffff) + (d >> 16) + (d & 0xffff) + ip->proto + len;
}

uint32_t pkt_pseudo6(const struct ip6 *ip, uint8_t proto, uint32_t len)
{
	const uint8_t *a = (const uint8_t *)ip->src; // and dst behind it

	return (uint16_t)~pkt_csum(a, sizeof(ip->src) + sizeof(ip->dst), proto + len);
}

void pkt_free(struct pkt *k)
{
	free(k->bytes);
	k->bytes = NULL;
}

size_t pkt_split(const char *text, const char **next)
{
	bool quoted = false;
	size_t n = 0;

	for (; text[n] && (quoted || text[n] != '|'); n++) {
		if (text[n] == '\\' && text[n + 1])
			n++;
		else if (text[n] == '"')
			quoted = !quoted;
	}
	*next = text[n] ? text + n + 1 : NULL;
	return n;
}

static uint16_t place(const struct packet *p, int32_t mark)
{
	return mark == PKT_UNSET ? 0 : (uint16_t)(p->off + (uint32_t)mark);
}

void pkt_fill(struct packet *p, const struct pkt *k)
{
	memcpy(weir_data(p), k->bytes, k->end);
	p->mac = place(p, k->mac);
	p->network = place(p, k->network);
	p->transport = place(p, k->transport);
	p->type = k->type;
	p->device = k->device;
	p->tstamp = k->tstamp;
	memcpy(p->anno, k->anno, sizeof(p->anno));
	p->off += k->start;
	p->len = k->end - k->start;
}

struct packet *pkt_new(const struct pkt *k)
{
	size_t size = sizeof(struct packet) + WEIR_HEADROOM + k->end + WEIR_TAILROOM;
	struct packet *p = aligned_alloc(64, (size + 63) / 64 * 64);

	if (!p)
		return NULL;
	*p = (struct packet){
		.off = sizeof(*p) + WEIR_HEADROOM, .len = k->end, .room = (uint32_t)size};
	pkt_fill(p, k);
	return p;
}
