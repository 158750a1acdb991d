// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// What deals frames out, in the driver and in userspace alike: a hash over what has to stay
// together, and the traffic class (abi/steer.h).
//
// The hash is over the innermost addresses that can be read, and for a flow also over the protocol
// and the ports, or the SPI of IPsec. Tunnels that are looked into: IPv4 and IPv6 in either, GRE,
// VXLAN, GTP-U. Fragments of a datagram, the first one too, go by addresses and protocol alone. An
// error of ICMP goes by the packet that it quotes. What is not IP goes by its link addresses. What
// is cut off or makes no sense goes by what was read before it.
//
// By WEIR_KEY_OWNER it goes by the innermost destination and its port (of an ICMP query its
// identifier; of what an ICMP error quotes the source and its port), if somebody has that.

#include <weir/packet.h>

#include <abi/steer.h>

enum {
	WEIR_FRAME_MASK = 0x3fff, // bounds an offset for the verifier
	WEIR_FRAME_LAYERS = 4,	  // of addresses: a tunnel in a tunnel, and what an error quotes
	WEIR_FRAME_TAGS = 2,
	WEIR_FRAME_EXTENSIONS = 6,
	WEIR_FRAME_GTP_EXTENSIONS = 2,
	WEIR_FRAME_LINK = ETHERTYPE_ETHER,
};

enum {
	WEIR_PORT_IKE = 500,
	WEIR_PORT_GTP_U = 2152,
	WEIR_PORT_NAT_T = 4500,
	WEIR_PORT_VXLAN = 4789
};

static const uint64_t WEIR_FRAME_MIX1 = 0x9e3779b97f4a7c15, WEIR_FRAME_MIX2 = 0xd6e8feb86659fd93;

struct weir_frame {
	const void *data, *end;
};

// What was read of a frame so far, and where to go on.
struct weir_frame_seen {
	uint64_t src, dst;     // addresses, in at most 62 bits
	uint64_t both;	       // what both directions have: protocol, SPI
	uint32_t off;	       // of what is next
	uint16_t type;	       // of what is next, enum ethertype; at the end: of what was not read
	uint16_t sport, dport; // as they stand there; 0: none
	uint8_t proto;	       // of IP
	uint8_t dscp;
	uint8_t icmp;	 // type
	uint16_t id;	 // identifier of an ICMP query, as it stands there
	uint8_t version; // of IP; 0: none was read
	bool is_quoted;
	bool is_ike; // by NAT traversal
};

struct weir_frame_sorted {
	uint32_t hash;	// odd; 0 for WEIR_KEY_NONE
	uint32_t class; // traffic class
};

// n bytes at an offset, or NULL.
WEIR_INLINE const void *weir_frame_at(const struct weir_frame *f, uint32_t at, uint32_t n)
{
	const uint8_t *d;

	asm("" : "+r"(at)); // else the compiler leaves out the mask, which the verifier wants
	d = (const uint8_t *)f->data + (at & WEIR_FRAME_MASK);
	return at <= WEIR_FRAME_MASK && d + n <= (const uint8_t *)f->end ? d : NULL;
}

WEIR_INLINE bool weir_frame_is_tag(uint16_t type)
{
	return type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ || type == ETHERTYPE_QINQ_OLD;
}

WEIR_INLINE void weir_frame_tags(const struct weir_frame *f, struct weir_frame_seen *s)
{
	for (unsigned i = 0; i < WEIR_FRAME_TAGS && weir_frame_is_tag(s->type); i++) {
		const struct vlan *v = weir_frame_at(f, s->off, sizeof(*v));

		if (!v)
			return;
		s->type = rd16(v->type);
		s->off += sizeof(*v);
	}
}

// PPP's own protocols count as PPPoE's discovery: they too keep the session.
WEIR_INLINE void weir_frame_pppoe(const struct weir_frame *f, struct weir_frame_seen *s)
{
	const struct pppoe *h = weir_frame_at(f, s->off, sizeof(*h));
	uint16_t proto = h ? rd16(h->proto) : 0;

	s->off += sizeof(*h);
	if (proto == PPP_IP4)
		s->type = ETHERTYPE_IP4;
	else if (proto == PPP_IP6)
		s->type = ETHERTYPE_IP6;
	else if (proto >= PPP_CONTROL)
		s->type = ETHERTYPE_PPPOE_DISCOVERY;
}

