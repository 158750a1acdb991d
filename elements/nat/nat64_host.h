// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The IPv6 hosts that have mappings, and the external address that all of a host's have. There as
// long as it has sessions.

#include "numbers.h"

#include <abi/hdr.h>

struct nat64_host {
	uint32_t chain;	   // of the place
	uint32_t external; // number in the pool; POOL_NONE: not known yet
	be64 addr[2];
	uint32_t sessions, mappings;
};
_Static_assert(sizeof(struct nat64_host) == 32, "two in a line");

// owner: one worker
struct nat64_hosts {
	struct numbers *all;
	struct numbers_part part;
	uint32_t *place;
	uint32_t mask, n;
	uint64_t seed;
};

// `most`: about as many as this worker may have. 0 or -ENOMEM.
int nat64_hosts_open(struct nat64_hosts *t, struct numbers *all, uint32_t most, uint64_t seed);
void nat64_hosts_close(struct nat64_hosts *t);

static inline struct nat64_host *nat64_host_at(const struct nat64_hosts *t, uint32_t number)
{
	return numbers_at(t->all, number);
}

// Found or made; 0: there is no room.
uint32_t nat64_host(struct nat64_hosts *t, const be64 addr[2]);
// Goes if it has nothing.
void nat64_host_done(struct nat64_hosts *t, uint32_t number);
