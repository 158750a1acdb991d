// SPDX-License-Identifier: BSD-2-Clause
// Packets of rewriters. Those of a batch fetch the index and then the sessions side by side.
#include "rewriter.h"

enum { CHUNK = 32, ICMP_REPLY = 0, ICMP_ECHO = 8, ICMP_ECHO_LEN = 8 };

// A packet on its way through.
struct look {
	struct translate_seen seen;
	struct session_tuple key;
	uint64_t hash;
	uint32_t slot;
	uint8_t proto;
	bool fits;
};

struct session_hit rewriter_find(const struct rewriter *self, const struct session_tuple *key,
				 uint8_t proto)
{
	struct session_tuple k = {.src = key->src, .dst = key->dst};
	struct session_hit hit;

	if (self->keys == REWRITER_PORTS || self->keys == REWRITER_PING)
		return sessions_find(&self->table, sessions_hash4(&self->table, key, proto), key,
				     proto, NULL);
	if (self->keys == REWRITER_ADDRESS)
		k.dst.be = 0;
	hit = sessions_find(&self->table, sessions_hash4(&self->table, &k, 0), &k, 0, NULL);
	if (hit.number || self->keys == REWRITER_PAIR)
		return hit;
	k = (struct session_tuple){.dst = key->dst};
	return sessions_find(&self->table, sessions_hash4(&self->table, &k, 0), &k, 0, NULL);
}

static bool is_echo(struct packet *p)
{
	const struct icmp4 *icmp = weir_transport_at(p, 0, ICMP_ECHO_LEN);

	return icmp && (icmp->type == ICMP_ECHO || icmp->type == ICMP_REPLY);
}

// Addresses only, whatever is in the packet.
WEIR_RARE void look_at_addresses(const struct rewriter *self, struct packet *p, struct look *l)
{
	if (l->seen.kind == TRANSLATE_ERROR) {
		const struct ip4 *ip = weir_ip4(p);

		l->seen.kind = TRANSLATE_OTHER;
		l->seen.tuple = (struct session_tuple){.src = ip->src, .dst = ip->dst};
		l->seen.proto = ip->proto;
	}
	l->fits = l->seen.kind != TRANSLATE_BAD;
	l->key = (struct session_tuple){.src = l->seen.tuple.src};
	if (self->keys == REWRITER_PAIR)
		l->key.dst = l->seen.tuple.dst;
	l->proto = 0;
}

WEIR_INLINE bool is_fit(const struct rewriter *self, struct packet *p, const struct look *l)
{
	if (WEIR_UNLIKELY(l->seen.kind != TRANSLATE_PLAIN))
		return false;
	if (self->keys == REWRITER_PING)
		return l->seen.proto == IPPROTO4_ICMP && l->seen.query && is_echo(p);
	if (self->proto)
		return l->seen.proto == self->proto;
	return l->seen.proto == IPPROTO4_TCP || l->seen.proto == IPPROTO4_UDP;
}

WEIR_INLINE void look_at(const struct rewriter *self, struct packet *p, struct look *l)
{
	translate_look_at(p, &l->seen);
	l->key = l->seen.tuple;
	l->proto = l->seen.proto;
	if (WEIR_UNLIKELY(self->keys > REWRITER_PING))
		look_at_addresses(self, p, l);
	else
		l->fits = is_fit(self, p, l);
	l->hash = sessions_hash4(&self->table, &l->key, l->proto);
	sessions_prefetch(&self->table, l->hash);
}

static void set_bits(struct session *s, unsigned bits)
{
	__atomic_fetch_or(&s->state, bits, __ATOMIC_RELAXED);
}

static void clear_bits(struct session *s, unsigned bits)
{
	__atomic_fetch_and(&s->state, ~bits, __ATOMIC_RELAXED);
}

static bool has_payload(struct packet *p)
{
	const struct ip4 *ip = weir_ip4(p);
	const struct tcp *tcp = weir_transport_at(p, 0, sizeof(*tcp));

	return tcp && (ip->vihl & 15u) * 4 + (tcp->off >> 4) * 4u < rd16(ip->len);
}

