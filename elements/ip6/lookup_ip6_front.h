// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// What LookupIP6Route and its program in the driver agree on.

#include <abi/fib6.h>
#include <abi/hdr.h>

// Where packets go. Does not change once a route has its number.
struct ip6_hop {
	__u8 gw[16]; // as in headers; zeros: the destination itself
	__u32 port;  // output; IP6_NO_ROUTE for hop 0
	__u32 pad[3];
};
_Static_assert(sizeof(struct ip6_hop) == 32, "two to a cache line");

// Arguments of the program. Beside the map of the table it has `hops6`, an array of ip6_hop.
struct lookup_ip6_front {
	struct weir_fib6_form fib;
	__u32 n_hops; // what the map has room for
};
