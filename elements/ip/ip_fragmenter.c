// SPDX-License-Identifier: BSD-2-Clause
// IPFragmenter: cuts IPv4 packets longer than MTU into fragments (RFC 791 3.2). A packet that must
// not be cut (DF) leaves unchanged by `df`, usually towards ICMPError(…, unreachable, needfrag,
// PMTU …). With HONOR_DF false DF is ignored, and the fragments get an identification of their own.
//
// Fragments leave in order. The first keeps all options, the others those whose copy bit is set.
// All carry the annotations of the packet.
//
//	fr :: IPFragmenter(1500); fr[1] -> ICMPError(18.26.4.24, unreachable, needfrag, PMTU 1500);
#include "ip_fragmenter.h"

#include <weir/csum.h>

#include <stdio.h>

enum { OUT, DF };
enum reason { NO_HEADER, BAD_HEADER, NO_BUFFER };

struct ip_fragmenter_state {
	uint64_t drops, fragments;
};

// Bytes of the first of n bytes of options; 0 at their end, or where they are malformed.
static unsigned option_len(const uint8_t *o, unsigned n)
{
	unsigned len;

	if (!n || !o[0])
		return 0;
	len = o[0] == 1 ? 1 : n > 1 ? o[1] : 0;
	return len <= n && (len > 1 || o[0] == 1) ? len : 0;
}

// Copies the options that belong into every fragment (their copy bit is set); out may be NULL to
// ask for the room. Returns their length, padded to whole words.
static unsigned copy_options(const struct ip4 *ip, uint8_t *out)
{
	const uint8_t *in = (const uint8_t *)(ip + 1);
	unsigned n = (ip->vihl & 15u) * 4 - (unsigned)sizeof(*ip), len = 0, padded;

	for (unsigned i = 0, one; (one = option_len(in + i, n - i)); i += one) {
		if (!(in[i] & 0x80))
			continue;
		if (out)
			memcpy(out + len, in + i, one);
		len += one;
	}
	padded = (len + 3) & ~3u;
	if (out)
		memset(out + len, 0, padded - len);
	return padded;
}

static void finish(struct ip4 *ip, uint32_t hlen, uint32_t len, uint16_t frag)
{
	ip->len = wr16((uint16_t)len);
	ip->frag = wr16(frag);
	weir_csum_ip4_set(ip, hlen);
}

struct cut {
	struct packet *p;
	const struct ip4 *ip;
	uint32_t hlen, dlen; // of the packet
	uint32_t out_hlen;   // of the fragments but the first
	uint16_t frag;	     // of the packet, without DF
};

// The fragment with `dlen` bytes from `at`; NULL without a buffer.
static struct packet *make_fragment(struct weir_node *n, const struct cut *c, uint32_t at,
				    uint32_t dlen)
{
	const struct ip_fragmenter *self = n->self;
	uint32_t hlen = c->out_hlen;
	struct packet *q = weir_packet_new(n, self->headroom, hlen + dlen);
	uint16_t frag = (uint16_t)(c->frag + at / 8);
	struct ip4 *ip;

	if (!q)
		return NULL;
	memcpy(q->anno, c->p->anno, sizeof(q->anno));
	q->type = c->p->type;
	q->tstamp = c->p->tstamp;
	q->device = c->p->device;
	ip = (struct ip4 *)weir_data(q);
	memcpy(ip, c->ip, sizeof(*ip));
	copy_options(c->ip, (uint8_t *)(ip + 1));
	memcpy((uint8_t *)ip + hlen, (const uint8_t *)c->ip + c->hlen + at, dlen);
	ip->vihl = (uint8_t)(0x40 | hlen / 4);
	if (at + dlen < c->dlen)
		frag |= IP4_MF;
	finish(ip, hlen, hlen + dlen, frag);
	weir_set_network(q, 0, hlen);
	weir_made(n, 1, hlen + dlen);
	return q;
}

// The receiver could not do anything with some of the fragments: none is sent.
static void give_up(struct weir_node *n, struct packet *p)
{
	while (p) {
		struct packet *next = p->next;

		weir_drop(n, NO_BUFFER, p);
		p = next;
	}
}

