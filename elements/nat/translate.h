// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What address translators see of a packet, and how they change it: RFC 3022 4, RFC 5508, RFC 1624.
// The packet's network header is set (CheckIPHeader, MarkIPHeader).

#include <weir/csum.h>
#include <weir/element.h>

#include "session_front.h"

enum translate_kind {
	TRANSLATE_PLAIN, // the tuple is that of the packet
	TRANSLATE_ERROR, // of ICMP: the tuple is that of the packet it quotes, flipped, so that it
			 // is found as a packet of the direction in which the error goes
	TRANSLATE_FRAGMENT, // not the first: it has no ports
	TRANSLATE_OTHER,    // a protocol without ports: addresses only
	TRANSLATE_BAD,	    // too short for what it says, or an error about a packet that its
			    // receiver did not send, or about an error
};

struct translate_seen {
	struct session_tuple tuple;
	uint8_t proto; // of the session: of an ICMP error, that of the quoted packet
	uint8_t kind;  // enum translate_kind
	uint8_t flags; // of TCP
	bool first;    // the first of several fragments
	bool query;    // ICMP that is a request or reply with an identifier
	bool direct;   // TCP or UDP without IP options, and no fragment: translate_direct does
};

// Cold halves of what follows.
struct translate_seen translate_look_well(struct packet *p);
void translate_packet_well(struct packet *p, const struct translate_seen *s,
			   const struct session_tuple *to);

// The header, addresses and ports of TCP and UDP, as they lie in packets without options.
struct translate_header {
	struct ip4 ip;
	be16 sport, dport;
	union {
		struct WEIR_WIRE {
			be32 seq, ack;
			uint8_t off, flags;
			be16 win, csum;
		} tcp;
		struct WEIR_WIRE {
			be16 len, csum;
		} udp;
	};
} WEIR_WIRE;

enum {
	TRANSLATE_UDP = sizeof(struct ip4) + sizeof(struct udp),
	TRANSLATE_TCP = sizeof(struct ip4) + sizeof(struct tcp),
};

// Of the first 8 bytes of a header, as they lie in memory: version and length, MF and offset.
static const uint64_t TRANSLATE_PLAIN_BITS = 0xff3f0000000000ff;

// What the packet is. Never looks beyond its end. Written where it is to be: copied at once after
// it was written piece by piece, it would hold the processor up.
WEIR_INLINE void translate_look_at(struct packet *p, struct translate_seen *s)
{
	const struct translate_header *h =
		(const struct translate_header *)((const uint8_t *)p + p->network);
	const uint64_t first = weir_csum_load64(h);
	const uint32_t len = __builtin_bswap16((uint16_t)(first >> 16));
	const uint32_t need = h->ip.proto == IPPROTO4_UDP   ? TRANSLATE_UDP
			      : h->ip.proto == IPPROTO4_TCP ? TRANSLATE_TCP
							    : UINT32_MAX;

	if (WEIR_UNLIKELY((first & TRANSLATE_PLAIN_BITS) != 0x45 || need > len ||
			  need > weir_network_len(p))) {
		*s = translate_look_well(p);
		return;
	}
	memcpy(&s->tuple, &h->ip.src, sizeof(s->tuple));
	s->proto = h->ip.proto;
	s->kind = TRANSLATE_PLAIN;
	s->flags = need == TRANSLATE_TCP ? h->tcp.flags : 0;
	s->first = s->query = false;
	s->direct = true;
}

WEIR_INLINE struct translate_seen translate_look(struct packet *p)
{
	struct translate_seen s;

	translate_look_at(p, &s);
	return s;
}

// A sum in progress of 32 bits.
WEIR_INLINE uint32_t translate_add(uint32_t a, uint32_t b)
{
	a += b;
	return a + (a < b);
}

WEIR_INLINE be16 translate_fold(uint32_t sum)
{
	return (be16){(uint16_t) ~((sum + (sum << 16 | sum >> 16)) >> 16)};
}

// Gives a packet of which translate_look said `direct` the other tuple: addresses, ports, checksums
// (0 of UDP stays 0).
WEIR_INLINE void translate_direct(struct packet *p, const struct session_tuple *to)
{
	struct translate_header *h = (struct translate_header *)((uint8_t *)p + p->network);
	uint8_t *tuple = (uint8_t *)&h->ip.src;
	const uint32_t addresses =
		weir_csum_fold32(weir_csum_add64(weir_csum_load64(to), ~weir_csum_load64(tuple)));
	uint32_t sum = translate_add(addresses, (uint32_t)weir_csum_load32(&to->sport));

	sum = translate_add(sum, ~(uint32_t)weir_csum_load32(&h->sport));
	h->ip.csum = translate_fold(translate_add(addresses, (uint16_t)~h->ip.csum.be));
	memcpy(tuple, to, sizeof(*to));
	if (h->ip.proto == IPPROTO4_TCP) {
		h->tcp.csum = translate_fold(translate_add(sum, (uint16_t)~h->tcp.csum.be));
	} else if (h->udp.csum.be) {
		h->udp.csum = translate_fold(translate_add(sum, (uint16_t)~h->udp.csum.be));
		if (WEIR_UNLIKELY(!h->udp.csum.be))
			h->udp.csum.be = 0xffff;
	}
}

// Gives the packet the other tuple: addresses, ports, checksums (0 of UDP stays 0), and of an ICMP
// error what it quotes (tuple: of the direction in which it goes) with the checksums in there, as
// far as they are quoted. An error goes to where the tuple goes; it comes from where it came,
// unless the tuple has another source: then from that, so that inner routers stay unknown.
WEIR_INLINE void translate_packet(struct packet *p, const struct translate_seen *s,
				  const struct session_tuple *to)
{
	if (WEIR_LIKELY(s->direct))
		translate_direct(p, to);
	else
		translate_packet_well(p, s, to);
}
