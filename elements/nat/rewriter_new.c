// SPDX-License-Identifier: BSD-2-Clause
// New sessions of rewriters.
#include "rewriter.h"

#include <errno.h>

enum {
	TRIES = 1024,	// ports or addresses that are looked at for one flow
	VICTIMS = 64,	// sessions among which the one is found that ends for another
	STEPS = 4096,	// and how many words of bits are looked at to find them
	HEADS = 1 << 8, // of session.user, what is not the owner
};

// A session to be, and what it is made from.
struct making {
	struct weir_node *n;
	struct rewriter *self;
	unsigned input;
	const struct rewriter_spec *spec;
	const struct session_tuple *key;
	uint8_t proto, anno;
	struct session_hit *hit;
};

static bool is_guaranteed(const struct rewriter *self, const struct session *s, uint64_t now)
{
	return rewriter_due(self, s, now) - rewriter_timeout(self, s) +
		       rewriter_guarantee(self, s) >
	       now;
}

// The next of this worker's sessions behind the cursor, in a circle; 0: there is none near.
static uint32_t next_own(struct rewriter_state_of_worker *w, uint32_t most)
{
	const uint32_t n_words = most / 64 + 1;
	uint32_t word = (w->cursor + 1) / 64 % n_words;
	uint64_t bits = w->mine[word] & ~0ull << (w->cursor + 1) % 64;

	for (unsigned i = 0; !bits && i < STEPS; i++) {
		word = word + 1 < n_words ? word + 1 : 0;
		bits = w->mine[word];
	}
	w->cursor = bits ? word * 64 + (uint32_t)__builtin_ctzll(bits) : word * 64 + 63;
	return bits ? w->cursor : 0;
}

// Of this worker's sessions the one that would end first, among some; 0: none, or all are
// guaranteed to stay for now.
static uint32_t find_victim(struct weir_node *n)
{
	const struct rewriter *self = rewriter_of(n->element);
	struct rewriter_state_of_worker *w = rewriter_state(n);
	const uint64_t now = weir_now(n);
	uint64_t first = UINT64_MAX;
	uint32_t found = 0, begin = 0;

	for (unsigned i = 0; i < VICTIMS; i++) {
		const uint32_t number = next_own(w, self->table.most);
		const struct session *s = &self->table.at[number];

		if (!number || number == begin)
			break;
		begin = begin ? begin : number;
		if (rewriter_due(self, s, now) < first && !is_guaranteed(self, s, now)) {
			first = rewriter_due(self, s, now);
			found = number;
		}
	}
	return found;
}

static bool make_room(struct weir_node *n)
{
	const uint32_t victim = find_victim(n);

	if (victim)
		rewriter_end(n, victim);
	return victim;
}

static uint32_t new_session(struct weir_node *n)
{
	struct rewriter *self = rewriter_of(n->element);

	if (__atomic_load_n(&self->limit->live, __ATOMIC_RELAXED) >= self->limit->capacity &&
	    !make_room(n))
		return 0;
	return session_new(&self->table, &rewriter_state(n)->part);
}

static void fill(const struct making *m, struct session *s, const struct session_tuple *to)
{
	const uint32_t tick = (uint32_t)(weir_now(m->n) >> SESSION_TICK);

	session_write_begin(s);
	s->from = *m->key;
	s->to = *to;
	s->last[0] = s->last[1] = tick;
	s->proto = m->proto;
	s->class = (uint8_t)m->input;
	s->out[0] = m->spec->out[0];
	s->out[1] = m->spec->out[1];
	s->user = weir_worker_of(m->n) * HEADS | m->anno;
	__atomic_store_n(&s->state, REWRITER_LIVE, __ATOMIC_RELAXED);
	session_write_end(s);
}

// It is there, and this worker's.
static void settle(const struct making *m, uint32_t number)
{
	struct rewriter_state_of_worker *w = rewriter_state(m->n);
	const struct session *s = &m->self->table.at[number];
	const uint64_t now = weir_now(m->n);

	m->self->table.cold[number].more[1] = 0;
	w->count[m->input]++;
	w->mine[number / 64] |= 1ull << number % 64;
	__atomic_add_fetch(&m->self->limit->live, 1, __ATOMIC_RELAXED);
	session_timer(&m->self->table, &w->part, number, rewriter_due(m->self, s, now));
	rewriter_start_clock(m->n);
	*m->hit = (struct session_hit){number, 0};
}

enum outcome { MADE, TAKEN, NO_ROOM };

// Another worker may have made the flow's session just now: then it is that one. TAKEN: of what
// the packet would become the reply belongs to *other.
static enum outcome try_tuple(const struct making *m, const struct session_tuple *to,
			      struct session_hit *other)
{
	struct sessions *t = &m->self->table;
	struct session_part *part = &rewriter_state(m->n)->part;
	const struct session_tuple reply = session_flip(*to);
	uint32_t number;
	int rc;

