// SPDX-License-Identifier: BSD-2-Clause
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include <rib_twin.h>
#include <stdlib.h>
#include <sys/socket.h>

// --- routes -----------------------------------------------------------------------------------

static void drop_route(struct twin *t, unsigned i)
{
	memmove(&t->routes[i], &t->routes[i + 1], (--t->n_routes - i) * sizeof(t->routes[0]));
}

static void put_route(struct twin *t, unsigned i, const struct rib_route *route)
{
	if (t->n_routes == TWIN_ROUTES)
		abort();
	memmove(&t->routes[i + 1], &t->routes[i], (t->n_routes++ - i) * sizeof(t->routes[0]));
	t->routes[i].said = *route;
	for (unsigned k = 0; k < route->n_hops; k++)
		t->routes[i].hops[k] = route->hops[k];
}

static bool same_key(const struct rib_route *a, const struct rib_route *b)
{
	return a->family == b->family && a->table == b->table && a->len == b->len &&
	       weir_ip6_equal(a->dst, b->dst) && a->tos == b->tos && a->metric == b->metric &&
	       a->src_len == b->src_len && weir_ip6_equal(a->src, b->src);
}

static bool same_hop(const struct rib_hop *a, const struct rib_hop *b)
{
	return a->link == b->link && a->gw_family == b->gw_family && weir_ip6_equal(a->gw, b->gw);
}

static bool same_route(const struct twin_route *a, const struct rib_route *b)
{
	if (!same_key(&a->said, b) || a->said.type != b->type || a->said.scope != b->scope ||
	    a->said.protocol != b->protocol || a->said.nexthop != b->nexthop ||
	    a->said.has_prefsrc != b->has_prefsrc || a->said.n_hops != b->n_hops ||
	    !weir_ip6_equal(a->said.prefsrc, b->prefsrc))
		return false;
	for (unsigned i = 0; i < b->n_hops; i++)
		if (!same_hop(&a->hops[i], &b->hops[i]) || a->hops[i].weight != b->hops[i].weight ||
		    a->hops[i].encap != b->hops[i].encap)
			return false;
	return true;
}

static bool is_sibling(const struct rib_route *r, const struct rib_hop *hops)
{
	return r->family == AF_INET6 && r->type == RTN_UNICAST && !r->nexthop && hops[0].gw_family;
}

static bool has_hop(const struct rib_hop *h, const struct rib_hop *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (same_hop(h, &v[i]))
			return true;
	return false;
}

// What was there joins what comes, unless that names it.
static void join(struct twin_route *a, const struct rib_route *b)
{
	struct rib_hop v[2 * TWIN_HOPS];
	unsigned n = 0, all = 0;

	for (unsigned i = 0; i < a->said.n_hops; i++) {
		if (has_hop(&a->hops[i], b->hops, b->n_hops))
			all++;
		else
			v[n++] = a->hops[i];
	}
	if (all == a->said.n_hops)
		n = 0;
	for (unsigned i = 0; i < b->n_hops; i++)
		v[n++] = b->hops[i];
	if (n > TWIN_HOPS)
		abort();
	memcpy(a->hops, v, n * sizeof(v[0]));
	a->said = *b;
	a->said.n_hops = n;
}

void twin_route(struct twin *t, const struct rib_route *route, bool replace, bool append)
{
	int first = -1, last = -1, kind = -1;
	bool sibling = is_sibling(route, route->hops);

	for (unsigned i = 0; i < t->n_routes; i++) {
		struct twin_route *o = &t->routes[i];

		if (same_route(o, route))
			return;
		if (!same_key(&o->said, route))
			continue;
		if (first < 0)
			first = (int)i;
		last = (int)i;
		if (kind < 0 && is_sibling(&o->said, o->hops) == sibling)
			kind = (int)i;
	}
	if (!replace && sibling && kind >= 0) {
		join(&t->routes[kind], route);
		return;
	}
	if (replace && first >= 0) {
		first = kind >= 0 ? kind : first;
		drop_route(t, (unsigned)first);
		put_route(t, (unsigned)first, route);
	} else if (last >= 0 && (append || route->family == AF_INET6)) {
		put_route(t, (unsigned)last + 1, route);
	} else {
		put_route(t, first >= 0 ? (unsigned)first : t->n_routes, route);
	}
}

