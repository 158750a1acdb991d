// SPDX-License-Identifier: BSD-2-Clause

// The IP path of the standard router in memory, one core: what it costs per packet net of source
// and sink, what one more element costs, and what splitting over four next hops costs.
//
//	path [RUNS]			times, interleaved
//	path --one VARIANT PACKETS	one variant over a small table, for counting instructions

#include "lib/wires.h"

#include <figure.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>

enum { N_PREFIXES = 256 * 1024, FEW_PREFIXES = 16384, FEW_ROUTES6 = 8, POOL = 4096 };

// --- a source of packets with random destinations below the prefixes ---
struct bench_source {
	uint32_t unused;
};
struct bench_source_state {
	unsigned next;
};

static unsigned n_prefixes = N_PREFIXES;
static unsigned n_prefixes6;
static bool is_ip6;
static uint64_t to_make;

static bool bench_source_task(struct weir_node *n, unsigned burst)
{
	struct bench_source_state *s = n->state;
	struct packet *v[WEIR_BATCH_MAX];
	unsigned k = 0;

	for (; k < burst && to_make; k++, to_make--) {
		struct packet *p =
			weir_packet_new(n, WEIR_HEADROOM, is_ip6 ? WIRES_PACKET6 : WIRES_PACKET);

		if (!p)
			break;
		if (is_ip6)
			wires_write6(weir_data(p), s->next);
		else
			wires_write(weir_data(p), s->next);
		s->next = (s->next + 1) % (is_ip6 ? n_prefixes6 : n_prefixes);
		v[k] = p;
	}
	weir_start(n, 0, v, k);
	return k > 0;
}

WEIR_PLAIN_ELEMENT(bench_source, "BenchSource", .purpose = "packets for the benchmark",
		   .ports = "0/1", .processing = "/h", .task = bench_source_task, .is_source = true,
		   .state_size = sizeof(struct bench_source_state));

// --- an interface in memory, for the forwarding that does nothing ---
static struct weir_pool *wire_pool;

static unsigned wire_rx(struct weir_queue *, struct packet **v, unsigned max)
{
	unsigned n = weir_cache_get_raw(&wire_pool->caches[0], v,
					max < to_make ? max : (unsigned)to_make);

	for (unsigned i = 0; i < n; i++) {
		weir_pool_blank(wire_pool, v[i]);
		weir_set_mac(v[i]);
		v[i]->len = WIRES_PACKET;
	}
	to_make -= n;
	return n;
}

static unsigned wire_tx(struct weir_queue *, struct packet *const *v, unsigned n)
{
	weir_cache_put(&wire_pool->caches[0], v, n);
	return n;
}

static unsigned wire_room(struct weir_queue *)
{
	return WEIR_BATCH_MAX;
}

static bool wire_flush(struct weir_queue *)
{
	return true;
}

static const struct weir_queue_ops wire_ops = {
	.rx = wire_rx, .tx = wire_tx, .tx_room = wire_room, .flush = wire_flush};
static struct weir_queue wire_queue = {.ops = &wire_ops};

static void open_wires(struct weir_router *r, struct weir_pool *pool)
{
	static struct weir_queue *queues[] = {&wire_queue};
	static struct weir_device_worker worker = {.rx = queues, .n_rx = 1, .tx = &wire_queue};

	wire_pool = pool;
	wire_queue.fd = eventfd(0, EFD_CLOEXEC);
	for (struct weir_device *d = weir_router_devices(r); d; d = d->next) {
		d->workers = &worker;
		d->n_workers = 1;
		d->mtu = 1500;
	}
}

// The interface alone, without a router between its ends.
static void bare_wire(unsigned burst)
{
	struct packet *v[WEIR_BATCH_MAX];
	unsigned n;

	while ((n = wire_rx(&wire_queue, v, burst)))
		wire_tx(&wire_queue, v, n);
}

enum variant { BASE, PATH, SPLIT, LONGER, MINIMAL, WIRE, BASE6, PATH6, TABLE6, N_VARIANTS };
static const char *const variant_names[] = {"base", "path",  "split", "longer", "minimal",
					    "wire", "base6", "path6", "table6"};

static char *configuration(enum variant v)
{
	struct weir_buf b = {}, r = {};

	switch (v) {
	case BASE:
		r = wires_routes(n_prefixes, 1); // the destinations
		weir_printf(&b, "BenchSource -> Discard;");
		break;
	case MINIMAL:
	case WIRE:
		weir_printf(&b, "FromDevice(a) -> ToDevice(b);");
		break;
	case BASE6:
		r = wires_routes6(n_prefixes6 = FEW_ROUTES6);
		weir_printf(&b, "BenchSource -> Discard;");
		break;
	case PATH6:
	case TABLE6:
		n_prefixes6 = v == PATH6 ? FEW_ROUTES6 : n_prefixes;
		r = wires_routes6(n_prefixes6);
		weir_printf(&b,
			    "rt :: LookupIP6Route(%s); %s BenchSource -> c; rt -> %s -> Discard;",
			    r.text, wires_head6, wires_tail6);
		break;
	case PATH:
	case LONGER:
		r = wires_routes(n_prefixes, 1);
		weir_printf(&b, "rt :: DirectIPLookup(%s); %s BenchSource -> c; rt -> %s -> ",
			    r.text, wires_head, wires_tail);
		for (unsigned i = 0; v == LONGER && i < 10; i++)
			weir_printf(&b, "Paint(%u) -> ", i);
		weir_printf(&b, "Discard;");
		break;
	default:
		r = wires_routes(n_prefixes, 4);
		weir_printf(&b, "rt :: DirectIPLookup(%s); %s BenchSource -> c; d :: Discard;",
			    r.text, wires_head);
		for (unsigned i = 0; i < 4; i++)
			weir_printf(&b, "rt[%u] -> %s -> d;", i, wires_tail);
	}
	weir_buf_free(&r);
	return b.text;
}

