// SPDX-License-Identifier: BSD-2-Clause
// Shaper: lets at most RATE packets a second be pulled through it.
#include <weir/element.h>

#include "bucket.h"

struct shaper {
	uint64_t rate;
};
struct shaper_state {
	struct bucket bucket;
	struct weir_timer timer;
};

// What was not pulled can be made up for within 10 ms.
static uint64_t burst_of(uint64_t rate)
{
	return rate < 200 ? 2 : rate / 100;
}

// Ends the worker's sleep, and who pulls tries again.
static void wake(struct weir_node *, struct weir_timer *) {}

static unsigned pull(struct weir_node *n, unsigned, struct packet **v, unsigned max)
{
	const struct shaper *self = n->self;
	struct shaper_state *s = n->state;
	uint64_t tokens;
	unsigned got;

	if (s->bucket.rate != self->rate || !s->bucket.burst)
		bucket_set(&s->bucket, self->rate, burst_of(self->rate));
	if (!s->bucket.then)
		bucket_fill(&s->bucket, self->rate ? 1 : 0);
	bucket_refill(&s->bucket, weir_now(n));
	tokens = bucket_tokens(&s->bucket);
	if (!tokens) {
		uint64_t when = bucket_when(&s->bucket);

		if (self->rate && s->timer.when != when)
			weir_timer_set(&s->timer, n, when, wake);
		return 0;
	}
	got = weir_pull(n, 0, v, tokens < max ? (unsigned)tokens : max);
	bucket_take(&s->bucket, got);
	return got;
}

static void fini_node(struct weir_node *n)
{
	struct shaper_state *s = n->state;

	weir_timer_clear(&s->timer);
}

static const struct weir_arg args[] = {
	WEIR_ARG(RATE, shaper, rate, "RATE", "packets per second", WEIR_MAND),
	{},
};

static const struct weir_handler handlers[] = {
	WEIR_FIELD_RW("rate", RATE, shaper, rate, "packets per second"),
	WEIR_RESET_FIELD("reset", shaper, bucket, "forgets what could be made up for"),
	{},
};

WEIR_PLAIN_ELEMENT(shaper, "Shaper", .purpose = "limits the rate of packets that are pulled",
		   .processing = "l/l", .args = args, .handlers = handlers, .pull = pull,
		   .fini_node = fini_node, .state_size = sizeof(struct shaper_state));
