// SPDX-License-Identifier: BSD-2-Clause
// NAT44, requirement by requirement. Time is simulated.
#include <criterion/criterion.h>
#include <nat_rig.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const uint64_t SECOND = RIG_SECOND;

static void check(struct nat_rig *g, int out, const char *want, const char *file, int line)
{
	struct packet *p;
	char *why = NULL;
	struct pkt k;
	int got;

	p = nat_rig_pull(g, &got);
	cr_assert_eq(got, out, "%s:%d: leaves by %d, not %d: %s", file, line, got, out,
		     p ? pkt_text(p) : "");
	if (p && want) {
		cr_assert(pkt_parse(&k, want, strlen(want)), "%s", k.error);
		cr_assert(pkt_matches(p, &k, &why), "%s:%d: %s", file, line, why);
		pkt_free(&k);
	}
	nat_rig_end(g, p);
}

#define SEND(side, text, out, want)                       \
	do {                                              \
		nat_rig_push(&g, 0, side, text);          \
		check(&g, out, want, __FILE__, __LINE__); \
	} while (0)
#define NOTHING() check(&g, RIG_LOST, NULL, __FILE__, __LINE__)

static char *read_one(struct nat_rig *g, const char *handler, const char *param)
{
	struct weir_buf b = {};

	if (weir_handler_read(g->router, handler, param, &b, &g->err))
		cr_assert_fail("%s", g->err.text);
	weir_printf(&b, "%s", "");
	return b.text;
}

static void reads(struct nat_rig *g, const char *handler, const char *param, const char *want)
{
	char *text = read_one(g, handler, param);

	cr_assert_str_eq(text, want, "%s: %s", handler, text);
	free(text);
}

static void writes(struct nat_rig *g, const char *handler, const char *value, bool works)
{
	const bool did = !weir_handler_write(g->router, handler, value, &g->err);

	cr_assert_eq(did, works, "%s %s: %s", handler, value, g->err.text ? g->err.text : "");
}

// --- RFC 4787 ---
Test(nat44, an_inside_endpoint_has_one_mapping)
{
	struct nat_rig g;

	nat_rig_open(&g, "POOL 192.0.2.1 192.0.2.2", 1);
	for (unsigned i = 0; i < 4; i++) { // REQ-1, REQ-2
		static char first[32];
		char text[128], *m;

		snprintf(text, sizeof(text),
			 "ip4 src=10.0.0.1 dst=198.51.100.%u udp sport=%u dport=%u", i,
			 5000 + i / 2, 53 + i);
		SEND(RIG_IN, text, NAT44_TO_OUTSIDE, NULL);
		m = read_one(&g, "nat.subscribers", "");
		if (!i)
			snprintf(first, sizeof(first), "%.20s", m);
		cr_assert(!strncmp(first, m, 20), "another address");
		free(m);
	}
	reads(&g, "nat.n_mappings", "", "2");
	reads(&g, "nat.count", "", "4");
	nat_rig_close(&g);
}

Test(nat44, ports_are_kept_or_have_the_same_parity)
{
	struct nat_rig g;
	char *m;

	nat_rig_open(&g, "POOL 192.0.2.1", 1);
	SEND(RIG_IN, "ip4 src=10.0.0.1 udp sport=5000", NAT44_TO_OUTSIDE,
	     "ip4 src=192.0.2.1 udp sport=5000"); // REQ-3
	SEND(RIG_IN, "ip4 src=10.0.0.2 udp sport=5000", NAT44_TO_OUTSIDE, NULL);
	SEND(RIG_IN, "ip4 src=10.0.0.2 udp sport=5001", NAT44_TO_OUTSIDE, NULL);
	m = read_one(&g, "nat.mappings", "10.0.0.2");
	unsigned port[2], at[2];
	cr_assert_eq(sscanf(m,
			    "udp 10.0.0.2:%u 192.0.2.1:%u sessions 1 worker 0\n"
			    "udp 10.0.0.2:%u 192.0.2.1:%u",
			    &port[0], &at[0], &port[1], &at[1]),
		     4, "%s", m);
	// REQ-4, and RTCP beside RTP
	cr_assert_eq(at[0] - port[0], at[1] - port[1]);
	cr_assert_eq((at[0] ^ port[0]) & 1, 0);
	cr_assert_neq(at[0], port[0]);
	free(m);
	nat_rig_close(&g);
}

