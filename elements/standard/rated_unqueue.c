// SPDX-License-Identifier: BSD-2-Clause
// RatedUnqueue: pulls RATE packets a second and pushes them. After a pause it may catch up with
// BURST_SIZE packets, or what the rate gives in BURST_DURATION.
#include <weir/element.h>

#include "bucket.h"

struct rated_unqueue {
	uint64_t rate, burst, duration;
	bool burst_given, duration_given, active;
};
struct rated_unqueue_state {
	struct bucket bucket;
	uint64_t set_rate, set_burst; // what the bucket was set to
};

static uint64_t burst_of(const struct rated_unqueue *self)
{
	unsigned __int128 tokens = (unsigned __int128)self->rate * self->duration / BUCKET_SECOND;

	return self->burst_given ? self->burst : (uint64_t)tokens;
}

static bool task(struct weir_node *n, unsigned burst)
{
	const struct rated_unqueue *self = n->self;
	struct rated_unqueue_state *s = n->state;
	struct packet *v[WEIR_BATCH_MAX];
	uint64_t tokens;
	unsigned got;

	if (!self->active) {
		weir_sleep_until(n, UINT64_MAX);
		return false;
	}
	if (s->set_rate != self->rate || s->set_burst != burst_of(self)) {
		s->set_rate = self->rate;
		s->set_burst = burst_of(self);
		bucket_set(&s->bucket, s->set_rate, s->set_burst);
	}
	if (!s->bucket.then)
		bucket_fill(&s->bucket, s->bucket.burst);
	bucket_refill(&s->bucket, weir_now(n));
	tokens = bucket_tokens(&s->bucket);
	if (!tokens) {
		weir_sleep_until(n, bucket_when(&s->bucket));
		return false;
	}
	if (burst > WEIR_BATCH_MAX)
		burst = WEIR_BATCH_MAX;
	got = weir_pull(n, 0, v, tokens < burst ? (unsigned)tokens : burst);
	bucket_take(&s->bucket, got);
	weir_emit_all(n, 0, v, got);
	return got;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	const struct rated_unqueue *self = e->self;

	if (self->burst_given && self->duration_given)
		return weir_args_error(a, -1, "BURST_DURATION and BURST_SIZE exclude each other");
	return 0;
}

static int read_rate(struct weir_element *e, const struct weir_handler *, const char *,
		     struct weir_buf *out, struct weir_err *)
{
	weir_printf(out, "%llu", (unsigned long long)((const struct rated_unqueue *)e->self)->rate);
	return 0;
}

static int write_field(struct weir_element *e, const struct weir_handler *h, const char *value,
		       struct weir_err *err)
{
	int r = weir_parse(e, h->type, value, h->name, (uint8_t *)e->self + h->off, err);

	for (unsigned i = 0; i < e->n_nodes; i++)
		weir_wake(e->nodes[i]);
	return r;
}

static int read_active(struct weir_element *e, const struct weir_handler *, const char *,
		       struct weir_buf *out, struct weir_err *)
{
	bool active = ((const struct rated_unqueue *)e->self)->active;

	weir_printf(out, "%s", active ? "true" : "false");
	return 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(RATE, rated_unqueue, rate, "RATE", "packets per second", WEIR_MAND),
	WEIR_ARG(SECONDS, rated_unqueue, duration, "BURST_DURATION",
		 "how long the rate may be saved up", .def = "20ms",
		 .given = offsetof(struct rated_unqueue, duration_given)),
	WEIR_ARG(U64, rated_unqueue, burst, "BURST_SIZE", "how many packets may be saved up",
		 .given = offsetof(struct rated_unqueue, burst_given)),
	WEIR_ARG(BOOL, rated_unqueue, active, "ACTIVE", "pull packets", .def = "true"),
	{},
};

static const struct weir_handler handlers[] = {
	WEIR_READ_WRITE("rate", read_rate, write_field, "packets per second",
			.off = offsetof(struct rated_unqueue, rate), .type = WEIR_T_RATE),
	WEIR_READ_WRITE("active", read_active, write_field, "whether it pulls packets",
			.off = offsetof(struct rated_unqueue, active), .type = WEIR_T_BOOL),
	{},
};

WEIR_PLAIN_ELEMENT(rated_unqueue, "RatedUnqueue",
		   .purpose = "pulls packets at a rate and pushes them", .processing = "l/h",
		   .args = args, .handlers = handlers, .reconfigures = true, .configure = configure,
		   .task = task, .state_size = sizeof(struct rated_unqueue_state));
