// SPDX-License-Identifier: BSD-2-Clause

// HandOver: the smallest element that hands packets to their worker. The first byte says which one
// that is; they leave by the output of their input's number.

#include <weir/element.h>

#include <nat/handoff.h>

enum { FULL, LOST };

struct hand_over {
};
struct hand_over_state {
	struct handoff h;
};

static void hand_over(struct weir_node *n, unsigned port, struct batch *b)
{
	struct hand_over_state *s = n->state;
	const unsigned me = weir_worker_of(n), all = weir_n_workers(n->element);
	unsigned kept = 0;

	for (unsigned i = 0; i < b->n; i++) {
		struct packet *p = b->p[i];
		const unsigned owner = weir_data(p)[0] == 255 ? 300 : weir_data(p)[0] % all;

		if (owner == me) {
			b->p[kept++] = p;
			continue;
		}
		b->bytes -= p->len;
		if (!handoff_put(n, &s->h, owner, port, p))
			weir_drop(n, FULL, p);
	}
	b->n = kept;
	b->out = port;
	handoff_flush(n, &s->h);
}

static bool task(struct weir_node *n, unsigned burst)
{
	struct hand_over_state *s = n->state;

	return handoff_task(n, &s->h, burst);
}

static int init_node(struct weir_node *n, struct weir_err *)
{
	struct hand_over_state *s = n->state;

	return handoff_open(n, &s->h, LOST);
}

static void fini_node(struct weir_node *n)
{
	struct hand_over_state *s = n->state;

	handoff_close(n, &s->h);
}

static void passed(const struct weir_node *n, uint32_t *put, uint32_t *taken)
{
	const struct hand_over_state *s = n->state;

	handoff_passed(&s->h, put, taken);
}

static unsigned held(struct weir_node *n)
{
	const struct hand_over_state *s = n->state;

	return handoff_held(&s->h);
}

WEIR_BATCH_ELEMENT(hand_over, "HandOver", .purpose = "hands packets to the worker they name",
		   .ports = "-/=", .processing = "h/h", .flow = "#/#", .task = task,
		   .init_node = init_node, .fini_node = fini_node, .passed = passed, .held = held,
		   .capacity = handoff_capacity, .state_size = sizeof(struct hand_over_state),
		   .userspace = "changes the worker", .drops = {"full", "lost"});
WEIR_CASES(hand_over, {"", "ip4 udp", "0", ""});