Test(nat44, mappings_live_five_minutes_from_the_last_packet_out)
{
	struct nat_rig g;

	nat_rig_open(&g, "POOL 192.0.2.1", 1); // REQ-5, REQ-6
	SEND(RIG_IN, "ip4 src=10.0.0.1 dst=198.51.100.1 udp sport=5000 dport=9", NAT44_TO_OUTSIDE,
	     NULL);
	nat_rig_pass(&g, 200 * SECOND);
	SEND(RIG_IN, "ip4 src=10.0.0.1 dst=198.51.100.1 udp sport=5000 dport=9", NAT44_TO_OUTSIDE,
	     NULL);
	for (unsigned i = 0; i < 5; i++) {
		nat_rig_pass(&g, 59 * SECOND);
		SEND(RIG_OUT, "ip4 src=198.51.100.1 dst=192.0.2.1 udp sport=9 dport=5000",
		     NAT44_TO_INSIDE,
		     "ip4 src=198.51.100.1 dst=10.0.0.1 udp sport=9 dport=5000 dst_ip=10.0.0.1");
		// anybody may come, but does not keep it alive either
		SEND(RIG_OUT, "ip4 src=198.51.100.7 dst=192.0.2.1 udp sport=8 dport=5000",
		     NAT44_TO_INSIDE, "ip4 src=198.51.100.7 dst=10.0.0.1 udp sport=8 dport=5000");
	}
	nat_rig_pass(&g, 7 * SECOND);
	reads(&g, "nat.n_mappings", "", "0");
	reads(&g, "nat.n_subscribers", "", "0");
	SEND(RIG_OUT, "ip4 src=198.51.100.1 dst=192.0.2.1 udp sport=9 dport=5000", NAT44_UNMAPPED,
	     NULL);
	// RFC 6888 REQ-8: nobody else gets it yet
	SEND(RIG_IN, "ip4 src=10.0.0.2 dst=198.51.100.1 udp sport=5000 dport=9", NAT44_TO_OUTSIDE,
	     NULL);
	SEND(RIG_OUT, "ip4 src=198.51.100.1 dst=192.0.2.1 udp sport=9 dport=5000", NAT44_UNMAPPED,
	     NULL);
	nat_rig_pass(&g, 125 * SECOND);
	SEND(RIG_IN, "ip4 src=10.0.0.3 dst=198.51.100.1 udp sport=5000 dport=9", NAT44_TO_OUTSIDE,
	     "ip4 src=192.0.2.1 dst=198.51.100.1 udp sport=5000 dport=9");
	nat_rig_close(&g);
}

static void filters(const char *how, int other_host, int other_port)
{
	struct nat_rig g;
	char args[128];

	snprintf(args, sizeof(args), "POOL 192.0.2.1, FILTERING %s", how);
	nat_rig_open(&g, args, 1);
	SEND(RIG_IN, "ip4 src=10.0.0.1 dst=198.51.100.1 udp sport=5000 dport=9", NAT44_TO_OUTSIDE,
	     NULL);
	SEND(RIG_OUT, "ip4 src=198.51.100.1 dst=192.0.2.1 udp sport=9 dport=5000", NAT44_TO_INSIDE,
	     "ip4 src=198.51.100.1 dst=10.0.0.1 udp sport=9 dport=5000");
	SEND(RIG_OUT, "ip4 src=198.51.100.1 dst=192.0.2.1 udp sport=8 dport=5000", other_port,
	     NULL);
	SEND(RIG_OUT, "ip4 src=198.51.100.2 dst=192.0.2.1 udp sport=9 dport=5000", other_host,
	     NULL);
	nat_rig_close(&g);
}

