// SPDX-License-Identifier: BSD-2-Clause
// StaticIPLookup(ADDR/MASK [GATEWAY] OUTPUT, …): finds the longest prefix that holds the
// destination annotation; where the route has a gateway, the annotation becomes that; the packet
// leaves by the output of the route. Without a route it is lost as `no-route`.
//
// All look-up elements (Click's StaticIPLookup, LinearIPLookup, RadixIPLookup, DirectIPLookup,
// RangeIPLookup, and LookupIPRoute of old configurations) are one table in weir: a trie of under
// 1 MB when it is small, two memory accesses at most when it is large. The names are kept, and each
// has all handlers.
//
//	rt :: StaticIPLookup(18.26.4.24/32 0, 18.26.4.0/24 1, 0.0.0.0/0 18.26.4.1 1)
#include "ip_table.h"

IP_TABLE_ELEMENT(static_ip_lookup, "StaticIPLookup",
		 .purpose = "looks up the next hop of an IP packet");

IP_TABLE_CASES(static_ip_lookup);
