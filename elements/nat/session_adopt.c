// SPDX-License-Identifier: BSD-2-Clause

// Takes over sessions that another process left. It may have been killed at any instruction, so
// records may be half written, and the index may have locks, claims, and keys of sessions that are
// no more. Programs in the driver go on reading meanwhile: what is right is never taken away.

#include "session_index.h"

#include <stdlib.h>
#include <time.h>

enum { SEEN = 1 }; // << direction, in cold.more[0]: the key stands in the index

struct adoption {
	struct sessions *t;
	uint32_t *more; // of each bucket
};

static bool is_sound(const struct session *s)
{
	return s->version && !(s->version & 1) && s->state;
}

static void refuse(struct session *s)
{
	__atomic_store_n(&s->version, s->version | 1, __ATOMIC_RELEASE);
	s->state = 0;
}

// Is what stands there the key of a session, in a place where it is found, for the first time?
// Counts those that stand further on.
static bool slot_is_right(const struct adoption *a, uint32_t at, uint32_t slot)
{
	struct sessions *t = a->t;
	const uint32_t number = (slot & t->slot_mask) >> 1, direction = slot & 1;
	uint32_t home, steps;
	struct session_key k[2];

	if (!number || number > t->most || !is_sound(&t->at[number]))
		return false;
	session_keys(t, &t->at[number], k);
	home = session_place(k[direction].hash, t->n_buckets);
	steps = (at - home) & (t->n_buckets - 1);
	if (slot != session_slot(t, k[direction].hash, number, direction) ||
	    steps > SESSION_SPILL || t->cold[number].more[0] & SEEN << direction)
		return false;
	t->cold[number].more[0] |= SEEN << direction;
	a->more[home] += steps > 0;
	return true;
}

static void look_at_index(const struct adoption *a)
{
	for (uint32_t i = 0; i < a->t->n_buckets; i++)
		for (unsigned j = 0; j < SESSION_SLOTS; j++) {
			uint32_t *slot = &a->t->buckets[i].slot[j];

			if (*slot && !slot_is_right(a, i, *slot))
				__atomic_store_n(slot, 0, __ATOMIC_RELAXED);
		}
	for (uint32_t i = 0; i < a->t->n_buckets; i++)
		__atomic_store_n(&a->t->buckets[i].more, a->more[i], __ATOMIC_RELAXED);
}

// Takes out what stands there of it.
static void forget(struct sessions *t, uint32_t number)
{
	struct session *s = &t->at[number];
	struct session_key k[2];

	session_keys(t, s, k);
	refuse(s);
	for (unsigned d = 0; d < 2; d++)
		session_key_out(t, &k[d], session_slot(t, k[d].hash, number, d));
}

// Both keys of a session are in the index, or are put in. False: one is another session's, or
// there is no room.
static bool put_right(struct sessions *t, uint32_t number)
{
	const struct session *s = &t->at[number];
	struct session_key k[2];

	session_keys(t, s, k);
	if (session_keys_meet(k))
		return false;
	for (unsigned d = 0; d < 2; d++) {
		const struct session_hit hit =
			sessions_find(t, k[d].hash, &k[d].tuple, s->proto, k[d].from6);

		if (hit.number && (hit.number != number || hit.direction != d))
			return false;
		if (!hit.number && !session_key_claim(t, &k[d]))
			return false;
		if (!hit.number)
			__atomic_store_n(k[d].where, session_slot(t, k[d].hash, number, d),
					 __ATOMIC_RELEASE);
	}
	return true;
}

static uint32_t tick_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint32_t)(((uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec) >> SESSION_TICK);
}

// The driver went on with it, and its clock stood still meanwhile: nobody knows when its last
// packets came.
static void refresh(struct session *s)
{
	const uint32_t now = tick_now();

	__atomic_store_n(&s->last[0], now, __ATOMIC_RELAXED);
	__atomic_store_n(&s->last[1], now, __ATOMIC_RELAXED);
}

static bool take_one(struct sessions *t, struct session_part *const *parts, uint32_t number,
		     unsigned (*fn)(void *arg, uint32_t number, uint64_t *when), void *arg)
{
	uint64_t when = 0;
	unsigned part;

	t->cold[number].more[0] = 0;
	if (t->at[number].flags & SESSION_FAST)
		refresh(&t->at[number]);
	part = put_right(t, number) ? fn(arg, number, &when) : SESSION_UNWANTED;
	if (part == SESSION_UNWANTED) {
		forget(t, number);
		return false;
	}
	parts[part]->live++;
	session_timer(t, parts[part], number, when);
	return true;
}

uint32_t sessions_adopt(struct sessions *t, struct session_part *const *parts,
			unsigned (*fn)(void *arg, uint32_t number, uint64_t *when), void *arg)
{
	struct adoption a = {t, calloc(t->n_buckets, sizeof(*a.more))};
	uint32_t n = 0;

	if (!a.more)
		return 0;
	look_at_index(&a);
	free(a.more);
	for (uint32_t number = 1; number <= t->most; number++) {
		if (is_sound(&t->at[number]))
			n += take_one(t, parts, number, fn, arg);
		else
			refuse(&t->at[number]);
	}
	session_free_all(t);
	return n;
}