WEIR_INLINE bool weir_frame_link(const struct weir_frame *f, struct weir_frame_seen *s)
{
	const struct eth *eth = weir_frame_at(f, s->off, sizeof(*eth));

	if (!eth)
		return false;
	// 8 bytes at a time: the first 6 of these, and the last 6 of those
	s->dst = ((const be64 *)eth)->be & 0xffffffffffff;
	s->src = ((const be64 *)(eth->dst + 4))->be >> 16;
	s->sport = s->dport = 0;
	s->type = rd16(eth->type);
	s->off += sizeof(*eth);
	if (WEIR_UNLIKELY(s->type != ETHERTYPE_IP4 && s->type != ETHERTYPE_IP6)) {
		weir_frame_tags(f, s);
		if (s->type == ETHERTYPE_PPPOE)
			weir_frame_pppoe(f, s);
		if (s->type <= ETHERTYPE_LLC)
			s->type = 0;
	}
	s->both = (uint64_t)s->type << 48;
	return true;
}

WEIR_INLINE void weir_frame_proto(struct weir_frame_seen *s, uint8_t proto)
{
	s->proto = proto;
	s->both = (uint64_t)proto << 48;
	s->sport = s->dport = 0;
}

// The readers of IP say whether a transport header is next.
WEIR_INLINE bool weir_frame_ip4(const struct weir_frame *f, struct weir_frame_seen *s)
{
	const struct ip4 *ip = weir_frame_at(f, s->off, sizeof(*ip));
	uint32_t hlen;

	if (!ip)
		return false;
	hlen = (ip->vihl & 15) * 4U;
	if (ip->vihl >> 4 != 4 || hlen < sizeof(*ip))
		return false;
	s->version = 4;
	s->dscp = ip->tos >> 2;
	weir_frame_proto(s, ip->proto);
	s->src = ip->src.be;
	s->dst = ip->dst.be;
	s->off += hlen;
	return !(ip->frag.be & wr16(IP4_MF | IP4_OFFMASK).be);
}

WEIR_INLINE uint64_t weir_frame_fold(const be64 a[2])
{
	return ((a[0].be ^ a[0].be >> 32) * 0x9fb21c651e98df25 + a[1].be) >> 2;
}

// AH is none of the headers to go over: what is behind it belongs to its SPI.
WEIR_INLINE bool weir_frame_extensions(const struct weir_frame *f, struct weir_frame_seen *s)
{
	for (unsigned i = 0; i < WEIR_FRAME_EXTENSIONS; i++) {
		const struct ip6_ext *x;

		if (s->proto != IPPROTO6_HOP && s->proto != IPPROTO6_ROUTING &&
		    s->proto != IPPROTO6_FRAGMENT && s->proto != IPPROTO6_OPTIONS)
			return true;
		x = weir_frame_at(f, s->off, sizeof(*x));
		if (!x)
			return false;
		if (s->proto == IPPROTO6_FRAGMENT) {
			s->proto = x->next;
			s->off += sizeof(*x);
			if (x->frag.be & wr16(IP6_OFFMASK | IP6_MF).be)
				return false;
			continue; // it is the only one: no fragment (RFC 6946)
		}
		s->proto = x->next;
		s->off += 8 + x->len * 8U;
	}
	return false;
}

WEIR_INLINE bool weir_frame_ip6(const struct weir_frame *f, struct weir_frame_seen *s)
{
	const struct ip6 *ip = weir_frame_at(f, s->off, sizeof(*ip));
	uint32_t head;
	bool whole;

	if (!ip)
		return false;
	head = rd32(ip->vtcfl);
	if (head >> 28 != 6)
		return false;
	s->version = 6;
	s->dscp = head >> 22 & 63;
	s->proto = ip->next;
	s->src = weir_frame_fold(ip->src);
	s->dst = weir_frame_fold(ip->dst);
	s->off += sizeof(*ip);
	whole = weir_frame_extensions(f, s);
	weir_frame_proto(s, s->proto);
	return whole;
}

