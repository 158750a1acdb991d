// SPDX-License-Identifier: BSD-2-Clause
#include "pool.h"

#include "numa_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 // Linux 5.14
#endif

enum {
	HUGE = 2 << 20,
	SMALL = 4096,
	LINE = 64,
	XDP_HEADROOM = 256, // XDP_PACKET_HEADROOM: the kernel leaves it before each packet
	SLACK = 64,	    // makes the distance of coloured buffers an odd number of cache lines
	MAX_POOLS = 64,
	KEEP = 1024, // free buffers of a worker beyond which others may have them
};
_Static_assert((2048 + SLACK + sizeof(struct packet)) / LINE % 2, "2240: odd number of lines");
_Static_assert((4096 + SLACK + sizeof(struct packet)) / LINE % 2, "4288: odd number of lines");

// Numbers in use; writer: control thread.
static struct weir_pool *pools[MAX_POOLS + 1];

struct weir_pool *weir_pool_find(unsigned id)
{
	return id <= MAX_POOLS ? pools[id] : NULL;
}

static void layout(struct weir_pool *pool, uint32_t chunk, bool aligned)
{
	pool->chunk = chunk;
	pool->unaligned = !aligned;
	pool->chunk_at = aligned ? 0 : sizeof(struct packet) + SLACK;
	pool->stride = pool->chunk_at + chunk;
	pool->headroom = aligned ? sizeof(struct packet) : 0;
	pool->data_at = pool->chunk_at + pool->headroom + XDP_HEADROOM;
}

// Bytes of the longest packet that a chunk takes.
static uint32_t capacity(uint32_t chunk, bool aligned)
{
	return chunk - XDP_HEADROOM - (aligned ? (uint32_t)sizeof(struct packet) : 0);
}

static int choose(struct weir_pool *pool, unsigned max_len, bool aligned, struct weir_err *err)
{
	for (uint32_t chunk = 2048; chunk <= 4096; chunk *= 2) {
		if (max_len <= capacity(chunk, aligned)) {
			layout(pool, chunk, aligned);
			return 0;
		}
	}
	weir_error(err, NULL,
		   "packets of %u bytes do not fit into a buffer, which takes %u; lower the MTU",
		   max_len, capacity(4096, aligned));
	return -EMSGSIZE;
}

static int populate(void *mem, size_t size)
{
	// Unlike MAP_POPULATE this fails when a cgroup has no such pages left, instead of a SIGBUS
	// at the first touch.
	if (madvise(mem, size, MADV_POPULATE_WRITE) == 0)
		return 0;
	if (errno != EINVAL)
		return -errno;
	for (size_t i = 0; i < size; i += SMALL)
		((volatile uint8_t *)mem)[i] = 0;
	return 0;
}

// Pages that mmap reserves may be those of any node, so for one node it reserves none.
static void *map_huge(size_t size, const struct weir_pool_want *want)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (21 << MAP_HUGE_SHIFT) |
			  (want->has_node ? MAP_NORESERVE : 0);
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);

	if (mem == MAP_FAILED)
		return NULL;
	if (want->has_node)
		weir_numa_bind(mem, size, want->node, true);
	// A child would turn each page into copy-on-write and keep it alive after us.
	if (madvise(mem, size, MADV_DONTFORK) || populate(mem, size)) {
		munmap(mem, size);
		return NULL;
	}
	return mem;
}

