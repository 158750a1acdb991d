// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// CheckPaint: packets of another colour than COLOR leave by output 1.
#include <weir/element.h>

enum { OUT, OTHER };

struct check_paint {
	uint8_t color;
	struct weir_anno anno;
};

static inline unsigned check_paint(const struct check_paint *self, struct packet *p)
{
	return weir_anno_u8(p, self->anno.at) == self->color ? OUT : OTHER;
}

static const struct weir_arg args[] = {
	WEIR_ARG(U8, check_paint, color, "COLOR", "colour that passes", WEIR_MAND),
	WEIR_ARG(ANNO, check_paint, anno, "ANNO", "annotation to check", WEIR_POS, .def = "PAINT",
		 .max = 1),
	{},
};

static const struct weir_handler handlers[] = {
	WEIR_FIELD_RW("color", U8, check_paint, color, "colour that passes"),
	{},
};

WEIR_ELEMENT(check_paint, "CheckPaint", .purpose = "separates packets by their paint annotation",
	     .ports = "1/1-2", .processing = "a/ah", .out = {"out", "other"}, .args = args,
	     .handlers = handlers);
WEIR_CASES(check_paint, {"3", "ip4 paint=3", "out", ""}, {"3", "ip4 paint=4", "other", ""},
	   {"3", "ip4", "1", ""}, {"0", "ip4", "0", ""}, {"9, 21", "ip4 anno=21:09", "0", ""});
