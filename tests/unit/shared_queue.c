// SPDX-License-Identifier: BSD-2-Clause

// Two workers on one queue: RX rings fed from one fill ring, a TX ring that both send by. The test
// is the kernel, on the other side of the rings.

#include <criterion/criterion.h>
#include <engine.h>
#include <queue.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { SIZE = 64, FILL = 4 * SIZE, BUFFERS = 1024, N_RX = 3 };
// RX rings: of the worker that owns the fill ring, of another one, and of a class of the other one.
enum { OWN, OTHER, CLASS };

struct kernel_ring {
	uint32_t producer, consumer, flags;
	struct xdp_desc desc[FILL];
};

struct rig {
	struct weir_pool pool;
	struct xsk_fill fill;
	struct xsk_rx rx[N_RX];
	struct xsk_tx tx;
	struct xsk_handover handover;
	struct kernel_ring fill_ring, rx_ring[N_RX], tx_ring, comp_ring;
	uint64_t spare[FILL]; // buffers that the kernel took and had no use for
	unsigned n_spare;
	struct xsk_rx *others[N_RX];
	struct weir_engine engine;
	struct weir_worker workers[2];
	struct weir_node nodes[2];
};

static struct xsk_ring ring(struct kernel_ring *k, uint32_t size)
{
	return (struct xsk_ring){
		.producer = &k->producer,
		.consumer = &k->consumer,
		.flags = &k->flags,
		.desc = k->desc,
		.mask = size - 1,
		.size = size,
	};
}

static void open_workers(struct rig *r)
{
	r->engine.workers = r->workers;
	for (unsigned i = 0; i < 2; i++) {
		r->workers[i].id = i;
		r->workers[i].engine = &r->engine;
		r->workers[i].wake_fd = eventfd(0, EFD_NONBLOCK);
		r->nodes[i].worker = &r->workers[i];
	}
}

static void open_rx(struct rig *r)
{
	r->fill = (struct xsk_fill){
		.ring = ring(&r->fill_ring, FILL),
		.fd = -1,
		.pool = &r->pool,
		.cache = &r->pool.caches[0],
		.supply = FILL,
		.others = r->others,
	};
	for (unsigned i = 0; i < N_RX; i++) {
		r->rx[i] = (struct xsk_rx){
			.base = {.ops = i == OWN ? &xsk_fill_ops : &xsk_rx_ops,
				 .fd = -1,
				 .node = &r->nodes[i != OWN]},
			.ring = ring(&r->rx_ring[i], SIZE),
			.pool = &r->pool,
			.cache = &r->pool.caches[i != OWN],
			.fill = &r->fill,
			.owns_fill = i == OWN,
			.credit = SIZE,
		};
		if (i != OWN)
			r->others[r->fill.n_others++] = &r->rx[i];
	}
	xsk_fill_begin(&r->fill);
}

static void open_tx(struct rig *r)
{
	r->handover = (struct xsk_handover){
		.base = {.ops = &xsk_handover_ops, .node = &r->nodes[1]}, .from = 1, .to = 0};
	cr_assert_eq(weir_ring_open(&r->handover.ring, SIZE), 0);
	r->tx = (struct xsk_tx){
		.base = {.ops = &xsk_relay_ops, .fd = -1},
		.ring = ring(&r->tx_ring, SIZE),
		.comp = ring(&r->comp_ring, SIZE),
		.fd = -1,
		.pool = &r->pool,
		.cache = &r->pool.caches[0],
		.from = &r->handover,
		.n_from = 1,
	};
}

static struct rig *rig_open(void)
{
	const struct weir_pool_want want = {
		.n = BUFFERS, .max_len = 1522, .n_workers = 2, .aligned = true};
	struct rig *r = aligned_alloc(XSK_LINES, sizeof(*r));
	struct weir_err err = {};

	memset(r, 0, sizeof(*r));
	cr_assert_eq(weir_pool_open(&r->pool, &want, &err), 0);
	open_workers(r);
	open_rx(r);
	open_tx(r);
	return r;
}

static void rig_close(struct rig *r)
{
	xsk_handover_close(&r->handover);
	for (unsigned i = 0; i < 2; i++)
		close(r->workers[i].wake_fd);
	weir_pool_close(&r->pool);
	free(r);
}

