// SPDX-License-Identifier: BSD-2-Clause

// What the kernel says of routes: where each stands among those of its prefix.

#include "rib_parts.h"

#include <linux/rtnetlink.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

// The kernel prefers high (1) to medium (0) to low (3).
static int preference(uint8_t pref)
{
	return pref == 1 ? 2 : pref != 3;
}

static int order_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

// Negative: the kernel looks at a first. Where their keys are the same, only preference is left.
static int order_keys(const struct rib_attrs *a, const struct rib_route *b)
{
	int o = order_numbers(b->src_len, a->src_len);

	if (!o)
		o = order_numbers(a->src.hi, b->src.hi);
	if (!o)
		o = order_numbers(a->src.lo, b->src.lo);
	if (!o)
		o = order_numbers(b->tos, a->tos);
	return o ? o : order_numbers(a->metric, b->metric);
}

static int order(const struct rib_attrs *a, const struct rib_route *b)
{
	int o = order_keys(a, b);

	return o ? o : preference(b->pref) - preference(a->pref);
}

// Several next hops of one IPv6 route are routes of their own to the kernel; those with a gateway
// are siblings.
static bool has_siblings(bool v6, uint8_t type, uint32_t nexthop, uint8_t protocol,
			 const struct rib_hop *hops, uint32_t n)
{
	return v6 && type == RTN_UNICAST && !nexthop && protocol != RTPROT_RA && n &&
	       hops[0].gw_family;
}

static bool attrs_have_siblings(const struct rib_attrs *a)
{
	const struct rib_path *p = a->path;

	return has_siblings(p->v6, p->type, p->nexthop, a->protocol, p->hops, p->n_hops);
}

// Places of the routes with the same prefix and table, relative to one that comes: what points to
// them.
struct places {
	struct rib_table *table; // may be NULL
	struct rib_key key;
	uint32_t *head;
	uint32_t *same;	    // it is there already
	uint32_t *equal;    // the first with the same key, of its kind if there is one
	uint32_t n_equal;   // not of its kind included
	bool equal_kind;    // that has siblings as it has, or neither has
	uint32_t *not_less; // the first that does not come before it; NULL: none
	uint32_t *after_less, *after_equal; // behind the last that comes before it, or is equal
};

static struct rib_rec *pointed(const struct rib *r, const struct places *p, const uint32_t *at)
{
	return rib_rec_at(&r->routes[p->table->v6], *at);
}

static void note_equal(struct places *p, uint32_t *at, bool kind)
{
	p->n_equal++;
	if (p->equal && (p->equal_kind || !kind))
		return;
	p->equal = at;
	p->equal_kind = kind;
}

static void note(struct places *p, uint32_t *at, struct rib_rec *rec, const struct rib_attrs *a,
		 const struct rib_route *route)
{
	bool siblings = has_siblings(p->table->v6, route->type, route->nexthop, route->protocol,
				     route->hops, route->n_hops);
	int o = order(a, route);

	if (!order_keys(a, route))
		note_equal(p, at, attrs_have_siblings(a) == siblings);
	if (o < 0)
		p->after_less = &rec->next;
	else if (!p->not_less)
		p->not_less = at;
	if (o <= 0)
		p->after_equal = &rec->next;
}

static struct places look(struct rib *r, const struct rib_route *route, struct rib_table *t)
{
	const struct rib_routes *s = &r->routes[route->family == AF_INET6];
	const struct rib_attrs *identical = rib_attrs_find(r, route), *a;
	struct places p = {.table = t, .key = {route->dst, route->len}};
	struct rib_rec *rec;

	p.head = rib_rec_head(s, t, p.key);
	for (uint32_t *at = p.head; *at; at = &rec->next) {
		rec = rib_rec_at(s, *at);
		a = rib_attrs_at(r, rec->attrs);
		if (!rib_rec_is(r, s, rec, t, p.key) || a->dying)
			continue;
		if (a == identical)
			p.same = at;
		note(&p, at, rec, a, route);
	}
	return p;
}

// --- changing ---------------------------------------------------------------------------------

