// SPDX-License-Identifier: BSD-2-Clause
// NAT64: lets IPv6 hosts reach IPv4 ones (RFC 6146). An IPv6 packet to an address in PREFIX, in
// which an IPv4 address is embedded (RFC 6052; a DNS64 gives such to hosts), comes by input 0 and
// leaves as IPv4 by `ip4`, from an address and port of POOL. What comes back to those by input 1
// leaves as IPv6 by `ip6`. Headers are translated as SIIT does it (RFC 7915), which has more about
// MTUs, checksums and the outputs `routing` and `source_route`. TCP, UDP and ping are translated,
// and ICMP errors with what they quote; packets have been checked (CheckIP6Header, CheckIPHeader),
// and DecIP6HLIM and DecIPTTL stand in front.
//
// A host's port has one external port, whatever it talks to, and all of a host's have one external
// address. FILTERING says who may answer: anybody, addresses that the host has sent to, or the
// ports there. Ports are kept if they are free (PRESERVE). Other arguments are mappings that stay:
// `PROTOCOL EXTERNAL PORT HOST PORT`, with tcp, udp or icmp (whose port is the identifier); to
// these everybody may send. What a host sends to an address of POOL comes back as if from outside
// (hairpinning), unless HAIRPIN is false.
//
// Fragments follow their first one, in any order, but those of ICMP and of UDP without a checksum
// are lost: IPReassembler in front of input 1 spares them that.
//
// What is not translated leaves unchanged: IPv6 by `other6` (not to PREFIX), `exhausted` (no port
// or session is left, for ICMP6Error(…, unreachable, address)) and `protocol6` (for ICMP6Error(…,
// unreachable, port)); IPv4 by `other4` (not to POOL), `unmapped` (nobody has that port, for
// ICMPError(…, unreachable, host)), `prohibited` (FILTERING, for ICMPError(…, unreachable, 13)) and
// `protocol4` (for ICMPError(…, unreachable, protocol)). Where `refused` is connected, SYNs of
// these wait for TCP_INCOMING_SYN; they leave there if the host has not opened the connection
// itself, for ICMPError(…, unreachable, port).
//
// All of a host is on one worker, to which its packets and those for its ports are steered; what
// comes to another is handed over. Sessions go on when
// the router is started again with `weir run --keep`.
//
//	nat :: NAT64(64:ff9b::/96, 192.0.2.1, tcp 192.0.2.1 80 2001:db8::80 80);
//	from6 -> [0] nat [0] -> to4;
//	from4 -> [1] nat [1] -> to6;
#include "nat64.h"

#include <weir/frame.h>

#include <errno.h>
#include <ip/ip_id.h>

// As packets from the host are steered.
unsigned nat64_owner(const struct nat64_all *all, const void *addr)
{
	const struct weir_frame_seen seen = {.src = weir_frame_fold(addr)};
	const uint32_t bucket = weir_frame_hash(&seen, WEIR_KEY_SOURCE) >> WEIR_BUCKET_SHIFT;

	return all->worker[bucket % all->n_workers];
}

// --- packets ---
void nat64_leave(struct weir_node *n, unsigned side, unsigned out, struct packet *p)
{
	struct nat64_state *s = n->state;

	if (out == NAT64_KEPT)
		return;
	if (nat64_is_hand(out)) {
		if (!handoff_put(n, &s->handoff, out - NAT64_HAND, side, p))
			weir_drop(n, NAT64_HANDOFF, p);
	} else if (out != NAT64_IP6) {
		weir_emit(n, out, p);
	} else if (!xlat_emit6(n, out, p, &nat64_of(n)->links)) {
		weir_drop(n, NAT64_NO_BUFFER, p);
	}
}

// What a first fragment leaves behind for the others.
struct trace {
	bool first;
	struct fragment_key key;
	struct fragment_fate fate;
};

static unsigned turn6(struct weir_node *n, struct packet *p, struct trace *t)
{
	const struct xlat_seen6 seen = xlat_look6(p);
	const unsigned out = nat64_six(n, p, &seen, &t->fate);

	t->first = seen.first && seen.kind == TRANSLATE_PLAIN && !nat64_is_hand(out);
	if (t->first)
		t->key = nat64_key6(n, &seen);
	t->fate.out = (uint16_t)out;
	return out;
}

