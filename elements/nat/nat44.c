// SPDX-License-Identifier: BSD-2-Clause
// NAT44: translates addresses and ports between a network inside and one outside, as RFC 4787
// (UDP), 5382 (TCP), 5508 (ICMP), 7857 (their clarifications) and 6888 (carrier-grade NAT) ask.
// Packets from inside come by input 0 and leave by output 0 with an address of POOL; packets from
// outside come by input 1 and leave by output 1. Their headers have been checked (CheckIPHeader),
// and the next hop is looked up behind it.
//
// An inside endpoint has one external endpoint, whatever it talks to, and all endpoints of an
// inside address (a subscriber) have one external address. Ports and their parity are kept where
// they can be. FILTERING says who may answer. A packet from inside to an address of POOL comes back
// as if from outside (hairpinning). ICMP errors are translated with what they quote, ping by its
// identifier, fragments by their first one. TCP is followed from SYN to FIN and RST.
//
// What is not translated leaves by an output of its own, or is counted there: from inside
// `excluded` (EXCLUDE, not INSIDE) and `other` (protocols without ports); from outside `unmapped`
// (to an address of POOL without a mapping, also from inside: perhaps the host's) and `foreign`.
// What there is no port, session or right for leaves by `prohibited`, for ICMPError(…, unreachable,
// 13). SYNs that nobody wanted leave by `refused` after six seconds, for ICMPError(…, unreachable,
// port), where `unmapped` is not connected or FILTERING refused them.
//
// POOL, INSIDE and EXCLUDE take prefixes. STATIC gives an inside address an external one of its
// own, with all its ports and protocols; FORWARD leads a port of POOL inside.
//
// With BLOCK each subscriber gets blocks of so many ports (port block allocation, RFC 6888) and the
// log has one line for each. With DETERMINISTIC its block follows from its address (RFC 7422), and
// handler `lookup` answers who has which port.
//
// Where the destination changes, so does its annotation; else the next hop in it stays.
//
// The defaults are what the RFCs ask for. Sessions, with mappings, blocks and limits made anew from
// them, go on when the router is started again with `weir run --keep`.
//
//	nat :: NAT44(POOL 203.0.113.1, INSIDE 10.0.0.0/8, FORWARD tcp 203.0.113.1 80 10.0.0.80
// 8080); 	from_inside -> [0] nat [0] -> to_outside; 	from_outside -> [1] nat [1] ->
// to_inside;
#include "nat44.h"

#include <weir/frame.h>
#include <weir/steer.h>

#include <errno.h>
#include <stdlib.h>

enum { CHUNK = 64 }; // packets whose lines are fetched side by side

unsigned nat44_owner(const struct nat44_all *all, be32 inside)
{
	const struct weir_frame_seen seen = {.src = inside.be};
	const uint32_t bucket = weir_frame_hash(&seen, WEIR_KEY_SOURCE) >> WEIR_BUCKET_SHIFT;

	return all->worker[bucket % all->n_workers];
}

void nat44_forward_note(const struct weir_element *e, const struct forward *f)
{
	const unsigned owner = nat44_owner(((const struct nat44 *)e->self)->all, f->inside);

	if (f->proto == FORWARD_ALL)
		weir_owner_note(e, f->external, 0, 65536, owner);
	else
		weir_owner_note(e, f->external, f->external_port, 1, owner);
}

bool nat44_has(const struct nat44_prefixes *v, be32 address)
{
	for (unsigned i = 0; i < v->n; i++)
		if (rd32(address) - v->v[i].first < v->v[i].n)
			return true;
	return false;
}

bool nat44_is_external(const struct nat44_all *all, be32 address)
{
	return pool_find(&all->pool, address) != POOL_NONE ||
	       forward_find(&all->forwards, true, address, FORWARD_ALL, 0);
}

bool nat44_is_inside(const struct nat44_all *all, be32 address)
{
	return (!all->inside.n || nat44_has(&all->inside, address)) &&
	       !nat44_has(&all->excluded, address) && !nat44_is_external(all, address);
}

unsigned nat44_hand(struct weir_node *n, unsigned worker, unsigned side, struct packet *p)
{
	struct nat44_state *s = n->state;

	return handoff_put(n, &s->handoff, worker, side, p) ? NAT44_KEPT
							    : WEIR_DROP + NAT44_HAND_OFF;
}

