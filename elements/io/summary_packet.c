// SPDX-License-Identifier: BSD-2-Clause
// The values of a packet.
#include "summary.h"

#include <stdio.h>

enum { PROTO_PORTS = 256 }; // TCP or UDP, for messages
enum { PROTO_DCCP = 33, PROTO_UDPLITE = 136 };

static uint16_t get16(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
}

static uint32_t get32(const uint8_t *b)
{
	return (uint32_t)get16(b) << 16 | get16(b + 2);
}

static void bad(struct summary_packet *s, const char *what, long number)
{
	if (s->bad[0])
		return;
	if (number >= 0)
		snprintf(s->bad, sizeof(s->bad), "%s %ld", what, number);
	else
		snprintf(s->bad, sizeof(s->bad), "%s", what);
}

static uint32_t header_len(const struct ip4 *ip)
{
	return (ip->vihl & 15) * 4u;
}

static bool is_first(const struct ip4 *ip)
{
	return !(rd16(ip->frag) & IP4_OFFMASK);
}

void summary_look(struct summary_packet *s, struct packet *p, bool careful, bool extra_length)
{
	const struct ip4 *ip = weir_ip4(p);
	uint32_t extra = extra_length ? weir_anno_u32(p, ANNO_EXTRA_LENGTH) : 0, ip_len;

	*s = (struct summary_packet){.p = p, .network_len = weir_network_len(p), .extra = extra};
	if (!ip)
		return;
	ip_len = rd16(ip->len);
	if (ip->vihl >> 4 != 4) {
		bad(s, "IP version", ip->vihl >> 4);
		return;
	}
	if (header_len(ip) < sizeof(*ip)) {
		bad(s, "IP header length", ip->vihl & 15);
		return;
	}
	if (ip_len < header_len(ip)) {
		bad(s, "IP length", ip_len);
		return;
	}
	s->ip = ip;
	if (s->network_len > ip_len) // padding behind the packet
		s->network_len = ip_len;
	else if (careful && s->network_len + extra < ip_len)
		bad(s, "truncated IP missing", (long)(ip_len - s->network_len - extra));
	s->extra = 0; // the IP length knows better
	if (s->network_len > header_len(ip)) {
		s->transport = (const uint8_t *)ip + header_len(ip);
		s->transport_len = s->network_len - header_len(ip);
	}
	if (s->transport_len > 12 && ip->proto == IPPROTO4_TCP && is_first(ip) &&
	    s->transport[12] >> 4 < 5)
		bad(s, "TCP header length", s->transport[12] >> 4);
}

static const char *proto_name(unsigned proto)
{
	return proto == IPPROTO4_TCP	? "TCP"
	       : proto == IPPROTO4_UDP	? "UDP"
	       : proto == IPPROTO4_ICMP ? "ICMP"
					: "TCP/UDP";
}

// Are len bytes of the header of proto there? Says what is wrong if that is more than another
// protocol.
static bool has(struct summary_packet *s, unsigned proto, uint32_t len)
{
	const struct ip4 *ip = s->ip;
	char text[48];
	bool other;

	if (!ip) {
		bad(s, "no IP header", -1);
		return false;
	}
	other = proto == PROTO_PORTS ? ip->proto != IPPROTO4_TCP && ip->proto != IPPROTO4_UDP &&
					       ip->proto != PROTO_DCCP && ip->proto != PROTO_UDPLITE
				     : ip->proto != proto;
	if (other)
		return false;
	if (is_first(ip) && s->transport_len >= len)
		return proto != IPPROTO4_TCP || s->transport_len <= 12 ||
		       s->transport[12] >> 4 >= 5;
	if (!is_first(ip))
		snprintf(text, sizeof(text), "fragmented %s header", proto_name(proto));
	else if (s->transport_len + weir_anno_u32(s->p, ANNO_EXTRA_LENGTH) >= len)
		snprintf(text, sizeof(text), "truncated %s header capture", proto_name(proto));
	else
		snprintf(text, sizeof(text), "truncated %s header", proto_name(proto));
	bad(s, text, -1);
	return false;
}