// Emits all fragments of p, which becomes the first of them. p is in no batch any more.
static void fragment(struct weir_node *n, struct packet *p, struct ip4 *ip, uint32_t hlen)
{
	const struct ip_fragmenter *self = n->self;
	struct ip_fragmenter_state *state = n->state;
	struct cut c = {p, ip, hlen, rd16(ip->len) - hlen, 0, 0};
	uint32_t first = (self->mtu - hlen) & ~7u, step;
	struct packet *tail = p;
	uint64_t count = 1;

	c.out_hlen = (uint32_t)sizeof(*ip) + copy_options(ip, NULL);
	c.frag = rd16(ip->frag) & (uint16_t)~IP4_DF;
	step = (self->mtu - c.out_hlen) & ~7u;
	// a packet that was not to be cut may have any identification (RFC 6864)
	if (rd16(ip->frag) & IP4_DF)
		ip->id.be = (uint16_t)weir_random(n);
	p->next = NULL;
	for (uint32_t at = first; at < c.dlen; at += step, count++) {
		uint32_t dlen = c.dlen - at < step ? c.dlen - at : step;
		struct packet *q = make_fragment(n, &c, at, dlen);

		if (!q)
			break;
		q->next = NULL;
		tail = tail->next = q;
	}
	if (count < 1 + (c.dlen - first + step - 1) / step) {
		give_up(n, p);
		return;
	}
	weir_truncate(p, (uint32_t)(p->network - p->off) + hlen + first);
	finish(ip, hlen, hlen + first, c.frag | IP4_MF);
	state->fragments += count;
	while (p) {
		struct packet *next = p->next;

		weir_emit(n, OUT, p);
		p = next;
	}
}

// Click's line about a packet that is not to be cut.
static void tell(uint32_t mtu, const struct ip4 *ip, uint32_t len)
{
	uint32_t s = rd32(ip->src), d = rd32(ip->dst);

	fprintf(stderr, "IPFragmenter(%u) DF %u.%u.%u.%u %u.%u.%u.%u len=%u\n", mtu, s >> 24,
		s >> 16 & 255, s >> 8 & 255, s & 255, d >> 24, d >> 16 & 255, d >> 8 & 255, d & 255,
		len);
}

static void too_long(struct weir_node *n, struct packet *p)
{
	const struct ip_fragmenter *self = n->self;
	struct ip_fragmenter_state *state = n->state;
	struct ip4 *ip = weir_ip4(p);
	uint32_t hlen, len;

	hlen = (ip->vihl & 15u) * 4;
	len = rd16(ip->len);
	if (hlen < sizeof(*ip) || len < hlen || len > weir_network_len(p)) {
		weir_drop(n, BAD_HEADER, p);
	} else if (len <= self->mtu) {
		// only what lies behind the datagram makes it long
		weir_truncate(p, (uint32_t)(p->network - p->off) + len);
		weir_emit(n, OUT, p);
	} else if ((self->honor_df && rd16(ip->frag) & IP4_DF) || self->mtu < hlen + 8) {
		if (self->verbose || state->drops < 5)
			tell(self->mtu, ip, p->len);
		state->drops++;
		weir_emit(n, DF, p);
	} else {
		fragment(n, p, ip, hlen);
	}
}

// A batch with a long packet goes on one by one, so that the order stays.
static __attribute__((noinline)) void one_by_one(struct weir_node *n, struct batch *b)
{
	const struct ip_fragmenter *self = n->self;
	const unsigned count = b->n;

	for (unsigned i = 0; i < count; i++) {
		struct packet *p = b->p[i];

		b->bytes -= p->len;
		if (p->len <= self->mtu || (p->network && weir_network_len(p) <= self->mtu))
			weir_emit(n, OUT, p);
		else if (!p->network)
			weir_drop(n, NO_HEADER, p);
		else
			too_long(n, p);
	}
	b->n = 0;
}