static int insert(struct rib *r, const struct places *p, bool append, struct rib_attrs *a)
{
	uint32_t *at = append ? p->after_equal : p->after_less;
	int err;

	if (!at)
		at = p->not_less ? p->not_less : p->head;
	err = rib_rec_insert(r, at, p->key, a);
	if (err)
		rib_attrs_put(r, a);
	return err;
}

static void replace_at(struct rib *r, const struct places *p, uint32_t *at, struct rib_attrs *a)
{
	struct rib_rec *rec = pointed(r, p, at);

	if (rib_attrs_at(r, rec->attrs) == a) {
		rec->seen = true;
		rib_attrs_put(r, a);
		return;
	}
	rib_rec_detach(r, rec);
	rib_rec_attach(rec, a);
	rib_dirty(r, p->table, p->key);
}

// In a resync what is said for the first time stands behind its equals, which the kernel dumped
// before it.
static void move_back(struct rib *r, const struct places *p, uint32_t *at)
{
	uint32_t i = *at, *end = p->after_equal;
	struct rib_rec *rec = pointed(r, p, at);

	if (end == &rec->next)
		return;
	*at = rec->next;
	rec->next = *end;
	*end = i;
	rib_dirty(r, p->table, p->key);
}

static void confirm(struct rib *r, const struct places *p)
{
	struct rib_rec *rec = pointed(r, p, p->same);
	bool first_time = r->resync && !rec->seen;

	rec->seen = true;
	if (first_time)
		move_back(r, p, p->same);
}

// --- IPv6 siblings ------------------------------------------------------------------------------

static bool same_gateway(const struct rib_hop *a, const struct rib_hop *b)
{
	return a->link == b->link && a->gw_family == b->gw_family && weir_ip6_equal(a->gw, b->gw);
}

static bool among(const struct rib_hop *h, const struct rib_hop *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (same_gateway(h, &v[i]))
			return true;
	return false;
}

static bool all_among(const struct rib_hop *a, uint32_t n_a, const struct rib_hop *b, uint32_t n_b)
{
	for (uint32_t i = 0; i < n_a; i++)
		if (!among(&a[i], b, n_b))
			return false;
	return true;
}

// Those of a that are not in b, and then all of `more`; the caller frees them.
static struct rib_hop *join(const struct rib_path *a, const struct rib_route *b,
			    const struct rib_route *more, uint32_t *n)
{
	uint32_t n_more = more ? more->n_hops : 0;
	struct rib_hop *v = calloc(a->n_hops + n_more, sizeof(*v));

	*n = 0;
	if (!v)
		return NULL;
	for (uint32_t i = 0; i < a->n_hops; i++)
		if (!among(&a->hops[i], b->hops, b->n_hops))
			v[(*n)++] = a->hops[i];
	for (uint32_t i = 0; i < n_more; i++)
		v[(*n)++] = more->hops[i];
	return v;
}

// A route that came takes the place of its siblings, who are named with it; if they are not, it
// joins them.
static int set_siblings(struct rib *r, const struct places *p, const struct rib_route *route)
{
	const struct rib_path *old = rib_attrs_at(r, pointed(r, p, p->equal)->attrs)->path;
	struct rib_route whole = *route;
	struct rib_hop *v = NULL;
	struct rib_attrs *a;

	if (!r->resync && !all_among(old->hops, old->n_hops, route->hops, route->n_hops)) {
		v = join(old, route, route, &whole.n_hops);
		whole.hops = v;
		if (!v)
			return -ENOMEM;
	}
	a = rib_attrs_get(r, &whole, old);
	free(v);
	if (!a)
		return -ENOMEM;
	replace_at(r, p, p->equal, a);
	if (r->resync)
		move_back(r, p, p->equal);
	return 0;
}