unsigned nat44_packet(struct weir_node *n, unsigned side, struct packet *p)
{
	struct nat44_state *s = n->state;
	struct fragment_key before = {};
	unsigned out;

	for (;;) {
		const struct translate_seen seen = translate_look(p);

		if (seen.first)
			before = fragment_key(weir_ip4(p), side);
		out = nat44_turn(n, side, p, &seen);
		if (seen.first)
			nat44_first(n, side, before, p, out);
		if (out != NAT44_HAIRPIN)
			break;
		s->counts.hairpinned++;
		side = NAT44_OUTSIDE;
	}
	return nat44_is_hand(out) ? nat44_hand(n, out - NAT44_HAND, side, p) : out;
}

// A session whose state no packet changes but one of these.
static bool is_plain(const struct translate_seen *seen, const struct session *x,
		     struct session_hit hit, unsigned side)
{
	return hit.number && hit.direction == side && x->flags & SESSION_FAST && !seen->first &&
	       !(seen->flags & (TCP_SYN | TCP_FIN | TCP_RST)) && seen->kind == TRANSLATE_PLAIN;
}

// Beside the fast path. False: the packet is not in the batch any more.
WEIR_RARE bool stays(struct weir_node *n, unsigned side, struct batch *b, struct packet *p)
{
	const uint32_t len = p->len;
	const unsigned out = nat44_packet(n, side, p);

	if (out == side)
		return true;
	b->bytes -= len;
	if (out != NAT44_KEPT)
		weir_emit(n, out, p);
	return false;
}

// Up to CHUNK packets, in place: buckets, sessions, packets. Those that leave elsewhere are gone;
// how many stay.
static unsigned pass(struct weir_node *n, unsigned side, struct batch *b, unsigned from,
		     unsigned count, unsigned k)
{
	const struct sessions *t = &nat44_of(n)->all->sessions;
	const uint64_t now = weir_now(n);
	struct translate_seen seen[CHUNK];
	uint64_t hash[CHUNK];
	uint32_t slot[CHUNK];

	for (unsigned i = 0; i < count; i++) {
		translate_look_at(b->p[from + i], &seen[i]);
		hash[i] = sessions_hash4(t, &seen[i].tuple, seen[i].proto);
		sessions_prefetch(t, hash[i]);
	}
	for (unsigned i = 0; i < count; i++)
		slot[i] = sessions_candidate(t, hash[i]);
	for (unsigned i = 0; i < count; i++) {
		struct packet *p = b->p[from + i];
		const struct session_hit hit =
			sessions_check4(t, slot[i], hash[i], &seen[i].tuple, seen[i].proto);
		struct session *x = &t->at[hit.number];

		if (WEIR_LIKELY(is_plain(&seen[i], x, hit, side))) {
			const struct session_tuple to = side ? session_flip(x->from) : x->to;

			session_seen(x, side, now);
			translate_packet(p, &seen[i], &to);
			if (side)
				weir_set_dst_ip(p, to.dst);
			b->p[k++] = p;
			continue;
		}
		if (stays(n, side, b, p))
			b->p[k++] = p;
	}
	return k;
}

static void nat44(struct weir_node *n, unsigned port, struct batch *b)
{
	const unsigned count = b->n;
	unsigned k = 0;

	for (unsigned i = 0; i < count; i += CHUNK)
		k = pass(n, port, b, i, count - i < CHUNK ? count - i : CHUNK, k);
	b->n = k;
	b->out = port;
	handoff_flush(n, &((struct nat44_state *)n->state)->handoff);
}

static bool task(struct weir_node *n, unsigned burst)
{
	return handoff_task(n, &((struct nat44_state *)n->state)->handoff, burst);
}

// --- memory ---
static int open_log(struct weir_element *e, struct weir_err *err)
{
	const struct nat44 *self = e->self;
	int rc = 0;

	if (self->log && self->log_events != NAT44_LOG_NONE)
		rc = nat_log_open(&self->all->log, self->log, WEIR_WORKERS_MAX, self->log_rate);
	return rc ? weir_error(err, &e->loc, "%s: LOG: cannot write to %s", e->name, self->log) : 0;
}

static int init(struct weir_element *e, struct weir_err *err)
{
	const struct nat44 *self = e->self;
	struct nat44_all *all = self->all;
	int rc = open_log(e, err);

	return rc ? rc : sessions_open(&all->sessions, e, self->sessions, &all->found, err);
}

static int open_shared(struct weir_element *e)
{
	const struct nat44 *self = e->self;
	struct nat44_all *all = self->all;

	for (unsigned w = weir_workers_next(&e->runs, 0); w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(&e->runs, w + 1))
		all->worker[all->n_workers++] = (uint8_t)w;
	all->pool.n_workers = all->n_workers;
	return numbers_open(&all->mappings, self->sessions, sizeof(struct mapping),
			    all->n_workers) ||
			       numbers_open(&all->subscribers, self->subscribers,
					    sizeof(struct subscriber), all->n_workers)
		       ? -ENOMEM
		       : 0;
}

