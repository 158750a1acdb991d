// SPDX-License-Identifier: BSD-2-Clause
// Sessions of a node: made, timed, ended, taken over (RFC 6146 3.5).
#include "nat64.h"

enum { TURN_BUDGET = 4096, TICK_NS = 1 << SESSION_TICK };

// --- those of a mapping ---
static void link_to(struct nat64_state *s, struct sessions *t, uint32_t number, uint32_t mapping)
{
	struct mapping *m = mapping_at(&s->mappings, mapping);
	const uint32_t first = mapping_sessions(m);

	t->cold[number].more[0] = first;
	t->cold[number].more[1] = 0;
	if (first)
		t->cold[first].more[1] = number;
	mapping_set_sessions(m, number);
}

static void unlink_from(struct nat64_state *s, struct sessions *t, uint32_t number,
			uint32_t mapping)
{
	const uint32_t next = t->cold[number].more[0], back = t->cold[number].more[1];

	if (next)
		t->cold[next].more[1] = back;
	if (back)
		t->cold[back].more[0] = next;
	else
		mapping_set_sessions(mapping_at(&s->mappings, mapping), next);
}

// --- time ---
static uint64_t timeout_of(const struct nat64 *self, const struct session *x)
{
	switch (x->proto) {
	case IPPROTO4_TCP:
		return tcp_state_timeout(x->state) == TCP_TIMEOUT_ESTABLISHED
			       ? self->tcp_established
			       : self->tcp_transitory;
	case IPPROTO4_UDP:
		return self->udp;
	default:
		return self->icmp;
	}
}

uint64_t nat64_session_until(const struct weir_node *n, const struct session *x)
{
	const uint32_t a = __atomic_load_n(&x->last[0], __ATOMIC_RELAXED);
	const uint32_t b = __atomic_load_n(&x->last[1], __ATOMIC_RELAXED);

	return ((uint64_t)(a > b ? a : b) + 1) * TICK_NS + timeout_of(n->self, x);
}

static uint64_t look_again(void *arg, uint32_t number)
{
	struct weir_node *n = arg;
	const uint64_t until = nat64_session_until(n, &nat64_of(n)->all->sessions.at[number]);

	if (until > weir_now(n))
		return until;
	nat64_session_end(n, number);
	return 0;
}

void nat64_run_timer(struct weir_node *n, struct weir_timer *timer)
{
	struct nat64_state *s = n->state;
	const uint64_t now = weir_now(n);
	const bool more = sessions_turn(&nat64_of(n)->all->sessions, &s->part, now, TURN_BUDGET,
					look_again, n);

	weir_timer_set(timer, n, more ? now + 1 : now + TICK_NS / 4, nat64_run_timer);
	nat64_fragments_turn(n, now);
	nat64_syns_turn(n, now);
}

// --- one more, one less ---
static void fill_in(struct weir_node *n, struct session *x, const struct session_tuple *from,
		    const struct session_tuple *to, uint8_t proto, uint32_t mapping)
{
	const struct nat64 *self = n->self;
	const struct nat64_state *s = n->state;
	const uint32_t tick = (uint32_t)(weir_now(n) >> SESSION_TICK);
	const struct nat64_host *host =
		nat64_host_at(&s->hosts, mapping_at(&s->mappings, mapping)->subscriber);

	session_write_begin(x);
	x->from = *from;
	x->to = *to;
	memcpy(x->from6, host->addr, sizeof(x->from6));
	x->proto = proto;
	x->state = 1;
	x->user = mapping;
	x->last[0] = x->last[1] = tick;
	x->out[0] = NAT64_IP4;
	x->out[1] = NAT64_IP6;
	if (self->hairpin && pool_find(&self->all->pool, from->dst) != POOL_NONE)
		x->out[0] = NAT64_HAIRPIN;
	session_write_end(x);
}

static uint32_t refuse(struct weir_node *n, uint32_t mapping, unsigned direction, uint64_t *count,
		       unsigned *out)
{
	++*count;
	nat64_map_done(n, mapping);
	*out = direction ? NAT64_PROHIBITED : NAT64_EXHAUSTED;
	return 0;
}

