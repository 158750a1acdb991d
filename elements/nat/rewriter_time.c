// SPDX-License-Identifier: BSD-2-Clause
// When sessions of rewriters end, and what workers tell their owners.
#include "rewriter.h"

enum { BUDGET = 256, SOON = 1000000 /* ns, while ended sessions wait to be free */ };
enum { LAST = UINT32_MAX }; // link of the last session that was told of

uint64_t rewriter_timeout(const struct rewriter *self, const struct session *s)
{
	const unsigned state = __atomic_load_n(&s->state, __ATOMIC_RELAXED);
	const struct rewriter_times *t = &self->times;

	if (s->proto == IPPROTO4_TCP) {
		if ((state & REWRITER_ALL_DONE) == REWRITER_ALL_DONE)
			return t->tcp_done;
		return (state & REWRITER_ALL_DATA) == REWRITER_ALL_DATA ? t->tcp : t->tcp_nodata;
	}
	return (state & REWRITER_STREAMING) == REWRITER_STREAMING ? t->udp_streaming : t->udp;
}

uint64_t rewriter_guarantee(const struct rewriter *self, const struct session *s)
{
	return s->proto == IPPROTO4_TCP ? self->times.tcp_guarantee : self->times.udp_guarantee;
}

// Ticks have 32 bits, and those of another worker may be a little ahead.
static uint64_t age(const struct session *s, unsigned direction, uint64_t tick)
{
	const uint32_t d = (uint32_t)tick - __atomic_load_n(&s->last[direction], __ATOMIC_RELAXED);

	return d >> 31 ? 0 : d;
}

uint64_t rewriter_due(const struct rewriter *self, const struct session *s, uint64_t now)
{
	const uint64_t tick = now >> SESSION_TICK, a = age(s, 0, tick), b = age(s, 1, tick);
	const uint64_t last = (tick + 1 - (a < b ? a : b)) << SESSION_TICK;

	return last + rewriter_timeout(self, s);
}

static bool is_mine(const struct rewriter_state_of_worker *w, uint32_t number)
{
	return w->mine[number / 64] >> number % 64 & 1;
}

void rewriter_end(struct weir_node *owner, uint32_t number)
{
	struct rewriter_state_of_worker *w = rewriter_state(owner);
	struct rewriter *self = rewriter_of(owner->element);
	struct session *s = &self->table.at[number];

	if (!is_mine(w, number))
		return;
	w->count[s->class]--;
	w->mine[number / 64] &= ~(1ull << number % 64);
	__atomic_sub_fetch(&self->limit->live, 1, __ATOMIC_RELAXED);
	if (__atomic_load_n(&s->state, __ATOMIC_RELAXED) & REWRITER_DELTA)
		tcp_delta_free(&self->deltas, self->table.cold[number].more[1]);
	session_end(&self->table, &w->part, number);
}

// A session is on the list as long as its link is not 0. That is kept apart from the session, as
// others may tell of one that has just ended, and is soon used again.
void rewriter_tell(struct weir_node *n, uint32_t number)
{
	struct rewriter *self = rewriter_of(n->element);
	struct weir_node *owner = n->element->nodes[rewriter_owner(&self->table.at[number])];
	struct rewriter_state_of_worker *w = rewriter_state(owner);
	uint32_t *link = (uint32_t *)self->links.at + number;
	uint32_t none = 0, first = __atomic_load_n(&w->told, __ATOMIC_RELAXED);

	if (!__atomic_compare_exchange_n(link, &none, LAST, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return;
	do
		__atomic_store_n(link, first ? first : LAST, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&w->told, &first, number, true, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED));
	if (owner != n)
		weir_bell_ring(n, &w->bell);
}

static void look_at_told(struct weir_node *n, uint32_t number)
{
	struct rewriter *self = rewriter_of(n->element);
	struct session *s = &self->table.at[number];

	if (!is_mine(rewriter_state(n), number))
		return;
	if (__atomic_load_n(&s->state, __ATOMIC_RELAXED) & REWRITER_DOOMED)
		rewriter_end(n, number);
	else
		session_timer(&self->table, &rewriter_state(n)->part, number,
			      rewriter_due(self, s, weir_now(n)));
}

void rewriter_take_told(struct weir_node *n)
{
	struct rewriter_state_of_worker *w = rewriter_state(n);
	struct rewriter *self = rewriter_of(n->element);
	uint32_t number = __atomic_exchange_n(&w->told, 0, __ATOMIC_ACQUIRE);

	while (number && number != LAST) {
		uint32_t *link = (uint32_t *)self->links.at + number;
		const uint32_t next = __atomic_load_n(link, __ATOMIC_RELAXED);

		__atomic_store_n(link, 0, __ATOMIC_RELEASE);
		look_at_told(n, number);
		number = next;
	}
}

static uint64_t look_again(void *arg, uint32_t number)
{
	struct weir_node *n = arg;
	struct rewriter *self = rewriter_of(n->element);
	const uint64_t now = weir_now(n);
	const uint64_t due = rewriter_due(self, &self->table.at[number], now);

	if (due > now)
		return due;
	rewriter_end(n, number);
	return 0;
}

static void turn(struct weir_node *n, struct weir_timer *t)
{
	struct rewriter_state_of_worker *w = rewriter_state(n);
	struct rewriter *self = rewriter_of(n->element);
	const uint64_t now = weir_now(n);
	const struct session_part *p = &w->part;
	uint64_t next = 1ull << SESSION_TICK;

	if (sessions_turn(&self->table, &w->part, now, BUDGET, look_again, n))
		next = 1;
	else if (p->late.n || p->waiting.n || p->over.n)
		next = SOON;
	if (next < 1ull << SESSION_TICK || p->live)
		weir_timer_set(t, n, now + next, turn);
}

void rewriter_start_clock(struct weir_node *n)
{
	struct rewriter_state_of_worker *w = rewriter_state(n);

	if (!w->timer.when)
		weir_timer_set(&w->timer, n, weir_now(n) + (1ull << SESSION_TICK), turn);
}
