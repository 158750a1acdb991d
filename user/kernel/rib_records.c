// SPDX-License-Identifier: BSD-2-Clause

// The routes that the mirror holds, in a hash by table and prefix.

#include "rib_parts.h"

#include <linux/rtnetlink.h>

#include <errno.h>
#include <sys/socket.h>

enum {
	FIRST_HEADS = 1024,
	FIRST_RECORDS = 256,
	LOAD = 2, // records a head
	BATCH = 1024,
};

static size_t record_size(const struct rib_routes *s)
{
	return sizeof(struct rib_rec) + (s->v6 ? 4 : 1) * sizeof(uint32_t);
}

struct rib_rec *rib_rec_at(const struct rib_routes *s, uint32_t i)
{
	return (struct rib_rec *)((uint8_t *)s->rec_area.at + i * record_size(s));
}

struct rib_key rib_rec_key(const struct rib_routes *s, const struct rib_rec *rec)
{
	struct rib_key k = {.len = rec->len};

	k.addr.hi = (uint64_t)rec->at[0] << 32;
	if (s->v6) {
		k.addr.hi |= rec->at[1];
		k.addr.lo = (uint64_t)rec->at[2] << 32 | rec->at[3];
	}
	return k;
}

static uint32_t *heads(const struct rib_routes *s)
{
	return s->head_area.at;
}

uint32_t *rib_rec_head(const struct rib_routes *s, const struct rib_table *t, struct rib_key k)
{
	uint64_t h = rib_mix(k.addr.hi ^ t->node.hash, k.addr.lo ^ (uint64_t)k.len << 32);

	return &heads(s)[h & s->mask];
}

int rib_routes_init(struct rib_routes *s, bool v6, uint32_t most)
{
	int err;

	*s = (struct rib_routes){.v6 = v6, .most = most, .used = 1, .mask = FIRST_HEADS - 1};
	err = weir_area_reserve(&s->rec_area, ((size_t)most + 1) * record_size(s));
	if (!err)
		err = weir_area_grow(&s->rec_area, FIRST_RECORDS * record_size(s), false);
	if (!err)
		err = weir_area_grow(&s->head_area, FIRST_HEADS * sizeof(uint32_t), false);
	return err;
}

void rib_routes_free(struct rib_routes *s)
{
	weir_area_free(&s->rec_area);
	weir_area_free(&s->head_area);
}

// --- finding ----------------------------------------------------------------------------------

bool rib_rec_is(const struct rib *r, const struct rib_routes *s, const struct rib_rec *rec,
		const struct rib_table *t, struct rib_key k)
{
	struct rib_key other = rib_rec_key(s, rec);

	return other.len == k.len && weir_ip6_equal(other.addr, k.addr) &&
	       rib_attrs_at(r, rec->attrs)->table == t;
}

static struct rib_rec *seek(const struct rib *r, const struct rib_table *t, struct rib_key k,
			    uint32_t i)
{
	const struct rib_routes *s = &r->routes[t->v6];

	while (i && !rib_rec_is(r, s, rib_rec_at(s, i), t, k))
		i = rib_rec_at(s, i)->next;
	return i ? rib_rec_at(s, i) : NULL;
}

struct rib_rec *rib_routes_first(const struct rib *r, const struct rib_table *t, struct rib_key k)
{
	return seek(r, t, k, *rib_rec_head(&r->routes[t->v6], t, k));
}

struct rib_rec *rib_routes_next(const struct rib *r, const struct rib_table *t, struct rib_key k,
				const struct rib_rec *rec)
{
	return seek(r, t, k, rec->next);
}

// --- changing ---------------------------------------------------------------------------------

void rib_dirty(struct rib *r, struct rib_table *t, struct rib_key k)
{
	struct rib_dirty d = {t, k};

	if (!t->looked)
		return;
	if (r->dirty.n >= BATCH)
		rib_merge_flush(r);
	if (rib_vec_push(&r->dirty, &d, sizeof(d)))
		r->lost = true;
	else
		t->refs++;
}

static bool is_odd(const struct rib_attrs *a)
{
	return a->tos || a->src_len || a->path->type == RTN_THROW;
}

void rib_rec_attach(struct rib_rec *rec, const struct rib_attrs *a)
{
	rec->attrs = a->id & ((1u << 23) - 1);
	rec->seen = true;
	a->table->odd += is_odd(a);
}

void rib_rec_detach(struct rib *r, struct rib_rec *rec)
{
	struct rib_attrs *a = rib_attrs_at(r, rec->attrs);

	a->table->odd -= is_odd(a);
	rib_attrs_put(r, a);
}

static void count_len(struct rib_table *t, unsigned len, int change)
{
	t->of_len[len] += (uint32_t)change;
	if (t->of_len[len])
		t->lens[len / 64] |= 1ull << len % 64;
	else
		t->lens[len / 64] &= ~(1ull << len % 64);
}

static int more_records(struct rib_routes *s)
{
	size_t bytes = (s->used + 1) * record_size(s);

	return bytes <= s->rec_area.bytes ? 0
					  : weir_area_grow(&s->rec_area, bytes + bytes / 8, false);
}

// Without memory the chains get longer.
static void more_heads(struct rib *r, struct rib_routes *s)
{
	struct weir_area old = s->head_area, new = {0};
	uint32_t mask = 2 * s->mask + 1, next;

	if (s->count / LOAD <= s->mask || weir_area_grow(&new, (mask + 1ull) * 4, false))
		return;
	s->head_area = new;
	for (uint32_t h = 0, n = s->mask + 1; h < n; h++) {
		uint32_t *ends[2] = {&heads(s)[h], &heads(s)[h + n]};

		// A chain falls into two, in its order.
		for (uint32_t i = ((uint32_t *)old.at)[h]; i; i = next) {
			struct rib_rec *rec = rib_rec_at(s, i);
			unsigned side;

			s->mask = mask;
			side = rib_rec_head(s, rib_attrs_at(r, rec->attrs)->table,
					    rib_rec_key(s, rec)) >= &heads(s)[n];
			next = rec->next;
			*ends[side] = i;
			ends[side] = &rec->next;
		}
		*ends[0] = *ends[1] = 0;
	}
	s->mask = mask;
	weir_area_free(&old);
}