// Surplus pages that are in use now, by anyone.
static unsigned long long surplus(void)
{
	unsigned long long n = 0;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "HugePages_Surp: %llu", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

// Takes surplus hugepages: the kernel's limit is raised for the time of the mapping only, and the
// pages go back to the system when they are unmapped, whoever does it. The lock keeps two routers
// that start together from restoring each other's value.
static void *map_surplus(size_t size, const struct weir_pool_want *want)
{
	char old[32], new[32];
	void *mem = NULL;
	ssize_t n;
	int fd = open("/proc/sys/vm/nr_overcommit_hugepages", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	if (flock(fd, LOCK_EX) == 0 && (n = pread(fd, old, sizeof(old) - 1, 0)) > 0) {
		old[n] = '\0';
		unsigned long long limit = strtoull(old, NULL, 10), used = surplus();
		int len = snprintf(new, sizeof(new), "%llu",
				   (limit > used ? limit : used) + size / HUGE);

		if (pwrite(fd, new, (size_t)len, 0) == len) {
			mem = map_huge(size, want);
			if (pwrite(fd, old, (size_t)n, 0) != n)
				fprintf(stderr, "warning: vm.nr_overcommit_hugepages stays at %s\n",
					new);
		}
	}
	close(fd);
	return mem;
}

static void *map_small(size_t size, const struct weir_pool_want *want)
{
	uint8_t *mem = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t skip;

	if (mem == MAP_FAILED)
		return NULL;
	skip = (HUGE - (uintptr_t)mem % HUGE) % HUGE;
	if (skip)
		munmap(mem, skip);
	if (skip < HUGE)
		munmap(mem + skip + size, HUGE - skip);
	mem += skip;
	if (want->has_node)
		weir_numa_bind(mem, size, want->node, false);
	madvise(mem, size, MADV_HUGEPAGE); // spares TLB misses where the kernel can
	if (madvise(mem, size, MADV_DONTFORK) || populate(mem, size)) {
		munmap(mem, size);
		return NULL;
	}
	return mem;
}

struct packet *weir_pool_nth(const struct weir_pool *pool, unsigned i)
{
	const unsigned per_page = HUGE / pool->stride;

	return (struct packet *)(pool->mem + (size_t)(i / per_page) * HUGE +
				 (size_t)(i % per_page) * pool->stride);
}

// --- the depot ---
static struct weir_magazine *pop(struct weir_pool *pool, atomic_uint_least64_t *top)
{
	uint64_t old = atomic_load_explicit(top, memory_order_acquire), new;
	struct weir_magazine *m;

	do {
		if (!(uint32_t)old)
			return NULL;
		m = &pool->magazines[(uint32_t)old - 1];
		// it may be another's by now, and what is read here nonsense: then top has changed
		new = ((old >> 32) + 1) << 32 | __atomic_load_n(&m->next, __ATOMIC_RELAXED);
	} while (!atomic_compare_exchange_weak_explicit(top, &old, new, memory_order_acquire,
							memory_order_acquire));
	return m;
}

static void push(struct weir_pool *pool, atomic_uint_least64_t *top, struct weir_magazine *m)
{
	const uint64_t number = (uint64_t)(m - pool->magazines) + 1;
	uint64_t old = atomic_load_explicit(top, memory_order_relaxed), new;

	do {
		__atomic_store_n(&m->next, (uint32_t)old, __ATOMIC_RELAXED);
		new = ((old >> 32) + 1) << 32 | number;
	} while (!atomic_compare_exchange_weak_explicit(top, &old, new, memory_order_release,
							memory_order_relaxed));
}

// There is an empty magazine for every one that can be filled, and for one in each worker's hands.
void weir_cache_spill(struct weir_cache *c)
{
	struct weir_pool *pool = c->pool;

	while (c->n_free > c->keep) {
		struct weir_magazine *m = pop(pool, &pool->empty);

		if (!m)
			return;
		c->n_free -= WEIR_MAGAZINE;
		memcpy(m->v, c->free + c->n_free, sizeof(m->v));
		push(pool, &pool->full, m);
		atomic_fetch_add_explicit(&pool->n_full, 1, memory_order_relaxed);
	}
}

// A magazine more from the depot; false if it has none.
static bool load(struct weir_cache *c)
{
	struct weir_pool *pool = c->pool;
	struct weir_magazine *m = pop(pool, &pool->full);

	if (!m)
		return false;
	atomic_fetch_sub_explicit(&pool->n_full, 1, memory_order_relaxed);
	memcpy(c->free + c->n_free, m->v, sizeof(m->v));
	c->n_free += WEIR_MAGAZINE;
	push(pool, &pool->empty, m);
	return true;
}

static bool depot_has_spare(const struct weir_pool *pool)
{
	return atomic_load_explicit(&pool->n_full, memory_order_relaxed) * WEIR_MAGAZINE >
	       atomic_load_explicit(&pool->owed, memory_order_relaxed);
}

// --- opening ---
static int make_caches(struct weir_pool *pool)
{
	pool->caches =
		aligned_alloc(_Alignof(struct weir_cache), pool->n_caches * sizeof(*pool->caches));
	if (!pool->caches)
		return -ENOMEM;
	memset(pool->caches, 0, pool->n_caches * sizeof(*pool->caches));
	for (unsigned i = 0; i < pool->n_caches; i++) {
		struct weir_cache *c = &pool->caches[i];

		c->pool = pool;
		c->keep = pool->n_caches > 1 ? KEEP : pool->n;
		c->free = malloc((pool->n + WEIR_MAGAZINE) * sizeof(struct packet *));
		if (!c->free)
			return -ENOMEM;
	}
	return 0;
}

static int make_depot(struct weir_pool *pool)
{
	unsigned n = pool->n_caches > 1 ? pool->n / WEIR_MAGAZINE + pool->n_caches : 0;

	atomic_init(&pool->full, 0);
	atomic_init(&pool->empty, 0);
	pool->magazines = calloc(n ?: 1, sizeof(*pool->magazines));
	for (unsigned i = 0; pool->magazines && i < n; i++)
		push(pool, &pool->empty, &pool->magazines[i]);
	return pool->magazines ? 0 : -ENOMEM;
}

// Cuts the memory into buffers and writes what never changes in their descriptors. All are in the
// depot then, but for what the first worker keeps.
static int cut(struct weir_pool *pool, unsigned n)
{
	pool->n = n;
	if (make_caches(pool) || make_depot(pool))
		return -ENOMEM;
	for (unsigned i = n; i--;) {
		struct packet *p = weir_pool_nth(pool, i);

		*p = (struct packet){
			.off = pool->data_at,
			.room = pool->stride,
			.pool = pool->id,
			.chunk = weir_pool_addr(pool, p),
		};
		weir_cache_put(&pool->caches[0], &p, 1);
	}
	return 0;
}

static size_t size_of(const struct weir_pool *pool, unsigned n)
{
	unsigned per_page = HUGE / pool->stride;

	return ((size_t)n + per_page - 1) / per_page * HUGE;
}

static int get_memory(struct weir_pool *pool, unsigned n, const struct weir_pool_want *want,
		      struct weir_err *err)
{
	int r = choose(pool, want->max_len, want->aligned, err);

	if (r)
		return r;
	pool->size = size_of(pool, n);
	pool->mem = map_huge(pool->size, want) ?: map_surplus(pool->size, want);
	pool->huge = pool->mem;
	if (pool->mem)
		return 0;
	r = choose(pool, want->max_len, true, err);
	if (r)
		return r;
	pool->size = size_of(pool, n);
	pool->mem = map_small(pool->size, want);
	return 0;
}

int weir_pool_open(struct weir_pool *pool, const struct weir_pool_want *want, struct weir_err *err)
{
	unsigned n = want->n ?: 1;
	int r;

	*pool = (struct weir_pool){
		.n_caches = want->n_workers ?: 1,
		.has_node = want->has_node,
		.node = want->node,
	};
	while (pool->id < MAX_POOLS && pools[++pool->id])
		;
	if (pools[pool->id])
		return weir_error(err, NULL, "more than %d buffer pools", MAX_POOLS);
	if (pool->n_caches > 1)
		n += pool->n_caches * (KEEP + WEIR_MAGAZINE);
	r = get_memory(pool, n, want, err);
	if (r)
		return r;
	if (!pool->mem || cut(pool, n)) {
		weir_error(err, NULL, "no memory for %u packet buffers (%zu MB)", n,
			   pool->size >> 20);
		weir_pool_close(pool);
		return -ENOMEM;
	}
	pools[pool->id] = pool;
	return 0;
}

size_t weir_pool_elsewhere(const struct weir_pool *pool)
{
	const size_t page = pool->huge ? HUGE : SMALL;

	return pool->has_node ? page * weir_numa_elsewhere(pool->mem, pool->size, page, pool->node)
			      : 0;
}

void weir_pool_close(struct weir_pool *pool)
{
	if (pools[pool->id] == pool)
		pools[pool->id] = NULL;
	if (pool->mem)
		munmap(pool->mem, pool->size);
	for (unsigned i = 0; pool->caches && i < pool->n_caches; i++)
		free(pool->caches[i].free);
	free(pool->caches);
	free(pool->magazines);
	*pool = (struct weir_pool){};
}

unsigned weir_pool_n_free(const struct weir_pool *pool)
{
	unsigned n = atomic_load(&pool->n_full) * WEIR_MAGAZINE;

	for (unsigned i = 0; i < pool->n_caches; i++)
		n += pool->caches[i].n_free;
	return n;
}

// --- a worker's ---
struct packet *weir_cache_get(struct weir_cache *c)
{
	struct packet *p;

	while (WEIR_UNLIKELY(c->n_free <= c->reserve))
		if (!depot_has_spare(c->pool) || !load(c))
			return NULL;
	p = c->free[--c->n_free];
	weir_pool_blank(c->pool, p);
	return p;
}

unsigned weir_cache_get_raw(struct weir_cache *c, struct packet **v, unsigned n)
{
	while (WEIR_UNLIKELY(c->n_free < n) && load(c))
		;
	if (n > c->n_free)
		n = c->n_free;
	c->n_free -= n;
	memcpy(v, c->free + c->n_free, n * sizeof(struct packet *));
	weir_cache_owe(c, -(int)(n < c->reserve ? n : c->reserve));
	return n;
}

void weir_cache_owe(struct weir_cache *c, int change)
{
	c->reserve += (unsigned)change;
	if (change && c->pool->n_caches > 1)
		atomic_fetch_add_explicit(&c->pool->owed, (unsigned)change, memory_order_relaxed);
}

bool weir_cache_has_spare(const struct weir_cache *c)
{
	return c->n_free > c->reserve || depot_has_spare(c->pool);
}
