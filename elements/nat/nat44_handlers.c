// SPDX-License-Identifier: BSD-2-Clause
// What NAT44 tells, and what it may be told.
#include "nat44.h"

#include <errno.h>
#include <stdio.h>

struct show {
	struct weir_element *e;
	struct weir_node *n;
	struct weir_buf *out;
	be32 only; // of whom; 0: of all
	bool json, more;
};

struct text_ip {
	char s[16];
};

static struct text_ip ip(be32 a)
{
	const uint32_t v = rd32(a);
	struct text_ip t;

	snprintf(t.s, sizeof(t.s), "%u.%u.%u.%u", v >> 24, v >> 16 & 255, v >> 8 & 255, v & 255);
	return t;
}

static const char *proto_name(uint8_t proto, char text[8])
{
	static const char *const names[] = {"tcp", "udp", "icmp"};

	if (nat44_proto(proto) < MAPPING_PROTOS)
		return names[nat44_proto(proto)];
	snprintf(text, 8, "%u", proto);
	return text;
}

static struct nat44_all *all_of(const struct weir_element *e)
{
	return ((const struct nat44 *)e->self)->all;
}

static struct nat44_state *state_of(const struct weir_element *e, unsigned i)
{
	return e->nodes[all_of(e)->worker[i]]->state;
}

// --- lists, as lines or as an array of objects ---
static void begin(struct show *s)
{
	if (s->json)
		weir_printf(s->out, "[");
}

static void item(struct show *s)
{
	if (s->json)
		weir_printf(s->out, s->more ? ",\n" : "\n");
	s->more = true;
}

static void end(struct show *s)
{
	if (s->json)
		weir_printf(s->out, s->more ? "\n]\n" : "]\n");
}

static int open_show(struct show *s, struct weir_element *e, const struct weir_handler *h,
		     const char *param, struct weir_buf *out, struct weir_err *err)
{
	*s = (struct show){.e = e, .out = out, .json = h->user};
	if (*param && weir_parse(e, WEIR_T_IP4, param, "INSIDE", &s->only, err))
		return -EINVAL;
	begin(s);
	return 0;
}

static bool wanted(const struct show *s, be32 inside)
{
	return !s->only.be || s->only.be == inside.be;
}

static const char *state_name(const struct session *x)
{
	if (x->proto == IPPROTO4_TCP)
		return tcp_state_name(x->state);
	return "open";
}

static void show_session(struct show *s, const struct session *x)
{
	const unsigned worker = nat44_owner(all_of(s->e), x->from.src);
	const struct weir_node *n = s->e->nodes[worker];
	const uint64_t until = nat44_session_until(n, x), now = weir_now(n);
	const unsigned left = until > now ? (unsigned)((until - now) / 1000000000) : 0;
	// of ICMP the identifier, which is on one side only
	const unsigned in =
		rd16(x->from.sport) | (x->proto == IPPROTO4_ICMP ? rd16(x->from.dport) : 0);
	const unsigned ex = rd16(x->to.sport) | (x->proto == IPPROTO4_ICMP ? rd16(x->to.dport) : 0);
	char proto[8];

	item(s);
	weir_printf(s->out,
		    s->json ? "{\"proto\":\"%s\",\"inside\":\"%s\",\"port\":%u,"
			      "\"external\":\"%s\",\"external_port\":%u,\"remote\":\"%s\","
			      "\"remote_port\":%u,\"state\":\"%s\",\"expires\":%u,"
			      "\"driver\":%u,\"worker\":%u}"
			    : "%s %s:%u %s:%u %s:%u %s expires %u fast %u worker %u\n",
		    proto_name(x->proto, proto), ip(x->from.src).s, in, ip(x->to.src).s, ex,
		    ip(x->from.dst).s, rd16(x->from.dport), state_name(x), left,
		    x->flags & SESSION_FAST, worker);
}

static int read_sessions(struct weir_element *e, const struct weir_handler *h, const char *param,
			 struct weir_buf *out, struct weir_err *err)
{
	const struct sessions *t = &all_of(e)->sessions;
	struct show s;

	if (open_show(&s, e, h, param, out, err))
		return -EINVAL;
	for (uint32_t i = 1; i <= t->most; i++)
		if (t->at[i].state && wanted(&s, t->at[i].from.src))
			show_session(&s, &t->at[i]);
	end(&s);
	return 0;
}

