// SPDX-License-Identifier: BSD-2-Clause

// A Queue that several workers push into and one pulls from (elements/standard/queue.c): a pusher
// reserves places for a batch by compare-and-swap, fills them, waits until those before it are
// published, and publishes its own. What one pushes stays in order, and nothing is overwritten.
//
// Memory is that of C11, as in ring.pml: who touches a slot must know of the last access to it, by
// what release and acquire have carried along. A load of `head` gives any value since the last one
// that the reader saw.
//
// breaks: RESERVE_PLAIN NO_WAIT PUBLISH_RELAXED WAIT_RELAXED HEAD_RELAXED HEAD_LOAD_RELAXED ROOM_WRAPS

#define SIZE 2
#define WRAP 8 /* positions are modulo this, as those of the queue are modulo 2^32 */
#define EACH 5 /* packets of each pusher */
#define PUSHERS 2
#define PULLER PUSHERS
#define STORES 11 /* of a position: at most one for each packet, and the first value */
#define ALL_SLOTS ((1 << SIZE) - 1)
#define DISTANCE(to, from) ((to + WRAP - from) % WRAP)

byte reserved;
byte published, published_carries;
byte head[STORES], head_carries[STORES], n_head;
byte slot[SIZE];               // number of the packet, and 16 for the second pusher
byte knows[PUSHERS + 1] = ALL_SLOTS; // a bit for each slot, of whose last access it knows
byte pulled[PUSHERS];

// Touches a slot: of this access nobody else knows.
inline touch(me_, at)
{
	byte k;

	assert(knows[me_] >> at & 1);
	for (k : 0 .. PUSHERS) {
		knows[k] = knows[k] & ~(1 << at)
	}
	for (k : 0 .. STORES - 1) {
		head_carries[k] = head_carries[k] & ~(1 << at)
	}
	published_carries = published_carries & ~(1 << at);
	knows[me_] = knows[me_] | 1 << at;
	k = 0
}

inline load_head(value)
{
	atomic {
		do
		:: seen < n_head -> seen++
		:: break
		od;
		value = head[seen];
#ifndef BREAK_HEAD_LOAD_RELAXED
		knows[me] = knows[me] | head_carries[seen]
#endif
	}
}

// How many of n there is room for.
inline fit()
{
#ifdef BREAK_ROOM_WRAPS
	used = DISTANCE(at, h);
	used = (SIZE + WRAP - used) % WRAP;
	n = (used < n -> used : n)
#else
	used = DISTANCE(at, h);
	used = (used < SIZE -> SIZE - used : 0);
	n = (used < n -> used : n)
#endif
}

proctype pusher(byte me)
{
	byte n_pushed, n, at, h, used, seen, i;

	do
	:: n_pushed == EACH -> break
	:: else ->
		atomic {
			n = 1;
			if
			:: n_pushed + 1 < EACH -> n = 2
			:: true
			fi
		}
		at = reserved;
		load_head(h);
		atomic { fit(); used = 0; h = 0 }
		if
		:: n == 0 // full: here it tries again instead of losing them
		:: n > 0 ->
#ifdef BREAK_RESERVE_PLAIN
			reserved = (at + n) % WRAP;
			i = 1;
#else
			atomic {
				if
				:: reserved == at -> reserved = (at + n) % WRAP; i = 1
				:: else
				fi
			}
#endif
			if
			:: i == 0 // another was faster
			:: else ->
				i = 0;
				do
				:: i < n ->
					d_step {
						n_pushed++;
						touch(me, ((at + i) % SIZE));
						slot[(at + i) % SIZE] = me * 16 + n_pushed;
						i++
					}
				:: else -> break
				od;
				atomic {
					i = 0;
#ifndef BREAK_NO_WAIT
					published == at;
#ifndef BREAK_WAIT_RELAXED
					knows[me] = knows[me] | published_carries;
#endif
#endif
				}
				d_step {
					published = (at + n) % WRAP;
#ifndef BREAK_PUBLISH_RELAXED
					published_carries = knows[me];
#endif
				}
			fi
		fi;
		atomic { at = 0; n = 0 }
	od
}

proctype puller()
{
	byte n, at, from;

	do
	:: pulled[0] == EACH && pulled[1] == EACH -> break
	:: else ->
		atomic {
			published != at;
			n = DISTANCE(published, at);
			knows[PULLER] = knows[PULLER] | published_carries
		}
		do
		:: n > 0 ->
			d_step {
				touch(PULLER, (at % SIZE));
				from = slot[at % SIZE] / 16;
				pulled[from]++;
				assert(slot[at % SIZE] % 16 == pulled[from]);
				slot[at % SIZE] = 0;
				from = 0;
				at = (at + 1) % WRAP;
				n--
			}
		:: else -> break
		od;
		atomic {
			n_head++;
			head[n_head] = at;
#ifndef BREAK_HEAD_RELAXED
			head_carries[n_head] = knows[PULLER];
#endif
		}
	od
}

init {
	atomic {
		published_carries = ALL_SLOTS;
		head_carries[0] = ALL_SLOTS;
		run pusher(0);
		run pusher(1);
		run puller()
	}
}