void twin_route_gone(struct twin *t, const struct rib_route *route)
{
	for (unsigned i = 0; i < t->n_routes; i++) {
		if (!same_route(&t->routes[i], route))
			continue;
		drop_route(t, i);
		return;
	}
	abort();
}

// --- objects ----------------------------------------------------------------------------------

static const struct rib_link *link_of(const struct twin *t, uint32_t index)
{
	return index && t->links[index - 1].index ? &t->links[index - 1] : NULL;
}

static bool is_up(const struct twin *t, uint32_t index)
{
	return link_of(t, index) && link_of(t, index)->up;
}

static void link_down(struct twin *t, uint32_t index, bool gone)
{
	for (unsigned i = t->n_routes; i--;) {
		const struct twin_route *r = &t->routes[i];
		bool there = false, up = false;

		for (unsigned k = 0; k < r->said.n_hops; k++) {
			there |= r->hops[k].link == index;
			up |= is_up(t, r->hops[k].link);
		}
		if (there && !up && r->said.family == AF_INET &&
		    (gone || r->said.scope != RT_SCOPE_HOST))
			drop_route(t, i);
	}
}

static void link_lost(struct twin *t, uint32_t index)
{
	for (unsigned i = 0; i < t->n_nexthops;) {
		const struct rib_nexthop *n = &t->nexthops[i++].said;

		if (n->n_members || n->blackhole || n->hop.link != index)
			continue;
		twin_nexthop_gone(t, n->id);
		i = 0;
	}
}

void twin_link(struct twin *t, const struct rib_link *l)
{
	struct rib_link was = t->links[l->index - 1];

	t->links[l->index - 1] = *l;
	if (was.up && !l->up)
		link_down(t, l->index, false);
	if ((was.up && !l->up) || (was.carrier && !l->carrier))
		link_lost(t, l->index);
}

void twin_link_gone(struct twin *t, uint32_t index)
{
	t->links[index - 1] = (struct rib_link){0};
	link_down(t, index, true);
	link_lost(t, index);
	for (unsigned i = t->n_addrs; i--;)
		if (t->addrs[i].link == index)
			t->addrs[i] = t->addrs[--t->n_addrs];
}

void twin_addr(struct twin *t, const struct rib_addr *a)
{
	if (t->n_addrs == TWIN_LINKS)
		abort();
	t->addrs[t->n_addrs++] = *a;
}

static uint32_t domain_of(const struct twin *t, uint32_t index)
{
	const struct rib_link *l = link_of(t, index), *m = l ? link_of(t, l->master) : NULL;

	return m && m->vrf_table   ? m->vrf_table
	       : l && l->vrf_table ? l->vrf_table
				   : (uint32_t)RT_TABLE_MAIN;
}

void twin_addr_gone(struct twin *t, const struct rib_addr *a)
{
	uint32_t table = domain_of(t, a->link);
	bool still = false;

	for (unsigned i = t->n_addrs; i--;)
		if (!memcmp(&t->addrs[i], a, sizeof(*a)))
			t->addrs[i] = t->addrs[--t->n_addrs];
	for (unsigned i = 0; i < t->n_addrs; i++)
		still |= t->addrs[i].family == AF_INET &&
			 weir_ip6_equal(t->addrs[i].addr, a->addr) &&
			 domain_of(t, t->addrs[i].link) == table;
	for (unsigned i = t->n_routes; !still && a->family == AF_INET && i--;) {
		const struct rib_route *r = &t->routes[i].said;

		if (r->family == AF_INET && r->has_prefsrc && r->table == table &&
		    weir_ip6_equal(r->prefsrc, a->addr))
			drop_route(t, i);
	}
}

