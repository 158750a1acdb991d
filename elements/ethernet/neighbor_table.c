// SPDX-License-Identifier: BSD-2-Clause
#include "neighbor_table.h"

#include <stdlib.h>

uint32_t neighbor_hash(struct neighbor_key k, uint32_t seed)
{
	uint64_t h = (k.half[0] ^ seed) * 0xff51afd7ed558ccd;

	h = (h ^ h >> 32 ^ k.half[1]) * 0x9e3779b97f4a7c15;
	h = (h ^ h >> 29 ^ seed) * 0xff51afd7ed558ccd;
	return (uint32_t)(h >> 32);
}

static struct neighbor **bucket_of(const struct neighbor_table *t, struct neighbor_key k)
{
	return &t->buckets[neighbor_hash(k, t->seed) & (t->n_buckets - 1)];
}

struct neighbor *neighbor_find(const struct neighbor_table *t, struct neighbor_key k)
{
	struct neighbor *e;

	if (!t->n_buckets)
		return NULL;
	for (e = *bucket_of(t, k); e && !neighbor_same(e->key, k); e = e->chain)
		;
	return e;
}

static void age_unlink(struct neighbor_table *t, struct neighbor *e)
{
	if (e->older)
		e->older->newer = e->newer;
	else
		t->oldest = e->newer;
	if (e->newer)
		e->newer->older = e->older;
	else
		t->newest = e->older;
}

// Puts e in front of `newer`; NULL: at the new end.
static void age_link(struct neighbor_table *t, struct neighbor *e, struct neighbor *newer)
{
	e->newer = newer;
	e->older = newer ? newer->older : t->newest;
	if (e->older)
		e->older->newer = e;
	else
		t->oldest = e;
	if (newer)
		newer->older = e;
	else
		t->newest = e;
}

// Keeps chains short. False without memory and without any bucket.
static bool grow(struct neighbor_table *t)
{
	uint32_t n = t->n_buckets ? t->n_buckets * 2 : 64;
	struct neighbor **buckets;

	if (t->n < t->n_buckets)
		return true;
	buckets = calloc(n, sizeof(struct neighbor *));
	if (!buckets)
		return t->n_buckets;
	free(t->buckets);
	t->buckets = buckets;
	t->n_buckets = n;
	for (struct neighbor *e = t->oldest; e; e = e->newer) {
		struct neighbor **at = bucket_of(t, e->key);

		e->chain = *at;
		*at = e;
	}
	return true;
}

struct neighbor *neighbor_ensure(struct neighbor_table *t, struct neighbor_key k, uint64_t now)
{
	struct neighbor *e = neighbor_find(t, k), **at;

	if (e)
		return e;
	e = grow(t) ? calloc(1, sizeof(*e)) : NULL;
	if (!e)
		return NULL;
	e->key = k;
	memset(e->eth, 0xff, 6);
	e->live = now;
	e->polled = 0;
	at = bucket_of(t, k);
	e->chain = *at;
	*at = e;
	age_link(t, e, NULL);
	t->n++;
	return e;
}

void neighbor_learn(struct neighbor_table *t, struct neighbor *e, const uint8_t *eth, uint64_t now)
{
	static const uint8_t none[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	memcpy(e->eth, eth, 6);
	e->known = memcmp(eth, none, 6) != 0;
	e->live = now;
	e->polled = 0;
	e->polls = 0;
	age_unlink(t, e);
	age_link(t, e, NULL);
}

void neighbor_refresh(struct neighbor_table *t, struct neighbor *e, uint64_t now, uint64_t timeout)
{
	struct neighbor *next = e->newer;

	if (!timeout || now < timeout || e->live >= now - timeout)
		return;
	e->live = now - timeout; // just not expired, but what was known is too old
	e->known = false;
	while (next && next->live < e->live)
		next = next->newer;
	age_unlink(t, e);
	age_link(t, e, next);
}

void neighbor_append(struct neighbor_table *t, struct neighbor *e, struct packet *p)
{
	p->next = NULL;
	if (e->tail)
		e->tail->next = p;
	else
		e->head = p;
	e->tail = p;
	e->n++;
	t->n_packets++;
}

struct packet *neighbor_take(struct neighbor_table *t, struct neighbor *e)
{
	struct packet *p = e->head;

	if (!p)
		return NULL;
	e->head = p->next;
	if (!e->head)
		e->tail = NULL;
	e->n--;
	t->n_packets--;
	return p;
}

void neighbor_remove(struct neighbor_table *t, struct neighbor *e)
{
	struct neighbor **at = bucket_of(t, e->key);

	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	age_unlink(t, e);
	t->n--;
	free(e);
}

void neighbor_table_free(struct neighbor_table *t)
{
	struct neighbor *e = t->oldest, *next;

	for (; e; e = next) {
		next = e->newer;
		free(e);
	}
	free(t->buckets);
	*t = (struct neighbor_table){.seed = t->seed};
}