static int open_state(struct weir_node *n)
{
	const struct nat44 *self = n->self;
	struct nat44_all *all = self->all;
	struct nat44_state *s = n->state;
	const uint64_t seed = (uint64_t)weir_random(n) << 32 | weir_random(n);

	s->fragments.seed = weir_random(n);
	s->fragments.most = self->fragments;
	s->fragments.most_packets = self->fragments;
	s->fragments.timeout = self->fragment;
	s->next_address = weir_random(n) % (all->pool.n ? all->pool.n : 1);
	return mappings_open(&s->mappings, &all->mappings, self->sessions / all->n_workers, seed) ||
			       subscribers_open(&s->subscribers, &all->subscribers,
						self->subscribers / all->n_workers, weir_random(n))
		       ? -ENOMEM
		       : 0;
}

// All nodes are there.
static int begin(struct weir_element *e)
{
	struct nat44_all *all = ((const struct nat44 *)e->self)->all;
	struct session_part *parts[WEIR_WORKERS_MAX] = {};

	for (uint32_t i = 0; i < all->forwards.n; i++)
		nat44_forward_note(e, &all->forwards.v[i]);
	if (!all->found)
		return 0;
	for (unsigned i = 0; i < all->n_workers; i++)
		parts[all->worker[i]] =
			&((struct nat44_state *)e->nodes[all->worker[i]]->state)->part;
	sessions_adopt(&all->sessions, parts, nat44_adopt, e);
	return 0;
}

static int init_node(struct weir_node *n, struct weir_err *err)
{
	struct weir_element *e = n->element;
	struct nat44_all *all = nat44_of(n)->all;
	struct nat44_state *s = n->state;
	int rc = all->n_workers ? 0 : open_shared(e);

	if (!rc)
		rc = handoff_open(n, &s->handoff, NAT44_HAND_OFF);
	if (!rc)
		rc = open_state(n);
	if (!rc && ++all->n_begun == all->n_workers)
		rc = begin(e);
	if (rc)
		return weir_error(err, &e->loc, "%s: no memory", e->name);
	weir_timer_set(&s->timer, n, weir_now(n), nat44_run_timer);
	return 0;
}

static void free_trains(struct weir_node *n)
{
	struct fragments *f = &((struct nat44_state *)n->state)->fragments;

	while (f->oldest) {
		struct packet *p = fragment_take(f, f->oldest);

		while (p) {
			struct packet *next = p->next;

			weir_packet_free(n, p);
			p = next;
		}
		fragment_remove(f, f->oldest);
	}
	fragments_close(f);
}

static void fini_node(struct weir_node *n)
{
	struct nat44_state *s = n->state;

	weir_timer_clear(&s->timer);
	handoff_close(n, &s->handoff);
	free_trains(n);
	nat44_syns_free(n);
	free(s->holds.v);
	s->holds = (struct nat44_holds){};
	mappings_close(&s->mappings);
	subscribers_close(&s->subscribers);
}

static void fini(struct weir_element *e)
{
	struct nat44 *self = e->self;

	if (self && self->all) {
		nat44_all_free(self->all);
		self->all = NULL;
	}
}

static bool keeps(const struct weir_node *n, bool (*fn)(void *arg, const struct packet *p),
		  void *arg)
{
	const struct fragments *f = &((const struct nat44_state *)n->state)->fragments;

	for (const struct fragment_train *t = f->oldest; t; t = t->newer)
		for (const struct packet *p = t->first; p; p = p->next)
			if (fn(arg, p))
				return true;
	return false;
}

static unsigned held(struct weir_node *n)
{
	const struct nat44_state *s = n->state;

	return s->fragments.n_packets + s->syns.n + handoff_held(&s->handoff);
}

static unsigned capacity(const struct weir_element *e)
{
	return (((const struct nat44 *)e->self)->fragments + NAT44_SYNS) *
		       weir_workers_count(&e->runs) +
	       handoff_capacity(e);
}

static void passed(const struct weir_node *n, uint32_t *put, uint32_t *taken)
{
	handoff_passed(&((const struct nat44_state *)n->state)->handoff, put, taken);
}

