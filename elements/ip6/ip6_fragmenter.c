// SPDX-License-Identifier: BSD-2-Clause
// IP6Fragmenter: IPv6 packets longer than MTU leave by `too_big`, usually towards
// ICMP6Error(…, toobig, PMTU …): only the source of a packet may cut it (RFC 8200 5). Where
// the router itself is the source, as of its own tunnels, OWN names its addresses: packets from
// those are cut into fragments (RFC 8200 4.5), unless they are fragments already or their headers
// do not fit into the first one (RFC 7112).
//
// Fragments leave in order, and carry the annotations of the packet.
//
//	fr :: IP6Fragmenter(1500); fr[1] -> ICMP6Error(2001:db8::1, toobig, PMTU 1500);
#include "ip6_fragmenter.h"

#include <weir/ip6.h>
#include <weir/ip6_walk.h>

#include <stdlib.h>

enum { OUT, TOO_BIG };
enum reason { NO_HEADER, BAD_HEADER, NO_BUFFER };
enum { MTU_LEAST = 1280 }; // RFC 8200 5

struct ip6_fragmenter_state {
	uint64_t drops, fragments;
};

struct cut {
	struct packet *p;
	const uint8_t *h;    // the IPv6 header
	uint32_t hlen;	     // with the headers that every fragment has
	uint32_t at_next;    // where those name what follows them
	uint32_t dlen, step; // bytes to cut, and of each fragment but the last
	be32 id;
};

// What is before the fragment header: the headers for routers. False: the packet is not to be cut.
static bool measure(struct cut *c, struct packet *p, const struct ip6 *ip, uint32_t mtu)
{
	uint8_t proto = ip->next;
	struct weir_ip6_upper upper;
	uint32_t at = sizeof(*ip), next = offsetof(struct ip6, next);

	*c = (struct cut){.p = p, .h = (const uint8_t *)ip, .hlen = at, .at_next = next};
	if (!weir_ip6_walk(p, ip, &upper))
		return false;
	while (at < upper.off) {
		const struct ip6_ext *x = (const struct ip6_ext *)(c->h + at);

		if (proto == IPPROTO6_FRAGMENT)
			return false;
		next = at;
		at += weir_ip6_extension_len(proto, x);
		if (proto == IPPROTO6_HOP || proto == IPPROTO6_ROUTING) {
			c->hlen = at;
			c->at_next = next;
		}
		proto = x->next;
	}
	c->dlen = weir_network_len(p) - c->hlen;
	c->step = (mtu - c->hlen - (uint32_t)sizeof(struct ip6_ext)) & ~7u;
	// with 8 bytes of what is behind the headers, for the ports
	return c->hlen + sizeof(struct ip6_ext) + 8 <= mtu && upper.off - c->hlen + 8 <= c->step;
}

// Writes the fragment header of the dlen bytes from `at` into the headers at h.
static void head(const struct cut *c, uint8_t *h, uint32_t at, uint32_t dlen)
{
	struct ip6_ext *x = (struct ip6_ext *)(h + c->hlen);

	((struct ip6 *)h)->len = wr16((uint16_t)(c->hlen + sizeof(*x) + dlen - sizeof(struct ip6)));
	*x = (struct ip6_ext){
		.next = h[c->at_next],
		.frag = wr16((uint16_t)(at | (at + dlen < c->dlen ? IP6_MF : 0))),
		.id = c->id,
	};
	h[c->at_next] = IPPROTO6_FRAGMENT;
}

// A fragment behind the first, with the bytes from `at`; NULL without a buffer.
static struct packet *make_fragment(struct weir_node *n, const struct cut *c, uint32_t at)
{
	const struct ip6_fragmenter *self = n->self;
	uint32_t dlen = c->dlen - at < c->step ? c->dlen - at : c->step;
	uint32_t len = c->hlen + (uint32_t)sizeof(struct ip6_ext) + dlen;
	struct packet *q = weir_packet_new(n, self->headroom, len);
	uint8_t *h;

	if (!q)
		return NULL;
	memcpy(q->anno, c->p->anno, sizeof(q->anno));
	q->type = c->p->type;
	q->tstamp = c->p->tstamp;
	q->device = c->p->device;
	h = weir_data(q);
	memcpy(h, c->h, c->hlen);
	memcpy(h + len - dlen, c->h + c->hlen + at, dlen);
	head(c, h, at, dlen);
	weir_set_network(q, 0, len - dlen);
	weir_made(n, 1, len);
	return q;
}

