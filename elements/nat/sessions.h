// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The table of sessions of an address translator: found by any worker without a lock, made and
// ended by the worker that they belong to. session_front.h has what both halves read.
//
// Each worker has a part: its free sessions, its timers, its counters. Free sessions go from part
// to part by hundreds, so that one worker may have nearly all of them.

#include <weir/area.h>
#include <weir/element.h>
#include <weir/persist.h>

#include "session_front.h"

// Timers of a part: slots of a tick, and coarser ones above them; Varghese and Lauck (1987),
// hierarchical. Links are those of `cold`.
enum { SESSION_WHEEL_SLOTS = 256, SESSION_WHEELS = 3 };
enum { SESSION_MAGAZINE = 256 }; // most free sessions that go from part to part at once

// What is the process's own of a session; made anew when sessions are taken over.
struct session_cold {
	uint32_t next, back; // of the wheel or of free ones; upper 8 bits: when it is due
	uint32_t more[2];    // of the element (what it chains sessions by)
};

// A list of sessions by cold.next.
struct session_list {
	uint32_t head, n;
};

// owner: the worker, from init_node on. Zero-initialised is empty.
struct session_part {
	struct session_list free, spare; // spare: empty, or a whole magazine
	// Ended: since the last grace period was asked for; before that one; nobody can have them.
	struct session_list late, waiting, over;
	uint64_t period, since; // that `waiting` waits for
	uint64_t tick;		// the wheels are turned up to here
	bool in_tick;		// but are not through with it
	uint32_t timers;	// that are set
	uint32_t wheel[SESSION_WHEELS][SESSION_WHEEL_SLOTS];
	uint64_t made, ended, full; // sessions; full: there was none free, or no place in the index
	uint32_t live;
};

// owner: the element. Zero-initialised is empty.
struct sessions {
	struct session *at;		// [most + 1]; number 0 is never used
	struct session_bucket *buckets; // [n_buckets], a power of two
	struct session_cold *cold;
	uint32_t most, n_buckets;
	uint32_t slot_mask; // session_slot_mask
	uint64_t seed;	    // kept in at[0].from6[0]

