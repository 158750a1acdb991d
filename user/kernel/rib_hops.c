// SPDX-License-Identifier: BSD-2-Clause

// Hops and buckets: numbers that readers have in their tables. The first hops, one for each port
// that is no device, are always there and nobody's. Room for all is set aside, so that neither
// array moves; readers are told when there is memory for more.

#include <weir/grace.h>

#include "rib_parts.h"

#include <errno.h>
#include <stdlib.h>

enum { FIRST_HOPS = 128, FIRST_BUCKETS = 1024, FIRST = WEIR_HOP_DEVICE };

static int grow(struct rib_hops *h, size_t hops, size_t buckets)
{
	int err = weir_area_grow(&h->info_area, hops * sizeof(struct rib_hop_info), false);

	if (!err)
		err = weir_area_grow(&h->hop_area, hops * sizeof(struct weir_hop), false);
	if (!err)
		err = weir_area_grow(&h->bucket_area, buckets * sizeof(uint32_t), false);
	h->grown = true;
	return err;
}

int rib_hops_init(struct rib_hops *h, uint32_t most, uint32_t most_buckets)
{
	int err;

	*h = (struct rib_hops){.most = most, .most_buckets = most_buckets};
	err = weir_area_reserve(&h->hop_area, (size_t)most * sizeof(struct weir_hop));
	if (!err)
		err = weir_area_reserve(&h->info_area, (size_t)most * sizeof(struct rib_hop_info));
	if (!err)
		err = weir_area_reserve(&h->bucket_area, (size_t)most_buckets * sizeof(uint32_t));
	if (!err)
		err = grow(h, most < FIRST_HOPS ? most : FIRST_HOPS,
			   most_buckets < FIRST_BUCKETS ? most_buckets : FIRST_BUCKETS);
	if (err)
		return err;
	for (uint32_t i = 0; i < FIRST; i++)
		*rib_hop_at(h, i) = (struct weir_hop){.port = i};
	h->used = h->live = FIRST;
	return 0;
}

static uint32_t pop(struct rib_vec *v)
{
	return ((uint32_t *)v->v)[--v->n];
}

// A hop that no reader has, or 0.
static uint32_t new_number(struct rib_hops *h)
{
	size_t room = h->hop_area.bytes / sizeof(struct weir_hop), more = 2 * room;

	if (h->free_hops.n)
		return pop(&h->free_hops);
	if (h->used >= h->most)
		return 0;
	if (h->used >= room && grow(h, more < h->most ? more : h->most, 0))
		return 0;
	return h->used++;
}

static uint32_t *head_of(struct rib_hops *h, const struct weir_hop *hop,
			 const struct rib_hop_info *info)
{
	struct weir_ip6 gw = weir_ip6_read(hop->gw6);
	uint64_t hash = rib_mix(rib_mix(gw.hi, gw.lo), (uint64_t)hop->gw4.be << 32 | info->link);

	hash = rib_mix(hash, info->src.hi ^ info->src.lo);
	return &h->heads[hash & (RIB_HOP_HEADS - 1)];
}

static bool same_hop(const struct rib_hops *h, uint32_t i, const struct weir_hop *hop,
		     const struct rib_hop_info *info)
{
	const struct rib_hop_info *other = rib_info_at(h, i);

	return !memcmp(rib_hop_at(h, i), hop, sizeof(*hop)) && other->link == info->link &&
	       other->has_src == info->has_src && weir_ip6_equal(other->src, info->src);
}

uint32_t rib_hop_get(struct rib_hops *h, const struct weir_hop *hop,
		     const struct rib_hop_info *info)
{
	uint32_t *head = head_of(h, hop, info), i = *head;

	while (i && !same_hop(h, i, hop, info))
		i = rib_info_at(h, i)->next;
	if (i) {
		rib_info_at(h, i)->refs++;
		return i;
	}
	i = new_number(h);
	if (!i) {
		h->refused++;
		return WEIR_HOP_HOST;
	}
	*rib_hop_at(h, i) = *hop;
	*rib_info_at(h, i) = *info;
	rib_info_at(h, i)->refs = 1;
	rib_info_at(h, i)->next = *head;
	*head = i;
	h->live++;
	return i;
}

