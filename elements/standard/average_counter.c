// SPDX-License-Identifier: BSD-2-Clause
// AverageCounter: counts packets, and their rate from the first one to the last. Those of the first
// IGNORE seconds do not count. The first packet is that of all workers.
#include <weir/element.h>

#include <math.h>

struct average_counter {
	uint64_t ignore; // nanoseconds
	uint64_t first;	 // when the first packet came, on any worker; 0: none yet. Atomic
};
struct average_counter_state {
	uint64_t count, byte_count;
	uint64_t first, last; // when; 0: no packet yet
};

// The first packet of this worker: was there one before it on another?
static uint64_t find_first(struct weir_node *n, uint64_t now)
{
	struct average_counter *self = n->element->self;
	uint64_t first = 0;

	return __atomic_compare_exchange_n(&self->first, &first, now, false, __ATOMIC_RELAXED,
					   __ATOMIC_RELAXED)
		       ? now
		       : first;
}

static void average_counter(struct weir_node *n, unsigned, struct batch *b)
{
	const struct average_counter *self = n->self;
	struct average_counter_state *s = n->state;
	uint64_t now = weir_now(n);

	if (!s->first)
		s->first = find_first(n, now);
	// the clock of a worker may be a round behind that of another
	if (now >= s->first + self->ignore) {
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

static int reset(struct weir_element *e, const struct weir_handler *, const char *,
		 struct weir_err *)
{
	((struct average_counter *)e->self)->first = 0;
	for (unsigned i = 0; i < e->n_nodes; i++)
		memset(e->nodes[i]->state, 0, sizeof(struct average_counter_state));
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
	WEIR_BUTTON("reset", reset, "begins again"),
	{},
};

WEIR_BATCH_ELEMENT(average_counter, "AverageCounter",
		   .purpose = "counts packets and their average rate", .args = args,
		   .handlers = handlers, .state_size = sizeof(struct average_counter_state));
