// SPDX-License-Identifier: BSD-2-Clause
// RatedSource: makes RATE packets a second.
#include "bucket.h"
#include "source.h"

struct rated_source {
	struct source src;
	uint64_t rate;	    // packets a second
	uint64_t bandwidth; // bytes a second; 0: see rate
};

struct rated_source_state {
	struct source_state src;
	struct bucket bucket;
};

// A source that was held up may catch up with 10 ms worth of packets.
static uint64_t burst_of(uint64_t rate)
{
	return rate < 200 ? 2 : rate / 100;
}

static unsigned make(struct weir_node *n, struct packet **v, unsigned max)
{
	const struct rated_source *self = n->self;
	struct rated_source_state *s = n->state;
	uint64_t tokens;
	unsigned got;

	if (s->bucket.rate != self->rate)
		bucket_set(&s->bucket, self->rate, burst_of(self->rate));
	bucket_refill(&s->bucket, weir_now(n));
	tokens = bucket_tokens(&s->bucket);
	if (max > WEIR_BATCH_MAX)
		max = WEIR_BATCH_MAX;
	got = source_make(n, v, tokens < max ? (unsigned)tokens : max);
	bucket_take(&s->bucket, got);
	if (!got && !source_at_end(n))
		weir_sleep_until(n, bucket_when(&s->bucket));
	return got;
}

static bool task(struct weir_node *n, unsigned burst)
{
	struct packet *v[WEIR_BATCH_MAX];
	unsigned got;

	if (weir_out_is_pull(n->element, 0)) {
		weir_sleep_until(n, UINT64_MAX);
		return false;
	}
	got = make(n, v, burst);
	weir_start(n, 0, v, got);
	return got;
}

static unsigned pull(struct weir_node *n, unsigned, struct packet **v, unsigned max)
{
	unsigned got = make(n, v, max);

	weir_made(n, got, (uint64_t)got * ((const struct source *)n->self)->body.len);
	return got;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct rated_source *self = e->self;
	int r = source_configure(e, a);

	if (r == 0 && self->bandwidth && self->src.body.len)
		self->rate = self->bandwidth / self->src.body.len;
	return r;
}

// The first packet leaves at once.
static int init_node(struct weir_node *n, struct weir_err *)
{
	const struct rated_source *self = n->self;
	struct rated_source_state *s = n->state;

	bucket_set(&s->bucket, self->rate, burst_of(self->rate));
	bucket_fill(&s->bucket, 1);
	return 0;
}

static int write_rate(struct weir_element *e, const struct weir_handler *, const char *value,
		      struct weir_err *err)
{
	int r = weir_parse(e, WEIR_T_RATE, value, "rate", &((struct rated_source *)e->self)->rate,
			   err);

	for (unsigned i = 0; i < e->n_nodes; i++)
		weir_wake(e->nodes[i]);
	return r;
}

static int read_rate(struct weir_element *e, const struct weir_handler *, const char *,
		     struct weir_buf *out, struct weir_err *)
{
	weir_printf(out, "%llu", (unsigned long long)((const struct rated_source *)e->self)->rate);
	return 0;
}

static const struct weir_arg args[] = {
	SOURCE_ARG_DATA(rated_source),
	WEIR_ARG(RATE, rated_source, rate, "RATE", "packets per second", WEIR_POS, .def = "10"),
	SOURCE_ARG_LIMIT(rated_source, WEIR_POSITIONAL),
	SOURCE_ARG_ACTIVE(rated_source, WEIR_POSITIONAL),
	WEIR_ARG(BANDWIDTH, rated_source, bandwidth, "BANDWIDTH",
		 "bandwidth instead of the rate in packets"),
	SOURCE_KEYWORDS(rated_source),
	{},
};

static const struct weir_handler handlers[] = {
	SOURCE_HANDLERS(rated_source),
	WEIR_READ_WRITE("rate", read_rate, write_rate, "packets per second"),
	{},
};

WEIR_PLAIN_ELEMENT(rated_source, "RatedSource", .purpose = "makes packets at a rate",
		   .ports = "0/1", .args = args, .handlers = handlers, .configure = configure,
		   .reconfigures = true, .init = source_init, .init_node = init_node,
		   .fini_node = source_fini_node, .fini = source_fini, .task = task, .pull = pull,
		   .state_size = sizeof(struct rated_source_state), .is_source = true);
