// SPDX-License-Identifier: BSD-2-Clause

// Address translation in memory, one core: what a packet of 60 bytes costs in an IPRewriter and in
// a NAT44, net of source and sink, with 1,000 flows, 60,000 and a million; and what a new flow
// costs more. All packets go from inside to outside.
//
//	nat [RUNS]				times, in turns
//	nat --one VARIANT FLOWS PACKETS		one variant, for counting instructions

#include <weir/csum.h>

#include "lib/wires.h"

#include <figure.h>
#include <stdio.h>
#include <stdlib.h>

enum { POOL = 4096, BURST = 256, DESTINATIONS = 251, RUN = 1000000 };

struct flow {
	be32 src, dst;
	be16 sport, ip_csum, udp_csum;
};

static struct flow *flows;
static unsigned n_flows;
static uint64_t to_make;

// --- a source of packets of all flows in turn ---
struct flow_source {
	uint32_t unused;
};
struct flow_source_state {
	unsigned next;
};

static uint8_t headers[WIRES_PACKET]; // with the checksums of addresses and sport 0

static void write_packet(uint8_t *data, const struct flow *f)
{
	struct ip4 *ip = (struct ip4 *)(data + sizeof(struct eth));
	struct udp *udp = (struct udp *)(ip + 1);

	memcpy(data, headers, WIRES_PACKET);
	ip->src = f->src;
	ip->dst = f->dst;
	ip->csum = f->ip_csum;
	udp->sport = f->sport;
	udp->csum = f->udp_csum;
}

static bool flow_source_task(struct weir_node *n, unsigned burst)
{
	struct flow_source_state *s = n->state;
	struct packet *v[WEIR_BATCH_MAX];
	unsigned k = 0;

	for (; k < burst && to_make; k++, to_make--) {
		struct packet *p = weir_packet_new(n, WEIR_HEADROOM, WIRES_PACKET);

		if (!p)
			break;
		if (s->next >= n_flows)
			s->next = 0;
		write_packet(weir_data(p), &flows[s->next++]);
		weir_set_network(p, sizeof(struct eth), sizeof(struct ip4));
		v[k] = p;
	}
	weir_start(n, 0, v, k);
	return k > 0;
}

WEIR_PLAIN_ELEMENT(flow_source, "FlowSource", .purpose = "packets for the benchmark",
		   .ports = "0/1", .processing = "/h", .task = flow_source_task, .is_source = true,
		   .state_size = sizeof(struct flow_source_state));

static void make_headers(void)
{
	struct ip4 *ip = (struct ip4 *)(headers + sizeof(struct eth));
	struct udp *udp = (struct udp *)(ip + 1);

	*ip = (struct ip4){.vihl = 0x45,
			   .len = wr16(WIRES_PACKET - sizeof(struct eth)),
			   .ttl = 64,
			   .proto = IPPROTO4_UDP};
	*udp = (struct udp){.dport = wr16(443),
			    .len = wr16(WIRES_PACKET - sizeof(struct eth) - sizeof(*ip))};
	weir_csum_ip4_set(ip, sizeof(*ip));
	udp->csum = weir_csum_fold_udp(
		weir_csum_pseudo4(ip->src, ip->dst, IPPROTO4_UDP, rd16(udp->len)) +
		weir_csum_sum(udp, rd16(udp->len)));
}

static void make_flows(unsigned n)
{
	const struct ip4 *ip = (const struct ip4 *)(headers + sizeof(struct eth));
	const struct udp *udp = (const struct udp *)(ip + 1);

	free(flows);
	flows = calloc(n, sizeof(*flows));
	if (!flows)
		exit(1);
	n_flows = n;
	for (unsigned i = 0; i < n; i++) {
		struct flow *f = &flows[i];

		f->src = wr32(0x0a000001 + i / 16);
		f->dst = wr32(0xc6336400 + i % DESTINATIONS);
		f->sport = wr16((uint16_t)(1024 + i % 16 * 1000 + i / 16 % 997));
		f->ip_csum = weir_csum_edit32(ip->csum, ip->src, f->src);
		f->ip_csum = weir_csum_edit32(f->ip_csum, ip->dst, f->dst);
		f->udp_csum = weir_csum_edit32_udp(udp->csum, ip->src, f->src);
		f->udp_csum = weir_csum_edit32_udp(f->udp_csum, ip->dst, f->dst);
		f->udp_csum = weir_csum_edit16_udp(f->udp_csum, udp->sport, f->sport);
	}
}

