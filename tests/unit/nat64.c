// SPDX-License-Identifier: BSD-2-Clause
// NAT64 over time and on several workers: the state machines of RFC 6146, and random packets
// against a model that only remembers.
#include <criterion/criterion.h>
#include <nat/nat64.h>
#include <nat_rig.h>
#include <random_rules.h>
#include <stdio.h>
#include <stdlib.h>

#define PREFIX "64:ff9b::/96, 192.0.2.1"
#define OUT6 "ip6 dst=64:ff9b::8.8.8.8 "
#define OUT4 "ip4 src=192.0.2.1 dst=8.8.8.8 "
#define BACK4 "ip4 src=8.8.8.8 dst=192.0.2.1 "
#define BACK6 "ip6 src=64:ff9b::8.8.8.8 dst=2001:db8::1 "

static void open_rig(struct nat_rig *g, const char *args, unsigned n_workers)
{
	nat_rig_open_class(g, "NAT64", NAT64_OUTS, args, n_workers);
}

// Pushes a packet by an input: one packet comes out, by that output (RIG_LOST: none), and is this
// one, but for the identification of IPv4.
static void step(struct nat_rig *g, unsigned side, const char *in, int out, const char *want)
{
	struct packet *p;
	char *why = NULL;
	struct pkt k;
	int got;

	nat_rig_push(g, 0, side, in);
	p = nat_rig_pull(g, &got);
	cr_assert_eq(got, out, "%s: output %d", in, got);
	if (p && want) {
		struct ip4 *ip = (struct ip4 *)weir_data(p);

		if (ip->vihl >> 4 == 4) {
			ip->id.be = 0;
			weir_csum_ip4_set(ip, sizeof(*ip));
		}
		cr_assert(pkt_parse(&k, want, strlen(want)), "%s: %s", want, k.error);
		cr_assert(pkt_matches(p, &k, &why), "%s: %s", in, why);
		pkt_free(&k);
	}
	nat_rig_end(g, p);
	cr_assert_null(nat_rig_pull(g, &got));
}

static unsigned count(const struct nat_rig *g, const char *handler)
{
	struct weir_buf b = {};
	struct weir_err err = {};
	char name[32];
	unsigned n;

	snprintf(name, sizeof(name), "nat.%s", handler);
	cr_assert_eq(weir_handler_read(g->router, name, "", &b, &err), 0);
	n = (unsigned)strtoul(b.text, NULL, 10);
	weir_buf_free(&b);
	return n;
}

static void write_handler(const struct nat_rig *g, const char *name, const char *value, int rc)
{
	struct weir_err err = {};

	cr_assert_eq(!!weir_handler_write(g->router, name, value, &err), rc, "%s %s: %s", name,
		     value, err.text);
	weir_err_free(&err);
}

Test(nat64, udp_ends)
{
	struct nat_rig g;

	open_rig(&g, PREFIX, 1);
	step(&g, NAT64_V6, OUT6 "udp", NAT64_IP4, OUT4 "id=0 udp");
	nat_rig_pass(&g, 299ULL * RIG_SECOND);
	step(&g, NAT64_V4, BACK4 "udp sport=2000 dport=1000", NAT64_IP6, NULL);
	nat_rig_pass(&g, 299ULL * RIG_SECOND); // refreshed from that side, too
	cr_assert_eq(count(&g, "count"), 1);
	nat_rig_pass(&g, 3ULL * RIG_SECOND);
	cr_assert_eq(count(&g, "count") + count(&g, "mappings") + count(&g, "hosts"), 0);
	step(&g, NAT64_V4, BACK4 "udp sport=2000 dport=1000", NAT64_UNMAPPED, NULL);
	nat_rig_close(&g);
}

Test(nat64, ping_ends)
{
	struct nat_rig g;

	open_rig(&g, PREFIX, 1);
	step(&g, NAT64_V6, OUT6 "icmp6 id=5", NAT64_IP4, OUT4 "id=0 icmp id=5");
	nat_rig_pass(&g, 59ULL * RIG_SECOND);
	step(&g, NAT64_V4, BACK4 "icmp type=0 id=5", NAT64_IP6, BACK6 "icmp6 type=129 id=5");
	nat_rig_pass(&g, 62ULL * RIG_SECOND);
	cr_assert_eq(count(&g, "count"), 0);
	nat_rig_close(&g);
}

