// SPDX-License-Identifier: BSD-2-Clause

// The depot of a pool (user/engine/pool.c): magazines, full ones in one stack and empty ones in
// another, that workers take and put back by compare-and-swap of a top with a count of its changes.
// A magazine that went and came back must not pass for one that never left (ABA).
//
// Memory is that of C11. What a magazine holds is not atomic: whoever takes one out must know of the
// last access to it. That knowledge goes with a release of the top to whoever acquires it, also over
// changes of the top in between. The link to the next magazine is read while the magazine may belong
// to another already; if the top was only read relaxed, the link may be read as it was before.
//
// breaks: NO_COUNT PUSH_RELAXED LOAD_RELAXED LINK_LATE

#define WORKERS 3
#define MAGAZINES 3
#define NONE MAGAZINES
#define FULL 0
#define EMPTY 1

#ifdef BREAK_NO_COUNT
#define IS_UNCHANGED(stack) top[stack] == old
#else
#define IS_UNCHANGED(stack) top[stack] == old && count[stack] == old_count
#endif

byte top[2] = NONE, count[2];
byte carries[2];         // by stack, a bit for each magazine: who acquires the top learns of its last access
byte knows[WORKERS];     // the same, by worker
byte next[MAGAZINES] = NONE;
#ifdef BREAK_LOAD_RELAXED
byte next_before[MAGAZINES] = NONE;
#endif
bool taken[MAGAZINES];
byte n_done;

// Fills a magazine, or takes what is in it. All others have to learn of that.
inline use(m)
{
	d_step {
		assert(knows[me] >> m & 1);
		knows[0] = knows[0] & ~(1 << m);
		knows[1] = knows[1] & ~(1 << m);
		knows[2] = knows[2] & ~(1 << m);
		carries[FULL] = carries[FULL] & ~(1 << m);
		carries[EMPTY] = carries[EMPTY] & ~(1 << m);
		knows[me] = knows[me] | 1 << m
	}
}

inline look(stack)
{
	atomic {
		old = top[stack];
		old_count = count[stack];
#ifndef BREAK_LOAD_RELAXED
		knows[me] = knows[me] | carries[stack]
#endif
	}
}

// got: a magazine, or NONE
inline pop(stack)
{
	look(stack);
	do
	:: old == NONE -> got = NONE; break
	:: else ->
		if
		:: link = next[old]
#ifdef BREAK_LOAD_RELAXED
		:: link = next_before[old]
#endif
		fi;
		atomic {
			if
			:: IS_UNCHANGED(stack) ->
				top[stack] = link;
				count[stack]++;
				knows[me] = knows[me] | carries[stack];
				got = old;
				assert(!taken[got]);
				taken[got] = true;
				break
			:: else
			fi
		}
		look(stack)
	od;
	atomic { old = NONE; old_count = 0; link = NONE }
}

inline set_next(m, link_)
{
	d_step {
#ifdef BREAK_LOAD_RELAXED
		next_before[m] = next[m];
#endif
		next[m] = link_
	}
}

inline push(stack, m)
{
	atomic { old = top[stack]; old_count = count[stack] };
	do
	::
#ifndef BREAK_LINK_LATE
		set_next(m, old);
#endif
		atomic {
			if
			:: IS_UNCHANGED(stack) ->
				taken[m] = false;
				top[stack] = m;
				count[stack]++;
#ifndef BREAK_PUSH_RELAXED
				carries[stack] = carries[stack] | knows[me];
#endif
				break
			:: else -> old = top[stack]; old_count = count[stack]
			fi
		}
	od;
#ifdef BREAK_LINK_LATE
	next[m] = old;
#endif
	atomic { old = NONE; old_count = 0 }
}

proctype worker(byte me; byte n)
{
	byte old = NONE, old_count, link = NONE, got = NONE;

	do
	:: n == 0 -> break
	:: n > 0 -> // has too many buffers
		n--;
		pop(EMPTY);
		if
		:: got != NONE -> use(got); push(FULL, got); got = NONE
		:: else
		fi
	:: n > 0 -> // has too few
		n--;
		pop(FULL);
		if
		:: got != NONE -> use(got); push(EMPTY, got); got = NONE
		:: else
		fi
	od;
	n_done++
}

// When all are done, every magazine is in a stack, once.
init {
	byte m, n;

	atomic {
		carries[FULL] = 7;
		carries[EMPTY] = 7;
		top[FULL] = 0;
		next[0] = 1;
		top[EMPTY] = 2;
		run worker(0, 2);
		run worker(1, 2);
		run worker(2, 1);
	}
	n_done == WORKERS;
	d_step {
		m = top[FULL];
		do
		:: m != NONE && n <= MAGAZINES -> n++; m = next[m]
		:: else -> break
		od;
		m = top[EMPTY];
		do
		:: m != NONE && n <= MAGAZINES -> n++; m = next[m]
		:: else -> break
		od;
		assert(n == MAGAZINES)
	}
}
