// SPDX-License-Identifier: BSD-2-Clause
// SYNs from IPv4 that nobody waits for (RFC 6146 3.5.2.2, V4 INIT): for six seconds nothing is
// said. If the host opens the same connection meanwhile, the SYN is lost silently; else it leaves
// by `refused`.
#include "nat64.h"

unsigned nat64_hold_syn(struct weir_node *n, struct packet *p, const struct translate_seen *seen,
			unsigned out)
{
	const struct nat64 *self = n->self;
	struct nat64_state *s = n->state;
	struct nat64_syns *q = &s->syns;

	if (seen->proto != IPPROTO4_TCP || seen->kind != TRANSLATE_PLAIN || seen->first ||
	    (seen->flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
		return out;
	if (!weir_out_connected(n->element, NAT64_REFUSED) || !self->tcp_incoming_syn ||
	    q->n == NAT64_SYNS || !weir_may_keep(n))
		return out;
	q->v[(q->first + q->n++) % NAT64_SYNS] = (struct nat64_syn){
		.key = seen->tuple,
		.until = weir_now(n) + self->tcp_incoming_syn,
		.p = p,
	};
	return NAT64_KEPT;
}

// The host has begun the same connection, on whatever worker.
static bool was_met(struct weir_node *n, const struct nat64_syn *x)
{
	const struct sessions *t = &nat64_of(n)->all->sessions;
	const uint64_t hash = sessions_hash4(t, &x->key, IPPROTO4_TCP);

	return sessions_find(t, hash, &x->key, IPPROTO4_TCP, NULL).number;
}

void nat64_syns_turn(struct weir_node *n, uint64_t now)
{
	struct nat64_syns *q = &((struct nat64_state *)n->state)->syns;

	while (q->n && q->v[q->first].until <= now) {
		const struct nat64_syn x = q->v[q->first];

		q->first = (q->first + 1) % NAT64_SYNS;
		q->n--;
		weir_emit(n, was_met(n, &x) ? WEIR_DROP + NAT64_SIMULTANEOUS_OPEN : NAT64_REFUSED,
			  x.p);
	}
}

void nat64_syns_free(struct weir_node *n)
{
	struct nat64_syns *q = &((struct nat64_state *)n->state)->syns;

	for (unsigned i = 0; i < q->n; i++)
		weir_packet_free(n, q->v[(q->first + i) % NAT64_SYNS].p);
	q->n = 0;
}
