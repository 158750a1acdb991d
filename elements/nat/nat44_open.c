// SPDX-License-Identifier: BSD-2-Clause
// Packets beside the fast path: those that begin a session, change its state, or tell of an error.
#include <weir/csum.h>

#include "nat44.h"

static struct session_hit find(struct weir_node *n, unsigned side,
			       const struct translate_seen *seen)
{
	const struct sessions *t = &nat44_of(n)->all->sessions;
	const uint64_t hash = sessions_hash4(t, &seen->tuple, seen->proto);
	struct session_hit hit = sessions_find(t, hash, &seen->tuple, seen->proto, NULL);

	if (hit.direction != side) // forged: it comes from where it cannot
		hit.number = 0;
	return hit;
}

// What the packet becomes, and where it goes.
static unsigned change(struct weir_node *n, struct session_hit hit, struct packet *p,
		       const struct translate_seen *seen)
{
	const struct session *x = &nat44_of(n)->all->sessions.at[hit.number];
	const struct session_tuple to = hit.direction ? session_flip(x->from) : x->to;

	translate_packet(p, seen, &to);
	if (hit.direction)
		weir_set_dst_ip(p, to.dst);
	return x->out[hit.direction];
}

static unsigned go_on(struct weir_node *n, struct session_hit hit, struct packet *p,
		      const struct translate_seen *seen)
{
	const struct nat44_all *all = nat44_of(n)->all;
	struct session *x = &all->sessions.at[hit.number];

	if (seen->proto == IPPROTO4_TCP) {
		const unsigned owner = nat44_owner(all, x->from.src);

		if (owner != weir_worker_of(n))
			return NAT44_HAND + owner;
		nat44_tcp(n, hit.number, hit.direction, seen->flags);
	} else {
		session_seen(x, hit.direction, weir_now(n));
	}
	return change(n, hit, p, seen);
}

// --- from inside ---
// The subscriber's session as `from` and `to` say; the packet goes on in it.
static unsigned begin(struct weir_node *n, unsigned direction, struct packet *p,
		      const struct translate_seen *seen, const struct session_tuple *from,
		      const struct session_tuple *to, uint32_t subscriber, uint32_t mapping)
{
	struct session_hit hit = {.direction = direction};
	unsigned out = NAT44_PROHIBITED;

	hit.number =
		nat44_session_new(n, from, to, seen->proto, subscriber, mapping, direction, &out);
	if (!hit.number) {
		const struct nat44_state *s = n->state;

		if (mapping && !mapping_sessions(mapping_at(&s->mappings, mapping)))
			nat44_unmap(n, mapping);
		nat44_subscriber_done(n, subscriber);
		return out;
	}
	return change(n, hit, p, seen);
}

// RFC 6146 3.5.2.2: of TCP only a SYN begins.
static bool begins(const struct translate_seen *seen, unsigned direction)
{
	return seen->proto != IPPROTO4_TCP ||
	       tcp_state_after(TCP_STATE_NONE, direction, seen->flags) != TCP_STATE_NONE;
}

// Is there anything behind an external endpoint? What is sent there from inside comes back in, or,
// as it is, to whoever the address belongs to beside.
static bool is_mapped(const struct nat44_all *all, be32 external, unsigned proto, uint16_t port)
{
	const uint32_t address = pool_find(&all->pool, external);

	return forward_find(&all->forwards, true, external,
			    proto < MAPPING_PROTOS ? (uint8_t)proto : FORWARD_ALL, port) ||
	       (proto < MAPPING_PROTOS && address != POOL_NONE &&
		pool_is_mapped(&all->pool, address, proto, port));
}

// The external end of a packet's source: configured, or by a mapping, which is made if there is
// none. False: *out says how the packet leaves.
static bool give_end(struct weir_node *n, const struct forward *f, uint32_t subscriber,
		     unsigned proto, struct session_tuple *to, uint32_t *mapping, unsigned *out)
{
	const struct nat44_state *s = n->state;
	const struct mapping *m;

	if (f) {
		to->src = f->external;
		if (f->proto != FORWARD_ALL)
			to->sport = wr16(f->external_port);
		return true;
	}
	*mapping = nat44_map(n, subscriber, proto, rd16(to->sport), out);
	if (!*mapping)
		return false;
	m = mapping_at(&s->mappings, *mapping);
	to->src = pool_address(&nat44_of(n)->all->pool, mapping_address(m));
	to->sport = wr16(m->external_port);
	return true;
}