Test(nat44, filtering_is_as_asked) // REQ-8
{
	filters("ENDPOINT_INDEPENDENT", NAT44_TO_INSIDE, NAT44_TO_INSIDE);
	filters("ADDRESS_DEPENDENT", RIG_LOST, NAT44_TO_INSIDE);
	filters("ADDRESS_AND_PORT_DEPENDENT", RIG_LOST, RIG_LOST);
}

Test(nat44, hairpinned_packets_have_the_external_source) // REQ-9, REQ-10
{
	struct nat_rig g;

	nat_rig_open(&g, "POOL 192.0.2.1", 1);
	SEND(RIG_IN, "ip4 src=10.0.0.2 dst=198.51.100.1 udp sport=6000", NAT44_TO_OUTSIDE, NULL);
	SEND(RIG_IN, "ip4 src=10.0.0.1 dst=192.0.2.1 udp sport=5000 dport=6000", NAT44_TO_INSIDE,
	     "ip4 src=192.0.2.1 dst=10.0.0.2 udp sport=5000 dport=6000");
	SEND(RIG_IN, "ip4 src=10.0.0.2 dst=192.0.2.1 udp sport=6000 dport=5000", NAT44_TO_INSIDE,
	     "ip4 src=192.0.2.1 dst=10.0.0.1 udp sport=6000 dport=5000");
	// RFC 5508 REQ-7: the error about it, too
	SEND(RIG_IN,
	     "ip4 src=10.0.0.2 dst=192.0.2.1 icmp type=3 code=3 ip4 src=192.0.2.1 dst=10.0.0.2 "
	     "udp sport=5000 dport=6000",
	     NAT44_TO_INSIDE,
	     "ip4 src=192.0.2.1 dst=10.0.0.1 icmp type=3 code=3 ip4 src=10.0.0.1 dst=192.0.2.1 "
	     "udp sport=5000 dport=6000");
	reads(&g, "nat.n_mappings", "", "2");
	// nobody has that port: it may be the host's
	SEND(RIG_IN, "ip4 src=10.0.0.1 dst=192.0.2.1 udp sport=5000 dport=53", NAT44_UNMAPPED,
	     "ip4 src=10.0.0.1 dst=192.0.2.1 udp sport=5000 dport=53");
	nat_rig_close(&g);
}

Test(nat44, fragments_follow_the_first_in_any_order) // REQ-14
{
	struct nat_rig g;

	nat_rig_open(&g, "POOL 192.0.2.1", 1);
	SEND(RIG_IN, "ip4 src=10.0.0.1 dst=198.51.100.1 udp sport=5000 dport=9", NAT44_TO_OUTSIDE,
	     NULL);
	nat_rig_push(
		&g, 0, RIG_OUT,
		"ip4 src=198.51.100.1 dst=192.0.2.1 id=7 frag=16 proto=17 hex=01 | "
		"ip4 src=198.51.100.1 dst=192.0.2.1 id=7 frag=8 mf proto=17 hex=0001020304050607");
	NOTHING();
	nat_rig_push(&g, 0, RIG_OUT,
		     "ip4 src=198.51.100.1 dst=192.0.2.1 id=7 mf udp sport=9 dport=5000 udplen=17 "
		     "csum=0");
	check(&g, NAT44_TO_INSIDE, "ip4 src=198.51.100.1 dst=10.0.0.1 id=7 frag=16 proto=17 hex=01",
	      __FILE__, __LINE__);
	check(&g, NAT44_TO_INSIDE,
	      "ip4 src=198.51.100.1 dst=10.0.0.1 id=7 frag=8 mf proto=17 hex=0001020304050607",
	      __FILE__, __LINE__);
	check(&g, NAT44_TO_INSIDE,
	      "ip4 src=198.51.100.1 dst=10.0.0.1 id=7 mf udp sport=9 dport=5000 udplen=17 csum=0",
	      __FILE__, __LINE__);
	SEND(RIG_OUT, "ip4 src=198.51.100.1 dst=192.0.2.1 id=7 frag=24 proto=17 hex=02",
	     NAT44_TO_INSIDE, "ip4 src=198.51.100.1 dst=10.0.0.1 id=7 frag=24 proto=17 hex=02");
	// those whose first never comes are lost after a while
	nat_rig_push(&g, 0, RIG_OUT,
		     "ip4 src=198.51.100.1 dst=192.0.2.1 id=8 frag=16 proto=17 hex=01");
	nat_rig_pass(&g, 6 * SECOND);
	NOTHING();
	nat_rig_close(&g);
}