static struct twin_nexthop *nexthop_of(const struct twin *t, uint32_t id)
{
	for (unsigned i = 0; i < t->n_nexthops; i++)
		if (t->nexthops[i].said.id == id)
			return (struct twin_nexthop *)&t->nexthops[i];
	return NULL;
}

void twin_nexthop(struct twin *t, const struct rib_nexthop *n)
{
	struct twin_nexthop *o = nexthop_of(t, n->id);

	if (!o && t->n_nexthops == TWIN_NEXTHOPS)
		abort();
	if (!o)
		o = &t->nexthops[t->n_nexthops++];
	o->said = *n;
	for (unsigned i = 0; i < n->n_members; i++)
		o->members[i] = n->members[i];
}

static void drop_nexthop(struct twin *t, uint32_t id)
{
	*nexthop_of(t, id) = t->nexthops[t->n_nexthops - 1];
	t->n_nexthops--;
	for (unsigned i = t->n_routes; i--;)
		if (t->routes[i].said.nexthop == id)
			drop_route(t, i);
}

static bool leave(struct twin_nexthop *g, uint32_t id)
{
	unsigned n = 0, before = g->said.n_members;

	for (unsigned i = 0; i < before; i++)
		if (g->members[i].id != id)
			g->members[n++] = g->members[i];
	g->said.n_members = n;
	return before && !n;
}

void twin_nexthop_gone(struct twin *t, uint32_t id)
{
	drop_nexthop(t, id);
	for (unsigned i = 0; i < t->n_nexthops;) {
		if (leave(&t->nexthops[i], id)) {
			drop_nexthop(t, t->nexthops[i].said.id);
			i = 0;
		} else {
			i++;
		}
	}
}

void twin_rule(struct twin *t, const struct rib_rule *rule)
{
	unsigned i = 0;

	if (t->n_rules == TWIN_RULES)
		abort();
	while (i < t->n_rules && t->rules[i].priority <= rule->priority)
		i++;
	memmove(&t->rules[i + 1], &t->rules[i], (t->n_rules++ - i) * sizeof(*rule));
	t->rules[i] = *rule;
}

void twin_rule_gone(struct twin *t, unsigned i)
{
	memmove(&t->rules[i], &t->rules[i + 1], (--t->n_rules - i) * sizeof(t->rules[0]));
}

// --- look-ups ---------------------------------------------------------------------------------

static bool covers(struct weir_ip6 prefix, unsigned len, struct weir_ip6 a)
{
	struct weir_ip6 m = weir_ip6_mask(len);

	return (a.hi & m.hi) == prefix.hi && (a.lo & m.lo) == prefix.lo;
}

static int level_of(const struct twin *t, const struct rib_hop *h, uint8_t family)
{
	const struct rib_link *l = link_of(t, h->link);

	if (!l || !l->up)
		return 0;
	if (l->carrier)
		return 2;
	return l->ignore_linkdown[family == AF_INET6] ? 0 : 1;
}

static uint32_t port_of(const struct twin *t, const struct rib_hop *h)
{
	for (unsigned i = 0; i < t->n_devices && !h->encap; i++)
		if (!strcmp(t->devices[i], link_of(t, h->link)->name))
			return WEIR_HOP_DEVICE + i;
	return WEIR_HOP_HOST;
}

// The level of a next hop, which joins the others if that is the best so far.
static void add_hop(const struct twin *t, struct twin_way *w, int *best, const struct rib_hop *h,
		    uint32_t weight, uint8_t family)
{
	int level = level_of(t, h, family);

	if (!level || level < *best)
		return;
	if (level > *best)
		w->n = 0;
	*best = level;
	w->hops[w->n].port = port_of(t, h);
	w->hops[w->n].link = h->link;
	w->hops[w->n].weight = weight ? weight : 1;
	w->hops[w->n].gw_family = h->gw_family;
	w->hops[w->n].gw = h->gw;
	w->n++;
}

