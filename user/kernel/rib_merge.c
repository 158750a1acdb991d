// SPDX-License-Identifier: BSD-2-Clause

// Merged tables: for each prefix of any table of a list, what the rules make of the addresses that
// no longer prefix among them covers. So one longest-prefix match finds what the kernel finds by
// going through its rules. A change of one prefix changes that entry, and those of longer ones only
// where these may come to look at it.

#include "rib_parts.h"

#include <errno.h>
#include <stdlib.h>

enum { WIDE = 16 };

// --- one entry --------------------------------------------------------------------------------

// What packets to a prefix may find.
struct outcome {
	uint32_t value;
	bool some, differ;
};

static void may(struct outcome *o, uint32_t value)
{
	o->differ |= o->some && o->value != value;
	o->some = true;
	o->value = value;
}

// The longest of these lengths up to len, or -1.
static int longest(const uint64_t lens[3], int len)
{
	uint64_t bits;

	for (int word = len / 64; len >= 0; word--, len = word * 64 + 63) {
		bits = lens[word] & ~0ull >> (63 - len % 64);
		if (bits)
			return word * 64 + 63 - __builtin_clzll(bits);
	}
	return -1;
}

// A route that says no is not suppressed.
static bool is_suppressed(const struct rib_step *s, unsigned len, uint32_t value)
{
	return (int)len <= s->suppress && value != WEIR_HOP_UNREACHABLE &&
	       value != WEIR_HOP_PROHIBIT && value != WEIR_HOP_BLACKHOLE;
}

enum next { GO_ON, NEXT_STEP, DONE };

// how: RIB_MAYBE once there are packets that this step does not concern.
static enum next ask_route(const struct rib_step *s, const struct rib_attrs *a, unsigned len,
			   enum rib_maybe *how, struct outcome *o)
{
	uint32_t value = a->path->value;
	bool over;

	if (a->dying || value == RIB_NONE)
		return GO_ON;
	over = value == RIB_THROW || is_suppressed(s, len, value);
	if (!over)
		may(o, value);
	over |= s->may_suppress;
	if (a->tos || a->src_len) {
		if (over)
			*how = RIB_MAYBE;
		return GO_ON;
	}
	return over || *how == RIB_MAYBE ? NEXT_STEP : DONE;
}

static enum next ask_table(const struct rib *r, const struct rib_step *s, struct rib_key k,
			   enum rib_maybe how, struct outcome *o)
{
	const struct rib_table *t = s->table;
	enum next next = GO_ON;

	for (int len = longest(t->lens, (int)k.len); len >= 0; len = longest(t->lens, len - 1)) {
		struct rib_key p = {rib_masked(k.addr, (unsigned)len), (unsigned)len};
		const struct rib_rec *rec = rib_routes_first(r, t, p);

		for (; rec && next == GO_ON; rec = rib_routes_next(r, t, p, rec))
			next = ask_route(s, rib_attrs_at(r, rec->attrs), p.len, &how, o);
		if (next != GO_ON)
			return next;
	}
	return NEXT_STEP;
}

// Link-local and multicast addresses are never forwarded by a route.
static bool is_local_scope(bool v6, struct rib_key k)
{
	if (!v6)
		return k.len >= 4 && k.addr.hi >> 60 == 0xe;
	return (k.len >= 8 && k.addr.hi >> 56 == 0xff) ||
	       (k.len >= 10 && k.addr.hi >> 54 == 0xfe80 >> 6);
}

static uint32_t settled(const struct outcome *o, bool v6, struct rib_key k)
{
	if (o->differ || (o->value >= WEIR_HOP_DEVICE && is_local_scope(v6, k)))
		return WEIR_HOP_HOST;
	return o->value;
}

static uint32_t evaluate(const struct rib *r, const struct rib_merge *m, struct rib_key k)
{
	struct outcome o = {0};
	enum next next = GO_ON;

	for (uint32_t i = 0; i < m->n_steps && next != DONE; i++) {
		const struct rib_step *s = &m->steps[i];
		enum rib_maybe how = rib_covers(s->dst, s->dst_len, k) ? s->inside : s->outside;

		if (how == RIB_NO)
			continue;
		if (s->table) {
			next = ask_table(r, s, k, how, &o);
		} else {
			may(&o, s->value);
			next = how == RIB_YES ? DONE : GO_ON;
		}
	}
	if (next != DONE)
		may(&o, WEIR_HOP_NO_ROUTE);
	return settled(&o, m->v6, k);
}

// Rules that need no table hold for addresses without any route too.
static bool is_candidate(const struct rib *r, const struct rib_merge *m, struct rib_key k)
{
	if (!k.len && m->has_actions)
		return true;
	for (uint32_t i = 0; i < m->n_steps; i++) {
		const struct rib_step *s = &m->steps[i];

		if (s->dst_len && s->dst_len == k.len && weir_ip6_equal(s->dst, k.addr))
			return true;
		if (s->table && s->table->of_len[k.len] && rib_routes_first(r, s->table, k))
			return true;
	}
	return false;
}

