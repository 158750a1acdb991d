// SPDX-License-Identifier: BSD-2-Clause
#include "nat_rig.h"

#include <lang.h>
#include <stdio.h>
#include <stdlib.h>
#include <threads.h>

static void must(bool works, const struct nat_rig *g, const char *what)
{
	if (works)
		return;
	fprintf(stderr, "%s: %s\n", what, g->err.text ? g->err.text : "");
	abort();
}

static void settle(struct nat_rig *g)
{
	bool did;

	do {
		did = false;
		for (unsigned w = 0; w < g->n_workers; w++)
			did |= weir_worker_round(&g->engine->workers[w]);
	} while (did);
}

void nat_rig_open_class(struct nat_rig *g, const char *class, unsigned n_out, const char *args,
			unsigned n_workers)
{
	struct weir_engine_options opt = {.n_workers = n_workers, .simtime = true};
	struct weir_threads_options by = {.n_workers = n_workers};
	struct lang_router flat = {};
	struct weir_buf b = {};

	*g = (struct nat_rig){.n_workers = n_workers, .n_out = n_out};
	weir_printf(&b, "nat :: %s(%s); Idle -> [1] nat;\n", class, args);
	// each is pushed to by one worker
	for (unsigned i = 0; i < n_workers; i++)
		weir_printf(&b, "InfiniteSource(ACTIVE false) -> nat;\n");
	for (unsigned i = 0; i < n_out; i++)
		weir_printf(&b, "nat[%u] -> q%u :: ThreadSafeQueue -> Idle;\n", i, i);
	must(!lang_parse(&flat, "test", b.text, b.len, NULL, 0, &g->err) &&
		     !weir_router_build(&g->router, &flat, &g->err) &&
		     !weir_router_init(g->router, &g->err) &&
		     !weir_threads(&g->threads, g->router, &by, &g->err) &&
		     !weir_engine_open(&g->engine, g->router, &opt, &g->err),
	     g, args);
	g->nat = weir_find(g->router, "nat");
	must(weir_workers_count(&g->nat->runs) == n_workers, g, "not on all workers");
	weir_buf_free(&b);
	settle(g); // from now on time is simulated
}

void nat_rig_open(struct nat_rig *g, const char *args, unsigned n_workers)
{
	nat_rig_open_class(g, "NAT44", NAT44_OUTS, args, n_workers);
}

void nat_rig_close(struct nat_rig *g)
{
	weir_engine_close(g->engine);
	weir_threads_free(&g->threads);
	weir_router_free(g->router);
	weir_err_free(&g->err);
}

void nat_rig_push(struct nat_rig *g, unsigned worker, unsigned side, const char *text)
{
	struct weir_node *n = g->nat->nodes[worker];
	struct batch *b = weir_spare_get(n->worker);

	while (text) {
		const char *next;
		const size_t len = pkt_split(text, &next);
		struct pkt k;

		must(pkt_parse(&k, text, len), g, k.error);
		b->p[b->n] = weir_packet_new(n, WEIR_HEADROOM, k.end);
		pkt_fill(b->p[b->n], &k);
		b->bytes += b->p[b->n++]->len;
		pkt_free(&k);
		text = next;
	}
	weir_made(n, b->n, b->bytes);
	weir_run_input(n->worker, &n->in[side], b);
	weir_spare_put(n->worker, b);
	settle(g);
}

struct packet *nat_rig_pull(struct nat_rig *g, int *out)
{
	struct packet *p;
	char name[16];

	for (*out = 0; *out < (int)g->n_out; ++*out) {
		const struct weir_element *e;
		struct weir_node *n;

		snprintf(name, sizeof(name), "q%d", *out);
		e = weir_find(g->router, name);
		n = e->nodes[e->home];
		if (n->pull(n, 0, &p, 1))
			return p;
	}
	*out = RIG_LOST;
	return NULL;
}

void nat_rig_end(struct nat_rig *g, struct packet *p)
{
	const struct weir_element *e = weir_find(g->router, "q0");

	if (p)
		weir_end(e->nodes[e->home], &p, 1);
}

void nat_rig_pass(struct nat_rig *g, uint64_t ns)
{
	while (ns) {
		const uint64_t step = ns < RIG_SECOND / 5 ? ns : RIG_SECOND / 5;

		g->engine->sim_offset += (int64_t)step;
		settle(g);
		ns -= step;
	}
}
