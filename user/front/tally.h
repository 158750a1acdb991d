// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What the elements of a router without a process counted. Programs do not count all: how the rest
// follows from it is written down when the router is kept, an element on a line.

#include "parts.h"

// 0 or -errno.
int front_tally_write(const struct weir_front *f, const char *file);
// Calls fn for each element, with the packets that came to it. dir: where it is pinned.
int front_tally_read(const char *file, const char *dir,
		     void (*fn)(void *arg, const char *name, const char *class_name,
				uint64_t packets),
		     void *arg);
