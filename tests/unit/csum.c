// SPDX-License-Identifier: BSD-2-Clause

// Internet checksums against RFC 1071's own way: words of 16 bits, one after the other.

#include <weir/csum.h>

#include <criterion/criterion.h>
#include <rnd.h>

enum { MAX = 2048, ROOM = MAX + 16 };

static const uint16_t edges[] = {0x0000, 0x0001, 0x00ff, 0x0100, 0x7fff, 0x8000,
				 0xff00, 0xfffe, 0xffff, 0x1234, 0xedcb};
enum { EDGES = sizeof(edges) / sizeof(edges[0]) };

static uint64_t seed = 1;

static uint32_t rnd(void)
{
	return rnd32(&seed);
}

// Sum of the words of n bytes, host byte order, in 16 bits; continues with sum.
static uint16_t naive_sum(uint16_t sum, const uint8_t *p, size_t n)
{
	uint32_t s = sum;

	for (size_t i = 0; i < n; i++) {
		s += i % 2 ? p[i] : (uint32_t)p[i] << 8;
		if (s > 0xffff)
			s -= 0xffff;
	}
	return (uint16_t)s;
}

static uint16_t naive(const uint8_t *p, size_t n)
{
	return (uint16_t)~naive_sum(0, p, n);
}

// Random bytes, or only those from which sums of 0xffff and long carries come.
static void scribble(uint8_t *p, size_t n)
{
	unsigned kind = rnd() % 4;

	for (size_t i = 0; i < n; i++)
		p[i] = kind == 0 ? 0xff : kind == 1 ? (rnd() % 8 ? 0xff : 0) : (uint8_t)rnd();
}

Test(csum, rfc1071_example)
{
	static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

	cr_expect_eq(rd16(weir_csum(bytes, sizeof(bytes))), 0x220d);
	cr_expect_eq(rd16(weir_csum(bytes, 0)), 0xffff);
	cr_expect_eq(rd16(weir_csum(bytes + 2, 1)), 0x0dff);
}

Test(csum, any_bytes)
{
	static uint8_t room[ROOM];

	for (unsigned i = 0; i < 20000; i++) {
		size_t n = i < 600 ? i / 8 : rnd() % (i % 8 ? 128 : MAX);
		uint8_t *p = room + i % 8;
		size_t cut = n ? rnd() % n & ~1u : 0;

		scribble(room, sizeof(room));
		cr_assert_eq(rd16(weir_csum(p, n)), naive(p, n), "%zu bytes", n);
		// In two parts, and in the other order.
		cr_assert_eq(rd16(weir_csum_fold(weir_csum_sum(p + cut, n - cut) +
						 weir_csum_sum(p, cut))),
			     naive(p, n));
	}
}

Test(csum, all_ones_and_zeroes)
{
	static uint8_t zero[MAX], ones[MAX];

	memset(ones, 0xff, sizeof(ones));
	for (size_t n = 0; n <= MAX; n++) {
		cr_assert_eq(rd16(weir_csum(zero, n)), 0xffff);
		cr_assert_eq(rd16(weir_csum(ones, n)), naive(ones, n));
	}
}

Test(csum, folding)
{
	static const uint64_t sums[] = {0,
					1,
					0xffff,
					0x10000,
					0xffffffff,
					0x100000000,
					0xffff0000,
					0xffffffff0000,
					0xffff000000000000,
					UINT64_MAX - 1,
					UINT64_MAX};

	for (unsigned i = 0; i < sizeof(sums) / sizeof(sums[0]) + 10000; i++) {
		uint64_t s = i < sizeof(sums) / sizeof(sums[0]) ? sums[i]
								: (uint64_t)rnd() << 32 | rnd();
		uint16_t want = (uint16_t)(s ? (s - 1) % 65535 + 1 : 0);

		cr_assert_eq(weir_csum_fold(s).be, (uint16_t)~want, "%lx", s);
		cr_assert_eq(weir_csum_fold_udp(s).be, want == 0xffff ? 0xffff : (uint16_t)~want);
		cr_assert_eq(weir_csum_ok(s), s == 0 || want == 0xffff);
	}
}

// A header whose bytes are p's; the version is 4, as the contract of _ok asks.
static void check_ip4(uint8_t *p)
{
	struct ip4 *h = (struct ip4 *)p;

	p[0] = 0x45;
	cr_assert_eq(weir_csum_ip4_ok(h), naive(p, 20) == 0);
	cr_assert_eq(rd16(weir_csum_fold(weir_csum_ip4_sum(h))), naive(p, 20));
	weir_csum_ip4_set(h, 20);
	cr_assert_eq(naive(p, 20), 0);
	cr_assert_neq(h->csum.be, 0xffff);
	cr_assert(weir_csum_ip4_ok(h));
	for (unsigned i = 0; i < 20; i++) {
		p[i] ^= (uint8_t)(1u << (i & 7));
		cr_assert(!weir_csum_ip4_ok(h));
		p[i] ^= (uint8_t)(1u << (i & 7));
	}
}

