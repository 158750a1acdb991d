// SPDX-License-Identifier: BSD-2-Clause

// Workers on two NUMA nodes, with a pool each. The engine does not ask where the memory really is.

#include <weir/node.h>

#include <criterion/criterion.h>
#include <engine.h>
#include <lang.h>

enum { BUFFERS = 2048, N = 4 };

struct rig {
	struct weir_router *router;
	struct weir_engine *engine;
	struct weir_pool pool[2], *pools[2];
	struct weir_err err;
};

static const struct weir_worker_cpu CPUS[N] = {{0, 1}, {1, 0}, {2, 1}, {3, 7}};

static void rig_open(struct rig *g, const struct weir_worker_cpu *cpus)
{
	const char text[] = "Idle -> Discard";
	struct weir_engine_options opt = {
		.n_workers = N, .cpus = cpus, .pools = g->pools, .n_pools = 2};
	struct lang_router flat = {};

	*g = (struct rig){};
	for (unsigned i = 0; i < 2; i++) {
		const struct weir_pool_want want = {
			.n = BUFFERS, .max_len = 1522, .n_workers = N, .has_node = true, .node = i};

		cr_assert_eq(weir_pool_open(&g->pool[i], &want, &g->err), 0);
		g->pools[i] = &g->pool[i];
	}
	cr_assert_eq(lang_parse(&flat, "test", text, strlen(text), NULL, 0, &g->err), 0);
	cr_assert_eq(weir_router_build(&g->router, &flat, &g->err), 0);
	cr_assert_eq(weir_router_init(g->router, &g->err), 0);
	cr_assert_eq(weir_engine_open(&g->engine, g->router, &opt, &g->err), 0, "%s", g->err.text);
}

static void rig_close(struct rig *g)
{
	weir_engine_close(g->engine);
	weir_router_free(g->router);
	for (unsigned i = 0; i < 2; i++)
		weir_pool_close(&g->pool[i]);
	weir_err_free(&g->err);
}

static struct weir_node *node(struct rig *g, unsigned worker)
{
	return &g->engine->workers[worker].nodes[0];
}

Test(nodes, packets_are_made_near_and_go_back_where_they_are_from)
{
	static const unsigned from[N] = {1, 0, 1, 0}; // the last one's node has no pool
	struct rig g;
	unsigned all[2];

	rig_open(&g, CPUS);
	for (unsigned i = 0; i < 2; i++)
		all[i] = weir_pool_n_free(&g.pool[i]);
	for (unsigned w = 0; w < N; w++) {
		struct packet *p = weir_packet_new(node(&g, w), 0, 100);

		cr_assert_eq(p->pool, g.pool[from[w]].id, "worker %u", w);
		weir_packet_free(node(&g, (w + 1) % N), p);
		cr_assert_eq(weir_pool_n_free(&g.pool[0]), all[0]);
		cr_assert_eq(weir_pool_n_free(&g.pool[1]), all[1]);
	}
	rig_close(&g);
}

Test(nodes, workers_that_may_run_anywhere_use_the_first_pool)
{
	struct rig g;

	rig_open(&g, NULL);
	for (unsigned w = 0; w < N; w++) {
		struct packet *p = weir_packet_new(node(&g, w), 0, 100);

		cr_assert_eq(p->pool, g.pool[0].id);
		weir_packet_free(node(&g, w), p);
	}
	rig_close(&g);
}

// A worker may hold packets of any pool.
Test(nodes, none_is_kept_when_any_pool_is_short)
{
	struct rig g;
	unsigned n;

	rig_open(&g, CPUS);
	for (unsigned i = 0; i < 2; i++) {
		n = weir_pool_n_free(&g.pool[i]);
		cr_assert(weir_may_keep(node(&g, 0)));
		weir_cache_owe(&g.pool[i].caches[0], (int)n);
		cr_assert_not(weir_may_keep(node(&g, 0)));
		weir_cache_owe(&g.pool[i].caches[0], -(int)n);
	}
	rig_close(&g);
}
