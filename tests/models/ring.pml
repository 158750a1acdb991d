// SPDX-License-Identifier: BSD-2-Clause

// The ring between two workers (user/include/weir/ring.h): one puts, one gets, in batches; each keeps
// what it last saw of the other's position, and looks again only when that is not enough.
//
// Memory is that of C11. A load of a position gives any value since the last one that the reader
// saw. A store-release carries what the writer had done by then, and a load-acquire learns it; a
// relaxed one does not. An access to a slot without knowing of the other's last access to it is a
// race, which is an error: in a machine the value would come late, or be read after it was replaced.
//
// breaks: TAIL_RELAXED HEAD_RELAXED TAIL_LOAD_RELAXED HEAD_LOAD_RELAXED TAIL_EARLY HEAD_EARLY ROOM COMPARE

#define SIZE 4
#define WRAP 8 /* positions are modulo this, as those of the ring are modulo 2^32 */
#define PACKETS 10
#define BATCH 3
#define STORES 11 /* at most one for each packet, and the first value */

#ifdef BREAK_TAIL_RELAXED
#define TAIL_CARRIES(clock) 0
#else
#define TAIL_CARRIES(clock) clock
#endif
#ifdef BREAK_HEAD_RELAXED
#define HEAD_CARRIES(clock) 0
#else
#define HEAD_CARRIES(clock) clock
#endif
#ifdef BREAK_ROOM
#define CAPACITY (SIZE + 1)
#else
#define CAPACITY SIZE
#endif
#ifdef BREAK_COMPARE
#define DISTANCE(to, from) (to > from -> to - from : 0)
#else
#define DISTANCE(to, from) ((to + WRAP - from) % WRAP)
#endif

// A position through time: its values, and what a reader of each learns if it acquires.
typedef position {
	byte value[STORES];
	byte carries[STORES];
	byte last
}
position tail, head;

byte slot[SIZE];      // the number of the packet
byte written[SIZE];   // when, by the clock of the one that puts; 0: never
byte read_at[SIZE];   // when, by the clock of the one that gets; 0: never
byte n_put, n_got;    // packets; these are the clocks too

// Any value from the last that was seen on.
inline load(at, seen, value_)
{
	do
	:: seen < at.last -> at.value[seen] = 0; at.carries[seen] = 0; seen++ // never read again
	:: break
	od;
	value_ = at.value[seen]
}

inline store(at, value_, carries_)
{
	d_step {
		at.last++;
		at.value[at.last] = value_;
		at.carries[at.last] = carries_
	}
}

inline choose(n)
{
	n = 1;
	do
	:: n < BATCH -> n++
	:: break
	od
}

proctype putter()
{
	byte mine, other, seen, knows, n, room, i;

	do
	:: n_put == PACKETS -> break
	:: else ->
		atomic {
			choose(n);
			if
			:: n > PACKETS - n_put -> n = PACKETS - n_put
			:: else
			fi;
			room = CAPACITY - DISTANCE(mine, other)
		}
		if
		:: room < n ->
			atomic {
				load(head, seen, other);
#ifndef BREAK_HEAD_LOAD_RELAXED
				knows = (head.carries[seen] > knows -> head.carries[seen] : knows);
#endif
				room = CAPACITY - DISTANCE(mine, other)
			}
		:: else
		fi;
		atomic {
			n = (room < n -> room : n);
			i = 0
		}
#ifdef BREAK_TAIL_EARLY
		store(tail, (mine + n) % WRAP, n_put + n);
#endif
		do
		:: i < n ->
			atomic {
				assert(read_at[(mine + i) % SIZE] <= knows);
				assert(n_put - n_got < SIZE); // nothing is overwritten
				n_put++;
				slot[(mine + i) % SIZE] = n_put;
				written[(mine + i) % SIZE] = n_put;
				i++
			}
		:: else -> break
		od;
		atomic {
			mine = (mine + n) % WRAP;
			i = 0
		};
#ifndef BREAK_TAIL_EARLY
		if
		:: n -> store(tail, mine, TAIL_CARRIES(n_put))
		:: else
		fi
#endif
	od
}

proctype getter()
{
	byte mine, other, seen, knows, n, have, i;

	do
	:: n_got == PACKETS -> break
	:: else ->
		atomic {
			choose(n);
			have = DISTANCE(other, mine)
		}
		if
		:: have < n ->
			atomic {
				load(tail, seen, other);
#ifndef BREAK_TAIL_LOAD_RELAXED
				knows = (tail.carries[seen] > knows -> tail.carries[seen] : knows);
#endif
				have = DISTANCE(other, mine)
			}
		:: else
		fi;
		atomic {
			n = (have < n -> have : n);
			i = 0
		}
#ifdef BREAK_HEAD_EARLY
		if
		:: n -> store(head, (mine + n) % WRAP, n_got)
		:: else
		fi;
#endif
		do
		:: i < n ->
			atomic {
				assert(written[(mine + i) % SIZE] <= knows);
				n_got++;
				assert(slot[(mine + i) % SIZE] == n_got); // none lost, twice or out of order
				read_at[(mine + i) % SIZE] = n_got;
				i++
			}
		:: else -> break
		od;
		atomic {
			mine = (mine + n) % WRAP;
			i = 0
		};
#ifndef BREAK_HEAD_EARLY
		if
		:: n -> store(head, mine, HEAD_CARRIES(n_got))
		:: else
		fi
#endif
	od
}

init {
	atomic {
		run putter();
		run getter()
	}
}
