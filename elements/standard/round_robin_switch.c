// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// RoundRobinSwitch: each packet leaves by the output after that of the one before.
#include <weir/element.h>

struct round_robin_switch {
	uint32_t n_out;
};
struct round_robin_switch_state {
	uint32_t next;
};

static inline unsigned round_robin_switch(const struct round_robin_switch *self,
					  struct round_robin_switch_state *state, struct packet *)
{
	uint32_t port = state->next;

	state->next = port + 1 < self->n_out ? port + 1 : 0;
	return port;
}

static int configure(struct weir_element *e, struct weir_args *)
{
	struct round_robin_switch *self = e->self;

	self->n_out = e->n_out;
	return 0;
}

WEIR_SPLIT_STATE_ELEMENT(round_robin_switch, "RoundRobinSwitch",
			 .purpose = "sends packets to its outputs in turn", .ports = "1/1-",
			 .processing = "h/h", .configure = configure);
WEIR_CASES(round_robin_switch, {"", "ip4", "0", ""},
	   {"", "ip4 | ip4 id=1 | ip4 id=2", "0 | 0 | 0", ""});
