// SPDX-License-Identifier: BSD-2-Clause
#include "pool.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>

// While another process maps a pool the limit is raised, and locked.
static unsigned long overcommit(void)
{
	unsigned long v = 0;
	FILE *f = fopen("/proc/sys/vm/nr_overcommit_hugepages", "r");

	if (!f || flock(fileno(f), LOCK_SH) || fscanf(f, "%lu", &v) != 1)
		v = 0;
	if (f)
		fclose(f);
	return v;
}

static int by_address(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;

	return x < y ? -1 : x > y;
}

// Every buffer lies inside the memory and inside one hugepage, none overlaps another, and the
// arithmetic between address and packet holds.
static void check_layout(struct weir_pool *pool)
{
	qsort(pool->caches[0].free, pool->n, sizeof(*pool->caches[0].free), by_address);
	for (unsigned i = 0; i < pool->n; i++) {
		struct packet *p = pool->caches[0].free[i];
		size_t at = (size_t)((uint8_t *)p - pool->mem);

		cr_assert_leq(at + pool->stride, pool->size);
		cr_assert_eq(at >> 21, (at + pool->stride - 1) >> 21, "crosses a hugepage");
		cr_assert_eq(at % 64, 0);
		if (i)
			cr_assert_geq((uint8_t *)p - (uint8_t *)pool->caches[0].free[i - 1],
				      pool->stride);
		cr_assert_eq(weir_pool_packet(pool, weir_pool_addr(pool, p)), p);
		cr_assert_eq(p->chunk, weir_pool_addr(pool, p));
		cr_assert_eq(p->room, pool->stride);
		cr_assert_eq(p->pool, pool->id);
		cr_assert_geq(weir_headroom(p), WEIR_HEADROOM);
		if (!pool->unaligned)
			cr_assert_eq(p->chunk % pool->chunk, 0);
	}
}

static int open_pool(struct weir_pool *pool, unsigned n, unsigned max_len, bool aligned,
		     struct weir_err *err)
{
	return weir_pool_open(
		pool, &(struct weir_pool_want){.n = n, .max_len = max_len, .aligned = aligned},
		err);
}

Test(pool, cuts_buffers_that_cross_no_hugepage)
{
	const unsigned lens[] = {1522, 1522, 3000, 3000};
	unsigned long before = overcommit();

	for (unsigned i = 0; i < 4; i++) {
		struct weir_pool pool;
		struct weir_err err = {};

		cr_assert_eq(open_pool(&pool, 3000, lens[i], i % 2, &err), 0);
		cr_assert_eq(pool.n, 3000);
		cr_assert_geq(pool.stride - pool.data_at, lens[i]);
		if (pool.unaligned)
			cr_assert_eq(pool.stride / 64 % 2, 1);
		else
			cr_assert_eq(pool.stride, pool.chunk);
		check_layout(&pool);
		weir_pool_close(&pool);
		weir_err_free(&err);
	}
	cr_assert_eq(overcommit(), before, "the system's setting is as it was");
}

Test(pool, refuses_what_no_chunk_takes)
{
	struct weir_pool pool;
	struct weir_err err = {};

	cr_assert_eq(open_pool(&pool, 10, 9000, false, &err), -EMSGSIZE);
	cr_assert_eq(err.n_errors, 1);
	cr_assert_not_null(strstr(err.text, "9000"));
	weir_err_free(&err);
}

Test(pool, keeps_what_is_owed_to_fill_rings)
{
	struct weir_pool pool;
	struct weir_err err = {};
	struct weir_cache *c;
	struct packet *v[16], *p;

	cr_assert_eq(open_pool(&pool, 10, 1522, false, &err), 0);
	c = &pool.caches[0];
	weir_cache_owe(c, 8);
	cr_assert(v[0] = weir_cache_get(c));
	cr_assert(v[1] = weir_cache_get(c));
	cr_assert_null(weir_cache_get(c));
	cr_assert_eq(weir_cache_get_raw(c, v + 2, 5), 5);
	cr_assert_eq(c->reserve, 3);
	cr_assert_null(weir_cache_get(c));
	cr_assert_eq(weir_cache_get_raw(c, v + 7, 9), 3);
	cr_assert_eq(c->reserve, 0);
	cr_assert_null(weir_cache_get(c));

	v[9]->len = 77, v[9]->anno[16] = 1, v[9]->network = 500, v[9]->tstamp = 5, v[9]->device = 2;
	weir_cache_put(c, v, 10);
	p = weir_cache_get(c);
	cr_assert_eq(p, v[9], "the warm one comes first");
	cr_assert_eq(p->len + p->anno[16] + p->network + p->tstamp + p->device, 0);
	cr_assert_eq(p->off, pool.data_at);
	weir_pool_close(&pool);
}

