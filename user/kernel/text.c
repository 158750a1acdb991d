// SPDX-License-Identifier: BSD-2-Clause

// What the follower knows and how it fares, as text and as JSON. Texts read much as those of
// iproute2, one thing a line.

#include "mirror.h"
#include "page.h"

#include <linux/fib_rules.h>
#include <linux/neighbour.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

// --- parts of things ---

static const char *address(char to[INET6_ADDRSTRLEN], uint8_t family, struct weir_ip6 a)
{
	uint8_t bytes[16];
	uint32_t ip4 = htonl(rib_to_ip4(a));

	weir_ip6_write(bytes, a);
	return inet_ntop(family, family == AF_INET ? (const void *)&ip4 : bytes, to,
			 INET6_ADDRSTRLEN);
}

static void put_address(struct page *p, const char *name, uint8_t family, struct weir_ip6 a)
{
	char text[INET6_ADDRSTRLEN];

	page_named(p, name, address(text, family, a));
}

static const char *prefix(char to[INET6_ADDRSTRLEN + 8], uint8_t family, struct weir_ip6 a,
			  unsigned len)
{
	char text[INET6_ADDRSTRLEN];

	snprintf(to, INET6_ADDRSTRLEN + 8, "%s/%u", address(text, family, a), len);
	return to;
}

static void put_link(struct page *p, const char *name, uint32_t index)
{
	const struct rib_link *l = rib_find_link(p->k->rib, index);
	char text[16];

	if (!index)
		return;
	snprintf(text, sizeof(text), "%u", index);
	page_named(p, name, l ? l->name : text);
}

static void put_hop(struct page *p, const struct rib_hop *h)
{
	if (h->gw_family)
		put_address(p, "via", h->gw_family, h->gw);
	put_link(p, "dev", h->link);
	if (h->weight > 1)
		page_number(p, "weight", h->weight);
	page_flag(p, "onlink", h->onlink);
	page_flag(p, "encap", h->encap);
}

static const char *of(const char *const *names, unsigned n, unsigned i)
{
	return i < n && names[i] ? names[i] : "other";
}

static const char *route_type(unsigned type)
{
	static const char *const names[] = {
		[RTN_UNICAST] = "unicast",
		[RTN_LOCAL] = "local",
		[RTN_BROADCAST] = "broadcast",
		[RTN_ANYCAST] = "anycast",
		[RTN_MULTICAST] = "multicast",
		[RTN_BLACKHOLE] = "blackhole",
		[RTN_UNREACHABLE] = "unreachable",
		[RTN_PROHIBIT] = "prohibit",
		[RTN_THROW] = "throw",
		[RTN_NAT] = "nat",
	};

	return of(names, sizeof(names) / sizeof(names[0]), type);
}

static const char *rule_action(unsigned action)
{
	static const char *const names[] = {
		[FR_ACT_TO_TBL] = "lookup",
		[FR_ACT_GOTO] = "goto",
		[FR_ACT_NOP] = "nop",
		[FR_ACT_BLACKHOLE] = "blackhole",
		[FR_ACT_UNREACHABLE] = "unreachable",
		[FR_ACT_PROHIBIT] = "prohibit",
	};

	return of(names, sizeof(names) / sizeof(names[0]), action);
}

// --- the lists ---

static void put_hops(struct page *p, const struct rib_route *r)
{
	if (r->n_hops == 1) {
		put_hop(p, r->hops);
		return;
	}
	if (!r->n_hops)
		return;
	page_begin_list(p, "nexthops");
	for (unsigned i = 0; i < r->n_hops; i++) {
		page_begin_item(p, i, "nexthop");
		put_hop(p, &r->hops[i]);
		page_end_item(p);
	}
	page_end_list(p);
}