static int fib_set(struct rib_merge *m, struct rib_key k, uint32_t value)
{
	return m->v6 ? weir_fib6_set(&m->fib6, k.addr, k.len, value)
		     : weir_fib4_set(&m->fib4, rib_to_ip4(k.addr), k.len, value);
}

static int fib_del(struct rib_merge *m, struct rib_key k)
{
	return m->v6 ? weir_fib6_del(&m->fib6, k.addr, k.len)
		     : weir_fib4_del(&m->fib4, rib_to_ip4(k.addr), k.len);
}

// Setting what is set already is dear for wide IPv4 prefixes only.
static bool has(const struct rib_merge *m, struct rib_key k, uint32_t value)
{
	uint32_t is;

	return !m->v6 && k.len < WIDE && !weir_fib4_get(&m->fib4, rib_to_ip4(k.addr), k.len, &is) &&
	       is == value;
}

static void update(struct rib *r, struct rib_merge *m, struct rib_key k)
{
	uint32_t value;
	int err;

	if (is_candidate(r, m, k)) {
		value = evaluate(r, m, k);
		err = has(m, k, value) ? 0 : fib_set(m, k, value);
	} else {
		err = fib_del(m, k);
	}
	r->changes++;
	if (!err || err == -ENOENT)
		return;
	r->no_memory++;
	m->stale = true;
}

// --- longer ones ------------------------------------------------------------------------------

static bool has_longer(const struct rib_table *t, unsigned len)
{
	return longest(t->lens, RIB_LENS - 1) > (int)len;
}

// May a look-up that finds a prefix longer than len there go on?
static bool leaks(const struct rib_step *s, unsigned len)
{
	const struct rib_table *t = s->table;

	if (!has_longer(t, len))
		return false;
	if (t->odd || t->dead || s->may_suppress || s->inside != RIB_YES ||
	    (s->dst_len && s->outside != RIB_YES))
		return true;
	return s->suppress > (int)len && longest(t->lens, s->suppress) > (int)len;
}

// May entries of longer prefixes depend on one of that length in that table?
static bool concerns_longer(const struct rib_merge *m, const struct rib_table *t, unsigned len)
{
	bool behind = false;

	if (m->longest_dst > len)
		return true;
	for (uint32_t i = 0; i < m->n_steps; i++) {
		const struct rib_step *s = &m->steps[i];

		if (!s->table)
			continue;
		if (behind ? has_longer(s->table, len) : leaks(s, len))
			return true;
		behind |= s->table == t;
	}
	return false;
}

struct collector {
	struct rib *r;
	const struct rib_merge *m;
	struct rib_key within;
	bool stale_only; // those that are in no table any more
};

static int collect(struct collector *c, struct rib_key k)
{
	if (c->stale_only ? is_candidate(c->r, c->m, k) : k.len == c->within.len)
		return 0;
	return rib_vec_push(&c->r->within, &k, sizeof(k));
}

static int collect4(void *arg, uint32_t prefix, unsigned len, uint32_t)
{
	return collect(arg, (struct rib_key){rib_ip4(prefix), len});
}

static int collect6(void *arg, struct weir_ip6 prefix, unsigned len, uint32_t)
{
	return collect(arg, (struct rib_key){prefix, len});
}

// What the collector wants of those within its prefix is in r->within then.
static int collect_all(struct collector *c)
{
	const struct rib_merge *m = c->m;

	c->r->within.n = 0;
	return m->v6 ? weir_fib6_walk_within(&m->fib6, c->within.addr, c->within.len, collect6, c)
		     : weir_fib4_walk_within(&m->fib4, rib_to_ip4(c->within.addr), c->within.len,
					     collect4, c);
}

static void update_collected(struct rib *r, struct rib_merge *m)
{
	const struct rib_key *v = r->within.v;

	for (uint32_t i = 0; i < r->within.n; i++)
		update(r, m, v[i]);
}

static bool looks_into(const struct rib_merge *m, const struct rib_table *t)
{
	for (uint32_t i = 0; i < m->n_steps; i++)
		if (m->steps[i].table == t)
			return true;
	return false;
}

static void follow(struct rib *r, struct rib_merge *m, const struct rib_dirty *d)
{
	struct collector c = {.r = r, .m = m, .within = d->key};

	if (!looks_into(m, d->table))
		return;
	update(r, m, d->key);
	if (!concerns_longer(m, d->table, d->key.len))
		return;
	if (collect_all(&c)) {
		r->no_memory++;
		m->stale = true;
	} else {
		update_collected(r, m);
	}
}