// RFC 6146 3.5.2.2: the timeouts of the states.
Test(nat64, tcp)
{
	struct nat_rig g;

	open_rig(&g, PREFIX, 1);
	step(&g, NAT64_V6, OUT6 "tcp flags=syn", NAT64_IP4, OUT4 "id=0 tcp flags=syn");
	step(&g, NAT64_V4, BACK4 "tcp sport=2000 dport=1000 flags=syn+ack", NAT64_IP6, NULL);
	nat_rig_pass(&g, 242ULL * RIG_SECOND);
	cr_assert_eq(count(&g, "count"), 0); // never acknowledged

	step(&g, NAT64_V6, OUT6 "tcp flags=syn", NAT64_IP4, NULL);
	step(&g, NAT64_V4, BACK4 "tcp sport=2000 dport=1000 flags=syn+ack", NAT64_IP6, NULL);
	step(&g, NAT64_V6, OUT6 "tcp flags=ack", NAT64_IP4, NULL);
	nat_rig_pass(&g, 7430ULL * RIG_SECOND);
	cr_assert_eq(count(&g, "count"), 1);
	step(&g, NAT64_V4, BACK4 "tcp sport=2000 dport=1000 flags=rst", NAT64_IP6, NULL);
	nat_rig_pass(&g, 100ULL * RIG_SECOND);
	step(&g, NAT64_V6, OUT6 "tcp flags=ack", NAT64_IP4, NULL); // it goes on
	nat_rig_pass(&g, 300ULL * RIG_SECOND);
	cr_assert_eq(count(&g, "count"), 1);
	step(&g, NAT64_V6, OUT6 "tcp flags=fin+ack", NAT64_IP4, NULL);
	nat_rig_pass(&g, 300ULL * RIG_SECOND);
	cr_assert_eq(count(&g, "count"), 1); // half closed
	step(&g, NAT64_V4, BACK4 "tcp sport=2000 dport=1000 flags=fin+ack", NAT64_IP6, NULL);
	nat_rig_pass(&g, 242ULL * RIG_SECOND);
	cr_assert_eq(count(&g, "count"), 0);
	nat_rig_close(&g);
}

// TCP_INCOMING_SYN, and simultaneous open.
Test(nat64, syn)
{
	struct nat_rig g;

	open_rig(&g, PREFIX ", FILTERING address-and-port", 1);
	step(&g, NAT64_V4, BACK4 "tcp dport=1000 flags=syn", RIG_LOST, NULL);
	nat_rig_pass(&g, 5ULL * RIG_SECOND);
	step(&g, NAT64_V6, OUT6 "tcp sport=1001 dport=7 flags=syn", NAT64_IP4, NULL);
	step(&g, NAT64_V4, BACK4 "tcp sport=8 dport=1001 flags=syn", RIG_LOST, NULL);
	step(&g, NAT64_V6, OUT6 "tcp sport=1001 dport=8 flags=syn", NAT64_IP4, NULL);
	nat_rig_pass(&g, 2ULL * RIG_SECOND);
	{
		int out;
		struct packet *p = nat_rig_pull(&g, &out);

		cr_assert_eq(out, NAT64_REFUSED);
		nat_rig_end(&g, p);
	}
	nat_rig_pass(&g, 6ULL * RIG_SECOND);
	step(&g, NAT64_V4, BACK4 "tcp sport=8 dport=1001 flags=syn", NAT64_IP6, NULL);
	nat_rig_close(&g);
}

