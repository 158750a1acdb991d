// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Grace periods for what somebody may still be reading without a lock. Workers are readers of
// liburcu's QSBR: each says once a loop that it holds nothing of what it read, and is no reader
// while it sleeps or stands at a safe point. Programs in the driver run to their end within an RCU
// read-side section of the kernel, for which membarrier waits. A period is one of both, one after
// the other. The kernel takes 8 to 22 ms for its part, so a thread of its own waits, and one period
// serves all that was taken away before it began.

#include <stdbool.h>
#include <stdint.h>

// Asks for a period that begins from now on; its number.
// By any thread; it takes a lock for some instructions.
uint64_t weir_grace_begin(void);
// Can this kernel tell?
bool weir_grace_works(void);
// Is that period over? Never, on a kernel that cannot tell.
bool weir_grace_over(uint64_t number);
