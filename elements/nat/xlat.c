// SPDX-License-Identifier: BSD-2-Clause
#include "xlat.h"

#include <weir/csum.h>
#include <weir/ip6_walk.h>

enum { PACKET_MOST = 65535, DF_FROM = 1260 }; // RFC 7915 5.1
enum { OPTION_END, OPTION_NOP, OPTION_LSRR = 131, OPTION_SSRR = 137 };

// RFC 7915 5.1: these have no meaning in IPv4.
static bool is_skipped(uint8_t next)
{
	return next == IPPROTO6_HOP || next == IPPROTO6_ROUTING || next == IPPROTO6_OPTIONS;
}

// Protocols that mean something else on the other side: ICMP of the one, headers of the other.
static bool is_foreign4(uint8_t proto)
{
	return proto == IPPROTO6_ICMP || proto == IPPROTO6_FRAGMENT || is_skipped(proto);
}

static enum xlat_verdict read_fragment(const uint8_t *h, struct xlat_head *x)
{
	const struct ip6_ext *e = (const struct ip6_ext *)(h + x->off);

	if (x->off + sizeof(*e) > x->have)
		return XLAT_BAD;
	if (weir_ip6_is_extension(e->next))
		return XLAT_HEADERS;
	x->fragment = true;
	x->frag = rd16(e->frag) >> 3;
	x->more = e->frag.be & wr16(IP6_MF).be;
	x->id = rd32(e->id);
	x->off += sizeof(*e);
	x->proto = e->next;
	return XLAT_OK;
}

// Goes over the headers that IPv4 does not have.
static enum xlat_verdict skip(const uint8_t *h, struct xlat_head *x, uint32_t *where)
{
	for (unsigned i = 0; i < WEIR_IP6_EXTENSIONS && is_skipped(x->proto); i++) {
		const struct ip6_routing *e = (const struct ip6_routing *)(h + x->off);

		*where = x->off + (uint32_t)offsetof(struct ip6_routing, left);
		if (x->off + sizeof(*e) > x->have)
			return XLAT_BAD;
		if (x->proto == IPPROTO6_ROUTING && e->left)
			return XLAT_ROUTING;
		x->proto = e->next;
		x->off += (e->len + 1u) * 8;
	}
	return XLAT_OK;
}

enum xlat_verdict xlat_read6(const uint8_t *h, uint32_t have, bool quoted, struct xlat_head *x,
			     uint32_t *where)
{
	const struct ip6 *ip = (const struct ip6 *)h;
	enum xlat_verdict v;

	if (have < sizeof(*ip) || h[0] >> 4 != 6)
		return XLAT_BAD;
	*x = (struct xlat_head){
		.off = sizeof(*ip),
		.len = sizeof(*ip) + rd16(ip->len),
		.proto = ip->next,
		.tos = (uint8_t)(rd32(ip->vtcfl) >> 20),
		.ttl = ip->hops,
	};
	if (x->len > have && !quoted)
		return XLAT_BAD;
	x->have = x->len < have ? x->len : have;
	v = skip(h, x, where);
	if (!v && x->proto == IPPROTO6_FRAGMENT)
		v = read_fragment(h, x);
	if (v || x->off > x->have)
		return v ?: XLAT_BAD;
	if (is_skipped(x->proto) || x->proto == IPPROTO4_ICMP)
		return XLAT_HEADERS;
	if (x->proto == IPPROTO6_ICMP)
		x->proto = IPPROTO4_ICMP;
	return XLAT_OK;
}

// Is there a source route whose end is not reached (RFC 791 3.1)? Options that are not sound are
// left to those whose business they are.
static bool has_source_route(const uint8_t *o, uint32_t n)
{
	while (n > 2 && *o != OPTION_END) {
		uint32_t len = *o == OPTION_NOP ? 1 : o[1];

		if (*o == OPTION_LSRR || *o == OPTION_SSRR)
			return o[2] <= len;
		if (!len || len > n)
			break;
		o += len;
		n -= len;
	}
	return false;
}

