// SPDX-License-Identifier: BSD-2-Clause
// InfiniteSource: makes packets as fast as they are taken, BURST at a time.
#include "source.h"

struct infinite_source {
	struct source src;
	uint32_t burst; // 0: as many as the worker takes at a time
};

static bool task(struct weir_node *n, unsigned burst)
{
	const struct infinite_source *self = n->self;
	struct packet *v[WEIR_BATCH_MAX];
	unsigned want = self->burst ? self->burst : burst, done = 0;

	if (weir_out_is_pull(n->element, 0)) {
		weir_sleep_until(n, UINT64_MAX);
		return false;
	}
	while (done < want) {
		unsigned rest = want - done;
		unsigned got = source_make(n, v, rest < WEIR_BATCH_MAX ? rest : WEIR_BATCH_MAX);

		if (!got)
			break;
		weir_start(n, 0, v, got);
		done += got;
	}
	if (!done)
		source_at_end(n);
	return done;
}

static unsigned pull(struct weir_node *n, unsigned, struct packet **v, unsigned max)
{
	unsigned got = source_make(n, v, max);
	uint64_t bytes = (uint64_t)got * ((const struct source *)n->self)->body.len;

	if (got)
		weir_made(n, got, bytes);
	else
		source_at_end(n);
	return got;
}

static int read_burst(struct weir_element *e, const struct weir_handler *, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	uint32_t burst = ((const struct infinite_source *)e->self)->burst;

	weir_printf(out, "%u", burst ? burst : 1);
	return 0;
}

static int write_burst(struct weir_element *e, const struct weir_handler *, const char *value,
		       struct weir_err *err)
{
	uint32_t burst;
	int r = weir_parse(e, WEIR_T_U32, value, "burst", &burst, err);

	if (r == 0 && !burst)
		r = weir_error(err, NULL, "burst: must be at least 1");
	if (r == 0)
		((struct infinite_source *)e->self)->burst = burst;
	return r;
}

static const struct weir_arg args[] = {
	SOURCE_ARG_DATA(infinite_source),
	SOURCE_ARG_LIMIT(infinite_source, WEIR_POSITIONAL),
	WEIR_ARG(U32, infinite_source, burst, "BURST", "packets at a time", WEIR_POS, .min = 1,
		 .max = UINT32_MAX),
	SOURCE_ARG_ACTIVE(infinite_source, WEIR_POSITIONAL),
	SOURCE_KEYWORDS(infinite_source),
	{},
};

static const struct weir_handler handlers[] = {
	SOURCE_HANDLERS(infinite_source),
	WEIR_READ_WRITE("burst", read_burst, write_burst, "packets at a time"),
	WEIR_READ_WRITE("burstsize", read_burst, write_burst, "the same as burst"),
	{},
};

WEIR_PLAIN_ELEMENT(infinite_source, "InfiniteSource",
		   .purpose = "makes packets as fast as they are taken", .ports = "0/1",
		   .args = args, .handlers = handlers, .configure = source_configure,
		   .reconfigures = true, .init = source_init, .fini_node = source_fini_node,
		   .fini = source_fini, .task = task, .pull = pull,
		   .state_size = sizeof(struct source_state), .is_source = true);
