// SPDX-License-Identifier: BSD-2-Clause

// Links, addresses, next-hop objects and rules as the kernel has them, and what goes with them
// without a word.

#include "rib_parts.h"

#include <linux/rtnetlink.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

// --- links ------------------------------------------------------------------------------------

// The first link of that index or above.
static uint32_t link_place(const struct rib *r, uint32_t index)
{
	const struct rib_link_entry *v = r->links.v;
	uint32_t lo = 0, hi = r->links.n;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (v[mid].said.index < index)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct rib_link_entry *rib_link_at(const struct rib *r, uint32_t index)
{
	uint32_t i = link_place(r, index);
	struct rib_link_entry *l = (struct rib_link_entry *)r->links.v + i;

	return i < r->links.n && l->said.index == index ? l : NULL;
}

const struct rib_link *rib_find_link(const struct rib *r, uint32_t index)
{
	const struct rib_link_entry *l = rib_link_at(r, index);

	return l ? &l->said : NULL;
}

const struct rib_link *rib_find_name(const struct rib *r, const char *name)
{
	const struct rib_link_entry *v = r->links.v;

	for (uint32_t i = 0; i < r->links.n; i++)
		if (!strncmp(v[i].said.name, name, RIB_NAME))
			return &v[i].said;
	return NULL;
}

static uint32_t port_of(const struct rib *r, const char *name)
{
	for (unsigned i = 0; i < r->n_devices; i++)
		if (!strncmp(r->devices[i], name, RIB_NAME))
			return WEIR_HOP_DEVICE + i;
	return WEIR_HOP_HOST;
}

static bool is_up(const struct rib *r, uint32_t index)
{
	const struct rib_link_entry *l = rib_link_at(r, index);

	return l && l->said.up;
}

// Next-hop objects over a link that is gone.
static void drop_objects(struct rib *r, uint32_t link)
{
	bool again = true;

	while (again) {
		const struct rib_nexthop_entry *v = r->nexthops.v;

		again = false;
		for (uint32_t i = r->nexthops.n; i-- && !again;) {
			const struct rib_nexthop *n = &v[i].said;

			again = !n->n_members && !n->blackhole && n->hop.link == link &&
				!rib_nexthop_gone(r, n->id);
		}
	}
}

static bool all_down(const struct rib *r, const struct rib_path *p, uint32_t link)
{
	bool uses = false;

	for (uint32_t i = 0; i < p->n_hops; i++) {
		uses |= p->hops[i].link == link;
		if (p->hops[i].link != link && is_up(r, p->hops[i].link))
			return false;
	}
	return uses;
}

// IPv4 routes over a link that went down; gone: away, with them those of scope host.
static void drop_routes(struct rib *r, uint32_t link, bool gone)
{
	for (uint32_t i = 1; i < r->attrs.n; i++) {
		struct rib_attrs *a = rib_attrs_at(r, i);

		if (a && !a->path->v6 && (gone || a->scope != RT_SCOPE_HOST) &&
		    all_down(r, a->path, link))
			rib_attrs_die(r, a);
	}
}

static void follow_link(struct rib *r, const struct rib_link *was, const struct rib_link *is)
{
	if (was->up && !is->up)
		drop_routes(r, is->index, false);
	if ((was->up && !is->up) || (was->carrier && !is->carrier))
		drop_objects(r, is->index);
	r->paths_changed |= was->up != is->up || was->carrier != is->carrier ||
			    memcmp(was->ignore_linkdown, is->ignore_linkdown,
				   sizeof(was->ignore_linkdown)) != 0;
	r->lists_changed |= was->master != is->master || was->vrf_table != is->vrf_table;
}

int rib_link(struct rib *r, const struct rib_link *l)
{
	struct rib_link_entry *e = rib_link_at(r, l->index);
	struct rib_link was = {0};

	if (!l->index)
		return -EINVAL;
	if (e)
		was = e->said;
	else
		e = rib_vec_insert(&r->links, link_place(r, l->index), sizeof(*e));
	if (!e)
		return -ENOMEM;
	if (strncmp(was.name, l->name, RIB_NAME) != 0)
		r->paths_changed = r->lists_changed = true;
	*e = (struct rib_link_entry){*l, port_of(r, l->name), true};
	follow_link(r, &was, l);
	return 0;
}

// What was said in this resync stays, whatever it lies on.
static bool follows(const struct rib *r, enum rib_kind kind)
{
	return !r->forgets || !(r->scope.kinds & kind);
}

int rib_link_gone(struct rib *r, uint32_t index)
{
	struct rib_link_entry *e = rib_link_at(r, index);
	uint32_t i = link_place(r, index);

	if (!e)
		return -ENOENT;
	rib_vec_remove(&r->links, i, sizeof(*e));
	if (follows(r, RIB_ROUTES))
		drop_routes(r, index, true);
	if (follows(r, RIB_NEXTHOPS))
		drop_objects(r, index);
	for (i = follows(r, RIB_ADDRS) ? r->addrs.n : 0; i--;) {
		const struct rib_addr_entry *a = (struct rib_addr_entry *)r->addrs.v + i;

		if (a->said.link == index)
			rib_vec_remove(&r->addrs, i, sizeof(*a));
	}
	r->addrs_changed = r->paths_changed = r->lists_changed = true;
	return 0;
}

// --- addresses --------------------------------------------------------------------------------

static bool same_addr(const struct rib_addr *a, const struct rib_addr *b)
{
	return a->link == b->link && a->family == b->family && a->len == b->len &&
	       weir_ip6_equal(a->addr, b->addr);
}

static struct rib_addr_entry *find_addr(const struct rib *r, const struct rib_addr *a)
{
	struct rib_addr_entry *v = r->addrs.v;

	for (uint32_t i = 0; i < r->addrs.n; i++)
		if (same_addr(&v[i].said, a))
			return &v[i];
	return NULL;
}

int rib_addr(struct rib *r, const struct rib_addr *a)
{
	struct rib_addr_entry *e = find_addr(r, a);
	uint32_t i = r->addrs.n;

	if ((a->family != AF_INET && a->family != AF_INET6) || a->len > 128)
		return -EINVAL;
	if (!e) {
		while (i && ((struct rib_addr_entry *)r->addrs.v)[i - 1].said.link > a->link)
			i--;
		e = rib_vec_insert(&r->addrs, i, sizeof(*e));
	}
	if (!e)
		return -ENOMEM;
	*e = (struct rib_addr_entry){*a, true};
	r->addrs_changed = true;
	return 0;
}

// The table of the VRF that a link is in, else the main one.
static uint32_t domain_of(const struct rib *r, uint32_t link)
{
	const struct rib_link_entry *l = rib_link_at(r, link);
	const struct rib_link_entry *m = l ? rib_link_at(r, l->said.master) : NULL;

	if (m && m->said.vrf_table)
		return m->said.vrf_table;
	return l && l->said.vrf_table ? l->said.vrf_table : (uint32_t)RT_TABLE_MAIN;
}

// IPv4 routes that prefer an address which is nowhere any more.
static void drop_preferring(struct rib *r, const struct rib_addr *gone)
{
	const struct rib_addr_entry *v = r->addrs.v;
	uint32_t table = domain_of(r, gone->link);

	for (uint32_t i = 0; i < r->addrs.n; i++)
		if (v[i].said.family == AF_INET && weir_ip6_equal(v[i].said.addr, gone->addr) &&
		    domain_of(r, v[i].said.link) == table)
			return;
	for (uint32_t i = 1; i < r->attrs.n; i++) {
		struct rib_attrs *a = rib_attrs_at(r, i);

		if (a && !a->path->v6 && a->path->has_prefsrc && a->table->id == table &&
		    weir_ip6_equal(a->path->prefsrc, gone->addr))
			rib_attrs_die(r, a);
	}
}

int rib_addr_gone(struct rib *r, const struct rib_addr *a)
{
	struct rib_addr_entry *e = find_addr(r, a);

	if (!e)
		return -ENOENT;
	rib_vec_remove(&r->addrs, (uint32_t)(e - (struct rib_addr_entry *)r->addrs.v), sizeof(*e));
	if (a->family == AF_INET && follows(r, RIB_ROUTES))
		drop_preferring(r, a);
	r->addrs_changed = true;
	return 0;
}

// --- next-hop objects ---------------------------------------------------------------------------

static uint32_t nexthop_place(const struct rib *r, uint32_t id)
{
	const struct rib_nexthop_entry *v = r->nexthops.v;
	uint32_t lo = 0, hi = r->nexthops.n;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (v[mid].said.id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct rib_nexthop_entry *rib_nexthop_at(const struct rib *r, uint32_t id)
{
	uint32_t i = nexthop_place(r, id);
	struct rib_nexthop_entry *n = (struct rib_nexthop_entry *)r->nexthops.v + i;

	return i < r->nexthops.n && n->said.id == id ? n : NULL;
}

int rib_nexthop(struct rib *r, const struct rib_nexthop *n)
{
	struct rib_nexthop_entry *e = rib_nexthop_at(r, n->id);
	struct rib_member *members = NULL;

	if (!n->id)
		return -EINVAL;
	if (n->n_members) {
		members = calloc(n->n_members, sizeof(*members));
		if (!members)
			return -ENOMEM;
		memcpy(members, n->members, n->n_members * sizeof(*members));
	}
	if (e) {
		free((void *)e->said.members);
	} else {
		e = rib_vec_insert(&r->nexthops, nexthop_place(r, n->id), sizeof(*e));
		if (!e) {
			free(members);
			return -ENOMEM;
		}
	}
	*e = (struct rib_nexthop_entry){*n, true};
	e->said.members = members;
	r->paths_changed = true;
	return 0;
}

// A group without its member; true: it has no other.
static bool leave(struct rib_nexthop *group, uint32_t id)
{
	struct rib_member *m = (struct rib_member *)group->members;
	unsigned n = 0;

	for (unsigned i = 0; i < group->n_members; i++)
		if (m[i].id != id)
			m[n++] = m[i];
	if (n)
		group->n_members = n;
	return !n;
}

static bool has_member(const struct rib_nexthop *group, uint32_t id)
{
	for (unsigned i = 0; i < group->n_members; i++)
		if (group->members[i].id == id)
			return true;
	return false;
}

static void drop_object(struct rib *r, uint32_t id)
{
	struct rib_nexthop_entry *e = rib_nexthop_at(r, id);

	free((void *)e->said.members);
	rib_vec_remove(&r->nexthops, nexthop_place(r, id), sizeof(*e));
	for (uint32_t i = 1; i < r->attrs.n && follows(r, RIB_ROUTES); i++) {
		struct rib_attrs *a = rib_attrs_at(r, i);

		if (a && a->path->nexthop == id)
			rib_attrs_die(r, a);
	}
}

int rib_nexthop_gone(struct rib *r, uint32_t id)
{
	if (!rib_nexthop_at(r, id))
		return -ENOENT;
	drop_object(r, id);
	r->paths_changed = true;
	for (uint32_t i = r->nexthops.n; i--;) {
		struct rib_nexthop *n = &((struct rib_nexthop_entry *)r->nexthops.v)[i].said;

		// groups have no groups as members, so this ends here
		if (has_member(n, id) && leave(n, id))
			drop_object(r, n->id);
	}
	return 0;
}

bool rib_path_uses(const struct rib *r, const struct rib_path *p, uint32_t link)
{
	const struct rib_nexthop_entry *n = p->nexthop ? rib_nexthop_at(r, p->nexthop) : NULL;

	for (uint32_t i = 0; i < p->n_hops; i++)
		if (p->hops[i].link == link)
			return true;
	if (!n || !n->said.n_members)
		return n && n->said.hop.link == link;
	for (uint32_t i = 0; i < n->said.n_members; i++) {
		const struct rib_nexthop_entry *m = rib_nexthop_at(r, n->said.members[i].id);

		if (m && m->said.hop.link == link)
			return true;
	}
	return false;
}

// --- rules --------------------------------------------------------------------------------------

// All of it but the padding at the end.
static bool same_rule(const struct rib_rule *a, const struct rib_rule *b)
{
	return !memcmp(a, b, offsetof(struct rib_rule, oif) + sizeof(a->oif));
}

static struct rib_rule_entry *find_rule(const struct rib *r, const struct rib_rule *rule)
{
	struct rib_rule_entry *v = r->rules.v;

	for (uint32_t i = 0; i < r->rules.n; i++)
		if (same_rule(&v[i].said, rule))
			return &v[i];
	return NULL;
}

static bool is_prefix(uint8_t family, struct weir_ip6 addr, unsigned len)
{
	return len <= (family == AF_INET6 ? 128 : 32) &&
	       weir_ip6_equal(rib_masked(addr, len), addr);
}

int rib_rule(struct rib *r, const struct rib_rule *rule)
{
	struct rib_rule_entry *e = find_rule(r, rule), *v = r->rules.v;
	uint32_t i = r->rules.n;

	if ((rule->family != AF_INET && rule->family != AF_INET6) ||
	    !is_prefix(rule->family, rule->dst, rule->dst_len) ||
	    !is_prefix(rule->family, rule->src, rule->src_len))
		return -EINVAL;
	if (e) {
		e->seen = true;
		return 0;
	}
	while (i && v[i - 1].said.priority > rule->priority)
		i--;
	e = rib_vec_insert(&r->rules, i, sizeof(*e));
	if (!e)
		return -ENOMEM;
	*e = (struct rib_rule_entry){*rule, true};
	r->lists_changed = true;
	return 0;
}

int rib_rule_gone(struct rib *r, const struct rib_rule *rule)
{
	struct rib_rule_entry *e = find_rule(r, rule);

	if (!e)
		return -ENOENT;
	rib_vec_remove(&r->rules, (uint32_t)(e - (struct rib_rule_entry *)r->rules.v), sizeof(*e));
	r->lists_changed = true;
	return 0;
}

// --- all of them --------------------------------------------------------------------------------

void rib_objects_unsee(struct rib *r)
{
	for (uint32_t i = 0; i < r->links.n; i++)
		((struct rib_link_entry *)r->links.v)[i].seen = false;
	for (uint32_t i = 0; i < r->addrs.n; i++)
		((struct rib_addr_entry *)r->addrs.v)[i].seen = false;
	for (uint32_t i = 0; i < r->nexthops.n; i++)
		((struct rib_nexthop_entry *)r->nexthops.v)[i].seen = false;
	for (uint32_t i = 0; i < r->rules.n; i++)
		((struct rib_rule_entry *)r->rules.v)[i].seen = false;
}

static bool of_family(const struct rib *r, uint8_t family)
{
	return !r->scope.family || r->scope.family == family;
}

static void forget_links(struct rib *r)
{
	for (uint32_t i = r->links.n; i--;) {
		const struct rib_link_entry *l = (struct rib_link_entry *)r->links.v + i;

		if (!l->seen)
			rib_link_gone(r, l->said.index);
	}
}

static void forget_addrs(struct rib *r)
{
	for (uint32_t i = r->addrs.n; i--;) {
		const struct rib_addr_entry a = ((struct rib_addr_entry *)r->addrs.v)[i];

		if (!a.seen && of_family(r, a.said.family))
			rib_addr_gone(r, &a.said);
	}
}

static void forget_nexthops(struct rib *r)
{
	for (uint32_t i = r->nexthops.n; i--;) {
		const struct rib_nexthop_entry *n = (struct rib_nexthop_entry *)r->nexthops.v + i;

		if (n->seen)
			continue;
		drop_object(r, n->said.id);
		r->paths_changed = true;
	}
}

static void forget_rules(struct rib *r)
{
	for (uint32_t i = r->rules.n; i--;) {
		const struct rib_rule_entry *e = (struct rib_rule_entry *)r->rules.v + i;

		if (e->seen || !of_family(r, e->said.family))
			continue;
		rib_vec_remove(&r->rules, i, sizeof(*e));
		r->lists_changed = true;
	}
}

void rib_objects_forget(struct rib *r)
{
	r->forgets = true;
	if (r->scope.kinds & RIB_LINKS)
		forget_links(r);
	if (r->scope.kinds & RIB_ADDRS)
		forget_addrs(r);
	if (r->scope.kinds & RIB_NEXTHOPS)
		forget_nexthops(r);
	if (r->scope.kinds & RIB_RULES)
		forget_rules(r);
	r->forgets = false;
}

void rib_objects_free(struct rib *r)
{
	for (uint32_t i = 0; i < r->nexthops.n; i++)
		free((void *)((struct rib_nexthop_entry *)r->nexthops.v)[i].said.members);
	free(r->links.v);
	free(r->addrs.v);
	free(r->nexthops.v);
	free(r->rules.v);
}
