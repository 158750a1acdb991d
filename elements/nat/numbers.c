// SPDX-License-Identifier: BSD-2-Clause
#include "numbers.h"

#include <errno.h>
#include <sched.h>

struct free_record {
	uint32_t next;
	uint32_t next_chunk; // of the first of a chunk
};

int numbers_open(struct numbers *t, uint32_t most, uint32_t size, unsigned n_workers)
{
	// what may lie idle in the parts
	uint64_t all = (uint64_t)most + 1 + (uint64_t)n_workers * 3 * NUMBERS_CHUNK;

	*t = (struct numbers){.size = size, .fresh = 1};
	t->most = all > NUMBERS_MOST ? NUMBERS_MOST : (uint32_t)all;
	return weir_area_grow(&t->area, ((size_t)t->most + 1) * size, false);
}

void numbers_close(struct numbers *t)
{
	weir_area_free(&t->area);
	*t = (struct numbers){};
}

static void lock(struct numbers *t)
{
	// who has it may have been interrupted
	while (__atomic_exchange_n(&t->lock, 1, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void unlock(struct numbers *t)
{
	__atomic_store_n(&t->lock, 0, __ATOMIC_RELEASE);
}

static void take_chunk(struct numbers *t, struct numbers_part *p)
{
	struct free_record *first;

	lock(t);
	p->free = t->spill;
	if (p->free) {
		first = numbers_at(t, p->free);
		t->spill = first->next_chunk;
		p->n = NUMBERS_CHUNK;
	}
	unlock(t);
}

static void take_fresh(struct numbers *t, struct numbers_part *p)
{
	uint32_t first = __atomic_load_n(&t->fresh, __ATOMIC_RELAXED), n;

	do {
		if (first > t->most)
			return;
		n = t->most - first + 1;
		n = n < NUMBERS_CHUNK ? n : NUMBERS_CHUNK;
	} while (!__atomic_compare_exchange_n(&t->fresh, &first, first + n, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	for (uint32_t i = n; i-- > 0;) {
		struct free_record *r = numbers_at(t, first + i);

		r->next = p->free;
		p->free = first + i;
	}
	p->n += n;
}

uint32_t numbers_take(struct numbers *t, struct numbers_part *p)
{
	uint32_t number;

	if (!p->free)
		take_chunk(t, p);
	if (!p->free)
		take_fresh(t, p);
	number = p->free;
	if (!number)
		return 0;
	p->free = ((const struct free_record *)numbers_at(t, number))->next;
	p->n--;
	return number;
}

static void give_chunk(struct numbers *t, struct numbers_part *p)
{
	struct free_record *first = numbers_at(t, p->free), *last = first;
	uint32_t number = p->free;

	for (unsigned i = 1; i < NUMBERS_CHUNK; i++)
		last = numbers_at(t, last->next);
	p->free = last->next;
	p->n -= NUMBERS_CHUNK;
	last->next = 0;
	lock(t);
	first->next_chunk = t->spill;
	t->spill = number;
	unlock(t);
}

void numbers_give(struct numbers *t, struct numbers_part *p, uint32_t number)
{
	struct free_record *r = numbers_at(t, number);

	r->next = p->free;
	p->free = number;
	if (++p->n >= 2 * NUMBERS_CHUNK)
		give_chunk(t, p);
}
