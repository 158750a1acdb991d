// SPDX-License-Identifier: BSD-2-Clause
// SYNs from outside that nobody wanted (RFC 5382 REQ-4): for six seconds nothing is said. If the
// inside opens the same connection meanwhile, the SYN is lost silently; else it leaves by
// `refused`, where an ICMPError may answer it.
#include "nat44.h"

unsigned nat44_hold_syn(struct weir_node *n, struct packet *p, const struct translate_seen *seen)
{
	const struct nat44 *self = n->self;
	struct nat44_state *s = n->state;
	struct nat44_syns *q = &s->syns;

	// REQ-4 a: or never, where nobody answers
	if (!weir_out_connected(n->element, NAT44_REFUSED) || q->n == NAT44_SYNS ||
	    !weir_may_keep(n))
		return NAT44_REFUSED;
	q->v[(q->first + q->n++) % NAT44_SYNS] = (struct nat44_syn){
		.remote = seen->tuple.src,
		.external = seen->tuple.dst,
		.remote_port = seen->tuple.sport,
		.external_port = seen->tuple.dport,
		.until = weir_now(n) + self->syn,
		.p = p,
	};
	s->counts.held_syns++;
	return NAT44_KEPT;
}

// The inside has begun the same connection, on whatever worker.
static bool was_met(struct weir_node *n, const struct nat44_syn *x)
{
	const struct sessions *t = &nat44_of(n)->all->sessions;
	const struct session_tuple key = {x->remote, x->external, x->remote_port, x->external_port};
	const uint64_t hash = sessions_hash4(t, &key, IPPROTO4_TCP);

	return sessions_find(t, hash, &key, IPPROTO4_TCP, NULL).number;
}

void nat44_syns_turn(struct weir_node *n, uint64_t now)
{
	struct nat44_syns *q = &((struct nat44_state *)n->state)->syns;

	while (q->n && q->v[q->first].until <= now) {
		const struct nat44_syn x = q->v[q->first];

		q->first = (q->first + 1) % NAT44_SYNS;
		q->n--;
		if (was_met(n, &x))
			weir_drop(n, NAT44_SIMULTANEOUS_OPEN, x.p);
		else
			weir_emit(n, NAT44_REFUSED, x.p);
	}
}

void nat44_syns_free(struct weir_node *n)
{
	struct nat44_syns *q = &((struct nat44_state *)n->state)->syns;

	for (unsigned i = 0; i < q->n; i++)
		weir_packet_free(n, q->v[(q->first + i) % NAT44_SYNS].p);
	q->n = 0;
}
