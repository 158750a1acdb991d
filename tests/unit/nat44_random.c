// SPDX-License-Identifier: BSD-2-Clause
// NAT44 against a twin that keeps a list of sessions and looks through all of it for every packet.
#include <criterion/criterion.h>
#include <nat_rig.h>
#include <rnd.h>
#include <stdio.h>

enum { HOSTS = 5, PORTS = 6, REMOTES = 3, REMOTE_PORTS = 2, SESSIONS = 4000, STEPS = 4000 };

struct twin_session {
	unsigned proto, host, port, remote, remote_port;
	uint32_t external; // address, host order
	uint16_t external_port;
	uint64_t last[2];
	enum tcp_state state;
};

struct twin {
	struct nat_rig g;
	enum nat44_filtering filtering;
	struct twin_session v[SESSIONS];
	unsigned n;
	uint64_t seed, now;
	unsigned passed[2], lost, unmapped;
};

// Half-second timeouts and whole-second steps: nothing ends when it is looked at.
static const char timeouts[] = "UDP_TIMEOUT 59.5, ICMP_TIMEOUT 24.5, TCP_ESTABLISHED 101.5, "
			       "TCP_OPENING 31.5, TCP_CLOSING 17.5, PORT_HOLD 0";

static uint64_t timeout(const struct twin_session *s)
{
	static const double of[] = {31.5, 101.5, 17.5};
	double t = s->proto == MAPPING_UDP ? 59.5 : 24.5;

	if (s->proto == MAPPING_TCP)
		t = of[tcp_state_timeout(s->state)];
	return (uint64_t)(t * RIG_SECOND);
}

static bool lives(const struct twin *t, const struct twin_session *s)
{
	const uint64_t last =
		s->proto != MAPPING_UDP && s->last[1] > s->last[0] ? s->last[1] : s->last[0];

	return t->now < last + timeout(s);
}

static struct twin_session *find(struct twin *t, unsigned proto, unsigned host, unsigned port,
				 unsigned remote, unsigned remote_port)
{
	for (unsigned i = 0; i < t->n; i++) {
		struct twin_session *s = &t->v[i];

		if (s->proto == proto && s->host == host && s->port == port &&
		    s->remote == remote && s->remote_port == remote_port && lives(t, s))
			return s;
	}
	return NULL;
}

// Any session of an inside endpoint; host HOSTS: of an external one.
static struct twin_session *mapped(struct twin *t, unsigned proto, unsigned host, unsigned port,
				   uint32_t external)
{
	for (unsigned i = 0; i < t->n; i++) {
		struct twin_session *s = &t->v[i];

		if (s->proto == proto && lives(t, s) &&
		    (host == HOSTS ? s->external == external && s->external_port == port
				   : s->host == host && s->port == port))
			return s;
	}
	return NULL;
}

static void packet_text(char *to, size_t size, unsigned proto, const char *from, unsigned sport,
			const char *dst, unsigned dport, uint8_t flags, bool out)
{
	switch (proto) {
	case MAPPING_TCP:
		snprintf(to, size, "ip4 src=%s dst=%s tcp sport=%u dport=%u flags=%u", from, dst,
			 sport, dport, flags);
		break;
	case MAPPING_UDP:
		snprintf(to, size, "ip4 src=%s dst=%s udp sport=%u dport=%u", from, dst, sport,
			 dport);
		break;
	default:
		snprintf(to, size, "ip4 src=%s dst=%s icmp type=%u id=%u", from, dst, out ? 8 : 0,
			 out ? sport : dport);
	}
}

static uint8_t some_flags(struct twin *t)
{
	static const uint8_t v[] = {TCP_SYN,	       TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK, TCP_ACK,
				    TCP_FIN | TCP_ACK, TCP_RST, TCP_ACK | TCP_RST};

	return v[rnd32(&t->seed) % 8];
}

// As NAT44: a RST that changes nothing does not refresh.
static void touch(struct twin *t, struct twin_session *s, unsigned direction, uint8_t flags)
{
	const enum tcp_state next =
		s->proto == MAPPING_TCP ? tcp_state_after(s->state, direction, flags) : 0;

	if (s->proto != MAPPING_TCP || next != s->state || !(flags & TCP_RST))
		s->last[direction] = t->now;
	s->state = next;
}

