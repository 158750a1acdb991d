// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// IP6Filter in the driver: it runs what userspace has compiled.
#include <weir/dag.h>
#include <weir/element.h>

struct ip6_filter {
	struct weir_dag_args dag;
};

static inline unsigned ip6_filter(const struct ip6_filter *self, struct packet *p)
{
	return weir_dag_run_ip6(&self->dag, p);
}

WEIR_DRIVER_ELEMENT(ip6_filter);
