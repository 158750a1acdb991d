// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// IP6Classifier in the driver: it runs what userspace has compiled.
#include <weir/dag.h>
#include <weir/element.h>

struct ip6_classifier {
	struct weir_dag_args dag;
};

static inline unsigned ip6_classifier(const struct ip6_classifier *self, struct packet *p)
{
	return weir_dag_run_ip6(&self->dag, p);
}

WEIR_DRIVER_ELEMENT(ip6_classifier);
