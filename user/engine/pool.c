// SPDX-License-Identifier: BSD-2-Clause
#include "pool.h"

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
	LINE = 64,
	XDP_HEADROOM = 256, // XDP_PACKET_HEADROOM: the kernel leaves it before each packet
	SLACK = 64,	    // makes the distance of coloured buffers an odd number of cache lines
	MAX_POOLS = 64,
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
	for (size_t i = 0; i < size; i += 4096)
		((volatile uint8_t *)mem)[i] = 0;
	return 0;
}

static void *map_huge(size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (21 << MAP_HUGE_SHIFT), -1, 0);

	if (mem == MAP_FAILED)
		return NULL;
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
static void *map_surplus(size_t size)
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
			mem = map_huge(size);
			if (pwrite(fd, old, (size_t)n, 0) != n)
				fprintf(stderr, "warning: vm.nr_overcommit_hugepages stays at %s\n",
					new);
		}
	}
	close(fd);
	return mem;
}

static void *map_small(size_t size)
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

// Cuts the memory into buffers and writes what never changes in their descriptors.
static void cut(struct weir_pool *pool, unsigned n)
{
	pool->free = malloc(n * sizeof(struct packet *));
	if (!pool->free)
		return;
	pool->n = pool->n_free = n;
	for (unsigned i = 0; i < n; i++) {
		struct packet *p = weir_pool_nth(pool, i);

		*p = (struct packet){
			.off = pool->data_at,
			.room = pool->stride,
			.pool = pool->id,
			.chunk = weir_pool_addr(pool, p),
		};
		pool->free[n - 1 - i] = p;
	}
}

static size_t size_of(const struct weir_pool *pool, unsigned n)
{
	unsigned per_page = HUGE / pool->stride;

	return ((size_t)n + per_page - 1) / per_page * HUGE;
}

int weir_pool_open(struct weir_pool *pool, unsigned n, unsigned max_len, bool aligned,
		   struct weir_err *err)
{
	int r;

	*pool = (struct weir_pool){};
	while (pool->id < MAX_POOLS && pools[++pool->id])
		;
	if (pools[pool->id])
		return weir_error(err, NULL, "more than %d buffer pools", MAX_POOLS);
	r = choose(pool, max_len, aligned, err);
	if (r)
		return r;
	n = n ?: 1;
	pool->size = size_of(pool, n);
	pool->mem = map_huge(pool->size) ?: map_surplus(pool->size);
	pool->huge = pool->mem;
	if (!pool->mem) {
		r = choose(pool, max_len, true, err);
		if (r)
			return r;
		pool->size = size_of(pool, n);
		pool->mem = map_small(pool->size);
	}
	if (pool->mem)
		cut(pool, n);
	if (!pool->mem || !pool->free) {
		weir_error(err, NULL, "no memory for %u packet buffers (%zu MB)", n,
			   pool->size >> 20);
		weir_pool_close(pool);
		return -ENOMEM;
	}
	pools[pool->id] = pool;
	return 0;
}

void weir_pool_close(struct weir_pool *pool)
{
	if (pools[pool->id] == pool)
		pools[pool->id] = NULL;
	if (pool->mem)
		munmap(pool->mem, pool->size);
	free(pool->free);
	*pool = (struct weir_pool){};
}

struct packet *weir_pool_get(struct weir_pool *pool)
{
	struct packet *p;

	if (WEIR_UNLIKELY(pool->n_free <= pool->reserve))
		return NULL;
	p = pool->free[--pool->n_free];
	weir_pool_blank(pool, p);
	return p;
}

unsigned weir_pool_get_raw(struct weir_pool *pool, struct packet **v, unsigned n)
{
	if (n > pool->n_free)
		n = pool->n_free;
	pool->n_free -= n;
	memcpy(v, pool->free + pool->n_free, n * sizeof(struct packet *));
	pool->reserve -= n < pool->reserve ? n : pool->reserve;
	return n;
}

void weir_pool_put(struct weir_pool *pool, struct packet *const *v, unsigned n)
{
	memcpy(pool->free + pool->n_free, v, n * sizeof(struct packet *));
	pool->n_free += n;
}