Test(nat64, fixed)
{
	struct nat_rig g;

	open_rig(&g, PREFIX ", icmp 192.0.2.1 5 2001:db8::1 6", 2);
	step(&g, NAT64_V4, BACK4 "icmp type=8 id=5", NAT64_IP6, BACK6 "icmp6 id=6");
	step(&g, NAT64_V6, OUT6 "icmp6 type=129 id=6", NAT64_IP4, OUT4 "id=0 icmp type=0 id=5");
	write_handler(&g, "nat.bib_add", "udp 192.0.2.1 53 2001:db8::53 5353", 0);
	write_handler(&g, "nat.bib_add", "udp 192.0.2.1 53 2001:db8::54 5353", 1);
	write_handler(&g, "nat.bib_add", "udp 192.0.2.1 54 2001:db8::53 5353", 1);
	write_handler(&g, "nat.bib_add", "udp 192.0.2.2 54 2001:db8::53 5354", 1);
	write_handler(&g, "nat.bib_add", "sctp 192.0.2.1 54 2001:db8::53 5354", 1);
	step(&g, NAT64_V4, BACK4 "udp dport=53", NAT64_IP6,
	     "ip6 src=64:ff9b::8.8.8.8 dst=2001:db8::53 udp dport=5353");
	cr_assert_eq(count(&g, "mappings"), 2);
	write_handler(&g, "nat.bib_delete", "udp 192.0.2.1 53 2001:db8::53 5353", 0);
	write_handler(&g, "nat.bib_delete", "udp 192.0.2.1 53 2001:db8::53 5353", 1);
	step(&g, NAT64_V4, BACK4 "udp dport=53", NAT64_IP6, NULL);
	nat_rig_pass(&g, 302ULL * RIG_SECOND);
	cr_assert_eq(count(&g, "mappings"), 1);
	step(&g, NAT64_V4, BACK4 "udp dport=53", NAT64_UNMAPPED, NULL);
	step(&g, NAT64_V4, BACK4 "icmp type=8 id=5", NAT64_IP6, BACK6 "icmp6 id=6");
	write_handler(&g, "nat.clear", "", 0);
	cr_assert_eq(count(&g, "count"), 0);
	cr_assert_eq(count(&g, "mappings"), 1);
	nat_rig_close(&g);
}

// --- random packets ---------------------------------------------------------------------------
enum { HOSTS = 6, PORTS = 12, SERVERS = 5 };

// What the model knows: the external port of a host's port, and when it was used last.
struct known {
	uint16_t external;
	uint64_t last;
	bool talks[SERVERS];
};

struct model {
	struct known k[2][HOSTS][PORTS]; // UDP, ICMP
	uint64_t now;
};

static const uint64_t timeouts[2] = {300, 60};

static bool lives(const struct model *m, unsigned proto, unsigned h, unsigned port)
{
	const struct known *k = &m->k[proto][h][port];

	return k->external && m->now < k->last + timeouts[proto];
}

static struct known *by_external(struct model *m, unsigned proto, uint16_t external)
{
	for (unsigned h = 0; h < HOSTS; h++)
		for (unsigned i = 0; i < PORTS; i++)
			if (lives(m, proto, h, i) && m->k[proto][h][i].external == external)
				return &m->k[proto][h][i];
	return NULL;
}

static uint16_t port_at(struct packet *p, unsigned at)
{
	const uint8_t *u = weir_data(p) + (*weir_data(p) >> 4 == 6 ? 40 : 20) + at;

	return (uint16_t)(u[0] << 8 | u[1]);
}

// From a host: the mapping is the one that is known, or one that nobody has.
static void go_out(struct nat_rig *g, struct model *m)
{
	const unsigned proto = random_below(2), h = random_below(HOSTS), i = random_below(PORTS);
	const unsigned server = random_below(SERVERS);
	struct known *k = &m->k[proto][h][i];
	struct packet *p;
	char text[200];
	int out;

	snprintf(text, sizeof(text),
		 proto ? "ip6 src=2001:db8::%u dst=64:ff9b::9.9.9.%u icmp6 id=%u seq=1"
		       : "ip6 src=2001:db8::%u dst=64:ff9b::9.9.9.%u udp sport=%u dport=80",
		 h + 1, server, 5000 + i);
	nat_rig_push(g, random_below(g->n_workers), NAT64_V6, text);
	p = nat_rig_pull(g, &out);
	cr_assert_eq(out, NAT64_IP4, "%s", text);
	if (lives(m, proto, h, i)) {
		cr_assert_eq(port_at(p, proto ? 4 : 0), k->external, "%s", text);
	} else {
		cr_assert_null(by_external(m, proto, port_at(p, proto ? 4 : 0)), "%s", text);
		*k = (struct known){.external = port_at(p, proto ? 4 : 0)};
	}
	k->last = m->now;
	k->talks[server] = true;
	nat_rig_end(g, p);
}

