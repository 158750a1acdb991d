// SPDX-License-Identifier: BSD-2-Clause
// Fragments (RFC 6146 3.4): those behind the first go the way of the first, also if they came
// before it. On the way to IPv6, a fate names the host by its number and the end of its address, as
// sessions outlive the fate.
#include "nat64.h"

struct fragment_key nat64_key6(const struct weir_node *n, const struct xlat_seen6 *seen)
{
	const struct nat64_state *s = n->state;
	uint64_t h = (seen->tuple.src[0].be ^ s->hosts.seed) * 0x9e3779b97f4a7c15;
	struct fragment_key k = {.proto = seen->proto, .side = NAT64_V6, .id = (uint16_t)seen->id};

	h = (h ^ h >> 32 ^ seen->tuple.src[1].be) * 0xff51afd7ed558ccd;
	h = (h ^ h >> 32 ^ seen->tuple.dst[0].be ^ seen->id) * 0x9e3779b97f4a7c15;
	h = (h ^ h >> 32 ^ seen->tuple.dst[1].be) * 0xff51afd7ed558ccd;
	k.src.be = (uint32_t)h;
	k.dst.be = (uint32_t)(h >> 32);
	return k;
}

// Gives a fragment its new header. Where it goes.
static unsigned translate(struct weir_node *n, struct packet *p, const struct fragment_fate *fate,
			  unsigned side)
{
	const struct nat64_state *s = n->state;
	const struct session_tuple to = {.src = fate->src, .dst = fate->dst};
	struct xlat_tuple6 to6 = {};
	const struct nat64_host *host;

	if (fate->out != NAT64_IP4 && fate->out != NAT64_IP6 && fate->out != NAT64_HAIRPIN)
		return fate->out;
	if (side == NAT64_V6)
		return nat64_to4(n, p, &to, to.src, fate->out);
	host = nat64_host_at(&s->hosts, fate->src.be);
	if ((uint32_t)(host->addr[1].be >> 32) != fate->dst.be)
		return WEIR_DROP + NAT64_NO_SESSION;
	memcpy(to6.dst, host->addr, sizeof(to6.dst));
	embed_put(&nat64_of(n)->embed, weir_ip4(p)->src, to6.src);
	return nat64_to6(n, p, &to6, weir_ip4(p)->src);
}

static unsigned follow(struct weir_node *n, struct packet *p, const struct fragment_fate *fate,
		       unsigned side)
{
	unsigned out = translate(n, p, fate, side);

	return out == NAT64_HAIRPIN
		       ? nat64_fragment(n, NAT64_V4, p, fragment_key(weir_ip4(p), NAT64_V4))
		       : out;
}

unsigned nat64_fragment(struct weir_node *n, unsigned side, struct packet *p,
			struct fragment_key key)
{
	struct nat64_state *s = n->state;
	struct fragment_train *t = fragment_find(&s->fragments, key);

	if (t && t->fate.known)
		return follow(n, p, &t->fate, side);
	if (!t && weir_may_keep(n))
		t = fragment_add(&s->fragments, key, weir_now(n));
	if (!t || !fragment_wait(&s->fragments, t, p))
		return WEIR_DROP + NAT64_FRAGMENTS_FULL;
	return NAT64_KEPT;
}

void nat64_first(struct weir_node *n, unsigned side, struct fragment_key key,
		 struct fragment_fate fate)
{
	struct nat64_state *s = n->state;
	struct fragment_train *t = fragment_find(&s->fragments, key);
	struct packet *waiting;

	if (!t)
		t = fragment_add(&s->fragments, key, weir_now(n));
	if (!t)
		return;
	fate.known = true;
	t->fate = fate;
	waiting = fragment_take(&s->fragments, t);
	// what is emitted may come back before this returns
	while (waiting) {
		struct packet *next = waiting->next;

		nat64_leave(n, side, follow(n, waiting, &fate, side), waiting);
		waiting = next;
	}
}

void nat64_fragments_turn(struct weir_node *n, uint64_t now)
{
	struct fragments *f = &((struct nat64_state *)n->state)->fragments;
	struct fragment_train *t;

	while ((t = fragment_expired(f, now))) {
		struct packet *p = fragment_take(f, t);

		fragment_remove(f, t);
		while (p) {
			struct packet *next = p->next;

			weir_drop(n, NAT64_FRAGMENT_TIMEOUT, p);
			p = next;
		}
	}
}