// What is left of a route when some of its next hops go; none: it goes.
static int take_siblings(struct rib *r, const struct places *p, uint32_t *at,
			 const struct rib_route *gone)
{
	const struct rib_attrs *old = rib_attrs_at(r, pointed(r, p, at)->attrs);
	struct rib_route rest;
	struct rib_hop *v;
	struct rib_attrs *a;

	rib_attrs_describe(old, &rest);
	v = join(old->path, gone, NULL, &rest.n_hops);
	rest.hops = v;
	if (v && !rest.n_hops) {
		free(v);
		rib_rec_remove(r, at, p->table);
		return 0;
	}
	a = v ? rib_attrs_get(r, &rest, old->path) : NULL;
	free(v);
	if (!a)
		return -ENOMEM;
	replace_at(r, p, at, a);
	return 0;
}

// --- what the kernel says -----------------------------------------------------------------------

static bool makes_sense(const struct rib_route *route)
{
	unsigned most = route->family == AF_INET6 ? 128 : 32;

	if (route->family != AF_INET && route->family != AF_INET6)
		return false;
	if (route->len > most || route->src_len > most)
		return false;
	if (route->type == RTN_UNICAST && !route->nexthop && !route->n_hops)
		return false;
	return weir_ip6_equal(rib_masked(route->dst, route->len), route->dst) &&
	       weir_ip6_equal(rib_masked(route->src, route->src_len), route->src);
}

static int set(struct rib *r, const struct places *p, const struct rib_route *route, bool replace,
	       bool append)
{
	bool v6 = p->table->v6;
	const struct rib_path *like = NULL;
	struct rib_attrs *a;

	if (p->same) {
		confirm(r, p);
		return 0;
	}
	if (p->equal && !replace && p->equal_kind &&
	    has_siblings(v6, route->type, route->nexthop, route->protocol, route->hops,
			 route->n_hops))
		return set_siblings(r, p, route);
	if (p->equal)
		like = rib_attrs_at(r, pointed(r, p, p->equal)->attrs)->path;
	a = rib_attrs_get(r, route, like);
	if (!a)
		return -ENOMEM;
	if (!replace || !p->equal)
		return insert(r, p, append || v6 || r->resync, a);
	replace_at(r, p, p->equal, a);
	return 0;
}

int rib_route(struct rib *r, const struct rib_route *route, bool replace, bool append)
{
	struct rib_table *t;
	struct places p;
	int err;

	if (!makes_sense(route))
		return -EINVAL;
	t = rib_table_get(r, route->table, route->family == AF_INET6);
	if (!t)
		return -ENOMEM;
	p = look(r, route, t);
	err = set(r, &p, route, replace, append);
	rib_table_put(r, t);
	return err;
}

static int unset4(struct rib *r, const struct places *p)
{
	uint32_t *at = p->same;

	if (!at && p->n_equal == 1)
		at = p->equal;
	if (!at)
		return -ENOENT;
	rib_rec_remove(r, at, p->table);
	return 0;
}

static bool may_be(const struct rib_attrs *a, const struct rib_route *route)
{
	const struct rib_path *p = a->path;

	if (a->dying || order_keys(a, route) || p->type != route->type ||
	    p->nexthop != route->nexthop)
		return false;
	return p->nexthop || all_among(route->hops, route->n_hops, p->hops, p->n_hops);
}

static int unset6(struct rib *r, const struct places *p, const struct rib_route *route)
{
	const struct rib_attrs *a;
	struct rib_rec *rec;

	for (uint32_t *at = p->same ? p->same : p->head; *at; at = &rec->next) {
		rec = pointed(r, p, at);
		a = rib_attrs_at(r, rec->attrs);
		if (!rib_rec_is(r, &r->routes[1], rec, p->table, p->key) || !may_be(a, route))
			continue;
		if (!route->nexthop && route->n_hops)
			return take_siblings(r, p, at, route);
		rib_rec_remove(r, at, p->table);
		return 0;
	}
	return -ENOENT;
}

int rib_route_gone(struct rib *r, const struct rib_route *route)
{
	struct rib_table *t;
	struct places p;
	int err;

	if ((route->family != AF_INET && route->family != AF_INET6) || route->len > 128)
		return -EINVAL;
	t = rib_table_get(r, route->table, route->family == AF_INET6);
	if (!t)
		return -ENOMEM;
	p = look(r, route, t);
	err = t->v6 ? unset6(r, &p, route) : unset4(r, &p);
	rib_table_put(r, t);
	return err;
}
