// SPDX-License-Identifier: BSD-2-Clause
// What the workers of an element that knows neighbours tell each other.
#include "neighbors.h"

enum { NS_PER_MS = 1000000, CLOCKS_APART = 1000 /* ms, by which those of workers are at most */ };

bool neighbor_asked(struct neighbor_log *log, struct neighbor_key k, uint64_t now, uint64_t within)
{
	const uint32_t ms = (uint32_t)(now / NS_PER_MS), hash = neighbor_hash(k, log->seed);
	const uint32_t least = (uint32_t)(within / NS_PER_MS) + CLOCKS_APART;
	uint64_t *slot = &log->asked[hash % NEIGHBOR_CACHE];
	uint64_t old = __atomic_load_n(slot, __ATOMIC_RELAXED);

	do {
		// the clocks of two workers are a round apart: it may be before now or behind; what
		// looks as if it were far behind is weeks ago
		if (old && old >> 32 == hash && ms - (uint32_t)old + CLOCKS_APART < least)
			return true;
	} while (!__atomic_compare_exchange_n(slot, &old, (uint64_t)hash << 32 | ms, true,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return false;
}

// Those that have packets waiting; the others look when they get one.
static void call_others(struct weir_node *n)
{
	const struct weir_element *e = n->element;

	for (unsigned w = weir_workers_next(&e->runs, 0); w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(&e->runs, w + 1)) {
		struct neighbors_state *s = e->nodes[w]->state;

		if (e->nodes[w] != n && __atomic_load_n(&s->waiting, __ATOMIC_SEQ_CST))
			weir_bell_ring(n, &s->bell);
	}
}

void neighbor_add_news(struct neighbor_log *log, const struct neighbor_news *news)
{
	log->news[log->seq % NEIGHBOR_LOG] = *news;
	__atomic_store_n(&log->seq, log->seq + 1, __ATOMIC_SEQ_CST);
}

void neighbor_tell(struct weir_node *n, struct neighbor_key k, const uint8_t *eth)
{
	struct neighbor_log *log = neighbors_of(n)->log;
	struct neighbor_news news = {.key = k};
	struct neighbors_state *s = n->state;

	if (!s->share)
		return;
	memcpy(news.eth, eth, 6);
	neighbor_lock(log);
	if (s->seen == log->seq)
		s->seen++; // it is no news to the writer
	neighbor_add_news(log, &news);
	neighbor_unlock(log);
	call_others(n);
}

// What is known of an address by now, though the news of it was missed.
static bool by_now(struct weir_node *n, struct neighbor_key k, uint8_t *eth)
{
	const struct neighbors *self = neighbors_of(n);

	return self->class->find ? self->class->find(n, k, eth)
				 : neighbor_published(self, k, weir_now(n), eth);
}

static void learn(struct weir_node *n, const struct neighbor_news *news, bool all)
{
	if (neighbors_of(n)->class->find)
		neighbor_found(n, news->key);
	else
		neighbor_insert(n, news->key, news->eth, all);
}

// After more news than the log holds: addresses that packets wait for may have been among it.
static void catch_up(struct weir_node *n)
{
	const struct neighbors *self = neighbors_of(n);
	struct neighbors_state *s = n->state;
	struct neighbor_news known[NEIGHBOR_LOG];
	unsigned count;

	if (self->class->missed)
		self->class->missed(n);
	do {
		count = 0;
		for (struct neighbor *e = s->table.oldest; e && count < NEIGHBOR_LOG; e = e->newer)
			if (e->n && by_now(n, e->key, known[count].eth))
				known[count++].key = e->key;
		for (unsigned i = 0; i < count; i++)
			learn(n, &known[i], false);
	} while (count == NEIGHBOR_LOG);
}

static void take_in(struct weir_node *n, const struct neighbor_news *news)
{
	const struct neighbor_class *class = neighbors_of(n)->class;

	if (news->all) {
		catch_up(n);
		return;
	}
	if (class->hear)
		class->hear(n, news->key);
	if (news->failed)
		neighbor_fail(n, news->key);
	else
		learn(n, news, class->learns_all);
}

void neighbor_read_news(struct weir_node *n)
{
	struct neighbor_log *log = neighbors_of(n)->log;
	struct neighbors_state *s = n->state;
	struct neighbor_news news[NEIGHBOR_LOG];
	unsigned count = 0;
	bool missed;

	neighbor_lock(log);
	missed = log->seq - s->seen > NEIGHBOR_LOG;
	if (missed)
		s->seen = log->seq - NEIGHBOR_LOG;
	for (; s->seen != log->seq; s->seen++)
		news[count++] = log->news[s->seen % NEIGHBOR_LOG];
	neighbor_unlock(log);
	for (unsigned i = 0; i < count; i++)
		take_in(n, &news[i]);
	if (missed)
		catch_up(n);
}

void neighbor_called(struct weir_node *n)
{
	if (neighbor_has_news(n))
		neighbor_read_news(n);
}
