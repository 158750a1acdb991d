// SPDX-License-Identifier: BSD-2-Clause
// A packet from the values of a record. What no field says is zero, but for the IP version, header
// lengths, a TTL of 100 and the protocol.
#include <weir/csum.h>

#include "summary.h"

enum { PROTO_DCCP = 33, PROTO_UDPLITE = 136, DEFAULT_TTL = 100 };

// Lengths of the parts, from the front.
struct layout {
	bool is_ip, is_first;
	uint8_t proto;
	uint16_t frag;
	uint32_t link, ip, transport, payload;
	uint64_t want; // bytes that the packet had; 0: as many as it has now
};

static bool given(const struct summary_record *r, enum summary_field f)
{
	return r->given >> f & 1;
}

static bool has_ports(uint8_t proto)
{
	return proto == IPPROTO4_TCP || proto == IPPROTO4_UDP || proto == PROTO_DCCP ||
	       proto == PROTO_UDPLITE;
}

static uint32_t round4(uint64_t n)
{
	return (uint32_t)((n + 3) / 4 * 4);
}

static uint32_t tcp_opt_len(const struct summary_record *r)
{
	for (unsigned f = F_TCP_OPT; f <= F_TCP_SACK; f++)
		if (given(r, f) && r->v[f].len)
			return round4(r->v[f].len);
	return 0;
}

static uint32_t transport_len(const struct summary_record *r, uint8_t proto)
{
	uint64_t icmp_type = r->v[given(r, F_ICMP_TYPE) ? F_ICMP_TYPE : F_ICMP_TYPE_NAME].n;
	uint32_t len, off;

	switch (proto) {
	case IPPROTO4_TCP:
		len = (uint32_t)sizeof(struct tcp) + tcp_opt_len(r);
		off = given(r, F_TCP_OFF) ? round4(r->v[F_TCP_OFF].n) : 0;
		return off > len && off <= 60 ? off : len;
	case IPPROTO4_UDP:
	case PROTO_UDPLITE:
		return sizeof(struct udp);
	case PROTO_DCCP:
		return 12;
	case IPPROTO4_ICMP:
		return icmp_type == 13 || icmp_type == 14 ? 20 : 8; // timestamps
	default:
		return 0;
	}
}

// If the IP length leaves more than headers and payload need, there were options.
static void infer_options(const struct summary_record *r, struct layout *l, uint64_t payload)
{
	uint64_t have = l->link + l->ip + l->transport + payload;
	uint32_t more = l->want > have ? (uint32_t)(l->want - have) & ~3u : 0, part;

	if (l->proto == IPPROTO4_TCP && l->transport == sizeof(struct tcp) &&
	    !given(r, F_TCP_OPT) && !given(r, F_TCP_OFF)) {
		part = more < 40 ? more : 40;
		l->transport += part;
		more -= part;
	}
	if (l->ip == sizeof(struct ip4) && !given(r, F_IP_OPT) && !given(r, F_IP_HL))
		l->ip += more < 40 ? more : 40;
}

static void lay_out_ip(const struct summary_record *r, struct layout *l)
{
	uint32_t hlen = round4(r->v[F_IP_HL].n);

	l->ip = (uint32_t)sizeof(struct ip4) + round4(r->v[F_IP_OPT].len);
	if (hlen > l->ip && hlen <= 60)
		l->ip = hlen;
	if (l->is_first)
		l->transport = transport_len(r, l->proto);
	if (given(r, F_IP_LEN))
		l->want = l->link + r->v[F_IP_LEN].n;
}

static void lay_out_payload(const struct summary_record *r, struct layout *l)
{
	uint64_t payload = given(r, F_PAYLOAD_LEN) ? r->v[F_PAYLOAD_LEN].n : l->payload;

	if (!given(r, F_PAYLOAD_LEN) && !l->payload)
		return;
	if (l->want && l->is_ip)
		infer_options(r, l, payload);
	if (!l->want)
		l->want = l->link + l->ip + l->transport + payload;
}

static void lay_out(const struct summary_record *r, const struct summary_defaults *d,
		    struct layout *l)
{
	uint32_t headers;

	*l = (struct layout){.proto =
				     given(r, F_IP_PROTO) ? (uint8_t)r->v[F_IP_PROTO].n : d->proto};
	l->link = given(r, F_ETH_SRC) || given(r, F_ETH_DST) || given(r, F_ETH_TYPE) ? 14 : 0;
	l->is_ip = !given(r, F_ETH_TYPE) || r->v[F_ETH_TYPE].n == ETHERTYPE_IP4;
	l->frag = (uint16_t)r->v[given(r, F_IP_FRAGOFF) ? F_IP_FRAGOFF : F_IP_FRAG].n;
	l->is_first = !(l->frag & IP4_OFFMASK);
	l->payload = r->v[F_PAYLOAD].len;
	l->want = r->v[F_WIRE_LEN].n;
	if (l->is_ip)
		lay_out_ip(r, l);
	lay_out_payload(r, l);
	// a packet that was too short for its transport header
	headers = l->link + l->ip;
	if (l->want > headers && l->want < headers + l->transport && !l->payload)
		l->transport = (uint32_t)l->want - headers;
}

