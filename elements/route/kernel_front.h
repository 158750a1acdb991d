// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// What the look-ups of the kernel's routes and their programs in the driver agree on.

#include <abi/fib.h>
#include <abi/fib6.h>
#include <abi/hop.h>

// Arguments of the programs, of which one reads fib and the other fib6. Beside the maps of the
// table they have `hops` (struct weir_hop) and `buckets` (numbers of hops).
struct kernel_front {
	struct weir_fib4_form fib;
	struct weir_fib6_form fib6;
	__u32 n_hops, n_buckets; // what the maps have room for
};
