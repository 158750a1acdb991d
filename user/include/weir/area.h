// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Arrays in pages of their own, on huge pages when they are large enough. Whole pages, so that the
// memory of a map for the driver can take their place.

#include <stdbool.h>
#include <stddef.h>

// owner: control. Zero-initialised is empty. `bytes` is what is mapped, at least what was asked.
struct weir_area {
	void *at;
	size_t bytes;
	size_t room; // addresses set aside, within which it grows where it is; 0: it moves
};

// Sets addresses aside for an area that is empty; they cost no memory. 0 or -ENOMEM.
int weir_area_reserve(struct weir_area *a, size_t room);
// Makes the area at least `bytes` long; what it held is kept (copied to its new place, unless room
// was set aside) and the rest is zero. reserved: may take pages from the machine's pool of reserved
// huge pages. 0, or -ENOMEM and nothing changed.
int weir_area_grow(struct weir_area *a, size_t bytes, bool reserved);
void weir_area_free(struct weir_area *a);