// --- RFC 5382 ---
static void connect_tcp(struct nat_rig *rig)
{
	struct nat_rig g = *rig;

	SEND(RIG_IN, "ip4 src=10.0.0.1 dst=198.51.100.1 tcp sport=5000 dport=80 flags=syn",
	     NAT44_TO_OUTSIDE, NULL);
	SEND(RIG_OUT, "ip4 src=198.51.100.1 dst=192.0.2.1 tcp sport=80 dport=5000 flags=syn+ack",
	     NAT44_TO_INSIDE, NULL);
	SEND(RIG_IN, "ip4 src=10.0.0.1 dst=198.51.100.1 tcp sport=5000 dport=80 flags=ack",
	     NAT44_TO_OUTSIDE, NULL);
}

Test(nat44, connections_live_as_long_as_they_must) // REQ-5
{
	struct nat_rig g;

	nat_rig_open(&g, "POOL 192.0.2.1", 1);
	connect_tcp(&g);
	nat_rig_pass(&g, 7435 * SECOND);
	reads(&g, "nat.count", "", "1");
	SEND(RIG_OUT, "ip4 src=198.51.100.1 dst=192.0.2.1 tcp sport=80 dport=5000 flags=ack",
	     NAT44_TO_INSIDE, NULL);
	nat_rig_pass(&g, 7435 * SECOND);
	reads(&g, "nat.count", "", "1");
	nat_rig_pass(&g, 7 * SECOND);
	reads(&g, "nat.count", "", "0");
	// half open, reset, closed: four minutes
	SEND(RIG_IN, "ip4 src=10.0.0.1 dst=198.51.100.1 tcp sport=5000 dport=80 flags=syn",
	     NAT44_TO_OUTSIDE, NULL);
	nat_rig_pass(&g, 238 * SECOND);
	reads(&g, "nat.count", "", "1");
	nat_rig_pass(&g, 4 * SECOND);
	reads(&g, "nat.count", "", "0");
	connect_tcp(&g);
	SEND(RIG_OUT, "ip4 src=198.51.100.1 dst=192.0.2.1 tcp sport=80 dport=5000 flags=rst",
	     NAT44_TO_INSIDE, NULL);
	nat_rig_pass(&g, 238 * SECOND);
	reads(&g, "nat.count", "", "1");
	nat_rig_pass(&g, 4 * SECOND);
	reads(&g, "nat.count", "", "0");
	nat_rig_close(&g);
}

Test(nat44, a_forged_reset_does_not_end_a_connection) // RFC 7857 2.2
{
	struct nat_rig g;

	nat_rig_open(&g, "POOL 192.0.2.1", 1);
	connect_tcp(&g);
	SEND(RIG_OUT, "ip4 src=198.51.100.1 dst=192.0.2.1 tcp sport=80 dport=5000 flags=rst",
	     NAT44_TO_INSIDE, NULL);
	SEND(RIG_IN, "ip4 src=10.0.0.1 dst=198.51.100.1 tcp sport=5000 dport=80 flags=ack",
	     NAT44_TO_OUTSIDE, NULL);
	nat_rig_pass(&g, 3600 * SECOND);
	reads(&g, "nat.count", "", "1");
	nat_rig_close(&g);
}

