// SPDX-License-Identifier: BSD-2-Clause

// Paths: what a route leads to, as the links and the next-hop objects are. The kernel has found the
// interface of each next hop when the route was added (it refuses gateways behind gateways), so
// none is looked up here. A next hop whose link lost its carrier is used only where there is no
// better one, and not at all where the sysctl says so.

#include "rib_parts.h"

#include <linux/rtnetlink.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
	LEAST_BUCKETS = 32,
	MOST_BUCKETS = 1 << (RIB_CLASSES - 1),
	BY_WEIGHT = 4096, // buckets that weights may ask for
	MOST_NAMES = (1 << 24) - 1,
};

enum level { DEAD, NO_CARRIER, GOOD };

struct member {
	const struct rib_hop *hop; // NULL: the port
	enum weir_hop_port port;
	uint32_t weight;
	enum level level;
};

// What a path leads to, be it usable or not.
struct members {
	struct member *v;
	uint32_t n;
	bool group; // even if there is but one
	uint32_t n_buckets;
	enum level best;
};

// --- names ------------------------------------------------------------------------------------

static struct rib_name_entry *find_name(const struct rib *r, struct weir_ip6 addr, uint64_t hash)
{
	struct rib_node *n = rib_hash_first(&r->names_hash, hash);

	while (n && !weir_ip6_equal(((struct rib_name_entry *)n)->addr, addr))
		n = rib_hash_next(n);
	return (struct rib_name_entry *)n;
}

uint32_t rib_name(const struct rib *r, struct weir_ip6 addr)
{
	const struct rib_name_entry *e = find_name(r, addr, rib_mix(addr.hi, addr.lo));

	return e ? e->name : 0;
}

uint32_t rib_name_get(struct rib *r, struct weir_ip6 addr)
{
	uint64_t hash = rib_mix(addr.hi, addr.lo);
	struct rib_name_entry *e = find_name(r, addr, hash);

	if (e)
		return e->name;
	if (r->names.n == MOST_NAMES || rib_hash_reserve(&r->names_hash))
		return 0;
	e = malloc(sizeof(*e));
	if (!e)
		return 0;
	*e = (struct rib_name_entry){{.hash = hash}, addr, r->names.n + 1};
	if (rib_vec_push(&r->names, &e, sizeof(e))) {
		free(e);
		return 0;
	}
	rib_hash_add(&r->names_hash, &e->node);
	return e->name;
}

uint32_t rib_names(const struct rib *r)
{
	return r->names.n;
}

struct weir_ip6 rib_named(const struct rib *r, uint32_t name)
{
	if (!name || name > r->names.n)
		return (struct weir_ip6){0};
	return ((struct rib_name_entry **)r->names.v)[name - 1]->addr;
}

// --- members ----------------------------------------------------------------------------------

static enum level level_of(const struct rib *r, const struct rib_hop *h, bool v6)
{
	const struct rib_link_entry *l = rib_link_at(r, h->link);

	if (!l || !l->said.up)
		return DEAD;
	if (l->said.carrier)
		return GOOD;
	return l->said.ignore_linkdown[v6] ? DEAD : NO_CARRIER;
}

static struct member of_hop(const struct rib *r, const struct rib_hop *h, uint32_t weight, bool v6)
{
	return (struct member){h, 0, weight ? weight : 1, level_of(r, h, v6)};
}

static struct member of_object(const struct rib *r, uint32_t id, uint32_t weight, bool v6)
{
	const struct rib_nexthop_entry *n = rib_nexthop_at(r, id);
	struct member m = {.weight = weight ? weight : 1, .level = GOOD};

	if (!n || n->said.n_members) // the kernel refuses groups of groups
		m.level = DEAD;
	else if (n->said.blackhole)
		m.port = WEIR_HOP_BLACKHOLE;
	else if (n->said.fdb)
		m.port = WEIR_HOP_HOST;
	else
		return of_hop(r, &n->said.hop, weight, v6);
	return m;
}

