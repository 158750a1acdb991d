// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Packet buffers. A pool is one piece of memory (one UMEM for AF_XDP) cut into buffers that are
// coloured: an odd number of cache lines apart, so that the headers of a batch do not fall into the
// same few cache sets. In each: the descriptor, then room, then the chunk that AF_XDP knows.
//
//	|<------------------------- stride -------------------------->|
//	| struct packet 128 | slack | chunk: 256 XDP headroom | data ...|
//	^ descriptor                ^ chunk_at                ^ data_at
//
// Where chunks must be aligned (no hugepages, or the device says so), stride = chunk and the
// descriptor takes the first bytes of the chunk, which then has a headroom of WEIR_HEADROOM more.

#include <weir/err.h>
#include <weir/packet.h>

#include <stdatomic.h>

enum { WEIR_MAGAZINE = 64 }; // buffers that change owner at a time

// owner: who took it from the depot, else nobody.
struct weir_magazine {
	uint32_t next; // in the depot: of the one below, from 1; 0: none
	struct packet *v[WEIR_MAGAZINE];
};

// The free buffers of one worker, a stack: the warm ones come first. owner: that worker.
struct weir_cache {
	struct weir_pool *pool;
	struct packet **free;
	unsigned n_free;
	unsigned keep; // what is more goes to the depot
	// Buffers that this worker owes to fill rings: what packets are made of stops short of it.
	unsigned reserve;
} __attribute__((aligned(128)));

struct weir_pool {
	uint8_t *mem;
	size_t size;
	uint32_t stride;   // between descriptors
	uint32_t chunk;	   // bytes of a chunk, as registered with AF_XDP: 2048 or 4096
	uint32_t chunk_at; // from the descriptor to the chunk
	uint32_t headroom; // of a chunk beyond the kernel's own, as registered with AF_XDP
	uint32_t data_at;  // from the descriptor to the first byte of a new packet
	unsigned n;	   // buffers
	bool unaligned;	   // XDP_UMEM_UNALIGNED_CHUNK_FLAG is needed
	bool huge;	   // on hugepages
	bool has_node;	   // meant to be on NUMA node `node`
	unsigned node;
	uint16_t id; // packet.pool; from 1

	struct weir_cache *caches; // by worker
	unsigned n_caches;

	// The depot: what caches have too much of, in magazines (Bonwick 2001), on a stack without
	// a lock (Treiber 1986); the upper half of a word counts changes, so that a magazine which
	// went and came back is not taken for one that never left. Any worker.
	struct weir_magazine *magazines;
	_Alignas(128) atomic_uint_least64_t full;
	_Alignas(128) atomic_uint_least64_t empty;
	_Alignas(128) atomic_uint n_full; // magazines in `full`, at least
	atomic_uint owed;		  // sum of the caches' reserves
};

// Longest packet that a buffer can be made for, of whatever kind.
enum { WEIR_POOL_LEN_MAX = 4096 - 256 - sizeof(struct packet) };

struct weir_pool_want {
	unsigned n;	    // buffers, beside what lies about in caches
	unsigned max_len;   // longest packet
	unsigned n_workers; // 0: 1
	bool aligned;	    // chunks must be
	bool has_node;	    // the memory is to be of NUMA node `node`
	unsigned node;
};

// Prefers coloured buffers on hugepages. Hugepages that are not reserved are taken as surplus pages
// where that is permitted, and go back by themselves. 0 or -errno (with a message).
int weir_pool_open(struct weir_pool *pool, const struct weir_pool_want *want, struct weir_err *err);
void weir_pool_close(struct weir_pool *pool);
// Bytes that are not on the node where they were meant to be.
size_t weir_pool_elsewhere(const struct weir_pool *pool);

// The open pool of that number (packet.pool), or NULL. The struct stays where it was opened.
struct weir_pool *weir_pool_find(unsigned id);

// Buffer i of all, from 0, whoever has it.
struct packet *weir_pool_nth(const struct weir_pool *pool, unsigned i);

// A buffer, or NULL when only what fill rings are owed is left. Its descriptor is blank: off is
// data_at, len 0, annotations zero.
struct packet *weir_cache_get(struct weir_cache *c);

// Buffers for a fill ring, reserve included, not blanked: how many were got.
unsigned weir_cache_get_raw(struct weir_cache *c, struct packet **v, unsigned n);

// Fill rings are owed so many more, or fewer.
void weir_cache_owe(struct weir_cache *c, int change);

// Are there buffers beside those that are owed? A guess, where other workers are at it.
bool weir_cache_has_spare(const struct weir_cache *c);

// Free buffers in all caches and the depot. While the workers stand still.
unsigned weir_pool_n_free(const struct weir_pool *pool);

// Makes a buffer's descriptor blank.
WEIR_INLINE void weir_pool_blank(const struct weir_pool *pool, struct packet *p)
{
	p->off = pool->data_at;
	p->len = 0;
	p->mac = p->network = p->transport = 0;
	p->type = WEIR_HOST;
	p->rounds = 0;
	memset(p->anno, 0, sizeof(p->anno));
	p->tstamp = 0;
	p->device = p->class = 0;
	p->resume_element = p->resume_input = WEIR_RESUME_NONE;
}

// Cold half of weir_cache_put: the depot gets what is too much.
void weir_cache_spill(struct weir_cache *c);

// Takes buffers back, those of its pool only, as many as its pool has at most.
WEIR_INLINE void weir_cache_put(struct weir_cache *c, struct packet *const *v, unsigned n)
{
	memcpy(c->free + c->n_free, v, n * sizeof(*v));
	c->n_free += n;
	if (WEIR_UNLIKELY(c->n_free > c->keep))
		weir_cache_spill(c);
}

// UMEM address of a buffer's chunk, and back from the address that a ring gives.
WEIR_INLINE uint64_t weir_pool_addr(const struct weir_pool *pool, const struct packet *p)
{
	return (uint64_t)((const uint8_t *)p - pool->mem) + pool->chunk_at;
}

// base: the chunk's address as it was put into the fill ring (offset bits removed).
WEIR_INLINE struct packet *weir_pool_packet(const struct weir_pool *pool, uint64_t base)
{
	return (struct packet *)(pool->mem + base - pool->chunk_at);
}