// RFC 9293 as far as Click follows it: who has sent data, and who has finished.
WEIR_RARE void note_tcp(struct weir_node *n, struct packet *p, uint8_t flags,
			struct session_hit hit)
{
	struct session *s = &rewriter_of(n->element)->table.at[hit.number];
	const unsigned done = REWRITER_DONE << hit.direction, data = REWRITER_DATA << hit.direction;
	const unsigned before = __atomic_load_n(&s->state, __ATOMIC_RELAXED);
	const bool payload = has_payload(p);
	unsigned now;

	if (flags & (TCP_RST | TCP_FIN))
		set_bits(s, flags & TCP_RST ? REWRITER_ALL_DONE : done);
	else if ((flags & TCP_SYN || payload) && before & done)
		clear_bits(s, done);
	if (payload && !(before & data))
		set_bits(s, data);
	now = __atomic_load_n(&s->state, __ATOMIC_RELAXED);
	if (now & (REWRITER_ALL_DONE | REWRITER_DELTA))
		__atomic_fetch_and(&s->flags, ~SESSION_FAST, __ATOMIC_RELAXED);
	else if ((now & REWRITER_ALL_DATA) == REWRITER_ALL_DATA)
		__atomic_fetch_or(&s->flags, SESSION_FAST, __ATOMIC_RELAXED);
	if ((now & REWRITER_ALL_DONE) == REWRITER_ALL_DONE &&
	    (before & REWRITER_ALL_DONE) != REWRITER_ALL_DONE)
		rewriter_tell(n, hit.number);
}

WEIR_RARE void note_other(struct weir_node *n, struct session_hit hit)
{
	const struct rewriter *self = rewriter_of(n->element);
	struct session *s = &self->table.at[hit.number];
	const unsigned before = __atomic_load_n(&s->state, __ATOMIC_RELAXED);
	const unsigned count = before & REWRITER_THREE;
	const unsigned now = before | (hit.direction ? REWRITER_REPLY : 0) |
			     ((count << 1 | REWRITER_FIRST) & REWRITER_THREE);

	set_bits(s, now & REWRITER_STREAMING);
	if ((now & REWRITER_STREAMING) != REWRITER_STREAMING)
		return;
	if (self->keys <= REWRITER_PING)
		__atomic_fetch_or(&s->flags, SESSION_FAST, __ATOMIC_RELAXED);
	if (self->times.udp_streaming < self->times.udp)
		rewriter_tell(n, hit.number);
}

WEIR_INLINE void note(struct weir_node *n, struct packet *p, const struct look *l,
		      struct session_hit hit, const struct session *s)
{
	const unsigned state = __atomic_load_n(&s->state, __ATOMIC_RELAXED);
	const unsigned data = REWRITER_DATA << hit.direction;
	const unsigned seen = hit.direction ? REWRITER_STREAMING : REWRITER_THREE;

	if (l->proto == IPPROTO4_TCP) {
		if (WEIR_UNLIKELY(l->seen.flags & (TCP_SYN | TCP_FIN | TCP_RST) ||
				  (state & (data | REWRITER_ALL_DONE)) != data))
			note_tcp(n, p, l->seen.flags, hit);
	} else if (WEIR_UNLIKELY((state & seen) != seen)) {
		note_other(n, hit);
	}
}

WEIR_INLINE unsigned forward(struct weir_node *n, const struct rewriter *self, struct packet *p,
			     const struct look *l, struct session_hit hit, uint64_t now)
{
	struct session *s = &self->table.at[hit.number];
	const struct session_tuple to = rewriter_target(self, s, hit.direction, l->seen.tuple);

	session_seen(s, hit.direction, now);
	note(n, p, l, hit, s);
	translate_packet(p, &l->seen, &to);
	if (self->dst_anno)
		weir_set_dst_ip(p, to.dst);
	if (WEIR_UNLIKELY(self->has_reply_anno) && hit.direction)
		weir_set_anno_u8(p, self->reply_anno.at, (uint8_t)s->user);
	if (WEIR_UNLIKELY(__atomic_load_n(&s->state, __ATOMIC_RELAXED) & REWRITER_DELTA) &&
	    !tcp_delta_apply(&self->deltas, self->table.cold[hit.number].more[1], hit.number,
			     hit.direction, p))
		return WEIR_DROP + REWRITER_BUSY;
	return s->out[hit.direction];
}

