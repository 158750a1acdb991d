// SPDX-License-Identifier: BSD-2-Clause
// Unqueue: pulls packets and pushes them, BURST at a time, until there were LIMIT.
#include <weir/element.h>

#include <limits.h>

struct unqueue {
	int32_t burst;
	bool burst_given, active;
	int64_t limit;
};
struct unqueue_state {
	uint64_t count;
};

// How many packets to pull now.
static uint64_t allowed(const struct unqueue *self, const struct unqueue_state *s, unsigned burst)
{
	uint64_t want = burst, left;

	if (!self->active)
		return 0;
	if (self->burst_given)
		want = self->burst < 0 ? INT_MAX : (uint64_t)self->burst;
	if (self->limit < 0)
		return want;
	left = (uint64_t)self->limit > s->count ? (uint64_t)self->limit - s->count : 0;
	return want < left ? want : left;
}

static bool task(struct weir_node *n, unsigned burst)
{
	struct unqueue_state *s = n->state;
	struct packet *v[WEIR_BATCH_MAX];
	uint64_t want = allowed(n->self, s, burst), done = 0;

	if (!want) {
		weir_sleep_until(n, UINT64_MAX);
		return false;
	}
	while (done < want) {
		uint64_t rest = want - done;
		unsigned max = rest < burst ? (unsigned)rest : burst;
		unsigned got = weir_pull(n, 0, v, max < WEIR_BATCH_MAX ? max : WEIR_BATCH_MAX);

		if (!got)
			break;
		weir_emit_all(n, 0, v, got);
		done += got;
	}
	s->count += done;
	return done;
}

static void wake(struct weir_element *e)
{
	for (unsigned i = 0; i < e->n_nodes; i++)
		weir_wake(e->nodes[i]);
}

static int read_field(struct weir_element *e, const struct weir_handler *h, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	const struct unqueue *self = e->self;

	if (h->type == WEIR_T_BOOL)
		weir_printf(out, "%s", self->active ? "true" : "false");
	else
		weir_printf(out, "%lld",
			    h->type == WEIR_T_I32 ? (long long)self->burst
						  : (long long)self->limit);
	return 0;
}

static int write_field(struct weir_element *e, const struct weir_handler *h, const char *value,
		       struct weir_err *err)
{
	struct unqueue *self = e->self;
	int r = weir_parse(e, h->type, value, h->name, (uint8_t *)self + h->off, err);

	if (h->type == WEIR_T_I32 && r == 0)
		self->burst_given = true;
	wake(e);
	return r;
}

static int reset(struct weir_element *e, const struct weir_handler *, const char *,
		 struct weir_err *)
{
	for (unsigned i = 0; i < e->n_nodes; i++)
		((struct unqueue_state *)e->nodes[i]->state)->count = 0;
	wake(e);
	return 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(I32, unqueue, burst, "BURST", "packets at a time; negative: all there are",
		 WEIR_POS, .def = "1", .given = offsetof(struct unqueue, burst_given)),
	WEIR_ARG(BOOL, unqueue, active, "ACTIVE", "pull packets", .def = "true"),
	WEIR_ARG(I64, unqueue, limit, "LIMIT", "number of packets; negative: no end", .def = "-1"),
	{},
};

#define FIELD(name_, type_, field_, help_)                                             \
	WEIR_READ_WRITE(name_, read_field, write_field, help_, .type = WEIR_T_##type_, \
			.off = offsetof(struct unqueue, field_))

static const struct weir_handler handlers[] = {
	FIELD("active", BOOL, active, "whether it pulls packets"),
	FIELD("burst", I32, burst, "packets at a time"),
	FIELD("limit", I64, limit, "number of packets; -1: no end"),
	WEIR_SUM("count", unqueue, count, "packets so far"),
	WEIR_BUTTON("reset", reset, "sets the count to zero"),
	WEIR_BUTTON("reset_counts", reset, "the same as reset"),
	{},
};

WEIR_PLAIN_ELEMENT(unqueue, "Unqueue", .purpose = "pulls packets and pushes them",
		   .processing = "l/h", .args = args, .handlers = handlers, .task = task,
		   .state_size = sizeof(struct unqueue_state));
