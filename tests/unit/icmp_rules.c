// SPDX-License-Identifier: BSD-2-Clause
// ICMPError and ICMP6Error against tables of what the RFCs say, with random packets: about which of
// them an error may be sent, and what the error looks like.

#include <weir/element.h>

#include "pkt.h"

#include <criterion/criterion.h>
#include <engine.h>
#include <lang.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 4000 };

struct rule_source {
};
WEIR_PLAIN_ELEMENT(rule_source, "RuleSource", .purpose = "gives a test's packets", .ports = "0/1",
		   .processing = "/h", .is_source = true);

static struct packet *got;

struct rule_sink {
};
static void rule_sink(struct weir_node *n, unsigned, struct batch *b)
{
	cr_assert(b->n == 1 && !got);
	got = b->p[0];
	weir_ended(n, 1, got->len);
	b->n = 0;
}
WEIR_BATCH_ELEMENT(rule_sink, "RuleSink", .purpose = "takes a test's packets", .ports = "1/0",
		   .processing = "h/", .is_sink = true);

static atomic_uint n_answers;

struct rule_count {
};
static void rule_count(struct weir_node *n, unsigned, struct batch *b)
{
	atomic_fetch_add(&n_answers, b->n);
	weir_end(n, b->p, b->n);
	b->n = 0;
}
WEIR_BATCH_ELEMENT(rule_count, "RuleCount", .purpose = "counts a test's packets", .ports = "1/0",
		   .processing = "h/", .is_sink = true);

// A choice for one part of a packet, and whether it forbids an error.
struct choice {
	const char *text;
	bool forbids;
};

// RFC 1122 3.2.2, RFC 1812 4.3.2.7
static const struct choice SOURCES4[] = {
	{"src=10.0.0.1", false},  {"src=10.0.1.254", false}, {"src=223.255.255.254", false},
	{"src=128.0.0.0", false}, {"src=0.0.0.0", true},     {"src=0.1.2.3", true},
	{"src=127.0.0.1", true},  {"src=127.9.9.9", true},   {"src=224.0.0.1", true},
	{"src=239.9.9.9", true},  {"src=240.0.0.1", true},   {"src=255.255.255.255", true},
	{"src=10.0.1.255", true},
};
static const struct choice DESTINATIONS4[] = {
	{"dst=10.0.0.2", false}, {"dst=9.9.9.9", false},   {"dst=224.0.0.1", true},
	{"dst=239.1.1.1", true}, {"dst=10.0.1.255", true}, {"dst=255.255.255.255", true},
};
static const struct choice FRAGMENTS4[] = {
	{"", false}, {"df", false}, {"mf", false}, {"frag=8", true}, {"mf frag=65528", true},
};
static const struct choice HEADERS4[] = {{"", false}, {"opt=01010101", false}};
static const struct choice PAYLOADS4[] = {
	{"udp", false},
	{"tcp", false},
	{"icmp type=8", false},
	{"icmp type=0", false},
	{"icmp type=13", false},
	{"icmp type=17", false},
	{"icmp type=9", false},
	{"icmp type=3", true},
	{"icmp type=4", true},
	{"icmp type=5", true},
	{"icmp type=11", true},
	{"icmp type=12", true},
	{"proto=1 hex=030000", true}, // it may be one
};

// RFC 4443 2.4 e
static const struct choice SOURCES6[] = {
	{"src=2001:db8::1", false}, {"src=fe80::1", false}, {"src=fd00::1", false},
	{"src=::", true},	    {"src=::1", true},	    {"src=ff02::1", true},
	{"src=ff0e::1:2", true},
};
static const struct choice DESTINATIONS6[] = {
	{"dst=2001:db8::2", false},
	{"dst=fe80::2", false},
	{"dst=ff02::1", true},
	{"dst=ff05::2", true},
};
static const struct choice PAYLOADS6[] = {
	{"udp", false},
	{"hop dest udp", false},
	{"routing tcp", false},
	{"frag mf udp", false},
	{"frag off=64 next=udp", false},
	{"hop frag off=64 next=17", false},
	{"frag off=64 next=icmp6", true}, // it may be one
	{"icmp6 type=128", false},
	{"dest icmp6 type=129", false},
	{"icmp6 type=135", false},
	{"icmp6 type=1", true},
	{"hop dest frag icmp6 type=2", true},
	{"icmp6 type=100", true},
	{"frag mf icmp6 type=4", true},
	{"icmp6 type=137", true},
	{"next=icmp6", true},
	{"next=hop hex=3aff", false}, // a chain that does not end is no ICMPv6
	{"next=none", false},
};

static const struct choice LINKS[] = {
	{"type=host", false},
	{"type=otherhost", false},
	{"type=broadcast", true},
	{"type=multicast", true},
};

struct rig {
	struct weir_router *router;
	struct weir_engine *engine;
	struct weir_err err;
	uint32_t seed;
};

static uint32_t dice(struct rig *g, uint32_t sides)
{
	g->seed = g->seed * 1664525 + 1013904223;
	return (g->seed >> 8) % sides;
}