void rib_hop_put(struct rib_hops *h, uint32_t number)
{
	struct rib_hop_info *info = rib_info_at(h, number);
	uint32_t *at;

	if (number < FIRST || --info->refs)
		return;
	at = head_of(h, rib_hop_at(h, number), info);
	while (*at != number)
		at = &rib_info_at(h, *at)->next;
	*at = info->next;
	h->live--;
	rib_retire(h, (struct rib_retired){RIB_RETIRED_HOP, number, 0, NULL});
}

static unsigned class_of(uint32_t n)
{
	return (unsigned)__builtin_ctz(n);
}

// The first of n buckets that no reader has, or RIB_NONE.
static uint32_t new_buckets(struct rib_hops *h, uint32_t n)
{
	struct rib_vec *free_ones = &h->free_buckets[class_of(n)];
	size_t room = h->bucket_area.bytes / sizeof(uint32_t), more = 2 * room;

	if (free_ones->n)
		return pop(free_ones);
	if (n > h->most_buckets - h->used_buckets)
		return RIB_NONE;
	while (more < h->used_buckets + n)
		more *= 2;
	if (h->used_buckets + n > room &&
	    grow(h, 0, more < h->most_buckets ? more : h->most_buckets))
		return RIB_NONE;
	h->used_buckets += n;
	return h->used_buckets - n;
}

uint32_t rib_group_new(struct rib_hops *h, uint32_t n, const uint32_t *like, uint32_t value)
{
	uint32_t i = new_number(h), first = i ? new_buckets(h, n) : RIB_NONE;

	if (first == RIB_NONE) {
		if (i)
			rib_retire(h, (struct rib_retired){RIB_RETIRED_HOP, i, 0, NULL});
		h->refused++;
		return RIB_NONE;
	}
	for (uint32_t b = 0; b < n; b++)
		*rib_bucket_at(h, first + b) = like ? like[b] : value;
	*rib_hop_at(h, i) = (struct weir_hop){.first = first, .mask = n - 1};
	*rib_info_at(h, i) = (struct rib_hop_info){.refs = 1};
	h->live++;
	h->groups++;
	h->live_buckets += n;
	return i;
}

void rib_group_put(struct rib_hops *h, uint32_t number)
{
	const struct weir_hop *hop = rib_hop_at(h, number);

	h->live--;
	h->groups--;
	h->live_buckets -= hop->mask + 1;
	rib_retire(h, (struct rib_retired){RIB_RETIRED_BUCKETS, hop->first, hop->mask + 1, NULL});
	rib_retire(h, (struct rib_retired){RIB_RETIRED_HOP, number, 0, NULL});
}

// --- shares -----------------------------------------------------------------------------------

struct quota {
	uint64_t rest; // of the division, the larger the nearer to one bucket more
	uint32_t hop, weight, want, has, i;
};

static int by_hop(const void *a, const void *b)
{
	const struct quota *x = a, *y = b;

	return (x->hop > y->hop) - (x->hop < y->hop);
}

// Those who have more than their whole buckets keep one of the buckets that are left over.
static int by_claim(const void *a, const void *b)
{
	const struct quota *x = a, *y = b;
	bool more = x->has > x->want, more_y = y->has > y->want;

	if (more != more_y)
		return more ? -1 : 1;
	if (x->rest != y->rest)
		return x->rest > y->rest ? -1 : 1;
	return by_hop(a, b);
}

static struct quota *quota_of(struct quota *q, uint32_t n, uint32_t hop)
{
	struct quota key = {.hop = hop};

	return bsearch(&key, q, n, sizeof(*q), by_hop);
}

// One entry a hop, by hop. The number of entries.
static uint32_t gather(struct quota *q, const struct rib_share *v, uint32_t n)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < n; i++)
		q[i] = (struct quota){.hop = v[i].hop, .weight = v[i].weight};
	qsort(q, n, sizeof(*q), by_hop);
	for (uint32_t i = 1; i < n; i++) {
		if (q[i].hop == q[k].hop)
			q[k].weight += q[i].weight;
		else
			q[++k] = q[i];
	}
	return k + 1;
}

