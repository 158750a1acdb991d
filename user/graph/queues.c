// SPDX-License-Identifier: BSD-2-Clause
#include "queues.h"

// The worker at position i of a set, around and around; 0 for an empty one.
static unsigned at(const struct weir_workers *s, unsigned i)
{
	unsigned n = weir_workers_count(s), worker = weir_workers_next(s, 0);

	if (!n)
		return 0;
	for (i %= n; i; i--)
		worker = weir_workers_next(s, worker + 1);
	return worker;
}

unsigned weir_rx_owner(const struct weir_device_plan *p, unsigned queue)
{
	return at(&p->rx, queue);
}

unsigned weir_rx_columns(const struct weir_device_plan *p)
{
	return p->steer ? weir_workers_count(&p->rx) : 1;
}

unsigned weir_rx_column(const struct weir_device_plan *p, unsigned worker)
{
	return p->steer ? weir_workers_rank(&p->rx, worker) : 0;
}

unsigned weir_tx_queues(const struct weir_device_plan *p)
{
	unsigned n = weir_workers_count(&p->owners);

	if (!n)
		return 1;
	return p->n_tx && p->n_tx < n ? p->n_tx : n;
}

unsigned weir_tx_owner(const struct weir_device_plan *p, unsigned queue)
{
	return at(&p->owners, queue);
}

unsigned weir_tx_queue(const struct weir_device_plan *p, unsigned worker, bool *is_own)
{
	unsigned n = weir_tx_queues(p), rank = weir_workers_rank(&p->owners, worker);

	*is_own = weir_workers_has(&p->owners, worker) ? rank < n : !weir_workers_count(&p->owners);
	return *is_own ? rank : weir_workers_rank(&p->tx, worker) % n;
}
