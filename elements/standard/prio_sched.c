// SPDX-License-Identifier: BSD-2-Clause
// PrioSched: packets that are pulled come from the first input that has any.
#include <weir/element.h>

struct prio_sched {
};

static unsigned pull(struct weir_node *n, unsigned, struct packet **v, unsigned max)
{
	unsigned got = 0;

	for (unsigned port = 0; port < n->element->n_in && got < max; port++)
		got += weir_pull(n, port, v + got, max - got);
	return got;
}

#define SCHED(id, name_)                                                                          \
	WEIR_CLASS(id, .name = (name_), .purpose = "pulls from the first input that has packets", \
		   .ports = "-/1", .processing = "l/l", .pull = pull,                             \
		   .userspace = "works by pull", .self_size = sizeof(struct prio_sched))
SCHED(prio_sched, "PrioSched");
SCHED(simple_prio_sched, "SimplePrioSched");