static void put16(uint8_t *at, uint64_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put32(uint8_t *at, uint64_t v)
{
	put16(at, v >> 16);
	put16(at + 2, v);
}

static void fill_link(const struct summary_record *r, uint8_t *h)
{
	for (unsigned i = 0; i < 6; i++) {
		h[i] = (uint8_t)(r->v[F_ETH_DST].n >> 8 * (5 - i));
		h[6 + i] = (uint8_t)(r->v[F_ETH_SRC].n >> 8 * (5 - i));
	}
	put16(h + 12, given(r, F_ETH_TYPE) ? r->v[F_ETH_TYPE].n : ETHERTYPE_IP4);
}

static void fill_ip(const struct summary_record *r, const struct summary_defaults *d,
		    const struct layout *l, struct ip4 *ip, uint32_t ip_len)
{
	ip->vihl = (uint8_t)(0x40 | l->ip / 4);
	ip->tos = (uint8_t)r->v[F_IP_TOS].n;
	if (given(r, F_IP_DSCP))
		ip->tos = (uint8_t)((ip->tos & 3) | r->v[F_IP_DSCP].n << 2);
	if (given(r, F_IP_ECN))
		ip->tos = (uint8_t)((ip->tos & ~3u) | (r->v[F_IP_ECN].n & 3));
	ip->len = wr16((uint16_t)ip_len);
	ip->id = wr16((uint16_t)r->v[F_IP_ID].n);
	ip->frag = wr16(l->frag);
	ip->ttl = given(r, F_IP_TTL) ? (uint8_t)r->v[F_IP_TTL].n : DEFAULT_TTL;
	ip->proto = l->proto;
	ip->csum = wr16((uint16_t)r->v[F_IP_SUM].n);
	ip->src = given(r, F_IP_SRC) ? wr32((uint32_t)r->v[F_IP_SRC].n) : d->src;
	ip->dst = given(r, F_IP_DST) ? wr32((uint32_t)r->v[F_IP_DST].n) : d->dst;
	if (r->v[F_IP_OPT].len)
		memcpy(ip + 1, r->v[F_IP_OPT].bytes, r->v[F_IP_OPT].len);
}

static void fill_tcp(const struct summary_record *r, uint8_t *t, uint32_t len)
{
	put32(t + 4, r->v[F_TCP_SEQ].n);
	put32(t + 8, r->v[F_TCP_ACK].n);
	put16(t + 12, (uint64_t)(len / 4) << 12 | (r->v[F_TCP_FLAGS].n & 0xfff));
	if (given(r, F_TCP_OFF)) // also one that is too small
		t[12] = (uint8_t)((t[12] & 15) | round4(r->v[F_TCP_OFF].n) / 4 << 4);
	put16(t + 14, r->v[F_TCP_WINDOW].n);
	put16(t + 18, r->v[F_TCP_URP].n);
	for (unsigned f = F_TCP_OPT; f <= F_TCP_SACK; f++)
		if (given(r, f) && r->v[f].len)
			memcpy(t + sizeof(struct tcp), r->v[f].bytes, r->v[f].len);
}

static void fill_icmp(const struct summary_record *r, uint8_t *t)
{
	t[0] = (uint8_t)r->v[given(r, F_ICMP_TYPE) ? F_ICMP_TYPE : F_ICMP_TYPE_NAME].n;
	t[1] = (uint8_t)r->v[given(r, F_ICMP_CODE) ? F_ICMP_CODE : F_ICMP_CODE_NAME].n;
	put16(t + 4, r->v[F_ICMP_FLOWID].n);
	put16(t + 6, r->v[given(r, F_ICMP_NEXTMTU) ? F_ICMP_NEXTMTU : F_ICMP_SEQ].n);
}

static void fill_transport(const struct summary_record *r, const struct summary_defaults *d,
			   const struct layout *l, uint8_t *out, uint32_t ip_len)
{
	uint8_t t[64] = {};

	if (has_ports(l->proto)) {
		put16(t, given(r, F_SPORT) ? r->v[F_SPORT].n : d->sport);
		put16(t + 2, given(r, F_DPORT) ? r->v[F_DPORT].n : d->dport);
	}
	if (l->proto == IPPROTO4_TCP)
		fill_tcp(r, t, l->transport < 20 ? 20 : l->transport);
	else if (l->proto == IPPROTO4_UDP)
		put16(t + 4, given(r, F_UDP_LEN) ? r->v[F_UDP_LEN].n : ip_len - l->ip);
	else if (l->proto == IPPROTO4_ICMP)
		fill_icmp(r, t);
	memcpy(out, t, l->transport);
}

static void fill_checksums(const struct layout *l, uint8_t *h, uint32_t ip_len)
{
	struct ip4 *ip = (struct ip4 *)h;
	uint8_t *t = h + l->ip;
	uint32_t len = ip_len > l->ip ? ip_len - l->ip : 0;
	uint64_t pseudo = weir_csum_pseudo4(ip->src, ip->dst, l->proto, (uint16_t)len);

	weir_csum_ip4_set(ip, l->ip);
	if (l->frag & (IP4_MF | IP4_OFFMASK))
		return;
	if (l->proto == IPPROTO4_TCP && len >= sizeof(struct tcp)) {
		put16(t + 16, 0);
		((struct tcp *)t)->csum = weir_csum_fold(pseudo + weir_csum_sum(t, len));
	} else if (l->proto == IPPROTO4_UDP && len >= sizeof(struct udp)) {
		put16(t + 6, 0);
		((struct udp *)t)->csum = weir_csum_fold_udp(pseudo + weir_csum_sum(t, len));
	} else if (l->proto == IPPROTO4_ICMP && len >= sizeof(struct icmp4)) {
		put16(t + 2, 0);
		((struct icmp4 *)t)->csum = weir_csum(t, len);
	}
}

static void annotate(struct packet *p, const struct summary_record *r,
		     const struct summary_defaults *d)
{
	uint64_t first =
		r->v[given(r, F_FIRST_NTIMESTAMP) ? F_FIRST_NTIMESTAMP : F_FIRST_TIMESTAMP].n;

	p->tstamp = r->v[given(r, F_NTIMESTAMP) ? F_NTIMESTAMP : F_TIMESTAMP].n;
	if (given(r, F_TS_USEC1))
		p->tstamp = r->v[F_TS_USEC1].n * 1000;
	if (given(r, F_TS_SEC))
		p->tstamp = r->v[F_TS_SEC].n * 1000000000 + p->tstamp % 1000000000;
	if (given(r, F_TS_USEC))
		p->tstamp = p->tstamp / 1000000000 * 1000000000 + r->v[F_TS_USEC].n * 1000;
	memcpy(p->anno + ANNO_FIRST_TIMESTAMP, &first, sizeof(first));
	if (r->v[F_COUNT].n)
		weir_set_anno_u32(p, ANNO_EXTRA_PACKETS, (uint32_t)r->v[F_COUNT].n - 1);
	for (unsigned f = F_LINK; f <= F_DIRECTION; f++)
		if (given(r, f))
			weir_set_anno_u8(p, ANNO_PAINT, (uint8_t)r->v[f].n);
	if (given(r, F_AGGREGATE) || d->has_aggregate)
		weir_set_anno_u32(p, ANNO_AGGREGATE,
				  given(r, F_AGGREGATE) ? (uint32_t)r->v[F_AGGREGATE].n
							: d->aggregate);
}

struct packet *summary_build(struct weir_node *n, const struct summary_record *r,
			     const struct summary_defaults *d)
{
	struct layout l;
	uint32_t len, all, ip_len;
	struct packet *p;
	uint8_t *h;

	lay_out(r, d, &l);
	len = l.link + l.ip + l.transport + l.payload;
	ip_len = l.want > l.link ? (l.want - l.link > 65535 ? 65535 : (uint32_t)l.want - l.link)
				 : len - l.link;
	all = l.is_ip && d->checksum && l.link + ip_len > len ? l.link + ip_len : len;
	p = weir_packet_new(n, WEIR_HEADROOM, all);
	if (!p)
		return NULL;
	h = weir_data(p);
	memset(h, 0, all);
	annotate(p, r, d);
	if (l.link) {
		fill_link(r, h);
		weir_set_mac(p);
	}
	if (l.payload)
		memcpy(h + l.link + l.ip + l.transport, r->v[F_PAYLOAD].bytes, l.payload);
	if (l.is_ip) {
		struct ip4 *ip = (struct ip4 *)(h + l.link);

		fill_ip(r, d, &l, ip, ip_len);
		if (l.transport)
			fill_transport(r, d, &l, h + l.link + l.ip, ip_len);
		weir_set_network(p, l.link, l.ip);
		weir_set_dst_ip(p, ip->dst);
		if (d->checksum)
			fill_checksums(&l, h + l.link, ip_len);
	}
	if (l.want > all)
		weir_set_anno_u32(p, ANNO_EXTRA_LENGTH, (uint32_t)l.want - all);
	return p;
}
