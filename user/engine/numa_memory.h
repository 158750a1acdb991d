// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Memory on a NUMA node.

#include <stdbool.h>
#include <stddef.h>

// Pages that are not there yet will be taken from the node: `only` from there, else from another if
// it has none left. Where the node cannot be named (it has no memory, or this process may not have
// it) nothing is asked for.
void weir_numa_bind(void *mem, size_t size, unsigned node, bool only);

// How many pages of the step's size are on another node. Pages that nobody touched count as there.
size_t weir_numa_elsewhere(const void *mem, size_t size, size_t step, unsigned node);
