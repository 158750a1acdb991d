// SPDX-License-Identifier: BSD-2-Clause
#include "xlat.h"

// The ports of a packet whose upper header is at u; n bytes are there. False: they are not, or it
// is ICMP without an identifier.
static bool look_ports(const uint8_t *u, uint32_t n, uint8_t proto, struct xlat_seen6 *s)
{
	const struct tcp *tcp = (const struct tcp *)u;
	be16 id;

	switch (proto) {
	case IPPROTO4_TCP:
	case IPPROTO4_UDP:
		if (n < sizeof(struct udp))
			return false;
		s->tuple.sport = tcp->sport;
		s->tuple.dport = tcp->dport;
		if (proto == IPPROTO4_TCP && n >= sizeof(*tcp))
			s->flags = tcp->flags;
		return true;
	case IPPROTO4_ICMP:
		if (n < sizeof(struct icmp6) || !xlat_is_query6(*u))
			return false;
		memcpy(&id, u + offsetof(struct icmp6, rest), sizeof(id));
		*(*u == ICMP6_ECHO ? &s->tuple.sport : &s->tuple.dport) = id;
		s->query = true;
		return true;
	default:
		s->kind = TRANSLATE_OTHER;
		return true;
	}
}

static void look_addresses(const uint8_t *h, struct xlat_tuple6 *t)
{
	memcpy(t->src, h + offsetof(struct ip6, src), sizeof(t->src));
	memcpy(t->dst, h + offsetof(struct ip6, dst), sizeof(t->dst));
}

// What is quoted was sent by who gets the error, and is no error (RFC 5508 4).
static void look_quoted(const uint8_t *h, uint32_t n, struct xlat_seen6 *s)
{
	const struct xlat_tuple6 outer = s->tuple;
	struct xlat_head x;
	uint32_t where;

	s->kind = TRANSLATE_BAD;
	s->verdict = XLAT_BAD;
	if (n < sizeof(struct icmp6))
		return;
	h += sizeof(struct icmp6);
	n -= (uint32_t)sizeof(struct icmp6);
	if (xlat_read6(h, n, true, &x, &where))
		return;
	look_addresses(h, &s->tuple);
	if (memcmp(s->tuple.src, outer.dst, sizeof(outer.dst)) != 0)
		return;
	s->proto = x.proto;
	if (!x.frag && !look_ports(h + x.off, x.have - x.off, x.proto, s)) {
		s->verdict = XLAT_ICMP;
		return;
	}
	s->query = false;
	s->flags = 0;
	s->tuple = xlat_flip6(&s->tuple);
	s->kind = TRANSLATE_ERROR;
	s->verdict = XLAT_OK;
}

struct xlat_seen6 xlat_look6(struct packet *p)
{
	const uint8_t *h = weir_data(p), *u;
	struct xlat_seen6 s = {.kind = TRANSLATE_PLAIN};
	struct xlat_head x;
	uint32_t where = 0, n;

	s.verdict = xlat_read6(h, p->len, false, &x, &where);
	if (s.verdict) {
		s.kind = TRANSLATE_BAD;
		if (s.verdict == XLAT_ROUTING)
			weir_set_anno_u8(p, ANNO_ICMP_PARAMPROB, (uint8_t)where);
		return s;
	}
	look_addresses(h, &s.tuple);
	u = h + x.off;
	n = x.have - x.off;
	s.proto = x.proto;
	s.id = x.id;
	s.first = !x.frag && x.more;
	if (x.frag) {
		s.kind = TRANSLATE_FRAGMENT;
	} else if (x.proto == IPPROTO4_ICMP && n && xlat_is_error6(*u)) {
		look_quoted(u, n, &s);
	} else if (!look_ports(u, n, x.proto, &s)) {
		s.kind = TRANSLATE_BAD;
		s.verdict = x.proto == IPPROTO4_ICMP ? XLAT_ICMP : XLAT_BAD;
	}
	return s;
}