static unsigned turn4(struct weir_node *n, struct packet *p, struct trace *t)
{
	const struct translate_seen seen = translate_look(p);
	unsigned out;

	t->first = seen.first;
	if (t->first)
		t->key = fragment_key(weir_ip4(p), NAT64_V4);
	out = nat64_four(n, p, &seen, &t->fate);
	t->fate.out = (uint16_t)out;
	return out;
}

static void take_turns(struct weir_node *n, unsigned side, struct packet *p)
{
	struct nat64_state *s = n->state;
	struct trace t[2] = {};
	unsigned out = NAT64_HAIRPIN;

	if (side == NAT64_V6)
		out = turn6(n, p, &t[NAT64_V6]);
	if (out == NAT64_HAIRPIN) {
		s->counts.hairpinned += side == NAT64_V6;
		side = NAT64_V4;
		out = turn4(n, p, &t[NAT64_V4]);
	}
	nat64_leave(n, side, out, p);
	for (unsigned i = 2; i--;) // those that waited meet it in front of them
		if (t[i].first)
			nat64_first(n, i, t[i].key, t[i].fate);
}

static void one(struct weir_node *n, unsigned side, struct packet *p)
{
	struct packet *q = p;

	if (!weir_start_at_network(p)) {
		weir_drop(n, NAT64_NO_HEADER, p);
		return;
	}
	if (weir_headroom(p) < XLAT_ROOM)
		q = weir_packet_room(n, p, WEIR_HEADROOM, 0);
	if (q)
		take_turns(n, side, q);
	else
		weir_drop(n, NAT64_NO_BUFFER, p);
}

static void nat64(struct weir_node *n, unsigned port, struct batch *b)
{
	for (unsigned i = 0; i < b->n; i++) {
		b->bytes -= b->p[i]->len;
		one(n, port, b->p[i]);
	}
	b->n = 0;
	handoff_flush(n, &((struct nat64_state *)n->state)->handoff);
}

static bool task(struct weir_node *n, unsigned burst)
{
	struct nat64_state *s = n->state;
	const bool did = handoff_task(n, &s->handoff, burst);

	handoff_flush(n, &s->handoff);
	return did;
}

// --- memory ---
static int init(struct weir_element *e, struct weir_err *err)
{
	const struct nat64 *self = e->self;

	return sessions_open(&self->all->sessions, e, self->sessions, &self->all->found, err);
}

static int open_shared(struct weir_element *e)
{
	const struct nat64 *self = e->self;
	struct nat64_all *all = self->all;

	for (unsigned w = weir_workers_next(&e->runs, 0); w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(&e->runs, w + 1))
		all->worker[all->n_workers++] = (uint8_t)w;
	all->pool.n_workers = all->n_workers;
	return numbers_open(&all->mappings, self->sessions, sizeof(struct mapping),
			    all->n_workers) ||
			       numbers_open(&all->hosts, self->hosts, sizeof(struct nat64_host),
					    all->n_workers)
		       ? -ENOMEM
		       : 0;
}

static int open_state(struct weir_node *n)
{
	const struct nat64 *self = n->self;
	struct nat64_all *all = self->all;
	struct nat64_state *s = n->state;
	const uint64_t seed = (uint64_t)weir_random(n) << 32 | weir_random(n);

	s->fragments.seed = weir_random(n);
	s->fragments.most = s->fragments.most_packets = self->fragments;
	s->fragments.timeout = self->fragment;
	return mappings_open(&s->mappings, &all->mappings, self->sessions / all->n_workers, seed) ||
			       nat64_hosts_open(&s->hosts, &all->hosts,
						self->hosts / all->n_workers, seed >> 7) ||
			       handoff_open(n, &s->handoff, NAT64_HANDOFF)
		       ? -ENOMEM
		       : 0;
}

