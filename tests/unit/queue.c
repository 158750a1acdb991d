// SPDX-License-Identifier: BSD-2-Clause

// The TX side of a queue, on rings whose other end is the test instead of the kernel.

#include <criterion/criterion.h>
#include <queue.h>
#include <stdlib.h>

enum { SIZE = 64, BUFFERS = 128 };

struct rings {
	uint32_t tx_producer, tx_consumer, comp_producer, comp_consumer, flags;
	struct xdp_desc tx[SIZE];
	uint64_t comp[SIZE];
	struct weir_pool pool;
	struct xsk_tx q;
};

static struct rings *open_rings(void)
{
	struct rings *r = calloc(1, sizeof(*r));
	struct weir_err err = {};

	cr_assert_eq(weir_pool_open(&r->pool,
				    &(struct weir_pool_want){
					    .n = BUFFERS, .max_len = 1522, .aligned = true},
				    &err),
		     0);
	r->q = (struct xsk_tx){
		.base = {.ops = &xsk_tx_ops, .fd = -1},
		.fd = -1,
		.ring = {.producer = &r->tx_producer,
			 .consumer = &r->tx_consumer,
			 .flags = &r->flags,
			 .desc = r->tx,
			 .mask = SIZE - 1,
			 .size = SIZE},
		.comp = {.producer = &r->comp_producer,
			 .consumer = &r->comp_consumer,
			 .flags = &r->flags,
			 .desc = r->comp,
			 .mask = SIZE - 1,
			 .size = SIZE},
		.pool = &r->pool,
		.cache = &r->pool.caches[0],
	};
	return r;
}

static void close_rings(struct rings *r)
{
	weir_pool_close(&r->pool);
	free(r);
}

static void hand_over(struct rings *r, uint32_t len, unsigned n)
{
	while (n--) {
		struct packet *p = weir_cache_get(&r->pool.caches[0]);

		p->len = len;
		cr_assert_eq(r->q.base.ops->tx(&r->q.base, &p, 1), 1);
	}
}

static void complete(struct rings *r, unsigned n)
{
	while (n--)
		r->comp[r->comp_producer++ % SIZE] = r->tx[r->tx_consumer++ % SIZE].addr;
}

Test(queue, packets_count_as_sent_when_they_come_back)
{
	struct rings *r = open_rings();

	hand_over(r, 100, 10);
	cr_assert_eq(r->tx_producer, 10);
	cr_assert_eq(r->q.count.packets, 0);
	cr_assert_eq(r->q.in_flight, 10);
	complete(r, 7);
	cr_assert_eq(r->q.base.ops->tx_room(&r->q.base), SIZE - 3);
	cr_assert_eq(r->q.count.packets, 7);
	cr_assert_eq(r->q.in_flight, 3);
	close_rings(r);
}

// A kernel that rejects an empty descriptor may keep its buffer and its place for ever.
Test(queue, an_empty_packet_does_not_get_into_the_ring)
{
	struct rings *r = open_rings();

	hand_over(r, 0, 1);
	cr_assert_eq(r->tx_producer, 0);
	cr_assert_eq(r->q.count.invalid, 1);
	cr_assert_eq(weir_pool_n_free(&r->pool), BUFFERS);
	hand_over(r, r->pool.chunk, 1);
	cr_assert_eq(r->tx_producer, 1);
	hand_over(r, r->pool.chunk + 1, 1);
	cr_assert_eq(r->tx_producer, 1);
	cr_assert_eq(r->q.count.invalid, 2);
	close_rings(r);
}

// What waits in memory of another node is moved once, and its buffer goes back there.
Test(queue, a_packet_of_another_pool_is_copied)
{
	const struct weir_pool_want want = {.n = BUFFERS, .max_len = 1522, .aligned = true};
	struct rings *r = open_rings();
	struct weir_pool other;
	struct weir_err err = {};
	struct packet *p;

	cr_assert_eq(weir_pool_open(&other, &want, &err), 0);
	p = weir_cache_get(&other.caches[0]);
	p->len = 100;
	memset(weir_data(p), 0x5a, p->len);
	cr_assert_eq(r->q.base.ops->tx(&r->q.base, &p, 1), 1);
	cr_assert_eq(r->tx_producer, 1);
	cr_assert_eq(r->tx[0].len, 100);
	cr_assert_eq(r->pool.mem[r->tx[0].addr + 99], 0x5a);
	cr_assert_eq(r->q.count.copied, 1);
	cr_assert_eq(r->q.count.copied_numa, 1);
	cr_assert_eq(weir_pool_n_free(&other), BUFFERS);
	cr_assert_eq(weir_pool_n_free(&r->pool), BUFFERS - 1);
	hand_over(r, 100, 1);
	cr_assert_eq(r->q.count.copied, 1, "those of its own are not");
	complete(r, 2);
	r->q.base.ops->tx_room(&r->q.base);
	cr_assert_eq(weir_pool_n_free(&r->pool), BUFFERS);
	weir_pool_close(&other);
	close_rings(r);
}