// --- routers ---
enum variant { BASE, REWRITER, NAT44, N_VARIANTS };
static const char *const names[] = {"base", "IPRewriter", "NAT44"};
static const char *const texts[] = {
	"FlowSource -> Discard;",
	"FlowSource -> rw :: IPRewriter(pattern 192.0.2.1 1024-65535 - - 0 1, drop, "
	"CAPACITY 2000000) -> Discard; Idle -> [1] rw; rw[1] -> Discard;",
	"FlowSource -> n :: NAT44(POOL 192.0.2.0/26, SESSIONS 2000000) -> Discard;"
	"Idle -> [1] n; n[1] -> Discard;",
};

struct setup {
	struct weir_router *router;
	struct weir_engine *engine;
	struct weir_pool pool, *pools[1];
};

static void open_setup(struct setup *s, enum variant v)
{
	struct weir_err err = {};
	struct lang_router flat;
	struct weir_engine_options opt = {.burst = BURST};

	*s = (struct setup){};
	if (lang_parse(&flat, names[v], texts[v], strlen(texts[v]), NULL, 0, &err) ||
	    weir_router_build(&s->router, &flat, &err) || weir_router_init(s->router, &err) ||
	    weir_pool_open(&s->pool, &(struct weir_pool_want){.n = POOL, .max_len = 1514}, &err))
		goto fail;
	s->pools[0] = &s->pool;
	opt.pools = s->pools;
	opt.n_pools = 1;
	if (weir_engine_open(&s->engine, s->router, &opt, &err))
		goto fail;
	return;
fail:
	fprintf(stderr, "%s", err.text ? err.text : "out of memory\n");
	exit(1);
}

static void close_setup(struct setup *s)
{
	weir_engine_close(s->engine);
	weir_router_free(s->router);
	weir_pool_close(&s->pool);
}

static double run(struct setup *s, uint64_t packets)
{
	const uint64_t t = figure_clock();

	to_make = packets;
	weir_worker_drain(&s->engine->workers[0]);
	return (double)(figure_clock() - t) / (double)packets;
}

static void say_drop(void *, const char *name, uint64_t packets, uint64_t)
{
	fprintf(stderr, "%lu lost as %s\n", packets, name);
}

// All packets must have gone the whole way.
static void check(struct setup *s)
{
	struct weir_ledger l;

	weir_ledger(s->engine, &l);
	if (l.made != l.ended || l.dropped) {
		fprintf(stderr, "made %lu, ended %lu, dropped %lu\n", l.made, l.ended, l.dropped);
		weir_each_drop(s->engine, say_drop, NULL);
		exit(1);
	}
}

static void print_net(const char *what, unsigned n, const struct figure *with,
		      const struct figure *without)
{
	struct figure d;
	char name[80];

	snprintf(name, sizeof(name), "%s, %u flows, net", what, n);
	d = figure_minus(name, with, without);
	figure_print(&d);
	figure_free(&d);
}

// The first packets of all flows make them.
static void times(unsigned n, unsigned runs)
{
	struct figure f[N_VARIANTS] = {};
	struct setup s[N_VARIANTS];
	double first[N_VARIANTS];

	make_flows(n);
	for (unsigned v = 0; v < N_VARIANTS; v++) {
		open_setup(&s[v], v);
		f[v].unit = "ns";
		first[v] = run(&s[v], n);
	}
	for (unsigned i = 0; i < runs; i++)
		for (unsigned v = 0; v < N_VARIANTS; v++)
			figure_add(&f[v], run(&s[v], RUN));
	for (unsigned v = 0; v < N_VARIANTS; v++) {
		if (v)
			print_net(names[v], n, &f[v], &f[BASE]);
		if (v && n >= RUN)
			printf("  a new flow: %.0f ns\n", first[v] - first[BASE]);
		check(&s[v]);
		close_setup(&s[v]);
	}
	for (unsigned v = 0; v < N_VARIANTS; v++)
		figure_free(&f[v]);
}

static int one(const char *name, unsigned n, uint64_t packets)
{
	struct setup s;

	make_flows(n);
	for (unsigned v = 0; v < N_VARIANTS; v++) {
		if (strcmp(name, names[v]))
			continue;
		open_setup(&s, v);
		run(&s, packets);
		check(&s);
		close_setup(&s);
		return 0;
	}
	return 2;
}

int main(int argc, char **argv)
{
	static const unsigned sizes[] = {1000, 60000, 1000000};

	make_headers();
	if (argc == 5 && !strcmp(argv[1], "--one"))
		return one(argv[2], (unsigned)atoi(argv[3]), strtoull(argv[4], NULL, 0));
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		times(sizes[i], argc > 1 ? (unsigned)atoi(argv[1]) : 15);
	free(flows);
	return 0;
}
