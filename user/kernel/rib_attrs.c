// SPDX-License-Identifier: BSD-2-Clause

// Attributes of routes, each kept once, and the routing tables that they name.

#include "rib_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { MOST_ATTRS = 1 << 23 }; // struct rib_rec

// --- tables -------------------------------------------------------------------------------------

struct rib_table *rib_table_get(struct rib *r, uint32_t id, bool v6)
{
	uint64_t hash = rib_mix(id, v6);
	struct rib_table *t = (struct rib_table *)rib_hash_first(&r->tables, hash);

	while (t && (t->id != id || t->v6 != v6))
		t = (struct rib_table *)rib_hash_next(&t->node);
	if (!t) {
		if (rib_hash_reserve(&r->tables))
			return NULL;
		t = calloc(1, sizeof(*t));
		if (!t)
			return NULL;
		t->node.hash = hash;
		t->id = id;
		t->v6 = v6;
		rib_hash_add(&r->tables, &t->node);
	}
	t->refs++;
	return t;
}

void rib_table_put(struct rib *r, struct rib_table *t)
{
	if (--t->refs)
		return;
	rib_hash_remove(&r->tables, &t->node);
	free(t);
}

// --- attributes
// -----------------------------------------------------------------------------------

static uint64_t hash_of(const struct rib_route *route, const struct rib_path *path)
{
	uint64_t h = rib_mix((uintptr_t)path, (uint64_t)route->table << 32 | route->metric);

	h = rib_mix(h, (uint32_t)route->tos << 24 | (uint32_t)route->scope << 16 |
			       (uint32_t)route->protocol << 8 | route->pref);
	return rib_mix(h, route->src.hi ^ route->src.lo ^ route->src_len);
}

static bool same(const struct rib_attrs *a, const struct rib_route *route,
		 const struct rib_path *path)
{
	return a->path == path && a->table->id == route->table && a->metric == route->metric &&
	       a->tos == route->tos && a->scope == route->scope && a->protocol == route->protocol &&
	       a->pref == route->pref && a->src_len == route->src_len &&
	       weir_ip6_equal(a->src, route->src);
}

static struct rib_attrs *find(const struct rib *r, const struct rib_route *route,
			      const struct rib_path *path)
{
	struct rib_node *n = rib_hash_first(&r->attrs_hash, hash_of(route, path));

	while (n && !same((struct rib_attrs *)n, route, path))
		n = rib_hash_next(n);
	return (struct rib_attrs *)n;
}

// Its place among the others; 0: there is none.
static uint32_t new_id(struct rib *r)
{
	static const struct rib_attrs *const nobody;

	if (r->attrs_free.n)
		return ((uint32_t *)r->attrs_free.v)[--r->attrs_free.n];
	if (r->attrs.n == MOST_ATTRS)
		return 0;
	return rib_vec_push(&r->attrs, &nobody, sizeof(nobody)) ? 0 : r->attrs.n - 1;
}

static struct rib_attrs *new_attrs(struct rib *r, const struct rib_route *route,
				   struct rib_path *path)
{
	struct rib_attrs *a = NULL;
	uint32_t id = 0;

	if (rib_hash_reserve(&r->attrs_hash))
		return NULL;
	a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	a->table = rib_table_get(r, route->table, route->family == AF_INET6);
	if (a->table)
		id = new_id(r);
	if (!id) {
		if (a->table)
			rib_table_put(r, a->table);
		free(a);
		return NULL;
	}
	((struct rib_attrs **)r->attrs.v)[id] = a;
	a->node.hash = hash_of(route, path);
	a->id = id;
	a->path = path;
	a->metric = route->metric;
	a->tos = route->tos;
	a->scope = route->scope;
	a->protocol = route->protocol;
	a->pref = route->pref;
	a->src_len = route->src_len;
	a->src = route->src;
	a->dead = path->value == RIB_NONE;
	a->table->dead += a->dead;
	rib_hash_add(&r->attrs_hash, &a->node);
	return a;
}

struct rib_attrs *rib_attrs_get(struct rib *r, const struct rib_route *route,
				const struct rib_path *like)
{
	struct rib_path *path = rib_path_get(r, route, like);
	struct rib_attrs *a;

	if (!path)
		return NULL;
	a = find(r, route, path);
	if (a) // which has the path
		rib_path_put(r, path);
	else
		a = new_attrs(r, route, path);
	if (!a) {
		rib_path_put(r, path);
		return NULL;
	}
	a->refs++;
	return a;
}

struct rib_attrs *rib_attrs_find(struct rib *r, const struct rib_route *route)
{
	struct rib_path *path = rib_path_find(r, route);

	return path ? find(r, route, path) : NULL;
}

void rib_attrs_put(struct rib *r, struct rib_attrs *a)
{
	if (--a->refs)
		return;
	if (!a->dying)
		rib_hash_remove(&r->attrs_hash, &a->node);
	a->table->dead -= a->dead;
	((struct rib_attrs **)r->attrs.v)[a->id] = NULL;
	rib_vec_push(&r->attrs_free, &a->id, sizeof(a->id));
	rib_path_put(r, a->path);
	rib_table_put(r, a->table);
	free(a);
}

void rib_attrs_die(struct rib *r, struct rib_attrs *a)
{
	if (a->dying)
		return;
	rib_hash_remove(&r->attrs_hash, &a->node);
	a->dying = true;
	r->dying = true;
	// as good as unusable for those who look meanwhile
	a->table->dead += !a->dead;
	a->dead = true;
}

bool rib_attrs_follow(struct rib *r)
{
	bool moved = false;

	for (uint32_t i = 0; i < r->paths.n; i++)
		for (struct rib_node *n = r->paths.heads[i]; n; n = n->next)
			rib_path_resolve(r, (struct rib_path *)n, NULL);
	for (uint32_t i = 1; i < r->attrs.n; i++) {
		struct rib_attrs *a = rib_attrs_at(r, i);
		bool dead;

		if (!a)
			continue;
		dead = a->dying || a->path->value == RIB_NONE;
		a->table->dead += (uint32_t)dead - (uint32_t)a->dead;
		a->dead = dead;
		a->moved = a->path->moved;
		moved |= a->moved;
	}
	for (uint32_t i = 0; i < r->paths.n; i++)
		for (struct rib_node *n = r->paths.heads[i]; n; n = n->next)
			((struct rib_path *)n)->moved = false;
	return moved;
}

void rib_attrs_describe(const struct rib_attrs *a, struct rib_route *route)
{
	const struct rib_path *p = a->path;

	*route = (struct rib_route){
		.family = p->v6 ? AF_INET6 : AF_INET,
		.src_len = a->src_len,
		.tos = a->tos,
		.type = p->type,
		.scope = a->scope,
		.protocol = a->protocol,
		.pref = a->pref,
		.table = a->table->id,
		.metric = a->metric,
		.nexthop = p->nexthop,
		.has_prefsrc = p->has_prefsrc,
		.src = a->src,
		.prefsrc = p->prefsrc,
		.hops = p->hops,
		.n_hops = p->n_hops,
	};
}
