// SPDX-License-Identifier: BSD-2-Clause
// TimedSource: makes a packet every INTERVAL seconds, the first one after INTERVAL.
#include <weir/text.h>

#include "source.h"

struct timed_source {
	struct source src;
	uint64_t interval; // nanoseconds
};

struct timed_source_state {
	struct source_state src;
	uint64_t next; // when the next packet is due; 0: not known yet
};

static bool task(struct weir_node *n, unsigned)
{
	const struct timed_source *self = n->self;
	struct timed_source_state *s = n->state;
	uint64_t now = weir_now(n);
	struct packet *p;
	bool made;

	if (!self->src.active) {
		s->next = now; // at once when it is activated
		source_at_end(n);
		return false;
	}
	if (!s->next)
		s->next = now + self->interval;
	if (now < s->next) {
		weir_sleep_until(n, s->next);
		return false;
	}
	made = source_make(n, &p, 1);
	if (made)
		weir_start(n, 0, &p, 1);
	else if (source_at_end(n))
		return false;
	s->next += self->interval;
	if (s->next <= now) // late by more than an interval: do not catch up
		s->next = now + self->interval;
	weir_sleep_until(n, s->next);
	return made;
}

static int read_interval(struct weir_element *e, const struct weir_handler *, const char *,
			 struct weir_buf *out, struct weir_err *)
{
	weir_print_interval(out, ((const struct timed_source *)e->self)->interval);
	return 0;
}

static int write_interval(struct weir_element *e, const struct weir_handler *, const char *value,
			  struct weir_err *err)
{
	uint64_t t;
	int r = weir_parse(e, WEIR_T_SECONDS, value, "interval", &t, err);

	if (r == 0 && !t)
		r = weir_error(err, NULL, "interval: must be more than 0");
	if (r == 0)
		((struct timed_source *)e->self)->interval = t;
	return r;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	if (!((struct timed_source *)e->self)->interval)
		return weir_args_error(a, -1, "INTERVAL must be more than 0");
	return source_configure(e, a);
}

static const struct weir_arg args[] = {
	WEIR_ARG(SECONDS, timed_source, interval, "INTERVAL", "time between packets", WEIR_POS,
		 .def = "0.5"),
	SOURCE_ARG_DATA(timed_source),
	SOURCE_ARG_LIMIT(timed_source, 0),
	SOURCE_ARG_ACTIVE(timed_source, 0),
	SOURCE_KEYWORDS(timed_source),
	{},
};

static const struct weir_handler handlers[] = {
	SOURCE_HANDLERS(timed_source),
	SOURCE_NUMBER("headroom", U32, timed_source, headroom, "bytes of room before the packet"),
	WEIR_READ_WRITE("interval", read_interval, write_interval, "time between packets"),
	{},
};

WEIR_PLAIN_ELEMENT(timed_source, "TimedSource", .purpose = "makes a packet from time to time",
		   .ports = "0/1", .processing = "/h", .args = args, .handlers = handlers,
		   .configure = configure, .reconfigures = true, .init = source_init,
		   .fini_node = source_fini_node, .fini = source_fini, .task = task,
		   .state_size = sizeof(struct timed_source_state), .is_source = true);
