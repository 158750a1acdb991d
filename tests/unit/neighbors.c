// SPDX-License-Identifier: BSD-2-Clause
// What elements know of neighbours, apart from packets.
#include <criterion/criterion.h>
#include <ethernet/neighbors.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

static struct neighbor_key key(uint32_t last)
{
	const uint8_t bytes[16] = {0xfe, 0x80, [13] = (uint8_t)(last >> 16),
				   [14] = (uint8_t)(last >> 8), [15] = (uint8_t)last};
	struct neighbor_key k;

	memcpy(&k, bytes, sizeof(k));
	return k;
}

// The first neighbours that have the same place as the first.
static void share_place(struct neighbor_key *v, unsigned n)
{
	unsigned have = 1;

	v[0] = key(1);
	for (uint32_t i = 2; have < n; i++)
		if (neighbor6_place(key(i)) == neighbor6_place(v[0]))
			v[have++] = key(i);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NEIGHBOR_NS + (uint64_t)t.tv_nsec;
}

enum { SHARERS = 3 };

struct crowd {
	struct weir_area front;
	struct neighbor_key k[SHARERS];
	atomic_bool stop;
	atomic_ulong changes;
};

static void *push_out(void *arg)
{
	struct crowd *c = arg;

	for (unsigned long n = 0; !atomic_load(&c->stop); atomic_store(&c->changes, ++n)) {
		unsigned i = n % SHARERS;
		const uint8_t eth[6] = {2,	    (uint8_t)i, (uint8_t)i,
					(uint8_t)i, (uint8_t)i, (uint8_t)i};

		neighbor6_set(&c->front, c->k[i], eth, UINT64_MAX);
	}
	return NULL;
}

Test(neighbors, no_reader_sees_half_of_one)
{
	struct crowd c = {};
	uint64_t end = now() + NEIGHBOR_NS / 5, seen = 0, wrong = 0;
	const struct neighbor6_pair *pair;
	pthread_t thread;

	share_place(c.k, SHARERS);
	cr_assert_eq(weir_area_grow(&c.front, NEIGHBOR_PAIRS6 * sizeof(*pair), false), 0);
	pair = (const struct neighbor6_pair *)c.front.at + neighbor6_place(c.k[0]);
	cr_assert_eq(pthread_create(&thread, NULL, push_out, &c), 0);
	// longer where the other thread does not come to run
	for (unsigned i = 0; i % 1024 || now() < end ||
			     (atomic_load(&c.changes) < 1000 && now() < end + 5ull * NEIGHBOR_NS);
	     i++) {
		uint64_t who = neighbor6_look(&pair->way[i & 1], &c.k[1], 0);

		seen += who != 0;
		wrong += who && (who & 0xffffffffffff) != 0x010101010102;
	}
	atomic_store(&c.stop, true);
	pthread_join(thread, NULL);
	cr_assert(seen > 1000 && atomic_load(&c.changes) >= 1000);
	cr_assert_eq(wrong, 0, "%zu of %zu have the address of another", (size_t)wrong,
		     (size_t)seen);
	weir_area_free(&c.front);
}

Test(neighbors, who_is_used_stays_when_two_do_not_fit)
{
	const uint8_t eth[6] = {2};
	struct neighbor6_pair *pair;
	struct weir_area front = {};
	struct neighbor_key k[3];

	share_place(k, 3);
	cr_assert_eq(weir_area_grow(&front, NEIGHBOR_PAIRS6 * sizeof(*pair), false), 0);
	pair = (struct neighbor6_pair *)front.at + neighbor6_place(k[0]);
	neighbor6_set(&front, k[0], eth, UINT64_MAX);
	neighbor6_set(&front, k[1], eth, UINT64_MAX);
	pair->way[0].used = 1;
	neighbor6_set(&front, k[2], eth, UINT64_MAX);
	cr_assert(neighbor6_look(&pair->way[0], &k[0], 0));
	cr_assert(neighbor6_look(&pair->way[1], &k[2], 0));
	cr_assert(neighbor6_used(&front, k[0]));
	cr_assert(!neighbor6_used(&front, k[0]), "it is told once");
	cr_assert(!neighbor6_used(&front, k[1]) && !neighbor6_used(&front, k[2]));
	pair->way[0].who ^= 1ull << 48;
	cr_assert(!neighbor6_look(&pair->way[0], &k[0], 0), "it is being written");
	pair->way[0].who ^= 1ull << 48;
	neighbor6_set(&front, k[0], NULL, 0);
	cr_assert(!neighbor6_look(&pair->way[0], &k[0], 0));
	cr_assert(neighbor6_look(&pair->way[1], &k[2], 0));
	weir_area_free(&front);
}

// Against an array: random changes, with addresses of both families.
Test(neighbors, table_agrees_with_an_array)
{
	enum { KEYS = 3000 };
	struct neighbor_table t = {.seed = 7};
	static uint8_t has[KEYS];
	unsigned n = 0;

	srandom(1);
	for (unsigned i = 0; i < 200000; i++) {
		unsigned x = (unsigned)random() % KEYS;
		struct neighbor_key k = x & 1 ? key(x) : neighbor_ip4(wr32(x));
		struct neighbor *e = neighbor_find(&t, k);

		cr_assert_eq(e != NULL, has[x] != 0);
		if (e && random() % 3 == 0) {
			neighbor_remove(&t, e);
			has[x] = 0;
			n--;
			continue;
		}
		n += !e;
		e = neighbor_ensure(&t, k, i);
		has[x] = (uint8_t)(1 + i % 200);
		cr_assert(neighbor_same(e->key, k));
		neighbor_learn(&t, e, (const uint8_t[6]){2, has[x]}, i);
		cr_assert_eq(t.n, n);
		cr_assert_eq(t.newest, e);
		cr_assert(e->known && e->eth[1] == has[x]);
	}
	for (const struct neighbor *e = t.oldest; e; e = e->newer, n--)
		cr_assert(!e->newer || e->live <= e->newer->live);
	cr_assert_eq(n, 0);
	neighbor_table_free(&t);
}

Test(neighbors, who_asks_is_told_who_asked_before)
{
	static struct neighbor_log log;
	const uint64_t second = NEIGHBOR_NS, day = 86400 * second;
	uint64_t t = 5 * second;

	cr_assert_not(neighbor_asked(&log, key(1), t, second));
	cr_assert(neighbor_asked(&log, key(1), t, second));
	cr_assert(neighbor_asked(&log, key(1), t + second / 2, second));
	cr_assert(neighbor_asked(&log, key(1), t - second / 10, second), "by a clock behind");
	cr_assert_not(neighbor_asked(&log, key(2), t, second));
	cr_assert_not(neighbor_asked(&log, key(1), t + second, second));
	// the count of milliseconds is half way round, and goes round
	for (unsigned days = 20; days < 50; days++) {
		t += days * day;
		cr_assert_not(neighbor_asked(&log, key(1), t, second), "%u days", days);
	}
}