// To an external port: its host's, or nobody's.
static void come_in(struct nat_rig *g, struct model *m)
{
	const unsigned h = random_below(HOSTS), i = random_below(PORTS),
		       server = random_below(SERVERS);
	struct known *k = &m->k[0][h][i];
	const uint16_t external = k->external ? k->external : (uint16_t)(2000 + i);
	const bool alive = by_external(m, 0, external) != NULL;
	struct packet *p;
	char text[200];
	int out;

	// near its end it may be either
	if (k->external && m->now + 2 >= k->last + timeouts[0] &&
	    m->now < k->last + timeouts[0] + 2)
		return;
	snprintf(text, sizeof(text), "ip4 src=9.9.9.%u dst=192.0.2.1 udp sport=80 dport=%u", server,
		 external);
	nat_rig_push(g, random_below(g->n_workers), NAT64_V4, text);
	p = nat_rig_pull(g, &out);
	cr_assert_eq(out, alive ? NAT64_IP6 : NAT64_UNMAPPED, "%s", text);
	if (alive) {
		k = by_external(m, 0, external);
		cr_assert_eq(port_at(p, 2), 5000 + (k - &m->k[0][0][0]) % PORTS, "%s", text);
		cr_assert_eq(weir_data(p)[39], (k - &m->k[0][0][0]) / PORTS + 1, "%s", text);
		k->last = m->now;
	}
	nat_rig_end(g, p);
}

static void random_packets(unsigned n_workers)
{
	struct model m = {.now = 10};
	struct nat_rig g;

	open_rig(&g, PREFIX, n_workers);
	nat_rig_pass(&g, 10ULL * RIG_SECOND);
	for (unsigned i = 0; i < 4000; i++) {
		if (random_below(3))
			go_out(&g, &m);
		else
			come_in(&g, &m);
		if (!random_below(200)) {
			const unsigned s = random_below(2) ? 5 : 90;

			nat_rig_pass(&g, (uint64_t)s * RIG_SECOND);
			m.now += s;
		}
	}
	nat_rig_pass(&g, 310ULL * RIG_SECOND);
	cr_assert_eq(count(&g, "count") + count(&g, "mappings") + count(&g, "hosts"), 0);
	nat_rig_close(&g);
}

Test(nat64, random_packets)
{
	random_packets(1);
}

Test(nat64, random_packets_of_three_workers)
{
	random_packets(3);
}

// Packets of all kinds, cut and with bytes changed: the ledger of the rig holds, nothing breaks.
Test(nat64, broken_packets)
{
	static const char *const seeds[] = {
		OUT6 "udp bytes=20",
		OUT6 "tcp flags=syn bytes=9",
		OUT6 "frag mf id=7 udp bytes=24",
		OUT6 "frag off=32 id=7 next=17 bytes=24",
		OUT6 "icmp6 type=3 " BACK6 "udp sport=2000 dport=1000",
		OUT6 "icmp6 bytes=20",
		BACK4 "udp sport=2000 dport=1000 bytes=20",
		BACK4 "tcp sport=2000 dport=1000 flags=syn+ack",
		BACK4 "mf id=7 udp sport=2000 dport=1000 bytes=24",
		BACK4 "frag=32 id=7 proto=17 bytes=24",
		BACK4 "icmp type=11 " OUT4 "udp",
		BACK4 "icmp type=0",
		"ip6 dst=64:ff9b::192.0.2.1 udp dport=1000",
	};
	struct nat_rig g;

	open_rig(&g, PREFIX, 2);
	for (unsigned i = 0; i < 8000; i++) {
		const char *seed = seeds[random_below(sizeof(seeds) / sizeof(*seeds))];
		char text[4096];
		struct packet *p;
		struct pkt k;
		size_t at;
		int out;

		cr_assert(pkt_parse(&k, seed, strlen(seed)), "%s", seed);
		for (unsigned n = random_below(3); n; n--)
			k.bytes[random_below(k.end)] = (uint8_t)random_below(256);
		if (!random_below(4))
			k.end = 20 + random_below(k.end - 20 + 1);
		at = (size_t)snprintf(text, sizeof(text), "network=0 hex=");
		for (uint32_t b = 0; b < k.end; b++)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%02x", k.bytes[b]);
		pkt_free(&k);
		nat_rig_push(&g, random_below(2),
			     *seed == 'i' && seed[2] == '6' ? NAT64_V6 : NAT64_V4, text);
		while ((p = nat_rig_pull(&g, &out)))
			nat_rig_end(&g, p);
		if (!random_below(500))
			nat_rig_pass(&g, 3ULL * RIG_SECOND);
	}
	nat_rig_pass(&g, 310ULL * RIG_SECOND);
	nat_rig_close(&g);
}