	*other = sessions_find(t, sessions_hash4(t, &reply, m->proto), &reply, m->proto, NULL);
	if (other->number)
		return TAKEN;
	number = new_session(m->n);
	if (!number)
		return NO_ROOM;
	fill(m, &t->at[number], to);
	rc = session_insert(t, part, number, other);
	if (!rc) {
		settle(m, number);
		return MADE;
	}
	session_end(t, part, number);
	if (rc == -ENOSPC)
		return NO_ROOM;
	if (other->number == number)
		other->number = 0;
	if (other->number && session_same(other->direction ? session_flip(t->at[other->number].to)
							   : t->at[other->number].from,
					  *m->key)) {
		*m->hit = *other;
		return MADE;
	}
	return TAKEN;
}

// Where the pattern leaves no choice, the new flow takes the place of the old one, as in Click.
static enum outcome take_place(const struct making *m, const struct session_tuple *to)
{
	struct session_hit other;
	enum outcome what = try_tuple(m, to, &other);
	struct session *s;

	if (what != TAKEN || !other.number)
		return what;
	s = &m->self->table.at[other.number];
	if (rewriter_owner(s) == weir_worker_of(m->n)) {
		rewriter_end(m->n, other.number);
		return try_tuple(m, to, &other);
	}
	__atomic_fetch_or(&s->state, REWRITER_DOOMED, __ATOMIC_RELAXED);
	rewriter_tell(m->n, other.number);
	return TAKEN;
}

static void set_choice(const struct rewriter_pattern *p, struct session_tuple *to, uint32_t choice)
{
	if (p->ports)
		to->sport = wr16((uint16_t)(p->sport + choice));
	else
		to->src = wr32(rd32(p->src) + choice);
}

// Each of the range once, from a random one on with a random step. step: prime to the range's size.
static uint32_t draw_step(struct weir_node *n, uint32_t size)
{
	uint32_t step = weir_random(n) % size, a, b;

	for (;; step++) {
		step = step % size ? step % size : 1;
		for (a = step, b = size; b;) {
			const uint32_t rest = a % b;

			a = b;
			b = rest;
		}
		if (a == 1)
			return step;
	}
}

static enum outcome choose(const struct making *m, struct rewriter_pattern *p,
			   struct session_tuple to)
{
	const uint32_t size = p->top + 1, own = rd16(m->key->sport) - (uint32_t)p->sport;
	uint32_t choice, step = 1, tries = size < TRIES ? size : TRIES;
	struct session_hit other;
	enum outcome what = TAKEN;

	if (p->ports && p->same_first && own <= p->top) {
		set_choice(p, &to, own);
		what = try_tuple(m, &to, &other);
	}
	choice = p->consecutive ? __atomic_load_n(&p->next, __ATOMIC_RELAXED) % size
				: weir_random(m->n) % size;
	if (!p->consecutive)
		step = draw_step(m->n, size);
	for (; what == TAKEN && tries; tries--) {
		set_choice(p, &to, choice);
		what = try_tuple(m, &to, &other);
		choice = (uint32_t)(((uint64_t)choice + step) % size);
		if (what == MADE && p->consecutive)
			__atomic_store_n(&p->next, choice, __ATOMIC_RELAXED);
	}
	return what;
}

static enum outcome by_pattern(const struct making *m)
{
	struct rewriter_pattern *p = m->spec->pattern;
	struct session_tuple to = *m->key;

	if (p->src.be)
		to.src = p->src;
	if (p->dst.be && m->self->keys != REWRITER_ADDRESS)
		to.dst = p->dst;
	if (m->self->keys <= REWRITER_PING && p->sport)
		to.sport = wr16(p->sport);
	if (m->self->keys == REWRITER_PORTS && p->dport)
		to.dport = wr16(p->dport);
	if (!p->top || (p->ports && m->self->keys > REWRITER_PING))
		return take_place(m, &to);
	return choose(m, p, to);
}

static enum outcome by_mapper(struct making *m, struct weir_element *mapper)
{
	struct mapper *map = mapper->self;
	unsigned tries, i = map->choose(map, m->key, &tries);
	enum outcome what = TAKEN;

	for (; tries && what == TAKEN; tries--, i = i + 1 < map->n ? i + 1 : 0) {
		m->spec = &map->spec[i];
		what = by_pattern(m);
	}
	return what;
}

static enum outcome make(struct making *m)
{
	if (m->spec->kind == REWRITER_KEEP)
		return take_place(m, m->key);
	if (m->spec->kind == REWRITER_ASK)
		return by_mapper(m, m->spec->mapper);
	return by_pattern(m);
}

unsigned rewriter_fresh(struct weir_node *n, unsigned input, const struct rewriter_spec *spec,
			const struct session_tuple *key, uint8_t proto, uint8_t anno,
			struct session_hit *hit)
{
	struct rewriter *self = rewriter_of(n->element);
	struct making m = {n, self, input, spec, key, proto, anno, hit};
	enum outcome what;

	*hit = (struct session_hit){};
	if (m.spec->kind == REWRITER_PASS)
		return m.spec->out[0];
	if (m.spec->kind == REWRITER_DROP)
		return WEIR_DROP + REWRITER_NO_MAPPING;
	if (__atomic_load_n(&rewriter_state(n)->told, __ATOMIC_RELAXED))
		rewriter_take_told(n);
	what = make(&m);
	if (what == MADE)
		return 0;
	rewriter_state(n)->failures++;
	return WEIR_DROP + (what == TAKEN ? REWRITER_NO_PORT : REWRITER_FULL);
}
