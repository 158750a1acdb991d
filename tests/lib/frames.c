// SPDX-License-Identifier: BSD-2-Clause
#include "frames.h"

#include <stdlib.h>
#include <string.h>

enum { OUTER_A = 0xc0000201, OUTER_B = 0xc6336407, PAYLOAD = 40 };

struct flow flow_back(const struct flow *f)
{
	struct flow b = *f;

	b.src = f->dst;
	b.dst = f->src;
	b.sport = f->dport;
	b.dport = f->sport;
	return b;
}

void frame_clear(struct frame *f)
{
	memset(f, 0, sizeof(*f));
	f->at = FRAME_SIZE;
}

unsigned frame_len(const struct frame *f)
{
	return FRAME_SIZE - f->at;
}

const uint8_t *frame_bytes(const struct frame *f)
{
	return f->b + f->at;
}

void frame_put(struct frame *f, const void *v, unsigned n)
{
	if (n > f->at)
		abort();
	f->at -= n;
	memcpy(f->b + f->at, v, n);
}

void frame_eth(struct frame *f, uint16_t type)
{
	struct eth h = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}, wr16(type)};

	frame_put(f, &h, sizeof(h));
}

// In the order in which they stand, from the packet's end on.
static uint8_t extensions(struct frame *f, uint8_t bits, uint8_t next)
{
	static const uint8_t kinds[] = {IPPROTO6_FRAGMENT, IPPROTO6_ROUTING, IPPROTO6_OPTIONS,
					IPPROTO6_HOP};
	static const uint8_t bodies[16];

	for (unsigned i = 0; i < sizeof(kinds); i++) {
		const uint8_t more = kinds[i] == IPPROTO6_ROUTING, head[2] = {next, more};

		if (!(bits & 8 >> i))
			continue;
		frame_put(f, bodies, 6 + 8U * more);
		frame_put(f, head, sizeof(head));
		next = kinds[i];
	}
	return next;
}

void frame_ip4(struct frame *f, uint8_t proto, uint32_t src, uint32_t dst)
{
	struct ip4 h = {
		.vihl = 0x45, .ttl = 64, .proto = proto, .src = wr32(src), .dst = wr32(dst)};

	h.len = wr16((uint16_t)(frame_len(f) + sizeof(h)));
	frame_put(f, &h, sizeof(h));
}

static void address6(uint8_t *v, uint32_t a)
{
	const be32 last = wr32(a);

	v[0] = 0x20;
	v[1] = 0x01;
	v[2] = 0x0d;
	v[3] = 0xb8;
	memcpy(v + 12, &last, sizeof(last));
}

void frame_ip6(struct frame *f, uint8_t next, uint32_t src, uint32_t dst)
{
	uint8_t h[sizeof(struct ip6)] = {0x60};
	const be16 len = wr16((uint16_t)frame_len(f));

	memcpy(h + 4, &len, sizeof(len));
	h[6] = next;
	h[7] = 64;
	address6(h + 8, src);
	address6(h + 24, dst);
	frame_put(f, h, sizeof(h));
}

void frame_udp(struct frame *f, uint16_t sport, uint16_t dport)
{
	struct udp h = {wr16(sport), wr16(dport), wr16((uint16_t)(frame_len(f) + sizeof(h))), {}};

	frame_put(f, &h, sizeof(h));
}

static void transport(struct frame *f, const struct flow *w)
{
	static const uint8_t payload[PAYLOAD];
	struct tcp t = {.sport = wr16(w->sport), .dport = wr16(w->dport), .off = 0x50};

	frame_put(f, payload, sizeof(payload));
	if (w->proto == IPPROTO4_TCP)
		frame_put(f, &t, sizeof(t));
	else
		frame_udp(f, w->sport, w->dport); // all others begin as it does
}

static void network(struct frame *f, const struct flow *w, uint8_t proto)
{
	static const uint8_t nops[4 * FLOW_OPTIONS] = {1, 1, 1, 0};
	struct ip4 ip;

	if (w->is_ip6) {
		frame_ip6(f, extensions(f, w->options, proto), w->src, w->dst);
		return;
	}
	frame_put(f, nops, 4U * w->options);
	frame_ip4(f, proto, w->src, w->dst);
	if (!w->options)
		return;
	memcpy(&ip, f->b + f->at, sizeof(ip)); // the options stand behind it already
	ip.vihl = (uint8_t)(0x45 + w->options);
	memcpy(f->b + f->at, &ip, sizeof(ip));
}

void frame_flow(struct frame *f, const struct flow *w)
{
	transport(f, w);
	network(f, w, w->proto);
}

uint16_t frame_type(const struct flow *w)
{
	return w->is_ip6 ? ETHERTYPE_IP6 : ETHERTYPE_IP4;
}

// --- link layers ---
static void in_ether(struct frame *f, const struct flow *w, bool)
{
	frame_eth(f, frame_type(w));
}

