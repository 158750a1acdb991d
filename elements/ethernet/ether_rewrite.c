// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// EtherRewrite: replaces both addresses of the Ethernet header with which the packet begins. A
// packet of less than 14 bytes is lost as `short`.
//
//	EtherRewrite(1:1:1:1:1:1, 2:2:2:2:2:2) -> ToDevice(eth0);
#include <weir/element.h>

enum { SHORT = WEIR_DROP };

struct ether_rewrite {
	struct {
		uint8_t dst[6], src[6]; // as in a header
	} addr;
};

static inline unsigned ether_rewrite(const struct ether_rewrite *self, struct packet *p)
{
	struct eth *eth = weir_at(p, 0, sizeof(*eth));

	if (WEIR_UNLIKELY(!eth))
		return SHORT;
	__builtin_memcpy(eth, &self->addr, sizeof(self->addr));
	return 0;
}

static const struct weir_arg ether_rewrite_args[] = {
	WEIR_ARG(ETHER, ether_rewrite, addr.src, "SRC", "source address", WEIR_MAND),
	WEIR_ARG(ETHER, ether_rewrite, addr.dst, "DST", "destination address", WEIR_MAND),
	{},
};
static const struct weir_handler ether_rewrite_handlers[] = {
	WEIR_FIELD_RW("src", ETHER, ether_rewrite, addr.src, "source address"),
	WEIR_FIELD_RW("dst", ETHER, ether_rewrite, addr.dst, "destination address"),
	{},
};

WEIR_ELEMENT(ether_rewrite, "EtherRewrite", .purpose = "replaces the Ethernet addresses",
	     .drops = {"short"}, .args = ether_rewrite_args, .handlers = ether_rewrite_handlers,
	     .reconfigures = true);

WEIR_CASES(ether_rewrite,
	   {"1:1:1:1:1:1, 2:2:2:2:2:2", "eth ip4 udp", "0",
	    "eth src=1:1:1:1:1:1 dst=2:2:2:2:2:2 ip4 udp"},
	   {"1:1:1:1:1:1, 2:2:2:2:2:2", "eth cut=13", "short", ""});