Test(nat44, unwanted_syns_are_answered_after_six_seconds) // REQ-4
{
	static const char syn[] =
		"ip4 src=198.51.100.2 dst=192.0.2.1 tcp sport=80 dport=5000 flags=syn";
	struct nat_rig g;

	nat_rig_open(&g, "POOL 192.0.2.1, FILTERING ADDRESS_AND_PORT_DEPENDENT", 1);
	connect_tcp(&g);
	nat_rig_push(&g, 0, RIG_OUT, syn);
	nat_rig_pass(&g, 5900000000);
	NOTHING();
	nat_rig_pass(&g, SECOND / 2);
	check(&g, NAT44_REFUSED, syn, __FILE__, __LINE__);
	// REQ-2: simultaneous open
	nat_rig_push(&g, 0, RIG_OUT, syn);
	nat_rig_pass(&g, SECOND);
	SEND(RIG_IN, "ip4 src=10.0.0.1 dst=198.51.100.2 tcp sport=5000 dport=80 flags=syn",
	     NAT44_TO_OUTSIDE, NULL);
	nat_rig_pass(&g, 6 * SECOND);
	NOTHING();
	SEND(RIG_OUT, syn, NAT44_TO_INSIDE, NULL);
	nat_rig_close(&g);
}

// --- RFC 5508 ---
Test(nat44, pings_go_by_their_identifier)
{
	struct nat_rig g;

	nat_rig_open(&g, "POOL 192.0.2.1", 1);
	SEND(RIG_IN, "ip4 src=10.0.0.1 dst=198.51.100.1 icmp type=8 id=77 seq=1", NAT44_TO_OUTSIDE,
	     "ip4 src=192.0.2.1 dst=198.51.100.1 icmp type=8 id=77 seq=1");
	SEND(RIG_OUT, "ip4 src=198.51.100.1 dst=192.0.2.1 icmp type=0 id=77 seq=1", NAT44_TO_INSIDE,
	     "ip4 src=198.51.100.1 dst=10.0.0.1 icmp type=0 id=77 seq=1");
	SEND(RIG_OUT, "ip4 src=198.51.100.1 dst=192.0.2.1 icmp type=8 id=77 seq=1", NAT44_UNMAPPED,
	     NULL);
	nat_rig_pass(&g, 58 * SECOND); // REQ-2
	reads(&g, "nat.count", "", "1");
	nat_rig_pass(&g, 4 * SECOND);
	reads(&g, "nat.count", "", "0");
	nat_rig_close(&g);
}

Test(nat44, errors_are_translated_with_what_they_quote)
{
	struct nat_rig g;

	nat_rig_open(&g, "POOL 192.0.2.1", 1);
	SEND(RIG_IN, "ip4 src=10.0.0.1 dst=198.51.100.1 udp sport=5000 dport=9", NAT44_TO_OUTSIDE,
	     NULL);
	// REQ-4: from a router on the way
	SEND(RIG_OUT,
	     "ip4 src=203.0.113.9 dst=192.0.2.1 icmp type=11 code=0 ip4 src=192.0.2.1 "
	     "dst=198.51.100.1 udp sport=5000 dport=9",
	     NAT44_TO_INSIDE,
	     "ip4 src=203.0.113.9 dst=10.0.0.1 icmp type=11 code=0 ip4 src=10.0.0.1 "
	     "dst=198.51.100.1 udp sport=5000 dport=9");
	// REQ-5: from a router inside; nobody outside hears of it
	SEND(RIG_IN,
	     "ip4 src=10.0.0.254 dst=198.51.100.1 icmp type=3 code=1 ip4 src=198.51.100.1 "
	     "dst=10.0.0.1 udp sport=9 dport=5000",
	     NAT44_TO_OUTSIDE,
	     "ip4 src=192.0.2.1 dst=198.51.100.1 icmp type=3 code=1 ip4 src=198.51.100.1 "
	     "dst=192.0.2.1 udp sport=9 dport=5000");
	// REQ-3
	SEND(RIG_OUT,
	     "ip4 src=203.0.113.9 dst=192.0.2.1 icmp type=11 code=0 csum=bad ip4 src=192.0.2.1 "
	     "dst=198.51.100.1 udp sport=5000 dport=9",
	     RIG_LOST, NULL);
	SEND(RIG_OUT,
	     "ip4 src=203.0.113.9 dst=192.0.2.1 icmp type=11 code=0 ip4 csum=bad src=192.0.2.1 "
	     "dst=198.51.100.1 udp sport=5000 dport=9",
	     RIG_LOST, NULL);
	// REQ-6: they keep nothing alive
	nat_rig_pass(&g, 290 * SECOND);
	SEND(RIG_OUT,
	     "ip4 src=203.0.113.9 dst=192.0.2.1 icmp type=11 code=0 ip4 src=192.0.2.1 "
	     "dst=198.51.100.1 udp sport=5000 dport=9",
	     NAT44_TO_INSIDE, NULL);
	nat_rig_pass(&g, 12 * SECOND);
	reads(&g, "nat.count", "", "0");
	nat_rig_close(&g);
}