static int by_prefix(const void *a, const void *b)
{
	const struct rib_dirty *x = a, *y = b;

	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	if (x->key.addr.hi != y->key.addr.hi)
		return x->key.addr.hi < y->key.addr.hi ? -1 : 1;
	if (x->key.addr.lo != y->key.addr.lo)
		return x->key.addr.lo < y->key.addr.lo ? -1 : 1;
	return (int)x->key.len - (int)y->key.len;
}

void rib_merge_flush(struct rib *r)
{
	struct rib_dirty *d = r->dirty.v;
	uint32_t n = r->dirty.n;

	if (n)
		qsort(d, n, sizeof(*d), by_prefix);
	r->dirty.n = 0;
	for (uint32_t i = 0; i < n; i++) {
		for (struct rib_merge *m = r->merges; m; m = m->next)
			if (m->v6 == d[i].table->v6 && (!i || by_prefix(&d[i - 1], &d[i])))
				follow(r, m, &d[i]);
	}
	for (uint32_t i = 0; i < n; i++)
		rib_table_put(r, d[i].table);
}

// --- whole tables -----------------------------------------------------------------------------

static void adopt(struct rib_merge *m, struct rib_step *steps, uint32_t n)
{
	m->steps = steps;
	m->n_steps = n;
	m->longest_dst = 0;
	m->has_actions = false;
	m->stale = true;
	for (uint32_t i = 0; i < n; i++) {
		if (steps[i].table)
			steps[i].table->looked++;
		else
			m->has_actions = true;
		if (steps[i].dst_len > m->longest_dst)
			m->longest_dst = steps[i].dst_len;
	}
}

static void let_go(struct rib *r, struct rib_merge *m)
{
	for (uint32_t i = 0; i < m->n_steps; i++)
		if (m->steps[i].table)
			m->steps[i].table->looked--;
	rib_list_free(r, m->steps, m->n_steps);
	m->steps = NULL;
	m->n_steps = 0;
}

void rib_merge_free(struct rib_merge *m)
{
	if (m->v6)
		weir_fib6_free(&m->fib6);
	else
		weir_fib4_free(&m->fib4);
	free(m);
}

static void make_anew(struct rib *r, struct rib_merge *m)
{
	const struct rib_routes *s = &r->routes[m->v6];
	struct collector c = {.r = r, .m = m, .stale_only = true};

	m->stale = collect_all(&c);
	update_collected(r, m);
	update(r, m, (struct rib_key){.len = 0});
	for (uint32_t i = 0; i < m->n_steps; i++)
		if (m->steps[i].dst_len)
			update(r, m, (struct rib_key){m->steps[i].dst, m->steps[i].dst_len});
	for (uint32_t i = 1; i < s->used; i++) {
		const struct rib_rec *rec = rib_rec_at(s, i);

		if (rec->attrs && looks_into(m, rib_attrs_at(r, rec->attrs)->table))
			update(r, m, rib_rec_key(s, rec));
	}
}

static void set_shared(struct rib_merge *m, bool shared)
{
	if (m->v6)
		m->fib6.shared = shared;
	else
		m->fib4.shared = shared;
}

static struct rib_merge *new_merge(struct rib *r, bool v6, struct rib_step *steps, uint32_t n)
{
	struct rib_merge *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->v6 = v6;
	if (v6 ? weir_fib6_init(&m->fib6) : weir_fib4_init(&m->fib4)) {
		free(m);
		return NULL;
	}
	adopt(m, steps, n);
	make_anew(r, m); // aside: nobody reads it yet
	set_shared(m, true);
	m->next = r->merges;
	r->merges = m;
	return m;
}

static void drop(struct rib *r, struct rib_merge *m)
{
	struct rib_merge **at = &r->merges;

	if (!m || --m->refs)
		return;
	while (*at != m)
		at = &(*at)->next;
	*at = m->next;
	let_go(r, m);
	rib_retire(&r->hops, (struct rib_retired){.kind = RIB_RETIRED_MERGE, .what = m});
}

static void want(struct rib *r, struct rib_iface *i, bool v6, struct rib_merge *m)
{
	struct rib_merge *old = i->want[v6];

	m->refs++;
	i->want[v6] = m;
	drop(r, old);
}

static bool same_step(const struct rib_step *a, const struct rib_step *b)
{
	return a->table == b->table && a->value == b->value && a->suppress == b->suppress &&
	       a->inside == b->inside && a->outside == b->outside && a->dst_len == b->dst_len &&
	       a->may_suppress == b->may_suppress && weir_ip6_equal(a->dst, b->dst);
}