static void add_object(const struct twin *t, struct twin_way *w, int *best, uint32_t id,
		       uint32_t weight, uint8_t family)
{
	const struct twin_nexthop *n = nexthop_of(t, id);

	if (!n || n->said.n_members)
		return;
	if (!n->said.blackhole) {
		add_hop(t, w, best, &n->said.hop, weight, family);
		return;
	}
	if (*best < 2)
		w->n = 0;
	*best = 2;
	memset(&w->hops[w->n], 0, sizeof(w->hops[0]));
	w->hops[w->n].port = WEIR_HOP_BLACKHOLE;
	w->hops[w->n].weight = weight ? weight : 1;
	w->n++;
}

static struct twin_way fixed(uint32_t port)
{
	struct twin_way w = {.n = 1};

	w.hops[0].port = port;
	w.hops[0].weight = 1;
	return w;
}

static uint32_t port_of_type(uint8_t type)
{
	switch (type) {
	case RTN_BLACKHOLE:
		return WEIR_HOP_BLACKHOLE;
	case RTN_UNREACHABLE:
		return WEIR_HOP_UNREACHABLE;
	case RTN_PROHIBIT:
		return WEIR_HOP_PROHIBIT;
	default:
		return WEIR_HOP_HOST;
	}
}

static struct twin_way way_of(const struct twin *t, const struct twin_route *r)
{
	const struct twin_nexthop *n = nexthop_of(t, r->said.nexthop);
	struct twin_way w = {.route = r->said, .nexthop = r->said.nexthop};
	int best = 0;

	if (r->said.type != RTN_UNICAST)
		return fixed(port_of_type(r->said.type));
	memcpy(w.route_hops, r->hops, sizeof(r->hops));
	if (!r->said.nexthop) {
		for (unsigned i = 0; i < r->said.n_hops; i++)
			add_hop(t, &w, &best, &r->hops[i], r->hops[i].weight, r->said.family);
		w.group = r->said.n_hops > 1;
	} else if (n && n->said.n_members) {
		for (unsigned i = 0; i < n->said.n_members; i++)
			add_object(t, &w, &best, n->members[i].id, n->members[i].weight,
				   r->said.family);
		w.group = true;
	} else {
		add_object(t, &w, &best, r->said.nexthop, 1, r->said.family);
	}
	return w;
}

// Would the kernel look at a before b?
static bool is_before(const struct rib_route *a, const struct rib_route *b)
{
	if (a->len != b->len)
		return a->len > b->len;
	if (a->src_len != b->src_len)
		return a->src_len > b->src_len;
	if (a->tos != b->tos)
		return a->tos > b->tos;
	return a->metric < b->metric;
}

static const struct twin_route *search(const struct twin *t, uint32_t table,
				       const struct twin_packet *p, struct twin_way *w)
{
	const struct twin_route *best = NULL;

	for (unsigned i = 0; i < t->n_routes; i++) {
		const struct rib_route *r = &t->routes[i].said;

		if (r->table != table || r->family != p->family ||
		    !covers(r->dst, r->len, p->dst) || !covers(r->src, r->src_len, p->src) ||
		    (r->tos && r->tos != p->tos) || (best && !is_before(r, &best->said)))
			continue;
		if (way_of(t, &t->routes[i]).n)
			best = &t->routes[i];
	}
	if (best)
		*w = way_of(t, best);
	return best;
}

static const struct rib_link *master_of(const struct twin *t, const char *iif)
{
	for (unsigned i = 0; i < TWIN_LINKS; i++) {
		const struct rib_link *l = &t->links[i], *m = link_of(t, l->master);

		if (!l->index || strcmp(l->name, iif) != 0)
			continue;
		if (l->vrf_table)
			return l;
		return m && m->vrf_table ? m : NULL;
	}
	return NULL;
}

