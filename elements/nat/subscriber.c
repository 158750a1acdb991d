// SPDX-License-Identifier: BSD-2-Clause
#include "subscriber.h"

#include "pool.h"

#include <errno.h>
#include <stdlib.h>

static uint32_t *place_of(const struct subscribers *t, be32 inside)
{
	const uint64_t h = (inside.be ^ t->seed) * 0x9e3779b97f4a7c15;

	return &t->place[(uint32_t)((h ^ h >> 29) >> 20) & t->mask];
}

int subscribers_open(struct subscribers *t, struct numbers *all, uint32_t most, uint32_t seed)
{
	uint32_t n = 64;

	while (n < most)
		n *= 2;
	*t = (struct subscribers){.all = all, .mask = n - 1, .seed = seed};
	t->place = calloc(n, sizeof(*t->place));
	return t->place ? 0 : -ENOMEM;
}

void subscribers_close(struct subscribers *t)
{
	free(t->place);
	*t = (struct subscribers){};
}

uint32_t subscriber_find(const struct subscribers *t, be32 inside)
{
	uint32_t i = *place_of(t, inside);

	while (i && subscriber_at(t, i)->inside.be != inside.be)
		i = subscriber_at(t, i)->chain;
	return i;
}

uint32_t subscriber_add(struct subscribers *t, be32 inside)
{
	const uint32_t number = numbers_take(t->all, &t->part);
	uint32_t *at = place_of(t, inside);

	if (!number)
		return 0;
	*subscriber_at(t, number) =
		(struct subscriber){.chain = *at, .inside = inside, .external = POOL_NONE};
	*at = number;
	t->n++;
	return number;
}

void subscriber_remove(struct subscribers *t, uint32_t number)
{
	struct subscriber *s = subscriber_at(t, number);
	uint32_t *at = place_of(t, s->inside);

	while (*at != number)
		at = &subscriber_at(t, *at)->chain;
	*at = s->chain;
	numbers_give(t->all, &t->part, number);
	t->n--;
}

void subscribers_each(const struct subscribers *t, void (*fn)(void *arg, uint32_t number),
		      void *arg)
{
	for (uint32_t i = 0; t->n && i <= t->mask; i++)
		for (uint32_t s = t->place[i], next; s; s = next) {
			next = subscriber_at(t, s)->chain;
			fn(arg, s);
		}
}