enum xlat_verdict xlat_read4(const uint8_t *h, uint32_t have, bool quoted, struct xlat_head *x)
{
	const struct ip4 *ip = (const struct ip4 *)h;
	uint16_t frag;

	if (have < sizeof(*ip) || h[0] >> 4 != 4)
		return XLAT_BAD;
	frag = rd16(ip->frag);
	*x = (struct xlat_head){
		.off = (h[0] & 15u) * 4,
		.len = rd16(ip->len),
		.id = rd16(ip->id),
		.frag = frag & IP4_OFFMASK,
		.proto = ip->proto,
		.tos = ip->tos,
		.ttl = ip->ttl,
		.more = frag & IP4_MF,
		.df = quoted || frag & IP4_DF,
	};
	x->fragment = x->frag || x->more;
	x->have = x->len < have ? x->len : have;
	if ((x->len > have && !quoted) || x->off < sizeof(*ip) || x->off > x->have)
		return XLAT_BAD;
	if (!quoted && has_source_route(h + sizeof(*ip), x->off - (uint32_t)sizeof(*ip)))
		return XLAT_SOURCE_ROUTE;
	return is_foreign4(x->proto) ? XLAT_HEADERS : XLAT_OK;
}

uint32_t xlat_write4(uint8_t *at, const struct xlat_head *x, uint32_t dlen,
		     const struct session_tuple *t, be16 id, const struct xlat_links *l)
{
	struct ip4 *ip = (struct ip4 *)at - 1;
	const uint32_t len = sizeof(*ip) + dlen;
	uint16_t frag = len > DF_FROM ? IP4_DF : 0;

	if (x->fragment) {
		frag = (uint16_t)(x->frag | (x->more ? IP4_MF : 0));
		id = wr16((uint16_t)x->id);
	}
	*ip = (struct ip4){
		.vihl = 0x45,
		.tos = l->tos ? x->tos : 0,
		.len = wr16((uint16_t)len),
		.id = id,
		.frag = wr16(frag),
		.ttl = x->ttl,
		.proto = x->proto,
		.src = t->src,
		.dst = t->dst,
	};
	weir_csum_ip4_set(ip, sizeof(*ip));
	return sizeof(*ip);
}

uint32_t xlat_write6(uint8_t *at, const struct xlat_head *x, uint32_t dlen,
		     const struct xlat_tuple6 *t, const struct xlat_links *l)
{
	const uint8_t next = x->proto == IPPROTO4_ICMP ? IPPROTO6_ICMP : x->proto;
	const bool cut = x->fragment || (!x->df && sizeof(struct ip6) + dlen > l->lowest);
	const uint32_t more = cut ? sizeof(struct ip6_ext) : 0;
	struct ip6 *ip = (struct ip6 *)(at - more) - 1;

	*ip = (struct ip6){
		.vtcfl = wr32(6U << 28 | (l->tos ? (uint32_t)x->tos << 20 : 0)),
		.len = wr16((uint16_t)(dlen + more)),
		.next = cut ? IPPROTO6_FRAGMENT : next,
		.hops = x->ttl,
	};
	memcpy(ip->src, t->src, sizeof(ip->src));
	memcpy(ip->dst, t->dst, sizeof(ip->dst));
	if (cut)
		*(struct ip6_ext *)(ip + 1) = (struct ip6_ext){
			.next = next,
			.frag = wr16((uint16_t)(x->frag << 3 | (x->more ? IP6_MF : 0))),
			.id = wr32(x->id),
		};
	return sizeof(*ip) + more;
}

struct xlat_tuple6 xlat_flip6(const struct xlat_tuple6 *t)
{
	return (struct xlat_tuple6){
		.src = {t->dst[0], t->dst[1]},
		.dst = {t->src[0], t->src[1]},
		.sport = t->dport,
		.dport = t->sport,
	};
}

static uint64_t pseudo4(const struct session_tuple *t)
{
	return (uint64_t)t->src.be + t->dst.be;
}

uint64_t xlat_pseudo6(const struct xlat_tuple6 *t, uint32_t len)
{
	return weir_csum_pseudo6(t->src, t->dst, IPPROTO6_ICMP, len);
}

