// SPDX-License-Identifier: BSD-2-Clause
#include "io.h"

#include <errno.h>

const char *const io_modes[] = {"auto", "zerocopy", "copy", "generic", NULL};

static int pin(struct weir_element *e, struct weir_args *a, const char *list, bool cpus)
{
	int rc = list ? weir_pin(e, NULL, list, cpus) : 0;

	return rc == -EINVAL ? weir_args_error(a, -1, "%s: `%s' is no list such as \"0-3,6\"",
					       cpus ? "CPU" : "THREADS", list)
			     : rc;
}

int io_configure(struct weir_element *e, struct weir_args *a, unsigned role, int promisc)
{
	struct io_args *io = e->self;
	struct weir_device_options opt = {
		.mode = io->mode,
		.n_queues = io->queues,
		.ring_size = io->ring,
		.busy_poll = io->busy_poll,
		.busy_poll_set = io->busy_poll_set,
		.busy_budget = io->busy_budget,
		.busy_usecs = io->busy_usecs,
		.rss = io->rss,
		.steer = io->steer,
		.promisc = promisc > 0,
		.promisc_set = promisc >= 0,
	};

	if (a->reconfigure)
		return weir_args_error(a, -1, "an interface cannot be changed while it is in use");
	if (io->ring & (io->ring - 1))
		return weir_args_error(a, -1, "RING %u is not a power of two", io->ring);
	if ((io->busy_budget || io->busy_usecs) && !io->busy_poll)
		return weir_args_error(a, -1, "%s is for BUSY_POLL true",
				       io->busy_budget ? "BUSY_BUDGET" : "BUSY_USECS");
	if (io->threads && io->cpus)
		return weir_args_error(a, -1, "THREADS and CPU exclude each other");
	io->device = weir_device_claim(e, io->devname, role, &opt, a->err);
	if (!io->device)
		return -EINVAL;
	return pin(e, a, io->threads, false) ?: pin(e, a, io->cpus, true);
}
