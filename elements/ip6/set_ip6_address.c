// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// SetIP6Address: sets the destination annotation to a fixed address, for example the gateway of a
// link behind which all next hops lie.
//
//	SetIP6Address(fe80::1) -> IP6NDSolicitor(...)
#include <weir/element.h>
#include <weir/ip6.h>

struct set_ip6_address {
	struct weir_ip6 addr;
};

static inline unsigned set_ip6_address(const struct set_ip6_address *self, struct packet *p)
{
	be64 bytes[2];

	weir_ip6_write(bytes, self->addr);
	weir_set_dst_ip6(p, bytes);
	return 0;
}

static const struct weir_arg set_ip6_address_args[] = {
	WEIR_ARG(IP6, set_ip6_address, addr, "IP6", "address", WEIR_MAND),
	{},
};

WEIR_ELEMENT(set_ip6_address, "SetIP6Address", .purpose = "sets the IPv6 destination annotation",
	     .args = set_ip6_address_args, .reconfigures = true);

WEIR_CASES(set_ip6_address, {"fe80::7:1", "ip6 udp", "0", "ip6 udp dst_ip6=fe80::7:1"});
