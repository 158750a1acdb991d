// SPDX-License-Identifier: BSD-2-Clause

// A bucket of flows moves from one worker to another under load (docs/scaling.md), and back. The new
// worker keeps what it receives of the bucket until the old one has sent all it had; nothing may be
// lost or overtaken.
//
//	1. the new worker is told to park packets of the bucket, and says that it does
//	2. the table of steering is changed
//	3. a grace period: programs that read the table before have put their packets into the ring
//	4. the old worker works off what its ring held then, and runs its graph empty
//	5. ... until its hand-off and TX rings have passed
//	6. the new worker emits what it parked, in order, and from then on whatever comes
//
// One flow stands for the bucket, its packets numbered. Workers either send on queues of their own, or
// worker 1 hands over to worker 0. Rings are short, so that they are full often: then a worker
// waits with what it has, and goes on with all else.
//
// breaks: NO_PARK PARK_LATE PARK_UNSEEN NO_GRACE NO_RX NO_GRAPH NO_HANDOFF NO_TX GO_EARLY GO_UNASKED

#define PACKETS 6
#define MOVES 2
#define AT_ONCE 2 /* packets that the driver takes up before it puts them into rings */

// of a worker, in its part of a move
#define IDLE 0
#define PARK 1   /* asked to park */
#define PARKS 2
#define GO 3     /* asked to emit what it parked */
#define DRAIN 4  /* asked to drain */
#define DRAIN_GRAPH 5
#define DRAIN_HANDOFF 6
#define DRAIN_TX 7
#define DRAINED 8

byte column;          // of the bucket
byte section;         // of the driver; odd: inside
byte part[2];
bool hands_over;      // worker 1 has no queue to send on
byte on_wire;         // packets that left, all in order
bool moved;

chan rx[2] = [PACKETS] of { byte };
chan parked[2] = [PACKETS] of { byte };
chan graph[2] = [2] of { byte };
chan handoff = [1] of { byte };
chan tx[2] = [1] of { byte };

proctype driver()
{
	byte seq, n, to;
	chan taken0 = [AT_ONCE] of { byte };
	chan taken1 = [AT_ONCE] of { byte };

	do
	:: seq == PACKETS -> break
	:: seq < PACKETS ->
		section++;
		do
		:: n < AT_ONCE && seq < PACKETS ->
			to = column;
			atomic {
				seq++;
				n++;
				if
				:: to == 0 -> taken0 ! seq
				:: else -> taken1 ! seq
				fi;
				to = 0
			}
		:: n > 0 -> break
		od;
		do
		:: atomic { taken0 ? n -> rx[0] ! n }
		:: atomic { taken1 ? n -> rx[1] ! n }
		:: empty(taken0) && empty(taken1) -> break
		od;
		atomic {
			n = 0;
			section++
		}
	od
}

// What a worker does for a move, a step at a time between its other work.
inline take_part()
{
	if
	:: part[me] == PARK -> part[me] = PARKS
	:: part[me] == GO && empty(parked[me]) -> part[me] = IDLE
#ifdef BREAK_NO_RX
	:: part[me] == DRAIN -> part[me] = DRAIN_GRAPH
#else
	:: part[me] == DRAIN && empty(rx[me]) -> part[me] = DRAIN_GRAPH
#endif
#ifdef BREAK_NO_GRAPH
	:: part[me] == DRAIN_GRAPH -> part[me] = DRAIN_HANDOFF
#else
	:: part[me] == DRAIN_GRAPH && empty(graph[me]) -> part[me] = DRAIN_HANDOFF
#endif
#ifdef BREAK_NO_HANDOFF
	:: part[me] == DRAIN_HANDOFF -> part[me] = DRAIN_TX
#else
	:: part[me] == DRAIN_HANDOFF && (me == 0 || empty(handoff)) -> part[me] = DRAIN_TX
#endif
#ifdef BREAK_NO_TX
	:: part[me] == DRAIN_TX -> part[me] = DRAINED
#else
	:: part[me] == DRAIN_TX && empty(tx[me]) -> part[me] = DRAINED
#endif
	fi
}

#ifdef BREAK_NO_PARK
#define HAS_TO_PARK false
#elif defined(BREAK_GO_EARLY)
#define HAS_TO_PARK (part[me] == PARKS)
#else
#define HAS_TO_PARK (part[me] == PARKS || part[me] == GO)
#endif

proctype worker(byte me)
{
	byte p;

	do
	:: on_wire == PACKETS && moved -> break
	:: atomic { nempty(rx[me]) && HAS_TO_PARK -> rx[me] ? p; parked[me] ! p; p = 0 }
	:: atomic { nempty(rx[me]) && !(HAS_TO_PARK) && nfull(graph[me]) ->
		rx[me] ? p; graph[me] ! p; p = 0 }
	:: atomic { part[me] == GO && nempty(parked[me]) && nfull(graph[me]) ->
		parked[me] ? p; graph[me] ! p; p = 0 }
	:: atomic { nempty(graph[me]) && me == 1 && hands_over && nfull(handoff) ->
		graph[me] ? p; handoff ! p; p = 0 }
	:: atomic { nempty(graph[me]) && !(me == 1 && hands_over) && nfull(tx[me]) ->
		graph[me] ? p; tx[me] ! p; p = 0 }
	:: atomic { me == 0 && nempty(handoff) && nfull(tx[0]) -> handoff ? p; tx[0] ! p; p = 0 }
	:: take_part()
	od
}

// Each queue is sent in order, but nobody knows how far one is beside another.
proctype wire()
{
	byte p;

	do
	:: on_wire == PACKETS -> break
	:: tx[0] ? p -> assert(p == on_wire + 1); on_wire++
	:: tx[1] ? p -> assert(p == on_wire + 1); on_wire++
	od
}

proctype control()
{
	byte old, new, n, s;

	do
	:: n == MOVES -> break
	:: else ->
		new = 1 - old;
#ifdef BREAK_PARK_LATE
		column = new;
		part[new] = PARK;
#else
		part[new] = PARK;
#ifndef BREAK_PARK_UNSEEN
		part[new] == PARKS;
#endif
		column = new;
#endif
#ifndef BREAK_NO_GRACE
		s = section;
		s % 2 == 0 || section != s;
#endif
		part[old] = DRAIN;
		part[old] == DRAINED;
		part[old] = IDLE;
#ifdef BREAK_PARK_LATE
		part[new] == PARKS;
#endif
#ifdef BREAK_PARK_UNSEEN
		part[new] == PARKS;
#endif
		part[new] = GO;
#ifndef BREAK_GO_UNASKED
		part[new] == IDLE;
#endif
		atomic {
			old = new;
			s = 0;
			n++
		}
	od;
	moved = true
}

init {
	atomic {
		if
		:: hands_over = true
		:: hands_over = false
		fi;
		run driver();
		run worker(0);
		run worker(1);
		run wire();
		run control()
	}
}
