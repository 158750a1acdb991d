// SPDX-License-Identifier: BSD-2-Clause
// Idle: neither makes nor lets through any packet; those pushed to it end here.
#include <weir/element.h>

struct idle {
};

static void idle(struct weir_node *n, unsigned, struct batch *b)
{
	weir_end(n, b->p, b->n);
	b->n = 0;
}

static unsigned pull(struct weir_node *, unsigned, struct packet **, unsigned)
{
	return 0;
}

WEIR_BATCH_ELEMENT(idle, "Idle", .purpose = "is silent, and swallows what it is given",
		   .ports = "-/-", .processing = "a/a", .flow = "x/y", .pull = pull,
		   .is_sink = true);