// A packet arrives for an RX ring: false if it found no buffer, or no room.
static bool arrive(struct rig *r, unsigned which)
{
	struct kernel_ring *to = &r->rx_ring[which], *from = &r->fill_ring;
	uint64_t *addr = (uint64_t *)from->desc;

	if (!r->n_spare) {
		if (from->consumer == from->producer)
			return false;
		r->spare[r->n_spare++] = addr[from->consumer++ % FILL];
	}
	if (to->producer - to->consumer == SIZE)
		return false;
	to->desc[to->producer++ % SIZE] = (struct xdp_desc){
		.addr = r->spare[--r->n_spare] + r->pool.data_at,
		.len = 60,
	};
	return true;
}

static unsigned receive(struct rig *r, unsigned which, struct packet **v, unsigned max)
{
	return r->rx[which].base.ops->rx(&r->rx[which].base, v, max);
}

// Receives and frees what there is.
static unsigned drain(struct rig *r, unsigned which)
{
	struct packet *v[SIZE];
	unsigned n = receive(r, which, v, SIZE);

	weir_cache_put(r->rx[which].cache, v, n);
	return n;
}

// Where all buffers are.
static unsigned count(const struct rig *r)
{
	unsigned n = weir_pool_n_free(&r->pool) + r->n_spare + r->fill_ring.producer -
		     r->fill_ring.consumer;

	for (unsigned i = 0; i < N_RX; i++)
		n += r->rx_ring[i].producer - r->rx_ring[i].consumer;
	return n;
}

static bool is_woken(const struct rig *r, unsigned worker)
{
	uint64_t n;

	return read(r->workers[worker].wake_fd, &n, sizeof(n)) == sizeof(n);
}

Test(shared_queue, what_one_worker_takes_the_other_puts_back)
{
	struct rig *r = rig_open();

	for (unsigned i = 0; i < 10000; i++) {
		cr_assert(arrive(r, OWN), "packet %u", i);
		cr_assert(arrive(r, OTHER), "packet %u", i);
		cr_assert_eq(drain(r, OTHER), 1);
		cr_assert_eq(drain(r, OWN), 1);
		cr_assert_eq(r->fill_ring.producer - r->fill_ring.consumer, FILL);
		cr_assert_eq(atomic_load(&r->pool.owed), 0);
	}
	cr_assert_eq(count(r), r->pool.n);
	rig_close(r);
}

Test(shared_queue, what_a_worker_took_is_kept_for_the_fill_ring)
{
	struct rig *r = rig_open();
	struct packet *v[SIZE], *p;

	for (unsigned i = 0; i < SIZE; i++)
		cr_assert(arrive(r, OTHER));
	cr_assert_eq(receive(r, OTHER, v, SIZE), SIZE);
	cr_assert_eq(atomic_load(&r->pool.owed), SIZE);
	// the worker takes what it can get
	while ((p = weir_cache_get(&r->pool.caches[0])) || (p = weir_cache_get(&r->pool.caches[1])))
		;
	cr_assert_eq(drain(r, OWN), 0);
	cr_assert_eq(r->fill_ring.producer - r->fill_ring.consumer, FILL);
	cr_assert_eq(r->fill.owed, 0);
	rig_close(r);
}

// Nobody empties two of three rings, and the third goes on for ever.
static void goes_on(unsigned which)
{
	struct rig *r = rig_open();

	for (unsigned i = 0; i < N_RX; i++)
		while (i != which && arrive(r, i))
			;
	for (unsigned i = 0; i < 10000; i++) {
		for (unsigned k = 0; k < SIZE / 4; k++)
			cr_assert(arrive(r, which), "packet %u of ring %u", i, which);
		cr_assert_eq(drain(r, which), SIZE / 4);
		if (which != OWN && r->rx[OWN].base.ops->has_post(&r->rx[OWN].base))
			r->rx[OWN].base.ops->rx(&r->rx[OWN].base, NULL, 0);
	}
	rig_close(r);
}

Test(shared_queue, rings_that_nobody_empties_starve_no_other)
{
	goes_on(OWN);
	goes_on(OTHER);
	goes_on(CLASS);
}

