// SPDX-License-Identifier: BSD-2-Clause
// Fragments (RFC 4787 REQ-14): those behind the first go the way of the first, also if they came
// before it. All of a datagram come to one worker.
#include "nat44.h"

// Addresses of a fragment that has no ports, and where it goes.
static unsigned follow(struct weir_node *n, struct packet *p, const struct fragment_fate *fate,
		       unsigned side)
{
	const struct translate_seen seen = {.kind = TRANSLATE_FRAGMENT};
	const struct session_tuple to = {.src = fate->src, .dst = fate->dst};

	if (nat44_is_hand(fate->out))
		return nat44_hand(n, fate->out - NAT44_HAND, side, p);
	if (fate->out >= WEIR_DROP && fate->out != NAT44_HAIRPIN)
		return fate->out;
	translate_packet(p, &seen, &to);
	if (side == NAT44_OUTSIDE)
		weir_set_dst_ip(p, to.dst);
	return fate->out == NAT44_HAIRPIN ? nat44_fragment(n, NAT44_OUTSIDE, p) : fate->out;
}

static void leave(struct weir_node *n, struct packet *p, unsigned out)
{
	if (out != NAT44_KEPT)
		weir_emit(n, out, p);
}

unsigned nat44_fragment(struct weir_node *n, unsigned side, struct packet *p)
{
	struct nat44_state *s = n->state;
	const struct fragment_key key = fragment_key(weir_ip4(p), side);
	struct fragment_train *t = fragment_find(&s->fragments, key);

	if (t && t->fate.known)
		return follow(n, p, &t->fate, side);
	if (!t && weir_may_keep(n))
		t = fragment_add(&s->fragments, key, weir_now(n));
	if (!t || !fragment_wait(&s->fragments, t, p))
		return WEIR_DROP + NAT44_FRAGMENTS_FULL;
	return NAT44_KEPT;
}

// The oldest datagram, and what waits of it.
static void lose_oldest(struct weir_node *n, enum nat44_drop why)
{
	struct fragments *f = &((struct nat44_state *)n->state)->fragments;
	struct fragment_train *t = f->oldest;
	struct packet *p = fragment_take(f, t);

	fragment_remove(f, t);
	while (p) {
		struct packet *next = p->next;

		weir_drop(n, why, p);
		p = next;
	}
}

// REQ-14 a: whose first has come needs no place to wait, so those that wait give way.
static struct fragment_train *add_known(struct weir_node *n, struct fragment_key k)
{
	struct fragments *f = &((struct nat44_state *)n->state)->fragments;

	if (f->n >= f->most)
		lose_oldest(n, NAT44_FRAGMENTS_FULL);
	return fragment_add(f, k, weir_now(n));
}

void nat44_first(struct weir_node *n, unsigned side, struct fragment_key before, struct packet *p,
		 unsigned out)
{
	struct nat44_state *s = n->state;
	struct fragment_train *t = fragment_find(&s->fragments, before);
	struct fragment_fate fate;
	struct packet *waiting;

	if (!t)
		t = add_known(n, before);
	if (!t)
		return;
	fate = (struct fragment_fate){.known = true};
	if (out == NAT44_KEPT) { // a SYN that waits
		fate.out = WEIR_DROP + NAT44_NO_SESSION;
	} else {
		fate.out = (uint16_t)out;
		fate.src = weir_ip4(p)->src;
		fate.dst = weir_ip4(p)->dst;
	}
	t->fate = fate;
	waiting = fragment_take(&s->fragments, t);
	// what is emitted may come back before this returns
	while (waiting) {
		struct packet *next = waiting->next;

		leave(n, waiting, follow(n, waiting, &fate, side));
		waiting = next;
	}
}

void nat44_fragments_turn(struct weir_node *n, uint64_t now)
{
	const struct fragments *f = &((struct nat44_state *)n->state)->fragments;

	while (fragment_expired(f, now))
		lose_oldest(n, NAT44_FRAGMENT_TIMEOUT);
}
