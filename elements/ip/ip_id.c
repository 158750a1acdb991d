// SPDX-License-Identifier: BSD-2-Clause
#include "ip_id.h"

#include <weir/element.h>

int ip_id_init_node(struct weir_node *n, struct weir_err *)
{
	const struct weir_workers *all = &n->element->runs;

	*(uint16_t *)n->state = (uint16_t)(65536 / weir_workers_count(all) *
					   weir_workers_rank(all, weir_worker_of(n)));
	return 0;
}