Test(shared_queue, a_quarter_of_a_ring_rings_the_bell)
{
	struct rig *r = rig_open();
	const struct weir_queue *q = &r->rx[OWN].base;

	for (unsigned i = 0; i < SIZE / 4; i++) {
		cr_assert_not(q->ops->has_post(q));
		cr_assert(arrive(r, OTHER));
		atomic_store(&r->workers[0].asleep, i == SIZE / 4 - 1);
		cr_assert_eq(drain(r, OTHER), 1);
	}
	cr_assert(is_woken(r, 0));
	cr_assert(q->ops->has_post(q));
	drain(r, OWN);
	cr_assert_not(q->ops->has_post(q));
	cr_assert_eq(r->fill_ring.producer - r->fill_ring.consumer, FILL);
	rig_close(r);
}

// --- sending ---
static unsigned leave(struct rig *r, unsigned n, unsigned first)
{
	struct packet *v[SIZE];
	unsigned k = 0, taken;

	for (; k < n; k++) {
		v[k] = weir_cache_get(&r->pool.caches[1]);
		v[k]->len = first + k;
	}
	taken = xsk_handover_ops.tx(&r->handover.base, v, n);
	weir_cache_put(&r->pool.caches[1], v + taken, n - taken);
	return taken;
}

static void complete(struct rig *r, unsigned n)
{
	uint64_t *addr = (uint64_t *)r->comp_ring.desc;

	while (n--)
		addr[r->comp_ring.producer++ % SIZE] =
			r->tx_ring.desc[r->tx_ring.consumer++ % SIZE].addr;
}

Test(shared_queue, packets_are_handed_over_in_order)
{
	struct rig *r = rig_open();

	cr_assert_not(xsk_relay_ops.has_post(&r->tx));
	cr_assert_eq(leave(r, 10, 100), 10);
	cr_assert_eq(leave(r, 10, 110), 10);
	atomic_store(&r->workers[0].asleep, true);
	cr_assert(xsk_handover_ops.flush(&r->handover.base));
	cr_assert(is_woken(r, 0));
	cr_assert(xsk_relay_ops.has_post(&r->tx));
	cr_assert_eq(xsk_tx_waiting(&r->tx), 20);
	cr_assert_eq(xsk_relay_ops.relay(&r->tx.base), 20);
	cr_assert_eq(r->tx_ring.producer, 20);
	for (unsigned i = 0; i < 20; i++)
		cr_assert_eq(r->tx_ring.desc[i].len, 100 + i);
	cr_assert_eq(r->tx.count.handed_over, 20);
	complete(r, 20);
	cr_assert_eq(r->tx.base.ops->tx_room(&r->tx.base), SIZE);
	cr_assert_eq(count(r), r->pool.n);
	rig_close(r);
}

Test(shared_queue, a_full_ring_pushes_back)
{
	struct rig *r = rig_open();

	cr_assert_eq(leave(r, SIZE, 100), SIZE);
	cr_assert_eq(xsk_handover_ops.tx_room(&r->handover.base), 0);
	cr_assert_eq(leave(r, 1, 1), 0);
	cr_assert_eq(xsk_relay_ops.relay(&r->tx.base), SIZE);
	cr_assert_eq(leave(r, 5, 100), 5);
	// nothing moves: it is no use to stay awake for that
	cr_assert_eq(xsk_relay_ops.relay(&r->tx.base), 0);
	cr_assert_not(xsk_relay_ops.has_post(&r->tx));
	complete(r, 3);
	cr_assert_eq(xsk_relay_ops.relay(&r->tx.base), 3);
	complete(r, 2);
	cr_assert_eq(xsk_relay_ops.relay(&r->tx.base), 2);
	cr_assert_eq(xsk_tx_waiting(&r->tx), 0);
	rig_close(r);
}

Test(shared_queue, what_is_left_on_the_way_is_freed)
{
	struct rig *r = rig_open();
	struct packet *p = aligned_alloc(64, 2240); // of the heap: nobody else frees it

	memset(p, 0, sizeof(*p));
	cr_assert_eq(xsk_handover_ops.tx(&r->handover.base, &p, 1), 1);
	cr_assert_eq(leave(r, 5, 100), 5);
	rig_close(r);
}