static void add(struct twin *t, struct twin_session s, unsigned direction, uint8_t flags)
{
	uint64_t last = 0;

	for (unsigned i = 0; i < t->n; i++)
		if (!lives(t, &t->v[i]))
			t->v[i--] = t->v[--t->n];
	cr_assert_lt(t->n, SESSIONS);
	s.last[0] = s.last[1] = t->now;
	for (unsigned i = 0; direction && i < t->n; i++)
		if (t->v[i].proto == s.proto && t->v[i].host == s.host && t->v[i].port == s.port &&
		    t->v[i].last[0] > last)
			last = t->v[i].last[0];
	if (direction)
		s.last[0] = last;
	if (s.proto == MAPPING_TCP)
		s.state = tcp_state_after(TCP_STATE_NONE, direction, flags);
	t->v[t->n++] = s;
}

static void check_new(struct twin *t, const struct twin_session *s)
{
	const struct twin_session *same = mapped(t, s->proto, s->host, s->port, 0);
	const struct twin_session *other =
		mapped(t, s->proto, HOSTS, s->external_port, s->external);

	if (same) // RFC 4787 REQ-1
		cr_assert(same->external == s->external && same->external_port == s->external_port);
	else // no overloading
		cr_assert_null(other, "%u is used twice", s->external_port);
	for (unsigned i = 0; i < t->n; i++) // REQ-2
		cr_assert(t->v[i].host != s->host || !lives(t, &t->v[i]) ||
				  t->v[i].external == s->external,
			  "host %u has two addresses", s->host);
	// REQ-4: there is always one
	cr_assert(s->proto != MAPPING_UDP || !((s->external_port ^ s->port) & 1));
}

static unsigned some_worker(struct twin *t)
{
	return rnd32(&t->seed) % t->g.n_workers;
}

static void from_inside(struct twin *t)
{
	const unsigned proto = rnd32(&t->seed) % MAPPING_PROTOS, host = rnd32(&t->seed) % HOSTS;
	const unsigned port = 4000 + rnd32(&t->seed) % PORTS, remote = rnd32(&t->seed) % REMOTES;
	const unsigned remote_port =
		proto == MAPPING_ICMP ? 0 : 80 + rnd32(&t->seed) % REMOTE_PORTS;
	const uint8_t flags = some_flags(t);
	struct twin_session *s = find(t, proto, host, port, remote, remote_port);
	const bool goes = s || proto != MAPPING_TCP ||
			  tcp_state_after(TCP_STATE_NONE, 0, flags) != TCP_STATE_NONE;
	struct translate_seen seen;
	char in[16], out[16], text[160];
	struct packet *p;
	int where;

	snprintf(in, sizeof(in), "10.0.0.%u", host);
	snprintf(out, sizeof(out), "198.51.100.%u", remote);
	packet_text(text, sizeof(text), proto, in, port, out, remote_port, flags, true);
	nat_rig_push(&t->g, some_worker(t), RIG_IN, text);
	p = nat_rig_pull(&t->g, &where);
	cr_assert_eq(where, goes ? NAT44_TO_OUTSIDE : RIG_LOST, "%s leaves by %d", text, where);
	t->lost += !p;
	if (!p)
		return;
	seen = translate_look(p);
	if (s) {
		cr_assert_eq(rd32(seen.tuple.src), s->external);
		cr_assert_eq(rd16(seen.tuple.sport), s->external_port);
		touch(t, s, 0, flags);
	} else {
		const struct twin_session fresh = {
			.proto = proto,
			.host = host,
			.port = port,
			.remote = remote,
			.remote_port = remote_port,
			.external = rd32(seen.tuple.src),
			.external_port = rd16(seen.tuple.sport),
		};

		check_new(t, &fresh);
		add(t, fresh, 0, flags);
	}
	t->passed[0]++;
	nat_rig_end(&t->g, p);
}

static bool lets_in(struct twin *t, const struct twin_session *m, unsigned remote)
{
	if (t->filtering != NAT44_FILTER_ADDRESS)
		return t->filtering == NAT44_FILTER_NONE;
	for (unsigned i = 0; i < t->n; i++)
		if (t->v[i].proto == m->proto && t->v[i].host == m->host &&
		    t->v[i].port == m->port && t->v[i].remote == remote && lives(t, &t->v[i]))
			return true;
	return false;
}

