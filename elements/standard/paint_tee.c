// SPDX-License-Identifier: BSD-2-Clause
// PaintTee: packets of the colour COLOR are copied to output 1; all leave by output 0.
#include "paint_tee.h"

enum { OUT, COPY };
enum { NO_BUFFER };

static __attribute__((noinline)) void send_copy(struct weir_node *n, struct packet *p)
{
	struct packet *copy = weir_packet_copy(n, p);

	weir_made(n, 1, p->len);
	if (WEIR_LIKELY(copy)) {
		weir_emit(n, COPY, copy);
	} else {
		struct weir_edge *lost = weir_edge(n, WEIR_DROP + NO_BUFFER);

		lost->packets++;
		lost->bytes += p->len;
	}
}

// The copy leaves first, as in Click: ICMP redirects overtake the packet that caused them.
static void paint_tee(struct weir_node *n, unsigned, struct batch *b)
{
	const struct paint_tee self = *(const struct paint_tee *)n->self;
	const unsigned count = b->n;

	WEIR_UNROLL
	for (unsigned i = 0; i < count; i++) {
		if (WEIR_UNLIKELY(weir_anno_u8(b->p[i], self.anno.at) == self.color))
			send_copy(n, b->p[i]);
	}
}

static const struct weir_arg args[] = {
	WEIR_ARG(U8, paint_tee, color, "COLOR", "colour to copy", WEIR_MAND),
	WEIR_ARG(ANNO, paint_tee, anno, "ANNO", "annotation to check", WEIR_POS, .def = "PAINT",
		 .max = 1),
	{},
};

static const struct weir_handler handlers[] = {
	WEIR_FIELD_RW("color", U8, paint_tee, color, "colour to copy"),
	{},
};

static int driver(const struct weir_element *, struct weir_front_args *a)
{
	a->hands = "packets of its colour";
	return 0;
}

WEIR_BATCH_ELEMENT(paint_tee, "PaintTee", .purpose = "copies packets of one colour to output 1",
		   .ports = "1/2", .processing = "a/ah", .out = {"out", "copy"}, .args = args,
		   .handlers = handlers, .drops = {"no_buffer"}, .driver = driver);
WEIR_CASES(paint_tee, {"3", "ip4 udp paint=3", "1 | 0", "ip4 udp paint=3 | ip4 udp paint=3"},
	   {"3", "ip4 udp paint=2", "0", ""}, {"3, 17", "ip4 udp paint=3", "out", ""});