static void divide(struct quota *q, uint32_t n, uint32_t buckets)
{
	uint64_t sum = 0, left = buckets;

	for (uint32_t i = 0; i < n; i++)
		sum += q[i].weight;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t share = (uint64_t)buckets * q[i].weight;

		q[i].want = (uint32_t)(share / sum);
		q[i].rest = share % sum;
		left -= q[i].want;
	}
	qsort(q, n, sizeof(*q), by_claim);
	for (uint32_t i = 0; i < left; i++)
		q[i].want++;
	qsort(q, n, sizeof(*q), by_hop);
}

// The next hop that has too few, round and round, so that what one leaves is spread.
static uint32_t next_needy(const struct quota *q, uint32_t n, uint32_t from)
{
	while (q[from % n].has >= q[from % n].want)
		from++;
	return from % n;
}

int rib_group_share(struct rib_hops *h, uint32_t group, const struct rib_share *v, uint32_t n)
{
	const struct weir_hop *g = rib_hop_at(h, group);
	uint32_t buckets = g->mask + 1, needy = 0, *b = rib_bucket_at(h, g->first);
	struct quota *q = calloc(n, sizeof(*q)), *mine;

	if (!q)
		return -ENOMEM;
	n = gather(q, v, n);
	for (uint32_t i = 0; i < buckets; i++) {
		mine = quota_of(q, n, b[i]);
		if (mine)
			mine->has++;
	}
	divide(q, n, buckets);
	for (uint32_t i = 0; i < buckets; i++) {
		mine = quota_of(q, n, b[i]);
		if (mine && mine->has <= mine->want)
			continue;
		if (mine)
			mine->has--;
		needy = next_needy(q, n, needy);
		q[needy].has++;
		__atomic_store_n(&b[i], q[needy].hop, __ATOMIC_RELEASE);
		needy++;
		h->changed++;
	}
	free(q);
	return 0;
}

// --- what is used again
// ---------------------------------------------------------------------------

// Without memory to remember it, it is never used again.
void rib_retire(struct rib_hops *h, struct rib_retired what)
{
	rib_vec_push(&h->left, &what, sizeof(what));
}

static void reuse(struct rib_hops *h, const struct rib_retired *r)
{
	switch (r->kind) {
	case RIB_RETIRED_HOP:
		rib_vec_push(&h->free_hops, &r->number, sizeof(r->number));
		break;
	case RIB_RETIRED_BUCKETS:
		rib_vec_push(&h->free_buckets[class_of(r->size)], &r->number, sizeof(r->number));
		break;
	case RIB_RETIRED_MERGE:
		rib_merge_free(r->what);
		break;
	case RIB_RETIRED_MEMORY:
		free(r->what);
		break;
	}
}

static void reuse_all(struct rib_hops *h)
{
	const struct rib_retired *r = h->waiting.v;

	for (uint32_t i = 0; i < h->waiting.n; i++)
		reuse(h, &r[i]);
	h->waiting.n = 0;
}

void rib_hops_turn(struct rib_hops *h)
{
	struct rib_vec v = h->waiting;

	if (h->waiting.n && !weir_grace_over(h->period))
		return;
	reuse_all(h);
	if (!h->left.n)
		return;
	h->waiting = h->left;
	h->left = v;
	h->left.n = 0;
	h->period = weir_grace_begin();
}

void rib_hops_free(struct rib_hops *h)
{
	reuse_all(h);
	free(h->waiting.v);
	h->waiting = h->left;
	reuse_all(h);
	free(h->waiting.v);
	weir_area_free(&h->hop_area);
	weir_area_free(&h->info_area);
	weir_area_free(&h->bucket_area);
	free(h->free_hops.v);
	for (unsigned i = 0; i < RIB_CLASSES; i++)
		free(h->free_buckets[i].v);
}
