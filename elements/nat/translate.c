// SPDX-License-Identifier: BSD-2-Clause

// Packets that are rare: fragments, options, ICMP, protocols without ports. A change of a checksum
// is a sum in progress (weir/csum.h) of the new words and the complements of the old ones; places
// at odd offsets do not occur, as all headers in question are multiples of 4 bytes long.

#include "translate.h"

enum {
	PORTS = 4,	   // bytes
	ICMP_AT_LEAST = 8, // with the identifier
};

// A packet or a quoted one: its IPv4 header, and what is there behind that.
struct part {
	struct ip4 *ip;
	uint8_t *l4;
	uint32_t len;  // bytes from l4 on that are there
	bool is_first; // it begins with the transport header
};

static bool part_at(void *at, uint32_t len, struct part *part)
{
	struct ip4 *ip = at;
	uint32_t hlen;

	if (len < sizeof(*ip))
		return false;
	hlen = (ip->vihl & 15) * 4u;
	if (ip->vihl >> 4 != 4 || hlen < sizeof(*ip) || hlen > len)
		return false;
	*part = (struct part){.ip = ip,
			      .l4 = (uint8_t *)at + hlen,
			      .len = len - hlen,
			      .is_first = !(rd16(ip->frag) & IP4_OFFMASK)};
	return true;
}

// The packet; what the link added behind it does not count.
static bool whole(struct packet *p, struct part *part)
{
	uint32_t len = weir_network_len(p);
	const struct ip4 *ip = weir_ip4(p);

	if (!ip)
		return false;
	if (len > rd16(ip->len))
		len = rd16(ip->len);
	return part_at((uint8_t *)p + p->network, len, part);
}

static bool has_ports(uint8_t proto)
{
	return proto == IPPROTO4_TCP || proto == IPPROTO4_UDP;
}

static bool is_request(uint8_t type)
{
	return type == 8 || type == 13 || type == 15 || type == 17;
}

static bool is_reply(uint8_t type)
{
	return type == 0 || type == 14 || type == 16 || type == 18;
}

