// SPDX-License-Identifier: BSD-2-Clause
// One turn of a packet: found its session, or made one (RFC 6146 3.5), and translated (3.6).
#include "nat64.h"

static unsigned out_of(enum xlat_verdict v, unsigned ok)
{
	static const uint16_t out[] = {
		[XLAT_BAD] = WEIR_DROP + NAT64_BAD,
		[XLAT_TOO_LONG] = WEIR_DROP + NAT64_TOO_LONG,
		[XLAT_SOURCE_ROUTE] = NAT64_SOURCE_ROUTE,
		[XLAT_ROUTING] = NAT64_ROUTING,
		[XLAT_HEADERS] = WEIR_DROP + NAT64_HEADERS,
		[XLAT_ICMP] = WEIR_DROP + NAT64_ICMP,
		[XLAT_FRAGMENT] = WEIR_DROP + NAT64_ICMP_FRAGMENT,
		[XLAT_NO_CHECKSUM] = WEIR_DROP + NAT64_NO_CHECKSUM,
	};

	return v == XLAT_OK ? ok : out[v];
}

unsigned nat64_to4(struct weir_node *n, struct packet *p, const struct session_tuple *to, be32 src,
		   unsigned out)
{
	struct nat64_state *s = n->state;

	return out_of(xlat_to4(p, to, src, wr16(s->id++), &nat64_of(n)->links), out);
}

unsigned nat64_to6(struct weir_node *n, struct packet *p, const struct xlat_tuple6 *to, be32 src)
{
	const struct nat64 *self = n->self;
	be64 outer[2];

	embed_put(&self->embed, src, outer);
	return out_of(xlat_to6(p, to, outer, &self->links), NAT64_IP6);
}

// RFC 6146 3.5.2.2: of TCP only a SYN begins; of ICMP only a request, whose identifier is the
// source's.
static bool begins(uint8_t proto, uint8_t flags, const be16 reply_id, unsigned direction)
{
	if (proto == IPPROTO4_TCP)
		return tcp_state_after(TCP_STATE_NONE, direction, flags) != TCP_STATE_NONE;
	return proto != IPPROTO4_ICMP || !reply_id.be;
}

// --- from IPv6 ---
static uint32_t begin6(struct weir_node *n, const struct xlat_seen6 *seen,
		       const struct session_tuple *from, unsigned *out)
{
	const struct nat64_all *all = nat64_of(n)->all;
	struct nat64_state *s = n->state;
	struct session_tuple to = *from;
	const struct mapping *m;
	uint32_t host, mapping, number = 0;

	*out = WEIR_DROP + NAT64_NO_SESSION;
	if (!begins(seen->proto, seen->flags, from->dport, 0))
		return 0;
	*out = NAT64_EXHAUSTED;
	host = nat64_host(&s->hosts, seen->tuple.src);
	if (!host) {
		s->counts.table_full++;
		return 0;
	}
	mapping = nat64_map(n, host, nat64_proto(seen->proto), rd16(from->sport), out);
	if (mapping) {
		m = mapping_at(&s->mappings, mapping);
		to.src = pool_address(&all->pool, mapping_address(m));
		to.sport = wr16(m->external_port);
		number = nat64_session_new(n, from, &to, seen->proto, mapping, 0, out);
	}
	if (!number)
		nat64_host_done(&s->hosts, host);
	return number;
}

static unsigned error6(struct weir_node *n, struct packet *p, const struct session *x)
{
	const struct ip6 *ip = (const struct ip6 *)weir_data(p);
	struct nat64_state *s = n->state;
	be32 src;

	// a router has no IPv4 address: it is the host's then
	if (!embed_get(&nat64_of(n)->embed, ip->src, &src))
		src = x->to.src;
	s->counts.errors++;
	return nat64_to4(n, p, &x->to, src, x->out[0]);
}

// Is it for a session? NAT64_IP4, and the IPv4 address that it goes to; or how it leaves.
static unsigned judge6(const struct weir_node *n, const struct xlat_seen6 *seen, be32 *dst)
{
	const struct nat64 *self = n->self;
	unsigned owner;

	if (seen->kind == TRANSLATE_BAD)
		return out_of(seen->verdict, 0);
	if (!embed_get(&self->embed, seen->tuple.dst, dst))
		return NAT64_OTHER6;
	// RFC 6146 3.5: what was translated already goes round
	if (!embed_allows(&self->embed, *dst) ||
	    embed_get(&self->embed, seen->tuple.src, &(be32){}))
		return WEIR_DROP + NAT64_BAD_ADDRESS;
	if (seen->kind == TRANSLATE_OTHER || nat64_proto(seen->proto) == MAPPING_PROTOS)
		return NAT64_PROTOCOL6;
	owner = nat64_owner(self->all, seen->tuple.src);
	return owner == weir_worker_of(n) ? NAT64_IP4 : NAT64_HAND + owner;
}

