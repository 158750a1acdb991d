// SPDX-License-Identifier: BSD-2-Clause
// LookupIPRoute(ADDR/MASK [GATEWAY] OUTPUT, …): the name that StaticIPLookup had in the first
// versions of Click and in its papers; the same as StaticIPLookup.
//
//	rt :: LookupIPRoute(18.26.4.24/32 0, 0.0.0.0/0 18.26.4.1 1)
#include "ip_table.h"

IP_TABLE_ELEMENT(lookup_ip_route, "LookupIPRoute",
		 .purpose = "looks up the next hop of an IP packet");

IP_TABLE_CASES(lookup_ip_route);