static struct member nth_member(const struct rib *r, const struct rib_path *p,
				const struct rib_nexthop_entry *n, uint32_t i)
{
	if (n && n->said.n_members)
		return of_object(r, n->said.members[i].id, n->said.members[i].weight, p->v6);
	if (p->nexthop)
		return of_object(r, p->nexthop, 1, p->v6);
	return of_hop(r, &p->hops[i], p->hops[i].weight, p->v6);
}

static int list_members(const struct rib *r, const struct rib_path *p, struct members *m)
{
	const struct rib_nexthop_entry *n = p->nexthop ? rib_nexthop_at(r, p->nexthop) : NULL;
	uint32_t n_members = n ? n->said.n_members : 0;

	*m = (struct members){.n = p->nexthop ? (n_members ? n_members : 1) : p->n_hops};
	m->group = n_members || m->n > 1;
	m->n_buckets = n && n->said.resilient ? n->said.n_buckets : 0;
	m->v = calloc(m->n, sizeof(*m->v));
	if (!m->v)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->n; i++) {
		m->v[i] = nth_member(r, p, n, i);
		if (m->v[i].level > m->best)
			m->best = m->v[i].level;
	}
	return 0;
}

// Fills in the gateway; false: it cannot have one.
static bool set_gateway(struct rib *r, struct weir_hop *hop, const struct rib_hop *h, bool v6)
{
	uint32_t name;

	if (h->gw_family == AF_INET) {
		hop->gw4.be = __builtin_bswap32(rib_to_ip4(h->gw));
		return !v6;
	}
	if (h->gw_family != AF_INET6)
		return true;
	weir_ip6_write(hop->gw6, h->gw);
	if (v6)
		return true;
	name = rib_name_get(r, h->gw);
	hop->gw4.be = __builtin_bswap32(name);
	return name;
}

static uint32_t number_of(struct rib *r, const struct rib_path *p, const struct member *m)
{
	const struct rib_link_entry *l;
	struct rib_hop_info info = {.has_src = p->has_prefsrc, .src = p->prefsrc};
	struct weir_hop hop = {0};

	if (!m->hop)
		return m->port;
	l = rib_link_at(r, m->hop->link);
	info.link = m->hop->link;
	hop.port = m->hop->encap ? (uint32_t)WEIR_HOP_HOST : l->port;
	if (!set_gateway(r, &hop, m->hop, p->v6))
		hop = (struct weir_hop){.port = WEIR_HOP_HOST};
	return rib_hop_get(&r->hops, &hop, &info);
}

// The hops to be used now, each held, with their weights.
static uint32_t list_shares(struct rib *r, const struct rib_path *p, const struct members *m,
			    struct rib_share *v)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->n; i++)
		if (m->v[i].level == m->best)
			v[n++] = (struct rib_share){number_of(r, p, &m->v[i]), m->v[i].weight};
	return n;
}

// --- groups -----------------------------------------------------------------------------------

// Enough that each share is near to its weight; a power of two.
static uint32_t buckets_for(const struct members *m)
{
	uint64_t weights = 0, n = LEAST_BUCKETS, want = m->n_buckets;

	for (uint32_t i = 0; i < m->n; i++)
		weights += m->v[i].weight;
	if (4 * weights > want)
		want = 4 * weights < BY_WEIGHT ? 4 * weights : BY_WEIGHT;
	if (16ull * m->n > want)
		want = 16ull * m->n;
	while (n < want && n < MOST_BUCKETS)
		n *= 2;
	return (uint32_t)n;
}

static uint32_t size_of(const struct rib *r, uint32_t group)
{
	return group == RIB_NONE ? 0 : rib_hop_at(&r->hops, group)->mask + 1;
}

// A group keeps its size while that is enough for its members.
static bool fits(uint32_t size, const struct members *m)
{
	return size >= 2ull * m->n && size >= m->n_buckets;
}