// A request does not belong to the direction of replies, though its key is the same where the
// identifier is 0: it has no session. Nor does a reply begin one.
static bool is_request(struct packet *p)
{
	const struct icmp4 *icmp = weir_transport_at(p, 0, ICMP_ECHO_LEN);

	return icmp && icmp->type == ICMP_ECHO;
}

WEIR_RARE unsigned pass_or_drop(const struct rewriter *self, unsigned port, unsigned reason)
{
	const struct rewriter_spec *spec = &self->spec[port];

	return spec->kind == REWRITER_PASS ? spec->out[0] : WEIR_DROP + reason;
}

WEIR_RARE unsigned without_session(struct weir_node *n, unsigned port, struct packet *p,
				   struct look *l, struct session_hit *hit)
{
	const struct rewriter *self = rewriter_of(n->element);
	uint8_t anno = 0;

	if (self->keys == REWRITER_ADDRESS) {
		*hit = rewriter_find(self, &l->seen.tuple, 0);
		if (hit->number)
			return 0;
	}
	if (self->keys == REWRITER_PING && !is_request(p) && self->passes_replies && !port)
		return self->spec[0].out[0];
	if (self->keys == REWRITER_PING && !is_request(p))
		return pass_or_drop(self, port, REWRITER_NO_MAPPING);
	if (self->has_reply_anno)
		anno = weir_anno_u8(p, self->reply_anno.at);
	return rewriter_fresh(n, port, &self->spec[port], &l->key, l->proto, anno, hit);
}

WEIR_INLINE unsigned decide(struct weir_node *n, const struct rewriter *self, unsigned port,
			    struct packet *p, struct look *l, uint64_t now)
{
	struct session_hit hit;
	unsigned out;

	if (WEIR_UNLIKELY(!l->fits))
		return pass_or_drop(self, port, REWRITER_UNFIT);
	hit = sessions_check4(&self->table, l->slot, l->hash, &l->key, l->proto);
	if (WEIR_UNLIKELY(self->keys == REWRITER_PING) && hit.direction && is_request(p))
		return pass_or_drop(self, port, REWRITER_NO_MAPPING);
	if (WEIR_UNLIKELY(!hit.number)) {
		out = without_session(n, port, p, l, &hit);
		if (!hit.number)
			return out;
	}
	return forward(n, self, p, l, hit, now);
}

// Any packet, from its first byte on.
WEIR_RARE unsigned decide_one(struct weir_node *n, unsigned port, struct packet *p)
{
	const struct rewriter *self = rewriter_of(n->element);
	struct look l;

	look_at(self, p, &l);
	l.slot = sessions_candidate(&self->table, l.hash);
	return decide(n, self, port, p, &l, weir_now(n));
}

// --- nearly all packets: TCP and UDP of sessions about which they say nothing new ---
struct quick {
	struct session_tuple key[CHUNK];
	uint64_t hash[CHUNK];
	uint32_t slot[CHUNK];
	uint8_t proto[CHUNK], flags[CHUNK]; // proto 0: to be looked at one by one
};

WEIR_INLINE void look_quickly(const struct rewriter *self, struct quick *q, unsigned i,
			      struct packet *p)
{
	const struct translate_seen seen = translate_look(p);

	q->key[i] = seen.tuple;
	q->hash[i] = sessions_hash4(&self->table, &seen.tuple, seen.proto);
	sessions_prefetch(&self->table, q->hash[i]);
	q->proto[i] = seen.direct && (!self->proto || self->proto == seen.proto) ? seen.proto : 0;
	q->flags[i] = seen.flags;
}

// Does a packet of that direction, with those flags, change nothing of the session?
WEIR_INLINE bool is_quiet(unsigned state, uint8_t proto, uint8_t flags, unsigned direction)
{
	const unsigned data = REWRITER_DATA << direction;
	const unsigned seen = direction ? REWRITER_STREAMING : REWRITER_THREE;

	if (proto == IPPROTO4_TCP)
		return !(flags & (TCP_SYN | TCP_FIN | TCP_RST)) &&
		       (state & (data | REWRITER_ALL_DONE | REWRITER_DELTA)) == data;
	return (state & seen) == seen;
}

