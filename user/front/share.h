// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Memory of elements that is a map's: one map for each piece, whoever shares it. So elements that
// look into one table have one map, and what control writes is seen by all of their programs.

#include <weir/front.h>

struct front_share {
	struct weir_share what; // as the first who shared it said
	int fd;			// of the map, our own
	unsigned users;		// programs
	bool mapped;		// the map stands in the place of the memory
	struct front_share *next;
};

// Is the piece a map already, whose fd it says?
static inline bool front_share_is_map(const struct weir_share *s)
{
	return s->live && s->fd > 0;
}

// The map of that piece; NULL: there is none yet. A piece that moved is another.
struct front_share *front_share_find(struct front_share *all, const struct weir_share *s);
// A user more of a piece, of which fd is the map if it is new; NULL without memory or descriptors.
struct front_share *front_share_use(struct front_share **all, const struct weir_share *s, int fd);
// A user less; the last one gives the map back. The memory stays what it is.
void front_share_leave(struct front_share **all, struct front_share *s);
// Puts the map in the place of the memory, with what was there, unless it stands there already.
// Nobody writes to it meanwhile. 0 or -errno.
int front_share_map(struct front_share *s);
