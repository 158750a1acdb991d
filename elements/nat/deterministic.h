// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Deterministic NAT (RFC 7422): which ports of which external address a subscriber has follows from
// its address. Subscribers are numbered through the inside prefixes, addresses through the pool;
// the first so many subscribers share the first address, each with a block of ports, and so on. So
// who had a port at any time is worked out, not looked up in a log.

#include "pool.h"

struct deterministic {
	const struct pool *pool;
	const struct pool_range *inside; // prefixes, as ranges; `at` counts subscribers
	unsigned n_inside;
	uint32_t n; // subscribers
};

// The ports that each gets if n subscribers share n_external addresses with so many ports each:
// a multiple of POOL_WORD. 0: there are too many.
uint32_t deterministic_size(uint64_t n, uint32_t n_external, uint32_t ports);
// The block of an inside address; POOL_NONE: it is no subscriber.
uint32_t deterministic_block(const struct deterministic *d, be32 inside);
// The subscriber of a block. False: it is nobody's.
bool deterministic_inside(const struct deterministic *d, uint32_t block, be32 *inside);
