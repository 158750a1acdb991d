// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// Truncate: cuts what is longer than LENGTH. What was cut is added to the extra length annotation
// if EXTRA_ANNO says so.
#include <weir/element.h>

struct truncate {
	uint32_t length;
	bool extra;
};

static inline unsigned truncate(const struct truncate *self, struct packet *p)
{
	uint32_t len = weir_len(p);

	if (len > self->length) {
		if (self->extra)
			weir_set_anno_u32(p, ANNO_EXTRA_LENGTH,
					  weir_anno_u32(p, ANNO_EXTRA_LENGTH) + len - self->length);
		weir_truncate(p, self->length);
	}
	return 0;
}

static int driver(const struct weir_element *e, struct weir_front_args *a)
{
	const struct truncate *self = e->self;

	return self->length < sizeof(struct eth)
		       ? weir_front_refuse(a, "packets in the driver have at least %zu bytes",
					   sizeof(struct eth))
		       : 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(U32, truncate, length, "LENGTH", "longest packet", WEIR_MAND),
	WEIR_ARG(BOOL, truncate, extra, "EXTRA_ANNO",
		 "add what is cut to the extra length annotation"),
	{},
};

WEIR_ELEMENT(truncate, "Truncate", .purpose = "cuts packets that are too long", .args = args,
	     .driver = driver, .resizes = true);
WEIR_CASES(truncate, {"20", "ip4 udp", "0", "ip4 udp cut=20"},
	   {"19", "ip4 udp", "0", "ip4 udp cut=19 network=none transport=none"},
	   {"28", "ip4 udp", "0", ""}, {"0", "ip4", "0", "cut=0"},
	   {"20, EXTRA_ANNO true", "ip4 udp extra_length=5", "0", "ip4 udp cut=20 extra_length=13"},
	   {"20", "ip4 udp extra_length=5", "0", "ip4 udp cut=20 extra_length=5"});
