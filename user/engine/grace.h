// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Grace periods for what programs in the driver may still be reading: they hold no lock, but run
// to their end within an RCU read-side section. Waiting for one takes the kernel 8 to 22 ms, so a
// thread of its own does, and one period serves all that was taken away before it began.

#include <stdbool.h>
#include <stdint.h>

// Asks for a period that begins from now on; its number.
// owner: control.
uint64_t weir_grace_begin(void);
// Can this kernel tell?
bool weir_grace_works(void);
// Is that period over? Never, on a kernel that cannot tell.
bool weir_grace_over(uint64_t number);