static void show_mapping(void *arg, uint32_t number)
{
	struct show *s = arg;
	const struct nat44_state *state = s->n->state;
	const struct mapping *m = mapping_at(&state->mappings, number);
	const be32 inside = subscriber_at(&state->subscribers, m->subscriber)->inside;
	const be32 external = pool_address(&all_of(s->e)->pool, mapping_address(m));
	unsigned count = 0;
	char proto[8];

	if (!wanted(s, inside))
		return;
	for (uint32_t x = mapping_sessions(m); x; x = all_of(s->e)->sessions.cold[x].more[0])
		count++;
	item(s);
	weir_printf(s->out,
		    s->json ? "{\"proto\":\"%s\",\"inside\":\"%s\",\"port\":%u,"
			      "\"external\":\"%s\",\"external_port\":%u,\"sessions\":%u,"
			      "\"worker\":%u}"
			    : "%s %s:%u %s:%u sessions %u worker %u\n",
		    proto_name(nat44_ip_proto(mapping_proto(m)), proto), ip(inside).s, m->port,
		    ip(external).s, m->external_port, count, weir_worker_of(s->n));
}

static void show_subscriber(void *arg, uint32_t number)
{
	struct show *s = arg;
	const struct nat44_state *state = s->n->state;
	const struct subscriber *x = subscriber_at(&state->subscribers, number);
	const struct text_ip external =
		x->external == POOL_NONE ? (struct text_ip){"-"}
					 : ip(pool_address(&all_of(s->e)->pool, x->external));

	if (!wanted(s, x->inside))
		return;
	item(s);
	weir_printf(s->out,
		    s->json ? "{\"inside\":\"%s\",\"external\":\"%s\",\"sessions\":%u,"
			      "\"mappings\":%u,\"blocks\":%u,\"worker\":%u}"
			    : "%s %s sessions %u mappings %u blocks %u worker %u\n",
		    ip(x->inside).s, external.s, x->sessions, x->mappings, x->n_blocks,
		    weir_worker_of(s->n));
}

static void show_blocks(void *arg, uint32_t number)
{
	struct show *s = arg;
	const struct nat44_state *state = s->n->state;
	const struct pool *pool = &all_of(s->e)->pool;
	const struct subscriber *x = subscriber_at(&state->subscribers, number);

	if (!wanted(s, x->inside))
		return;
	for (uint32_t b = x->blocks; b; b = pool->next[b - 1]) {
		const unsigned first = pool_block_port(pool, b - 1);

		item(s);
		weir_printf(s->out,
			    s->json ? "{\"inside\":\"%s\",\"external\":\"%s\",\"first\":%u,"
				      "\"last\":%u,\"used\":%u}"
				    : "%s %s:%u-%u used %u\n",
			    ip(x->inside).s,
			    ip(pool_address(pool, pool_block_address(pool, b - 1))).s, first,
			    first + pool->size - 1, pool->count[b - 1]);
	}
}

enum { JSON = 1, MAPPINGS = 0, SUBSCRIBERS = 2, BLOCKS = 4 }; // or together

static int read_list(struct weir_element *e, const struct weir_handler *h, const char *param,
		     struct weir_buf *out, struct weir_err *err)
{
	const struct weir_handler as = {.user = h->user & JSON};
	const unsigned kind = (unsigned)h->user & ~(unsigned)JSON;
	struct show s;

	if (open_show(&s, e, &as, param, out, err))
		return -EINVAL;
	for (unsigned i = 0; i < all_of(e)->n_workers; i++) {
		const struct nat44_state *state = state_of(e, i);

		s.n = e->nodes[all_of(e)->worker[i]];
		if (kind == MAPPINGS)
			mappings_each(&state->mappings, show_mapping, &s);
		else
			subscribers_each(&state->subscribers,
					 kind == BLOCKS ? show_blocks : show_subscriber, &s);
	}
	end(&s);
	return 0;
}

static int read_static(struct weir_element *e, const struct weir_handler *, const char *,
		       struct weir_buf *out, struct weir_err *)
{
	const struct forwards *t = &all_of(e)->forwards;
	char proto[8];

	for (uint32_t i = 0; i < t->n; i++) {
		const struct forward *f = &t->v[i];

		if (f->proto == FORWARD_ALL)
			weir_printf(out, "%s %s\n", ip(f->inside).s, ip(f->external).s);
		else
			weir_printf(out, "%s %s %u %s %u\n",
				    proto_name(nat44_ip_proto(f->proto), proto), ip(f->external).s,
				    f->external_port, ip(f->inside).s, f->port);
	}
	return 0;
}

