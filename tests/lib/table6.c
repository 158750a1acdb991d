// SPDX-License-Identifier: BSD-2-Clause
#include "table6.h"

#include "rnd.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t seed;

static uint64_t rnd(void)
{
	return rnd64(&seed);
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)((rnd() >> 32) * n >> 32);
}

// Where the registries allot from, how much of it they have used, and their share of the holders in
// percent.
static const struct registry {
	uint64_t base;
	unsigned len, used_bits; // behind base; of the blocks of 29 bits there
	unsigned share;
	unsigned wide; // percent of the holders with /29 rather than /32
} registries[] = {
	{0x2a00ull << 48, 12, 17, 34, 45}, {0x2a10ull << 48, 12, 15, 10, 70},
	{0x2400ull << 48, 12, 17, 24, 5},  {0x2600ull << 48, 12, 15, 12, 5},
	{0x2800ull << 48, 12, 16, 9, 3},   {0x2c00ull << 48, 12, 13, 2, 3},
	{0x2001ull << 48, 16, 13, 6, 2},   {0x2620ull << 48, 16, 9, 3, 0},
};

static struct table6_route cut(uint64_t hi, uint64_t lo, unsigned len)
{
	struct weir_ip6 m = weir_ip6_mask(len);

	return (struct table6_route){{hi & m.hi, lo & m.lo}, len};
}

static struct table6_route holder(void)
{
	const struct registry *r = registries;
	uint32_t p = below(100), block;
	unsigned len;

	for (; p >= r->share; r++)
		p -= r->share;
	// blocks of /29, most of them at even distances, as they are halved again and again
	block = below(1u << r->used_bits);
	if (below(4))
		block &= ~3u;
	block <<= 29 - r->len - r->used_bits;
	len = below(100) < r->wide ? 29 : below(20) ? 32 : 20 + below(9);
	if (r->base == 0x2620ull << 48)
		len = 36 + 4 * below(4);
	return cut(r->base | (uint64_t)block << 35 | (len == 32 && below(3) == 0 ? rnd() >> 29 : 0),
		   0, len);
}

// One of the routes of a holder: the i-th.
static struct table6_route announced(const struct table6_route *all, unsigned i, bool in_order)
{
	uint32_t p = below(1000);
	unsigned len = p < 640	 ? 48
		       : p < 740 ? 44
		       : p < 830 ? 40
		       : p < 870 ? 36
		       : p < 920 ? 45 + below(3)
		       : p < 955 ? 42
		       : p < 985 ? 33 + below(3)
		       : p < 993 ? 49 + below(16)
		       : p < 995 ? 128
				 : 64;
	uint64_t hi = rnd() >> all->len;

	if (len <= all->len)
		len = all->len + 1 + below(4);
	if (in_order) // numbered from the beginning, at the places that their length allows
		hi = len < 64 ? (uint64_t)i << (64 - len) & ~0ull >> all->len : i;
	return cut(all->prefix.hi | hi, len == 128 ? 1 + below(200) : 0, len);
}

// How many routes a holder has beside his block: most have none, a few have thousands.
static unsigned holdings(void)
{
	uint32_t u = 1 + below(10000);

	if (u > 5500)
		return 0;
	return 5500 / u > 2500 ? 2500 : 5500 / u;
}

static int in_order(const void *a, const void *b)
{
	const struct table6_route *x = a, *y = b;

	if (x->prefix.hi != y->prefix.hi)
		return x->prefix.hi < y->prefix.hi ? -1 : 1;
	if (x->prefix.lo != y->prefix.lo)
		return x->prefix.lo < y->prefix.lo ? -1 : 1;
	return (int)x->len - (int)y->len;
}

static size_t unique(struct table6_route *t, size_t n)
{
	size_t kept = 0;

	qsort(t, n, sizeof(*t), in_order);
	for (size_t i = 0; i < n; i++)
		if (!kept || in_order(&t[i], &t[kept - 1]))
			t[kept++] = t[i];
	return kept;
}

static void shuffle(struct table6_route *t, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = below((uint32_t)i);
		struct table6_route r = t[k];

		t[k] = t[i - 1];
		t[i - 1] = r;
	}
}

struct table6_route *table6_new(size_t n)
{
	struct table6_route *t = calloc(n, sizeof(*t));
	size_t filled = 0;

	if (!t) {
		fputs("table6: no memory\n", stderr);
		exit(1);
	}
	seed = 1;
	while (filled < n) {
		struct table6_route all = holder();
		unsigned more = holdings();
		bool numbered = below(3) > 0;

		t[filled++] = all;
		for (unsigned i = 0; i < more && filled < n; i++)
			t[filled++] = announced(&all, i, numbered);
		if (filled == n)
			filled = unique(t, n);
	}
	shuffle(t, n);
	return t;
}

struct weir_ip6 table6_inside(const struct table6_route *r)
{
	struct weir_ip6 m = weir_ip6_mask(r->len), a = {rnd(), rnd()};

	return (struct weir_ip6){r->prefix.hi | (a.hi & ~m.hi), r->prefix.lo | (a.lo & ~m.lo)};
}