// Why a packet from inside begins nothing; NAT44_KEPT: it does.
static unsigned refused_out(struct weir_node *n, const struct translate_seen *seen,
			    const struct forward *f, unsigned proto)
{
	const struct nat44_all *all = nat44_of(n)->all;

	if (nat44_of(n)->hairpin && nat44_is_external(all, seen->tuple.dst) &&
	    !is_mapped(all, seen->tuple.dst, proto, rd16(seen->tuple.dport)))
		return NAT44_UNMAPPED;
	if (!f && proto == MAPPING_PROTOS)
		return NAT44_OTHER;
	if (!begins(seen, 0) || (!f && proto == MAPPING_ICMP && seen->tuple.dport.be))
		return WEIR_DROP + NAT44_NO_SESSION;
	return NAT44_KEPT;
}

static unsigned begin_out(struct weir_node *n, struct packet *p, const struct translate_seen *seen)
{
	const unsigned proto =
		seen->kind == TRANSLATE_PLAIN ? nat44_proto(seen->proto) : MAPPING_PROTOS;
	const struct forward *f = forward_find(
		&nat44_of(n)->all->forwards, false, seen->tuple.src,
		proto < MAPPING_PROTOS ? (uint8_t)proto : FORWARD_ALL, rd16(seen->tuple.sport));
	unsigned out = refused_out(n, seen, f, proto);
	struct session_tuple to = seen->tuple;
	uint32_t subscriber, mapping = 0;

	if (out != NAT44_KEPT)
		return out;
	subscriber = nat44_subscriber(n, seen->tuple.src);
	if (!subscriber) {
		((struct nat44_state *)n->state)->counts.table_full++;
		return NAT44_PROHIBITED;
	}
	if (!give_end(n, f, subscriber, proto, &to, &mapping, &out)) {
		nat44_subscriber_done(n, subscriber);
		return out;
	}
	return begin(n, 0, p, seen, &seen->tuple, &to, subscriber, mapping);
}