static void ip_fragmenter(struct weir_node *n, unsigned, struct batch *b)
{
	const uint32_t mtu = ((const struct ip_fragmenter *)n->self)->mtu;
	const unsigned count = b->n;

	WEIR_UNROLL
	for (unsigned i = 0; i < count; i++) {
		if (WEIR_UNLIKELY(b->p[i]->len > mtu)) {
			one_by_one(n, b);
			return;
		}
	}
}

static const struct weir_arg ip_fragmenter_args[] = {
	WEIR_ARG(U32, ip_fragmenter, mtu, "MTU", "longest IP packet in bytes", WEIR_MAND, .min = 8,
		 .max = 65535),
	WEIR_ARG(BOOL, ip_fragmenter, honor_df, "HONOR_DF", "do not cut packets with DF", WEIR_POS,
		 .def = "true"),
	WEIR_ARG(BOOL, ip_fragmenter, verbose, "VERBOSE", "say something for every DF", WEIR_POS,
		 .def = "false"),
	WEIR_ARG(U32, ip_fragmenter, headroom, "HEADROOM", "bytes left free before a fragment",
		 .def = "128", .max = 4096),
	{},
};
static const struct weir_handler ip_fragmenter_handlers[] = {
	WEIR_SUM("drops", ip_fragmenter, drops, "packets that were too long and not to be cut"),
	WEIR_SUM("fragments", ip_fragmenter, fragments, "fragments made"),
	{},
};

static int driver(const struct weir_element *, struct weir_front_args *a)
{
	a->hands = "packets that are too long";
	return 0;
}

WEIR_BATCH_ELEMENT(ip_fragmenter, "IPFragmenter", .purpose = "fragments long IP packets",
		   .ports = "1/1-2", .processing = "h/h", .out = {"out", "df"},
		   .drops = {"no-ip-header", "bad-header", "no-buffer"},
		   .state_size = sizeof(struct ip_fragmenter_state), .args = ip_fragmenter_args,
		   .handlers = ip_fragmenter_handlers, .driver = driver, .reconfigures = true);

WEIR_CASES(
	ip_fragmenter, {"1500", "ip4 udp bytes=100", "out", ""},
	{"128", "ip4 udp bytes=100", "out", ""}, {"127", "ip4 df udp bytes=100", "df", ""},
	{"27", "ip4 udp bytes=100", "df", ""},
	{"64", "eth ip4 udp bytes=30 len=90", "out", "eth ip4 udp bytes=30"},
	{"64", "ip4 udp bytes=30 len=90", "out", "ip4 udp bytes=30"},
	{"67", "ip4 id=9 proto=17 ttl=3 bytes=48", "0 | 0",
	 "ip4 id=9 mf proto=17 ttl=3 bytes=40 | ip4 id=9 frag=40 proto=17 ttl=3 "
	 "hex=28292a2b2c2d2e2f"},
	// a fragment is cut further, and the last piece is not the last
	{"28", "ip4 mf frag=16 proto=17 bytes=16 paint=7", "0 | 0",
	 "ip4 mf frag=16 proto=17 bytes=8 paint=7 | ip4 mf frag=24 proto=17 "
	 "hex=08090a0b0c0d0e0f paint=7"},
	// the first fragment has all options, the others those with the copy bit
	{"40", "ip4 opt=0101010082030100 proto=17 bytes=16", "0 | 0",
	 "ip4 mf opt=0101010082030100 proto=17 bytes=8 | ip4 frag=8 proto=17 hex=08090a0b0c0d0e0f"},
	{"40", "ip4 opt=0101018203010000 proto=17 bytes=16", "0 | 0",
	 "ip4 mf opt=0101018203010000 proto=17 bytes=8 | ip4 frag=8 opt=82030100 proto=17 "
	 "hex=08090a0b0c0d0e0f"},
	{"40", "ip4 opt=8f550000 proto=17 bytes=24", "0 | 0",
	 "ip4 mf opt=8f550000 proto=17 bytes=16 | ip4 frag=16 proto=17 hex=1011121314151617"},
	{"40", "ip4 iplen=60 bytes=30", "bad-header", ""},
	{"40", "ip4 vihl=0x44 bytes=30", "bad-header", ""},
	{"40", "ip4 bytes=30 network=none transport=none", "no-ip-header", ""});