#define PICK(g_, choices_) \
	(&(choices_)[pick_one((g_), choices_, sizeof(choices_) / sizeof(*(choices_)))])
// One that forbids less often than others, so that enough is answered.
static unsigned pick_one(struct rig *g, const struct choice *v, unsigned n)
{
	unsigned i = dice(g, n);

	return v[i].forbids && dice(g, 3) ? 0 : i;
}

static void rig_open(struct rig *g, const char *element, unsigned n_workers, const char *sink)
{
	struct weir_engine_options opt = {.n_workers = n_workers, .burst = 1};
	struct lang_router flat = {};
	char text[256];

	*g = (struct rig){.seed = 20261121};
	snprintf(text, sizeof(text), "s :: RuleSource -> e :: %s -> t :: %s", element, sink);
	cr_assert_eq(lang_parse(&flat, "test", text, strlen(text), NULL, 0, &g->err), 0);
	cr_assert_eq(weir_router_build(&g->router, &flat, &g->err), 0, "%s", g->err.text);
	cr_assert_eq(weir_router_init(g->router, &g->err), 0);
	cr_assert_eq(weir_engine_open(&g->engine, g->router, &opt, &g->err), 0, "%s", g->err.text);
}

static void rig_close(struct rig *g)
{
	weir_engine_close(g->engine);
	weir_router_free(g->router);
	weir_err_free(&g->err);
}

static void send(struct rig *g, const struct pkt *k, unsigned worker)
{
	struct weir_node *n = weir_find(g->router, "s")->nodes[worker];
	struct packet *p = weir_packet_new(n, WEIR_HEADROOM, k->end);

	pkt_fill(p, k);
	weir_made(n, 1, p->len);
	weir_emit(n, 0, p);
	for (unsigned i = 0; i < 3; i++)
		weir_worker_round(&g->engine->workers[worker]);
}

static void forget(struct rig *g)
{
	if (got)
		weir_packet_free(weir_find(g->router, "t")->nodes[0], got);
	got = NULL;
}

// The quoted bytes are those of the packet, as many as there is room for.
static void expect_quote(const struct pkt *k, uint32_t head, uint32_t most, const char *text)
{
	uint32_t quote = k->end - k->start;

	if (quote > most - head)
		quote = most - head;
	cr_assert_eq(got->len, head + quote, "%s: %u bytes, not %u", text, got->len, head + quote);
	cr_assert(!memcmp(weir_data(got) + head, k->bytes + k->start, quote), "%s: quote", text);
}

static void expect_error4(const struct pkt *k, const char *text)
{
	const struct ip4 *ip = (const struct ip4 *)(k->bytes + k->start),
			 *e = (const struct ip4 *)weir_data(got);

	expect_quote(k, sizeof(*e) + sizeof(struct icmp4), 576, text);
	cr_assert(e->dst.be == ip->src.be && e->tos >> 5 == 6, "%s: addresses, precedence", text);
	cr_assert((e->tos & 0x1e) == (ip->tos & 0x1e) && !e->frag.be, "%s: TOS, flags", text);
	cr_assert_eq(pkt_csum((const uint8_t *)e, sizeof(*e), 0), 0, "%s: IP checksum", text);
	cr_assert_eq(pkt_csum((const uint8_t *)(e + 1), got->len - sizeof(*e), 0), 0, "%s: csum",
		     text);
}

static void expect_error6(const struct pkt *k, const char *text)
{
	const struct ip6 *ip = (const struct ip6 *)(k->bytes + k->start),
			 *e = (const struct ip6 *)weir_data(got);
	const uint32_t len = got->len - (uint32_t)sizeof(*e);

	expect_quote(k, sizeof(*e) + sizeof(struct icmp6), 1280, text);
	cr_assert(!memcmp(e->dst, ip->src, 16) && e->next == IPPROTO6_ICMP, "%s: header", text);
	cr_assert_eq(rd16(e->len), len, "%s: payload length", text);
	cr_assert_eq(pkt_csum((const uint8_t *)(e + 1), len, pkt_pseudo6(e, IPPROTO6_ICMP, len)), 0,
		     "%s: csum", text);
}

static void check(struct rig *g, const char *text, bool forbidden,
		  void (*expect)(const struct pkt *k, const char *text))
{
	struct pkt k;

	cr_assert(pkt_parse(&k, text, strlen(text)), "%s: %s", text, k.error);
	send(g, &k, 0);
	cr_assert_eq(got == NULL, forbidden, "%s: %s", text, got ? "is answered" : "no answer");
	if (got)
		expect(&k, text);
	forget(g);
	pkt_free(&k);
}

