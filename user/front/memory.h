// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Memory of elements that outlives the process (weir/persist.h): array maps below the pins of a
// router, ELEMENT/kept/NAME. Behind the values of each stands a label that says what it is.

#include <weir/persist.h>

// What a router has of it. owner: control. Zero-initialised is empty.
struct front_memory {
	struct front_memory_map *maps; // a list
};

// What is pinned below dir is taken; else, with `keep`, there is a new map, which has no name yet.
// As weir_memory_fn.
int front_memory_open(struct front_memory *m, const char *dir, bool keep, struct weir_persist *k,
		      const struct weir_element *e, const char *name, uint32_t version,
		      struct weir_err *err);
// Gives all of it names below dir. 0 or -errno.
int front_memory_pin(const struct front_memory *m, const char *dir);
// Without the names; whoever has it mapped keeps it.
void front_memory_close(struct front_memory *m);
