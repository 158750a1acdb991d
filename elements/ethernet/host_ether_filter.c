// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// HostEtherFilter: passes frames addressed to ETHER, to all or to a group, sets their packet type,
// and sends the rest to `other` (DROP_OTHER false passes them as well). With DROP_OWN frames from
// ETHER go to `other` too.
//
//	FromDevice(eth0) -> HostEtherFilter(2:0:0:0:0:1) -> ...
#include <weir/element.h>

enum { OUT, OTHER, SHORT = WEIR_DROP };

struct host_ether_filter {
	uint8_t addr[6];
	bool drop_own, drop_other;
	uint32_t offset;
};

static inline bool equal(const uint8_t *a, const uint8_t *b)
{
	uint32_t a4, b4;
	uint16_t a2, b2;

	__builtin_memcpy(&a4, a, 4);
	__builtin_memcpy(&b4, b, 4);
	__builtin_memcpy(&a2, a + 4, 2);
	__builtin_memcpy(&b2, b + 4, 2);
	return a4 == b4 && a2 == b2;
}

static inline unsigned host_ether_filter(const struct host_ether_filter *self, struct packet *p)
{
	static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const struct eth *eth = weir_at(p, self->offset, sizeof(*eth));

	if (WEIR_UNLIKELY(!eth))
		return SHORT;
	if (self->drop_own && equal(eth->src, self->addr))
		return OTHER;
	if (equal(eth->dst, self->addr)) {
		weir_set_type(p, WEIR_HOST);
	} else if (equal(eth->dst, all)) {
		weir_set_type(p, WEIR_BROADCAST);
	} else if (eth->dst[0] & 1) {
		weir_set_type(p, WEIR_MULTICAST);
	} else {
		weir_set_type(p, WEIR_OTHERHOST);
		return self->drop_other ? OTHER : OUT;
	}
	return OUT;
}

static const struct weir_arg host_ether_filter_args[] = {
	WEIR_ARG(ETHER, host_ether_filter, addr, "ETHER", "address of this host", WEIR_MAND),
	WEIR_ARG(BOOL, host_ether_filter, drop_own, "DROP_OWN", "also frames from this host",
		 WEIR_POS, .def = "false"),
	WEIR_ARG(BOOL, host_ether_filter, drop_other, "DROP_OTHER", "frames to other hosts",
		 WEIR_POS, .def = "true"),
	WEIR_ARG(U32, host_ether_filter, offset, "OFFSET",
		 "byte at which the Ethernet header begins"),
	{},
};

WEIR_ELEMENT(host_ether_filter, "HostEtherFilter", .purpose = "drops frames for other hosts",
	     .ports = "1/1-2", .processing = "a/ah", .out = {"out", "other"}, .drops = {"short"},
	     .args = host_ether_filter_args, .reconfigures = true);

WEIR_CASES(host_ether_filter,
	   {"2:0:0:0:0:2", "eth dst=2:0:0:0:0:2 ip4", "out", "eth dst=2:0:0:0:0:2 ip4 type=host"},
	   {"2:0:0:0:0:2", "eth dst=2:0:0:0:0:3 ip4", "other",
	    "eth dst=2:0:0:0:0:3 ip4 type=otherhost"},
	   {"2:0:0:0:0:2, DROP_OTHER false", "eth dst=2:0:0:0:0:3 ip4", "out",
	    "eth dst=2:0:0:0:0:3 ip4 type=otherhost"},
	   {"2:0:0:0:0:2", "eth dst=ff:ff:ff:ff:ff:ff ip4", "out",
	    "eth dst=ff:ff:ff:ff:ff:ff ip4 type=broadcast"},
	   {"2:0:0:0:0:2", "eth dst=1:0:5e:0:0:1 ip4", "out",
	    "eth dst=1:0:5e:0:0:1 ip4 type=multicast"},
	   {"2:0:0:0:0:1, DROP_OWN true", "eth src=2:0:0:0:0:1 ip4", "other", ""},
	   {"2:0:0:0:0:1", "eth cut=13", "short", ""});
