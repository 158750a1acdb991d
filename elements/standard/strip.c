// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// Strip: takes LENGTH bytes from the front. A packet that has fewer is lost.
#include <weir/element.h>

enum { SHORT };

struct strip {
	uint32_t length;
};

static inline unsigned strip(const struct strip *self, struct packet *p)
{
	return weir_pull_front(p, self->length) ? 0 : WEIR_DROP + SHORT;
}

static const struct weir_arg args[] = {
	WEIR_ARG(U32, strip, length, "LENGTH", "bytes to take", WEIR_MAND, .max = 65535),
	{},
};

static int configure(struct weir_element *e, struct weir_args *)
{
	e->len_delta = -(int32_t)((struct strip *)e->self)->length;
	return 0;
}

WEIR_ELEMENT(strip, "Strip", .purpose = "takes bytes from the front of packets", .args = args,
	     .drops = {"short"}, .reconfigures = true, .configure = configure);
WEIR_CASES(strip, {"14", "eth ip4 udp", "0", "ip4 udp network=0 mac=-14"},
	   {"0", "eth ip4", "0", ""}, {"4", "hex=01020304", "0", "cut=0"},
	   {"5", "hex=01020304", "short", ""});