// What is next begins with an IP header of either version.
WEIR_INLINE bool weir_frame_next_ip(const struct weir_frame *f, struct weir_frame_seen *s)
{
	const uint8_t *first = weir_frame_at(f, s->off, 1);

	s->type = first && *first >> 4 == 6 ? ETHERTYPE_IP6 : ETHERTYPE_IP4;
	return true;
}

WEIR_INLINE bool weir_frame_spi(const struct weir_frame *f, struct weir_frame_seen *s, uint32_t at)
{
	const be32 *spi = weir_frame_at(f, at, sizeof(*spi));

	if (spi)
		s->both += spi->be * WEIR_FRAME_MIX2;
	return false;
}

// RFC 2784, RFC 2890. No other version (that of PPTP has a call, not a packet, in it).
WEIR_INLINE bool weir_frame_gre(const struct weir_frame *f, struct weir_frame_seen *s)
{
	enum { CSUM = 0x8000, ROUTING = 0x4000, KEY = 0x2000, SEQ = 0x1000, VERSION = 7 };
	const be16 *h = weir_frame_at(f, s->off, 2 * sizeof(*h));
	uint32_t flags;

	if (!h)
		return false;
	flags = rd16(h[0]);
	s->type = rd16(h[1]);
	if (flags & (ROUTING | VERSION))
		return false;
	s->off += 4 + (flags & CSUM ? 4 : 0) + (flags & KEY ? 4 : 0) + (flags & SEQ ? 4 : 0);
	return s->type == ETHERTYPE_IP4 || s->type == ETHERTYPE_IP6 || s->type == WEIR_FRAME_LINK;
}

// RFC 7348, and what has come to be of the other flags.
WEIR_INLINE bool weir_frame_vxlan(const struct weir_frame *f, struct weir_frame_seen *s)
{
	enum { HAS_ID = 8, HEAD = 8 };
	const uint8_t *h = weir_frame_at(f, s->off + sizeof(struct udp), HEAD);

	if (!h || !(h[0] & HAS_ID))
		return false;
	s->type = WEIR_FRAME_LINK;
	s->off += sizeof(struct udp) + HEAD;
	return true;
}

// Extension headers of GTP-U: their length in 4 bytes first, what follows last.
WEIR_INLINE bool weir_frame_gtp_extensions(const struct weir_frame *f, struct weir_frame_seen *s,
					   uint8_t next)
{
	for (unsigned i = 0; i < WEIR_FRAME_GTP_EXTENSIONS && next; i++) {
		const uint8_t *len = weir_frame_at(f, s->off, 1), *last;

		if (!len || !*len)
			return false;
		s->off += *len * 4U;
		last = weir_frame_at(f, s->off - 1, 1);
		if (!last)
			return false;
		next = *last;
	}
	return !next;
}

// 3GPP TS 29.281, version 1: a packet of the user (G-PDU).
WEIR_INLINE bool weir_frame_gtp(const struct weir_frame *f, struct weir_frame_seen *s)
{
	enum { VERSION = 0xf0, GTP1 = 0x30, EXT = 4, ANY = 7, G_PDU = 255, HEAD = 8, MORE = 4 };
	const uint8_t *h = weir_frame_at(f, s->off + sizeof(struct udp), HEAD);
	const uint8_t *more;
	uint8_t flags;

	if (!h || (h[0] & VERSION) != GTP1 || h[1] != G_PDU)
		return false;
	flags = h[0];
	s->off += sizeof(struct udp) + HEAD;
	if (flags & ANY) {
		more = weir_frame_at(f, s->off, MORE);
		s->off += MORE;
		if (!more || (flags & EXT && !weir_frame_gtp_extensions(f, s, more[3])))
			return false;
	}
	return weir_frame_next_ip(f, s);
}

