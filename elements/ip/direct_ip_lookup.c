// SPDX-License-Identifier: BSD-2-Clause
// DirectIPLookup(ADDR/MASK [GATEWAY] OUTPUT, …): the same as StaticIPLookup.
//
//	rt :: DirectIPLookup(18.26.4.24/32 0, 0.0.0.0/0 18.26.4.1 1)
#include "ip_table.h"

IP_TABLE_ELEMENT(direct_ip_lookup, "DirectIPLookup",
		 .purpose = "looks up the next hop of an IP packet");

IP_TABLE_CASES(direct_ip_lookup);