// --- RFC 6888 ---
Test(nat44, subscribers_have_limits) // REQ-4
{
	struct nat_rig g;

	nat_rig_open(&g, "POOL 192.0.2.1, PORTS_EACH 2, RATE_EACH 3", 1);
	SEND(RIG_IN, "ip4 src=10.0.0.1 udp sport=5000", NAT44_TO_OUTSIDE, NULL);
	SEND(RIG_IN, "ip4 src=10.0.0.1 udp sport=5001", NAT44_TO_OUTSIDE, NULL);
	SEND(RIG_IN, "ip4 src=10.0.0.1 udp sport=5002", NAT44_PROHIBITED,
	     "ip4 src=10.0.0.1 udp sport=5002"); // RFC 5508 REQ-8: as it came
	SEND(RIG_IN, "ip4 src=10.0.0.2 udp sport=5002", NAT44_TO_OUTSIDE, NULL);
	SEND(RIG_IN, "ip4 src=10.0.0.1 udp sport=5001 dport=1", NAT44_TO_OUTSIDE, NULL);
	SEND(RIG_IN, "ip4 src=10.0.0.1 udp sport=5001 dport=2", NAT44_PROHIBITED, NULL);
	nat_rig_pass(&g, SECOND);
	SEND(RIG_IN, "ip4 src=10.0.0.1 udp sport=5001 dport=2", NAT44_TO_OUTSIDE, NULL);
	nat_rig_close(&g);
}

Test(nat44, blocks_are_dealt_out_and_come_back) // REQ-14
{
	struct nat_rig g;
	char *text;
	unsigned first, last;

	nat_rig_open(&g, "POOL 192.0.2.1, BLOCK 64, BLOCKS 2, PORTS 2048-2303", 1);
	for (unsigned i = 0; i < 130; i++) {
		char packet[80];

		snprintf(packet, sizeof(packet), "ip4 src=10.0.0.1 udp sport=%u", 5000 + i);
		SEND(RIG_IN, packet, i < 128 ? NAT44_TO_OUTSIDE : NAT44_PROHIBITED, NULL);
	}
	text = read_one(&g, "nat.blocks", "");
	cr_assert_eq(sscanf(text, "10.0.0.1 192.0.2.1:%u-%u used 64", &first, &last), 2, "%s",
		     text);
	cr_assert_eq(last - first, 63);
	free(text);
	SEND(RIG_IN, "ip4 src=10.0.0.2 udp sport=5000", NAT44_TO_OUTSIDE, NULL);
	SEND(RIG_IN, "ip4 src=10.0.0.3 udp sport=5000", NAT44_TO_OUTSIDE, NULL);
	SEND(RIG_IN, "ip4 src=10.0.0.4 udp sport=5000", NAT44_PROHIBITED, NULL);
	writes(&g, "nat.drop", "10.0.0.1", true);
	reads(&g, "nat.blocks", "10.0.0.1", "");
	SEND(RIG_IN, "ip4 src=10.0.0.4 udp sport=5000", NAT44_PROHIBITED, NULL); // REQ-8
	nat_rig_pass(&g, 125 * SECOND);
	SEND(RIG_IN, "ip4 src=10.0.0.4 udp sport=5000", NAT44_TO_OUTSIDE, NULL);
	nat_rig_close(&g);
}

