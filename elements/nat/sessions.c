// SPDX-License-Identifier: BSD-2-Clause

// The index of sessions, and what becomes of one. Who puts a key in holds the lock of its bucket,
// so that nobody else puts the same key in; slots, also those of the buckets that it spills to, are
// claimed one by one. Who takes a key out needs no lock: the slot is its own.

#include "session_index.h"

#include <errno.h>
#include <sched.h>

enum { CLAIMED = 1 }; // a slot that is somebody's, with nothing in it yet

// --- keys ---
static struct session_bucket *bucket(const struct sessions *t, uint64_t hash, unsigned steps)
{
	return &t->buckets[(session_place(hash, t->n_buckets) + steps) & (t->n_buckets - 1)];
}

void session_keys(const struct sessions *t, const struct session *s, struct session_key k[2])
{
	const bool is6 = s->from6[0] | s->from6[1];

	k[0] = (struct session_key){.tuple = s->from, .from6 = is6 ? s->from6 : NULL};
	k[1] = (struct session_key){.tuple = session_flip(s->to)};
	k[0].hash = session_hash(t->seed, k[0].tuple, s->proto, s->from6[0], s->from6[1]);
	k[1].hash = session_hash(t->seed, k[1].tuple, s->proto, 0, 0);
	for (unsigned d = 0; d < 2; d++) {
		k[d].home = bucket(t, k[d].hash, 0);
		__builtin_prefetch(k[d].home, 1);
	}
}

uint32_t session_slot(const struct sessions *t, uint64_t hash, uint32_t number, unsigned direction)
{
	return ((uint32_t)hash & ~t->slot_mask) | number << 1 | direction;
}

bool session_keys_meet(const struct session_key k[2])
{
	return !k[0].from6 && session_same(k[0].tuple, k[1].tuple);
}

static bool is_session(const struct session *s, unsigned direction, const struct session_tuple *key,
		       uint8_t proto, const __u64 *from6)
{
	if (!from6)
		return session_is4(s, direction, key, proto) &&
		       (direction || !(s->from6[0] | s->from6[1]));
	return !direction && s->proto == proto && session_same(s->from, *key) &&
	       s->from6[0] == from6[0] && s->from6[1] == from6[1];
}

struct session_hit sessions_find(const struct sessions *t, uint64_t hash,
				 const struct session_tuple *key, uint8_t proto,
				 const __u64 from6[2])
{
	const struct session_bucket *b = bucket(t, hash, 0);
	const uint32_t tag = (uint32_t)hash & ~t->slot_mask;
	const uint32_t more = __atomic_load_n(&b->more, __ATOMIC_RELAXED) & ~SESSION_LOCK;

	for (unsigned step = 0; step <= (more ? SESSION_SPILL : 0); step++) {
		uint64_t m;

		b = bucket(t, hash, step);
		for (m = session_bucket_match(b, tag, t->slot_mask); m; m &= m - 1) {
			const uint32_t slot = session_slot_at(b, session_match_slot(m));
			const uint32_t number = (slot & t->slot_mask) >> 1;

			if (number && is_session(&t->at[number], slot & 1, key, proto, from6))
				return (struct session_hit){number, slot & 1};
		}
	}
	return (struct session_hit){};
}

// --- a key comes and goes ---
static void lock(struct session_bucket *b)
{
	// who has it may have been interrupted
	while (__atomic_fetch_or(&b->more, SESSION_LOCK, __ATOMIC_ACQUIRE) & SESSION_LOCK)
		sched_yield();
}

static void unlock(struct session_bucket *b)
{
	__atomic_fetch_and(&b->more, ~SESSION_LOCK, __ATOMIC_RELEASE);
}

// Always the lower one first, so that nobody waits for each other.
static void lock_both(struct session_key k[2])
{
	const unsigned first = k[0].home > k[1].home;

	lock(k[first].home);
	if (k[0].home != k[1].home)
		lock(k[!first].home);
}

static void unlock_both(struct session_key k[2])
{
	unlock(k[0].home);
	if (k[0].home != k[1].home)
		unlock(k[1].home);
}

