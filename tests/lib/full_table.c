// SPDX-License-Identifier: BSD-2-Clause
#include "full_table.h"

#include "rnd.h"

#include <stdbool.h>
#include <stdlib.h>

enum { REGIONS = 52000 };

// Of 100,000 prefixes, how many have which length, from /8 on.
static const unsigned shares[] = {2,   1,    4,	   10,	 30,   55,    115,  200,   1280,
				  790, 1310, 2330, 4230, 4860, 10260, 9160, 55363, 800,
				  900, 1000, 1300, 1900, 2000, 100,   2000};
enum { SHORTEST = 8, N_LENGTHS = sizeof(shares) / sizeof(shares[0]), SHARES = 100000 };

struct maker {
	struct full_route *routes;
	size_t n;
	uint64_t *seen; // prefix and length + 1; open addressing
	size_t mask;
	uint64_t seed;
};

static uint32_t below(uint64_t *seed, size_t n)
{
	return (uint32_t)((uint64_t)rnd32(seed) * n >> 32);
}

static uint32_t host(uint32_t len)
{
	return (uint32_t)(0xffffffffull >> len);
}

static bool is_new(struct maker *m, uint32_t prefix, uint32_t len)
{
	uint64_t key = (uint64_t)prefix << 8 | (len + 1);
	size_t at = key * 0x9e3779b97f4a7c15 >> 32 & m->mask;

	for (; m->seen[at]; at = (at + 1) & m->mask)
		if (m->seen[at] == key)
			return false;
	m->seen[at] = key;
	return true;
}

// In a region: some have many prefixes, most have few.
static uint32_t anywhere(struct maker *m)
{
	uint32_t a = below(&m->seed, REGIONS), b = below(&m->seed, REGIONS);
	uint32_t region = (a < b ? a : b) * 40503 & 0xffff; // odd: each region is another one

	return region << 16 | (rnd32(&m->seed) & 0xffff);
}

// An address for a prefix of that length, among the `shorter` first routes, which are shorter.
static uint32_t address(struct maker *m, size_t shorter)
{
	const struct full_route *r;

	if (!shorter || rnd32(&m->seed) % 2)
		return anywhere(m);
	r = &m->routes[below(&m->seed, shorter)];
	return r->prefix | (rnd32(&m->seed) & host(r->len));
}

static bool is_unicast(uint32_t a)
{
	uint32_t net = a >> 24;

	return net && net != 10 && net != 127 && net < 224;
}

static void add_length(struct maker *m, uint32_t len, size_t end)
{
	size_t shorter = m->n;

	while (m->n < end) {
		uint32_t prefix = address(m, shorter) & ~host(len);

		if (is_unicast(prefix) && is_new(m, prefix, len))
			m->routes[m->n++] = (struct full_route){prefix, len};
	}
}

static void shuffle(struct maker *m)
{
	for (size_t i = m->n; i > 1; i--) {
		size_t k = below(&m->seed, i);
		struct full_route r = m->routes[k];

		m->routes[k] = m->routes[i - 1];
		m->routes[i - 1] = r;
	}
}

struct full_route *full_table(size_t n)
{
	struct maker m = {.mask = 1, .seed = 1};
	size_t sum = 0;

	while (m.mask < 2 * n)
		m.mask = m.mask << 1 | 1;
	m.seen = calloc(m.mask + 1, sizeof(*m.seen));
	m.routes = calloc(n ? n : 1, sizeof(*m.routes));
	if (!m.seen || !m.routes) {
		free(m.routes);
		m.routes = NULL;
	}
	for (uint32_t i = 0; m.routes && i < N_LENGTHS; i++) {
		sum += shares[i];
		add_length(&m, SHORTEST + i, n * sum / SHARES);
	}
	if (m.routes)
		shuffle(&m);
	free(m.seen);
	return m.routes;
}

uint32_t full_table_address(const struct full_route *r, size_t n, uint64_t *seed)
{
	const struct full_route *one = &r[below(seed, n)];

	return one->prefix | (rnd32(seed) & host(one->len));
}