// --- numbers ---
static unsigned used(const struct pool *p, uint32_t address, unsigned proto)
{
	unsigned n = 0;

	for (unsigned i = 0; i < POOL_WORDS; i++)
		n += (unsigned)__builtin_popcountll(
			p->used[proto][(size_t)address * POOL_WORDS + i]);
	return n;
}

static int read_pool(struct weir_element *e, const struct weir_handler *h, const char *,
		     struct weir_buf *out, struct weir_err *)
{
	const struct pool *p = &all_of(e)->pool;
	struct show s = {.e = e, .out = out, .json = h->user};

	begin(&s);
	for (uint32_t i = 0; i < p->n; i++) {
		item(&s);
		weir_printf(out,
			    s.json ? "{\"external\":\"%s\",\"tcp\":%u,\"udp\":%u,\"icmp\":%u,"
				     "\"free_blocks\":%u}"
				   : "%s tcp %u udp %u icmp %u free_blocks %u\n",
			    ip(pool_address(p, i)).s, used(p, i, MAPPING_TCP),
			    used(p, i, MAPPING_UDP), used(p, i, MAPPING_ICMP), p->n_free[i]);
	}
	end(&s);
	return 0;
}

struct sums {
	uint64_t live, made, ended, full, mappings, subscribers, fragments, syns, holds, handed;
	struct nat44_counts counts;
};

static void add_up(struct sums *x, const struct nat44_state *s)
{
	uint64_t *to = (uint64_t *)&x->counts;
	const uint64_t *from = (const uint64_t *)&s->counts;

	for (unsigned i = 0; i < sizeof(s->counts) / sizeof(*to); i++)
		to[i] += from[i];
	x->live += s->part.live;
	x->made += s->part.made;
	x->ended += s->part.ended;
	x->full += s->part.full;
	x->mappings += s->mappings.n;
	x->subscribers += s->subscribers.n;
	x->fragments += s->fragments.n_packets;
	x->syns += s->syns.n;
	x->holds += s->holds.n;
	x->handed += s->handoff.handed;
}

static int read_stats(struct weir_element *e, const struct weir_handler *h, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	const struct nat44_all *all = all_of(e);
	struct sums x = {};

	for (unsigned i = 0; i < all->n_workers; i++)
		add_up(&x, state_of(e, i));
	const struct {
		const char *name;
		uint64_t value;
	} v[] = {
		{"sessions", x.live},
		{"sessions_most", all->sessions.most},
		{"sessions_made", x.made},
		{"sessions_ended", x.ended},
		{"sessions_adopted", all->adopted},
		{"mappings", x.mappings},
		{"mappings_made", x.counts.mappings_made},
		{"subscribers", x.subscribers},
		{"blocks_claimed", x.counts.blocks_claimed},
		{"out_of_ports", x.counts.out_of_ports},
		{"limited", x.counts.limited},
		{"table_full", x.counts.table_full},
		{"parity_lost", x.counts.parity_lost},
		{"hairpinned", x.counts.hairpinned},
		{"icmp_errors", x.counts.errors},
		{"handed", x.handed},
		{"held_syns", x.syns},
		{"held_syns_ever", x.counts.held_syns},
		{"held_fragments", x.fragments},
		{"held_ports", x.holds},
		{"log_lost", all->log ? nat_log_lost(all->log) : 0},
	};

	for (unsigned i = 0; i < sizeof(v) / sizeof(*v); i++)
		weir_printf(out, h->user ? "%s\"%s\":%llu" : "%s%s %llu\n",
			    !h->user ? ""
			    : i	     ? ","
				     : "{",
			    v[i].name, (unsigned long long)v[i].value);
	if (h->user)
		weir_printf(out, "}\n");
	return 0;
}

enum { COUNT_SESSIONS, COUNT_MAPPINGS, COUNT_SUBSCRIBERS };

static int read_count(struct weir_element *e, const struct weir_handler *h, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	struct sums x = {};

	for (unsigned i = 0; i < all_of(e)->n_workers; i++)
		add_up(&x, state_of(e, i));
	weir_printf(out, "%llu",
		    (unsigned long long)(h->user == COUNT_SESSIONS   ? x.live
					 : h->user == COUNT_MAPPINGS ? x.mappings
								     : x.subscribers));
	return 0;
}

// --- who has which port (RFC 7422): IN, or EXTERNAL PORT ---
static void say_block(struct weir_buf *out, const struct pool *p, be32 inside, uint32_t block)
{
	const unsigned first = pool_block_port(p, block);

	weir_printf(out, "%s %s:%u-%u\n", ip(inside).s,
		    ip(pool_address(p, pool_block_address(p, block))).s, first,
		    first + p->size - 1);
}