// Those that quote a packet (RFC 792).
static bool is_error(uint8_t type)
{
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

static be16 *port(const struct part *part, unsigned which)
{
	return (be16 *)part->l4 + which;
}

static be16 *identifier(const struct part *part)
{
	return (be16 *)(part->l4 + offsetof(struct icmp4, rest));
}

static struct session_tuple addresses(const struct part *part)
{
	return (struct session_tuple){.src = part->ip->src, .dst = part->ip->dst};
}

// Where the transport checksum lies that addresses and ports are part of; NULL: there is none, or
// it is not here.
static be16 *checksum(const struct part *part)
{
	uint32_t at;

	switch (part->ip->proto) {
	case IPPROTO4_TCP:
		at = offsetof(struct tcp, csum);
		break;
	case IPPROTO4_UDP:
	case IPPROTO4_UDPLITE:
	case IPPROTO4_DCCP: // there it covers the addresses too (RFC 4340 9.1)
		at = offsetof(struct udp, csum);
		break;
	default:
		return NULL;
	}
	return part->is_first && at + sizeof(be16) <= part->len ? (be16 *)(part->l4 + at) : NULL;
}

// --- looking ---
// Of TCP, UDP and ICMP queries: false if it is too short, or neither. need: bytes of the transport
// header that must be there.
static bool look_at_ports(const struct part *part, uint32_t need, struct translate_seen *s)
{
	if (part->len < need)
		return false;
	if (has_ports(part->ip->proto)) {
		s->tuple.sport = *port(part, 0);
		s->tuple.dport = *port(part, 1);
		return true;
	}
	s->query = true;
	if (is_request(part->l4[0]))
		s->tuple.sport = *identifier(part);
	else if (is_reply(part->l4[0]))
		s->tuple.dport = *identifier(part);
	else
		return false;
	return true;
}

// RFC 5508 4: the quoted packet decides. It was sent by who gets the error.
static void look_at_quote(const struct part *part, struct translate_seen *s)
{
	struct part quoted;

	s->kind = TRANSLATE_BAD;
	if (!part_at(part->l4 + sizeof(struct icmp4), part->len - (uint32_t)sizeof(struct icmp4),
		     &quoted) ||
	    quoted.ip->src.be != part->ip->dst.be)
		return;
	s->tuple = addresses(&quoted);
	s->proto = quoted.ip->proto;
	if (quoted.is_first && (has_ports(s->proto) || s->proto == IPPROTO4_ICMP) &&
	    !look_at_ports(&quoted, s->proto == IPPROTO4_ICMP ? ICMP_AT_LEAST : PORTS, s))
		return;
	s->query = false;
	s->tuple = session_flip(s->tuple);
	s->kind = TRANSLATE_ERROR;
}

static void look_at_icmp(const struct part *part, struct translate_seen *s)
{
	if (part->len < ICMP_AT_LEAST)
		s->kind = TRANSLATE_BAD;
	else if (is_error(part->l4[0]))
		look_at_quote(part, s);
	else if (!look_at_ports(part, ICMP_AT_LEAST, s)) {
		s->query = false;
		s->kind = TRANSLATE_OTHER;
	}
}

struct translate_seen translate_look_well(struct packet *p)
{
	struct translate_seen s = {.kind = TRANSLATE_BAD};
	struct part part;

	if (!whole(p, &part))
		return s;
	s.tuple = addresses(&part);
	s.proto = part.ip->proto;
	s.kind = TRANSLATE_PLAIN;
	s.first = part.is_first && rd16(part.ip->frag) & IP4_MF;
	if (!part.is_first) {
		s.kind = TRANSLATE_FRAGMENT;
	} else if (s.proto == IPPROTO4_ICMP) {
		look_at_icmp(&part, &s);
	} else if (!has_ports(s.proto)) {
		s.kind = TRANSLATE_OTHER;
	} else if (!look_at_ports(&part,
				  s.proto == IPPROTO4_TCP ? sizeof(struct tcp) : sizeof(struct udp),
				  &s)) {
		s.kind = TRANSLATE_BAD;
	} else if (s.proto == IPPROTO4_TCP) {
		s.flags = part.l4[offsetof(struct tcp, flags)];
	}
	return s;
}

// --- changing ---
// Each writes something else in and returns what that does to a sum over it.
static uint64_t set16(be16 *at, be16 to)
{
	const uint64_t change = (uint64_t)(uint16_t)~at->be + to.be;

	*at = to;
	return change;
}

static uint64_t set32(be32 *at, be32 to)
{
	const uint64_t change = (uint64_t)(uint32_t)~at->be + to.be;

	*at = to;
	return change;
}

static uint64_t edit(be16 *csum, uint64_t change)
{
	return set16(csum, weir_csum_fold((uint16_t)~csum->be + change));
}

static uint64_t edit_transport(const struct part *part, uint64_t change)
{
	be16 *csum = checksum(part);

	if (!csum || (part->ip->proto == IPPROTO4_UDP && !csum->be))
		return 0;
	if (part->ip->proto == IPPROTO4_TCP)
		return edit(csum, change);
	return set16(csum, weir_csum_fold_udp((uint16_t)~csum->be + change));
}

// Addresses and ports, the checksums over them; what all that does to a sum over all that is there.
// with_ports: the packet has some, or an identifier.
static uint64_t set_tuple(const struct part *part, const struct session_tuple *to, bool with_ports)
{
	const uint64_t header = set32(&part->ip->src, to->src) + set32(&part->ip->dst, to->dst);
	uint64_t ports = 0, all = header + edit(&part->ip->csum, header);

	if (with_ports && has_ports(part->ip->proto))
		ports = set16(port(part, 0), to->sport) + set16(port(part, 1), to->dport);
	if (with_ports && part->ip->proto == IPPROTO4_ICMP) {
		ports = set16(identifier(part), is_request(part->l4[0]) ? to->sport : to->dport);
		return all + ports + edit((be16 *)(part->l4 + offsetof(struct icmp4, csum)), ports);
	}
	return all + ports + edit_transport(part, header + ports);
}

static void set_quote(const struct part *part, const struct session_tuple *seen,
		      const struct session_tuple *to)
{
	const struct session_tuple back = session_flip(*to);
	struct session_tuple outer = addresses(part);
	struct part quoted;
	uint64_t change;

	if (!part_at(part->l4 + sizeof(struct icmp4), part->len - (uint32_t)sizeof(struct icmp4),
		     &quoted))
		return;
	change = set_tuple(&quoted, &back,
			   quoted.is_first && (has_ports(quoted.ip->proto) ||
					       quoted.ip->proto == IPPROTO4_ICMP));
	edit((be16 *)(part->l4 + offsetof(struct icmp4, csum)), change);
	outer.dst = to->dst;
	if (seen->src.be != to->src.be)
		outer.src = to->src;
	set_tuple(part, &outer, false);
}

void translate_packet_well(struct packet *p, const struct translate_seen *s,
			   const struct session_tuple *to)
{
	struct part part;

	if (s->kind == TRANSLATE_BAD || !whole(p, &part))
		return;
	if (s->kind == TRANSLATE_ERROR)
		set_quote(&part, &s->tuple, to);
	else
		set_tuple(&part, to, s->kind == TRANSLATE_PLAIN);
}
