// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Fragments on their way through a translator (RFC 4787 REQ-14, RFC 6888 REQ-11 where it counts
// them). Only the first has ports; what became of it is noted here and holds for the others, and
// those that come before it wait. Bounded in datagrams and in packets that wait; each is forgotten
// after a time.

#include <weir/element.h>

enum { FRAGMENT_BUCKETS = 256 };

struct fragment_key {
	be32 src, dst;
	uint16_t id;
	uint8_t proto;
	uint8_t side; // input that it came by
};

// What becomes of the fragments of a datagram.
struct fragment_fate {
	bool known;
	uint16_t out;  // of the owner
	be32 src, dst; // addresses to be given
};

// owner: one worker
struct fragment_train {
	struct fragment_train *chain;	      // of the bucket
	struct fragment_train *older, *newer; // by arrival
	struct fragment_key key;
	struct fragment_fate fate;
	uint64_t until;
	struct packet *first, **end; // that wait, in order of arrival
	uint32_t n;
};

struct fragments {
	struct fragment_train *buckets[FRAGMENT_BUCKETS], *oldest, *newest;
	struct fragment_train *unused;
	uint32_t seed;
	uint32_t n, n_packets;	     // datagrams, packets that wait
	uint32_t most, most_packets; // of them; most packets of one datagram: FRAGMENT_MOST
	uint64_t timeout;	     // ns
};
enum { FRAGMENT_MOST = 64 };

struct fragment_key fragment_key(const struct ip4 *ip, unsigned side);
struct fragment_train *fragment_find(const struct fragments *f, struct fragment_key k);
// NULL: there are as many as there may be, or there is no memory.
struct fragment_train *fragment_add(struct fragments *f, struct fragment_key k, uint64_t now);
// False: it may not wait, and is the caller's still.
bool fragment_wait(struct fragments *f, struct fragment_train *t, struct packet *p);
// The packets that waited, chained by next.
struct packet *fragment_take(struct fragments *f, struct fragment_train *t);
// Its packets must have been taken.
void fragment_remove(struct fragments *f, struct fragment_train *t);
// The oldest whose time is over, or NULL.
struct fragment_train *fragment_expired(const struct fragments *f, uint64_t now);
// Without packets.
void fragments_close(struct fragments *f);