// The checksum after a change: RFC 1624, with sums instead of words.
static be16 edit(be16 csum, struct xlat_sums s)
{
	return weir_csum_fold((uint64_t)(uint16_t)~csum.be + weir_csum_fold(s.old).be + s.new);
}

// Where the checksum of a protocol with ports and a pseudo header is; 0: it is none of those.
static uint32_t checksum_at(uint8_t proto)
{
	switch (proto) {
	case IPPROTO4_TCP:
		return offsetof(struct tcp, csum);
	case IPPROTO4_UDP:
	case IPPROTO4_UDPLITE: // RFC 3828 3.1
	case IPPROTO4_DCCP:    // RFC 4340 5.1
		return offsetof(struct udp, csum);
	default:
		return 0;
	}
}

void xlat_ports(uint8_t *u, uint32_t n, uint8_t proto, be16 sport, be16 dport, struct xlat_sums s)
{
	const uint32_t at = checksum_at(proto);
	struct udp *ports = (struct udp *)u; // both begin alike
	be16 *csum = (be16 *)(u + at);

	if (!at || n < 4)
		return;
	if (proto == IPPROTO4_TCP || proto == IPPROTO4_UDP) {
		s.old += (uint32_t)ports->sport.be + ports->dport.be;
		s.new += (uint32_t)sport.be + dport.be;
		ports->sport = sport;
		ports->dport = dport;
	}
	if (n < at + sizeof(*csum) || (proto == IPPROTO4_UDP && !csum->be))
		return;
	*csum = edit(*csum, s);
	if (proto != IPPROTO4_TCP && !csum->be)
		csum->be = 0xffff;
}

void xlat_query(uint8_t *u, uint8_t type, be16 sport, be16 dport, struct xlat_sums s)
{
	struct icmp4 *icmp = (struct icmp4 *)u;
	be16 *id = (be16 *)&icmp->rest;
	const bool reply = type == ICMP4_ECHO_REPLY || type == ICMP6_ECHO_REPLY;

	s.old += icmp->type + (uint32_t)id->be;
	icmp->type = type;
	*id = reply ? dport : sport;
	s.new += type + (uint32_t)id->be;
	icmp->csum = edit(icmp->csum, s);
}

// How many bytes of the upper header have to be in the first fragment.
static uint32_t least(uint8_t proto)
{
	switch (proto) {
	case IPPROTO4_TCP:
		return sizeof(struct tcp);
	case IPPROTO4_UDP:
	case IPPROTO4_ICMP:
	case IPPROTO4_UDPLITE:
	case IPPROTO4_DCCP:
		return sizeof(struct udp);
	default:
		return 0;
	}
}

static enum xlat_verdict query_type(uint8_t from, bool to4, uint8_t *to)
{
	if (to4 ? !xlat_is_query6(from) : !xlat_is_query4(from))
		return XLAT_ICMP;
	if (to4)
		*to = from == ICMP6_ECHO ? ICMP4_ECHO : ICMP4_ECHO_REPLY;
	else
		*to = from == ICMP4_ECHO ? ICMP6_ECHO : ICMP6_ECHO_REPLY;
	return XLAT_OK;
}

// A new header of hlen bytes stands where the one of x ended.
static void begin(struct packet *p, const struct xlat_head *x, uint32_t hlen)
{
	weir_truncate(p, x->len);
	weir_move_start(p, (int64_t)x->off - hlen);
	weir_set_network(p, 0, hlen);
	p->mac = 0;
}

