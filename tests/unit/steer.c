// SPDX-License-Identifier: BSD-2-Clause

// What belongs together has one hash, however it is carried, and other flows have others. Packets
// end where their memory ends, so that a sanitizer sees who reads on.

#include <weir/steer.h>

#include <criterion/criterion.h>
#include <frames.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state = 1;

static uint32_t below(uint32_t n)
{
	state = state * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)(state >> 33) % n;
}

static uint32_t hash_bytes(const uint8_t *b, unsigned len, enum weir_key key)
{
	struct packet *p = aligned_alloc(64, (sizeof(*p) + len + 63) & ~63u);
	uint32_t h;

	memset(p, 0, sizeof(*p));
	p->off = p->mac = sizeof(*p);
	p->len = len;
	memcpy(p + 1, b, len);
	h = weir_steer(p, key, NULL, NULL).hash;
	free(p);
	return h;
}

static uint32_t hash_frame(const struct frame *f, enum weir_key key)
{
	return hash_bytes(frame_bytes(f), frame_len(f), key);
}

static uint32_t hash_of(const struct carrier *c, const struct flow *w, bool back, enum weir_key key)
{
	const struct flow there = back ? flow_back(w) : *w;
	struct frame f;

	frame_clear(&f);
	frame_flow(&f, &there);
	c->wrap(&f, &there, back);
	return hash_frame(&f, key);
}

static struct flow any_flow(void)
{
	static const uint8_t protos[] = {IPPROTO4_TCP, IPPROTO4_UDP, IPPROTO4_SCTP, IPPROTO4_DCCP,
					 IPPROTO4_UDPLITE};

	return (struct flow){.is_ip6 = below(2),
			     .proto = protos[below(sizeof(protos))],
			     .src = below(UINT32_MAX),
			     .dst = below(UINT32_MAX),
			     .sport = (uint16_t)(10000 + below(10000)),
			     .dport = (uint16_t)(1 + below(1000))};
}

Test(steer, both_directions_in_all_that_carries_them)
{
	for (unsigned n = 0; n < 50; n++) {
		const struct flow w = any_flow();
		const uint32_t want = hash_of(&carriers[0], &w, false, WEIR_KEY_FLOW);

		for (const struct carrier *c = carriers; c->name; c++)
			for (int back = 0; back < 2; back++)
				cr_expect_eq(hash_of(c, &w, back, WEIR_KEY_FLOW), want,
					     "%s, IPv%d, proto %u, direction %d", c->name,
					     w.is_ip6 ? 6 : 4, w.proto, back);
	}
}

Test(steer, headers_between)
{
	struct flow w = any_flow();

	for (unsigned ip6 = 0; ip6 < 2; ip6++) {
		uint32_t want;

		w.is_ip6 = ip6;
		w.options = 0;
		want = hash_of(&carriers[0], &w, false, WEIR_KEY_FLOW);
		for (w.options = 1; w.options < (ip6 ? 16 : FLOW_OPTIONS); w.options++)
			for (const struct carrier *c = carriers; c->name; c++)
				cr_expect_eq(hash_of(c, &w, w.options & 1, WEIR_KEY_FLOW), want,
					     "%s, options %u of IPv%d", c->name, w.options,
					     ip6 ? 6 : 4);
	}
}

Test(steer, other_flows_have_other_hashes)
{
	unsigned same = 0;

	for (unsigned n = 0; n < 1000; n++) {
		const struct flow w = any_flow();
		struct flow v[] = {w, w, w, w, w};
		const uint32_t h = hash_of(&carriers[0], &w, false, WEIR_KEY_FLOW);

		v[0].src++;
		v[1].dst ^= 0x8000;
		v[2].sport ^= 1;
		v[3].dport++;
		v[4].proto = w.proto == IPPROTO4_TCP ? IPPROTO4_UDP : IPPROTO4_TCP;
		for (unsigned i = 0; i < 5; i++)
			same += hash_of(&carriers[0], &v[i], false, WEIR_KEY_FLOW) == h;
	}
	cr_expect_eq(same, 0, "%u of 5000 have the same 32 bits", same);
}

Test(steer, fragments_of_a_datagram)
{
	for (unsigned n = 0; n < 50; n++) {
		struct flow w = any_flow(), other = w;
		const struct flow back = flow_back(&w);
		struct frame f;
		uint32_t want, whole = hash_of(&carriers[0], &w, false, WEIR_KEY_FLOW);

		frame_fragment(&f, &w, 0);
		want = hash_frame(&f, WEIR_KEY_FLOW);
		cr_expect_neq(want, whole);
		for (unsigned i = 0; frame_fragment(&f, &w, i); i++)
			cr_expect_eq(hash_frame(&f, WEIR_KEY_FLOW), want, "fragment %u", i);
		for (unsigned i = 0; frame_fragment(&f, &back, i); i++)
			cr_expect_eq(hash_frame(&f, WEIR_KEY_FLOW), want, "fragment %u", i);
		other.sport++;
		frame_fragment(&f, &other, 0);
		cr_expect_eq(hash_frame(&f, WEIR_KEY_FLOW), want, "a first one with other ports");
		other.dst++;
		frame_fragment(&f, &other, 0);
		cr_expect_neq(hash_frame(&f, WEIR_KEY_FLOW), want, "to another host");
	}
}