static uint32_t take(struct rib_routes *s, struct rib_key k)
{
	uint32_t i = s->free;
	struct rib_rec *rec;

	if (i)
		s->free = rib_rec_at(s, i)->next;
	else
		i = s->used++;
	rec = rib_rec_at(s, i);
	*rec = (struct rib_rec){.len = k.len & 255};
	rec->at[0] = (uint32_t)(k.addr.hi >> 32);
	if (s->v6) {
		rec->at[1] = (uint32_t)k.addr.hi;
		rec->at[2] = (uint32_t)(k.addr.lo >> 32);
		rec->at[3] = (uint32_t)k.addr.lo;
	}
	s->count++;
	return i;
}

void rib_rec_remove(struct rib *r, uint32_t *at, struct rib_table *t)
{
	struct rib_routes *s = &r->routes[t->v6];
	uint32_t i = *at;
	struct rib_rec *rec = rib_rec_at(s, i);
	struct rib_key k = rib_rec_key(s, rec);

	*at = rec->next;
	count_len(t, k.len, -1);
	t->refs++; // detach may be the last to hold it
	rib_rec_detach(r, rec);
	*rec = (struct rib_rec){.next = s->free};
	s->free = i;
	s->count--;
	rib_dirty(r, t, k);
	rib_table_put(r, t);
}

int rib_rec_insert(struct rib *r, uint32_t *at, struct rib_key k, struct rib_attrs *a)
{
	struct rib_table *t = a->table;
	struct rib_routes *s = &r->routes[t->v6];
	int err = 0;
	uint32_t i;

	if (s->count >= s->most) {
		s->refused++;
		s->incomplete = true;
		return -ENOSPC;
	}
	if (!s->free)
		err = more_records(s);
	if (err)
		return err;
	i = take(s, k);
	rib_rec_attach(rib_rec_at(s, i), a);
	rib_rec_at(s, i)->next = *at;
	*at = i;
	count_len(t, k.len, 1);
	more_heads(r, s);
	rib_dirty(r, t, k);
	return 0;
}

// --- all of them --------------------------------------------------------------------------------

static void remove_rec(struct rib *r, struct rib_routes *s, uint32_t i)
{
	struct rib_rec *rec = rib_rec_at(s, i);
	struct rib_table *t = rib_attrs_at(r, rec->attrs)->table;
	uint32_t *at = rib_rec_head(s, t, rib_rec_key(s, rec));

	while (*at != i)
		at = &rib_rec_at(s, *at)->next;
	rib_rec_remove(r, at, t);
}

void rib_routes_sweep(struct rib *r)
{
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct rib_routes *s = &r->routes[v6];

		for (uint32_t i = 1; i < s->used; i++) {
			uint32_t a = rib_rec_at(s, i)->attrs;

			if (a && rib_attrs_at(r, a)->dying)
				remove_rec(r, s, i);
		}
	}
}

void rib_routes_moved(struct rib *r)
{
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct rib_routes *s = &r->routes[v6];

		for (uint32_t i = 1; i < s->used; i++) {
			const struct rib_rec *rec = rib_rec_at(s, i);
			const struct rib_attrs *a = rec->attrs ? rib_attrs_at(r, rec->attrs) : NULL;

			if (a && a->moved)
				rib_dirty(r, a->table, rib_rec_key(s, rec));
		}
	}
}

void rib_routes_unsee(struct rib *r)
{
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct rib_routes *s = &r->routes[v6];

		for (uint32_t i = 1; i < s->used; i++)
			rib_rec_at(s, i)->seen = false;
	}
}

static bool in_scope(const struct rib *r, const struct rib_attrs *a)
{
	if (r->scope.table && a->table->id != r->scope.table)
		return false;
	return !r->scope.link || rib_path_uses(r, a->path, r->scope.link);
}

void rib_routes_forget(struct rib *r)
{
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct rib_routes *s = &r->routes[v6];

		if (r->scope.family && (r->scope.family == AF_INET6) != v6)
			continue;
		for (uint32_t i = 1; i < s->used; i++) {
			const struct rib_rec *rec = rib_rec_at(s, i);

			if (rec->attrs && !rec->seen && in_scope(r, rib_attrs_at(r, rec->attrs)))
				remove_rec(r, s, i);
		}
	}
}

int rib_walk_routes(const struct rib *r, uint8_t family,
		    int (*fn)(void *arg, const struct rib_route *route, uint32_t value), void *arg)
{
	const struct rib_routes *s = &r->routes[family == AF_INET6];
	int ret = 0;

	for (uint32_t i = 1; !ret && i < s->used; i++) {
		const struct rib_rec *rec = rib_rec_at(s, i);
		const struct rib_attrs *a = rec->attrs ? rib_attrs_at(r, rec->attrs) : NULL;
		struct rib_route route;

		if (!a || a->dying)
			continue;
		rib_attrs_describe(a, &route);
		route.dst = rib_rec_key(s, rec).addr;
		route.len = rec->len;
		ret = fn(arg, &route, a->path->value < RIB_THROW ? a->path->value : RIB_NONE);
	}
	return ret;
}

bool rib_incomplete(const struct rib *r, uint8_t family)
{
	return r->routes[family == AF_INET6].incomplete;
}
