// SPDX-License-Identifier: BSD-2-Clause
#include <weir/csum.h>

#include "xlat.h"

// RFC 7915 4.2, 4.3, 5.2, 5.3. Errors are rare: the new one is written elsewhere and copied back.
enum {
	ERROR4_MOST = 576, // RFC 1812 4.3.2.3
	ERROR6_MOST = 1280,
	MTU4_LEAST = 68,
	MTU6_LEAST = 1280,
	QUOTE_LEAST = 128, // before extensions (RFC 4884 3)
};
enum { NEED_FRAG = 4, PROTOCOL4 = 2 };			   // codes of ICMP4_UNREACHABLE
enum { BAD_NEXT = 1, MISSING_OPTION = 1, BAD_LENGTH = 2 }; // of ICMP6_PARAMETER; of ICMP4_PARAMETER
enum { NONE = 0xff };

// A message without what it quotes. word: the second one, host byte order.
struct message {
	uint8_t type, code;
	uint32_t word;
};

// What stands behind the header of an error.
struct quote {
	const uint8_t *at, *ext; // the packet; what extends the message (RFC 4884)
	uint32_t len, ext_len;
};

// Figures 3 and 6: what a pointer into the header of one is in the other.
static const uint8_t pointer6[20] = {0,	   1,	 4, 4, NONE, NONE, NONE, NONE, 7,  6,
				     NONE, NONE, 8, 8, 8,    8,	   24,	 24,   24, 24};
static const uint8_t pointer4[40] = {0,	 1,  NONE, NONE, 2,  2,	 9,  8,	 12, 12, 12, 12, 12, 12,
				     12, 12, 12,   12,	 12, 12, 12, 12, 12, 12, 16, 16, 16, 16,
				     16, 16, 16,   16,	 16, 16, 16, 16, 16, 16, 16, 16};

// Codes of ICMP4_UNREACHABLE as those of ICMP6_UNREACHABLE; 2 and 4 become other types.
static const uint8_t unreachable6[16] = {0, 0, NONE, 4, NONE, 0, 0, 0, 0, 1, 1, 0, 0, 1, NONE, 1};
static const uint8_t unreachable4[5] = {1, 10, 1, 1, 3};