Test(csum, ip4_header)
{
	static uint8_t room[80];

	for (unsigned i = 0; i < 20000; i++) {
		uint8_t *p = room + i % 8;
		be16 rest;

		scribble(room, sizeof(room));
		check_ip4(p);
		// Where the sum without it is 0xffff already, both zeroes are right.
		p[10] = p[11] = p[18] = p[19] = 0;
		rest = wr16(naive(p, 20));
		memcpy(p + 18, &rest, 2);
		cr_assert(weir_csum_ip4_ok((struct ip4 *)p));
		p[10] = p[11] = 0xff;
		cr_assert(weir_csum_ip4_ok((struct ip4 *)p));
	}
}

Test(csum, ip4_options)
{
	static uint8_t room[80];

	for (unsigned i = 0; i < 5000; i++) {
		uint8_t *p = room + i % 8;
		uint32_t hlen = 20 + 4 * (rnd() % 11);

		scribble(room, sizeof(room));
		p[0] = (uint8_t)(0x40 | hlen / 4);
		weir_csum_ip4_set((struct ip4 *)p, hlen);
		cr_assert_eq(naive(p, hlen), 0);
		cr_assert(weir_csum_ok(weir_csum_sum(p, hlen)));
	}
}

Test(csum, pseudo_headers)
{
	static uint8_t data[MAX];

	for (unsigned i = 0; i < 5000; i++) {
		uint8_t head[40] = {0}, proto = (uint8_t)rnd();
		uint16_t n = (uint16_t)(rnd() % MAX), sum;
		be32 src, dst;

		scribble(data, n);
		scribble(head, 8);
		memcpy(&src, head, 4);
		memcpy(&dst, head + 4, 4);
		head[9] = proto;
		head[10] = (uint8_t)(n >> 8);
		head[11] = (uint8_t)n;
		sum = naive_sum(naive_sum(0, head, 12), data, n);
		cr_assert_eq(rd16(weir_csum_fold(weir_csum_pseudo4(src, dst, proto, n) +
						 weir_csum_sum(data, n))),
			     (uint16_t)~sum);

		scribble(head, 32);
		memset(head + 32, 0, 8);
		head[34] = (uint8_t)(n >> 8);
		head[35] = (uint8_t)n;
		head[39] = proto;
		sum = naive_sum(naive_sum(0, head, 40), data, n);
		cr_assert_eq(rd16(weir_csum_fold(weir_csum_pseudo6(head, head + 16, proto, n) +
						 weir_csum_sum(data, n))),
			     (uint16_t)~sum);
	}
}

// RFC 1624, 4: the example in which RFC 1141 gives 0xffff where 0x0000 is right.
Test(csum, rfc1624_example)
{
	cr_expect_eq(rd16(weir_csum_edit16(wr16(0xdd2f), wr16(0x5555), wr16(0x3285))), 0);
}

// The word or the two at p + at become `new`; checksum at p + 10. The data are never all zero.
static void check_edit(uint8_t *p, size_t n, size_t at, uint32_t new)
{
	be16 csum = wr16(naive(p, n)), got, udp;
	be32 o32, n32 = wr32(new);
	be16 o16, n16 = wr16((uint16_t) new);
	uint8_t changed[64];

	memcpy(changed, p, n);
	memcpy(&o16, p + at, 2);
	memcpy(changed + at, &n16, 2);
	got = weir_csum_edit16(csum, o16, n16);
	cr_assert_eq(rd16(got), naive(changed, n));
	udp = weir_csum_edit16_udp(csum, o16, n16);
	cr_assert_eq(udp.be, !csum.be ? 0 : got.be ? got.be : 0xffff);

	memcpy(&o32, p + at, 4);
	memcpy(changed + at, &n32, 4);
	got = weir_csum_edit32(csum, o32, n32);
	cr_assert_eq(rd16(got), naive(changed, n));
	udp = weir_csum_edit32_udp(csum, o32, n32);
	cr_assert_eq(udp.be, !csum.be ? 0 : got.be ? got.be : 0xffff);
}

Test(csum, edit)
{
	uint8_t p[20];

	for (unsigned i = 0; i < 50000; i++) {
		scribble(p, sizeof(p));
		p[0] |= 0x40;
		check_edit(p, sizeof(p), 4 + 2 * (rnd() % 7), rnd());
	}
}

// All pairs of the awkward words, old and new, with data that make the checksum awkward as well.
Test(csum, edit_edges)
{
	for (unsigned i = 0; i < EDGES * EDGES * EDGES * EDGES; i++) {
		uint16_t w[4] = {edges[i % EDGES], edges[i / EDGES % EDGES],
				 edges[i / EDGES / EDGES % EDGES],
				 edges[i / EDGES / EDGES / EDGES]};
		uint8_t p[8] = {0x45};
		be16 full;

		p[1] = (uint8_t)w[0];
		p[2] = (uint8_t)(w[0] >> 8);
		memcpy(p + 4, &w[1], 2);
		memcpy(p + 6, &w[2], 2);
		check_edit(p, sizeof(p), 4, (uint32_t)w[3] << 16 | w[2]);
		check_edit(p, sizeof(p), 4, (uint32_t)w[2] << 16 | w[3]);
		p[2] = p[3] = 0;
		// Data that sum to 0xffff, the checksum then being zero.
		full = wr16(naive(p, 8));
		memcpy(p + 2, &full, 2);
		check_edit(p, sizeof(p), 4, (uint32_t)w[3] << 16 | w[2]);
	}
}
