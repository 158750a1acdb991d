// SPDX-License-Identifier: BSD-2-Clause
// RoundRobinSched: each packet that is pulled comes from the next input that has one.
#include <weir/element.h>

struct round_robin_sched {
};
struct round_robin_sched_state {
	unsigned next;
};

static unsigned pull(struct weir_node *n, unsigned, struct packet **v, unsigned max)
{
	struct round_robin_sched_state *s = n->state;
	unsigned got = 0, idle = 0, n_in = n->element->n_in;

	while (got < max && idle < n_in) {
		unsigned more = weir_pull(n, s->next, v + got, 1);

		s->next = s->next + 1 < n_in ? s->next + 1 : 0;
		idle = more ? 0 : idle + 1;
		got += more;
	}
	return got;
}

#define SCHED(id, name_)                                                                        \
	WEIR_CLASS(id, .name = (name_), .purpose = "pulls from its inputs in turn",             \
		   .ports = "-/1", .processing = "l/l", .pull = pull,                           \
		   .userspace = "works by pull", .self_size = sizeof(struct round_robin_sched), \
		   .state_size = sizeof(struct round_robin_sched_state))
SCHED(round_robin_sched, "RoundRobinSched");
SCHED(rr_sched, "RRSched");