// All of a packet is quoted, or only what RFC 792 wants.
Test(steer, errors_go_with_the_flow_that_they_quote)
{
	for (unsigned n = 0; n < 50; n++) {
		const struct flow w = any_flow();
		const unsigned header = w.is_ip6 ? 40 : 20;
		const uint32_t want = hash_of(&carriers[0], &w, false, WEIR_KEY_FLOW);
		const uint32_t from = hash_of(&carriers[0], &w, false, WEIR_KEY_SOURCE);
		struct frame f;

		for (unsigned i = 0; frame_error(&f, &w, i, header + 8); i++) {
			cr_expect_eq(hash_frame(&f, WEIR_KEY_FLOW), want, "error %u", i);
			cr_expect_eq(hash_frame(&f, WEIR_KEY_SOURCE), from, "error %u", i);
		}
		for (unsigned i = 0; frame_error(&f, &w, i, header + 40); i++)
			cr_expect_eq(hash_frame(&f, WEIR_KEY_FLOW), want, "error %u", i);
	}
}

Test(steer, security_associations)
{
	for (unsigned n = 0; n < 50; n++) {
		const struct flow w = any_flow();
		const uint32_t spi = 256 + below(1 << 30);
		struct frame f;

		for (unsigned i = 0; frame_ipsec(&f, &w, i, spi); i++) {
			const uint32_t h = hash_frame(&f, WEIR_KEY_FLOW);

			frame_ipsec(&f, &w, i, spi + 1);
			cr_expect_neq(hash_frame(&f, WEIR_KEY_FLOW), h, "kind %u", i);
		}
	}
}

Test(steer, keys)
{
	for (unsigned n = 0; n < 50; n++) {
		const struct flow w = any_flow();
		struct flow v = w;
		const struct carrier *c = &carriers[n % 3];

		v.sport++;
		v.proto = IPPROTO4_TCP;
		cr_expect_eq(hash_of(c, &w, false, WEIR_KEY_NONE), 0);
		cr_expect_eq(hash_of(c, &w, false, WEIR_KEY_HOSTS),
			     hash_of(c, &v, true, WEIR_KEY_HOSTS));
		cr_expect_eq(hash_of(c, &w, false, WEIR_KEY_SOURCE),
			     hash_of(c, &v, true, WEIR_KEY_DESTINATION));
		v.dst++;
		cr_expect_neq(hash_of(c, &w, false, WEIR_KEY_HOSTS),
			      hash_of(c, &v, false, WEIR_KEY_HOSTS));
		cr_expect_eq(hash_of(c, &w, false, WEIR_KEY_SOURCE),
			     hash_of(c, &v, false, WEIR_KEY_SOURCE));
		cr_expect_neq(hash_of(c, &w, false, WEIR_KEY_DESTINATION),
			      hash_of(c, &v, false, WEIR_KEY_DESTINATION));
	}
}

// What goes to ports that somebody has comes to that one, whatever it is and wherever it comes
// from: by those of the outermost header that is no error.
static uint32_t owned_hash(const struct frame *f, const struct weir_owners *o)
{
	const unsigned len = frame_len(f);
	struct packet *p = aligned_alloc(64, (sizeof(*p) + len + 63) & ~63u);
	uint32_t h;

	memset(p, 0, sizeof(*p));
	p->off = p->mac = sizeof(*p);
	p->len = len;
	memcpy(p + 1, frame_bytes(f), len);
	h = weir_steer(p, WEIR_KEY_OWNER, NULL, o).hash;
	free(p);
	return h;
}

static struct flow to_owned(struct weir_owners *o, unsigned bucket)
{
	struct flow w = any_flow();
	const uint32_t address = below(UINT32_MAX);

	w.is_ip6 = false;
	w.proto = below(2) ? IPPROTO4_TCP : IPPROTO4_UDP;
	w.dst = address;
	w.dport = (uint16_t)(10000 + below(50000));
	w.options = 0;
	o->bucket[weir_owner_place(address, w.dport)] = (uint8_t)(bucket + 1);
	return w;
}

