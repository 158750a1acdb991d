// SPDX-License-Identifier: BSD-2-Clause

// What it costs to hand packets to another worker. Two workers receive, hand all they received to
// each other, and send what they got; both are busy all the time with the same work. The figure is
// the time of a packet less that of the same where each worker sends what it received itself.
//
//	handoff [ROUNDS [BATCH]]	times, in turns
//	handoff --one 0|1 PACKETS	packets without and with Pipeliner, in batches of 64 on one
// thread, 					for counting instructions

#include <weir/ring.h>

#include "lib/setup.h"

#include <figure.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum { RING = 1024, N_PREFIXES = 16384, WARM_MS = 5, ROUND_MS = 20 };

// --- the ring alone ---
struct side {
	struct wire *wire;
	struct weir_ring *in, *out; // NULL: what was received is sent
	unsigned batch, cpu;
	bool blind; // nobody looks at packets
	pthread_t thread;
};
static atomic_bool stop;

static void pin(unsigned nth)
{
	cpu_set_t may, mine;

	CPU_ZERO(&mine);
	if (sched_getaffinity(0, sizeof(may), &may))
		return;
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &may) && nth-- == 0)
			CPU_SET(cpu, &mine);
	pthread_setaffinity_np(pthread_self(), sizeof(mine), &mine);
}

static unsigned receive(const struct side *s, struct packet **v, unsigned n)
{
	struct weir_queue *q = &s->wire->base;

	return s->blind ? weir_cache_get_raw(s->wire->cache, v, n) : q->ops->rx(q, v, n);
}

// Who gets a packet looks at it.
static void send_all(const struct side *s, struct packet **v, unsigned n)
{
	struct weir_queue *q = &s->wire->base;

	for (unsigned i = 0; i < n && !s->blind; i++) {
		__builtin_prefetch(v[i], 1);
		__builtin_prefetch((const uint8_t *)v[i] + sizeof(**v) / 2, 1);
		__builtin_prefetch((const uint8_t *)v[i] + s->wire->cache->pool->data_at, 1);
	}
	for (unsigned i = 0; i < n && !s->blind; i++)
		v[i]->rounds += weir_data(v[i])[0];
	q->ops->tx(q, v, n);
}

static void *side_main(void *arg)
{
	const struct side *s = arg;
	struct packet *v[WEIR_BATCH_MAX];

	pin(s->cpu);
	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		unsigned n = s->batch;

		if (s->out && weir_ring_room(s->out, n) < n)
			n = 0;
		n = receive(s, v, n);
		if (s->out) {
			weir_ring_put(s->out, v, n);
			n = weir_ring_take(s->in, v, s->batch);
		}
		send_all(s, v, n);
	}
	return NULL;
}

// Nanoseconds per packet and worker.
static double time_of(const struct setup *s, uint64_t sent, uint64_t ns)
{
	return sent ? (double)ns * s->wires.n / (double)sent : 0;
}

static double ring_time(struct setup *s, struct weir_ring *rings, unsigned batch, bool blind)
{
	struct side sides[2] = {};
	struct packet *p;
	uint64_t t, sent;

	atomic_store(&stop, false);
	setup_urgent_begin();
	for (unsigned i = 0; i < 2; i++) {
		sides[i] = (struct side){
			.wire = &s->wires.wire[i], .batch = batch, .cpu = i, .blind = blind};
		sides[i].wire->left = UINT64_MAX;
		if (rings) {
			sides[i].in = &rings[i];
			sides[i].out = &rings[!i];
		}
		if (pthread_create(&sides[i].thread, NULL, side_main, &sides[i]))
			abort();
	}
	for (unsigned i = 0; i < 2; i++)
		setup_urgent(sides[i].thread);
	setup_sleep(WARM_MS);
	sent = setup_sent(s);
	t = figure_clock();
	setup_sleep(ROUND_MS);
	sent = setup_sent(s) - sent;
	t = figure_clock() - t;
	atomic_store(&stop, true);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(sides[i].thread, NULL);
	setup_urgent_end();
	for (unsigned i = 0; rings && i < 2; i++)
		while (weir_ring_take(&rings[i], &p, 1))
			send_all(&sides[i], &p, 1);
	return time_of(s, sent, t);
}

// --- Pipeliner in a graph ---
static double graph_time(struct setup *s)
{
	uint64_t ns, sent = setup_measure(s, WARM_MS, ROUND_MS, &ns);

	return time_of(s, sent, ns);
}