// RFC 3948: an SPI, or 0 in front of IKE.
WEIR_INLINE bool weir_frame_nat_t(const struct weir_frame *f, struct weir_frame_seen *s)
{
	const be32 *spi = weir_frame_at(f, s->off + sizeof(struct udp), sizeof(*spi));

	s->is_ike = spi && !spi->be;
	return weir_frame_spi(f, s, s->off + sizeof(struct udp));
}

WEIR_INLINE bool weir_frame_is_tunnel(const struct weir_frame_seen *s)
{
	return s->dport == wr16(WEIR_PORT_VXLAN).be || s->dport == wr16(WEIR_PORT_GTP_U).be ||
	       s->dport == wr16(WEIR_PORT_NAT_T).be || s->sport == wr16(WEIR_PORT_NAT_T).be;
}

WEIR_INLINE bool weir_frame_ports(const struct weir_frame *f, struct weir_frame_seen *s)
{
	const be16 *port = weir_frame_at(f, s->off, 2 * sizeof(*port));

	if (!port)
		return false;
	s->sport = port[0].be;
	s->dport = port[1].be;
	if (s->proto != IPPROTO4_UDP)
		return false;
	if (s->dport == wr16(WEIR_PORT_VXLAN).be)
		return weir_frame_vxlan(f, s);
	if (s->dport == wr16(WEIR_PORT_GTP_U).be)
		return weir_frame_gtp(f, s);
	return weir_frame_is_tunnel(s) && weir_frame_nat_t(f, s);
}

WEIR_INLINE bool weir_frame_icmp(const struct weir_frame *f, struct weir_frame_seen *s)
{
	const struct icmp4 *h = weir_frame_at(f, s->off, sizeof(*h));
	bool is_error;

	if (!h)
		return false;
	s->icmp = h->type;
	if (s->proto == IPPROTO4_ICMP) // unreachable, quench, redirect, time, parameter
		is_error = s->icmp < 32 && 1U << s->icmp & (1U << 3 | 1U << 4 | 1U << 5 | 3U << 11);
	else
		is_error = s->icmp >= 1 && s->icmp <= 4;
	s->id = (uint16_t)h->rest.be;
	if (!is_error || s->is_quoted)
		return false;
	s->is_quoted = true;
	s->off += sizeof(*h);
	return weir_frame_next_ip(f, s);
}

// Is there another layer of addresses behind?
WEIR_INLINE bool weir_frame_transport(const struct weir_frame *f, struct weir_frame_seen *s)
{
	if (WEIR_LIKELY(s->proto == IPPROTO4_TCP || s->proto == IPPROTO4_UDP))
		return weir_frame_ports(f, s);
	switch (s->proto) {
	case IPPROTO4_ICMP:
	case IPPROTO6_ICMP:
		return weir_frame_icmp(f, s);
	case IPPROTO4_IPIP:
		s->type = ETHERTYPE_IP4;
		return true;
	case IPPROTO4_IP6:
		s->type = ETHERTYPE_IP6;
		return true;
	case IPPROTO4_GRE:
		return weir_frame_gre(f, s);
	case IPPROTO4_ESP:
		return weir_frame_spi(f, s, s->off);
	case IPPROTO4_AH:
		return weir_frame_spi(f, s, s->off + 4);
	case IPPROTO4_SCTP:
	case IPPROTO4_DCCP:
	case IPPROTO4_UDPLITE:
		return weir_frame_ports(f, s);
	default:
		return false;
	}
}

// Reads a layer of addresses. Is there another one behind it?
WEIR_INLINE bool weir_frame_layer(const struct weir_frame *f, struct weir_frame_seen *s)
{
	bool whole;

	if (!s->type)
		weir_frame_next_ip(f, s);
	if (s->type == WEIR_FRAME_LINK && !weir_frame_link(f, s))
		return false;
	if (WEIR_LIKELY(s->type == ETHERTYPE_IP4))
		whole = weir_frame_ip4(f, s);
	else
		whole = s->type == ETHERTYPE_IP6 && weir_frame_ip6(f, s);
	return whole && weir_frame_transport(f, s);
}