Test(steer, what_goes_to_owned_ports)
{
	static struct weir_owners o;

	for (unsigned n = 0; n < 200; n++) {
		const unsigned bucket = n % WEIR_OWNER_BUCKETS;
		struct flow w;
		struct frame f;

		memset(&o, 0, sizeof(o));
		w = to_owned(&o, bucket);
		frame_clear(&f);
		frame_flow(&f, &w);
		frame_eth(&f, ETHERTYPE_IP4);
		cr_expect_eq(owned_hash(&f, &o) >> WEIR_BUCKET_SHIFT, bucket);
		cr_expect_eq(hash_frame(&f, WEIR_KEY_OWNER), hash_frame(&f, WEIR_KEY_FLOW));
		// an error about what was sent from there
		w = flow_back(&w);
		for (unsigned i = 0; frame_error(&f, &w, i, 28); i++)
			cr_expect_eq(owned_hash(&f, &o) >> WEIR_BUCKET_SHIFT, bucket, "error %u",
				     i);
		// other ports are nobody's
		w = flow_back(&w);
		w.dport ^= WEIR_OWNER_PORTS;
		frame_clear(&f);
		frame_flow(&f, &w);
		frame_eth(&f, ETHERTYPE_IP4);
		cr_expect_eq(owned_hash(&f, &o), hash_frame(&f, WEIR_KEY_FLOW));
	}
}

// Also of every length, and changed in places.
Test(steer, anything_has_a_hash)
{
	struct frame f;
	uint8_t b[FRAME_SIZE];

	for (unsigned n = 0; n < 2000; n++) {
		const struct flow w = any_flow();
		unsigned len;

		frame_clear(&f);
		frame_flow(&f, &w);
		for (unsigned i = below(3); i-- && frame_len(&f) < FRAME_SIZE - 200;)
			carriers[below(18)].wrap(&f, &w, below(2));
		len = below(frame_len(&f) + 1);
		memcpy(b, frame_bytes(&f), len);
		for (unsigned i = below(4); len && i--;)
			b[below(len)] = (uint8_t)below(256);
		for (enum weir_key key = WEIR_KEY_FLOW; key < WEIR_KEYS; key++)
			cr_expect_neq(hash_bytes(b, len, key), 0);
	}
}

// Where a packet has no link header, it begins with IP.
Test(steer, no_link_header)
{
	const struct flow w = {false, IPPROTO4_UDP, 1, 2, 3, 4, 0}, w6 = {true, 6, 1, 2, 3, 4, 0};

	for (unsigned i = 0; i < 2; i++) {
		const struct flow *v = i ? &w6 : &w;
		struct packet *p = calloc(1, sizeof(*p) + FRAME_SIZE);
		struct frame f;

		frame_clear(&f);
		frame_flow(&f, v);
		p->off = sizeof(*p);
		p->len = frame_len(&f);
		memcpy(p + 1, frame_bytes(&f), p->len);
		cr_expect_eq(weir_steer(p, WEIR_KEY_FLOW, NULL, NULL).hash,
			     hash_of(&carriers[0], v, false, WEIR_KEY_FLOW));
		free(p);
	}
}

// --- evenly ---
enum { FLOWS = 10000, COLUMNS = 4 };

static struct flow by_port(unsigned i)
{
	return (struct flow){false, IPPROTO4_UDP, 0x0a000001, 0x0a000002, (uint16_t)(1024 + i), 53,
			     0};
}

static struct flow by_address(unsigned i)
{
	return (struct flow){false, IPPROTO4_UDP, 0x0a000000 + i, 0xc0a80001, 5000, 53, 0};
}

static struct flow by_both(unsigned i)
{
	return (struct flow){false,
			     IPPROTO4_TCP,
			     0x0a000000 + i / 100,
			     0xc0a80001 + i % 7,
			     (uint16_t)(40000 + i % 100),
			     443,
			     0};
}

static struct flow by_ip6(unsigned i)
{
	return (struct flow){true, IPPROTO4_TCP, 1 + i % 250, 0x10000 + i / 250, 40000, 443, 0};
}

static struct flow by_chance(unsigned)
{
	return any_flow();
}

// How far from even, the worst column.
static double unevenness(struct flow (*flow)(unsigned i), const struct carrier *c)
{
	unsigned n[COLUMNS] = {};
	double worst = 0;

	for (unsigned i = 0; i < FLOWS; i++) {
		const struct flow w = flow(i);

		n[(hash_of(c, &w, false, WEIR_KEY_FLOW) >> WEIR_BUCKET_SHIFT) % COLUMNS]++;
	}
	for (unsigned i = 0; i < COLUMNS; i++) {
		double off = (double)n[i] * COLUMNS / FLOWS - 1;

		off = off < 0 ? -off : off;
		worst = off > worst ? off : worst;
	}
	return worst;
}

Test(steer, ten_thousand_flows_over_four_columns)
{
	static const struct {
		const char *name;
		struct flow (*flow)(unsigned i);
	} kinds[] = {{"ports in turn", by_port},
		     {"addresses in turn", by_address},
		     {"both", by_both},
		     {"IPv6", by_ip6},
		     {"any", by_chance}};

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		double d = unevenness(kinds[i].flow, &carriers[0]),
		       tunnel = unevenness(kinds[i].flow, &carriers[12]);

		printf("steer: 10,000 flows over 4 columns, %s: within %.1f %% of even, in a "
		       "tunnel %.1f %%\n",
		       kinds[i].name, 100 * d, 100 * tunnel);
		cr_expect_leq(d, 0.05, "%s", kinds[i].name);
		cr_expect_leq(tunnel, 0.05, "%s", kinds[i].name);
	}
}
