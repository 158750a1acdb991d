// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What a class says of its half in the driver. docs/decisions/006-driver-half.md has the whole.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weir_device;
struct weir_element;

// A table that the element's program reads: an array map of the program, by name.
struct weir_share {
	const char *map;
	void *data;	   // n values, one after the other
	size_t value_size; // bytes; of what is live: a multiple of 8
	uint32_t n;
	// live: data is a piece of memory in whole pages that is the map's from then on, so both
	// halves read the same bytes. Workers may write there, so it is taken over while they stand
	// at a safe point. Otherwise it is copied once. Elements that share the same piece have one
	// map: of the same data, size and number of moves.
	bool live;
	unsigned moves; // of a live one: another number when other memory lies at `data`
	// Of the map that a live one is already (weir/persist.h), which may have more values than
	// n; 0 or less: of none, and one is made.
	int fd;
};

enum { WEIR_SHARES = 8 };

// Filled in by a class's `driver` function. What it points to stays the class's, and must stay as
// it is until the programs are loaded.
struct weir_front_args {
	bool planning; // only whether; nothing on the system is open yet. Set by the caller
	// struct NAME as the program has it. Set by the caller to the element's own.
	const void *self;
	size_t size;
	struct weir_share share[WEIR_SHARES];
	unsigned n_share;
	// What of its packets the program hands to userspace, where the element goes on with them:
	// "packets with IP options". NULL: none.
	const char *hands;
	// For now these are all of its packets, for the reason in why. It is asked again when
	// interfaces change.
	bool hands_all;
	struct weir_device *device; // of FromDevice: the interface whose packets it emits
	char why[160];		    // why not: lower case, no full stop
};

// Says in a->why why an element with these arguments stays in userspace. Returns -ENOTSUP, for
// `return weir_front_refuse(...)`.
int weir_front_refuse(struct weir_front_args *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

// The thread that alone changes the memory that an element shares, if there is one, loads the
// program before weir_front_moved puts it into place, so that workers need not wait for that: with
// what `driver` says here, and with new maps in the place of the memory. The thread changes nothing
// there until the other has returned. Where this fails, the other loads.
void weir_front_prepare(const struct weir_element *e);

// The memory that an element shares with its program lies elsewhere now, or there is more of it:
// the program is loaded anew with what `driver` says then, with new maps for what changed. Until
// this returns the program reads what was shared before; if it cannot be loaded, packets go on in
// userspace. To be called for each element that shares the memory. Does nothing while the element
// has no program. By control, at a safe point.
void weir_front_moved(const struct weir_element *e);