enum xlat_verdict xlat_to4(struct packet *p, const struct session_tuple *to, be32 src, be16 id,
			   const struct xlat_links *l)
{
	uint8_t *h = weir_data(p), *u, type;
	uint32_t where = 0, dlen, hlen;
	struct xlat_sums sums;
	struct xlat_head x;
	enum xlat_verdict v = xlat_read6(h, p->len, false, &x, &where);

	if (v) {
		if (v == XLAT_ROUTING)
			weir_set_anno_u8(p, ANNO_ICMP_PARAMPROB, (uint8_t)where);
		return v;
	}
	dlen = x.len - x.off;
	if (dlen + sizeof(struct ip4) > PACKET_MOST)
		return XLAT_TOO_LONG;
	u = h + x.off;
	if (!x.frag && dlen < least(x.proto))
		return XLAT_BAD;
	if (x.proto == IPPROTO4_ICMP) {
		if (x.frag || x.more)
			return XLAT_FRAGMENT;
		if (xlat_is_error6(*u))
			return xlat_error4(p, &x, to, src, id, l);
		if ((v = query_type(*u, true, &type)))
			return v;
		sums.old = weir_csum_pseudo6(h + offsetof(struct ip6, src),
					     h + offsetof(struct ip6, dst), IPPROTO6_ICMP, dlen);
		sums.new = 0;
		xlat_query(u, type, to->sport, to->dport, sums);
	} else if (!x.frag) {
		sums.old = weir_csum_sum(h + offsetof(struct ip6, src), 2 * sizeof(be64[2]));
		sums.new = pseudo4(to);
		xlat_ports(u, dlen, x.proto, to->sport, to->dport, sums);
	}
	hlen = xlat_write4(u, &x, dlen, to, id, l);
	begin(p, &x, hlen);
	weir_set_dst_ip(p, to->dst);
	return XLAT_OK;
}

static void make_udp_checksum(struct udp *u, const struct xlat_tuple6 *to)
{
	const uint32_t len = rd16(u->len);

	u->csum = weir_csum_fold_udp(weir_csum_pseudo6(to->src, to->dst, IPPROTO4_UDP, len) +
				     weir_csum_sum(u, len));
}

// UDP without a checksum is for IPv6 only if one can be made (RFC 7915 4.5).
static enum xlat_verdict check_udp(const struct xlat_head *x, const struct udp *u, uint32_t dlen,
				   const struct xlat_links *l, bool *without)
{
	*without = x->proto == IPPROTO4_UDP && !x->frag && !u->csum.be;
	if (!*without)
		return XLAT_OK;
	if (!l->sum || x->more)
		return XLAT_NO_CHECKSUM;
	return rd16(u->len) >= sizeof(*u) && rd16(u->len) <= dlen ? XLAT_OK : XLAT_BAD;
}

enum xlat_verdict xlat_to6(struct packet *p, const struct xlat_tuple6 *to, const be64 src[2],
			   const struct xlat_links *l)
{
	uint8_t *h = weir_data(p), *u, type;
	uint32_t dlen, hlen;
	struct xlat_sums sums;
	struct xlat_head x;
	bool without = false;
	enum xlat_verdict v = xlat_read4(h, p->len, false, &x);

	if (v)
		return v;
	dlen = x.len - x.off;
	u = h + x.off;
	if (!x.frag && dlen < least(x.proto))
		return XLAT_BAD;
	if (x.proto == IPPROTO4_ICMP) {
		if (x.fragment)
			return XLAT_FRAGMENT;
		if (xlat_is_error4(*u))
			return xlat_error6(p, &x, to, src, l);
		if ((v = query_type(*u, false, &type)))
			return v;
		sums.old = 0;
		sums.new = xlat_pseudo6(to, dlen);
		xlat_query(u, type, to->sport, to->dport, sums);
	} else if (!x.frag) {
		if ((v = check_udp(&x, (const struct udp *)u, dlen, l, &without)))
			return v;
		sums.old = pseudo4(&(struct session_tuple){.src = ((struct ip4 *)h)->src,
							   .dst = ((struct ip4 *)h)->dst});
		sums.new = weir_csum_sum(to->src, sizeof(to->src)) +
			   weir_csum_sum(to->dst, sizeof(to->dst));
		xlat_ports(u, dlen, x.proto, to->sport, to->dport, sums);
		if (without)
			make_udp_checksum((struct udp *)u, to);
	}
	hlen = xlat_write6(u, &x, dlen, to, l);
	begin(p, &x, hlen);
	weir_set_dst_ip6(p, to->dst);
	return XLAT_OK;
}
