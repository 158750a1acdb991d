// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The table of sessions of an address translator: found by any worker without a lock, made and
// ended by the worker that they belong to. session_front.h has what both halves read.
//
// Each worker has a part: its free sessions, its timers, its counters. Free sessions go from part
// to part by hundreds, so that one worker may have nearly all of them.

#include <weir/area.h>
#include <weir/element.h>

#include "session_front.h"

// Timers of a part: slots of a tick, and coarser ones above them; Varghese and Lauck (1987),
// hierarchical. Links are those of `cold`.
enum { SESSION_WHEEL_SLOTS = 256, SESSION_WHEELS = 4 };

// What is the process's own of a session; made anew when sessions are taken over.
struct session_cold {
	uint32_t next, back; // in the slot of the wheel, or of the free ones; 0: none
	uint32_t more[2];    // of the element (what it chains sessions by)
};

struct session_part {
	uint32_t free, n_free; // the list, by cold.next
	uint32_t late, n_late; // ended, until no reader can have them any more (a grace period)
	uint64_t tick;	       // the wheels are turned up to here
	uint32_t wheel[SESSION_WHEELS][SESSION_WHEEL_SLOTS];
	uint64_t made, ended, full;
	uint32_t live;
};

// owner: the element. Zero-initialised is empty.
struct sessions {
	struct session *at;		// [most + 1]; number 0 is never used
	struct session_bucket *buckets; // [n_buckets], a power of two
	struct session_cold *cold;
	uint32_t most, n_buckets;
	uint64_t seed;
};

// What stands in a slot says so of a key.
struct session_hit {
	uint32_t number; // 0: none
	unsigned direction;
};

// Memory for `most` sessions (1 to SESSION_MOST - 1). Kept memory of the router under the element's
// name, if there is any (weir/persist.h): then sessions may be there already, and `found` says so.
// To be called from init. 0, or -errno and what is wrong in err.
int sessions_open(struct sessions *t, struct weir_element *e, uint32_t most, bool *found,
		  struct weir_err *err);
void sessions_close(struct sessions *t);
// After sessions_open found some: fn says for each sound one which worker's part it belongs to and
// takes its own notes, or SESSION_UNWANTED. The index is put right; timers are set to `when` by
// fn's caller.
enum { SESSION_UNWANTED = 0xffffffff };
uint32_t sessions_adopt(struct sessions *t, struct session_part *const *parts,
			unsigned (*fn)(void *arg, uint32_t number, uint64_t *when), void *arg);

// --- any worker, in the packet path ---
// Three steps, so that a batch fetches its lines side by side: bucket, session, compare.
void sessions_prefetch(const struct sessions *t, uint64_t hash);
struct session_hit sessions_find(const struct sessions *t, uint64_t hash,
				 const struct session_tuple *key, uint8_t proto,
				 const uint64_t from6[2] /* NULL: IPv4 */);
// Notes that a packet of the direction came; writes only when the tick is another one.
static inline void session_seen(struct session *s, unsigned direction, uint64_t now)
{
	const uint32_t tick = (uint32_t)(now >> SESSION_TICK);

	if (WEIR_UNLIKELY(__atomic_load_n(&s->last[direction], __ATOMIC_RELAXED) != tick))
		__atomic_store_n(&s->last[direction], tick, __ATOMIC_RELAXED);
}

// --- the worker that owns the part ---
// A session that nobody finds yet, zero but for its version; 0: there is none free.
uint32_t session_new(struct sessions *t, struct session_part *p);
// Lets both directions be found. -EEXIST: one of the keys is there already (*other: whose);
// -ENOSPC: its buckets are full. Then nothing is found, and the session is the caller's still.
int session_insert(struct sessions *t, struct session_part *p, uint32_t number,
		   struct session_hit *other);
// Nobody finds it any more; used again after a grace period. Also one that was not inserted.
void session_end(struct sessions *t, struct session_part *p, uint32_t number);
// Changes what both halves read, between these two.
void session_write_begin(struct session *s);
void session_write_end(struct session *s);
// To be looked at when `when` (ns, weir_now) has come, instead of any time before. 0: never.
void session_timer(struct sessions *t, struct session_part *p, uint32_t number, uint64_t when);
// Turns the wheels up to now, but looks at no more than `budget` sessions: fn says when to look at
// each again (0: it has ended it). True if it is not through yet.
bool sessions_turn(struct sessions *t, struct session_part *p, uint64_t now, unsigned budget,
		   uint64_t (*fn)(void *arg, uint32_t number), void *arg);