static void from_outside(struct twin *t)
{
	const struct twin_session at =
		t->n && rnd32(&t->seed) % 8
			? t->v[rnd32(&t->seed) % t->n]
			: (struct twin_session){.proto = rnd32(&t->seed) % MAPPING_PROTOS,
						.external = 0xc0000201,
						.external_port = (uint16_t)rnd32(&t->seed)};
	const unsigned remote = rnd32(&t->seed) % REMOTES;
	const unsigned remote_port =
		at.proto == MAPPING_ICMP ? 0 : 80 + rnd32(&t->seed) % REMOTE_PORTS;
	const uint8_t flags = some_flags(t);
	const struct twin_session *m = mapped(t, at.proto, HOSTS, at.external_port, at.external);
	struct twin_session *s =
		m ? find(t, at.proto, m->host, m->port, remote, remote_port) : NULL;
	const bool starts = at.proto != MAPPING_TCP ||
			    tcp_state_after(TCP_STATE_NONE, 1, flags) != TCP_STATE_NONE;
	char ext[16], out[16], text[160];
	int where, want = NAT44_TO_INSIDE;
	struct packet *p;

	snprintf(ext, sizeof(ext), "192.0.2.%u", at.external & 255);
	snprintf(out, sizeof(out), "198.51.100.%u", remote);
	packet_text(text, sizeof(text), at.proto, out, remote_port, ext, at.external_port, flags,
		    false);
	if (!m)
		want = NAT44_UNMAPPED;
	else if (!s && (!lets_in(t, m, remote) || !starts))
		want = RIG_LOST;
	// a SYN that is held comes out later, and is not looked for
	if (want == RIG_LOST && starts && at.proto == MAPPING_TCP)
		return;
	nat_rig_push(&t->g, some_worker(t), RIG_OUT, text);
	p = nat_rig_pull(&t->g, &where);
	cr_assert_eq(where, want, "%s leaves by %d, not %d", text, where, want);
	t->lost += where == RIG_LOST;
	t->unmapped += where == NAT44_UNMAPPED;
	if (where == NAT44_TO_INSIDE) {
		const struct translate_seen seen = translate_look(p);

		cr_assert_eq(rd32(seen.tuple.dst), 0x0a000000 + m->host);
		cr_assert_eq(rd16(seen.tuple.dport), m->port);
		t->passed[1]++;
		if (s) {
			touch(t, s, 1, flags);
		} else {
			struct twin_session fresh = *m;

			fresh.remote = remote;
			fresh.remote_port = remote_port;
			add(t, fresh, 1, flags);
		}
	}
	nat_rig_end(&t->g, p);
}

static void pass(struct twin *t)
{
	static const unsigned seconds[] = {1, 1, 3, 10, 25, 60};
	const unsigned s = seconds[rnd32(&t->seed) % 6];

	nat_rig_pass(&t->g, (uint64_t)s * RIG_SECOND);
	t->now += (uint64_t)s * RIG_SECOND;
}

static void compare(const char *filtering, enum nat44_filtering kind, unsigned n_workers)
{
	static struct twin twin;
	struct twin *t = &twin;
	struct weir_ledger l;
	char args[512];

	*t = (struct twin){.filtering = kind, .seed = 17 + kind + n_workers};
	snprintf(args, sizeof(args), "POOL 192.0.2.0/30, PORTS 4000-4255, FILTERING %s, %s",
		 filtering, timeouts);
	nat_rig_open(&t->g, args, n_workers);
	for (unsigned i = 0; i < STEPS; i++) {
		const unsigned what = rnd32(&t->seed) % 64;

		if (what < 36)
			from_inside(t);
		else if (what < 63)
			from_outside(t);
		else
			pass(t);
	}
	cr_assert_gt(t->passed[0], STEPS / 10);
	cr_assert_gt(t->passed[1], STEPS / 50);
	cr_assert_gt(t->lost, STEPS / 100);
	cr_assert_gt(t->unmapped, STEPS / 100);
	nat_rig_pass(&t->g, 200ull * RIG_SECOND);
	weir_ledger(t->g.engine, &l);
	cr_assert_eq(l.made, l.ended + l.held + l.dropped);
	// all ports are free again
	for (unsigned i = 0; i < n_workers; i++) {
		const struct nat44_state *s = t->g.nat->nodes[i]->state;

		cr_assert_eq(s->part.live, 0);
		cr_assert_eq(s->mappings.n, 0);
		cr_assert_eq(s->subscribers.n, 0);
	}
	nat_rig_close(&t->g);
}

Test(nat44_random, endpoint_independent_filtering)
{
	compare("ENDPOINT_INDEPENDENT", NAT44_FILTER_NONE, 1);
}

Test(nat44_random, address_dependent_filtering)
{
	compare("ADDRESS_DEPENDENT", NAT44_FILTER_ADDRESS, 1);
}

Test(nat44_random, address_and_port_dependent_filtering)
{
	compare("ADDRESS_AND_PORT_DEPENDENT", NAT44_FILTER_ADDRESS_AND_PORT, 1);
}