static void look_inside(struct weir_element *e, be32 inside, struct weir_buf *out)
{
	const struct nat44_all *all = all_of(e);
	const struct nat44_state *s = e->nodes[nat44_owner(all, inside)]->state;
	const uint32_t number = subscriber_find(&s->subscribers, inside);
	uint32_t block;

	if (((const struct nat44 *)e->self)->deterministic) {
		block = deterministic_block(&all->deterministic, inside);
		if (block < all->pool.n * all->pool.n_blocks)
			say_block(out, &all->pool, inside, block);
		return;
	}
	if (!number)
		return;
	block = subscriber_at(&s->subscribers, number)->blocks;
	for (; block; block = all->pool.next[block - 1])
		say_block(out, &all->pool, inside, block - 1);
}

static void look_outside(struct weir_element *e, be32 external, uint16_t port, struct weir_buf *out)
{
	const struct nat44_all *all = all_of(e);
	const uint32_t address = pool_find(&all->pool, external);
	const uint32_t block =
		address == POOL_NONE ? POOL_NONE : pool_block(&all->pool, address, port);
	be32 inside;

	if (block == POOL_NONE)
		return;
	if (((const struct nat44 *)e->self)->deterministic) {
		if (deterministic_inside(&all->deterministic, block, &inside))
			say_block(out, &all->pool, inside, block);
		return;
	}
	for (unsigned i = 0; i < all->n_workers; i++)
		for (unsigned proto = 0; proto < MAPPING_PROTOS; proto++) {
			const struct nat44_state *s = state_of(e, i);
			const uint32_t m =
				mapping_find_external(&s->mappings, address, proto, port);
			char text[8];

			if (!m)
				continue;
			inside = subscriber_at(&s->subscribers,
					       mapping_at(&s->mappings, m)->subscriber)
					 ->inside;
			weir_printf(out, "%s %s:%u %s:%u\n",
				    proto_name(nat44_ip_proto(proto), text), ip(inside).s,
				    mapping_at(&s->mappings, m)->port, ip(external).s, port);
		}
}

static int read_lookup(struct weir_element *e, const struct weir_handler *, const char *param,
		       struct weir_buf *out, struct weir_err *err)
{
	char **w = NULL;
	int n = weir_words(param, &w), rc = 0;
	be32 address = {};
	uint16_t port = 0;

	if (n != 1 && n != 2)
		rc = weir_error(err, NULL,
				"expected an inside address, or an external one and a port");
	if (!rc)
		rc = weir_parse(e, WEIR_T_IP4, w[0], "IP", &address, err);
	if (!rc && n == 2)
		rc = weir_parse(e, WEIR_T_U16, w[1], "PORT", &port, err);
	if (!rc && n == 1)
		look_inside(e, address, out);
	else if (!rc)
		look_outside(e, address, port, out);
	weir_words_free(w, n < 0 ? 0 : n);
	return rc;
}

// --- what may be done ---
// Ends sessions: of all, of an inside address, or of one of its ports.
static void end_sessions(struct weir_element *e, be32 inside, uint8_t proto, uint16_t port)
{
	const struct sessions *t = &all_of(e)->sessions;

	for (uint32_t i = 1; i <= t->most; i++) {
		const struct session *x = &t->at[i];

		if (!x->state || (inside.be && inside.be != x->from.src.be) ||
		    (proto && (proto != x->proto || port != rd16(x->from.sport))))
			continue;
		nat44_session_end(e->nodes[nat44_owner(all_of(e), x->from.src)], i);
	}
}

static int write_drop(struct weir_element *e, const struct weir_handler *, const char *value,
		      struct weir_err *err)
{
	char **w = NULL;
	int n = weir_words(value, &w), rc = 0;
	be32 inside = {};
	uint8_t proto = 0;
	uint16_t port = 0;

	if (n != 1 && n != 3)
		rc = weir_error(err, NULL, "expected INSIDE [PROTO PORT]");
	if (!rc)
		rc = weir_parse(e, WEIR_T_IP4, w[0], "INSIDE", &inside, err);
	if (!rc && n == 3)
		rc = weir_parse(e, WEIR_T_IP_PROTO, w[1], "PROTO", &proto, err)
			     ?: weir_parse(e, WEIR_T_U16, w[2], "PORT", &port, err);
	if (!rc)
		end_sessions(e, inside, proto, port);
	weir_words_free(w, n < 0 ? 0 : n);
	return rc;
}