// What session_flip(s->from) or s->to is, without a branch that nothing can foretell.
WEIR_INLINE struct session_tuple target_of(const struct session *s, unsigned direction)
{
	const uint8_t *tuple = (const uint8_t *)s + (1 - direction) * sizeof(s->from);
	const unsigned turn = direction * 16;
	uint64_t addresses = weir_csum_load64(tuple);
	uint32_t ports = (uint32_t)weir_csum_load32(tuple + sizeof(addresses));
	struct session_tuple to;

	addresses = addresses << 2 * turn | addresses >> (-(2 * turn) & 63);
	ports = ports << turn | ports >> (-turn & 31);
	memcpy(&to, &addresses, sizeof(addresses));
	memcpy((uint8_t *)&to + sizeof(addresses), &ports, sizeof(ports));
	return to;
}
_Static_assert(offsetof(struct session, to) == sizeof(struct session_tuple), "see target_of");

// The output, or -1: it is to be looked at by itself.
WEIR_INLINE int forward_quickly(const struct rewriter *self, const struct quick *q, unsigned i,
				struct packet *p, uint64_t now)
{
	const unsigned direction = q->slot[i] & 1;
	struct session *s = &self->table.at[q->slot[i] >> 1];
	struct session_tuple to;

	if (WEIR_UNLIKELY(q->slot[i] <= 1 || !q->proto[i] ||
			  !session_is4(s, direction, &q->key[i], q->proto[i]) ||
			  !is_quiet(__atomic_load_n(&s->state, __ATOMIC_RELAXED), q->proto[i],
				    q->flags[i], direction)))
		return -1;
	to = target_of(s, direction);
	session_seen(s, direction, now);
	translate_direct(p, &to);
	if (self->dst_anno)
		weir_set_dst_ip(p, to.dst);
	return s->out[direction];
}

static void decide_quickly(struct weir_node *n, unsigned port, struct packet *const *v,
			   unsigned count, uint16_t *out)
{
	const struct rewriter *self = rewriter_of(n->element);
	const uint64_t now = weir_now(n);
	struct quick q;

	for (unsigned i = 0; i < count; i++)
		look_quickly(self, &q, i, v[i]);
	for (unsigned i = 0; i < count; i++)
		q.slot[i] = sessions_candidate(&self->table, q.hash[i]);
	for (unsigned i = 0; i < count; i++) {
		const int quick = forward_quickly(self, &q, i, v[i], now);

		out[i] = (uint16_t)(WEIR_LIKELY(quick >= 0) ? (unsigned)quick
							    : decide_one(n, port, v[i]));
	}
}

static void decide_chunk(struct weir_node *n, unsigned port, struct packet *const *v,
			 unsigned count, uint16_t *out)
{
	const struct rewriter *self = rewriter_of(n->element);

	if (self->keys == REWRITER_PORTS && !self->has_reply_anno) {
		decide_quickly(n, port, v, count, out);
		return;
	}
	for (unsigned i = 0; i < count; i++)
		out[i] = (uint16_t)decide_one(n, port, v[i]);
}

static void deal(struct weir_node *n, struct batch *b, const uint16_t *out)
{
	const unsigned count = b->n;
	struct weir_deal d;

	weir_deal_begin(&d, n, b);
	for (unsigned i = 0; i < count; i++)
		weir_deal(&d, n, out[i], b->p[i]);
	weir_deal_end(&d, n, b);
}

void rewriter_push(struct weir_node *n, unsigned port, struct batch *b)
{
	uint16_t out[WEIR_BATCH_MAX];
	unsigned differ = 0;

	if (WEIR_UNLIKELY(__atomic_load_n(&rewriter_state(n)->told, __ATOMIC_RELAXED)))
		rewriter_take_told(n);
	for (unsigned i = 0; i < b->n; i += CHUNK)
		decide_chunk(n, port, b->p + i, b->n - i < CHUNK ? b->n - i : CHUNK, out + i);
	for (unsigned i = 1; i < b->n; i++)
		differ |= out[i] ^ out[0];
	if (WEIR_UNLIKELY(!b->n))
		return;
	if (differ || out[0] >= n->element->n_out)
		deal(n, b, out);
	else
		b->out = out[0];
}
