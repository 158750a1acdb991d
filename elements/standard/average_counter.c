// SPDX-License-Identifier: BSD-2-Clause
// AverageCounter: counts packets, and their rate from the first one to the last. Those of the first
// IGNORE seconds do not count.
#include <weir/element.h>

#include <math.h>

struct average_counter {
	uint64_t ignore; // nanoseconds
};
struct average_counter_state {
	uint64_t count, byte_count;
	uint64_t first, last; // when; 0: no packet yet
};

static void average_counter(struct weir_node *n, unsigned, struct batch *b)
{
	const struct average_counter *self = n->self;
	struct average_counter_state *s = n->state;
	uint64_t now = weir_now(n);

	if (!s->first)
		s->first = now;
	if (now - s->first >= self->ignore) {
		s->count += b->n;
		s->byte_count += b->bytes;
	}
	s->last = now;
}

enum { RATE, BYTE_RATE };

static int read_rate(struct weir_element *e, const struct weir_handler *h, const char *,
		     struct weir_buf *out, struct weir_err *)
{
	const struct average_counter *self = e->self;
	uint64_t first = UINT64_MAX, last = 0, count = 0;
	double seconds;

	for (unsigned i = 0; i < e->n_nodes; i++) {
		const struct average_counter_state *s = e->nodes[i]->state;

		if (s->first && s->first < first)
			first = s->first;
		if (s->last > last)
			last = s->last;
		count += h->user == RATE ? s->count : s->byte_count;
	}
	seconds = last > first ? (double)(last - first) / 1e9 - (double)self->ignore / 1e9 : 0;
	if (seconds < 0.001)
		seconds = 0.001; // a burst
	weir_printf(out, "%.10g", round((double)count / seconds * 1000) / 1000);
	return 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(SECONDS, average_counter, ignore, "IGNORE", "time during which nothing is counted",
		 WEIR_POS),
	{},
};

static const struct weir_handler handlers[] = {
	WEIR_SUM("count", average_counter, count, "packets counted"),
	WEIR_SUM("byte_count", average_counter, byte_count, "bytes counted"),
	WEIR_READ("rate", read_rate, "packets per second", .user = RATE),
	WEIR_READ("byte_rate", read_rate, "bytes per second", .user = BYTE_RATE),
	WEIR_RESET("reset", "begins again"),
	{},
};

WEIR_BATCH_ELEMENT(average_counter, "AverageCounter",
		   .purpose = "counts packets and their average rate", .args = args,
		   .handlers = handlers, .state_size = sizeof(struct average_counter_state));
