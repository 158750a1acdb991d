// SPDX-License-Identifier: BSD-2-Clause
// DelayUnqueue: pulls packets and pushes each DELAY after the time it carries, which becomes the
// later one. A packet without a timestamp gets the present.
#include <weir/element.h>
#include <weir/text.h>

struct delay_unqueue {
	uint64_t delay;
};
struct delay_unqueue_state {
	struct packet *waiting;
};

static bool task(struct weir_node *n, unsigned burst)
{
	const struct delay_unqueue *self = n->self;
	struct delay_unqueue_state *s = n->state;
	uint64_t now = weir_wall(n);
	unsigned done = 0;

	while (done < burst) {
		struct packet *p = s->waiting;

		if (!p) {
			if (!weir_pull(n, 0, &p, 1))
				break;
			p->tstamp = (p->tstamp ? p->tstamp : now) + self->delay;
		}
		s->waiting = p;
		if (p->tstamp > now) {
			weir_sleep_until(n, weir_now(n) + (p->tstamp - now));
			break;
		}
		s->waiting = NULL;
		weir_emit(n, 0, p);
		done++;
	}
	return done;
}

static unsigned held(struct weir_node *n)
{
	return ((struct delay_unqueue_state *)n->state)->waiting ? 1 : 0;
}

static unsigned capacity(const struct weir_element *)
{
	return 1;
}

static void fini_node(struct weir_node *n)
{
	struct delay_unqueue_state *s = n->state;

	if (s->waiting)
		weir_packet_free(n, s->waiting);
	s->waiting = NULL;
}

static const struct weir_arg args[] = {
	WEIR_ARG(SECONDS, delay_unqueue, delay, "DELAY", "time to wait", WEIR_MAND),
	{},
};

static int read_delay(struct weir_element *e, const struct weir_handler *, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	weir_print_interval(out, ((const struct delay_unqueue *)e->self)->delay);
	return 0;
}

static int write_delay(struct weir_element *e, const struct weir_handler *, const char *value,
		       struct weir_err *err)
{
	struct delay_unqueue *self = e->self;

	return weir_parse(e, WEIR_T_SECONDS, value, "delay", &self->delay, err);
}

static const struct weir_handler handlers[] = {
	WEIR_READ_WRITE("delay", read_delay, write_delay, "time to wait"),
	{},
};

WEIR_PLAIN_ELEMENT(delay_unqueue, "DelayUnqueue",
		   .purpose = "pulls packets and pushes them some time later", .processing = "l/h",
		   .args = args, .handlers = handlers, .task = task, .held = held,
		   .capacity = capacity, .fini_node = fini_node,
		   .state_size = sizeof(struct delay_unqueue_state));