static int new_group(struct rib *r, struct rib_path *p, const struct members *m,
		     const struct rib_path *like, const struct rib_share *v, uint32_t n)
{
	uint32_t size = like ? size_of(r, like->group) : 0, group;
	const uint32_t *buckets = NULL;
	uint64_t changed = r->hops.changed;

	if (size && fits(size, m))
		buckets = rib_bucket_at(&r->hops, rib_hop_at(&r->hops, like->group)->first);
	else
		size = buckets_for(m);
	group = rib_group_new(&r->hops, size, buckets, v[0].hop);
	if (group == RIB_NONE)
		return -ENOSPC;
	if (rib_group_share(&r->hops, group, v, n)) {
		rib_group_put(&r->hops, group);
		return -ENOMEM;
	}
	if (p->group != RIB_NONE)
		rib_group_put(&r->hops, p->group);
	p->group = group;
	r->hops.changed = changed; // nobody has it yet
	return 0;
}

static int set_group(struct rib *r, struct rib_path *p, const struct members *m,
		     const struct rib_path *like, const struct rib_share *v, uint32_t n)
{
	uint32_t size = size_of(r, p->group);

	if (size && fits(size, m))
		return rib_group_share(&r->hops, p->group, v, n);
	return new_group(r, p, m, size ? p : like, v, n);
}

// --- values -----------------------------------------------------------------------------------

static void put_singles(struct rib *r, const uint32_t *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		rib_hop_put(&r->hops, v[i]);
}

// Makes the path lead to these. Without memory or room for a group it stays as it was, or leads to
// the host if it was nothing.
static uint32_t lead_to(struct rib *r, struct rib_path *p, const struct members *m,
			const struct rib_path *like, struct rib_share *v, uint32_t n)
{
	uint32_t *singles = calloc(n, sizeof(*singles));
	bool ok = singles && (!m->group || !set_group(r, p, m, like, v, n));

	if (!ok) {
		for (uint32_t i = 0; i < n; i++)
			rib_hop_put(&r->hops, v[i].hop);
		free(singles);
		return p->group != RIB_NONE ? p->group : (uint32_t)WEIR_HOP_HOST;
	}
	for (uint32_t i = 0; i < n; i++)
		singles[i] = v[i].hop;
	put_singles(r, p->single, p->n_single);
	free(p->single);
	p->single = singles;
	p->n_single = n;
	if (m->group)
		return p->group;
	if (p->group != RIB_NONE)
		rib_group_put(&r->hops, p->group);
	p->group = RIB_NONE;
	return v[0].hop;
}

static uint32_t unicast_value(struct rib *r, struct rib_path *p, const struct rib_path *like)
{
	struct rib_share *v = NULL;
	uint32_t value = p->value;
	struct members m;

	if (list_members(r, p, &m))
		return value;
	if (!m.best) {
		value = RIB_NONE;
		goto out;
	}
	v = calloc(m.n, sizeof(*v));
	if (v)
		value = lead_to(r, p, &m, like, v, list_shares(r, p, &m, v));
out:
	free(v);
	free(m.v);
	return value;
}

static uint32_t value_of(struct rib *r, struct rib_path *p, const struct rib_path *like)
{
	switch (p->type) {
	case RTN_UNICAST:
		return unicast_value(r, p, like);
	case RTN_BLACKHOLE:
		return WEIR_HOP_BLACKHOLE;
	case RTN_UNREACHABLE:
		return WEIR_HOP_UNREACHABLE;
	case RTN_PROHIBIT:
		return WEIR_HOP_PROHIBIT;
	case RTN_THROW:
		return RIB_THROW;
	default:
		return WEIR_HOP_HOST;
	}
}

void rib_path_resolve(struct rib *r, struct rib_path *p, const struct rib_path *like)
{
	uint32_t value = value_of(r, p, like);

	p->moved |= value != p->value;
	p->value = value;
}

// --- what they are found by ---------------------------------------------------------------------

static uint32_t hops_of(const struct rib_route *route)
{
	return route->nexthop ? 0 : route->n_hops;
}

