// SPDX-License-Identifier: BSD-2-Clause

// What the table of sessions costs: finding one of many in batches of 64, with both directions in
// turn; and how long one takes to come and go, with its timer, in a table that is half full.
//
//	sessions [ROUNDS [MOST]]

#include <figure.h>
#include <nat/sessions.h>
#include <rnd.h>
#include <stdio.h>
#include <stdlib.h>
#include <urcu/urcu-qsbr.h>

enum { BATCH = 64, LOOKUPS = 1 << 20, CHURN = 1 << 19, TURN = 64, TIMEOUT_S = 300 };

static uint64_t sink;

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "sessions: %s\n", what);
	exit(1);
}

static struct session_tuple from_of(uint32_t i)
{
	return (struct session_tuple){{0x0a + (i << 8)}, {0x01010101}, {(uint16_t)(i * 7)}, {53}};
}

static struct session_tuple to_of(uint32_t i)
{
	return (struct session_tuple){{0x02020202 + (i >> 16)}, {0x01010101}, {(uint16_t)i}, {53}};
}

static uint32_t make(struct sessions *t, struct session_part *p, uint32_t i, uint64_t now)
{
	const uint32_t number = session_new(t, p);
	struct session_hit other;
	struct session *s = &t->at[number];

	need(number, "no session is free");
	s->from = from_of(i);
	s->to = to_of(i);
	s->proto = 17;
	s->state = 1;
	need(!session_insert(t, p, number, &other), "a session does not fit");
	session_timer(t, p, number, now + TIMEOUT_S * 1000000000ull);
	return number;
}

static struct session_tuple *draw_keys(uint32_t n)
{
	struct session_tuple *v = calloc(LOOKUPS, sizeof(*v));
	uint64_t seed = 1;

	need(v, "no memory");
	for (uint32_t i = 0; i < LOOKUPS; i++) {
		const uint32_t k = (uint32_t)((uint64_t)rnd32(&seed) * n >> 32);

		v[i] = rnd32(&seed) % 2 ? from_of(k) : session_flip(to_of(k));
	}
	return v;
}

static void find_batch(struct sessions *t, const struct session_tuple *key)
{
	uint64_t hash[BATCH];
	uint32_t slot[BATCH];

	for (unsigned i = 0; i < BATCH; i++) {
		hash[i] = sessions_hash4(t, &key[i], 17);
		sessions_prefetch(t, hash[i]);
	}
	for (unsigned i = 0; i < BATCH; i++)
		slot[i] = sessions_candidate(t, hash[i]);
	for (unsigned i = 0; i < BATCH; i++) {
		const struct session_hit hit = sessions_check4(t, slot[i], hash[i], &key[i], 17);

		sink += hit.number != 0;
	}
}

static double find_all(struct sessions *t, const struct session_tuple *v)
{
	const uint64_t start = figure_clock();

	for (uint32_t i = 0; i < LOOKUPS; i += BATCH)
		find_batch(t, v + i);
	return (double)(figure_clock() - start) / LOOKUPS;
}

static void open_table(struct sessions *t, uint32_t most)
{
	struct weir_element e = {.name = "sessions"};
	struct weir_err err = {};
	bool found;

	need(!sessions_open(t, &e, most, &found, &err), "no memory");
}

static void measure_finding(uint32_t n, unsigned rounds)
{
	static struct session_part p;
	struct figure f = {.unit = "ns"};
	struct session_tuple *v = draw_keys(n);
	struct sessions t;
	char name[64];

	p = (struct session_part){};
	open_table(&t, n);
	for (uint32_t i = 0; i < n; i++)
		make(&t, &p, i, 0);
	snprintf(name, sizeof(name), "finding one of %u", n);
	f.name = name;
	sink = 0;
	for (unsigned r = 0; r < rounds; r++)
		figure_add(&f, find_all(&t, v));
	need(sink == (uint64_t)rounds * LOOKUPS, "not all were found");
	figure_print(&f);
	printf("  %.1f bytes each\n",
	       (double)((sizeof(*t.at) + sizeof(*t.cold)) * n + sizeof(*t.buckets) * t.n_buckets) /
		       n);
	figure_free(&f);
	free(v);
	sessions_close(&t);
}

static uint64_t never(void *, uint32_t)
{
	return 0;
}

// Ends the oldest, makes another one.
static double churn(struct sessions *t, struct session_part *p, uint32_t *ring, uint32_t n)
{
	static uint32_t next;
	const uint64_t start = figure_clock();

	for (uint32_t i = 0; i < CHURN; i++, next++) {
		session_end(t, p, ring[next % n]);
		ring[next % n] = make(t, p, n + next, figure_clock());
		if (i % TURN == 0) {
			sessions_turn(t, p, figure_clock(), TURN, never, NULL);
			urcu_qsbr_quiescent_state();
		}
	}
	return (double)(figure_clock() - start) / CHURN;
}

static void measure_churn(uint32_t most, unsigned rounds)
{
	static struct session_part p;
	struct figure f = {.name = "one ends, another comes", .unit = "ns"};
	const uint32_t n = most / 2;
	uint32_t *ring = calloc(n, sizeof(*ring));
	struct sessions t;

	need(ring, "no memory");
	open_table(&t, most);
	urcu_qsbr_register_thread();
	for (uint32_t i = 0; i < n; i++)
		ring[i] = make(&t, &p, i, 0);
	for (unsigned r = 0; r < rounds; r++)
		figure_add(&f, churn(&t, &p, ring, n));
	figure_print(&f);
	urcu_qsbr_unregister_thread();
	figure_free(&f);
	free(ring);
	sessions_close(&t);
}

int main(int argc, char **argv)
{
	static const uint32_t sizes[] = {1000, 60000, 1000000, 4000000};
	const int rounds = argc > 1 ? atoi(argv[1]) : 11;
	const uint32_t most = argc > 2 ? (uint32_t)atoi(argv[2]) : 4000000;

	if (rounds < 1)
		return 2;
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		if (sizes[i] <= most)
			measure_finding(sizes[i], (unsigned)rounds);
	if (most >= 1000000)
		measure_churn(1000000, (unsigned)rounds);
	return 0;
}