Test(nat44, deterministic_ports_follow_from_the_address) // RFC 7422
{
	struct nat_rig g;

	nat_rig_open(&g, "POOL 192.0.2.0/31, INSIDE 10.0.0.0/27, DETERMINISTIC true", 1);
	reads(&g, "nat.lookup", "10.0.0.17", "10.0.0.17 192.0.2.1:5056-9087\n");
	reads(&g, "nat.lookup", "192.0.2.1 5056", "10.0.0.17 192.0.2.1:5056-9087\n");
	reads(&g, "nat.lookup", "192.0.2.1 1000", "");
	SEND(RIG_IN, "ip4 src=10.0.0.17 udp sport=6000", NAT44_TO_OUTSIDE,
	     "ip4 src=192.0.2.1 udp sport=6000");
	reads(&g, "nat.blocks", "", "10.0.0.17 192.0.2.1:5056-9087 used 1\n");
	SEND(RIG_IN, "ip4 src=10.0.1.17 udp sport=6000", NAT44_EXCLUDED, NULL);
	nat_rig_close(&g);
}

// --- what is configured ---
Test(nat44, forwards_let_everybody_in)
{
	struct nat_rig g;

	nat_rig_open(&g,
		     "POOL 192.0.2.1, FORWARD tcp 192.0.2.1 8000-8001 10.0.0.1 80, STATIC 10.0.0.9 "
		     "192.0.2.9, FILTERING ADDRESS_AND_PORT_DEPENDENT",
		     1);
	SEND(RIG_OUT, "ip4 src=198.51.100.1 dst=192.0.2.1 tcp sport=5 dport=8001 flags=syn",
	     NAT44_TO_INSIDE, "ip4 src=198.51.100.1 dst=10.0.0.1 tcp sport=5 dport=81 flags=syn");
	SEND(RIG_IN, "ip4 src=10.0.0.1 dst=198.51.100.1 tcp sport=81 dport=5 flags=syn+ack",
	     NAT44_TO_OUTSIDE,
	     "ip4 src=192.0.2.1 dst=198.51.100.1 tcp sport=8001 dport=5 flags=syn+ack");
	SEND(RIG_OUT, "ip4 src=198.51.100.1 dst=192.0.2.9 icmp type=8 id=3", NAT44_TO_INSIDE,
	     "ip4 src=198.51.100.1 dst=10.0.0.9 icmp type=8 id=3");
	SEND(RIG_IN, "ip4 src=10.0.0.9 dst=198.51.100.1 icmp type=0 id=3", NAT44_TO_OUTSIDE,
	     "ip4 src=192.0.2.9 dst=198.51.100.1 icmp type=0 id=3");
	SEND(RIG_OUT, "ip4 src=198.51.100.1 dst=192.0.2.9 proto=50 bytes=16", NAT44_TO_INSIDE,
	     "ip4 src=198.51.100.1 dst=10.0.0.9 proto=50 bytes=16");
	SEND(RIG_OUT, "ip4 src=198.51.100.1 dst=192.0.2.8 udp", NAT44_FOREIGN, NULL);
	writes(&g, "nat.add", "udp 192.0.2.1 53 10.0.0.3", true);
	writes(&g, "nat.add", "udp 192.0.2.1 53 10.0.0.4", false);
	SEND(RIG_OUT, "ip4 src=198.51.100.1 dst=192.0.2.1 udp sport=5 dport=53", NAT44_TO_INSIDE,
	     "ip4 src=198.51.100.1 dst=10.0.0.3 udp sport=5 dport=53");
	writes(&g, "nat.remove", "udp 192.0.2.1 53 10.0.0.3", true);
	SEND(RIG_OUT, "ip4 src=198.51.100.1 dst=192.0.2.1 udp sport=5 dport=53", NAT44_UNMAPPED,
	     NULL);
	reads(&g, "nat.static", "",
	      "tcp 192.0.2.1 8000 10.0.0.1 80\ntcp 192.0.2.1 8001 10.0.0.1 81\n"
	      "10.0.0.9 192.0.2.9\n");
	writes(&g, "nat.clear", "", true);
	reads(&g, "nat.count", "", "0");
	reads(&g, "nat.n_subscribers", "", "0");
	nat_rig_close(&g);
}

