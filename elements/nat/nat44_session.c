// SPDX-License-Identifier: BSD-2-Clause
// Sessions of a node: made, timed, ended, taken over.
#include "nat44.h"

enum { TURN_BUDGET = 4096, TICK_NS = 1 << SESSION_TICK, LOOK_AT_LAST = 16 };

// --- those of a mapping ---
static void link_to(struct nat44_state *s, struct sessions *t, uint32_t number, uint32_t mapping)
{
	struct mapping *m = mapping_at(&s->mappings, mapping);
	const uint32_t first = mapping_sessions(m);

	t->cold[number].more[0] = first;
	t->cold[number].more[1] = 0;
	if (first)
		t->cold[first].more[1] = number;
	mapping_set_sessions(m, number);
}

static void unlink_from(struct nat44_state *s, struct sessions *t, uint32_t number,
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
static uint64_t timeout_of(const struct nat44 *self, const struct session *s)
{
	switch (s->proto) {
	case IPPROTO4_TCP:
		switch (tcp_state_timeout(s->state)) {
		case TCP_TIMEOUT_ESTABLISHED:
			return self->tcp_established;
		case TCP_TIMEOUT_OPENING:
			return self->tcp_opening;
		default:
			return self->tcp_closing;
		}
	case IPPROTO4_UDP:
		return self->all->udp_timeout[s->class];
	case IPPROTO4_ICMP:
		return self->icmp;
	default:
		return self->other;
	}
}

// RFC 4787 REQ-6: of UDP what goes out refreshes; what comes in, only if that was asked for.
uint64_t nat44_session_until(const struct weir_node *n, const struct session *s)
{
	const struct nat44 *self = n->self;
	const uint32_t out = __atomic_load_n(&s->last[0], __ATOMIC_RELAXED);
	const uint32_t in = __atomic_load_n(&s->last[1], __ATOMIC_RELAXED);
	const bool both = s->proto != IPPROTO4_UDP || self->refresh_inbound;
	const uint32_t last = both && in > out ? in : out;

	return ((uint64_t)last + 1) * TICK_NS + timeout_of(self, s);
}

static uint64_t look_again(void *arg, uint32_t number)
{
	struct weir_node *n = arg;
	const uint64_t until = nat44_session_until(n, &nat44_of(n)->all->sessions.at[number]);

	if (until > weir_now(n))
		return until;
	nat44_session_end(n, number);
	return 0;
}

void nat44_run_timer(struct weir_node *n, struct weir_timer *timer)
{
	struct nat44_state *s = n->state;
	const uint64_t now = weir_now(n);
	const bool more = sessions_turn(&nat44_of(n)->all->sessions, &s->part, now, TURN_BUDGET,
					look_again, n);

	nat44_holds_turn(n, now, false);
	weir_timer_set(timer, n, more ? now + 1 : now + TICK_NS / 4, nat44_run_timer);
	nat44_fragments_turn(n, now);
	nat44_syns_turn(n, now);
}

// --- one more, one less ---
static bool may_have_more(struct weir_node *n, struct subscriber *x)
{
	const struct nat44 *self = n->self;
	const uint32_t second = (uint32_t)(weir_now(n) / 1000000000);

	if (self->sessions_each && x->sessions >= self->sessions_each)
		return false;
	if (!self->rate_each)
		return true;
	if (x->second != second) {
		x->second = second;
		x->made = 0;
	}
	if (x->made >= self->rate_each)
		return false;
	x->made++;
	return true;
}

static uint8_t class_of(const struct nat44_all *all, uint8_t proto, be16 remote)
{
	return proto == IPPROTO4_UDP && rd16(remote) < NAT44_WELL_KNOWN
		       ? all->udp_class[rd16(remote)]
		       : 0;
}

// The newest outbound packet of a mapping's sessions: one that begins from outside does not make
// the mapping live longer.
static uint32_t last_out(const struct nat44_state *s, const struct sessions *t, uint32_t mapping)
{
	uint32_t number = mapping_sessions(mapping_at(&s->mappings, mapping)), last = 0;

	for (unsigned i = 0; number && i < LOOK_AT_LAST; i++) {
		if (t->at[number].last[0] > last)
			last = t->at[number].last[0];
		number = t->cold[number].more[0];
	}
	return last;
}

static void fill_in(struct weir_node *n, struct session *x, const struct session_tuple *from,
		    const struct session_tuple *to, uint8_t proto, uint32_t mapping,
		    unsigned direction)
{
	const struct nat44_all *all = nat44_of(n)->all;
	const struct nat44_state *s = n->state;
	const uint32_t tick = nat44_tick(weir_now(n));

	session_write_begin(x);
	x->from = *from;
	x->to = *to;
	x->proto = proto;
	x->state = proto == IPPROTO4_TCP && direction ? TCP_STATE_SYN_IN : 1;
	x->user = mapping;
	x->class = class_of(all, proto, from->dport);
	x->last[0] = x->last[1] = tick;
	if (direction && mapping && mapping_sessions(mapping_at(&s->mappings, mapping)))
		x->last[0] = last_out(s, &all->sessions, mapping);
	x->out[0] = NAT44_TO_OUTSIDE;
	x->out[1] = NAT44_TO_INSIDE;
	if (nat44_of(n)->hairpin && nat44_is_external(all, from->dst))
		x->out[0] = NAT44_HAIRPIN;
	// TCP when its connection is established
	if (proto != IPPROTO4_TCP && x->out[0] != NAT44_HAIRPIN)
		x->flags = SESSION_FAST;
	session_write_end(x);
}

static uint32_t refuse(uint64_t *count, unsigned *out)
{
	++*count;
	*out = NAT44_PROHIBITED;
	return 0;
}

uint32_t nat44_session_new(struct weir_node *n, const struct session_tuple *from,
			   const struct session_tuple *to, uint8_t proto, uint32_t subscriber,
			   uint32_t mapping, unsigned direction, unsigned *out)
{
	struct sessions *t = &nat44_of(n)->all->sessions;
	struct nat44_state *s = n->state;
	struct subscriber *x = subscriber_at(&s->subscribers, subscriber);
	struct session_hit other;
	uint32_t number;

	if (!may_have_more(n, x)) {
		nat44_log_short(n, NAT_LOG_LIMIT, x->inside, nat44_proto(proto));
		return refuse(&s->counts.limited, out);
	}
	number = session_new(t, &s->part);
	if (!number)
		return refuse(&s->counts.table_full, out);
	fill_in(n, &t->at[number], from, to, proto, mapping, direction);
	if (session_insert(t, &s->part, number, &other)) {
		session_end(t, &s->part, number);
		return refuse(&s->counts.table_full, out);
	}
	if (mapping)
		link_to(s, t, number, mapping);
	x->sessions++;
	session_timer(t, &s->part, number, nat44_session_until(n, &t->at[number]));
	nat44_log_session(n, &t->at[number], true);
	return number;
}

void nat44_session_end(struct weir_node *n, uint32_t number)
{
	struct sessions *t = &nat44_of(n)->all->sessions;
	struct nat44_state *s = n->state;
	const struct session *x = &t->at[number];
	const uint32_t mapping = x->user;
	const uint32_t subscriber = mapping ? mapping_at(&s->mappings, mapping)->subscriber
					    : subscriber_find(&s->subscribers, x->from.src);

	nat44_log_session(n, x, false);
	subscriber_at(&s->subscribers, subscriber)->sessions--;
	if (mapping) {
		unlink_from(s, t, number, mapping);
		if (!mapping_sessions(mapping_at(&s->mappings, mapping)))
			nat44_unmap(n, mapping);
	}
	session_end(t, &s->part, number);
	nat44_subscriber_done(n, subscriber);
}

// A packet of TCP that may change the state. What does not is in the fast path.
void nat44_tcp(struct weir_node *n, uint32_t number, unsigned direction, uint8_t flags)
{
	struct nat44_state *s = n->state;
	struct sessions *t = &nat44_of(n)->all->sessions;
	struct session *x = &t->at[number];
	const enum tcp_state next = tcp_state_after(x->state, direction, flags);

	// RFC 7857 8: a RST that changes nothing does not refresh
	if (next != x->state || !(flags & TCP_RST))
		session_seen(x, direction, weir_now(n));
	if (next == x->state)
		return;
	session_write_begin(x);
	x->state = next;
	if (next == TCP_STATE_ESTABLISHED && x->out[0] != NAT44_HAIRPIN)
		x->flags |= SESSION_FAST;
	else
		x->flags &= (uint8_t)~SESSION_FAST;
	session_write_end(x);
	session_timer(t, &s->part, number, nat44_session_until(n, x));
}

// --- take-over ---
// Where it goes may have changed with the arguments, and what the driver may do with it.
static void put_right(struct weir_node *n, struct session *x, uint32_t mapping)
{
	const struct session_tuple from = x->from, to = x->to;
	const uint32_t last[2] = {x->last[0], x->last[1]};
	const uint8_t state = x->state;

	fill_in(n, x, &from, &to, x->proto, mapping, 0);
	session_write_begin(x);
	x->state = state;
	x->last[0] = last[0];
	x->last[1] = last[1];
	if (x->proto == IPPROTO4_TCP && state == TCP_STATE_ESTABLISHED &&
	    x->out[0] != NAT44_HAIRPIN)
		x->flags |= SESSION_FAST;
	session_write_end(x);
}

static bool is_sane(const struct session *x)
{
	return x->proto != IPPROTO4_TCP ? x->state == 1
					: x->state > TCP_STATE_NONE && x->state < TCP_STATES;
}

bool nat44_is_forward(const struct nat44_all *all, const struct session *x)
{
	const struct forward *f = forward_find(&all->forwards, false, x->from.src,
					       (uint8_t)nat44_proto(x->proto), rd16(x->from.sport));

	return f && f->external.be == x->to.src.be &&
	       (f->proto == FORWARD_ALL || f->external_port == rd16(x->to.sport));
}

unsigned nat44_adopt(void *arg, uint32_t number, uint64_t *when)
{
	struct weir_element *e = arg;
	struct nat44_all *all = ((const struct nat44 *)e->self)->all;
	struct session *x = &all->sessions.at[number];
	const unsigned worker = nat44_owner(all, x->from.src);
	struct weir_node *n = e->nodes[worker];
	struct nat44_state *s = n->state;
	const uint32_t address = pool_find(&all->pool, x->to.src);
	uint32_t subscriber, mapping = 0;

	if (!is_sane(x) || !nat44_is_inside(all, x->from.src))
		return SESSION_UNWANTED;
	subscriber = nat44_subscriber(n, x->from.src);
	if (!subscriber)
		return SESSION_UNWANTED;
	if (!nat44_is_forward(all, x)) {
		if (address != POOL_NONE && nat44_proto(x->proto) < MAPPING_PROTOS)
			mapping = nat44_remap(n, subscriber, nat44_proto(x->proto),
					      rd16(x->from.sport), address, rd16(x->to.sport));
		if (!mapping) {
			nat44_subscriber_done(n, subscriber);
			return SESSION_UNWANTED;
		}
	}
	put_right(n, x, mapping);
	if (mapping)
		link_to(s, &all->sessions, number, mapping);
	subscriber_at(&s->subscribers, subscriber)->sessions++;
	*when = nat44_session_until(n, x);
	all->adopted++;
	return worker;
}
