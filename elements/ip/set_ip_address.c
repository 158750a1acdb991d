// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// SetIPAddress: sets the destination annotation (or another one) to a fixed address, for example
// the gateway of a link behind which all next hops lie.
//
//	SetIPAddress(10.0.0.1) -> ARPQuerier(...)
#include <weir/element.h>

struct set_ip_address {
	be32 addr;
	struct weir_anno anno;
};

static inline unsigned set_ip_address(const struct set_ip_address *self, struct packet *p)
{
	weir_set_anno_u32(p, self->anno.at, self->addr.be);
	return 0;
}

static const struct weir_arg set_ip_address_args[] = {
	WEIR_ARG(IP4, set_ip_address, addr, "IPADDR", "address", WEIR_MAND),
	WEIR_ARG(ANNO, set_ip_address, anno, "ANNO", "annotation to set", .def = "DST_IP",
		 .max = 4),
	{},
};

WEIR_ELEMENT(set_ip_address, "SetIPAddress", .purpose = "sets the destination annotation",
	     .args = set_ip_address_args, .reconfigures = true);

WEIR_CASES(set_ip_address, {"10.7.7.7", "ip4 udp", "0", "ip4 udp dst_ip=10.7.7.7"});