// Makes the packet itself the first fragment: its headers move forward. False: there is no room.
static bool make_first(const struct cut *c)
{
	struct packet *p = c->p;
	const uint32_t before = p->network - p->off, old = p->off;
	uint8_t *d;

	weir_truncate(p, before + c->hlen + c->step);
	d = weir_push_front(p, sizeof(struct ip6_ext));
	if (!d)
		return false;
	memmove(d, d + sizeof(struct ip6_ext), before + c->hlen);
	p->mac = p->mac < old ? 0 : (uint16_t)(p->mac - sizeof(struct ip6_ext));
	weir_set_network(p, before, c->hlen + (uint32_t)sizeof(struct ip6_ext));
	head(c, d + before, 0, c->step);
	return true;
}

static void emit_all(struct weir_node *n, struct packet *p, unsigned port)
{
	while (p) {
		struct packet *next = p->next;

		weir_emit(n, port, p);
		p = next;
	}
}

// Emits all fragments of the packet, which is in no batch any more. The receiver could not do
// anything with some of them: without a buffer none is sent.
static void fragment(struct weir_node *n, struct cut *c)
{
	struct ip6_fragmenter_state *state = n->state;
	struct packet *tail = c->p;
	uint64_t count = 1;
	bool whole;

	c->id = (be32){weir_random(n)};
	tail->next = NULL;
	for (uint32_t at = c->step; at < c->dlen; at += c->step, count++) {
		struct packet *q = make_fragment(n, c, at);

		if (!q)
			break;
		q->next = NULL;
		tail = tail->next = q;
	}
	whole = count == (c->dlen + c->step - 1) / c->step && make_first(c);
	if (whole)
		state->fragments += count;
	emit_all(n, c->p, whole ? (unsigned)OUT : WEIR_DROP + NO_BUFFER);
}

static bool is_own(const struct ip6_fragmenter *self, const struct ip6 *ip)
{
	for (uint32_t i = 0; i < self->n_own; i++)
		if (self->own[i][0].be == ip->src[0].be && self->own[i][1].be == ip->src[1].be)
			return true;
	return false;
}

static void too_long(struct weir_node *n, struct packet *p)
{
	const struct ip6_fragmenter *self = n->self;
	struct ip6_fragmenter_state *state = n->state;
	const struct ip6 *ip = weir_ip6_header(p);
	uint32_t len = ip ? rd16(ip->len) + (uint32_t)sizeof(*ip) : 0;
	struct cut c;

	if (!ip || len > weir_network_len(p)) {
		weir_drop(n, ip ? BAD_HEADER : NO_HEADER, p);
		return;
	}
	weir_truncate(p, (uint32_t)(p->network - p->off) + len); // padding of the link
	if (len <= self->mtu) {
		weir_emit(n, OUT, p);
	} else if (is_own(self, ip) && measure(&c, p, ip, self->mtu)) {
		fragment(n, &c);
	} else {
		state->drops++;
		weir_emit(n, TOO_BIG, p);
	}
}

// A batch with a long packet goes on one by one, so that the order stays.
static __attribute__((noinline)) void one_by_one(struct weir_node *n, struct batch *b)
{
	const struct ip6_fragmenter *self = n->self;
	const unsigned count = b->n;

	for (unsigned i = 0; i < count; i++) {
		struct packet *p = b->p[i];

		b->bytes -= p->len;
		if (p->len <= self->mtu || (p->network && weir_network_len(p) <= self->mtu))
			weir_emit(n, OUT, p);
		else
			too_long(n, p);
	}
	b->n = 0;
}

static void ip6_fragmenter(struct weir_node *n, unsigned, struct batch *b)
{
	const uint32_t mtu = ((const struct ip6_fragmenter *)n->self)->mtu;
	const unsigned count = b->n;

	WEIR_UNROLL
	for (unsigned i = 0; i < count; i++) {
		if (WEIR_UNLIKELY(b->p[i]->len > mtu)) {
			one_by_one(n, b);
			return;
		}
	}
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct ip6_fragmenter *self = e->self;
	char **words = NULL;
	int n = self->own_text ? weir_words(self->own_text, &words) : 0, rc = n < 0 ? n : 0;

	if (n > (int)(sizeof(self->own) / sizeof(*self->own)))
		rc = weir_args_error(a, -1, "OWN has more than %zu addresses",
				     sizeof(self->own) / sizeof(*self->own));
	for (int i = 0; i < n && !rc; i++) {
		struct weir_ip6 addr;

		rc = weir_parse(e, WEIR_T_IP6, words[i], "OWN", &addr, a->err);
		if (!rc)
			weir_ip6_write(self->own[self->n_own++], addr);
	}
	weir_words_free(words, n < 0 ? 0 : n);
	return rc;
}

