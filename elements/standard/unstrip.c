// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// Unstrip: gives LENGTH bytes back to the front: those that Strip took, if it did.
#include <weir/element.h>

enum { NO_ROOM };

struct unstrip {
	uint32_t length;
};

static inline unsigned unstrip(const struct unstrip *self, struct packet *p)
{
	return weir_push_front(p, self->length) ? 0 : WEIR_DROP + NO_ROOM;
}

static const struct weir_arg args[] = {
	WEIR_ARG(U32, unstrip, length, "LENGTH", "bytes to give back", WEIR_MAND, .max = 65535),
	{},
};

static int configure(struct weir_element *e, struct weir_args *)
{
	e->len_delta = (int32_t)((struct unstrip *)e->self)->length;
	return 0;
}

WEIR_ELEMENT(unstrip, "Unstrip", .purpose = "gives stripped bytes back to packets", .args = args,
	     .drops = {"no_room"}, .reconfigures = true, .configure = configure);
WEIR_CASES(unstrip, {"14", "eth ip4 udp strip=14", "0", "eth ip4 udp network=14"},
	   {"0", "ip4", "0", ""}, {"10000", "ip4", "no_room", ""});