// --- take-over ---
// What a process before this one left in the table, and nothing else.
static void take_over(struct nat_rig *to, const struct nat_rig *from)
{
	const struct nat44_all *old = ((const struct nat44 *)from->nat->self)->all;
	struct nat44_all *all = ((const struct nat44 *)to->nat->self)->all;
	struct session_part *parts[WEIR_WORKERS_MAX] = {};

	for (unsigned i = 0; i < to->n_workers; i++)
		parts[i] = &((struct nat44_state *)to->nat->nodes[i]->state)->part;
	memcpy(all->sessions.at, old->sessions.at,
	       (old->sessions.most + 1ul) * sizeof(*old->sessions.at));
	all->sessions.seed = old->sessions.seed;
	to->engine->sim_offset = from->engine->sim_offset;
	nat_rig_pass(to, 1);
	sessions_adopt(&all->sessions, parts, nat44_adopt, to->nat);
}

Test(nat44, sessions_and_all_that_follows_from_them_go_on)
{
	static const char args[] =
		"POOL 192.0.2.1, SESSIONS 1000, FORWARD tcp 192.0.2.1 80 10.0.0.9";
	struct nat_rig g, old;
	static const char *const same[][2] = {{"nat.mappings", "10.0.0.1"},
					      {"nat.subscribers", "10.0.0.2"},
					      {"nat.pool", ""},
					      {"nat.count", ""}};
	struct timespec now;

	// take-over goes by the clock that both processes have
	clock_gettime(CLOCK_MONOTONIC, &now);
	nat_rig_open(&old, args, 1);
	old.engine->sim_offset = now.tv_sec * (int64_t)SECOND + now.tv_nsec;
	nat_rig_pass(&old, 1);
	connect_tcp(&old);
	nat_rig_push(&old, 0, RIG_IN,
		     "ip4 src=10.0.0.2 dst=198.51.100.1 udp sport=5000 dport=9 | "
		     "ip4 src=10.0.0.2 dst=198.51.100.2 udp sport=5000 dport=9 | "
		     "ip4 src=10.0.0.2 dst=198.51.100.2 icmp id=9");
	nat_rig_push(&old, 0, RIG_OUT,
		     "ip4 src=198.51.100.1 dst=192.0.2.1 tcp sport=5 dport=80 flags=syn");
	nat_rig_open(&g, args, 1);
	take_over(&g, &old);
	for (unsigned i = 0; i < sizeof(same) / sizeof(*same); i++) {
		char *before = read_one(&old, same[i][0], same[i][1]);
		char *after = read_one(&g, same[i][0], same[i][1]);

		cr_assert_str_eq(before, after, "%s was %s, is %s", same[i][0], before, after);
		free(before);
		free(after);
	}
	reads(&g, "nat.n_mappings", "", "3");
	reads(&g, "nat.n_subscribers", "", "3");
	SEND(RIG_OUT, "ip4 src=198.51.100.1 dst=192.0.2.1 tcp sport=80 dport=5000 flags=ack",
	     NAT44_TO_INSIDE,
	     "ip4 src=198.51.100.1 dst=10.0.0.1 tcp sport=80 dport=5000 flags=ack");
	// the ports are free when the sessions have ended
	nat_rig_pass(&g, 7500ull * RIG_SECOND);
	reads(&g, "nat.count", "", "0");
	reads(&g, "nat.n_mappings", "", "0");
	reads(&g, "nat.n_subscribers", "", "0");
	nat_rig_close(&old);
	nat_rig_close(&g);
}
