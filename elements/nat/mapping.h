// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Endpoint-independent mappings (RFC 4787 4.1, REQ-1): an inside endpoint and the external one that
// stands for it, whatever it talks to. A worker finds its own by either end. A mapping lives as
// long as it has sessions; 20 bytes, and with both indexes at most 28.

#include "numbers.h"

#include <linux/types.h>

// What has ports of its own.
enum mapping_proto { MAPPING_TCP, MAPPING_UDP, MAPPING_ICMP, MAPPING_PROTOS };

struct mapping {
	// The next of the same place, by the inside end and by the external one; in the upper byte
	// that of the external address' number in the pool, low and high.
	uint32_t next[2];
	uint32_t sessions; // the first; in the upper byte the enum mapping_proto
	uint32_t subscriber;
	uint16_t port, external_port;
};
_Static_assert(sizeof(struct mapping) == 20, "of which there are as many as sessions");

enum { MAPPING_NUMBER = 0xffffff };

static inline uint32_t mapping_address(const struct mapping *m)
{
	return m->next[0] >> 24 | m->next[1] >> 24 << 8;
}

static inline unsigned mapping_proto(const struct mapping *m)
{
	return m->sessions >> 24;
}

static inline uint32_t mapping_sessions(const struct mapping *m)
{
	return m->sessions & MAPPING_NUMBER;
}

static inline void mapping_set_sessions(struct mapping *m, uint32_t first)
{
	m->sessions = (m->sessions & ~(uint32_t)MAPPING_NUMBER) | first;
}

// owner: one worker
struct mappings {
	struct numbers *all; // of all workers
	struct numbers_part part;
	uint32_t *place[2]; // heads, by the inside end and by the external one
	uint32_t mask;
	uint32_t n;
	uint64_t seed;
};

// `most`: about as many as this worker may have. 0 or -ENOMEM.
int mappings_open(struct mappings *t, struct numbers *all, uint32_t most, uint64_t seed);
void mappings_close(struct mappings *t);

static inline struct mapping *mapping_at(const struct mappings *t, uint32_t number)
{
	return numbers_at(t->all, number);
}

// Numbers; 0: there is none.
uint32_t mapping_find(const struct mappings *t, uint32_t subscriber, unsigned proto, uint16_t port);
uint32_t mapping_find_external(const struct mappings *t, uint32_t address, unsigned proto,
			       uint16_t port);
// Neither end is mapped yet. 0: no room.
uint32_t mapping_add(struct mappings *t, uint32_t subscriber, unsigned proto, uint16_t port,
		     uint32_t address, uint16_t external_port);
void mapping_remove(struct mappings *t, uint32_t number);
// Calls fn for each, in no order; it may remove that one.
void mappings_each(const struct mappings *t, void (*fn)(void *arg, uint32_t number), void *arg);