static bool matches(const struct twin *t, const struct rib_rule *r, const struct twin_packet *p)
{
	const char *iif = p->iif ? p->iif : "lo";
	const struct rib_link *master = master_of(t, iif);
	bool yes = covers(r->dst, r->dst_len, p->dst) && covers(r->src, r->src_len, p->src);

	yes = yes &&
	      (!r->iif[0] || !strcmp(r->iif, iif) || (master && !strcmp(r->iif, master->name)));
	yes = yes && (!r->oif[0] || (master && !strcmp(r->oif, master->name)));
	yes = yes && (!r->l3mdev || master);
	yes = yes && !((p->marks ^ r->mark) & r->mark_mask);
	yes = yes && (!r->has_uid || r->uid.first == 0);
	return yes != r->invert;
}

// True: the rule decides.
static bool apply(const struct twin *t, const struct rib_rule *r, const struct twin_packet *p,
		  struct twin_way *w)
{
	const struct rib_link *master = master_of(t, p->iif ? p->iif : "lo");
	const struct twin_route *found;
	bool says_no;

	if (r->action == FR_ACT_BLACKHOLE || r->action == FR_ACT_UNREACHABLE ||
	    r->action == FR_ACT_PROHIBIT) {
		*w = fixed(r->action == FR_ACT_BLACKHOLE     ? WEIR_HOP_BLACKHOLE
			   : r->action == FR_ACT_UNREACHABLE ? WEIR_HOP_UNREACHABLE
							     : WEIR_HOP_PROHIBIT);
		return true;
	}
	if (r->action != FR_ACT_TO_TBL)
		return false;
	found = search(t, r->l3mdev ? master->vrf_table : r->table, p, w);
	if (!found || found->said.type == RTN_THROW)
		return false;
	says_no = w->n == 1 && !w->group && w->hops[0].port >= WEIR_HOP_UNREACHABLE &&
		  w->hops[0].port <= WEIR_HOP_BLACKHOLE;
	return says_no || (int)found->said.len > r->suppress_prefixlength;
}

struct twin_way twin_lookup(const struct twin *t, const struct twin_packet *p)
{
	struct twin_way w;

	for (unsigned i = 0; i < t->n_rules; i++) {
		const struct rib_rule *r = &t->rules[i];

		if (r->family != p->family || !matches(t, r, p))
			continue;
		if (apply(t, r, p, &w))
			return w;
		if (r->action != FR_ACT_GOTO)
			continue;
		for (unsigned k = i + 1; k < t->n_rules; k++) {
			if (t->rules[k].family != p->family || t->rules[k].priority != r->target)
				continue;
			i = k - 1;
			break;
		}
	}
	return fixed(WEIR_HOP_NO_ROUTE);
}

bool twin_same_way(const struct twin_way *a, const struct twin_way *b)
{
	struct twin_route x = {.said = a->route};

	if (a->group != b->group || a->n != b->n)
		return false;
	if (a->route.has_prefsrc != b->route.has_prefsrc ||
	    !weir_ip6_equal(a->route.prefsrc, b->route.prefsrc))
		return !a->group && a->hops[0].port < WEIR_HOP_DEVICE && !a->hops[0].link &&
		       !b->hops[0].link && a->hops[0].port == b->hops[0].port;
	if (!a->group)
		return a->hops[0].port == b->hops[0].port && a->hops[0].link == b->hops[0].link &&
		       a->hops[0].gw_family == b->hops[0].gw_family &&
		       weir_ip6_equal(a->hops[0].gw, b->hops[0].gw);
	if (a->nexthop || b->nexthop)
		return a->nexthop == b->nexthop;
	memcpy(x.hops, a->route_hops, sizeof(x.hops));
	if (a->route.n_hops != b->route.n_hops)
		return false;
	for (unsigned i = 0; i < a->route.n_hops; i++)
		if (!same_hop(&x.hops[i], &b->route_hops[i]) ||
		    x.hops[i].weight != b->route_hops[i].weight)
			return false;
	return true;
}
