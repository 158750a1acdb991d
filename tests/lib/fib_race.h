// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Readers of an IPv4 table while one thread changes it: routes of all lengths that come and go, and
// so many others that the table changes its form. A reader knows which answers an address may have.

#include <stdbool.h>
#include <stdint.h>

struct fib_race {
	uint64_t lookups, changes;
	uint64_t wrong; // answers that were never right
	unsigned moves; // of the table
};

enum { FIB_RACE_READERS = 2 };

// False: no memory or no threads.
bool fib_race(struct fib_race *r, unsigned ms);