static int driver(const struct weir_element *, struct weir_front_args *a)
{
	a->hands = "packets that are too long";
	return 0;
}

static const struct weir_arg ip6_fragmenter_args[] = {
	WEIR_ARG(U32, ip6_fragmenter, mtu, "MTU", "longest IPv6 packet in bytes", WEIR_MAND,
		 .min = MTU_LEAST, .max = 65575),
	WEIR_ARG(ARG, ip6_fragmenter, own_text, "OWN",
		 "addresses of the router, packets from which are cut"),
	WEIR_ARG(U32, ip6_fragmenter, headroom, "HEADROOM", "bytes left free before a fragment",
		 .def = "128", .max = 4096),
	{},
};
static const struct weir_handler ip6_fragmenter_handlers[] = {
	WEIR_SUM("drops", ip6_fragmenter, drops, "packets that were too long and not to be cut"),
	WEIR_SUM("fragments", ip6_fragmenter, fragments, "fragments made"),
	{},
};

WEIR_BATCH_ELEMENT(ip6_fragmenter, "IP6Fragmenter",
		   .purpose = "tells too long IPv6 packets, and fragments the router's own",
		   .ports = "1/1-2", .processing = "h/h", .out = {"out", "too_big"},
		   .drops = {"no-ip-header", "bad-header", "no-buffer"},
		   .state_size = sizeof(struct ip6_fragmenter_state), .args = ip6_fragmenter_args,
		   .handlers = ip6_fragmenter_handlers, .configure = configure, .driver = driver,
		   .reconfigures = true);

WEIR_CASES(
	ip6_fragmenter, {"1280", "ip6 udp bytes=100", "out", ""},
	{"1280", "ip6 next=17 bytes=1240", "out", ""},
	{"1280", "ip6 next=17 bytes=1241", "too_big", ""},
	{"1500", "eth ip6 next=17 bytes=1460", "out", ""},
	{"1280", "ip6 udp bytes=20 len=1300", "out", "ip6 udp bytes=20"},
	{"1280, OWN 2001:db8::9", "ip6 udp bytes=1300", "too_big", ""},
	{"1280", "ip6 plen=1400 bytes=1300", "bad-header", ""},
	{"1280", "ip6 bytes=1300 network=none transport=none", "no-ip-header", ""},
	// the identification is the worker's first random number
	{"1280, OWN 2001:db8::1", "ip6 hlim=3 next=17 zero=1300 paint=7", "0 | 0",
	 "ip6 hlim=3 frag next=17 mf id=424021073 zero=1232 paint=7 | "
	 "ip6 hlim=3 frag next=17 off=1232 id=424021073 zero=68 paint=7"},
	{"1288, OWN ::1 2001:db8::1",
	 "ip6 tc=9 flow=5 hop opt=05020000 routing rtype=4 dest zero=2480", "0 | 0 | 0",
	 "ip6 tc=9 flow=5 hop opt=05020000 routing rtype=4 frag mf id=424021073 dest zero=1216 | "
	 "ip6 tc=9 flow=5 hop opt=05020000 routing rtype=4 frag next=60 off=1224 mf id=424021073 "
	 "zero=1224 | "
	 "ip6 tc=9 flow=5 hop opt=05020000 routing rtype=4 frag next=60 off=2448 id=424021073 "
	 "zero=40"},
	{"1290, OWN 2001:db8::1", "eth ip6 next=17 zero=1300 strip=14", "0 | 0",
	 "ip6 frag next=17 mf id=424021073 zero=1240 | ip6 frag next=17 off=1240 id=424021073 "
	 "zero=60"},
	// not twice, and not where the headers are too long for the first
	{"1281, OWN 2001:db8::1", "ip6 frag off=8 next=17 bytes=1300", "too_big", ""},
	{"1281, OWN 2001:db8::1", "ip6 next=60 hex=11990000 zero=1300", "too_big", ""});
