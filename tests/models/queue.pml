// SPDX-License-Identifier: BSD-2-Clause

// A Queue that several workers push into and one pulls from (elements/standard/queue.c): a pusher
// takes places for a batch by compare-and-swap of the tail, and fills them; who pulls takes what is
// filled, up to the first place that is not, and empties it. What one pushes stays in order, and
// nothing is overwritten.
//
// Memory is that of C11, as in ring.pml: who touches a slot, or the packet in it, must know of the
// last access, by what release and acquire have carried along. A load of `head' gives any value since
// the last one that the reader saw.
//
// breaks: RESERVE_PLAIN FILL_RELAXED PULL_RELAXED HEAD_RELAXED HEAD_LOAD_RELAXED HEAD_EARLY NOT_EMPTIED
// breaks: ROOM_WRAPS

#define SIZE 2
#define WRAP 8 /* positions are modulo this, as those of the queue are modulo 2^32 */
#define EACH 5 /* packets of each pusher */
#define PUSHERS 2
#define PULLER PUSHERS
#define STORES 21 /* of the head, at most */
#define ALL_SLOTS ((1 << SIZE) - 1)
#define DISTANCE(to, from) ((to + WRAP - from) % WRAP)

byte tail;
byte head[STORES], head_carries[STORES], n_head;
byte slot[SIZE];                     // number of the packet, and 16 for the second pusher; 0: empty
byte slot_carries[SIZE];             // what who acquires its value learns
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
	for (k : 0 .. SIZE - 1) {
		slot_carries[k] = slot_carries[k] & ~(1 << at)
	}
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
		at = tail;
		load_head(h);
		atomic { fit(); used = 0; h = 0 }
		if
		:: n == 0 // full: here it tries again instead of losing them
		:: n > 0 ->
#ifdef BREAK_RESERVE_PLAIN
			tail = (at + n) % WRAP;
			i = 1;
#else
			atomic {
				if
				:: tail == at -> tail = (at + n) % WRAP; i = 1
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
#ifndef BREAK_FILL_RELAXED
						slot_carries[(at + i) % SIZE] = knows[me];
#endif
						i++
					}
				:: else -> break
				od;
				i = 0
			fi
		fi;
		atomic { at = 0; n = 0 }
	od
}

inline store_head()
{
	atomic {
		n_head++;
		head[n_head] = (at + n) % WRAP;
#ifndef BREAK_HEAD_RELAXED
		head_carries[n_head] = knows[PULLER];
#endif
	}
}

proctype puller()
{
	byte n, at, from;

	do
	:: pulled[0] == EACH && pulled[1] == EACH -> break
	:: else ->
		slot[at % SIZE] != 0; // sleeps until then
		do
		:: slot[(at + n) % SIZE] != 0 && n < SIZE ->
			atomic {
#ifndef BREAK_PULL_RELAXED
				knows[PULLER] = knows[PULLER] | slot_carries[(at + n) % SIZE];
#endif
				from = slot[(at + n) % SIZE] / 16;
				pulled[from]++;
				assert(slot[(at + n) % SIZE] % 16 == pulled[from]);
				from = 0
			}
#ifdef BREAK_HEAD_EARLY
			n++;
			store_head();
			n--;
#endif
			d_step {
				touch(PULLER, ((at + n) % SIZE));
#ifndef BREAK_NOT_EMPTIED
				slot[(at + n) % SIZE] = 0;
#endif
				n++
			}
		:: slot[(at + n) % SIZE] == 0 || n == SIZE -> break
		od;
		store_head();
		atomic {
			at = (at + n) % WRAP;
			n = 0
		}
	od
}

init {
	atomic {
		head_carries[0] = ALL_SLOTS;
		run pusher(0);
		run pusher(1);
		run puller()
	}
}
