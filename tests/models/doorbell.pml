// SPDX-License-Identifier: BSD-2-Clause

// A worker that goes to sleep while others leave something in its inboxes (user/engine/watch.c): it
// says that it sleeps, looks at the inboxes once more, and sleeps; who leaves something looks
// afterwards whether it sleeps, and if so wakes it. No wake-up may be lost. In the model sleep has no
// end of its own, so a lost one is a deadlock.
//
// Memory: what a thread stores waits in a buffer of its own, is seen by others at any time later, and
// at the latest at the thread's next full barrier. An exchange takes effect at once.
//
// breaks: PUTTER_NO_BARRIER SLEEPER_NO_BARRIER NO_SECOND_LOOK NOTIFY_FIRST CLEAR_LATE

#define PUTTERS 2
#define PUTS 3 /* by each */

byte tail[PUTTERS], tail_buffer[PUTTERS]; // of the inboxes: as others see it, as the putter does
bool asleep, asleep_buffer, asleep_waits;
byte wake_fd;

// Stores reach the memory when it pleases the processor.
proctype memory()
{
end:
	do
	:: atomic { asleep_waits -> asleep = asleep_buffer; asleep_waits = false }
	:: atomic { tail[0] != tail_buffer[0] -> tail[0] = tail_buffer[0] }
	:: atomic { tail[1] != tail_buffer[1] -> tail[1] = tail_buffer[1] }
	od
}

inline notify()
{
#ifndef BREAK_PUTTER_NO_BARRIER
	tail[me] = tail_buffer[me];
#endif
	if
	:: asleep ->
		atomic {
			was_asleep = asleep;
			asleep = false
		}
		if
		:: was_asleep -> wake_fd++; was_asleep = false
		:: else
		fi
	:: else
	fi
}

proctype putter(byte me)
{
	bool was_asleep;

	do
	:: tail_buffer[me] == PUTS -> break
	:: else ->
#ifdef BREAK_NOTIFY_FIRST
		notify();
		tail_buffer[me]++
#else
		tail_buffer[me]++;
		notify()
#endif
	od
}

inline say_asleep(how)
{
	atomic {
		asleep_buffer = how;
		asleep_waits = true
	}
}

proctype sleeper()
{
	byte taken[PUTTERS];
	bool has_post;

	do
	:: taken[0] == PUTS && taken[1] == PUTS -> break
	:: else ->
		if
		:: atomic { taken[0] != tail[0] -> taken[0] = tail[0] }
		:: atomic { taken[1] != tail[1] -> taken[1] = tail[1] }
		:: else ->
			say_asleep(true);
#ifndef BREAK_SLEEPER_NO_BARRIER
			atomic {
				asleep = asleep_buffer;
				asleep_waits = false
			}
#endif
			has_post = false;
#ifndef BREAK_NO_SECOND_LOOK
			has_post = has_post || taken[0] != tail[0];
			has_post = has_post || taken[1] != tail[1];
#endif
#ifdef BREAK_CLEAR_LATE
			wake_fd = 0;
#endif
			if
			:: has_post
			:: else -> wake_fd > 0
			fi;
#ifndef BREAK_CLEAR_LATE
			wake_fd = 0;
#endif
			say_asleep(false)
		fi
	od
}

init {
	atomic {
		run memory();
		run putter(0);
		run putter(1);
		run sleeper()
	}
}