Test(nat44_random, packets_that_come_to_any_of_three_workers)
{
	compare("ADDRESS_DEPENDENT", NAT44_FILTER_ADDRESS, 3);
}

// --- anything at all ---
static const char *const anything[] = {
	"ip4 src=10.0.0.1 dst=198.51.100.1 udp sport=4000 dport=80 bytes=20",
	"ip4 src=10.0.0.2 dst=192.0.2.1 udp sport=4001 dport=4000 bytes=20",
	"ip4 src=10.0.0.1 dst=198.51.100.1 tcp sport=4000 dport=80 flags=syn opt=020405b4",
	"ip4 src=198.51.100.1 dst=192.0.2.1 tcp sport=80 dport=4000 flags=syn+ack",
	"ip4 src=198.51.100.1 dst=192.0.2.1 icmp type=8 id=7 bytes=8",
	"ip4 src=10.0.0.1 dst=198.51.100.1 opt=94040000 icmp type=13 id=7 bytes=12",
	"ip4 src=203.0.113.1 dst=192.0.2.1 icmp type=3 code=4 ip4 src=192.0.2.1 dst=198.51.100.1 "
	"udp "
	"sport=4000 dport=80",
	"ip4 src=10.0.0.9 dst=198.51.100.1 icmp type=11 ip4 src=198.51.100.1 dst=10.0.0.1 "
	"opt=94040000 "
	"tcp sport=80 dport=4000",
	"ip4 src=10.0.0.1 dst=198.51.100.1 id=9 mf udp sport=4000 dport=80 bytes=16",
	"ip4 src=10.0.0.1 dst=198.51.100.1 id=9 frag=24 proto=17 bytes=16",
	"ip4 src=198.51.100.1 dst=192.0.2.1 id=9 frag=24 mf proto=6 bytes=16",
	"ip4 src=198.51.100.1 dst=192.0.2.9 proto=47 bytes=16",
};

static struct packet *spoilt(struct weir_node *n, uint64_t *seed)
{
	const char *text = anything[rnd32(seed) % (sizeof(anything) / sizeof(*anything))];
	struct packet *p;
	struct pkt k;

	cr_assert(pkt_parse(&k, text, strlen(text)), "%s", k.error);
	p = weir_packet_new(n, WEIR_HEADROOM, k.end);
	pkt_fill(p, &k);
	pkt_free(&k);
	for (unsigned i = rnd32(seed) % 4; i > 0; i--) // never the version
		weir_data(p)[1 + rnd32(seed) % (p->len - 1)] = (uint8_t)rnd32(seed);
	if (rnd32(seed) % 4 == 0)
		weir_ip4(p)->frag = wr16((uint16_t)(rnd32(seed) & 0x3007));
	if (rnd32(seed) % 8 == 0)
		weir_truncate(p, 20 + rnd32(seed) % (p->len - 19));
	return p;
}

static void take_all(struct nat_rig *g)
{
	struct packet *p;
	int out;

	while ((p = nat_rig_pull(g, &out)))
		nat_rig_end(g, p);
}

Test(nat44_random, whatever_comes_costs_one_packet)
{
	enum { ROUNDS = 1500, AT_ONCE = 16 };
	uint64_t seed = 23;
	struct weir_ledger l;
	struct nat_rig g;

	nat_rig_open(
		&g,
		"POOL 192.0.2.1, STATIC 10.0.0.3 192.0.2.9, FORWARD tcp 192.0.2.1 80 10.0.0.4, "
		"FRAGMENTS 32, SESSIONS 300, SUBSCRIBERS 100, FILTERING ADDRESS_DEPENDENT",
		2);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct weir_node *n = g.nat->nodes[i & 1];
		struct batch *b = weir_spare_get(n->worker);

		for (; b->n < AT_ONCE; b->n++) {
			b->p[b->n] = spoilt(n, &seed);
			b->bytes += b->p[b->n]->len;
		}
		weir_made(n, b->n, b->bytes);
		weir_run_input(n->worker, &n->in[rnd32(&seed) & 1], b);
		weir_spare_put(n->worker, b);
		nat_rig_pass(&g, i % 64 ? 0 : 2ull * RIG_SECOND);
		take_all(&g);
	}
	nat_rig_pass(&g, 7ull * RIG_SECOND);
	take_all(&g);
	weir_ledger(g.engine, &l);
	cr_assert_eq(l.made, l.ended + l.held + l.dropped);
	cr_assert_eq(l.held, 0, "%lu are held", l.held);
	nat_rig_close(&g);
}