static void open_graph(struct setup *s, bool is_path, bool hands_over, unsigned burst)
{
	struct weir_buf r = wires_routes(N_PREFIXES, 1), b = {};

	if (is_path)
		weir_printf(&b,
			    "rt :: DirectIPLookup(%s); %s p :: Null -> c; rt -> %s -> ToDevice(c);",
			    r.text, wires_head, wires_tail);
	else
		weir_printf(&b, "p :: Null -> ToDevice(c);");
	weir_printf(&b, hands_over ? "a :: FromDevice(a, BUSY_POLL true) -> x :: Pipeliner -> p;"
				     "b :: FromDevice(b, BUSY_POLL true) -> y :: Pipeliner -> p;"
				     "StaticThreadSched(a 0, x 1, b 1, y 0);"
				   : "a :: FromDevice(a, BUSY_POLL true) -> p; b :: FromDevice(b, "
				     "BUSY_POLL true) -> p;"
				     "StaticThreadSched(a 0, b 1);");
	setup_open(s, b.text, 2, burst);
	for (unsigned i = 0; hands_over && i < 2; i++)
		s->wires.wire[i].sender = &s->wires.wire[!i];
	weir_buf_free(&r);
	weir_buf_free(&b);
}

// --- figures ---
static void print_difference(const char *what, unsigned batch, struct figure *with,
			     struct figure *without)
{
	struct figure d;
	char name[3][80];

	snprintf(name[0], sizeof(name[0]), "%s, batches of %u", what, batch);
	snprintf(name[1], sizeof(name[1]), "  a packet's time with it");
	snprintf(name[2], sizeof(name[2]), "  and without");
	d = figure_minus(name[0], with, without);
	with->name = name[1];
	without->name = name[2];
	figure_print(&d);
	figure_print(with);
	figure_print(without);
	figure_free(&d);
	figure_free(with);
	figure_free(without);
}

static void ring_figures(unsigned rounds, bool blind, unsigned batch)
{
	struct figure with = {.unit = "ns"}, without = {.unit = "ns"};
	_Alignas(128) static struct weir_ring rings[2];
	struct setup s = {};

	open_graph(&s, false, false, batch);
	if (weir_ring_open(&rings[0], RING) || weir_ring_open(&rings[1], RING))
		abort();
	for (unsigned i = 0; i < rounds; i++) {
		figure_add(&with, ring_time(&s, rings, batch, blind));
		figure_add(&without, ring_time(&s, NULL, batch, blind));
	}
	print_difference(blind ? "pointers in a ring" : "packets in a ring", batch, &with,
			 &without);
	weir_ring_close(&rings[0]);
	weir_ring_close(&rings[1]);
	setup_close(&s);
}

static void graph_figures(unsigned rounds, bool is_path, unsigned batch)
{
	struct figure f[2] = {{.unit = "ns"}, {.unit = "ns"}};
	struct setup s[2] = {};

	for (unsigned k = 0; k < 2; k++)
		open_graph(&s[k], is_path, k, batch);
	for (unsigned i = 0; i < rounds; i++)
		for (unsigned k = 0; k < 2; k++)
			figure_add(&f[(i + k) % 2], graph_time(&s[(i + k) % 2]));
	print_difference(is_path ? "Pipeliner in the IP path" : "Pipeliner in minimal forwarding",
			 batch, &f[1], &f[0]);
	for (unsigned k = 0; k < 2; k++) {
		setup_check(&s[k]);
		setup_close(&s[k]);
	}
}

static int one(bool hands_over, uint64_t packets)
{
	struct setup s = {};

	open_graph(&s, false, hands_over, 64);
	for (unsigned i = 0; i < 2; i++)
		s.wires.wire[i].left = packets / 2;
	setup_drain(&s);
	setup_check(&s);
	setup_close(&s);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "--one") == 0)
		return one(atoi(argv[2]), strtoull(argv[3], NULL, 0));
	static const unsigned all[] = {1, 16, 64, 256};
	const unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 51;
	const unsigned only = argc > 2 ? (unsigned)atoi(argv[2]) : 0;
	const unsigned *batches = only ? &only : all;
	const unsigned n = only ? 1 : sizeof(all) / sizeof(*all);

	if (!rounds || only > WEIR_BATCH_MAX)
		return 2;
	for (unsigned blind = 2; blind--;)
		for (unsigned i = 0; i < n; i++)
			ring_figures(rounds, blind, batches[i]);
	for (unsigned is_path = 0; is_path < 2; is_path++)
		for (unsigned i = 0; i < n; i++)
			graph_figures(rounds, is_path, batches[i]);
	return 0;
}
