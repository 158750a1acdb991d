// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Neighbours that somebody knows or asks for, with the packets that wait for them. A table has one
// owner at a time.

#include <weir/element.h>

#include "neighbor_front.h"

struct neighbor {
	struct neighbor_key key;
	uint8_t eth[6];
	bool known;		// eth was told to us
	bool used;		// for whoever has to know
	uint8_t polls;		// queries since the last reply
	uint64_t live, polled;	// when last heard of (or first wanted), when last asked for
	struct neighbor *chain; // of the same bucket
	struct neighbor *older, *newer;
	struct packet *head, *tail; // that wait, oldest first
	uint32_t n;
};

enum { NEIGHBOR_MOST = 65536 }; // whatever a flood of replies or destinations says

struct neighbor_table {
	struct neighbor **buckets;
	uint32_t n_buckets, seed;
	uint32_t n, n_packets;
	struct neighbor *oldest, *newest; // by `live`
};

// seed: a secret of the router, so that nobody can fill one bucket.
uint32_t neighbor_hash(struct neighbor_key k, uint32_t seed);
struct neighbor *neighbor_find(const struct neighbor_table *t, struct neighbor_key k);
// Finds or adds (as the newest, unknown). NULL without memory.
struct neighbor *neighbor_ensure(struct neighbor_table *t, struct neighbor_key k, uint64_t now);
// Records what a reply says. eth ff:ff:ff:ff:ff:ff makes it unknown again.
void neighbor_learn(struct neighbor_table *t, struct neighbor *e, const uint8_t *eth, uint64_t now);
// Keeps an entry that is still asked for from expiring.
void neighbor_refresh(struct neighbor_table *t, struct neighbor *e, uint64_t now, uint64_t timeout);
void neighbor_append(struct neighbor_table *t, struct neighbor *e, struct packet *p);
// The oldest waiting packet of an entry, no longer there; NULL when there is none.
struct packet *neighbor_take(struct neighbor_table *t, struct neighbor *e);
// Unlinks and frees an entry that has no packets.
void neighbor_remove(struct neighbor_table *t, struct neighbor *e);
// Without packets. The table is empty and may be used again.
void neighbor_table_free(struct neighbor_table *t);

static inline bool neighbor_expired(const struct neighbor *e, uint64_t now, uint64_t timeout)
{
	return timeout && now > e->live + timeout;
}