// --- from outside ---
static bool is_syn(const struct translate_seen *seen)
{
	return seen->proto == IPPROTO4_TCP &&
	       (seen->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
}

// RFC 4787 REQ-8, RFC 5382 REQ-3.
static bool lets_in(struct weir_node *n, uint32_t mapping, be32 remote)
{
	const struct sessions *t = &nat44_of(n)->all->sessions;
	const struct nat44_state *s = n->state;
	uint32_t number = mapping_sessions(mapping_at(&s->mappings, mapping));

	if (nat44_of(n)->filtering == NAT44_FILTER_NONE)
		return true;
	// what it sent to this very port has a session, which was looked for before
	if (nat44_of(n)->filtering == NAT44_FILTER_ADDRESS_AND_PORT)
		return false;
	for (unsigned i = 0; number && i < NAT44_FILTER_LOOK; i++) {
		if (t->at[number].from.dst.be == remote.be)
			return true;
		number = t->cold[number].more[0];
	}
	return false;
}

static unsigned no_mapping(struct weir_node *n, struct packet *p, const struct translate_seen *seen)
{
	// somebody else may want it: the host, for instance
	if (weir_out_connected(n->element, NAT44_UNMAPPED) || !is_syn(seen))
		return NAT44_UNMAPPED;
	return nat44_hold_syn(n, p, seen);
}

static unsigned begin_in_forward(struct weir_node *n, struct packet *p,
				 const struct translate_seen *seen, const struct forward *f)
{
	const struct session_tuple to = session_flip(seen->tuple);
	const unsigned owner = nat44_owner(nat44_of(n)->all, f->inside);
	struct session_tuple from = to;
	uint32_t subscriber;

	if (owner != weir_worker_of(n))
		return NAT44_HAND + owner;
	if (!begins(seen, 1))
		return WEIR_DROP + NAT44_NO_SESSION;
	subscriber = nat44_subscriber(n, f->inside);
	if (!subscriber) {
		((struct nat44_state *)n->state)->counts.table_full++;
		return NAT44_PROHIBITED;
	}
	from.src = f->inside;
	if (f->proto != FORWARD_ALL)
		from.sport = wr16(f->port);
	return begin(n, 1, p, seen, &from, &to, subscriber, 0);
}

static unsigned begin_in(struct weir_node *n, struct packet *p, const struct translate_seen *seen)
{
	const struct nat44_all *all = nat44_of(n)->all;
	const struct nat44_state *s = n->state;
	const unsigned proto =
		seen->kind == TRANSLATE_PLAIN ? nat44_proto(seen->proto) : MAPPING_PROTOS;
	const uint16_t port = rd16(seen->tuple.dport);
	const struct forward *f =
		forward_find(&all->forwards, true, seen->tuple.dst,
			     proto < MAPPING_PROTOS ? (uint8_t)proto : FORWARD_ALL, port);
	const uint32_t address = pool_find(&all->pool, seen->tuple.dst);
	const struct session_tuple to = session_flip(seen->tuple);
	struct session_tuple from = to;
	uint32_t block, owner, mapping;

	if (f)
		return begin_in_forward(n, p, seen, f);
	if (address == POOL_NONE)
		return NAT44_FOREIGN;
	block = proto < MAPPING_PROTOS ? pool_block(&all->pool, address, port) : POOL_NONE;
	owner = block == POOL_NONE ? POOL_NONE : pool_owner(&all->pool, block);
	if (owner == POOL_NONE)
		return no_mapping(n, p, seen);
	if (owner != weir_worker_of(n))
		return NAT44_HAND + owner;
	mapping = mapping_find_external(&s->mappings, address, proto, port);
	if (!mapping)
		return no_mapping(n, p, seen);
	if (!lets_in(n, mapping, seen->tuple.src))
		return is_syn(seen) ? nat44_hold_syn(n, p, seen) : WEIR_DROP + NAT44_FILTERED;
	if (!begins(seen, 1))
		return WEIR_DROP + NAT44_NO_SESSION;
	from.src = subscriber_at(&s->subscribers, mapping_at(&s->mappings, mapping)->subscriber)
			   ->inside;
	from.sport = wr16(mapping_at(&s->mappings, mapping)->port);
	return begin(n, 1, p, seen, &from, &to, mapping_at(&s->mappings, mapping)->subscriber,
		     mapping);
}

// --- errors ---
// RFC 5508 REQ-3: neither its own checksum nor that of the quoted header is wrong.
static bool is_sound_error(struct packet *p)
{
	const struct ip4 *ip = weir_ip4(p), *quoted;
	const uint32_t hlen = (ip->vihl & 15u) * 4, len = rd16(ip->len);
	const uint8_t *icmp = (const uint8_t *)ip + hlen;

	quoted = (const struct ip4 *)(icmp + sizeof(struct icmp4));
	if (len > weir_network_len(p)) // cut short
		return false;
	return weir_csum_ok(weir_csum_sum(icmp, len - hlen)) &&
	       weir_csum_ok(weir_csum_sum(quoted, (quoted->vihl & 15ul) * 4));
}

static unsigned error(struct weir_node *n, unsigned side, struct packet *p,
		      const struct translate_seen *seen)
{
	const struct nat44_all *all = nat44_of(n)->all;
	struct nat44_state *s = n->state;
	struct session_hit hit;

	if (!is_sound_error(p))
		return WEIR_DROP + NAT44_BAD;
	hit = find(n, side, seen);
	if (hit.number) {
		// REQ-6: neither refreshes nor ends it
		s->counts.errors++;
		return change(n, hit, p, seen);
	}
	if (side == NAT44_INSIDE)
		return nat44_is_inside(all, seen->tuple.src) ? WEIR_DROP + NAT44_NO_SESSION
							     : NAT44_EXCLUDED;
	// REQ-4: lost, unless the host is behind that output
	return nat44_is_external(all, seen->tuple.dst) ? NAT44_UNMAPPED : NAT44_FOREIGN;
}

// --- all ---
// Fragments have no ports, but whether they are any of ours can be seen.
static bool is_ours(const struct nat44_all *all, unsigned side, const struct session_tuple *t)
{
	return side == NAT44_INSIDE ? nat44_is_inside(all, t->src) : nat44_is_external(all, t->dst);
}

// A packet of no session; whose it is must know.
static unsigned begin_any(struct weir_node *n, unsigned side, struct packet *p,
			  const struct translate_seen *seen)
{
	const struct nat44_all *all = nat44_of(n)->all;
	unsigned owner;

	if (!is_ours(all, side, &seen->tuple) &&
	    (side == NAT44_INSIDE || seen->kind == TRANSLATE_FRAGMENT))
		return side == NAT44_INSIDE ? NAT44_EXCLUDED : NAT44_FOREIGN;
	// where the first one came to: it may have gone on from there
	if (seen->kind == TRANSLATE_FRAGMENT)
		return nat44_fragment(n, side, p);
	if (side == NAT44_INSIDE) {
		owner = nat44_owner(all, seen->tuple.src);
		if (owner != weir_worker_of(n))
			return NAT44_HAND + owner;
	}
	return side == NAT44_INSIDE ? begin_out(n, p, seen) : begin_in(n, p, seen);
}

unsigned nat44_turn(struct weir_node *n, unsigned side, struct packet *p,
		    const struct translate_seen *seen)
{
	struct session_hit hit = {};

	switch (seen->kind) {
	case TRANSLATE_BAD:
		return WEIR_DROP + NAT44_BAD;
	case TRANSLATE_ERROR:
		return error(n, side, p, seen);
	case TRANSLATE_FRAGMENT:
		break;
	default:
		hit = find(n, side, seen);
	}
	return hit.number ? go_on(n, hit, p, seen) : begin_any(n, side, p, seen);
}
