// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What the graphs of the stress program have beside weir's own elements.

#include <stdbool.h>
#include <stdint.h>

// Packets that overtook one of their flow, seen by any InOrder since the program started.
uint64_t stress_overtaken(void);
// Packets that any InOrder has seen.
uint64_t stress_in_order(void);
// Forgets both, and what the flows had. No router is open.
void stress_order_begin(void);

// Is a queue that several threads push to one queue?
bool stress_fifo(void);

// The kernel tells the router's KernelNeighbors `n`, if there is one, of neighbours that flap.
struct weir_router;
void stress_neighbors_begin(struct weir_router *r);
void stress_neighbors_end(void);