	// What no part has: whole magazines (cold.back of the first leads to the next magazine),
	// and the numbers from `fresh` on. guarded by lock
	uint32_t magazines, fresh;
	unsigned lock;
	uint32_t magazine; // sessions in one
	bool blind;	   // the kernel does not tell of grace periods
	struct weir_persist kept_sessions, kept_buckets;
	struct weir_area cold_area;
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
// takes its own notes, or SESSION_UNWANTED; `when`: its timer, 0 if it says nothing. The index is
// put right where it is, so that the driver's half goes on finding sessions; those that it forwards
// count as just seen. How many there are.
enum { SESSION_UNWANTED = 0xffffffff };
uint32_t sessions_adopt(struct sessions *t, struct session_part *const *parts,
			unsigned (*fn)(void *arg, uint32_t number, uint64_t *when), void *arg);

// --- any worker, in the packet path ---
// The hash of an IPv4 key.
WEIR_INLINE uint64_t sessions_hash4(const struct sessions *t, const struct session_tuple *key,
				    uint8_t proto)
{
	return session_hash(t->seed, *key, proto, 0, 0);
}

// Three steps, so that a batch fetches its lines side by side: bucket, session, compare. With a
// copy of the table's struct whose address nobody takes, what is the same for all stays in
// registers.
//
//	hash[i] = sessions_hash4(t, &key[i], proto[i]), sessions_prefetch(t, hash[i]);	for all i
//	slot[i] = sessions_candidate(t, hash[i]);					for all i
//	hit[i] = sessions_check4(t, slot[i], hash[i], &key[i], proto[i]);		for all i
WEIR_INLINE void sessions_prefetch(const struct sessions *t, uint64_t hash)
{
	__builtin_prefetch(&t->buckets[session_place(hash, t->n_buckets)]);
}

typedef uint32_t session_lanes __attribute__((vector_size(16)));
typedef uint64_t session_halves __attribute__((vector_size(16)));

// The slots of a bucket that bear the tag: a bit for each, of an even slot that of its number, of
// an odd one 32 further up (session_match_slot). What is written meanwhile is looked at again by
// who takes one of them.
__attribute__((no_sanitize("thread"))) static inline uint64_t session_bucket_match(
	const struct session_bucket *b, uint32_t tag, uint32_t slot_mask)
{
	const session_lanes *v = (const session_lanes *)b;
	const uint32_t m = ~slot_mask;
	const session_lanes mask = {m, m, m, m}, want = {tag, tag, tag, tag};
	const session_lanes hit =
		((session_lanes)((v[0] & mask) == want) & (session_lanes){1, 2, 4, 8}) |
		((session_lanes)((v[1] & mask) == want) & (session_lanes){16, 32, 64, 128}) |
		((session_lanes)((v[2] & mask) == want) & (session_lanes){256, 512, 1024, 2048}) |
		((session_lanes)((v[3] & mask) == want) & (session_lanes){4096, 8192, 16384, 0});
	const session_halves both = (session_halves)hit;

	return both[0] | both[1];
}

// The number of the first slot of a match.
WEIR_INLINE unsigned session_match_slot(uint64_t match)
{
	return (unsigned)__builtin_ctzll(match) & 31;
}

WEIR_INLINE uint32_t session_slot_at(const struct session_bucket *b, unsigned i)
{
	return __atomic_load_n(&b->slot[i], __ATOMIC_ACQUIRE);
}

// The first slot that may be that of the hash, or 0; its session is on its way.
WEIR_INLINE uint32_t sessions_candidate(const struct sessions *t, uint64_t hash)
{
	const struct session_bucket *b = &t->buckets[session_place(hash, t->n_buckets)];
	const uint64_t m = session_bucket_match(b, (uint32_t)hash & ~t->slot_mask, t->slot_mask);
	uint32_t slot;

	if (WEIR_UNLIKELY(!m))
		return 0;
	slot = session_slot_at(b, session_match_slot(m)) & t->slot_mask;
	__builtin_prefetch(&t->at[slot >> 1]);
	return slot;
}

// Is this IPv4 key that of the session's direction, if that is IPv4? Without a branch on the
// direction, which nothing can foretell: packets of direction 1 come as the flipped `to`.
WEIR_INLINE bool session_is4(const struct session *s, unsigned direction,
			     const struct session_tuple *key, uint8_t proto)
{
	const uint8_t *tuple = (const uint8_t *)s + direction * sizeof(*key);
	const unsigned turn = direction * 16;
	uint64_t mine, theirs;
	uint32_t my_ports, their_ports;

	memcpy(&mine, tuple, sizeof(mine));
	memcpy(&my_ports, tuple + sizeof(mine), sizeof(my_ports));
	memcpy(&theirs, key, sizeof(theirs));
	memcpy(&their_ports, (const uint8_t *)key + sizeof(theirs), sizeof(their_ports));
	mine = mine << 2 * turn | mine >> (-(2 * turn) & 63);
	my_ports = my_ports << turn | my_ports >> (-turn & 31);
	return !((mine ^ theirs) | (my_ports ^ their_ports) | (s->proto ^ proto));
}

// from6: NULL: IPv4.
struct session_hit sessions_find(const struct sessions *t, uint64_t hash,
				 const struct session_tuple *key, uint8_t proto,
				 const __u64 from6[2]);

// slot: what sessions_candidate said of the hash. In tables that have no IPv6.
WEIR_INLINE struct session_hit sessions_check4(const struct sessions *t, uint32_t slot,
					       uint64_t hash, const struct session_tuple *key,
					       uint8_t proto)
{
	if (WEIR_LIKELY(slot > 1 && session_is4(&t->at[slot >> 1], slot & 1, key, proto)))
		return (struct session_hit){slot >> 1, slot & 1};
	return sessions_find(t, hash, key, proto, NULL);
}

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
// Lets both directions be found. -EEXIST: one of the keys is there already (*other: whose; the
// session's own number where its two keys are the same); -ENOSPC: its buckets are full. Then
// nothing is found, and the session is the caller's still.
int session_insert(struct sessions *t, struct session_part *p, uint32_t number,
		   struct session_hit *other);
// Nobody finds it any more; used again after a grace period. Also one that was not inserted. Its
// timer is cleared.
void session_end(struct sessions *t, struct session_part *p, uint32_t number);
// Changes what both halves read, between these two.
void session_write_begin(struct session *s);
void session_write_end(struct session *s);
// To be looked at when `when` (ns, weir_now) has come; 0: never. It counts in ticks, upwards, and
// no further than 52 days: then it is looked at before.
void session_timer(struct sessions *t, struct session_part *p, uint32_t number, uint64_t when);
// Turns the wheels up to now, but looks at no more than `budget` sessions: fn says when to look at
// each again (0: it has ended it, or its timer is not set any more). Then sees which of the ended
// sessions are free. To be called often, at least once in a tick while there are sessions. True if
// it is not through yet.
bool sessions_turn(struct sessions *t, struct session_part *p, uint64_t now, unsigned budget,
		   uint64_t (*fn)(void *arg, uint32_t number), void *arg);

// --- session_wheel.c, session_free.c ---
void session_timer_clear(struct sessions *t, struct session_part *p, uint32_t number);
bool session_wheel_turn(struct sessions *t, struct session_part *p, uint64_t now, unsigned budget,
			uint64_t (*fn)(void *arg, uint32_t number), void *arg);
uint32_t session_take_free(struct sessions *t, struct session_part *p); // 0: none
void session_put_late(struct sessions *t, struct session_part *p, uint32_t number);
// Sees to grace periods, and gives free ones that are too many for one part to all. True if there
// are more.
bool session_free_turn(struct sessions *t, struct session_part *p, uint64_t now);
// All that are not in use (state 0) are free, in magazines. By control.
void session_free_all(struct sessions *t);
