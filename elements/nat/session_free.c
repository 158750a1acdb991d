// SPDX-License-Identifier: BSD-2-Clause

// Sessions that are not in use. An ended one may still be in the hands of workers and programs, so
// it waits for a grace period. Free ones are chained to magazines: a part has up to two, and what
// is more than that is everybody's.

#include <weir/grace.h>

#include "sessions.h"

#include <sched.h>

enum {
	FREED_AT_ONCE = 256,
	// A kernel that cannot tell when programs have left: they take microseconds.
	BLIND_NS = 2000000000,
};

static void push(struct sessions *t, struct session_list *l, uint32_t number)
{
	t->cold[number].next = l->head;
	l->head = number;
	l->n++;
}

static uint32_t pop(struct sessions *t, struct session_list *l)
{
	const uint32_t number = l->head;

	l->head = t->cold[number].next;
	l->n--;
	__builtin_prefetch(&t->cold[l->head]);
	__builtin_prefetch(&t->at[l->head], 1);
	return number;
}

// --- what no part has ---
static void lock(struct sessions *t)
{
	// who has it may have been interrupted
	while (__atomic_exchange_n(&t->lock, 1, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void unlock(struct sessions *t)
{
	__atomic_store_n(&t->lock, 0, __ATOMIC_RELEASE);
}

static void give(struct sessions *t, struct session_list *magazine)
{
	lock(t);
	t->cold[magazine->head].back = t->magazines;
	t->cold[magazine->head].more[0] = magazine->n;
	t->magazines = magazine->head;
	unlock(t);
	*magazine = (struct session_list){};
}

// Numbers that nobody had yet.
static void take_fresh(struct sessions *t, struct session_list *l)
{
	for (unsigned i = 0; i < t->magazine && t->fresh <= t->most; i++)
		push(t, l, t->fresh++);
}

static void fetch(struct sessions *t, struct session_list *l)
{
	lock(t);
	if (t->magazines) {
		*l = (struct session_list){t->magazines, t->cold[t->magazines].more[0]};
		t->magazines = t->cold[l->head].back;
	} else {
		take_fresh(t, l);
	}
	unlock(t);
}

// --- one part ---
static void put_free(struct sessions *t, struct session_part *p, uint32_t number)
{
	if (p->free.n >= t->magazine) {
		if (p->spare.n)
			give(t, &p->spare);
		p->spare = p->free;
		p->free = (struct session_list){};
	}
	push(t, &p->free, number);
}

uint32_t session_take_free(struct sessions *t, struct session_part *p)
{
	if (!p->free.n && p->spare.n) {
		p->free = p->spare;
		p->spare = (struct session_list){};
	}
	if (p->free.n)
		return pop(t, &p->free);
	if (p->over.n)
		return pop(t, &p->over);
	fetch(t, &p->free);
	return p->free.n ? pop(t, &p->free) : 0;
}

void session_put_late(struct sessions *t, struct session_part *p, uint32_t number)
{
	push(t, &p->late, number);
}

static bool nobody_has_them(const struct sessions *t, const struct session_part *p, uint64_t now)
{
	return t->blind ? now >= p->since + BLIND_NS : weir_grace_over(p->period);
}

// One grace period serves all that ended before it began.
static void turn_periods(const struct sessions *t, struct session_part *p, uint64_t now)
{
	if (p->waiting.n && !p->over.n && nobody_has_them(t, p, now)) {
		p->over = p->waiting;
		p->waiting = (struct session_list){};
	}
	if (p->late.n && !p->waiting.n) {
		p->waiting = p->late;
		p->late = (struct session_list){};
		p->since = now;
		p->period = weir_grace_begin();
	}
}

bool session_free_turn(struct sessions *t, struct session_part *p, uint64_t now)
{
	for (unsigned i = 0; i < FREED_AT_ONCE && p->over.n; i++)
		put_free(t, p, pop(t, &p->over));
	turn_periods(t, p, now);
	return p->over.n;
}

void session_free_all(struct sessions *t)
{
	struct session_list l = {};

	t->fresh = t->most + 1;
	for (uint32_t number = t->most; number; number--) {
		if (t->at[number].state)
			continue;
		push(t, &l, number);
		if (l.n == t->magazine)
			give(t, &l);
	}
	if (l.n)
		give(t, &l);
}
