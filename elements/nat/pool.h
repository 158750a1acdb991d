// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// External addresses and their ports. The ports of an address are dealt out in blocks: to workers,
// which give single ports of them to mappings, or (port block allocation, RFC 6888 REQ-14) by them
// to subscribers. Whose a block is, every worker can see; to claim one takes one atomic operation.
// Which ports are in use stands in bits, a word of which is within one block.
//
// The addresses: writer: configure; readers: all. Blocks and ports: writer: the worker that has the
// block, or who claims it; what several may write at once is atomic.

#include "mapping.h"

#include <abi/hdr.h>
#include <stdbool.h>

enum {
	POOL_ADDRESSES = 1 << 16,
	POOL_NONE = 0xffffffff,
	POOL_WORD = 64, // ports
	POOL_WORDS = 65536 / POOL_WORD,
	POOL_LOW = 1024, // RFC 4787 REQ-3: ports below it are mapped to such, others to others
};

struct pool_range {
	uint32_t first, n; // addresses, host order
	uint32_t at;	   // number of the first in the pool
};

// owner: the element
struct pool {
	struct pool_range *ranges; // by address
	unsigned n_ranges;
	uint32_t n; // addresses

	uint32_t first, size, n_blocks;	 // of the blocks of an address: first port, ports, number
	unsigned n_workers;		 // among which the ports of an address are divided
	uint64_t *used[MAPPING_PROTOS];	 // [n * POOL_WORDS]; also ports that are nobody's to have
	uint64_t *never[MAPPING_PROTOS]; // [POOL_WORDS] of those, ports that no address gives
	uint16_t *owner;		 // [n * n_blocks] worker + 1; 0: nobody
	uint16_t *count;		 // [n * n_blocks] ports in use
	uint32_t *next;			 // [n * n_blocks] number + 1 of the next block of the same
	uint32_t *n_free;		 // [n] blocks that nobody has
};

// A wish for a port. Only what says so is asked for; the port itself is always that of the inside.
struct pool_wish {
	uint8_t proto; // enum mapping_proto
	bool preserve; // the same port, if it is free
	bool parity;   // an even one for an even one (RFC 4787 REQ-4)
	bool strict;   // no other than that
	uint16_t port;
	uint16_t beside; // the port that goes with its neighbour's (RTP and RTCP); 0: none
	uint32_t random;
};

// Addresses are added first, in any order; those that overlap others: -EEXIST. -E2BIG: too many.
int pool_add(struct pool *p, uint32_t first, uint32_t n);
// Then the rest: blocks of `size` ports (a multiple of POOL_WORD), the first at port `first` (one
// too), all below port `end`. Port 0 is nobody's. 0 or -ENOMEM.
int pool_open(struct pool *p, uint32_t first, uint32_t end, uint32_t size);
void pool_close(struct pool *p);
// Ports from..to of an address (POOL_NONE: of all) are not for mappings.
void pool_reserve(struct pool *p, uint32_t address, unsigned proto, uint16_t from, uint16_t to);
void pool_unreserve(struct pool *p, uint32_t address, unsigned proto, uint16_t port);

// The number of an address, or POOL_NONE.
uint32_t pool_find(const struct pool *p, be32 address);
be32 pool_address(const struct pool *p, uint32_t number);

// --- blocks, by number ---
static inline uint32_t pool_block(const struct pool *p, uint32_t address, uint16_t port)
{
	const uint32_t block = ((uint32_t)port - p->first) / p->size;

	return port < p->first || block >= p->n_blocks ? POOL_NONE : address * p->n_blocks + block;
}

static inline uint32_t pool_block_address(const struct pool *p, uint32_t block)
{
	return block / p->n_blocks;
}

static inline uint16_t pool_block_port(const struct pool *p, uint32_t block)
{
	return (uint16_t)(p->first + block % p->n_blocks * p->size);
}

// The worker that has it; POOL_NONE: nobody.
static inline uint32_t pool_owner(const struct pool *p, uint32_t block)
{
	const uint16_t owner = __atomic_load_n(&p->owner[block], __ATOMIC_RELAXED);

	return owner ? owner - 1u : POOL_NONE;
}

// False: somebody else has it.
bool pool_claim(struct pool *p, uint32_t block, unsigned worker);
// Some block of an address that nobody had, the search begins somewhere; POOL_NONE: there is none.
uint32_t pool_claim_any(struct pool *p, uint32_t address, unsigned worker, uint32_t random);
void pool_release_block(struct pool *p, uint32_t block);

// --- ports; 0: none ---
// Of an address, out of blocks of the worker, or else of one that it claims.
uint16_t pool_take(struct pool *p, uint32_t address, unsigned worker, const struct pool_wish *w);
// Of one block.
uint16_t pool_take_of(struct pool *p, uint32_t block, const struct pool_wish *w);
// This one, whoever has its block. False: it is taken.
bool pool_take_port(struct pool *p, uint32_t address, unsigned proto, uint16_t port);
// How many ports of its block are in use afterwards.
unsigned pool_give(struct pool *p, uint32_t address, unsigned proto, uint16_t port);
// Does a mapping have it, or does it look so?
bool pool_is_mapped(const struct pool *p, uint32_t address, unsigned proto, uint16_t port);
bool pool_is_used(const struct pool *p, uint32_t address, unsigned proto, uint16_t port);
