// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// GetIP6Address: copies the sixteen bytes at OFFSET to the destination annotation, from where
// look-ups and IP6NDSolicitor take the address. 24 is the destination of an IPv6 header that the
// packet begins with. A packet that ends before is lost as `short`.
//
//	CheckIP6Header -> GetIP6Address(24) -> LookupIP6Route(...)
#include <weir/element.h>

enum { SHORT = WEIR_DROP };

struct get_ip6_address {
	uint32_t offset, end;
};

static inline unsigned get_ip6_address(const struct get_ip6_address *self, struct packet *p)
{
	const void *a = weir_at_end(p, self->offset, sizeof(be64[2]), self->end);

	if (WEIR_UNLIKELY(!a))
		return SHORT;
	weir_set_dst_ip6(p, a);
	return 0;
}

static int configure(struct weir_element *e, struct weir_args *)
{
	struct get_ip6_address *self = e->self;

	self->end = self->offset + (uint32_t)sizeof(be64[2]);
	return 0;
}

static const struct weir_arg get_ip6_address_args[] = {
	WEIR_ARG(U32, get_ip6_address, offset, "OFFSET", "byte at which the address begins",
		 .max = 65535, WEIR_MAND),
	{},
};

WEIR_ELEMENT(get_ip6_address, "GetIP6Address",
	     .purpose = "sets the IPv6 destination annotation from data", .drops = {"short"},
	     .args = get_ip6_address_args, .configure = configure, .reconfigures = true);

WEIR_CASES(get_ip6_address,
	   {"24", "ip6 dst=2001:db8::7 udp", "0", "ip6 dst=2001:db8::7 udp dst_ip6=2001:db8::7"},
	   {"OFFSET 22", "eth ip6 src=fe80::7", "0", "eth ip6 src=fe80::7 dst_ip6=fe80::7"},
	   {"24", "ip6 cut=39", "short", ""}, {"65535", "ip6", "short", ""});