static uint64_t hash_of(const struct rib_route *route)
{
	uint64_t h = rib_mix((uint64_t)route->nexthop << 8 | route->type, route->family);

	if (route->has_prefsrc)
		h = rib_mix(h, route->prefsrc.hi ^ route->prefsrc.lo);
	for (uint32_t i = 0; i < hops_of(route); i++) {
		const struct rib_hop *hop = &route->hops[i];

		h = rib_mix(h, (uint64_t)hop->link << 32 | hop->weight << 2 | hop->encap);
		if (hop->gw_family)
			h = rib_mix(h, hop->gw.hi ^ hop->gw.lo);
	}
	return h;
}

static bool same_hop(const struct rib_hop *a, const struct rib_hop *b)
{
	return a->link == b->link && a->weight == b->weight && a->gw_family == b->gw_family &&
	       a->onlink == b->onlink && a->encap == b->encap && weir_ip6_equal(a->gw, b->gw);
}

static bool same(const struct rib_path *p, const struct rib_route *route)
{
	bool equal = p->type == route->type && p->v6 == (route->family == AF_INET6) &&
		     p->nexthop == route->nexthop && p->n_hops == hops_of(route) &&
		     p->has_prefsrc == route->has_prefsrc &&
		     weir_ip6_equal(p->prefsrc, route->prefsrc);

	for (uint32_t i = 0; equal && i < p->n_hops; i++)
		equal = same_hop(&p->hops[i], &route->hops[i]);
	return equal;
}

static struct rib_path *new_path(const struct rib_route *route, uint64_t hash)
{
	uint32_t n = hops_of(route);
	struct rib_path *p = calloc(1, sizeof(*p) + n * sizeof(p->hops[0]));

	if (!p)
		return NULL;
	p->node.hash = hash;
	p->value = RIB_NONE;
	p->group = RIB_NONE;
	p->v6 = route->family == AF_INET6;
	p->type = route->type;
	p->nexthop = route->nexthop;
	p->has_prefsrc = route->has_prefsrc;
	p->prefsrc = route->prefsrc;
	p->n_hops = n;
	for (uint32_t i = 0; i < n; i++)
		p->hops[i] = route->hops[i];
	return p;
}

struct rib_path *rib_path_find(const struct rib *r, const struct rib_route *route)
{
	struct rib_node *n = rib_hash_first(&r->paths, hash_of(route));

	while (n && !same((struct rib_path *)n, route))
		n = rib_hash_next(n);
	return (struct rib_path *)n;
}

struct rib_path *rib_path_get(struct rib *r, const struct rib_route *route,
			      const struct rib_path *like)
{
	struct rib_path *p = rib_path_find(r, route);

	if (!p) {
		if (rib_hash_reserve(&r->paths))
			return NULL;
		p = new_path(route, hash_of(route));
		if (!p)
			return NULL;
		rib_hash_add(&r->paths, &p->node);
		rib_path_resolve(r, p, like);
		p->moved = false;
	}
	p->refs++;
	return p;
}

// Readers have its value until the views were made, and it is the pattern of what replaces it.
void rib_path_put(struct rib *r, struct rib_path *p)
{
	if (--p->refs || p->idle)
		return;
	p->idle = !rib_vec_push(&r->idle, &p, sizeof(p));
}

void rib_path_free(struct rib *r, struct rib_path *p)
{
	put_singles(r, p->single, p->n_single);
	if (p->group != RIB_NONE)
		rib_group_put(&r->hops, p->group);
	rib_hash_remove(&r->paths, &p->node);
	free(p->single);
	free(p);
}

void rib_paths_sweep(struct rib *r)
{
	struct rib_path **v = r->idle.v;

	for (uint32_t i = 0; i < r->idle.n; i++) {
		v[i]->idle = false;
		if (!v[i]->refs)
			rib_path_free(r, v[i]);
	}
	r->idle.n = 0;
}