struct setup {
	struct weir_router *router;
	struct weir_engine *engine;
	struct weir_pool pool, *pools[1];
	bool wire, is_ip6;
};

static void open_setup(struct setup *s, enum variant v, unsigned burst)
{
	struct weir_err err = {};
	struct lang_router flat;
	struct weir_engine_options opt = {.burst = burst};
	char *text = configuration(v);

	if (lang_parse(&flat, variant_names[v], text, strlen(text), NULL, 0, &err) ||
	    weir_router_build(&s->router, &flat, &err) || weir_router_init(s->router, &err) ||
	    weir_pool_open(&s->pool, &(struct weir_pool_want){.n = POOL, .max_len = 1514}, &err))
		goto fail;
	s->pools[0] = &s->pool;
	opt.pools = s->pools;
	opt.n_pools = 1;
	s->wire = v == WIRE;
	s->is_ip6 = v >= BASE6;
	if (v == MINIMAL || v == WIRE)
		open_wires(s->router, &s->pool);
	if (weir_engine_open(&s->engine, s->router, &opt, &err))
		goto fail;
	free(text);
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
	uint64_t t = figure_clock();

	to_make = packets;
	is_ip6 = s->is_ip6;
	wire_pool = &s->pool;
	if (s->wire)
		bare_wire(s->engine->opt.burst);
	else
		weir_worker_drain(&s->engine->workers[0]);
	return (double)(figure_clock() - t) / (double)packets;
}

// All packets must have gone the whole way.
static void check(struct setup *s)
{
	struct weir_ledger l;

	weir_ledger(s->engine, &l);
	if (l.made != l.ended || l.dropped) {
		fprintf(stderr, "made %lu, ended %lu, dropped %lu\n", l.made, l.ended, l.dropped);
		exit(1);
	}
}

static void times(unsigned runs, unsigned burst)
{
	struct setup s[N_VARIANTS] = {};
	struct figure f[N_VARIANTS] = {}, net, net6, more, split, minimal;
	char name[64];

	for (unsigned v = 0; v < N_VARIANTS; v++) {
		open_setup(&s[v], v, burst);
		f[v].unit = "ns";
		run(&s[v], 200000);
	}
	for (unsigned i = 0; i < runs; i++)
		for (unsigned v = 0; v < N_VARIANTS; v++)
			figure_add(&f[v], run(&s[v], 1000000));
	snprintf(name, sizeof(name), "burst %u: source and sink", burst);
	f[BASE].name = name;
	figure_print(&f[BASE]);
	net = figure_minus("IP path, 13 elements, net", &f[PATH], &f[BASE]);
	figure_print(&net);
	net6 = figure_minus("IPv6 path, 11 elements, net", &f[PATH6], &f[BASE6]);
	figure_print(&net6);
	split = figure_minus("IP path split over four next hops, net", &f[SPLIT], &f[BASE]);
	figure_print(&split);
	minimal = figure_minus("minimal forwarding, FromDevice -> ToDevice, net", &f[MINIMAL],
			       &f[WIRE]);
	figure_print(&minimal);
	more = figure_minus("one more element", &f[LONGER], &f[PATH]);
	for (unsigned i = 0; i < more.n; i++)
		more.v[i] /= 10;
	figure_print(&more);
	struct figure r = figure_ratio("split over unsplit", &split, &net);
	figure_print(&r);
	figure_free(&r);
	r = figure_ratio("IPv6 over IPv4", &net6, &net);
	figure_print(&r);
	for (unsigned v = 0; v < N_VARIANTS; v++) {
		check(&s[v]);
		close_setup(&s[v]);
		figure_free(&f[v]);
	}
	figure_free(&net);
	figure_free(&net6);
	figure_free(&more);
	figure_free(&minimal);
	figure_free(&split);
	figure_free(&r);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "--one")) {
		struct setup s = {};

		n_prefixes = FEW_PREFIXES;
		for (unsigned v = 0; v < N_VARIANTS; v++)
			if (!strcmp(argv[2], variant_names[v])) {
				open_setup(&s, v, 256);
				run(&s, strtoull(argv[3], NULL, 0));
				check(&s);
				close_setup(&s);
				return 0;
			}
		return 2;
	}
	for (unsigned burst = 64; burst <= 256; burst *= 2)
		times(argc > 1 ? (unsigned)atoi(argv[1]) : 15, burst);
	free(wires_destinations);
	return 0;
}