WEIR_BATCH_ELEMENT(nat44, "NAT44",
		   .purpose = "translates addresses and ports (RFC 4787, 5382, 5508)",
		   .ports = "2/2-8", .processing = "h/h", .in = {"inside", "outside"},
		   .out = {NAT44_OUT_NAMES}, .drops = {NAT44_DROPS}, .args = nat44_args,
		   .handlers = nat44_handlers, .state_size = sizeof(struct nat44_state),
		   .configure = nat44_configure, .init = init, .init_node = init_node,
		   .fini_node = fini_node, .fini = fini, .passed = passed, .task = task,
		   .keeps = keeps, .held = held, .capacity = capacity, .driver = nat44_driver,
		   .inputs_apart = true,
		   .in_affinity = {WEIR_AFFINITY_SOURCE, WEIR_AFFINITY_OWNER});

WEIR_CASES(nat44,
	   {"POOL 192.0.2.1", "ip4 src=10.0.0.1 dst=198.51.100.1 udp sport=4000 dport=53",
	    "outside", "ip4 src=192.0.2.1 dst=198.51.100.1 udp sport=4000 dport=53"},
	   {"POOL 192.0.2.1", "ip4 src=10.0.0.1 dst=198.51.100.1 udp sport=123 dport=123",
	    "outside", "ip4 src=192.0.2.1 dst=198.51.100.1 udp sport=123 dport=123"},
	   {"POOL 192.0.2.1", "ip4 src=10.0.0.1 dst=198.51.100.1 tcp sport=4000 flags=syn",
	    "outside", "ip4 src=192.0.2.1 dst=198.51.100.1 tcp sport=4000 flags=syn"},
	   {"POOL 192.0.2.1", "ip4 src=10.0.0.1 dst=198.51.100.1 tcp flags=ack", "no_session", ""},
	   {"POOL 192.0.2.1", "ip4 src=10.0.0.1 dst=198.51.100.1 icmp id=7 seq=1", "outside",
	    "ip4 src=192.0.2.1 dst=198.51.100.1 icmp id=7 seq=1"},
	   {"POOL 192.0.2.1", "ip4 src=10.0.0.1 dst=198.51.100.1 proto=47 bytes=8", "other", ""},
	   {"POOL 192.0.2.1, INSIDE 10.0.0.0/8, EXCLUDE 10.1.0.0/16",
	    "ip4 src=10.1.0.1 udp | ip4 src=192.168.0.1 udp | ip4 src=192.0.2.1 udp", "excluded",
	    ""},
	   {"POOL 192.0.2.1, INSIDE 10.0.0.0/8, STATIC 10.0.0.1 192.0.2.2",
	    "ip4 src=10.0.0.1 dst=198.51.100.1 proto=47 bytes=8", "outside",
	    "ip4 src=192.0.2.2 dst=198.51.100.1 proto=47 bytes=8"},
	   {"POOL 192.0.2.1, FORWARD tcp 192.0.2.1 80 10.0.0.1 8080",
	    "ip4 src=10.0.0.1 dst=198.51.100.1 tcp sport=8080 flags=syn", "outside",
	    "ip4 src=192.0.2.1 dst=198.51.100.1 tcp sport=80 flags=syn"},
	   {"POOL 192.0.2.1, SESSIONS_EACH 1",
	    "ip4 src=10.0.0.1 dst=198.51.100.1 udp sport=4000 dport=53 | "
	    "ip4 src=10.0.0.1 dst=198.51.100.2 udp sport=4000 dport=53",
	    "outside | prohibited",
	    "ip4 src=192.0.2.1 dst=198.51.100.1 udp sport=4000 dport=53 | "
	    "ip4 src=10.0.0.1 dst=198.51.100.2 udp sport=4000 dport=53"},
	   // the fragment behind comes first
	   {"POOL 192.0.2.1",
	    "ip4 src=10.0.0.1 dst=198.51.100.1 id=7 frag=8 proto=17 hex=08090a | "
	    "ip4 src=10.0.0.1 dst=198.51.100.1 id=7 mf udp sport=4000 dport=53 udplen=11 csum=0",
	    "outside",
	    "ip4 src=192.0.2.1 dst=198.51.100.1 id=7 frag=8 proto=17 hex=08090a | "
	    "ip4 src=192.0.2.1 dst=198.51.100.1 id=7 mf udp sport=4000 dport=53 udplen=11 csum=0"},
	   // to a port that leads inside: it comes back in
	   {"POOL 192.0.2.1, FORWARD udp 192.0.2.1 53 10.0.0.2",
	    "ip4 src=10.0.0.1 dst=192.0.2.1 udp sport=4000 dport=53", "inside",
	    "ip4 src=192.0.2.1 dst=10.0.0.2 udp sport=4000 dport=53"});