static uint32_t *claim_in(struct session_bucket *b)
{
	for (unsigned i = 0; i < SESSION_SLOTS; i++) {
		uint32_t none = 0;

		if (!__atomic_load_n(&b->slot[i], __ATOMIC_RELAXED) &&
		    __atomic_compare_exchange_n(&b->slot[i], &none, CLAIMED, false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return &b->slot[i];
	}
	return NULL;
}

bool session_key_claim(const struct sessions *t, struct session_key *k)
{
	for (k->steps = 0; k->steps <= SESSION_SPILL; k->steps++) {
		k->where = claim_in(bucket(t, k->hash, k->steps));
		if (k->where) {
			if (k->steps)
				__atomic_fetch_add(&k->home->more, 1, __ATOMIC_RELEASE);
			return true;
		}
	}
	return false;
}

static void unclaim(const struct session_key *k)
{
	__atomic_store_n(k->where, 0, __ATOMIC_RELEASE);
	if (k->steps)
		__atomic_fetch_sub(&k->home->more, 1, __ATOMIC_RELEASE);
}

static bool claim_both(const struct sessions *t, struct session_key k[2])
{
	if (!session_key_claim(t, &k[0]))
		return false;
	if (session_key_claim(t, &k[1]))
		return true;
	unclaim(&k[0]);
	return false;
}

static bool is_there(const struct sessions *t, const struct session_key *k, uint8_t proto,
		     struct session_hit *other)
{
	*other = sessions_find(t, k->hash, &k->tuple, proto, k->from6);
	return other->number;
}

static int insert_locked(struct sessions *t, struct session_part *p, uint32_t number,
			 struct session_key k[2], struct session_hit *other)
{
	struct session *s = &t->at[number];

	if (is_there(t, &k[0], s->proto, other) || is_there(t, &k[1], s->proto, other))
		return -EEXIST;
	if (!claim_both(t, k)) {
		p->full++;
		return -ENOSPC;
	}
	session_write_end(s);
	for (unsigned d = 0; d < 2; d++)
		__atomic_store_n(k[d].where, session_slot(t, k[d].hash, number, d),
				 __ATOMIC_RELEASE);
	return 0;
}

int session_insert(struct sessions *t, struct session_part *p, uint32_t number,
		   struct session_hit *other)
{
	const struct session *s = &t->at[number];
	struct session_key k[2];
	int rc;

	session_keys(t, s, k);
	if (session_keys_meet(k)) {
		*other = (struct session_hit){number, 0};
		return -EEXIST;
	}
	lock_both(k);
	rc = insert_locked(t, p, number, k, other);
	unlock_both(k);
	if (!rc) {
		p->made++;
		p->live++;
	}
	return rc;
}

void session_key_out(const struct sessions *t, struct session_key *k, uint32_t slot)
{
	for (k->steps = 0; k->steps <= SESSION_SPILL; k->steps++) {
		struct session_bucket *b = bucket(t, k->hash, k->steps);

		for (unsigned i = 0; i < SESSION_SLOTS; i++)
			if (__atomic_load_n(&b->slot[i], __ATOMIC_RELAXED) == slot) {
				k->where = &b->slot[i];
				unclaim(k);
				return;
			}
	}
}

// --- a session ---
uint32_t session_new(struct sessions *t, struct session_part *p)
{
	const uint32_t number = session_take_free(t, p);
	struct session *s = &t->at[number];

	if (!number) {
		p->full++;
		return 0;
	}
	t->cold[number] = (struct session_cold){};
	*s = (struct session){.version = s->version | 1};
	return number;
}

void session_end(struct sessions *t, struct session_part *p, uint32_t number)
{
	struct session *s = &t->at[number];
	struct session_key k[2];

	session_timer_clear(t, p, number);
	if (!(s->version & 1)) {
		session_keys(t, s, k);
		session_write_begin(s);
		for (unsigned d = 0; d < 2; d++)
			session_key_out(t, &k[d], session_slot(t, k[d].hash, number, d));
		p->ended++;
		p->live--;
	}
	__atomic_store_n(&s->state, 0, __ATOMIC_RELAXED);
	session_put_late(t, p, number);
}

void session_write_begin(struct session *s)
{
	// what follows is not seen before this
	__atomic_exchange_n(&s->version, s->version + 1, __ATOMIC_ACQ_REL);
}

// 0 would say that it was never used.
void session_write_end(struct session *s)
{
	const uint32_t next = s->version + 1;

	__atomic_store_n(&s->version, next ? next : 2, __ATOMIC_RELEASE);
}

bool sessions_turn(struct sessions *t, struct session_part *p, uint64_t now, unsigned budget,
		   uint64_t (*fn)(void *arg, uint32_t number), void *arg)
{
	const bool more = session_wheel_turn(t, p, now, budget, fn, arg);

	return session_free_turn(t, p, now) || more;
}
