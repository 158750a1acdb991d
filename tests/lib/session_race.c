// SPDX-License-Identifier: BSD-2-Clause
#include "session_race.h"

#include "figure.h"
#include "rnd.h"

#include <nat/sessions.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>
#include <urcu/urcu-qsbr.h>

enum { KEYS = 400, OWN = 150, MOST = 3000, BATCH = 32, TURN = 64 };

struct worker {
	struct sessions *t;
	atomic_bool *stop;
	struct session_part part;
	uint32_t mine[OWN], n;
	uint64_t seed;
	struct session_race seen;
	pthread_t thread;
	struct worker *all;
	// Batches read. ThreadSanitizer does not see what liburcu does: that a grace period was
	// over when a session is used again, it sees by this.
	atomic_ulong quiet;
};

// The key of a number, from both sides.
static struct session_tuple from_of(uint32_t key)
{
	return (struct session_tuple){{key}, {1}, {2}, {3}};
}

static struct session_tuple to_of(uint32_t key)
{
	return (struct session_tuple){{4}, {1}, {(uint16_t)key}, {3}};
}

static bool is_of(const struct session *s, uint32_t key)
{
	return session_same(s->from, from_of(key)) && session_same(s->to, to_of(key)) &&
	       s->user == key;
}

static void read_batch(struct worker *w)
{
	struct session_hit hit[BATCH];
	uint32_t key[BATCH], slot[BATCH];
	struct session_tuple tuple[BATCH];
	uint64_t hash[BATCH];

	for (unsigned i = 0; i < BATCH; i++) {
		key[i] = rnd32(&w->seed) % KEYS + 1;
		tuple[i] = rnd32(&w->seed) % 2 ? from_of(key[i]) : session_flip(to_of(key[i]));
		hash[i] = sessions_hash4(w->t, &tuple[i], 6);
		sessions_prefetch(w->t, hash[i]);
	}
	for (unsigned i = 0; i < BATCH; i++)
		slot[i] = sessions_candidate(w->t, hash[i]);
	for (unsigned i = 0; i < BATCH; i++)
		hit[i] = sessions_check4(w->t, slot[i], hash[i], &tuple[i], 6);
	for (unsigned i = 0; i < BATCH; i++) {
		w->seen.lookups++;
		if (!hit[i].number)
			continue;
		w->seen.found++;
		w->seen.wrong += !is_of(&w->t->at[hit[i].number], key[i]);
		session_seen(&w->t->at[hit[i].number], hit[i].direction, figure_clock());
	}
}

static void *read_on(void *arg)
{
	struct worker *w = arg;

	urcu_qsbr_register_thread();
	while (!atomic_load(w->stop)) {
		read_batch(w);
		atomic_fetch_add_explicit(&w->quiet, 1, memory_order_release);
		urcu_qsbr_quiescent_state();
	}
	urcu_qsbr_unregister_thread();
	return NULL;
}

static void make_one(struct worker *w)
{
	const uint32_t key = rnd32(&w->seed) % KEYS + 1;
	struct session_hit other;
	struct session *s;
	uint32_t number;

	for (unsigned i = 0; i < SESSION_RACE_READERS; i++)
		atomic_load_explicit(&w->all[i].quiet, memory_order_acquire);
	number = session_new(w->t, &w->part);
	s = &w->t->at[number];
	if (!number)
		return;
	s->from = from_of(key);
	s->to = to_of(key);
	s->proto = 6;
	s->state = 1;
	s->user = key;
	if (session_insert(w->t, &w->part, number, &other)) {
		w->seen.refused++;
		session_end(w->t, &w->part, number);
		return;
	}
	w->seen.made++;
	w->mine[w->n++] = number;
}

static void end_one(struct worker *w)
{
	const uint32_t k = rnd32(&w->seed) % w->n;

	session_end(w->t, &w->part, w->mine[k]);
	w->mine[k] = w->mine[--w->n];
	w->seen.ended++;
}

static uint64_t never(void *, uint32_t)
{
	return 0;
}

static void *write_on(void *arg)
{
	struct worker *w = arg;

	urcu_qsbr_register_thread();
	for (unsigned i = 0; !atomic_load(w->stop); i++) {
		if (w->n == OWN || (w->n && rnd32(&w->seed) % 2))
			end_one(w);
		else
			make_one(w);
		if (i % TURN == 0) {
			sessions_turn(w->t, &w->part, figure_clock(), TURN, never, NULL);
			urcu_qsbr_quiescent_state();
		}
	}
	while (w->n)
		end_one(w);
	urcu_qsbr_unregister_thread();
	return NULL;
}

static uint32_t keys_left(const struct sessions *t)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->n_buckets; i++) {
		n += t->buckets[i].more;
		for (unsigned j = 0; j < SESSION_SLOTS; j++)
			n += t->buckets[i].slot[j] != 0;
	}
	return n;
}

static void add(struct session_race *out, const struct session_race *r)
{
	out->lookups += r->lookups;
	out->found += r->found;
	out->wrong += r->wrong;
	out->made += r->made;
	out->ended += r->ended;
	out->refused += r->refused;
}

bool session_race(struct session_race *out, unsigned ms)
{
	enum { WORKERS = SESSION_RACE_READERS + SESSION_RACE_WRITERS };
	static struct worker w[WORKERS];
	const uint64_t end = figure_clock() + (uint64_t)ms * 1000000;
	struct weir_element e = {.name = "sessions"};
	struct weir_err err = {};
	atomic_bool stop = false;
	bool found;
	struct sessions t;
	unsigned n = 0;

	*out = (struct session_race){};
	if (sessions_open(&t, &e, MOST, &found, &err))
		return false;
	for (; n < WORKERS; n++) {
		w[n] = (struct worker){.t = &t, .stop = &stop, .seed = n + 1, .all = w};
		if (pthread_create(&w[n].thread, NULL,
				   n < SESSION_RACE_READERS ? read_on : write_on, &w[n]))
			break;
	}
	while (figure_clock() < end)
		usleep(1000);
	atomic_store(&stop, true);
	for (unsigned i = 0; i < n; i++) {
		pthread_join(w[i].thread, NULL);
		add(out, &w[i].seen);
	}
	out->left = keys_left(&t);
	sessions_close(&t);
	return n == WORKERS;
}
