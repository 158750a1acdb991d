// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// Switch: sends all packets to one output, OUTPUT, which the `switch` handler changes. -1 drops
// them, and so does writing the number of an output that does not exist.
#include <weir/element.h>

enum { OFF = WEIR_DROP };

// (switch is a word of C)
struct switch_ {
	int32_t output; // -1: none
};

static inline unsigned switch_(const struct switch_ *self, struct packet *)
{
	return self->output < 0 ? OFF : (unsigned)self->output;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	const struct switch_ *self = e->self;

	if (self->output >= 0 && (unsigned)self->output >= e->n_out && weir_ports_known(e))
		return weir_args_error(a, -1, "OUTPUT must be less than %u, the number of outputs",
				       e->n_out);
	return 0;
}

static int write_switch(struct weir_element *e, const struct weir_handler *h, const char *value,
			struct weir_err *err)
{
	struct switch_ *self = e->self;
	int32_t output;
	int r = weir_parse(e, WEIR_T_I32, value, h->name, &output, err);

	if (r == 0)
		self->output = output >= 0 && (unsigned)output < e->n_out ? output : -1;
	return r;
}

static int read_switch(struct weir_element *e, const struct weir_handler *, const char *,
		       struct weir_buf *out, struct weir_err *)
{
	const struct switch_ *self = e->self;

	weir_printf(out, "%d", self->output);
	return 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(I32, switch_, output, "OUTPUT", "output to use; -1: none", WEIR_POS, .def = "0"),
	{},
};

static const struct weir_handler handlers[] = {
	WEIR_READ_WRITE("switch", read_switch, write_switch, "output in use; -1: none"),
	WEIR_READ("config", read_switch, "output in use"),
	{},
};

WEIR_SPLIT_ELEMENT(switch_, "Switch", .purpose = "sends packets to one of its outputs",
		   .ports = "1/-", .processing = "h/h", .drops = {"off"}, .args = args,
		   .handlers = handlers, .configure = configure);
WEIR_CASES(switch_, {"0", "ip4", "0", "ip4"}, {"", "ip4", "0", "ip4"}, {"-1", "ip4", "off", ""});
