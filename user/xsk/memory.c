// SPDX-License-Identifier: BSD-2-Clause

// The packet buffers: a pool for each NUMA node that an interface of the router is on.

#include "open.h"

#include <errno.h>
#include <numa_node.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_2K = 2048 };

// Drivers that tell their hardware the buffer size in steps of 1 KiB when they do zero copy: of a
// 2048-byte chunk, less the headroom, only 1 KiB is left and longer frames are cut without a word.
static const char *const COARSE[] = {"igb", "igc", "ixgbe"};

static bool is_coarse(const struct xsk_device *d)
{
	enum weir_device_mode mode = d->device->opt.mode;

	if (mode != WEIR_MODE_AUTO && mode != WEIR_MODE_ZEROCOPY)
		return false;
	for (unsigned i = 0; i < sizeof(COARSE) / sizeof(*COARSE); i++)
		if (!strcmp(d->iface.driver, COARSE[i]))
			return true;
	return false;
}

// Longest packet of all interfaces: a worker that makes one does not know where it goes.
static unsigned longest(const struct weir_xsk *x)
{
	unsigned max = 0;

	for (unsigned i = 0; i < x->n; i++) {
		const struct xsk_device *d = &x->devices[i];
		unsigned len = d->iface.mtu + XSK_ETH_VLAN;

		if (is_coarse(d) && len < CHUNK_2K)
			len = CHUNK_2K; // which is more than such a chunk takes
		max = len > max ? len : max;
	}
	return max;
}

static unsigned node_of_worker(const struct weir_xsk *x, unsigned worker)
{
	return x->opt.cpus && worker < x->opt.n_workers ? x->opt.cpus[worker].node : 0;
}

// Where it hangs; if that is not known, where its packets are worked on.
static unsigned node_of(const struct weir_xsk *x, const struct xsk_device *d)
{
	const struct weir_device_plan *plan = &d->device->plan;
	int node = weir_xsk_node(d->iface.name);

	if (node >= 0)
		return (unsigned)node;
	return node_of_worker(x, d->device->roles & WEIR_DEVICE_RX ? weir_rx_owner(plan, 0)
								   : weir_tx_owner(plan, 0));
}

static struct xsk_memory *memory_of(struct weir_xsk *x, unsigned node)
{
	struct xsk_memory *m = x->memory;

	while (m < x->memory + x->n_memory && m->want.node != node)
		m++;
	return m;
}

// On one node there is one pool, and nobody asks where it is.
static void deal_memory(struct weir_xsk *x)
{
	const bool has_nodes = weir_numa_nodes() > 1;

	for (unsigned i = 0; i < x->n; i++) {
		struct xsk_device *d = &x->devices[i];
		unsigned node = has_nodes ? node_of(x, d) : 0;
		struct xsk_memory *m = memory_of(x, node);

		if (m == x->memory + x->n_memory) {
			m->want = (struct weir_pool_want){
				.n = x->opt.buffers + (x->opt.moves ? WEIR_MOVE_HELD : 0),
				.max_len = longest(x),
				.n_workers = x->opt.n_workers,
				.has_node = has_nodes,
				.node = node,
			};
			x->n_memory++;
		}
		m->want.n += xsk_device_buffers(d);
		d->memory = m;
	}
}

int xsk_memory_open(struct weir_xsk *x, struct weir_err *err)
{
	int e = 0;

	x->memory = aligned_alloc(_Alignof(struct xsk_memory), (x->n ?: 1) * sizeof(*x->memory));
	x->pools = calloc(x->n ?: 1, sizeof(struct weir_pool *));
	if (!x->memory || !x->pools)
		return weir_error(err, NULL, "no memory for packet buffers");
	memset(x->memory, 0, (x->n ?: 1) * sizeof(*x->memory));
	deal_memory(x);
	for (unsigned i = 0; !e && i < x->n_memory; i++) {
		struct xsk_memory *m = &x->memory[i];

		e = weir_pool_open(&m->pool, &m->want, err);
		x->pools[i] = &m->pool;
		m->zc = (struct xsk_umem){.pool = &m->pool, .fd = -1, .zc = true};
		m->copy = (struct xsk_umem){.pool = &m->pool, .fd = -1};
	}
	return e;
}

void xsk_memory_close(struct weir_xsk *x)
{
	for (unsigned i = 0; i < x->n_memory; i++)
		weir_pool_close(&x->memory[i].pool);
	free(x->memory);
	free(x->pools);
}

struct weir_pool *const *weir_xsk_pools(const struct weir_xsk *x, unsigned *n)
{
	*n = x->n_memory;
	return x->pools;
}

void xsk_memory_print(FILE *f, const struct weir_xsk *x)
{
	for (unsigned i = 0; i < x->n_memory; i++) {
		const struct weir_pool *pool = &x->memory[i].pool;
		size_t elsewhere = weir_pool_elsewhere(pool);

		fputs("buffers", f);
		if (pool->has_node)
			fprintf(f, " on node %u", pool->node);
		fprintf(f, ": %u of %u bytes, %s", pool->n, pool->chunk,
			pool->huge ? "on hugepages"
				   : "on small pages, not coloured: no hugepages to be had");
		if (elsewhere)
			fprintf(f, "; %zu of %zu MB are on other nodes", elsewhere >> 20,
				pool->size >> 20);
		fputc('\n', f);
	}
}
