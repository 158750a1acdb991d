// SPDX-License-Identifier: BSD-2-Clause

// The whole of the rib: its life, its commits, what can be asked of it.

#include "rib_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
	MOST_ROUTES4 = 4000000,
	MOST_ROUTES6 = 1000000,
	MOST_HOPS = 1 << 17,
	MOST_BUCKETS = 1 << 21,
};

static int set_devices(struct rib *r, const struct rib_options *o)
{
	r->n_devices = o->n_devices;
	r->devices = calloc(o->n_devices + 1, sizeof(*r->devices));
	if (!r->devices)
		return -ENOMEM;
	for (unsigned i = 0; i < o->n_devices; i++)
		strncpy(r->devices[i], o->devices[i], RIB_NAME - 1);
	return 0;
}

static int init(struct rib *r, const struct rib_options *o)
{
	static const struct rib_attrs *const nobody;
	uint32_t most4 = o->most_routes4 ? o->most_routes4 : MOST_ROUTES4;
	uint32_t most6 = o->most_routes6 ? o->most_routes6 : MOST_ROUTES6;
	int err = set_devices(r, o);

	if (!err)
		err = rib_vec_push(&r->attrs, &nobody, sizeof(nobody));
	if (!err)
		err = rib_routes_init(&r->routes[0], false, most4);
	if (!err)
		err = rib_routes_init(&r->routes[1], true, most6);
	if (!err)
		err = rib_hops_init(&r->hops, o->most_hops ? o->most_hops : MOST_HOPS,
				    o->most_buckets ? o->most_buckets : MOST_BUCKETS);
	if (err)
		return err;
	r->none = rib_iface_new(r, "");
	return r->none ? 0 : -ENOMEM;
}

struct rib *rib_new(const struct rib_options *o)
{
	struct rib *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	if (init(r, o)) {
		rib_free(r);
		return NULL;
	}
	r->hops.grown = false;
	return r;
}

static void free_names(struct rib *r)
{
	for (uint32_t i = 0; i < r->names.n; i++)
		free(((struct rib_name_entry **)r->names.v)[i]);
	free(r->names.v);
	free(r->names_hash.heads);
}

// Attributes by what holds them: records, which need not be looked at one by one here.
static void free_attrs(struct rib *r)
{
	for (uint32_t i = 1; i < r->attrs.n; i++) {
		struct rib_attrs *a = rib_attrs_at(r, i);

		if (!a)
			continue;
		a->refs = 1;
		rib_attrs_put(r, a);
	}
	rib_paths_sweep(r);
	free(r->attrs.v);
	free(r->attrs_free.v);
	free(r->attrs_hash.heads);
	free(r->paths.heads);
	free(r->idle.v);
}

void rib_free(struct rib *r)
{
	struct rib_iface *next;

	if (!r)
		return;
	for (uint32_t i = 0; i < r->dirty.n; i++)
		rib_table_put(r, ((struct rib_dirty *)r->dirty.v)[i].table);
	for (struct rib_iface *i = r->ifaces; i; i = next) {
		next = i->next;
		rib_iface_free(r, i);
	}
	free_attrs(r);
	rib_objects_free(r);
	rib_hops_free(&r->hops);
	rib_routes_free(&r->routes[0]);
	rib_routes_free(&r->routes[1]);
	free_names(r);
	free(r->tables.heads);
	free(r->dirty.v);
	free(r->within.v);
	free(r->devices);
	free(r->book);
	free(r);
}

static unsigned moves_of(const struct rib_merge *m)
{
	return m->v6 ? m->fib6.moves : m->fib4.moves;
}

static uint32_t room_of(const struct rib_merge *m)
{
	return m->v6 ? m->fib6.n_words : m->fib4.n_groups;
}

static bool has_moved(const struct rib *r)
{
	for (const struct rib_merge *m = r->merges; m; m = m->next)
		if (m->moves != moves_of(m) || m->room != room_of(m))
			return true;
	for (const struct rib_iface *i = r->ifaces; i; i = i->next)
		if (i->want[0] != i->shown[0] || i->want[1] != i->shown[1])
			return true;
	return r->hops.grown;
}

void rib_publish(struct rib *r)
{
	for (struct rib_iface *i = r->ifaces; i; i = i->next)
		rib_iface_show(r, i);
	for (struct rib_merge *m = r->merges; m; m = m->next) {
		m->moves = moves_of(m);
		m->room = room_of(m);
	}
	r->hops.grown = false;
}

// What has to wait for memory is tried again by the next one.
bool rib_commit(struct rib *r)
{
	bool right, moved;

	if (r->dying) {
		r->dying = false;
		rib_routes_sweep(r);
	}
	if (r->paths_changed) {
		r->paths_changed = false;
		if (rib_attrs_follow(r))
			rib_routes_moved(r);
	}
	rib_merge_flush(r);
	if (r->lists_changed) {
		r->lists_changed = rib_merge_lists(r);
		r->no_memory += r->lists_changed;
	}
	right = rib_merge_renew(r);
	if (r->addrs_changed)
		r->addrs_changed = rib_book_make(r);
	rib_paths_sweep(r);
	if (right) // else tables may still hold numbers that are given back
		rib_hops_turn(&r->hops);
	moved = has_moved(r);
	for (struct rib_iface *i = r->ifaces; moved && i; i = i->next)
		rib_iface_expect(r, i);
	return moved;
}