static int write_clear(struct weir_element *e, const struct weir_handler *, const char *,
		       struct weir_err *)
{
	end_sessions(e, (be32){}, 0, 0);
	for (unsigned i = 0; i < all_of(e)->n_workers; i++)
		nat44_holds_turn(e->nodes[all_of(e)->worker[i]], 0, true);
	return 0;
}

// Sessions that went by what is no longer there end.
static void end_orphans(struct weir_element *e)
{
	const struct sessions *t = &all_of(e)->sessions;

	for (uint32_t i = 1; i <= t->most; i++)
		if (t->at[i].state && !t->at[i].user && !nat44_is_forward(all_of(e), &t->at[i]))
			nat44_session_end(e->nodes[nat44_owner(all_of(e), t->at[i].from.src)], i);
}

enum { REMOVE, ADD };

static int write_static(struct weir_element *e, const struct weir_handler *h, const char *value,
			struct weir_err *err)
{
	const char *error = NULL;
	char **w = NULL;
	int n = weir_words(value, &w), rc;

	rc = n < 0 ? n : nat44_forward_words(e, w, n, h->user == ADD, &error);
	weir_words_free(w, n < 0 ? 0 : n);
	if (rc)
		return weir_error(err, NULL, "%s", error ? error : "out of memory");
	if (h->user == REMOVE)
		end_orphans(e);
	return 0;
}

const struct weir_handler nat44_handlers[] = {
	{.name = "sessions",
	 .flags = WEIR_H_READ | WEIR_H_READ_PARAM,
	 .read = read_sessions,
	 .help = "[INSIDE]: protocol, inside, external and remote endpoint, state, seconds left"},
	{.name = "sessions_json",
	 .flags = WEIR_H_READ | WEIR_H_READ_PARAM,
	 .read = read_sessions,
	 .help = "the same as JSON",
	 .user = JSON},
	{.name = "mappings",
	 .flags = WEIR_H_READ | WEIR_H_READ_PARAM,
	 .read = read_list,
	 .help = "[INSIDE]: protocol, inside and external endpoint, sessions",
	 .user = MAPPINGS},
	{.name = "mappings_json",
	 .flags = WEIR_H_READ | WEIR_H_READ_PARAM,
	 .read = read_list,
	 .help = "the same as JSON",
	 .user = MAPPINGS | JSON},
	{.name = "subscribers",
	 .flags = WEIR_H_READ | WEIR_H_READ_PARAM,
	 .read = read_list,
	 .help = "[INSIDE]: inside and external address, sessions, mappings, blocks",
	 .user = SUBSCRIBERS},
	{.name = "subscribers_json",
	 .flags = WEIR_H_READ | WEIR_H_READ_PARAM,
	 .read = read_list,
	 .help = "the same as JSON",
	 .user = SUBSCRIBERS | JSON},
	{.name = "blocks",
	 .flags = WEIR_H_READ | WEIR_H_READ_PARAM,
	 .read = read_list,
	 .help = "[INSIDE]: inside address, external ports, how many are in use",
	 .user = BLOCKS},
	{.name = "blocks_json",
	 .flags = WEIR_H_READ | WEIR_H_READ_PARAM,
	 .read = read_list,
	 .help = "the same as JSON",
	 .user = BLOCKS | JSON},
	WEIR_READ("pool", read_pool, "external addresses, ports in use or reserved, free blocks"),
	WEIR_READ("pool_json", read_pool, "the same as JSON", .user = JSON),
	WEIR_READ("stats", read_stats, "what there is and was, and what was refused"),
	WEIR_READ("stats_json", read_stats, "the same as JSON", .user = JSON),
	WEIR_READ("static", read_static, "what STATIC and FORWARD say"),
	WEIR_READ("count", read_count, "sessions", .user = COUNT_SESSIONS),
	WEIR_READ("n_mappings", read_count, "mappings", .user = COUNT_MAPPINGS),
	WEIR_READ("n_subscribers", read_count, "subscribers", .user = COUNT_SUBSCRIBERS),
	{.name = "lookup",
	 .flags = WEIR_H_READ | WEIR_H_READ_PARAM,
	 .read = read_lookup,
	 .help = "INSIDE: its blocks; EXTERNAL PORT: who has it"},
	WEIR_WRITE("drop", write_drop, "INSIDE [PROTO PORT]: ends its sessions"),
	WEIR_BUTTON("clear", write_clear, "ends all sessions"),
	WEIR_WRITE("add", write_static, "as STATIC, or FORWARD", .user = ADD),
	WEIR_WRITE("remove", write_static, "what STATIC, FORWARD or add said; its sessions end",
		   .user = REMOVE),
	{},
};
