// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Arrays in pages of their own, on huge pages when they are large enough.

#include <stdbool.h>
#include <stddef.h>

// owner: control. Zero-initialised is empty. `bytes` is what is mapped, at least what was asked.
struct weir_area {
	void *at;
	size_t bytes;
};

// Makes the area at least `bytes` long; what it held is copied to its new place and the rest is
// zero. reserved: may take pages from the machine's pool of reserved huge pages. 0, or -ENOMEM
// and nothing changed.
int weir_area_grow(struct weir_area *a, size_t bytes, bool reserved);
void weir_area_free(struct weir_area *a);
