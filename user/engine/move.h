// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Moves flows of an interface from one worker to another while packets come, so that none is lost
// and none overtakes another of its flow:
//
//	1. The new worker keeps what comes to it of these buckets in front of the graph.
//	2. The steering table sends them there.
//	3. When a grace period is over, no program runs any more that read the table before; so what
//	   the old worker still gets of them is in its rings.
//	4. It has taken that out, and nothing of it waits within the graph.
//	5. What it sent has left: the TX rings, and the rings to other workers. An interface without
//	   a link is not waited for, and a ring that does not move for a second only.
//	6. The new worker goes on with what it kept, in order, and then with what comes.
//
// owner: control; one move of an interface at a time.

#include <abi/steer.h>
#include <engine.h>

// Most packets that may wait at the new worker while a move is under way.
enum { WEIR_MOVE_HELD = 8192 };

// A set of buckets.
struct weir_buckets {
	uint64_t bits[WEIR_BUCKETS / 64];
};

static inline void weir_buckets_add(struct weir_buckets *b, unsigned bucket)
{
	b->bits[bucket / 64] |= 1ull << bucket % 64;
}

static inline void weir_buckets_remove(struct weir_buckets *b, unsigned bucket)
{
	b->bits[bucket / 64] &= ~(1ull << bucket % 64);
}

static inline unsigned weir_buckets_count(const struct weir_buckets *b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < WEIR_BUCKETS / 64; i++)
		n += (unsigned)__builtin_popcountll(b->bits[i]);
	return n;
}

static inline bool weir_buckets_has(const struct weir_buckets *b, unsigned bucket)
{
	return b->bits[bucket / 64] >> bucket % 64 & 1;
}

// Who has a bucket, and how many packets came of it.
struct weir_bucket {
	unsigned worker;
	uint64_t packets;
};

// What the opener of an interface lends to this. Workers are those of the plan's rx.
struct weir_move_ops {
	// Packets of these buckets that come to the worker wait there from now on. While the
	// workers stand still.
	void (*hold)(struct weir_device *d, unsigned worker, const struct weir_buckets *b);
	// New packets of these buckets go to the worker.
	void (*steer)(struct weir_device *d, unsigned worker, const struct weir_buckets *b);
	// Notes what is in the rings of the worker now; has it taken that out?
	void (*mark_rx)(struct weir_device *d, unsigned worker);
	bool (*rx_past)(const struct weir_device *d, unsigned worker);
	// Notes what the worker handed over for sending until now; has it left, if it can? While
	// the workers stand still.
	void (*mark_tx)(struct weir_device *d, unsigned worker);
	bool (*tx_past)(const struct weir_device *d, unsigned worker);
	// What waits there goes on; true when all of it has.
	void (*release)(struct weir_device *d, unsigned worker);
	bool (*released)(const struct weir_device *d, unsigned worker);
	// The bucket of a packet that came from the interface.
	unsigned (*bucket)(const struct weir_device *d, const struct packet *p);
	// The buckets as they are; packets are counted while `count` says so.
	void (*buckets)(const struct weir_device *d, struct weir_bucket v[WEIR_BUCKETS]);
	void (*count)(struct weir_device *d, bool on);
};

struct weir_move {
	struct weir_engine *engine;
	struct weir_device *device;
	struct weir_buckets what;
	unsigned from, to;
	enum weir_move_step {
		WEIR_MOVE_NONE,
		WEIR_MOVE_PERIOD,
		WEIR_MOVE_RX,
		WEIR_MOVE_GRAPH,
		WEIR_MOVE_TX,
		WEIR_MOVE_RELEASE,
	} step;
	uint64_t period;
	uint64_t rounds;     // of the old worker, when its rings were empty of them
	uint32_t *put;	     // by element: what the old worker had put there for others by then
	uint64_t give_up_at; // waiting for what was sent, ns
};

// Buckets of which a packet is kept in the graph until others of its flow come stay. False: all do.
bool weir_move_begin(struct weir_move *m, struct weir_engine *g, struct weir_device *d,
		     const struct weir_buckets *b, unsigned from, unsigned to);
// Goes as far as it can without waiting; to be called every millisecond or so. True while it is not
// done.
bool weir_move_go_on(struct weir_move *m);
// At the end, also in the middle of a move; then what was held stays where it is.
void weir_move_close(struct weir_move *m);
