// SPDX-License-Identifier: BSD-2-Clause

// Timers of sessions. A session is in one slot of one wheel: by the lowest 8 bits of the tick at
// which it is due if that is less than 256 ticks ahead, by the next 8 bits in the second wheel, and
// so on. When a wheel has gone round, the slot of the next one whose turn it is is dealt out below.
//
// The links have room for 16 bits of the tick: the lowest 8 are in `next`, 8 more in `back`, and
// what is above them the slot says. So a session of the third wheel is due at the tick that its
// slot and these bits make.

#include "sessions.h"

enum {
	LINK = (1 << 24) - 1,
	SLOT_BITS = 8,
	SLOT_MASK = SESSION_WHEEL_SLOTS - 1,
	FURTHEST = (1 << SLOT_BITS * SESSION_WHEELS) - 1,
	TICKS_AT_ONCE = 256,
};

static uint32_t link_of(uint32_t field)
{
	return field & LINK;
}

static void set_link(uint32_t *field, uint32_t to)
{
	*field = (*field & ~(uint32_t)LINK) | to;
}

// As `back` of the first of a slot.
static uint32_t code(unsigned wheel, unsigned slot)
{
	return SESSION_MOST + wheel * SESSION_WHEEL_SLOTS + slot;
}

static uint32_t *slot_of_code(struct session_part *p, uint32_t c)
{
	c -= SESSION_MOST;
	return &p->wheel[c / SESSION_WHEEL_SLOTS][c % SESSION_WHEEL_SLOTS];
}

static bool is_set(const struct session_cold *c)
{
	return link_of(c->back);
}

static void put(struct sessions *t, struct session_part *p, uint32_t number, uint64_t due)
{
	const uint64_t ahead = due - p->tick;
	const unsigned wheel = ahead < 1 << SLOT_BITS ? 0 : ahead < 1 << 2 * SLOT_BITS ? 1 : 2;
	const unsigned slot = (unsigned)(due >> wheel * SLOT_BITS) & SLOT_MASK;
	uint32_t *head = &p->wheel[wheel][slot];
	struct session_cold *c = &t->cold[number];

	c->next = *head | (uint32_t)(due & SLOT_MASK) << 24;
	c->back = code(wheel, slot) | (uint32_t)(due >> SLOT_BITS & SLOT_MASK) << 24;
	if (*head)
		set_link(&t->cold[*head].back, number);
	*head = number;
	p->timers++;
}

static void take(struct sessions *t, struct session_part *p, uint32_t number)
{
	struct session_cold *c = &t->cold[number];
	const uint32_t next = link_of(c->next), back = link_of(c->back);

	if (back >= SESSION_MOST)
		*slot_of_code(p, back) = next;
	else
		set_link(&t->cold[back].next, next);
	if (next)
		set_link(&t->cold[next].back, back);
	c->next = c->back = 0;
	p->timers--;
}

void session_timer_clear(struct sessions *t, struct session_part *p, uint32_t number)
{
	if (is_set(&t->cold[number]))
		take(t, p, number);
}

// The tick before which `when` does not lie.
static uint64_t tick_of(uint64_t when)
{
	return (when >> SESSION_TICK) + !!(when & ((1ull << SESSION_TICK) - 1));
}

void session_timer(struct sessions *t, struct session_part *p, uint32_t number, uint64_t when)
{
	uint64_t due = tick_of(when);

	session_timer_clear(t, p, number);
	if (!when)
		return;
	if (due <= p->tick)
		due = p->tick + 1;
	if (due - p->tick > FURTHEST)
		due = p->tick + FURTHEST;
	put(t, p, number, due);
}

// Deals out the slot of a wheel whose turn it is. False: the budget is at its end.
static bool deal(struct sessions *t, struct session_part *p, unsigned wheel, unsigned *budget)
{
	const uint32_t *head = &p->wheel[wheel][p->tick >> wheel * SLOT_BITS & SLOT_MASK];

	while (*head) {
		const uint32_t number = *head;
		const struct session_cold *c = &t->cold[number];
		const uint64_t low = c->next >> 24 | c->back >> 24 << SLOT_BITS;
		// its slot has the bits of the present tick from there on
		const uint64_t due = (p->tick & ~(uint64_t)0xffff) | low;

		if (!*budget)
			return false;
		--*budget;
		take(t, p, number);
		put(t, p, number, due);
	}
	return true;
}

static bool run(struct sessions *t, struct session_part *p, unsigned *budget,
		uint64_t (*fn)(void *arg, uint32_t number), void *arg)
{
	const uint32_t *head = &p->wheel[0][p->tick & SLOT_MASK];

	while (*head) {
		const uint32_t number = *head;
		uint64_t when;

		if (!*budget)
			return false;
		--*budget;
		take(t, p, number);
		__builtin_prefetch(&t->at[*head]);
		when = fn(arg, number);
		if (when)
			session_timer(t, p, number, when);
	}
	return true;
}

// What is to be done at the present tick, as far as the budget goes.
static bool finish_tick(struct sessions *t, struct session_part *p, unsigned *budget,
			uint64_t (*fn)(void *arg, uint32_t number), void *arg)
{
	for (unsigned wheel = SESSION_WHEELS - 1; wheel; wheel--)
		if (!(p->tick & ((1ull << wheel * SLOT_BITS) - 1)) && !deal(t, p, wheel, budget))
			return false;
	return run(t, p, budget, fn, arg);
}

static bool first_is_empty(const struct session_part *p)
{
	uint32_t any = 0;

	for (unsigned i = 0; i < SESSION_WHEEL_SLOTS; i++)
		any |= p->wheel[0][i];
	return !any;
}

// The next tick; where the first wheel is empty, the last one before the second wheel's turn.
static void go_on(struct session_part *p, uint64_t now)
{
	p->tick++;
	if ((p->tick | SLOT_MASK) <= now && p->tick & SLOT_MASK && first_is_empty(p))
		p->tick |= SLOT_MASK;
	p->in_tick = true;
}

bool session_wheel_turn(struct sessions *t, struct session_part *p, uint64_t now, unsigned budget,
			uint64_t (*fn)(void *arg, uint32_t number), void *arg)
{
	const uint64_t last = now >> SESSION_TICK;

	for (unsigned i = 0; p->timers && i < TICKS_AT_ONCE; i++) {
		if (p->in_tick && !finish_tick(t, p, &budget, fn, arg))
			return true;
		p->in_tick = false;
		if (p->tick >= last)
			return false;
		go_on(p, last);
	}
	if (p->timers)
		return true;
	p->tick = last > p->tick ? last : p->tick;
	p->in_tick = false;
	return false;
}