// The same for both orders of a and b, without a branch, which would go either way in real traffic.
WEIR_INLINE uint64_t weir_frame_pair(uint64_t a, uint64_t b)
{
	const uint64_t d = a - b, less = d & -(d >> 63); // a - b if a < b, else 0

	return (b + less) * WEIR_FRAME_MIX1 + (a - less);
}

// The upper bits, which buckets are made of, depend on all of x.
WEIR_INLINE uint32_t weir_frame_mix(uint64_t x)
{
	return (uint32_t)((x ^ x >> 32) * WEIR_FRAME_MIX2 >> 32) | 1;
}

WEIR_INLINE uint32_t weir_frame_hash(const struct weir_frame_seen *s, uint32_t key)
{
	if (WEIR_LIKELY(key == WEIR_KEY_FLOW || key == WEIR_KEY_OWNER))
		return weir_frame_mix(weir_frame_pair(s->src + ((uint64_t)s->sport << 32),
						      s->dst + ((uint64_t)s->dport << 32)) +
				      s->both);
	switch (key) {
	case WEIR_KEY_HOSTS:
		return weir_frame_mix(weir_frame_pair(s->src, s->dst));
	case WEIR_KEY_SOURCE:
		return weir_frame_mix(s->src * WEIR_FRAME_MIX1);
	case WEIR_KEY_DESTINATION:
		return weir_frame_mix(s->dst * WEIR_FRAME_MIX1);
	default:
		return 0;
	}
}

// The hash with the bucket of who has what the packet goes to.
WEIR_INLINE uint32_t weir_frame_owned(const struct weir_frame_seen *s, uint32_t hash,
				      const struct weir_owners *o)
{
	const uint64_t address = s->is_quoted ? s->src : s->dst;
	uint16_t port = s->is_quoted ? s->sport : s->dport;
	uint32_t at, bucket;

	if (s->version != 4)
		return hash;
	if (s->proto == IPPROTO4_ICMP)
		port = s->id;
	at = weir_owner_place(rd32((be32){(uint32_t)address}), rd16((be16){port}));
	asm("" : "+r"(at)); // see weir_frame_at
	bucket = o->bucket[at & (WEIR_OWNERS - 1)];
	return bucket ? (bucket - 1) << WEIR_BUCKET_SHIFT | (hash & 0xffffff) : hash;
}

// The class of a table is a class or 0; less one, the least is the first and 0 the last.
WEIR_INLINE uint32_t weir_frame_first(uint32_t first, uint8_t class)
{
	const uint32_t c = (uint8_t)(class - 1);

	return c < first ? c : first;
}

WEIR_INLINE uint32_t weir_frame_port_class(const struct weir_classes *t, uint32_t proto,
					   uint32_t port, uint32_t first)
{
	asm("" : "+r"(port)); // see weir_frame_at
	return weir_frame_first(first, t->port[proto][port & 0xffff]);
}

// The lower byte of a port as it stands there is its upper one.
WEIR_INLINE uint32_t weir_frame_ports_class(const struct weir_frame_seen *s,
					    const struct weir_classes *t, uint32_t first)
{
	const uint32_t proto = s->proto == IPPROTO4_TCP ? WEIR_CLASS_TCP : WEIR_CLASS_UDP;

	if (t->has_port[s->sport & 0xff] | t->has_port[s->dport & 0xff]) {
		first = weir_frame_port_class(t, proto, rd16((be16){s->sport}), first);
		first = weir_frame_port_class(t, proto, rd16((be16){s->dport}), first);
	}
	if (WEIR_UNLIKELY(s->is_ike)) // as if it had come to its own port
		first = weir_frame_port_class(t, WEIR_CLASS_UDP, WEIR_PORT_IKE, first);
	return first;
}

