// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// CheckLength: packets longer than LENGTH leave by output 1.
#include <weir/element.h>

enum { OUT, LONGER };

struct check_length {
	uint32_t length;
	bool extra;
};

static inline unsigned check_length(const struct check_length *self, struct packet *p)
{
	uint64_t len = weir_len(p);

	if (self->extra)
		len += weir_anno_u32(p, ANNO_EXTRA_LENGTH);
	return len > self->length ? LONGER : OUT;
}

static const struct weir_arg args[] = {
	WEIR_ARG(U32, check_length, length, "LENGTH", "longest packet that passes", WEIR_MAND),
	WEIR_ARG(BOOL, check_length, extra, "EXTRA_LENGTH",
		 "add the extra length annotation to the length"),
	{},
};

static const struct weir_handler handlers[] = {
	WEIR_FIELD_RW("length", U32, check_length, length, "longest packet that passes"),
	{},
};

WEIR_ELEMENT(check_length, "CheckLength", .purpose = "separates packets that are too long",
	     .ports = "1/1-2", .processing = "a/ah", .out = {"out", "longer"}, .args = args,
	     .handlers = handlers);
WEIR_CASES(check_length, {"28", "ip4 udp", "0", ""}, {"27", "ip4 udp", "longer", ""},
	   {"28, EXTRA_LENGTH true", "ip4 udp extra_length=1", "1", ""},
	   {"28", "ip4 udp extra_length=1", "0", ""}, {"0", "cut=0", "0", ""});