static void tag(struct frame *f, uint16_t type, uint16_t vid)
{
	struct vlan h = {wr16(vid), wr16(type)};

	frame_put(f, &h, sizeof(h));
}

static void in_vlan(struct frame *f, const struct flow *w, bool back)
{
	tag(f, frame_type(w), back ? 7 : 9); // it may be routed between two
	frame_eth(f, ETHERTYPE_VLAN);
}

static void in_qinq(struct frame *f, const struct flow *w, bool)
{
	tag(f, frame_type(w), 7);
	tag(f, ETHERTYPE_VLAN, 100);
	frame_eth(f, ETHERTYPE_QINQ);
}

static void in_two_tags(struct frame *f, const struct flow *w, bool)
{
	tag(f, frame_type(w), 7);
	tag(f, ETHERTYPE_QINQ_OLD, 100);
	frame_eth(f, ETHERTYPE_VLAN);
}

static void pppoe(struct frame *f, const struct flow *w)
{
	struct pppoe h = {.ver_type = 0x11, .session = wr16(5)};

	h.len = wr16((uint16_t)(frame_len(f) + sizeof(h.proto)));
	h.proto = wr16(w->is_ip6 ? PPP_IP6 : PPP_IP4);
	frame_put(f, &h, sizeof(h));
}

static void in_pppoe(struct frame *f, const struct flow *w, bool)
{
	pppoe(f, w);
	frame_eth(f, ETHERTYPE_PPPOE);
}

static void in_vlan_pppoe(struct frame *f, const struct flow *w, bool)
{
	pppoe(f, w);
	tag(f, ETHERTYPE_PPPOE, 7);
	frame_eth(f, ETHERTYPE_VLAN);
}

// --- tunnels ---
static void outer4(struct frame *f, uint8_t proto, bool back)
{
	frame_ip4(f, proto, back ? OUTER_B : OUTER_A, back ? OUTER_A : OUTER_B);
	frame_eth(f, ETHERTYPE_IP4);
}

static void outer6(struct frame *f, uint8_t proto, bool back)
{
	frame_ip6(f, proto, back ? OUTER_B : OUTER_A, back ? OUTER_A : OUTER_B);
	frame_eth(f, ETHERTYPE_IP6);
}

static uint8_t proto_of(const struct flow *w)
{
	return w->is_ip6 ? IPPROTO4_IP6 : IPPROTO4_IPIP;
}

static void in_ip4(struct frame *f, const struct flow *w, bool back)
{
	outer4(f, proto_of(w), back);
}

static void in_ip6(struct frame *f, const struct flow *w, bool back)
{
	outer6(f, proto_of(w), back);
}

static void gre(struct frame *f, uint16_t flags, uint16_t type, bool back)
{
	const uint8_t word[4] = {0, 0, 0, back ? 5 : 6};
	const be16 h[2] = {wr16(flags), wr16(type)};

	for (uint16_t bit = 0x1000; bit; bit = (uint16_t)(bit << 1))
		if (flags & bit)
			frame_put(f, word, sizeof(word));
	frame_put(f, h, sizeof(h));
}

static void in_gre(struct frame *f, const struct flow *w, bool back)
{
	gre(f, 0, frame_type(w), back);
	outer4(f, IPPROTO4_GRE, back);
}

static void in_gre_key(struct frame *f, const struct flow *w, bool back)
{
	gre(f, 0x2000, frame_type(w), back);
	outer4(f, IPPROTO4_GRE, back);
}

static void in_gre_all(struct frame *f, const struct flow *w, bool back)
{
	gre(f, 0xb000, frame_type(w), back);
	outer6(f, IPPROTO4_GRE, back);
}

static void in_gre_ether(struct frame *f, const struct flow *w, bool back)
{
	in_vlan(f, w, back);
	gre(f, 0x2000, ETHERTYPE_ETHER, back);
	outer4(f, IPPROTO4_GRE, back);
}

static void vxlan(struct frame *f, bool back)
{
	const uint8_t h[8] = {8, 0, 0, 0, 0, 0, 42};

	frame_put(f, h, sizeof(h));
	frame_udp(f, back ? 50001 : 60001, 4789); // it is sent there both ways
}

static void in_vxlan(struct frame *f, const struct flow *w, bool back)
{
	frame_eth(f, frame_type(w));
	vxlan(f, back);
	outer4(f, IPPROTO4_UDP, back);
}

static void in_vxlan_qinq6(struct frame *f, const struct flow *w, bool back)
{
	in_qinq(f, w, back);
	vxlan(f, back);
	outer6(f, IPPROTO4_UDP, back);
}

static void gtp(struct frame *f, uint8_t flags, bool back)
{
	const uint8_t h[8] = {(uint8_t)(0x30 | flags), 255, 0, 0, 0, 0, 0, back ? 1 : 2};

	frame_put(f, h, sizeof(h));
	frame_udp(f, 2152, 2152);
	outer4(f, IPPROTO4_UDP, back);
}

static void in_gtp(struct frame *f, const struct flow *, bool back)
{
	gtp(f, 0, back);
}

