// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// Paint: sets the paint annotation (or another byte of the annotations) to COLOR.
#include <weir/element.h>

struct paint {
	uint8_t color;
	struct weir_anno anno;
};

static inline unsigned paint(const struct paint *self, struct packet *p)
{
	weir_set_anno_u8(p, self->anno.at, self->color);
	return 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(U8, paint, color, "COLOR", "value to set", WEIR_MAND),
	WEIR_ARG(ANNO, paint, anno, "ANNO", "annotation to set", WEIR_POS, .def = "PAINT",
		 .max = 1),
	{},
};

static const struct weir_handler handlers[] = {
	WEIR_FIELD_RW("color", U8, paint, color, "value to set"),
	{},
};

WEIR_ELEMENT(paint, "Paint", .purpose = "sets the paint annotation", .args = args,
	     .handlers = handlers);
WEIR_CASES(paint, {"3", "ip4", "0", "ip4 paint=3"}, {"0x20", "ip4 paint=3", "0", "ip4 paint=32"},
	   {"7, 20", "ip4 paint=1", "0", "ip4 paint=1 anno=20:07"},
	   {"COLOR 1, ANNO PAINT", "cut=0", "0", "cut=0 paint=1"});