// All nodes are there.
static int begin(struct weir_element *e, struct weir_err *err)
{
	struct nat64_all *all = ((const struct nat64 *)e->self)->all;
	struct session_part *parts[WEIR_WORKERS_MAX] = {};
	unsigned failed;

	for (unsigned i = 0; i < all->n_workers; i++)
		parts[all->worker[i]] =
			&((struct nat64_state *)e->nodes[all->worker[i]]->state)->part;
	failed = nat64_fixed_begin(e);
	if (failed)
		return weir_error(err, &e->loc,
				  "%s: %u mappings cannot be made: one of their ends "
				  "is mapped otherwise",
				  e->name, failed);
	if (all->found)
		sessions_adopt(&all->sessions, parts, nat64_adopt, e);
	return 0;
}

static int init_node(struct weir_node *n, struct weir_err *err)
{
	struct weir_element *e = n->element;
	struct nat64_all *all = nat64_of(n)->all;
	struct nat64_state *s = n->state;
	int rc = ip_id_init_node(n, err);

	if (rc)
		return rc;
	if ((!all->n_workers && open_shared(e)) || open_state(n))
		return weir_error(err, &e->loc, "%s: no memory", e->name);
	if (++all->n_begun == all->n_workers)
		rc = begin(e, err);
	if (!rc)
		weir_timer_set(&s->timer, n, weir_now(n), nat64_run_timer);
	return rc;
}

static void free_trains(struct weir_node *n)
{
	struct fragments *f = &((struct nat64_state *)n->state)->fragments;

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
	struct nat64_state *s = n->state;

	weir_timer_clear(&s->timer);
	handoff_close(n, &s->handoff);
	free_trains(n);
	nat64_syns_free(n);
	mappings_close(&s->mappings);
	nat64_hosts_close(&s->hosts);
}

static void fini(struct weir_element *e)
{
	struct nat64 *self = e->self;

	if (self && self->all) {
		nat64_all_free(self->all);
		self->all = NULL;
	}
}

// --- packets that are held ---
static bool keeps(const struct weir_node *n, bool (*fn)(void *arg, const struct packet *p),
		  void *arg)
{
	const struct fragments *f = &((const struct nat64_state *)n->state)->fragments;

	for (const struct fragment_train *t = f->oldest; t; t = t->newer)
		for (const struct packet *p = t->first; p; p = p->next)
			if (fn(arg, p))
				return true;
	return false;
}

static void passed(const struct weir_node *n, uint32_t *put, uint32_t *taken)
{
	handoff_passed(&((const struct nat64_state *)n->state)->handoff, put, taken);
}

static unsigned held(struct weir_node *n)
{
	const struct nat64_state *s = n->state;

	return s->fragments.n_packets + s->syns.n + handoff_held(&s->handoff);
}

static unsigned capacity(const struct weir_element *e)
{
	const struct nat64 *self = e->self;

	return (self->fragments + NAT64_SYNS) * weir_workers_count(&e->runs) + handoff_capacity(e);
}

WEIR_BATCH_ELEMENT(nat64, "NAT64", .purpose = "lets IPv6 hosts reach IPv4 ones (RFC 6146)",
		   .ports = "2/2-12", .processing = "h/h", .in = {"ip6", "ip4"},
		   .out = {NAT64_OUT_NAMES}, .drops = {NAT64_DROPS}, .args = nat64_args,
		   .rest = "PROTOCOL EXTERNAL PORT HOST PORT", .rest_help = "a mapping that stays",
		   .handlers = nat64_handlers, .state_size = sizeof(struct nat64_state),
		   .configure = nat64_configure, .init = init, .init_node = init_node,
		   .fini_node = fini_node, .fini = fini, .task = task, .keeps = keeps,
		   .passed = passed, .held = held, .capacity = capacity, .resizes = true,
		   .in_affinity = {WEIR_AFFINITY_SOURCE, WEIR_AFFINITY_OWNER});