static void in_gtp_seq(struct frame *f, const struct flow *, bool back)
{
	const uint8_t more[4] = {0, 9, 0, 0};

	frame_put(f, more, sizeof(more));
	gtp(f, 2, back);
}

static void in_gtp_ext(struct frame *f, const struct flow *, bool back)
{
	const uint8_t more[4] = {0, 9, 0, 0x85}, first[4] = {1, 0, 9, 0x32},
		      last[8] = {2, 1, 2, 3, 4, 5, 6, 0};

	frame_put(f, last, sizeof(last));
	frame_put(f, first, sizeof(first));
	frame_put(f, more, sizeof(more));
	gtp(f, 4, back);
}

static void in_gre_vxlan(struct frame *f, const struct flow *w, bool back)
{
	frame_eth(f, frame_type(w));
	vxlan(f, back);
	frame_ip4(f, IPPROTO4_UDP, back ? OUTER_B : OUTER_A, back ? OUTER_A : OUTER_B);
	gre(f, 0, ETHERTYPE_IP4, back);
	outer4(f, IPPROTO4_GRE, back);
}

const struct carrier carriers[] = {
	{"Ethernet", in_ether},
	{"VLAN", in_vlan},
	{"QinQ", in_qinq},
	{"two tags", in_two_tags},
	{"PPPoE", in_pppoe},
	{"PPPoE in a VLAN", in_vlan_pppoe},
	{"IPv4", in_ip4},
	{"IPv6", in_ip6},
	{"GRE", in_gre},
	{"GRE with a key", in_gre_key},
	{"GRE with all, over IPv6", in_gre_all},
	{"Ethernet over GRE", in_gre_ether},
	{"VXLAN", in_vxlan},
	{"QinQ in VXLAN over IPv6", in_vxlan_qinq6},
	{"GTP-U", in_gtp},
	{"GTP-U with a sequence number", in_gtp_seq},
	{"GTP-U with extensions", in_gtp_ext},
	{"VXLAN in GRE", in_gre_vxlan},
	{},
};

// --- what is not carried whole ---
static void fragment6(struct frame *f, const struct flow *w, uint16_t frag)
{
	struct ip6_ext x = {.next = w->proto, .frag = wr16(frag), .id = wr32(77)};

	frame_put(f, &x, sizeof(x));
	frame_ip6(f, IPPROTO6_FRAGMENT, w->src, w->dst);
	frame_eth(f, ETHERTYPE_IP6);
}

bool frame_fragment(struct frame *f, const struct flow *w, unsigned i)
{
	static const uint16_t first[] = {IP4_MF, IP4_MF | 6, 12}, first6[] = {1, 49, 96};
	static const uint8_t rest[48] = {9, 9, 9, 9};

	if (i >= sizeof(first) / sizeof(*first))
		return false;
	frame_clear(f);
	if (i)
		frame_put(f, rest, sizeof(rest));
	else
		transport(f, w);
	if (w->is_ip6) {
		fragment6(f, w, first6[i]);
		return true;
	}
	frame_ip4(f, w->proto, w->src, w->dst);
	((struct ip4 *)(f->b + f->at))->frag = wr16(first[i]);
	frame_eth(f, ETHERTYPE_IP4);
	return true;
}

bool frame_error(struct frame *f, const struct flow *w, unsigned i, unsigned quoted)
{
	static const uint8_t types[] = {3, 4, 5, 11, 12}, types6[] = {1, 2, 3, 4};
	struct icmp4 h = {.type = w->is_ip6 ? types6[i % sizeof(types6)]
					    : types[i % sizeof(types)]};
	struct frame packet;

	if (i >= (w->is_ip6 ? sizeof(types6) : sizeof(types)))
		return false;
	frame_clear(&packet);
	frame_flow(&packet, w);
	frame_clear(f);
	frame_put(f, frame_bytes(&packet), quoted);
	frame_put(f, &h, sizeof(h));
	if (w->is_ip6)
		frame_ip6(f, IPPROTO6_ICMP, OUTER_A, w->src);
	else
		frame_ip4(f, IPPROTO4_ICMP, OUTER_A, w->src);
	frame_eth(f, frame_type(w));
	return true;
}

bool frame_ipsec(struct frame *f, const struct flow *w, unsigned i, uint32_t spi)
{
	static const uint8_t sealed[32] = {1, 2, 3, 4};
	const be32 word = wr32(spi);

	frame_clear(f);
	frame_put(f, sealed, sizeof(sealed));
	frame_put(f, &word, sizeof(word));
	if (i == 1) {
		const uint8_t head[4] = {IPPROTO4_TCP, 4};

		frame_put(f, head, sizeof(head));
	} else if (i == 2) {
		frame_udp(f, 4500, 4500);
	}
	network(f, w, i == 0 ? IPPROTO4_ESP : i == 1 ? IPPROTO4_AH : IPPROTO4_UDP);
	frame_eth(f, frame_type(w));
	return i < 3;
}