static int put_route(void *arg, const struct rib_route *r, uint32_t value)
{
	char text[INET6_ADDRSTRLEN + 8];
	struct page *p = arg;

	page_begin_thing(p);
	page_word(p, "type", route_type(r->type));
	page_word(p, "dst", prefix(text, r->family, r->dst, r->len));
	if (r->src_len)
		page_named(p, "from", prefix(text, r->family, r->src, r->src_len));
	if (r->tos)
		page_number(p, "tos", r->tos);
	if (r->nexthop)
		page_number(p, "nhid", r->nexthop);
	put_hops(p, r);
	page_number(p, "table", r->table);
	page_number(p, "proto", r->protocol);
	page_number(p, "scope", r->scope);
	if (r->has_prefsrc)
		put_address(p, "prefsrc", r->family, r->prefsrc);
	page_number(p, "metric", r->metric);
	if (r->pref)
		page_number(p, "pref", r->pref);
	page_flag(p, "unused", value == WEIR_FIB4_NONE);
	page_end_thing(p);
	return p->out->failed;
}

static void put_routes(struct page *p)
{
	if (!rib_walk_routes(p->k->rib, AF_INET, put_route, p))
		rib_walk_routes(p->k->rib, AF_INET6, put_route, p);
}

static int put_nexthop(void *arg, const struct rib_nexthop *n)
{
	struct page *p = arg;

	page_begin_thing(p);
	page_number(p, "id", n->id);
	page_flag(p, "blackhole", n->blackhole);
	page_flag(p, "fdb", n->fdb);
	page_flag(p, "resilient", n->resilient);
	if (n->resilient)
		page_number(p, "buckets", n->n_buckets);
	if (n->n_members) {
		page_begin_list(p, "group");
		for (unsigned i = 0; i < n->n_members; i++) {
			page_begin_item(p, i, "member");
			page_number(p, "id", n->members[i].id);
			page_number(p, "weight", n->members[i].weight);
			page_end_item(p);
		}
		page_end_list(p);
	} else if (!n->blackhole) {
		put_hop(p, &n->hop);
	}
	page_end_thing(p);
	return p->out->failed;
}

static void put_nexthops(struct page *p)
{
	rib_walk_nexthops(p->k->rib, put_nexthop, p);
}

static void put_range(struct page *p, const char *name, struct rib_range r)
{
	char text[32];

	snprintf(text, sizeof(text), "%u-%u", r.first, r.last);
	page_named(p, name, text);
}

static void put_selectors(struct page *p, const struct rib_rule *r)
{
	char text[32];

	if (r->mark || r->mark_mask) {
		snprintf(text, sizeof(text), "0x%x/0x%x", r->mark, r->mark_mask);
		page_named(p, "fwmark", text);
	}
	if (r->iif[0])
		page_named(p, "iif", r->iif);
	if (r->oif[0])
		page_named(p, "oif", r->oif);
	page_flag(p, "l3mdev", r->l3mdev);
	if (r->has_uid)
		put_range(p, "uidrange", r->uid);
	if (r->ip_proto)
		page_number(p, "ipproto", r->ip_proto);
	if (r->sport.last)
		put_range(p, "sport", r->sport);
	if (r->dport.last)
		put_range(p, "dport", r->dport);
	if (r->tunnel)
		page_number(p, "tun_id", r->tunnel);
	page_flag(p, "and-more", r->other);
}

static int put_rule(void *arg, const struct rib_rule *r)
{
	char text[INET6_ADDRSTRLEN + 8];
	struct page *p = arg;

	page_begin_thing(p);
	page_word(p, "family", r->family == AF_INET ? "inet" : "inet6");
	page_number(p, "priority", r->priority);
	page_flag(p, "not", r->invert);
	page_named(p, "from", r->src_len ? prefix(text, r->family, r->src, r->src_len) : "all");
	if (r->dst_len)
		page_named(p, "to", prefix(text, r->family, r->dst, r->dst_len));
	if (r->tos)
		page_number(p, "tos", r->tos);
	put_selectors(p, r);
	page_word(p, "action", rule_action(r->action));
	if (r->action == FR_ACT_TO_TBL)
		page_number(p, "table", r->table);
	if (r->action == FR_ACT_GOTO)
		page_number(p, "target", r->target);
	if (r->suppress_prefixlength >= 0)
		page_number(p, "suppress_prefixlength", (unsigned)r->suppress_prefixlength);
	if (r->suppress_ifgroup >= 0)
		page_number(p, "suppress_ifgroup", (unsigned)r->suppress_ifgroup);
	page_end_thing(p);
	return p->out->failed;
}

static void put_rules(struct page *p)
{
	rib_walk_rules(p->k->rib, put_rule, p);
}

