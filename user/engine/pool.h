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
	uint16_t id;	   // packet.pool; from 1

	// owner: one worker. Free buffers, used as a stack; the warm ones come first.
	struct packet **free;
	unsigned n_free;
	// Buffers that are owed to fill rings: others stop short of it. Grows with what a fill ring
	// gives away (received packets), shrinks by weir_pool_get_raw.
	unsigned reserve;
};

// Longest packet that a buffer can be made for, of whatever kind.
enum { WEIR_POOL_LEN_MAX = 4096 - 256 - sizeof(struct packet) };

// n buffers for packets of up to max_len bytes. Prefers coloured buffers on hugepages; `aligned`
// forces aligned chunks. Hugepages that are not reserved are taken as surplus pages where that is
// permitted, and go back by themselves. 0 or -errno (with a message).
int weir_pool_open(struct weir_pool *pool, unsigned n, unsigned max_len, bool aligned,
		   struct weir_err *err);
void weir_pool_close(struct weir_pool *pool);

// The open pool of that number (packet.pool), or NULL. The struct stays where it was opened.
struct weir_pool *weir_pool_find(unsigned id);

// Buffer i of all, from 0, whoever has it.
struct packet *weir_pool_nth(const struct weir_pool *pool, unsigned i);

// A buffer, or NULL when only the reserve is left. Its descriptor is blank: off is data_at, len 0,
// annotations zero.
struct packet *weir_pool_get(struct weir_pool *pool);

// Buffers for a fill ring, reserve included, not blanked: how many were got.
unsigned weir_pool_get_raw(struct weir_pool *pool, struct packet **v, unsigned n);

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
	p->device = 0;
	p->resume_element = p->resume_input = WEIR_RESUME_NONE;
}

// Takes buffers back. Those of one pool only.
void weir_pool_put(struct weir_pool *pool, struct packet *const *v, unsigned n);

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