static bool same_steps(const struct rib_step *a, uint32_t n_a, const struct rib_step *b,
		       uint32_t n_b)
{
	if (n_a != n_b)
		return false;
	for (uint32_t i = 0; i < n_a; i++)
		if (!same_step(&a[i], &b[i]))
			return false;
	return true;
}

// May the table of an interface take that list where it is? Not while others have the old one.
static bool is_alone(const struct rib *r, const struct rib_iface *me, bool v6)
{
	const struct rib_merge *m = me->want[v6];

	if (!m)
		return false;
	for (const struct rib_iface *i = r->ifaces; i; i = i->next) {
		if (i->want[v6] != m && i->shown[v6] != m)
			continue;
		if (!i->list[v6] || // it has found its table already
		    !same_steps(i->list[v6], i->n_list[v6], me->list[v6], me->n_list[v6]))
			return false;
	}
	return true;
}

// 0, or -ENOMEM: it keeps its table until there is memory for another.
static int settle(struct rib *r, struct rib_iface *i, bool v6)
{
	struct rib_step *steps = i->list[v6];
	uint32_t n = i->n_list[v6];
	struct rib_merge *m = r->merges;

	while (m && (m->v6 != v6 || !same_steps(m->steps, m->n_steps, steps, n)))
		m = m->next;
	if (!m && is_alone(r, i, v6)) {
		m = i->want[v6];
		let_go(r, m);
		adopt(m, steps, n);
		i->list[v6] = NULL;
	} else if (!m) {
		m = new_merge(r, v6, steps, n);
		i->list[v6] = NULL;
	}
	if (!m) {
		rib_list_free(r, steps, n);
		return -ENOMEM;
	}
	if (m != i->want[v6])
		want(r, i, v6, m);
	return 0;
}

static void list_free(struct rib *r, struct rib_iface *i, bool v6)
{
	rib_list_free(r, i->list[v6], i->list[v6] ? i->n_list[v6] : 0);
	i->list[v6] = NULL;
}

static int make_lists(struct rib *r, bool v6)
{
	int err = 0;

	for (struct rib_iface *i = r->ifaces; i && !err; i = i->next)
		err = rib_list(r, i->name, v6, &i->list[v6], &i->n_list[v6]);
	return err;
}

int rib_merge_lists(struct rib *r)
{
	int err = 0;

	for (unsigned v6 = 0; v6 < 2 && !err; v6++) {
		err = make_lists(r, v6);
		for (struct rib_iface *i = r->ifaces; i && !err; i = i->next)
			err = settle(r, i, v6);
		for (struct rib_iface *i = r->ifaces; i; i = i->next)
			list_free(r, i, v6);
	}
	return err;
}

bool rib_merge_renew(struct rib *r)
{
	bool stale = false;

	for (struct rib_merge *m = r->merges; m; m = m->next) {
		if (m->stale || r->lost)
			make_anew(r, m);
		stale |= m->stale;
	}
	r->lost = false;
	return !stale;
}

// --- interfaces -------------------------------------------------------------------------------

void rib_iface_expect(struct rib *r, struct rib_iface *i)
{
	i->soon = (struct weir_view){
		.fib4 = &i->want[0]->fib4,
		.fib6 = &i->want[1]->fib6,
		.hops = r->hops.hop_area.at,
		.buckets = r->hops.bucket_area.at,
		.n_hops = (uint32_t)(r->hops.hop_area.bytes / sizeof(struct weir_hop)),
		.n_buckets = (uint32_t)(r->hops.bucket_area.bytes / sizeof(uint32_t)),
		.soon = &i->soon,
	};
}

void rib_iface_show(struct rib *r, struct rib_iface *i)
{
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct rib_merge *old = i->shown[v6];

		if (old == i->want[v6])
			continue;
		i->shown[v6] = i->want[v6];
		i->shown[v6]->refs++;
		drop(r, old);
	}
	rib_iface_expect(r, i);
	i->view = i->soon;
}

void rib_iface_free(struct rib *r, struct rib_iface *i)
{
	for (unsigned v6 = 0; v6 < 2; v6++) {
		drop(r, i->want[v6]);
		drop(r, i->shown[v6]);
	}
	free(i);
}

struct rib_iface *rib_iface_new(struct rib *r, const char *name)
{
	struct rib_iface *i = calloc(1, sizeof(*i));
	int err = 0;

	if (!i)
		return NULL;
	strncpy(i->name, name, RIB_NAME - 1);
	for (unsigned v6 = 0; v6 < 2 && !err; v6++) {
		err = rib_list(r, i->name, v6, &i->list[v6], &i->n_list[v6]);
		if (!err)
			err = settle(r, i, v6);
		list_free(r, i, v6);
	}
	if (err) {
		rib_iface_free(r, i);
		return NULL;
	}
	rib_iface_show(r, i);
	i->next = r->ifaces;
	r->ifaces = i;
	return i;
}