uint32_t nat64_session_new(struct weir_node *n, const struct session_tuple *from,
			   const struct session_tuple *to, uint8_t proto, uint32_t mapping,
			   unsigned direction, unsigned *out)
{
	const struct nat64 *self = n->self;
	struct sessions *t = &self->all->sessions;
	struct nat64_state *s = n->state;
	struct nat64_host *x =
		nat64_host_at(&s->hosts, mapping_at(&s->mappings, mapping)->subscriber);
	struct session_hit other;
	uint32_t number;

	if (self->sessions_each && x->sessions >= self->sessions_each)
		return refuse(n, mapping, direction, &s->counts.limited, out);
	number = session_new(t, &s->part);
	if (!number)
		return refuse(n, mapping, direction, &s->counts.table_full, out);
	fill_in(n, &t->at[number], from, to, proto, mapping);
	if (session_insert(t, &s->part, number, &other)) {
		session_end(t, &s->part, number);
		return refuse(n, mapping, direction, &s->counts.table_full, out);
	}
	link_to(s, t, number, mapping);
	x->sessions++;
	session_timer(t, &s->part, number, nat64_session_until(n, &t->at[number]));
	return number;
}

void nat64_session_end(struct weir_node *n, uint32_t number)
{
	struct sessions *t = &nat64_of(n)->all->sessions;
	struct nat64_state *s = n->state;
	const uint32_t mapping = t->at[number].user;
	const uint32_t host = mapping_at(&s->mappings, mapping)->subscriber;

	unlink_from(s, t, number, mapping);
	session_end(t, &s->part, number);
	nat64_host_at(&s->hosts, host)->sessions--;
	nat64_map_done(n, mapping);
	nat64_host_done(&s->hosts, host);
}

void nat64_tcp(struct weir_node *n, uint32_t number, unsigned direction, uint8_t flags)
{
	struct nat64_state *s = n->state;
	struct sessions *t = &nat64_of(n)->all->sessions;
	struct session *x = &t->at[number];
	const enum tcp_state next = tcp_state_after(x->state, direction, flags);

	// RFC 7857 8: a RST that changes nothing does not refresh
	if (next != x->state || !(flags & TCP_RST))
		session_seen(x, direction, weir_now(n));
	if (next == x->state)
		return;
	session_write_begin(x);
	x->state = next;
	if (next == TCP_STATE_ESTABLISHED)
		x->flags |= SESSION_FAST;
	else
		x->flags &= (uint8_t)~SESSION_FAST;
	session_write_end(x);
	session_timer(t, &s->part, number, nat64_session_until(n, x));
}

// --- take-over ---
static bool is_sane(const struct session *x)
{
	if (x->from.src.be || x->from.dst.be != x->to.dst.be ||
	    nat64_proto(x->proto) == MAPPING_PROTOS)
		return false;
	return x->proto != IPPROTO4_TCP ? x->state == 1
					: x->state > TCP_STATE_NONE && x->state < TCP_STATES;
}

// Where it goes may have changed with the arguments.
static void put_right(struct weir_node *n, struct session *x, uint32_t mapping)
{
	const struct session_tuple from = x->from, to = x->to;
	const uint32_t last[2] = {x->last[0], x->last[1]};
	const uint8_t state = x->state;

	fill_in(n, x, &from, &to, x->proto, mapping);
	session_write_begin(x);
	x->state = state;
	memcpy(x->last, last, sizeof(last));
	session_write_end(x);
}

unsigned nat64_adopt(void *arg, uint32_t number, uint64_t *when)
{
	struct weir_element *e = arg;
	const struct nat64 *self = e->self;
	struct nat64_all *all = self->all;
	struct session *x = &all->sessions.at[number];
	const unsigned worker = nat64_owner(all, x->from6);
	struct weir_node *n = e->nodes[worker];
	struct nat64_state *s = n->state;
	const uint32_t address = pool_find(&all->pool, x->to.src);
	// of a ping from outside the identifier is the other one
	const bool back = x->proto == IPPROTO4_ICMP && !x->to.sport.be;
	uint32_t host, mapping;

	if (!is_sane(x) || address == POOL_NONE)
		return SESSION_UNWANTED;
	host = nat64_host(&s->hosts, nat64_addr(x));
	if (!host)
		return SESSION_UNWANTED;
	mapping = nat64_map_as(n, host, nat64_proto(x->proto),
			       rd16(back ? x->from.dport : x->from.sport), address,
			       rd16(back ? x->to.dport : x->to.sport));
	if (!mapping) {
		nat64_host_done(&s->hosts, host);
		return SESSION_UNWANTED;
	}
	put_right(n, x, mapping);
	link_to(s, &all->sessions, number, mapping);
	nat64_host_at(&s->hosts, host)->sessions++;
	*when = nat64_session_until(n, x);
	return worker;
}
