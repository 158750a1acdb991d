// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// IPClassifier in the driver: it runs what userspace has compiled.
#include <weir/dag.h>
#include <weir/element.h>

struct ip_classifier {
	struct weir_dag_args dag;
};

static inline unsigned ip_classifier(const struct ip_classifier *self, struct packet *p)
{
	return weir_dag_run_ip(&self->dag, p);
}

WEIR_DRIVER_ELEMENT(ip_classifier);