static struct session_hit find6(struct weir_node *n, const struct xlat_seen6 *seen,
				const struct session_tuple *key)
{
	const struct sessions *t = &nat64_of(n)->all->sessions;
	struct session_hit hit;
	__u64 from6[2];

	memcpy(from6, seen->tuple.src, sizeof(from6));
	hit = sessions_find(t, session_hash(t->seed, *key, seen->proto, from6[0], from6[1]), key,
			    seen->proto, from6);
	if (hit.direction)
		hit.number = 0;
	return hit;
}

unsigned nat64_six(struct weir_node *n, struct packet *p, const struct xlat_seen6 *seen,
		   struct fragment_fate *fate)
{
	const struct sessions *t = &nat64_of(n)->all->sessions;
	struct session_tuple key = {.sport = seen->tuple.sport, .dport = seen->tuple.dport};
	unsigned out = judge6(n, seen, &key.dst);
	struct session *x;
	uint32_t number;

	if (out != NAT64_IP4)
		return out;
	if (seen->kind == TRANSLATE_FRAGMENT)
		return nat64_fragment(n, NAT64_V6, p, nat64_key6(n, seen));
	number = find6(n, seen, &key).number;
	if (seen->kind == TRANSLATE_ERROR)
		return number ? error6(n, p, &t->at[number]) : WEIR_DROP + NAT64_NO_SESSION;
	if (!number)
		number = begin6(n, seen, &key, &out);
	if (!number)
		return out;
	x = &t->at[number];
	if (seen->proto == IPPROTO4_TCP)
		nat64_tcp(n, number, 0, seen->flags);
	else
		session_seen(x, 0, weir_now(n));
	fate->src = x->to.src;
	fate->dst = x->to.dst;
	return nat64_to4(n, p, &x->to, x->to.src, x->out[0]);
}

// --- from IPv4 ---
// RFC 6146 3.5: endpoint-independent, or what the host has sent to before.
static bool lets_in(struct weir_node *n, uint32_t mapping, be32 remote)
{
	const struct sessions *t = &nat64_of(n)->all->sessions;
	const struct nat64_state *s = n->state;
	uint32_t number = mapping_sessions(mapping_at(&s->mappings, mapping));

	if (nat64_of(n)->filtering == NAT64_FILTER_NONE)
		return true;
	if (nat64_of(n)->filtering == NAT64_FILTER_ADDRESS_AND_PORT)
		return false; // that has a session, which was looked for before
	for (unsigned i = 0; number && i < NAT64_FILTER_LOOK; i++) {
		if (t->at[number].from.dst.be == remote.be)
			return true;
		number = t->cold[number].more[0];
	}
	return false;
}

// The worker that may have the mapping; POOL_NONE: nobody.
static uint32_t worker_of(const struct nat64_all *all, unsigned proto, be32 external, uint16_t port)
{
	const struct nat64_static *x = nat64_static_find(all, proto, external, port);
	uint32_t block;

	if (x)
		return nat64_owner(all, x->addr);
	block = pool_block(&all->pool, pool_find(&all->pool, external), port);
	return block == POOL_NONE ? POOL_NONE : pool_owner(&all->pool, block);
}

static uint32_t begin4(struct weir_node *n, const struct translate_seen *seen, unsigned *out)
{
	const struct nat64 *self = n->self;
	const unsigned proto = nat64_proto(seen->proto);
	const bool ping = proto == MAPPING_ICMP;
	const uint16_t port = rd16(ping ? seen->tuple.sport : seen->tuple.dport);
	const uint32_t worker = worker_of(self->all, proto, seen->tuple.dst, port);
	struct session_tuple to = session_flip(seen->tuple), from = to;
	const struct nat64_state *s = n->state;
	const struct mapping *m;
	uint32_t mapping;
	bool static_;

	*out = NAT64_UNMAPPED;
	if (worker == POOL_NONE)
		return 0;
	if (worker != weir_worker_of(n)) {
		*out = NAT64_HAND + worker;
		return 0;
	}
	mapping = mapping_find_external(&s->mappings, pool_find(&self->all->pool, seen->tuple.dst),
					proto, port);
	if (!mapping)
		return 0;
	static_ = nat64_static_find(self->all, proto, seen->tuple.dst, port);
	*out = NAT64_PROHIBITED;
	if (!static_ && !lets_in(n, mapping, seen->tuple.src))
		return 0;
	*out = WEIR_DROP + NAT64_NO_SESSION;
	if (!begins(seen->proto, seen->flags, seen->tuple.dport, 1))
		return 0;
	m = mapping_at(&s->mappings, mapping);
	from.src = (be32){0};
	*(ping ? &from.dport : &from.sport) = wr16(m->port);
	return nat64_session_new(n, &from, &to, seen->proto, mapping, 1, out);
}