const struct weir_view *rib_view(struct rib *r, const char *iif)
{
	struct rib_iface *i = r->ifaces;

	if (!iif)
		return &r->none->view;
	while (i && strncmp(i->name, iif, RIB_NAME - 1) != 0)
		i = i->next;
	if (!i)
		i = rib_iface_new(r, iif);
	return i ? &i->view : NULL;
}

// --- resync -----------------------------------------------------------------------------------

static bool of_all_routes(const struct rib_scope *s, unsigned v6)
{
	return s->kinds & RIB_ROUTES && !s->table && !s->link &&
	       (!s->family || (s->family == AF_INET6) == v6);
}

void rib_resync_begin(struct rib *r, const struct rib_scope *scope)
{
	r->scope = *scope;
	r->resync = true;
	rib_objects_unsee(r);
	rib_routes_unsee(r);
	for (unsigned v6 = 0; v6 < 2; v6++)
		if (of_all_routes(scope, v6))
			r->routes[v6].incomplete = false;
}

void rib_resync_end(struct rib *r)
{
	if (!r->resync)
		return;
	r->resync = false;
	rib_objects_forget(r);
	if (r->scope.kinds & RIB_ROUTES)
		rib_routes_forget(r);
}

// --- what it knows ----------------------------------------------------------------------------

static size_t mirror_bytes(const struct rib *r)
{
	size_t bytes = r->attrs.room * sizeof(void *);

	for (unsigned v6 = 0; v6 < 2; v6++)
		bytes += r->routes[v6].rec_area.bytes + r->routes[v6].head_area.bytes;
	bytes += r->attrs_hash.count * sizeof(struct rib_attrs);
	bytes += r->tables.count * sizeof(struct rib_table);
	return bytes + r->paths.count * sizeof(struct rib_path);
}

static size_t other_bytes(const struct rib *r)
{
	size_t bytes = sizeof(*r) + r->hops.hop_area.bytes + r->hops.info_area.bytes +
		       r->hops.bucket_area.bytes;

	for (const struct rib_merge *m = r->merges; m; m = m->next)
		bytes += m->v6 ? weir_fib6_memory(&m->fib6) : weir_fib4_memory(&m->fib4);
	bytes += r->links.room * sizeof(struct rib_link_entry);
	bytes += r->addrs.room * sizeof(struct rib_addr_entry);
	bytes += r->nexthops.room * sizeof(struct rib_nexthop_entry);
	bytes += r->rules.room * sizeof(struct rib_rule_entry);
	return bytes + r->names.n * sizeof(struct rib_name_entry) +
	       r->dirty.room * sizeof(struct rib_dirty) + r->within.room * sizeof(struct rib_key);
}

void rib_count(const struct rib *r, struct rib_counts *c)
{
	*c = (struct rib_counts){
		.links = r->links.n,
		.addrs = r->addrs.n,
		.nexthops = r->nexthops.n,
		.rules = r->rules.n,
		.routes = {r->routes[0].count, r->routes[1].count},
		.paths = r->paths.count,
		.hops = r->hops.live,
		.groups = r->hops.groups,
		.buckets = r->hops.live_buckets,
		.names = r->names.n,
		.refused = {r->routes[0].refused, r->routes[1].refused},
		.refused_hops = r->hops.refused,
		.no_memory = r->no_memory,
		.changes = r->changes,
		.buckets_changed = r->hops.changed,
		.mirror = mirror_bytes(r),
	};
	for (const struct rib_merge *m = r->merges; m; m = m->next)
		c->views++;
	c->memory = c->mirror + other_bytes(r);
}

int rib_walk_links(const struct rib *r, int (*fn)(void *arg, const struct rib_link *l), void *arg)
{
	const struct rib_link_entry *v = r->links.v;
	int ret = 0;

	for (uint32_t i = 0; !ret && i < r->links.n; i++)
		ret = fn(arg, &v[i].said);
	return ret;
}

int rib_walk_addrs(const struct rib *r, int (*fn)(void *arg, const struct rib_addr *a), void *arg)
{
	const struct rib_addr_entry *v = r->addrs.v;
	int ret = 0;

	for (uint32_t i = 0; !ret && i < r->addrs.n; i++)
		ret = fn(arg, &v[i].said);
	return ret;
}

int rib_walk_nexthops(const struct rib *r, int (*fn)(void *arg, const struct rib_nexthop *n),
		      void *arg)
{
	const struct rib_nexthop_entry *v = r->nexthops.v;
	int ret = 0;

	for (uint32_t i = 0; !ret && i < r->nexthops.n; i++)
		ret = fn(arg, &v[i].said);
	return ret;
}

int rib_walk_rules(const struct rib *r, int (*fn)(void *arg, const struct rib_rule *rule),
		   void *arg)
{
	const struct rib_rule_entry *v = r->rules.v;
	int ret = 0;

	for (uint32_t i = 0; !ret && i < r->rules.n; i++)
		ret = fn(arg, &v[i].said);
	return ret;
}
