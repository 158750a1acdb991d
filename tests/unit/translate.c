// SPDX-License-Identifier: BSD-2-Clause

// Translated packets against packets that are made anew with the other addresses and ports, all
// checksums summed over all bytes.
#include <criterion/criterion.h>
#include <nat/translate.h>
#include <rnd.h>
#include <stdlib.h>

enum { ROOM = 1024, HEADROOM = 256 };

// What a packet is made of. Its bytes are those of a seed, so that it can be made again.
struct recipe {
	struct session_tuple tuple;
	uint8_t proto, icmp_type;
	uint32_t options; // bytes of IP options
	uint16_t frag;	  // as in the header
	uint32_t payload; // bytes behind the transport header
	bool no_csum;	  // UDP without one
	uint64_t seed;
	// Of an ICMP error: what it quotes, how much of that, and who sent it.
	const struct recipe *quote;
	uint32_t quoted;
};

static uint32_t transport_len(const struct recipe *r)
{
	return r->proto == IPPROTO4_TCP ? sizeof(struct tcp) : sizeof(struct udp);
}

static uint32_t csum_at(const struct recipe *r)
{
	return r->proto == IPPROTO4_TCP	   ? offsetof(struct tcp, csum)
	       : r->proto == IPPROTO4_ICMP ? offsetof(struct icmp4, csum)
					   : offsetof(struct udp, csum);
}

static void set_csum(const struct recipe *r, uint8_t *l4, uint32_t len)
{
	be16 *at = (be16 *)(l4 + csum_at(r));
	uint64_t sum = 0;

	at->be = 0;
	if (r->proto != IPPROTO4_ICMP)
		sum = weir_csum_pseudo4(r->tuple.src, r->tuple.dst, r->proto, (uint16_t)len);
	sum += weir_csum_sum(l4, len);
	if (r->proto == IPPROTO4_UDP)
		*at = r->no_csum ? (be16){0} : weir_csum_fold_udp(sum);
	else
		*at = weir_csum_fold(sum);
}

static uint32_t write_quote(const struct recipe *r, uint8_t *l4);

static uint32_t write_transport(const struct recipe *r, uint8_t *l4)
{
	const uint32_t len = transport_len(r) + r->payload;
	uint64_t seed = r->seed;

	for (uint32_t i = 0; i < len; i++)
		l4[i] = (uint8_t)rnd32(&seed);
	if (r->quote) {
		return write_quote(r, l4);
	} else if (r->proto == IPPROTO4_ICMP) {
		l4[0] = r->icmp_type;
		memcpy(l4 + 4, r->icmp_type & 8 ? &r->tuple.sport : &r->tuple.dport, 2);
	} else if (r->proto == IPPROTO4_TCP || r->proto == IPPROTO4_UDP) {
		memcpy(l4, &r->tuple.sport, 4);
	} else {
		return len;
	}
	set_csum(r, l4, len);
	return len;
}

// The packet from its IP header on; its length.
static uint32_t write_packet(const struct recipe *r, uint8_t *at)
{
	const uint32_t hlen = (uint32_t)sizeof(struct ip4) + r->options;
	struct ip4 *ip = (struct ip4 *)at;
	uint32_t len;

	memset(at, 1, hlen);
	len = hlen + write_transport(r, at + hlen);
	*ip = (struct ip4){.vihl = (uint8_t)(0x40 | hlen / 4),
			   .len = wr16((uint16_t)len),
			   .frag = wr16(r->frag),
			   .ttl = 9,
			   .proto = r->proto,
			   .src = r->tuple.src,
			   .dst = r->tuple.dst};
	weir_csum_ip4_set(ip, hlen);
	return len;
}

static uint32_t write_quote(const struct recipe *r, uint8_t *l4)
{
	uint8_t quoted[ROOM];
	uint32_t len = write_packet(r->quote, quoted);

	if (len > r->quoted)
		len = r->quoted;
	memset(l4, 0, sizeof(struct icmp4));
	l4[0] = r->icmp_type;
	memcpy(l4 + sizeof(struct icmp4), quoted, len);
	len += sizeof(struct icmp4);
	set_csum(r, l4, len);
	return len;
}

static struct packet *make(const struct recipe *r, uint32_t padding)
{
	struct packet *p = aligned_alloc(64, ROOM);

	memset(p, 0xaa, ROOM);
	*p = (struct packet){.off = HEADROOM, .room = ROOM};
	p->len = write_packet(r, (uint8_t *)p + HEADROOM) + padding;
	weir_set_network(p, 0, (weir_data(p)[0] & 15) * 4u);
	return p;
}

static struct session_tuple draw_tuple(uint64_t *seed)
{
	return (struct session_tuple){
		{rnd32(seed)}, {rnd32(seed)}, {(uint16_t)rnd32(seed)}, {(uint16_t)rnd32(seed)}};
}

static bool is_query(const struct recipe *r)
{
	return r->proto == IPPROTO4_ICMP && !r->quote;
}

