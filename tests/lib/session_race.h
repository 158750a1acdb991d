// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Workers that make and end sessions, some with the same keys, while others find them. What is
// found must be the session of that key as long as it is in somebody's hands.

#include <stdbool.h>
#include <stdint.h>

struct session_race {
	uint64_t lookups, found, made, ended, refused;
	uint64_t wrong; // what was found was another session, or became one
	uint32_t left;	// keys in the index after all sessions ended
};

enum { SESSION_RACE_READERS = 2, SESSION_RACE_WRITERS = 2 };

// False: no memory or no threads.
bool session_race(struct session_race *r, unsigned ms);
