// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// What the look-up elements and their programs in the driver agree on.

#include <abi/fib.h>
#include <abi/hdr.h>

// Where packets go. As one word, so that one load gets both.
struct ip_hop {
	be32 gw;    // 0: the destination itself
	__u32 port; // output; IP_NO_ROUTE for pair 0
};
_Static_assert(sizeof(struct ip_hop) == sizeof(__u64), "read at once");

// Arguments of the program. Beside the maps of the table it has `hops`, an array of ip_hop.
struct ip_front {
	struct weir_fib4_form fib;
	__u32 n_hops; // what the map has room for
};