static bool has_ports(const struct recipe *r)
{
	return r->proto == IPPROTO4_TCP || r->proto == IPPROTO4_UDP || is_query(r);
}

// Ports that the packet cannot have are 0.
static struct session_tuple fit(const struct recipe *r, struct session_tuple t)
{
	const bool later = r->frag & IP4_OFFMASK;

	if (later || !has_ports(r) || (is_query(r) && !(r->icmp_type & 8)))
		t.sport.be = 0;
	if (later || !has_ports(r) || (is_query(r) && r->icmp_type & 8))
		t.dport.be = 0;
	return t;
}

static void check_same(struct packet *p, struct packet *expected, const char *what, uint64_t seed)
{
	cr_assert_eq(p->len, expected->len);
	for (uint32_t i = 0; i < ROOM - HEADROOM; i++)
		cr_assert_eq(weir_data(p)[i], weir_data(expected)[i],
			     "%s, seed %llu: byte %u is %02x instead of %02x", what,
			     (unsigned long long)seed, i, weir_data(p)[i], weir_data(expected)[i]);
	free(p);
	free(expected);
}

static struct recipe draw_recipe(uint64_t *seed)
{
	static const uint8_t protos[] = {IPPROTO4_TCP, IPPROTO4_UDP, IPPROTO4_ICMP, IPPROTO4_GRE};
	struct recipe r = {.proto = protos[rnd32(seed) % 4],
			   .icmp_type = rnd32(seed) % 2 ? 8 : 0,
			   .options = rnd32(seed) % 4 ? 0 : rnd32(seed) % 11 * 4,
			   .payload = rnd32(seed) % 60,
			   .no_csum = rnd32(seed) % 4 == 0,
			   .frag = rnd32(seed) % 2 ? IP4_DF : 0};

	r.tuple = fit(&r, draw_tuple(seed));
	r.seed = rnd64(seed) | 1;
	return r;
}

Test(translate, packets_are_as_if_made_anew)
{
	for (uint64_t round = 1; round < 20000; round++) {
		uint64_t seed = round;
		struct recipe r = draw_recipe(&seed);
		struct packet *p = make(&r, rnd32(&seed) % 8), *q;
		const struct translate_seen s = translate_look(p);
		const uint32_t padding = p->len - rd16(weir_ip4(p)->len);

		cr_assert(session_same(s.tuple, r.tuple));
		cr_assert(s.proto == r.proto && !s.first && s.query == is_query(&r));
		cr_assert_eq(s.kind, has_ports(&r) ? TRANSLATE_PLAIN : TRANSLATE_OTHER);
		cr_assert_eq(s.direct, !r.options && has_ports(&r) && !is_query(&r));
		cr_assert(r.proto != IPPROTO4_TCP || s.flags == weir_data(p)[33 + r.options]);
		r.tuple = fit(&r, draw_tuple(&seed));
		translate_packet(p, &s, &r.tuple);
		q = make(&r, padding);
		if (round % 3 == 0) // what is nearly the same everywhere
			cr_assert(session_same(translate_look(p).tuple, r.tuple));
		check_same(p, q, "packet", round);
	}
}

// The checksum of a first fragment is over bytes that are not there, and later ones have none.
Test(translate, fragments)
{
	for (uint64_t round = 1; round < 5000; round++) {
		uint64_t seed = round;
		struct recipe r = draw_recipe(&seed);
		struct packet *p, *q;
		struct translate_seen s;

		r.frag = rnd32(&seed) % 2 ? IP4_MF : IP4_MF | 5;
		r.no_csum = false;
		p = make(&r, 0);
		s = translate_look(p);
		cr_assert_eq(s.kind, r.frag & IP4_OFFMASK ? TRANSLATE_FRAGMENT
				     : has_ports(&r)	  ? TRANSLATE_PLAIN
							  : TRANSLATE_OTHER);
		cr_assert_eq(s.first, !(r.frag & IP4_OFFMASK));
		cr_assert(!s.direct && session_same(s.tuple, fit(&r, r.tuple)));
		if (r.frag & IP4_OFFMASK) {
			r.tuple.src.be = rnd32(&seed);
			translate_packet(p, &s, &r.tuple);
			cr_assert_eq(weir_ip4(p)->src.be, r.tuple.src.be);
			q = make(&r, 0); // all of its payload is as it was
			memcpy(weir_data(q) + 20 + r.options, weir_data(p) + 20 + r.options,
			       p->len - 20 - r.options);
			r.tuple.src.be ^= 1;
		} else {
			r.tuple = fit(&r, draw_tuple(&seed));
			translate_packet(p, &s, &r.tuple);
			q = make(&r, 0);
		}
		check_same(p, q, "fragment", round);
	}
}