static void check4(const char *element)
{
	struct rig g;
	char text[256];

	rig_open(&g, element, 1, "RuleSink");
	for (unsigned i = 0; i < ROUNDS; i++) {
		const struct choice *c[] = {PICK(&g, SOURCES4),	  PICK(&g, DESTINATIONS4),
					    PICK(&g, FRAGMENTS4), PICK(&g, HEADERS4),
					    PICK(&g, PAYLOADS4),  PICK(&g, LINKS)};
		// of a fragment but the first it is no header
		const bool forbidden = c[0]->forbids || c[1]->forbids || c[2]->forbids ||
				       c[4]->forbids || c[5]->forbids;
		const bool is_cut = strchr(c[4]->text, '=') && strstr(c[4]->text, "hex");

		snprintf(text, sizeof(text), "ip4 tos=%u %s %s %s %s %s bytes=%u %s", dice(&g, 256),
			 c[0]->text, c[1]->text, c[2]->text, c[3]->text, c[4]->text,
			 is_cut ? 0 : dice(&g, 2) * dice(&g, 1400), c[5]->text);
		check(&g, text, forbidden, expect_error4);
	}
	rig_close(&g);
}

static void check6(const char *element, bool about_multicast)
{
	struct rig g;
	char text[256];

	rig_open(&g, element, 1, "RuleSink");
	for (unsigned i = 0; i < ROUNDS; i++) {
		const struct choice *c[] = {PICK(&g, SOURCES6), PICK(&g, DESTINATIONS6),
					    PICK(&g, PAYLOADS6), PICK(&g, LINKS)};
		const bool multicast = c[1]->forbids || c[3]->forbids;
		const bool has_more = !strstr(c[2]->text, "next=icmp6") &&
				      !strstr(c[2]->text, "hex") && !strstr(c[2]->text, "none");

		snprintf(text, sizeof(text), "ip6 hlim=1 %s %s %s bytes=%u %s", c[0]->text,
			 c[1]->text, c[2]->text, has_more ? dice(&g, 2) * dice(&g, 1400) : 0,
			 c[3]->text);
		check(&g, text, c[0]->forbids || c[2]->forbids || (multicast && !about_multicast),
		      expect_error6);
	}
	rig_close(&g);
}

Test(icmp_rules, ip4)
{
	check4("ICMPError(10.9.9.9, timeexceeded, 0, 10.0.1.255, RATE 0, HOST_RATE 0)");
	check4("ICMPError(10.9.9.9, unreachable, host, 10.0.1.255, RATE 0, HOST_RATE 0)");
	check4("ICMPError(10.9.9.9, parameterproblem, 0, 10.0.1.255, RATE 0, HOST_RATE 0)");
	check4("ICMPError(10.9.9.9, redirect, host, 10.0.1.255, RATE 0, HOST_RATE 0)");
}

Test(icmp_rules, ip6)
{
	check6("ICMP6Error(2001:db8::9, timeexceeded, RATE 0, HOST_RATE 0)", false);
	check6("ICMP6Error(2001:db8::9, unreachable, noroute, RATE 0, HOST_RATE 0)", false);
	check6("ICMP6Error(2001:db8::9, parameterproblem, header, RATE 0, HOST_RATE 0)", false);
	check6("ICMP6Error(2001:db8::9, toobig, PMTU 1280, RATE 0, HOST_RATE 0)", true);
}

// --- one limit for all workers ---
enum { WORKERS = 4, EACH = 5000, BURST = 1000 };

struct flood {
	struct rig *rig;
	struct pkt *packet;
	unsigned worker;
	pthread_t thread;
};

static void *flood(void *arg)
{
	const struct flood *f = arg;

	for (unsigned i = 0; i < EACH; i++)
		send(f->rig, f->packet, f->worker);
	return NULL;
}

static void check_flood(const char *element, const char *text)
{
	struct flood floods[WORKERS];
	struct rig g;
	struct pkt k;

	atomic_store(&n_answers, 0);
	cr_assert(pkt_parse(&k, text, strlen(text)), "%s", k.error);
	rig_open(&g, element, WORKERS, "RuleCount");
	for (unsigned i = 0; i < WORKERS; i++) {
		floods[i] = (struct flood){.rig = &g, .packet = &k, .worker = i};
		cr_assert_eq(pthread_create(&floods[i].thread, NULL, flood, &floods[i]), 0);
	}
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(floods[i].thread, NULL);
	// one a second, as long as this takes
	cr_assert(n_answers >= BURST && n_answers < BURST + 20, "%s: %u answers", element,
		  n_answers);
	rig_close(&g);
	pkt_free(&k);
}

Test(icmp_rules, workers_share_a_limit)
{
	check_flood("ICMPError(10.9.9.9, 11, RATE 1, BURST 1000, HOST_RATE 0)", "ip4 udp");
	check_flood("ICMPError(10.9.9.9, 11, RATE 0, HOST_RATE 1, HOST_BURST 1000)", "ip4 udp");
	check_flood("ICMP6Error(2001:db8::9, 3, RATE 1, BURST 1000, HOST_RATE 0)", "ip6 udp");
	check_flood("ICMP6Error(2001:db8::9, 3, RATE 0, HOST_RATE 1, HOST_BURST 1000)", "ip6 udp");
}