static uint32_t least_of(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

// What a router means that does not say it (RFC 1191 5): the largest of the usual MTUs that is
// smaller than the packet. 0: it is below what IPv6 has.
static uint32_t plateau(uint32_t len)
{
	static const uint16_t mtus[] = {65535, 32000, 17914, 8166, 4352, 2002, 1492};

	for (unsigned i = 0; i < sizeof(mtus) / sizeof(*mtus); i++)
		if (mtus[i] < len)
			return mtus[i];
	return 0;
}

static bool parameter_problem6(const struct message *in, struct message *out)
{
	const uint32_t at = in->word >> 24;

	if (in->code == MISSING_OPTION || in->code > BAD_LENGTH || at >= sizeof(pointer6))
		return false;
	*out = (struct message){ICMP6_PARAMETER, 0, pointer6[at]};
	return out->word != NONE;
}

static bool unreachable_to6(const struct message *in, const struct xlat_head *quoted,
			    const struct xlat_links *l, struct message *out)
{
	uint32_t mtu = in->word & 0xffff;

	switch (in->code) {
	case PROTOCOL4:
		*out = (struct message){ICMP6_PARAMETER, BAD_NEXT, offsetof(struct ip6, next)};
		return true;
	case NEED_FRAG:
		mtu = least_of(mtu ? mtu : plateau(quoted->len), l->mtu4) + 20;
		mtu = least_of(mtu, l->mtu6);
		*out = (struct message){ICMP6_TOO_BIG, 0, mtu > MTU6_LEAST ? mtu : MTU6_LEAST};
		return true;
	default:
		*out = (struct message){.type = ICMP6_UNREACHABLE};
		if (in->code >= sizeof(unreachable6) || unreachable6[in->code] == NONE)
			return false;
		out->code = unreachable6[in->code];
		return true;
	}
}

static bool message6(const struct message *in, const struct xlat_head *quoted,
		     const struct xlat_links *l, struct message *out)
{
	switch (in->type) {
	case ICMP4_UNREACHABLE:
		return unreachable_to6(in, quoted, l, out);
	case ICMP4_EXCEEDED:
		*out = (struct message){ICMP6_EXCEEDED, in->code, 0};
		return true;
	case ICMP4_PARAMETER:
		return parameter_problem6(in, out);
	default:
		return false;
	}
}

static bool parameter_problem4(const struct message *in, struct message *out)
{
	if (in->code == BAD_NEXT) {
		*out = (struct message){ICMP4_UNREACHABLE, PROTOCOL4, 0};
		return true;
	}
	if (in->code || in->word >= sizeof(pointer4) || pointer4[in->word] == NONE)
		return false;
	*out = (struct message){ICMP4_PARAMETER, 0, (uint32_t)pointer4[in->word] << 24};
	return true;
}

static bool message4(const struct message *in, const struct xlat_head *quoted,
		     const struct xlat_links *l, struct message *out)
{
	const uint32_t less = quoted->fragment ? 28 : 20;
	uint32_t mtu;

	switch (in->type) {
	case ICMP6_UNREACHABLE:
		*out = (struct message){.type = ICMP4_UNREACHABLE};
		if (in->code >= sizeof(unreachable4))
			return false;
		out->code = unreachable4[in->code];
		return true;
	case ICMP6_TOO_BIG:
		mtu = least_of(in->word, l->mtu6);
		mtu = least_of(mtu > less ? mtu - less : 0, least_of(l->mtu4, 65535));
		*out = (struct message){ICMP4_UNREACHABLE, NEED_FRAG,
					mtu > MTU4_LEAST ? mtu : MTU4_LEAST};
		return true;
	case ICMP6_EXCEEDED:
		*out = (struct message){ICMP4_EXCEEDED, in->code, 0};
		return true;
	case ICMP6_PARAMETER:
		return parameter_problem4(in, out);
	default:
		return false;
	}
}

// The n bytes behind the header. said: how many of them are the packet, if there is more behind it;
// less than QUOTE_LEAST says nothing.
static struct quote split(const uint8_t *body, uint32_t n, uint32_t said)
{
	struct quote q = {.at = body, .len = n};

	if (said >= QUOTE_LEAST && said < n) {
		q.len = said;
		q.ext = body + said;
		q.ext_len = n - said;
	}
	return q;
}

// The translated quote has len bytes at out, which has `room`, zero behind them. Puts the extension
// behind it, if both fit. The length of all; *said: that of the quote in `unit` bytes, if there is
// an extension.
static uint32_t extend(uint8_t *out, uint32_t len, uint32_t room, const struct quote *q,
		       uint32_t unit, uint32_t *said)
{
	uint32_t padded = len < QUOTE_LEAST ? QUOTE_LEAST : (len + unit - 1) / unit * unit;

	*said = 0;
	if (!q->ext_len || QUOTE_LEAST + q->ext_len > room)
		return least_of(len, room);
	padded = least_of(padded, (room - q->ext_len) / unit * unit);
	memcpy(out + padded, q->ext, q->ext_len);
	*said = padded / unit;
	return padded + q->ext_len;
}

// The quoted packet's upper header, of which n bytes are there, behind the new header at u.
static bool quoted_upper(uint8_t *u, uint32_t n, const struct xlat_head *x, bool to4, be16 sport,
			 be16 dport, struct xlat_sums sums)
{
	if (x->frag)
		return true;
	if (x->proto != IPPROTO4_ICMP) {
		xlat_ports(u, n, x->proto, sport, dport, sums);
		return true;
	}
	// errors about errors are none (RFC 1122 3.2.2)
	if (n < sizeof(struct icmp4) || (to4 ? !xlat_is_query6(*u) : !xlat_is_query4(*u)))
		return false;
	if (to4)
		xlat_query(u, *u == ICMP6_ECHO ? ICMP4_ECHO : ICMP4_ECHO_REPLY, sport, dport, sums);
	else
		xlat_query(u, *u == ICMP4_ECHO ? ICMP6_ECHO : ICMP6_ECHO_REPLY, sport, dport, sums);
	return true;
}

// The packet becomes the n bytes at `from`.
static void replace(struct packet *p, uint32_t had, const uint8_t *from, uint32_t n, uint32_t hlen)
{
	weir_truncate(p, had);
	weir_move_start(p, (int64_t)had - n);
	memcpy(weir_data(p), from, n);
	weir_set_network(p, 0, hlen);
	p->mac = 0;
}

static uint32_t quote_to4(uint8_t *out, const struct quote *q, const struct xlat_head *y,
			  const struct session_tuple *t, const struct xlat_links *l)
{
	const struct ip6 *ip = (const struct ip6 *)q->at;
	const uint32_t n = least_of(y->have - y->off, ERROR6_MOST), dlen = y->len - y->off;
	uint8_t *u = out + sizeof(struct ip4);
	struct xlat_sums sums = {0};

	xlat_write4(u, y, dlen, t, (be16){0}, l);
	memcpy(u, q->at + y->off, n);
	if (y->proto == IPPROTO4_ICMP) {
		sums.old = weir_csum_pseudo6(ip->src, ip->dst, IPPROTO6_ICMP, dlen);
	} else {
		sums.old = weir_csum_sum(ip->src, 2 * sizeof(ip->src));
		sums.new = (uint64_t)t->src.be + t->dst.be;
	}
	if (!quoted_upper(u, n, y, true, t->sport, t->dport, sums))
		return 0;
	return (uint32_t)sizeof(struct ip4) + n;
}

enum xlat_verdict xlat_error4(struct packet *p, const struct xlat_head *x,
			      const struct session_tuple *to, be32 src, be16 id,
			      const struct xlat_links *l)
{
	enum { HEAD = sizeof(struct ip4) + sizeof(struct icmp4) };
	uint8_t out[ERROR6_MOST + 2 * HEAD] = {0};
	const uint8_t *h = weir_data(p);
	const struct icmp6 *in = (const struct icmp6 *)(h + x->off);
	const struct message was = {in->type, in->code, rd32(in->rest)};
	const struct session_tuple outer = {.src = src, .dst = to->dst}, back = session_flip(*to);
	struct icmp4 *icmp = (struct icmp4 *)(out + sizeof(struct ip4));
	const uint32_t n = x->len - x->off;
	struct message now;
	struct xlat_head y;
	struct quote q;
	uint32_t said, len, where;
	const bool extends = in->type == ICMP6_UNREACHABLE || in->type == ICMP6_EXCEEDED;

	if (!weir_csum_ok(weir_csum_pseudo6(h + offsetof(struct ip6, src),
					    h + offsetof(struct ip6, dst), IPPROTO6_ICMP, n) +
			  weir_csum_sum(in, n)))
		return XLAT_BAD;
	q = split((const uint8_t *)(in + 1), n - (uint32_t)sizeof(*in),
		  extends ? (was.word >> 24) * 8 : 0);
	if (xlat_read6(q.at, q.len, true, &y, &where) || y.len - y.off > 65535 - sizeof(struct ip4))
		return XLAT_BAD;
	if (!message4(&was, &y, l, &now))
		return XLAT_ICMP;
	len = quote_to4((uint8_t *)(icmp + 1), &q, &y, &back, l);
	if (!len)
		return XLAT_ICMP;
	len = sizeof(*icmp) + extend((uint8_t *)(icmp + 1), len, ERROR4_MOST - HEAD, &q, 4, &said);
	*icmp = (struct icmp4){
		.type = now.type, .code = now.code, .rest = wr32(now.word | said << 16)};
	icmp->csum = weir_csum(icmp, len);
	xlat_write4((uint8_t *)icmp, x, len, &outer, id, l);
	replace(p, x->len, out, (uint32_t)sizeof(struct ip4) + len, sizeof(struct ip4));
	weir_set_dst_ip(p, to->dst);
	return XLAT_OK;
}

static uint32_t quote_to6(uint8_t *out, const struct quote *q, const struct xlat_head *y,
			  const struct xlat_tuple6 *t, const struct xlat_links *l)
{
	const struct ip4 *ip = (const struct ip4 *)q->at;
	const uint32_t n = least_of(y->have - y->off, ERROR6_MOST), dlen = y->len - y->off;
	const uint32_t hlen =
		(uint32_t)(sizeof(struct ip6) + (y->fragment ? sizeof(struct ip6_ext) : 0));
	uint8_t *u = out + hlen;
	struct xlat_sums sums = {0};

	xlat_write6(u, y, dlen, t, l);
	memcpy(u, q->at + y->off, n);
	if (y->proto == IPPROTO4_ICMP) {
		sums.new = xlat_pseudo6(t, dlen);
	} else {
		sums.old = (uint64_t)ip->src.be + ip->dst.be;
		sums.new = weir_csum_sum(t->src, sizeof(t->src)) +
			   weir_csum_sum(t->dst, sizeof(t->dst));
	}
	return quoted_upper(u, n, y, false, t->sport, t->dport, sums) ? hlen + n : 0;
}

enum xlat_verdict xlat_error6(struct packet *p, const struct xlat_head *x,
			      const struct xlat_tuple6 *to, const be64 src[2],
			      const struct xlat_links *l)
{
	enum { HEAD = sizeof(struct ip6) + sizeof(struct icmp6) };
	uint8_t out[ERROR6_MOST + 2 * HEAD] = {0};
	const struct icmp4 *in = (const struct icmp4 *)(weir_data(p) + x->off);
	const struct message was = {in->type, in->code, rd32(in->rest)};
	const struct xlat_tuple6 back = xlat_flip6(to);
	const struct xlat_tuple6 outer = {.src = {src[0], src[1]}, .dst = {to->dst[0], to->dst[1]}};
	struct icmp6 *icmp = (struct icmp6 *)(out + sizeof(struct ip6));
	const uint32_t n = x->len - x->off;
	struct xlat_head head = *x, y;
	struct message now;
	struct quote q;
	uint32_t said, len;

	if (!weir_csum_ok(weir_csum_sum(in, n)))
		return XLAT_BAD;
	q = split((const uint8_t *)(in + 1), n - (uint32_t)sizeof(*in), (was.word >> 16 & 255) * 4);
	if (xlat_read4(q.at, q.len, true, &y))
		return XLAT_BAD;
	if (!message6(&was, &y, l, &now))
		return XLAT_ICMP;
	len = quote_to6((uint8_t *)(icmp + 1), &q, &y, &back, l);
	if (!len)
		return XLAT_ICMP;
	if (now.type != ICMP6_UNREACHABLE && now.type != ICMP6_EXCEEDED)
		q.ext_len = 0; // the others cannot be extended (RFC 4884 4.4)
	len = sizeof(*icmp) + extend((uint8_t *)(icmp + 1), len, ERROR6_MOST - HEAD, &q, 8, &said);
	*icmp = (struct icmp6){
		.type = now.type, .code = now.code, .rest = wr32(now.word | said << 24)};
	icmp->csum = weir_csum_fold(xlat_pseudo6(&outer, len) + weir_csum_sum(icmp, len));
	head.df = true;
	xlat_write6((uint8_t *)icmp, &head, len, &outer, l);
	replace(p, x->len, out, (uint32_t)sizeof(struct ip6) + len, sizeof(struct ip6));
	weir_set_dst_ip6(p, to->dst);
	return XLAT_OK;
}