static const char *mac(char to[18], const uint8_t m[6])
{
	snprintf(to, 18, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
	return to;
}

static int put_one_address(void *arg, const struct rib_addr *a)
{
	char text[INET6_ADDRSTRLEN + 8];
	struct page *p = arg;

	page_begin_thing(p);
	page_word(p, "addr", prefix(text, a->family, a->addr, a->len));
	put_link(p, "dev", a->link);
	page_number(p, "scope", a->scope);
	page_flag(p, "secondary", a->secondary);
	page_flag(p, "deprecated", a->deprecated);
	page_end_thing(p);
	return p->out->failed;
}

static void put_addresses(struct page *p)
{
	rib_walk_addrs(p->k->rib, put_one_address, p);
}

static int put_one_link(void *arg, const struct rib_link *l)
{
	struct page *p = arg;
	char text[18];

	page_begin_thing(p);
	page_number(p, "index", l->index);
	page_word(p, "name", l->name);
	page_word(p, "state", l->up ? "up" : "down");
	page_word(p, "carrier", l->carrier ? "carrier" : "no-carrier");
	page_flag(p, "loopback", l->loopback);
	page_flag(p, "ignore-linkdown", l->ignore_linkdown[0]);
	page_flag(p, "ignore-linkdown6", l->ignore_linkdown[1]);
	page_number(p, "mtu", l->mtu);
	put_link(p, "master", l->master);
	put_link(p, "lower", l->lower);
	if (l->vrf_table)
		page_number(p, "vrf", l->vrf_table);
	if (l->vlan_protocol)
		page_number(p, "vlan", l->vlan_id);
	page_number(p, "group", l->group);
	page_named(p, "mac", mac(text, l->mac));
	page_end_thing(p);
	return p->out->failed;
}

static void put_links(struct page *p)
{
	rib_walk_links(p->k->rib, put_one_link, p);
}

static const char *nud(unsigned state)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {
		{NUD_PERMANENT, "permanent"}, {NUD_NOARP, "noarp"},
		{NUD_REACHABLE, "reachable"}, {NUD_STALE, "stale"},
		{NUD_DELAY, "delay"},	      {NUD_PROBE, "probe"},
		{NUD_FAILED, "failed"},	      {NUD_INCOMPLETE, "incomplete"},
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (state & names[i].bit)
			return names[i].name;
	return "none";
}

static void put_neighbor(struct page *p, const struct kernel_neighbor *n)
{
	char text[INET6_ADDRSTRLEN];

	page_begin_thing(p);
	page_word(p, "addr", inet_ntop(n->family, n->addr, text, sizeof(text)));
	put_link(p, "dev", n->link);
	if (n->told && n->state == WEIR_NEIGHBOR_KNOWN)
		page_named(p, "lladdr", mac(text, n->mac));
	page_word(p, "state", nud(n->nud));
	page_end_thing(p);
}

static void put_neighbors(struct page *p)
{
	for (unsigned i = 0; i < NEIGHBOR_ROWS && !p->out->failed; i++)
		for (const struct kernel_neighbor *n = p->k->neighbors.rows[i]; n; n = n->next)
			put_neighbor(p, n);
}

// --- state ---

static void put_count(struct page *p, const char *name, unsigned long long value)
{
	page_begin_field(p, name);
	if (p->json)
		weir_printf(p->out, "%llu", value);
	else
		weir_printf(p->out, "%s: %llu\n", name, value);
	p->fields = p->json;
}

static void put_tables(struct page *p, const struct rib_counts *c)
{
	put_count(p, "links", c->links);
	put_count(p, "addresses", c->addrs);
	put_count(p, "nexthops", c->nexthops);
	put_count(p, "rules", c->rules);
	put_count(p, "routes", c->routes[0]);
	put_count(p, "routes6", c->routes[1]);
	put_count(p, "hops", c->hops);
	put_count(p, "groups", c->groups);
	put_count(p, "buckets", c->buckets);
	put_count(p, "names", c->names);
	put_count(p, "views", c->views);
	put_count(p, "refused_routes", c->refused[0]);
	put_count(p, "refused_routes6", c->refused[1]);
	put_count(p, "refused_hops", c->refused_hops);
	put_count(p, "memory", c->memory);
	put_count(p, "mirror_memory", c->mirror);
}

static void put_follower(struct page *p, const struct kernel_counts *c)
{
	put_count(p, "messages", c->messages);
	put_count(p, "changes", c->changes);
	put_count(p, "batches", c->batches);
	put_count(p, "busy_ns", c->busy_ns);
	put_count(p, "latency_last_ns", c->latency_last);
	put_count(p, "latency_most_ns", c->latency_most);
	put_count(p, "resyncs", c->resyncs);
	put_count(p, "reconciled", c->reconciled);
	put_count(p, "repeated_dumps", c->repeated);
	put_count(p, "failed_dumps", c->failed);
	put_count(p, "overruns", c->overruns);
	put_count(p, "malformed", c->malformed);
	put_count(p, "strange_datagrams", c->strange);
	put_count(p, "refused", c->refused);
	put_count(p, "no_memory", c->no_memory);
	put_count(p, "alarms", c->alarms);
	put_count(p, "moves", c->moves);
	put_count(p, "last_dump", c->dumped / 1000000000);
	put_count(p, "last_dump_ns", c->dump_ns);
}

static void put_alarm(struct page *p, const struct kernel_counts *c)
{
	static const char *const alarms[] = {
		"none",
		"more IPv4 routes than the limit: those that came last are missing",
		"more IPv6 routes than the limit: those that came last are missing",
		"more routes of both families than the limits: those that came last are missing",
	};

	page_begin_field(p, "alarm");
	if (!p->json)
		weir_printf(p->out, "alarm: ");
	page_string(p, alarms[c->alarm[0] + 2 * c->alarm[1]]);
	if (!p->json)
		weir_printf(p->out, "\n");
}

// Are there news that readers do not see yet? The sockets are looked at first: what leaves them
// after that is read by one who does not wait.
static bool is_behind(const struct weir_kernel *k)
{
	struct pollfd unread[] = {{.fd = k->news.fd, .events = POLLIN},
				  {.fd = k->near.fd, .events = POLLIN}};

	return poll(unread, 2, 0) || !atomic_load(&k->waits);
}

static void put_state(struct page *p)
{
	struct kernel_counts c;

	pthread_mutex_lock(&p->k->count_lock);
	c = p->k->told;
	pthread_mutex_unlock(&p->k->count_lock);
	if (p->json)
		weir_printf(p->out, "{");
	put_tables(p, &c.rib);
	put_count(p, "behind", is_behind(p->k));
	put_follower(p, &c);
	put_count(p, "pause_last_ns", p->k->pause_last);
	put_count(p, "pause_most_ns", p->k->pause_most);
	put_count(p, "neighbors", c.neighbors);
	put_count(p, "neighbors_refused", c.neighbors_refused);
	put_count(p, "asked", c.asked);
	put_count(p, "asked_lost", atomic_load(&p->k->neighbors.lost));
	put_alarm(p, &c);
	if (p->json)
		weir_printf(p->out, "}\n");
}

// Those of the mirror: under its lock.
static const struct {
	const char *name;
	void (*put)(struct page *p);
} lists[] = {
	{"routes", put_routes}, {"nexthops", put_nexthops},   {"rules", put_rules},
	{"links", put_links},	{"addresses", put_addresses}, {"neighbors", put_neighbors},
};

static int put_list(struct weir_kernel *k, struct page *p, void (*put)(struct page *p))
{
	if (!kernel_lock_soon(&k->lock))
		return -EBUSY;
	if (p->json)
		weir_printf(p->out, "[");
	put(p);
	if (p->json)
		weir_printf(p->out, "\n]\n");
	kernel_unlock(&k->lock);
	return p->out->failed ? -ENOMEM : 0;
}

int weir_kernel_text(struct weir_kernel *k, const char *what, bool json, struct weir_buf *out)
{
	struct page p = {.k = k, .out = out, .json = json};

	if (!strcmp(what, "state")) {
		put_state(&p);
		return out->failed ? -ENOMEM : 0;
	}
	for (unsigned i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (!strcmp(what, lists[i].name))
			return put_list(k, &p, lists[i].put);
	return -ENOENT;
}
