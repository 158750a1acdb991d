// SPDX-License-Identifier: BSD-2-Clause
#include "fragments.h"

#include <stdlib.h>

struct fragment_key fragment_key(const struct ip4 *ip, unsigned side)
{
	return (struct fragment_key){
		.src = ip->src,
		.dst = ip->dst,
		.id = ip->id.be,
		.proto = ip->proto,
		.side = (uint8_t)side,
	};
}

static struct fragment_train **bucket_of(const struct fragments *f, struct fragment_key k)
{
	uint32_t h = (k.src.be ^ f->seed) * 0x9e3779b1;

	h = (h ^ h >> 15 ^ k.dst.be) * 0x85ebca6b;
	h = (h ^ h >> 13 ^ (uint32_t)k.id << 16 ^ k.proto) * 0xc2b2ae35;
	return (struct fragment_train **)&f->buckets[h >> 24];
}

static bool same(struct fragment_key a, struct fragment_key b)
{
	return a.src.be == b.src.be && a.dst.be == b.dst.be && a.id == b.id && a.proto == b.proto &&
	       a.side == b.side;
}

struct fragment_train *fragment_find(const struct fragments *f, struct fragment_key k)
{
	struct fragment_train *t = f->n ? *bucket_of(f, k) : NULL;

	while (t && !same(t->key, k))
		t = t->chain;
	return t;
}

static struct fragment_train *new_train(struct fragments *f)
{
	struct fragment_train *t = f->unused;

	if (f->n >= f->most)
		return NULL;
	if (!t)
		return malloc(sizeof(*t));
	f->unused = t->chain;
	return t;
}

struct fragment_train *fragment_add(struct fragments *f, struct fragment_key k, uint64_t now)
{
	struct fragment_train *t = new_train(f), **at = bucket_of(f, k);

	if (!t)
		return NULL;
	*t = (struct fragment_train){
		.chain = *at,
		.older = f->newest,
		.key = k,
		.until = now + f->timeout,
		.end = &t->first,
	};
	*at = t;
	if (f->newest)
		f->newest->newer = t;
	else
		f->oldest = t;
	f->newest = t;
	f->n++;
	return t;
}

bool fragment_wait(struct fragments *f, struct fragment_train *t, struct packet *p)
{
	if (f->n_packets >= f->most_packets || t->n >= FRAGMENT_MOST)
		return false;
	p->next = NULL;
	*t->end = p;
	t->end = &p->next;
	t->n++;
	f->n_packets++;
	return true;
}

struct packet *fragment_take(struct fragments *f, struct fragment_train *t)
{
	struct packet *first = t->first;

	f->n_packets -= t->n;
	t->n = 0;
	t->first = NULL;
	t->end = &t->first;
	return first;
}

void fragment_remove(struct fragments *f, struct fragment_train *t)
{
	struct fragment_train **at = bucket_of(f, t->key);

	while (*at != t)
		at = &(*at)->chain;
	*at = t->chain;
	if (t->older)
		t->older->newer = t->newer;
	else
		f->oldest = t->newer;
	if (t->newer)
		t->newer->older = t->older;
	else
		f->newest = t->older;
	f->n--;
	t->chain = f->unused;
	f->unused = t;
}

struct fragment_train *fragment_expired(const struct fragments *f, uint64_t now)
{
	return f->oldest && f->oldest->until <= now ? f->oldest : NULL;
}

void fragments_close(struct fragments *f)
{
	struct fragment_train *t;

	while (f->oldest)
		fragment_remove(f, f->oldest);
	while ((t = f->unused)) {
		f->unused = t->chain;
		free(t);
	}
}