// In each row the number of sessions is another one, so that identifications begin anew.
#define NAT(sessions) "64:ff9b::/96, 192.0.2.1, SESSIONS " #sessions
#define OUT6 "ip6 dst=64:ff9b::8.8.8.8 "
#define OUT4 "ip4 src=192.0.2.1 dst=8.8.8.8 "
#define BACK4 "@1 ip4 src=8.8.8.8 dst=192.0.2.1 "
#define BACK6 "ip6 src=64:ff9b::8.8.8.8 dst=2001:db8::1 "
WEIR_CASES(
	nat64, {NAT(11), OUT6 "hlim=9 udp data=\"abc\"", "ip4", OUT4 "ttl=9 udp data=\"abc\""},
	{NAT(12), OUT6 "udp | " BACK4 "udp sport=2000 dport=1000 data=\"abc\"", "0 | 1",
	 OUT4 "udp | " BACK6 "udp sport=2000 dport=1000 data=\"abc\""},
	{NAT(13), OUT6 "tcp flags=syn | " BACK4 "tcp sport=2000 dport=1000 flags=syn+ack", "0 | 1",
	 OUT4 "tcp flags=syn | " BACK6 "tcp sport=2000 dport=1000 flags=syn+ack"},
	{NAT(14), OUT6 "icmp6 type=128 id=7 | " BACK4 "icmp type=0 id=7", "0 | 1",
	 OUT4 "icmp type=8 id=7 | " BACK6 "icmp6 type=129 id=7"},
	// two hosts, one port; and one host, whose port stays the same
	{NAT(15), OUT6 "udp | ip6 src=2001:db8::1 dst=64:ff9b::9.9.9.9 udp", "0 | 0",
	 OUT4 "udp | ip4 src=192.0.2.1 dst=9.9.9.9 id=1 udp"},
	// errors from either side
	{NAT(16), OUT6 "udp | @1 ip4 src=9.9.9.9 dst=192.0.2.1 icmp type=11 " OUT4 "ttl=1 udp",
	 "0 | 1",
	 OUT4 "udp | ip6 src=64:ff9b::9.9.9.9 dst=2001:db8::1 icmp6 type=3 mtu=0 " OUT6
	      "hlim=1 udp"},
	{NAT(17),
	 OUT6 "udp | ip6 src=2001:db8:5::5 dst=64:ff9b::8.8.8.8 icmp6 type=3 id=0 seq=0 " BACK6
	      "udp sport=2000 dport=1000",
	 "0 | 0",
	 OUT4 "udp | " OUT4 "id=1 icmp type=11 mtu=0 ip4 src=8.8.8.8 dst=192.0.2.1 udp sport=2000 "
	      "dport=1000"},
	{NAT(18), OUT6 "icmp6 type=3 id=0 seq=0 " BACK6 "udp", "no_session", ""},
	{NAT(19), BACK4 "icmp type=11 " OUT4 "udp", "no_session", ""},
	// who may answer
	{NAT(20), OUT6 "udp | @1 ip4 src=9.9.9.9 dst=192.0.2.1 udp dport=1000", "0 | 1",
	 OUT4 "udp | ip6 src=64:ff9b::9.9.9.9 dst=2001:db8::1 udp dport=1000"},
	{NAT(21) ", FILTERING address",
	 OUT6 "udp | @1 ip4 src=9.9.9.9 dst=192.0.2.1 udp dport=1000", "0 | prohibited",
	 OUT4 "udp | ip4 src=9.9.9.9 dst=192.0.2.1 udp dport=1000"},
	{NAT(22) ", FILTERING address", OUT6 "udp | " BACK4 "udp sport=7 dport=1000", "0 | 1",
	 OUT4 "udp | " BACK6 "udp sport=7 dport=1000"},
	{NAT(23) ", FILTERING address-and-port", OUT6 "udp | " BACK4 "udp sport=7 dport=1000",
	 "0 | prohibited", OUT4 "udp | ip4 src=8.8.8.8 dst=192.0.2.1 udp sport=7 dport=1000"},
	// mappings that stay
	{NAT(24) ", tcp 192.0.2.1 80 2001:db8::1 8080", BACK4 "tcp sport=9 dport=80 flags=syn",
	 "ip6", BACK6 "tcp sport=9 dport=8080 flags=syn"},
	{NAT(25) ", FILTERING address-and-port, udp 192.0.2.1 53 2001:db8::1 5353",
	 BACK4 "udp sport=9 dport=53 | " OUT6 "udp sport=5353 dport=9", "1 | 0",
	 BACK6 "udp sport=9 dport=5353 | " OUT4 "udp sport=53 dport=9"},
	{NAT(26) ", icmp 192.0.2.1 5 2001:db8::1 6", BACK4 "icmp type=8 id=5", "ip6",
	 BACK6 "icmp6 type=128 id=6"},
	// from host to host
	{"fd00::/96, 192.0.2.1, udp 192.0.2.1 80 2001:db8::80 8080",
	 "ip6 dst=fd00::192.0.2.1 udp dport=80 | ip6 src=2001:db8::80 dst=fd00::192.0.2.1 udp "
	 "sport=8080 dport=1000",
	 "1 | 1",
	 "ip6 src=fd00::192.0.2.1 dst=2001:db8::80 udp dport=8080 | ip6 src=fd00::192.0.2.1 "
	 "dst=2001:db8::1 udp sport=80 dport=1000"},
	// fragments, also before the first
	{NAT(27), OUT6 "frag off=8 id=5 next=17 bytes=3 | " OUT6 "frag id=5 mf udp", "0 | 0",
	 OUT4 "mf id=5 udp | " OUT4 "frag=8 id=5 proto=17 bytes=3"},
	{NAT(32), OUT6 "frag id=5 mf udp | " OUT6 "frag off=8 id=5 next=17 bytes=3", "0 | 0",
	 OUT4 "mf id=5 udp | " OUT4 "frag=8 id=5 proto=17 bytes=3"},
	{NAT(28),
	 OUT6 "udp | @1 ip4 id=5 frag=8 src=8.8.8.8 dst=192.0.2.1 proto=17 bytes=3 | " BACK4
	      "id=5 mf udp sport=2000 dport=1000 | @1 ip4 id=5 frag=16 src=8.8.8.8 dst=192.0.2.1 "
	      "proto=17 bytes=2",
	 "0 | 1 | 1 | 1",
	 OUT4 "udp | " BACK6 "frag id=5 mf udp sport=2000 dport=1000 | " BACK6
	      "frag id=5 off=8 next=17 bytes=3 | " BACK6 "frag id=5 off=16 next=17 bytes=2"},
	{NAT(29), BACK4 "mf udp | " BACK4 "frag=8 proto=17 bytes=3", "unmapped", ""},
	// limits
	{NAT(1), OUT6 "udp | " OUT6 "udp dport=5", "0 | exhausted",
	 OUT4 "udp | " OUT6 "udp dport=5"},
	{NAT(30) ", SESSIONS_EACH 1", OUT6 "udp | " OUT6 "udp dport=5", "0 | exhausted",
	 OUT4 "udp | " OUT6 "udp dport=5"},
	// what begins nothing
	{NAT(31), OUT6 "tcp flags=ack", "no_session", ""},
	{NAT(31), BACK4 "tcp flags=syn", "unmapped", ""},
	{NAT(31), OUT6 "icmp6 type=129 id=5", "no_session", ""},
	{NAT(31), OUT6 "icmp6 type=133", "icmp", ""}, {NAT(31), BACK4 "icmp type=13", "icmp", ""},
	{NAT(31), "ip6 udp", "other6", ""}, {NAT(31), "@1 ip4 udp", "other4", ""},
	{NAT(31), "ip6 dst=64:ff9b::10.0.0.1 udp", "bad-address", ""},
	{NAT(31), "ip6 src=64:ff9b::9.9.9.9 dst=64:ff9b::8.8.8.8 udp", "bad-address", ""},
	{NAT(31), "@1 ip4 src=127.0.0.1 dst=192.0.2.1 udp", "bad-address", ""},
	{NAT(31), OUT6 "next=132 bytes=20", "protocol6", ""},
	{NAT(31), BACK4 "proto=132 bytes=20", "protocol4", ""},
	{NAT(31), OUT6 "routing rtype=0 left=1 udp", "routing", ""},
	{NAT(31) ", udp 192.0.2.1 1000 2001:db8::1 7", BACK4 "opt=83070401020304 udp dport=1000",
	 "source_route", ""},
	{NAT(31), OUT6 "udp cut=47", "bad-packet", ""},
	{NAT(31), BACK4 "udp cut=27", "bad-packet", ""},
	{NAT(31), OUT6 "frag mf icmp6", "icmp-fragment", ""},
	{NAT(31) ", udp 192.0.2.1 1000 2001:db8::1 7", BACK4 "mf udp csum=0 dport=1000",
	 "no-checksum", ""},
	{NAT(31), OUT6 "udp network=none transport=none", "no-ip-header", ""});
