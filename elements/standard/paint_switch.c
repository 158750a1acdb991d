// SPDX-License-Identifier: BSD-2-Clause
// PaintSwitch: a packet leaves by the output that its paint annotation says, and is dropped if
// there is none; a packet painted 255 leaves by all of them.
#include "paint_switch.h"

static void copy_to(struct weir_node *n, unsigned port, struct packet *p)
{
	struct packet *copy = weir_packet_copy(n, p);
	struct weir_edge *lost;

	weir_made(n, 1, p->len);
	if (WEIR_LIKELY(copy)) {
		weir_emit(n, port, copy);
		return;
	}
	// There is no packet to lose, but the loss has to show.
	lost = weir_edge(n, WEIR_DROP + PAINT_SWITCH_NO_BUFFER);
	lost->packets++;
	lost->bytes += p->len;
}

static void paint_switch(struct weir_node *n, unsigned, struct batch *b)
{
	const struct paint_switch *self = n->self;
	unsigned n_out = n->element->n_out;

	for (unsigned i = 0; i < b->n; i++) {
		struct packet *p = b->p[i];
		unsigned port = weir_anno_u8(p, self->anno.at);

		if (WEIR_UNLIKELY(port == PAINT_SWITCH_ALL && n_out)) {
			for (port = 0; port < n_out - 1; port++)
				copy_to(n, port, p);
		}
		weir_emit(n, port < n_out ? port : WEIR_DROP + PAINT_SWITCH_NO_OUTPUT, p);
	}
	b->n = 0;
	b->bytes = 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(ANNO, paint_switch, anno, "ANNO", "annotation to look at", WEIR_POS,
		 .def = "PAINT", .max = 1),
	{},
};

static int driver(const struct weir_element *, struct weir_front_args *a)
{
	a->hands = "packets for all outputs";
	return 0;
}

WEIR_BATCH_ELEMENT(paint_switch, "PaintSwitch",
		   .purpose = "sends packets to the output of their colour", .ports = "1/-",
		   .processing = "h/h", .drops = {"no_output", "no_buffer"}, .args = args,
		   .driver = driver);
WEIR_CASES(paint_switch, {"", "ip4 paint=0", "0", "ip4 paint=0"},
	   {"", "ip4 paint=1", "1", "ip4 paint=1"},
	   {"", "ip4 paint=1 | ip4 paint=255", "1 | 0 | 1",
	    "ip4 paint=1 | ip4 paint=255 | ip4 paint=255"},
	   {"20", "ip4 anno=20:01", "1", ""});