WEIR_INLINE uint32_t weir_frame_class(const struct weir_frame_seen *s, const struct weir_classes *t)
{
	uint32_t first = UINT8_MAX;

	if (WEIR_UNLIKELY(!s->version)) {
		first = weir_frame_first(first, t->type[s->type]);
	} else {
		first = weir_frame_first(first, t->dscp[s->version == 6][s->dscp & 63]);
		first = weir_frame_first(first, t->proto[s->proto]);
		if (WEIR_LIKELY(s->proto == IPPROTO4_TCP || s->proto == IPPROTO4_UDP))
			first = weir_frame_ports_class(s, t, first);
		else if (s->proto == IPPROTO6_ICMP)
			first = weir_frame_first(first, t->icmp6[s->icmp]);
	}
	return (uint8_t)(first + 1);
}

// Most packets: Ethernet with IPv4 without options, or IPv6 without extension headers, not a
// fragment, with TCP or UDP and no tunnel of those. False: it is another, and nothing is known.
WEIR_INLINE bool weir_frame_plain(const struct weir_frame *f, uint32_t off,
				  struct weir_frame_seen *s)
{
	enum { IP = sizeof(struct eth) };
	const uint8_t *b = weir_frame_at(f, off, IP + sizeof(struct ip4) + 4);
	const struct ip4 *ip;
	const struct ip6 *ip6;
	const be16 *port;
	be16 type;

	if (!b)
		return false;
	ip = (const struct ip4 *)(b + IP);
	ip6 = (const struct ip6 *)(b + IP);
	port = (const be16 *)(b + IP + sizeof(*ip));
	type = ((const struct eth *)b)->type;
	if (type.be == wr16(ETHERTYPE_IP4).be && ip->vihl == 0x45 &&
	    !(ip->frag.be & wr16(IP4_MF | IP4_OFFMASK).be)) {
		s->version = 4;
		s->proto = ip->proto;
		s->dscp = ip->tos >> 2;
		s->src = ip->src.be;
		s->dst = ip->dst.be;
	} else if (type.be == wr16(ETHERTYPE_IP6).be &&
		   weir_frame_at(f, off, IP + sizeof(*ip6) + 4) && b[IP] >> 4 == 6) {
		s->version = 6;
		s->proto = ip6->next;
		s->dscp = rd32(ip6->vtcfl) >> 22 & 63;
		s->src = weir_frame_fold(ip6->src);
		s->dst = weir_frame_fold(ip6->dst);
		port = (const be16 *)(b + IP + sizeof(*ip6));
	} else {
		return false;
	}
	s->both = (uint64_t)s->proto << 48;
	s->sport = port[0].be;
	s->dport = port[1].be;
	s->is_ike = s->is_quoted = false;
	s->id = 0;
	return s->proto == IPPROTO4_TCP || (s->proto == IPPROTO4_UDP && !weir_frame_is_tunnel(s));
}

WEIR_INLINE uint32_t weir_frame_plain_class(const struct weir_frame_seen *s,
					    const struct weir_classes *t)
{
	const uint32_t proto = s->proto == IPPROTO4_TCP ? WEIR_CLASS_TCP : WEIR_CLASS_UDP;
	const uint32_t first =
		weir_frame_first(UINT8_MAX, t->plain[s->version == 6][proto][s->dscp & 63]);

	return (uint8_t)(weir_frame_ports_class(s, t, first) + 1);
}

// The rest, and packets without a link header. layer is weir_frame_layer with the frame that `arg`
// stands for. owners: NULL but for WEIR_KEY_OWNER.
WEIR_INLINE struct weir_frame_sorted weir_frame_sort_rest(
	uint32_t off, bool has_link, uint32_t key, const struct weir_classes *classes,
	const struct weir_owners *owners, bool (*layer)(void *arg, struct weir_frame_seen *s),
	void *arg)
{
	struct weir_frame_seen s = {.off = off, .type = has_link ? WEIR_FRAME_LINK : 0};
	bool more = layer(arg, &s);
	uint32_t class = classes ? weir_frame_class(&s, classes) : 0, hash;

	for (unsigned i = 1; key && more && i < WEIR_FRAME_LAYERS; i++)
		more = layer(arg, &s);
	hash = weir_frame_hash(&s, key);
	if (owners)
		hash = weir_frame_owned(&s, hash, owners);
	return (struct weir_frame_sorted){hash, class};
}
