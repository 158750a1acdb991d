// SPDX-License-Identifier: BSD-2-Clause
// SetTimestamp: sets the timestamp to TIMESTAMP, or to the present. With FIRST it is the first
// timestamp annotation that is set.
#include <weir/element.h>

struct set_timestamp {
	uint64_t time;
	bool given, first;
};

static void set_timestamp(struct weir_node *n, unsigned, struct batch *b)
{
	const struct set_timestamp *self = n->self;
	uint64_t t = self->given ? self->time : weir_wall(n);

	for (unsigned i = 0; i < b->n; i++) {
		if (self->first)
			memcpy(b->p[i]->anno + ANNO_FIRST_TIMESTAMP, &t, sizeof(t));
		else
			b->p[i]->tstamp = t;
	}
}

static const struct weir_arg args[] = {
	WEIR_ARG(SECONDS, set_timestamp, time, "TIMESTAMP", "seconds since 1970; default: now",
		 WEIR_POS, .given = offsetof(struct set_timestamp, given)),
	WEIR_ARG(BOOL, set_timestamp, first, "FIRST", "set the first timestamp annotation instead"),
	{},
};

WEIR_BATCH_ELEMENT(set_timestamp, "SetTimestamp", .purpose = "sets the timestamp of packets",
		   .args = args);
WEIR_CASES(set_timestamp, {"1.5", "ip4", "0", "ip4 time=1.5"},
	   {"1.5", "ip4 time=9", "0", "ip4 time=1.5"},
	   {"0.000000258, FIRST true", "ip4 time=9", "0", "ip4 time=9 anno=32:0201"});