static bool get_anno(struct packet *p, enum summary_field f, struct summary_value *v)
{
	switch (f) {
	case F_TIMESTAMP:
	case F_NTIMESTAMP:
		v->n = p->tstamp;
		break;
	case F_TS_SEC:
		v->n = p->tstamp / 1000000000;
		break;
	case F_TS_USEC:
		v->n = p->tstamp % 1000000000 / 1000;
		break;
	case F_TS_USEC1:
		v->n = p->tstamp / 1000;
		break;
	case F_FIRST_TIMESTAMP:
	case F_FIRST_NTIMESTAMP:
		memcpy(&v->n, p->anno + ANNO_FIRST_TIMESTAMP, sizeof(v->n));
		break;
	case F_COUNT:
		v->n = 1 + (uint64_t)weir_anno_u32(p, ANNO_EXTRA_PACKETS);
		break;
	case F_AGGREGATE:
		v->n = weir_anno_u32(p, ANNO_AGGREGATE);
		break;
	case F_WIRE_LEN:
		v->n = p->len;
		break;
	default:
		v->n = weir_anno_u8(p, ANNO_PAINT);
	}
	return true;
}

static bool get_link(struct summary_packet *s, enum summary_field f, struct summary_value *v)
{
	struct packet *p = s->p;
	uint32_t at = p->mac ? p->mac : !p->network || p->off < p->network ? p->off : 0;
	uint32_t end = p->network ? p->network : p->off + p->len;
	const struct eth *h = (const struct eth *)((const uint8_t *)p + at);

	if (!at || at + sizeof(*h) != end) {
		bad(s, "Ethernet header", -1);
		return false;
	}
	if (f == F_ETH_TYPE)
		v->n = rd16(h->type);
	else
		v->bytes = f == F_ETH_SRC ? h->src : h->dst;
	return true;
}

static char fragment_letter(const struct ip4 *ip)
{
	uint16_t frag = rd16(ip->frag);

	if (frag & (IP4_MF | IP4_OFFMASK))
		return is_first(ip) ? 'F' : 'f';
	return frag & IP4_DF ? '!' : '.';
}

static bool get_ip(struct summary_packet *s, enum summary_field f, struct summary_value *v)
{
	const struct ip4 *ip = s->ip;

	if (!ip) {
		bad(s, "no IP header", -1);
		return false;
	}
	switch (f) {
	case F_IP_SRC:
		v->n = rd32(ip->src);
		break;
	case F_IP_DST:
		v->n = rd32(ip->dst);
		break;
	case F_IP_TOS:
		v->n = ip->tos;
		break;
	case F_IP_DSCP:
		v->n = ip->tos >> 2;
		break;
	case F_IP_ECN:
		v->n = ip->tos & 3;
		break;
	case F_IP_TTL:
		v->n = ip->ttl;
		break;
	case F_IP_FRAG:
		v->n = (uint8_t)fragment_letter(ip);
		break;
	case F_IP_FRAGOFF:
		v->n = rd16(ip->frag);
		break;
	case F_IP_ID:
		v->n = rd16(ip->id);
		break;
	case F_IP_SUM:
		v->n = rd16(ip->csum);
		break;
	case F_IP_PROTO:
		v->n = ip->proto;
		break;
	case F_IP_HL:
		v->n = header_len(ip);
		break;
	default: // F_IP_OPT
		if (s->network_len < header_len(ip)) {
			bad(s, "truncated IP header capture", -1);
			return false;
		}
		v->bytes = (const uint8_t *)(ip + 1);
		v->len = header_len(ip) - (uint32_t)sizeof(*ip);
	}
	return true;
}

static bool get_tcp_options(struct summary_packet *s, enum summary_field f, struct summary_value *v)
{
	uint32_t off;

	if (!has(s, IPPROTO4_TCP, 13))
		return false;
	off = (s->transport[12] >> 4) * 4u;
	// the usual case: nothing but a timestamp
	if (f != F_TCP_OPT && off == 32 && s->transport_len >= 24 &&
	    get32(s->transport + 20) == 0x0101080a)
		return true;
	if (!has(s, IPPROTO4_TCP, off))
		return false;
	v->bytes = s->transport + sizeof(struct tcp);
	v->len = off - (uint32_t)sizeof(struct tcp);
	return true;
}

static bool get_tcp(struct summary_packet *s, enum summary_field f, struct summary_value *v)
{
	static const struct {
		uint8_t at, n;
	} where[] = {
		[F_TCP_SEQ] = {4, 4},	 [F_TCP_ACK] = {8, 4},	   [F_TCP_OFF] = {12, 1},
		[F_TCP_FLAGS] = {12, 2}, [F_TCP_WINDOW] = {14, 2}, [F_TCP_URP] = {18, 2},
	};
	const uint8_t *t = s->transport;

	if (f == F_TCP_OPT || f == F_TCP_NTOPT || f == F_TCP_SACK)
		return get_tcp_options(s, f, v);
	if (!has(s, IPPROTO4_TCP, where[f].at + where[f].n))
		return false;
	t += where[f].at;
	v->n = where[f].n == 4 ? get32(t) : where[f].n == 2 ? get16(t) : (t[0] >> 4) * 4u;
	if (f == F_TCP_FLAGS)
		v->n &= 0xfff;
	return true;
}