// May another worker than the one whose it is translate it?
static bool is_plain(const struct translate_seen *seen, const struct session *x)
{
	if (seen->kind != TRANSLATE_PLAIN || seen->first)
		return false;
	return seen->proto != IPPROTO4_TCP ||
	       (__atomic_load_n(&x->flags, __ATOMIC_RELAXED) & SESSION_FAST &&
		!(seen->flags & (TCP_SYN | TCP_FIN | TCP_RST)));
}

static unsigned go_on4(struct weir_node *n, struct packet *p, const struct translate_seen *seen,
		       uint32_t number, struct fragment_fate *fate)
{
	const struct nat64 *self = n->self;
	struct session *x = &self->all->sessions.at[number];
	const unsigned owner = nat64_owner(self->all, x->from6);
	const struct xlat_tuple6 to = nat64_tuple6(self, x);
	struct nat64_state *s = n->state;

	if (owner != weir_worker_of(n) && !is_plain(seen, x))
		return NAT64_HAND + owner;
	if (seen->kind == TRANSLATE_ERROR)
		s->counts.errors++;
	else if (seen->proto == IPPROTO4_TCP && owner == weir_worker_of(n))
		nat64_tcp(n, number, 1, seen->flags);
	else
		session_seen(x, 1, weir_now(n));
	if (seen->first) {
		fate->src.be = mapping_at(&s->mappings, x->user)->subscriber;
		fate->dst.be = (uint32_t)(x->from6[1] >> 32);
	}
	return nat64_to6(n, p, &to, weir_ip4(p)->src);
}

// Of the queries of ICMP, IPv6 has this one only. Its header is there.
static bool is_echo(struct packet *p)
{
	const struct ip4 *ip = weir_ip4(p);
	const uint32_t hlen = (ip->vihl & 15u) * 4;

	return xlat_is_query4(((const uint8_t *)ip)[hlen]);
}

// Is it for a session? NAT64_IP6, or how it leaves.
static unsigned judge4(const struct weir_node *n, struct packet *p,
		       const struct translate_seen *seen)
{
	const struct nat64 *self = n->self;

	if (seen->kind == TRANSLATE_BAD)
		return WEIR_DROP + NAT64_BAD;
	if (pool_find(&self->all->pool, seen->tuple.dst) == POOL_NONE)
		return NAT64_OTHER4;
	if (!embed_allows(&self->embed, seen->tuple.src))
		return WEIR_DROP + NAT64_BAD_ADDRESS;
	if (nat64_proto(seen->proto) == MAPPING_PROTOS)
		return NAT64_PROTOCOL4;
	if (seen->kind == TRANSLATE_OTHER || (seen->query && !is_echo(p)))
		return WEIR_DROP + NAT64_ICMP;
	return NAT64_IP6;
}

unsigned nat64_four(struct weir_node *n, struct packet *p, const struct translate_seen *seen,
		    struct fragment_fate *fate)
{
	const struct sessions *t = &nat64_of(n)->all->sessions;
	unsigned out = judge4(n, p, seen);
	struct session_hit hit;

	if (out != NAT64_IP6)
		return out;
	if (seen->kind == TRANSLATE_FRAGMENT)
		return nat64_fragment(n, NAT64_V4, p, fragment_key(weir_ip4(p), NAT64_V4));
	hit = sessions_find(t, sessions_hash4(t, &seen->tuple, seen->proto), &seen->tuple,
			    seen->proto, NULL);
	if (hit.number && hit.direction)
		return go_on4(n, p, seen, hit.number, fate);
	if (seen->kind == TRANSLATE_ERROR)
		return WEIR_DROP + NAT64_NO_SESSION;
	hit.number = begin4(n, seen, &out);
	if (hit.number)
		return go_on4(n, p, seen, hit.number, fate);
	return out == NAT64_UNMAPPED || out == NAT64_PROHIBITED ? nat64_hold_syn(n, p, seen, out)
								: out;
}
