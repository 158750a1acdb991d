// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Who has sessions: an inside address, with the external address that all its mappings have
// (RFC 4787 REQ-2, paired pooling), its blocks of ports and what it uses. There as long as it has
// sessions or blocks.

#include "numbers.h"

#include <abi/hdr.h>

struct subscriber {
	uint32_t chain;	 // of the place
	uint32_t blocks; // number + 1 of the first in the pool; 0: none
	be32 inside;
	uint32_t external; // number in the pool; POOL_NONE: not known yet
	uint32_t sessions;
	uint32_t mappings; // dynamic ones
	uint32_t second;   // in which it made
	uint16_t made;	   // so many sessions
	uint16_t n_blocks;
};
_Static_assert(sizeof(struct subscriber) == 32, "two in a line");

// owner: one worker
struct subscribers {
	struct numbers *all;
	struct numbers_part part;
	uint32_t *place;
	uint32_t mask, n;
	uint32_t seed;
};

int subscribers_open(struct subscribers *t, struct numbers *all, uint32_t most, uint32_t seed);
void subscribers_close(struct subscribers *t);

static inline struct subscriber *subscriber_at(const struct subscribers *t, uint32_t number)
{
	return numbers_at(t->all, number);
}

uint32_t subscriber_find(const struct subscribers *t, be32 inside); // 0: none
uint32_t subscriber_add(struct subscribers *t, be32 inside);	    // 0: no room
void subscriber_remove(struct subscribers *t, uint32_t number);
void subscribers_each(const struct subscribers *t, void (*fn)(void *arg, uint32_t number),
		      void *arg);
