// SPDX-License-Identifier: BSD-2-Clause
// Discard: the life of every packet ends here. With a pull input it pulls what it can.
#include "discard.h"

static void discard(struct weir_node *n, unsigned, struct batch *b)
{
	struct discard_state *s = n->state;

	s->count += b->n;
	weir_end(n, b->p, b->n);
	b->n = 0;
}

static bool task(struct weir_node *n, unsigned burst)
{
	const struct discard *self = n->self;
	struct discard_state *s = n->state;
	struct packet *v[WEIR_BATCH_MAX];
	unsigned max = self->burst > burst ? self->burst : burst, got;

	if (!self->active || !weir_in_is_pull(n->element, 0)) {
		weir_sleep_until(n, UINT64_MAX);
		return false;
	}
	got = weir_pull(n, 0, v, max < WEIR_BATCH_MAX ? max : WEIR_BATCH_MAX);
	s->count += got;
	weir_end(n, v, got);
	return got;
}

static int write_active(struct weir_element *e, const struct weir_handler *, const char *value,
			struct weir_err *err)
{
	struct discard *self = e->self;
	int r = weir_parse(e, WEIR_T_BOOL, value, "active", &self->active, err);

	for (unsigned i = 0; i < e->n_nodes; i++)
		weir_wake(e->nodes[i]);
	return r;
}

static int driver(const struct weir_element *e, struct weir_front_args *a)
{
	return weir_in_is_pull(e, 0) ? weir_front_refuse(a, "it pulls its packets") : 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(BOOL, discard, active, "ACTIVE", "pull packets", .def = "true"),
	WEIR_ARG(U32, discard, burst, "BURST", "packets to pull at a time"),
	{},
};

static const struct weir_handler handlers[] = {
	WEIR_SUM("count", discard, count, "packets discarded"),
	WEIR_RESET("reset_counts", "sets the count to zero"),
	{.name = "active",
	 .kind = WEIR_H_SELF,
	 .flags = WEIR_H_READ | WEIR_H_WRITE | WEIR_H_CHECKBOX,
	 .off = offsetof(struct discard, active),
	 .size = sizeof(bool),
	 .type = WEIR_T_BOOL,
	 .write = write_active,
	 .help = "whether it pulls packets"},
	{},
};

WEIR_BATCH_ELEMENT(discard, "Discard", .purpose = "ends the life of packets", .ports = "1/0",
		   .processing = "a/", .args = args, .handlers = handlers, .task = task,
		   .driver = driver, .state_size = sizeof(struct discard_state), .is_sink = true);