// A later fragment keeps its bytes, whatever they look like.
Test(translate, later_fragments_keep_their_bytes)
{
	struct recipe r = {.proto = IPPROTO4_UDP, .frag = 7, .payload = 20, .seed = 5};
	const struct session_tuple to = {{1}, {2}, {0}, {0}};
	struct packet *p = make(&r, 0), *q = make(&r, 0);
	const struct translate_seen s = translate_look(p);

	translate_packet(p, &s, &to);
	cr_assert_eq(memcmp(weir_data(p) + 20, weir_data(q) + 20, 28), 0);
	cr_assert(weir_csum_ip4_ok(weir_ip4(p)) && weir_ip4(p)->dst.be == 2);
	free(p);
	free(q);
}

// RFC 5508: an error goes to who sent the packet that it quotes.
Test(translate, errors_with_what_they_quote)
{
	static const uint8_t types[] = {3, 4, 5, 11, 12};

	for (uint64_t round = 1; round < 20000; round++) {
		uint64_t seed = round;
		struct recipe quote = draw_recipe(&seed);
		const bool by_receiver = rnd32(&seed) % 2, new_source = rnd32(&seed) % 2;
		struct recipe r = {.proto = IPPROTO4_ICMP,
				   .icmp_type = types[rnd32(&seed) % 5],
				   .options = rnd32(&seed) % 4 ? 0 : 4,
				   .quote = &quote,
				   .seed = 1};
		struct session_tuple to;
		struct packet *p, *q;
		struct translate_seen s;

		r.quoted = (uint32_t)sizeof(struct ip4) + quote.options + 8 + rnd32(&seed) % 40;
		if (r.quoted == sizeof(struct ip4) + quote.options + 17)
			r.quoted++; // half a checksum stays as it is
		r.tuple.src.be = by_receiver ? quote.tuple.dst.be : rnd32(&seed);
		r.tuple.dst = quote.tuple.src;
		p = make(&r, rnd32(&seed) % 4);
		s = translate_look(p);
		cr_assert_eq(s.kind, TRANSLATE_ERROR);
		cr_assert(s.proto == quote.proto && !s.query);
		cr_assert(session_same(s.tuple, session_flip(quote.tuple)));
		to = session_flip(fit(&quote, draw_tuple(&seed)));
		if (!new_source)
			to.src = s.tuple.src;
		translate_packet(p, &s, &to);
		quote.tuple = session_flip(to);
		r.tuple.dst = to.dst;
		if (new_source)
			r.tuple.src = to.src;
		q = make(&r, p->len - rd16(weir_ip4(p)->len));
		check_same(p, q, "error", round);
	}
}

// Whatever is cut off: nothing beyond the end is read or written, and what is too short says so.
Test(translate, truncated_packets)
{
	for (uint64_t round = 1; round < 3000; round++) {
		uint64_t seed = round;
		struct recipe quote = draw_recipe(&seed), r = draw_recipe(&seed);
		struct packet *p, *q;
		struct translate_seen s;
		uint32_t cut;

		if (round % 2) {
			r.quote = &quote;
			r.quoted = rnd32(&seed) % 60;
			r.proto = IPPROTO4_ICMP;
			r.icmp_type = 3;
			r.tuple = (struct session_tuple){.dst = quote.tuple.src};
		}
		p = make(&r, 0);
		q = make(&r, 0);
		cut = rnd32(&seed) % p->len;
		p->len = cut < 20 ? 20 : cut;
		memset(weir_data(p) + p->len, 0x55, 60);
		memset(weir_data(q) + p->len, 0x55, 60);
		s = translate_look(p);
		translate_packet(p, &s, &(struct session_tuple){{1}, {2}, {3}, {4}});
		cr_assert_eq(memcmp(weir_data(p) + p->len, weir_data(q) + p->len, 60), 0);
		if (s.kind == TRANSLATE_BAD)
			cr_assert_eq(memcmp(weir_data(p), weir_data(q), p->len), 0);
		free(p);
		free(q);
	}
}

Test(translate, errors_that_nobody_may_send)
{
	struct recipe quote = {.proto = IPPROTO4_UDP, .tuple = {{1}, {2}, {3}, {4}}, .seed = 1};
	struct recipe r = {.proto = IPPROTO4_ICMP,
			   .icmp_type = 3,
			   .quote = &quote,
			   .quoted = 60,
			   .tuple = {{2}, {9}, {0}, {0}},
			   .seed = 1};
	struct packet *p = make(&r, 0);

	cr_assert_eq(translate_look(p).kind, TRANSLATE_BAD); // to another than the sender
	free(p);
	r.tuple.dst.be = 1;
	p = make(&r, 0);
	cr_assert_eq(translate_look(p).kind, TRANSLATE_ERROR);
	free(p);
	quote.proto = IPPROTO4_ICMP; // about an error
	quote.icmp_type = 11;
	p = make(&r, 0);
	cr_assert_eq(translate_look(p).kind, TRANSLATE_BAD);
	free(p);
	quote.proto = IPPROTO4_UDP;
	r.quoted = 23; // half the ports
	p = make(&r, 0);
	cr_assert_eq(translate_look(p).kind, TRANSLATE_BAD);
	free(p);
}