static bool has_flow(uint8_t type)
{
	return type == 0 || type == 8 || (type >= 13 && type <= 16);
}

static bool get_icmp(struct summary_packet *s, enum summary_field f, struct summary_value *v)
{
	const uint8_t *t = s->transport;

	if (!has(s, IPPROTO4_ICMP, f == F_ICMP_TYPE || f == F_ICMP_TYPE_NAME ? 1 : 2))
		return false;
	v->type = t[0];
	switch (f) {
	case F_ICMP_TYPE:
	case F_ICMP_TYPE_NAME:
		v->n = t[0];
		return true;
	case F_ICMP_CODE:
	case F_ICMP_CODE_NAME:
		v->n = t[1];
		return true;
	case F_ICMP_NEXTMTU:
		if (t[0] != 3 || t[1] != 4 || !has(s, IPPROTO4_ICMP, 8))
			return false;
		v->n = get16(t + 6);
		return true;
	default:
		if (!has_flow(t[0]) || !has(s, IPPROTO4_ICMP, f == F_ICMP_SEQ ? 8 : 6))
			return false;
		v->n = get16(t + (f == F_ICMP_SEQ ? 6 : 4));
		return true;
	}
}

// Where the payload probably begins, and how long it is in all.
static void find_payload(struct summary_packet *s, uint32_t *off, uint32_t *len)
{
	const struct ip4 *ip = s->ip;
	uint32_t headers;

	*off = 0;
	*len = s->p->len;
	if (!ip)
		return;
	headers = header_len(ip);
	if (is_first(ip) && ip->proto == IPPROTO4_TCP)
		headers += s->transport_len >= 13 && s->transport[12] >> 4 >= 5
				   ? (s->transport[12] >> 4) * 4u
				   : (uint32_t)sizeof(struct tcp);
	else if (is_first(ip) && (ip->proto == IPPROTO4_UDP || ip->proto == PROTO_UDPLITE))
		headers += sizeof(struct udp);
	*off = s->p->network - s->p->off + headers;
	*len = rd16(ip->len) > headers ? rd16(ip->len) - headers : 0;
}

static bool get_length(struct summary_packet *s, enum summary_field f, struct summary_value *v)
{
	uint32_t ip_len = s->ip ? rd16(s->ip->len) : s->p->len, off, len;

	find_payload(s, &off, &len);
	switch (f) {
	case F_IP_LEN:
		v->n = ip_len + s->extra;
		return true;
	case F_IP_CAPTURE_LEN:
		v->n = s->ip ? s->network_len : s->p->len;
		return true;
	case F_PAYLOAD_LEN:
		v->n = len + s->extra;
		return true;
	default: // F_PAYLOAD
		if (len && off >= s->p->len)
			return false;
		v->bytes = weir_data(s->p) + (len ? off : 0);
		v->len = len < s->p->len - off || !len ? len : s->p->len - off;
		return true;
	}
}

static bool get_port(struct summary_packet *s, enum summary_field f, struct summary_value *v)
{
	if (!has(s, PROTO_PORTS, f == F_SPORT ? 2 : 4))
		return false;
	v->n = get16(s->transport + (f == F_SPORT ? 0 : 2));
	return true;
}

bool summary_get(struct summary_packet *s, enum summary_field f, struct summary_value *v)
{
	*v = (struct summary_value){};
	switch (f) {
	case F_TIMESTAMP ... F_WIRE_LEN:
		return get_anno(s->p, f, v);
	case F_ETH_SRC ... F_ETH_TYPE:
		return get_link(s, f, v);
	case F_IP_LEN:
	case F_IP_CAPTURE_LEN:
	case F_PAYLOAD:
	case F_PAYLOAD_LEN:
		return get_length(s, f, v);
	case F_IP_SRC ... F_IP_HL:
	case F_IP_OPT:
		return get_ip(s, f, v);
	case F_SPORT:
	case F_DPORT:
		return get_port(s, f, v);
	case F_TCP_SEQ ... F_TCP_SACK:
		return get_tcp(s, f, v);
	case F_UDP_LEN:
		if (!has(s, IPPROTO4_UDP, 6))
			return false;
		v->n = get16(s->transport + 4);
		return true;
	case F_ICMP_TYPE ... F_ICMP_NEXTMTU:
		return get_icmp(s, f, v);
	default:
		return false;
	}
}
