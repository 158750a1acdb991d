// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// A router whose process is gone, put together again from what is pinned of it, for those who read.
// What pins do not tell is written down when it is kept: its configuration, which connections lead
// from program to program, and when it began.

#include "front.h"

#include <stdio.h>

// folders: of elements beside weir's own; ended by NULL; NULL: none. 0 or -errno.
int front_kept_write(const struct weir_front *f, const char *file, const char *const *folders);

struct kept {
	FILE *file; // at the first line about the programs
	char *config;
	const char **folders; // ended by NULL
	uint64_t since;	      // s
};
// 0 or -errno; in any case to be closed.
int front_kept_open(struct kept *k, const char *file);
void front_kept_close(struct kept *k);
// The driver half that is pinned below dir, of a router built from that configuration. here: its
// interfaces are those of this network namespace. 0 or -errno.
int front_kept_half(struct weir_front **out, struct weir_plan *plan, struct weir_router *r,
		    struct kept *k, const char *dir, bool here);
