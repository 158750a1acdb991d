// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// Counter: counts packets and bytes, measures their rate, and calls a handler when a count is
// reached, which is that of all workers together.
#include "counter.h"

static inline unsigned counter(const struct counter *, struct counter_state *s, struct packet *p)
{
	s->count++;
	s->byte_count += weir_len(p);
	return 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(ARG, counter, count_call, "COUNT_CALL",
		 "`N HANDLER [VALUE]`: to call when N packets were counted"),
	WEIR_ARG(ARG, counter, byte_count_call, "BYTE_COUNT_CALL",
		 "`N HANDLER [VALUE]`: to call when N bytes were counted"),
	{},
};

WEIR_STATE_ELEMENT(counter, "Counter", .purpose = "counts packets and measures their rate",
		   .args = args, .handlers = counter_handlers, .configure = counter_configure,
		   .driver = counter_driver, .init = counter_init, .init_node = counter_init_node,
		   .fini_node = counter_fini_node, .fini = counter_fini);
WEIR_CASES(counter, {"", "eth ip4 udp", "0", ""});
