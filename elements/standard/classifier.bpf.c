// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// Classifier in the driver: it runs what userspace has compiled.
#include <weir/dag.h>
#include <weir/element.h>

struct classifier {
	struct weir_dag_args dag;
};

static inline unsigned classifier(const struct classifier *self, struct packet *p)
{
	return weir_dag_run_data(&self->dag, p);
}

WEIR_DRIVER_ELEMENT(classifier);
