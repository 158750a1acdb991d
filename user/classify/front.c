// SPDX-License-Identifier: BSD-2-Clause
#include <weir/dag.h>
#include <weir/front.h>

int weir_dag_front(const struct weir_dag *d, struct weir_front_args *a)
{
	enum { FAR = 0x3fff }; // what an offset can be in the driver

	if (d->depth > WEIR_DAG_DRIVER_DEPTH)
		return weir_front_refuse(a,
					 "up to %u tests for one packet, and the driver makes "
					 "at most %u",
					 d->depth, WEIR_DAG_DRIVER_DEPTH);
	if (d->n > WEIR_DAG_DRIVER_STEPS)
		return weir_front_refuse(a, "%u tests in all, and the driver has room for %u", d->n,
					 WEIR_DAG_DRIVER_STEPS);
	if (d->data_only && d->need > FAR)
		return weir_front_refuse(a,
					 "looks %u bytes into the packet, and the driver sees "
					 "%u",
					 d->need, FAR);
	a->self = &d->args;
	a->size = sizeof(d->args);
	a->share[a->n_share++] = (struct weir_share){
		.map = "weir_steps",
		.data = (void *)d->steps,
		.value_size = (d->args.mask + 1) * sizeof(*d->steps),
		.n = 1,
	};
	return 0;
}