Test(pool, gives_each_pool_a_number)
{
	struct weir_pool a, b, c;
	struct weir_err err = {};

	cr_assert_eq(open_pool(&a, 10, 1522, true, &err), 0);
	cr_assert_eq(open_pool(&b, 10, 1522, true, &err), 0);
	cr_assert_neq(a.id, b.id);
	cr_assert_eq(a.huge, b.huge, "one pool's hugepages do not keep another from its own");
	cr_assert_eq(weir_pool_find(b.id), &b);
	unsigned id = a.id;
	weir_pool_close(&a);
	cr_assert_null(weir_pool_find(id));
	cr_assert_eq(open_pool(&c, 10, 1522, true, &err), 0);
	cr_assert_eq(c.id, id);
	weir_pool_close(&b);
	weir_pool_close(&c);
	cr_assert_null(weir_pool_find(0));
}

// Takes what a worker can get, up to n; the number.
static unsigned get_all(struct weir_cache *c, struct packet **v, unsigned n)
{
	unsigned k = 0;

	while (k < n && (v[k] = weir_cache_get(c)))
		k++;
	return k;
}

Test(pool, lends_one_worker_what_another_has_too_much_of)
{
	enum { N = 6000 };
	const struct weir_pool_want want = {.n = N, .max_len = 1522, .n_workers = 3};
	struct weir_pool pool;
	struct weir_err err = {};
	struct packet **v = calloc(2 * N, sizeof(struct packet *));
	unsigned all, got;

	cr_assert_eq(weir_pool_open(&pool, &want, &err), 0);
	all = pool.n;
	cr_assert_eq(weir_pool_n_free(&pool), all);
	got = get_all(&pool.caches[1], v, 2 * N);
	cr_assert_geq(got, N, "all but what another worker keeps for itself");
	cr_assert_eq(weir_pool_n_free(&pool), all - got);
	for (unsigned i = 0; i < got; i++)
		weir_cache_put(&pool.caches[2], &v[i], 1);
	cr_assert_eq(weir_pool_n_free(&pool), all);
	cr_assert_geq(get_all(&pool.caches[0], v, 2 * N), N);
	weir_pool_close(&pool);
	free(v);
}

Test(pool, leaves_in_the_depot_what_any_worker_owes_to_fill_rings)
{
	enum { MOST = 8192 };
	const struct weir_pool_want want = {.n = 4096, .max_len = 1522, .n_workers = 2};
	struct weir_pool pool;
	struct weir_err err = {};
	struct packet **v = calloc(2 * MOST, sizeof(struct packet *));
	unsigned got;

	cr_assert_eq(weir_pool_open(&pool, &want, &err), 0);
	weir_cache_owe(&pool.caches[0], 2048);
	got = get_all(&pool.caches[1], v, MOST);
	cr_assert_not(weir_cache_has_spare(&pool.caches[1]));
	cr_assert_eq(weir_cache_get_raw(&pool.caches[0], v + got, 2048), 2048);
	cr_assert_eq(pool.caches[0].reserve, 0);
	weir_pool_close(&pool);
	free(v);
}

// With one node there is nothing to choose; that it is the right one of several is seen in the
// emulated machine.
Test(pool, has_its_memory_on_the_node_that_is_asked_for)
{
	struct weir_pool pool;
	struct weir_err err = {};

	for (unsigned aligned = 0; aligned < 2; aligned++) {
		cr_assert_eq(weir_pool_open(&pool,
					    &(struct weir_pool_want){.n = 1000,
								     .max_len = 1522,
								     .aligned = aligned,
								     .has_node = true},
					    &err),
			     0);
		cr_assert_eq(weir_pool_elsewhere(&pool), 0);
		pool.node = 1;
		cr_assert_eq(weir_pool_elsewhere(&pool), pool.size, "no page is on node 1");
		weir_pool_close(&pool);
	}
	cr_assert_eq(weir_pool_open(&pool,
				    &(struct weir_pool_want){.n = 10, .has_node = true, .node = 99},
				    &err),
		     0, "a node that is not there is no reason to fail");
	cr_assert_eq(weir_pool_n_free(&pool), 10);
	weir_pool_close(&pool);
}
