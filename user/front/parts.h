// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What the files of this room share.

#include "front.h"
#include "front_program.h"

#include <to_user.skel.h>

enum { WHY = 512, NS_PER_MS = 1000000, DYING = 16 };

// A point where packets leave for userspace.
struct exit_point {
	const struct weir_element *element;
	unsigned input;
	struct to_user *skel; // NULL: of a router whose process is gone
	int counts_fd;
};

struct weir_front {
	struct weir_plan *plan;
	struct weir_xsk *xsk;
	struct weir_front_options opt;
	struct front_program *programs; // by element index
	struct front_program *ready;	// likewise: loaded ahead, to take their place
	struct weir_device **devices;	// of FromDevices that were switched on, by element index
	int *entry_fd;			// counters of the entry programs, for `devices`
	struct front_compile *compile;	// what is being compiled; NULL: nothing
	pid_t dying[DYING];		// compilers that were killed, whose end nobody awaits
	unsigned n_dying;
	int soon_fd; // readable: paths are to be compiled; -1: nobody listens
	bool off;    // for good: a program could not be replaced
	struct exit_point *exits;
	unsigned n_exits;
	struct front_common common;
	struct weir_beat *beat;
	int n_cpus;
	int watch_fd; // tells that interfaces changed; -1: nobody listens
	struct weir_node *watcher;
	uint64_t since; // s: when the router began, and its counters
	// As it was when the router began, by interface; NULL: it has not.
	struct weir_xsk_taken *before;
	uint64_t *sent_before;
	const char *stays; // where it is pinned; NULL: it ends with the process
};

// What an output is connected to; NULL if nothing.
const struct weir_connection *front_connection(const struct weir_element *e, unsigned port);
// Loading, and what changes programs: by control, and by the threads of those who load ahead.
void front_lock(void);
void front_unlock(void);
// Compiles the paths behind the interfaces anew, and puts each into place when it is done.
void front_compile(struct weir_front *f);
// The same for the first time. From then on the watcher compiles when it is asked to.
void front_compile_watch(struct weir_front *f);
// As front_compile, but not while the workers stand still.
void front_compile_soon(struct weir_front *f);
void front_compile_stop(struct weir_front *f);
void front_compile_close(struct weir_front *f);
// Where what belongs to the command lies; ended by NULL.
const char *const *front_own_dirs(void);
bool front_has(const struct weir_front *f, const struct weir_element *e);
// The interface of a FromDevice whose arguments allow the driver; else NULL.
struct weir_device *front_device(const struct weir_element *e);
// An element was changed: if its program's arguments would be others now, it is replaced by one
// with those. 0 or -errno; then the old one stays.
int front_changed(struct weir_front *f, const struct weir_element *e, struct weir_err *err);

// Loads its program again, for what is now. why as of front_program_load. 0, also if everything had
// to go on in userspace; or -errno, and the old one stays. Under the lock.
int front_reload(struct weir_front *f, const struct weir_element *e, char *why, size_t size);
void front_unwatch(struct weir_front *f);

// Room for what interfaces said before, zeroed. 0 or -errno.
int front_make_before(struct weir_front *f);
// Packets that ended in an element's program.
struct weir_count front_ended(const struct weir_front *f, const struct weir_element *e);
// Packets that were sent from the driver and that the interface did not take.
uint64_t front_not_taken(const struct weir_front *f, const struct weir_device *d);

// An empty one. 0 or -errno; *out is to be closed if it is not NULL.
int front_make(struct weir_front **out, struct weir_plan *plan);
int front_add_exit(struct weir_front *f, const struct exit_point *x);

// Pins the programs and tables of all elements below a folder. 0 or -errno.
int front_pin(const struct weir_front *f, const char *dir);
int front_pin_element(const struct weir_front *f, const struct weir_element *e, const char *dir);
// From here on it is pinned there, and is not switched off when it is closed.
void front_stays(struct weir_front *f, const char *dir);
