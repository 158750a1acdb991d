// SPDX-License-Identifier: BSD-2-Clause
// PullSwitch: packets that are pulled come from one input, INPUT, which the `switch` handler
// changes. With -1, or the number of an input that does not exist, there are none.
#include <weir/element.h>

struct pull_switch {
	int32_t input; // -1: none
};

static unsigned pull(struct weir_node *n, unsigned, struct packet **v, unsigned max)
{
	const struct pull_switch *self = n->self;

	return self->input < 0 ? 0 : weir_pull(n, (unsigned)self->input, v, max);
}

static void set(struct weir_element *e, int32_t input)
{
	struct pull_switch *self = e->self;

	self->input = input >= 0 && (unsigned)input < e->n_in ? input : -1;
}

static int configure(struct weir_element *e, struct weir_args *)
{
	const struct pull_switch *self = e->self;

	set(e, self->input);
	return 0;
}

static int write_switch(struct weir_element *e, const struct weir_handler *h, const char *value,
			struct weir_err *err)
{
	int32_t input;
	int r = weir_parse(e, WEIR_T_I32, value, h->name, &input, err);

	if (r == 0)
		set(e, input);
	return r;
}

static int read_switch(struct weir_element *e, const struct weir_handler *, const char *,
		       struct weir_buf *out, struct weir_err *)
{
	const struct pull_switch *self = e->self;

	weir_printf(out, "%d", self->input);
	return 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(I32, pull_switch, input, "INPUT", "input to use; -1: none", WEIR_POS, .def = "0"),
	{},
};

static const struct weir_handler handlers[] = {
	WEIR_READ_WRITE("switch", read_switch, write_switch, "input in use; -1: none"),
	WEIR_READ("config", read_switch, "input in use"),
	{},
};

#define SWITCH(id, name_)                                                                          \
	WEIR_CLASS(id, .name = (name_), .purpose = "pulls from one of its inputs", .ports = "-/1", \
		   .processing = "l/l", .pull = pull, .userspace = "works by pull", .args = args,  \
		   .handlers = handlers, .configure = configure,                                   \
		   .self_size = sizeof(struct pull_switch))
SWITCH(pull_switch, "PullSwitch");
SWITCH(simple_pull_switch, "SimplePullSwitch");
