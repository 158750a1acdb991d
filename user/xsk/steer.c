// SPDX-License-Identifier: BSD-2-Clause

// The table by which programs choose among the sockets of a queue. It is mapped, so that a change
// is one store.

#include "open.h"

#include <bpf/libbpf.h>

#include <entry.skel.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t table_size(const struct weir_xsk *x)
{
	return (x->n ?: 1) * sizeof(*x->steer);
}

// The buckets go around the columns.
static void begin(struct weir_steer *s, const struct xsk_device *d)
{
	*s = (struct weir_steer){
		.first_socket = d->first_socket,
		.n_sockets = d->n_columns * d->n_classes,
		.n_columns = d->n_columns,
		.n_classes = d->n_classes,
		.key = d->n_columns > 1 ? WEIR_KEY_FLOW : WEIR_KEY_NONE,
	};
	for (unsigned i = 0; i < WEIR_BUCKETS; i++)
		s->column[i] = (__u16)(i % d->n_columns);
}

int xsk_steer_open(struct weir_xsk *x)
{
	struct entry *skel = entry__open();

	if (!skel)
		return -errno;
	x->steer_fd = weir_xsk_map(skel->obj, skel->maps.weir_steering, x->n ?: 1, "weir_steer");
	entry__destroy(skel);
	if (x->steer_fd < 0)
		return x->steer_fd;
	x->steer = mmap(NULL, table_size(x), PROT_READ | PROT_WRITE, MAP_SHARED, x->steer_fd, 0);
	if (x->steer == MAP_FAILED) {
		x->steer = NULL;
		return -errno;
	}
	for (unsigned i = 0; i < x->n; i++)
		begin(&x->steer[i], &x->devices[i]);
	return 0;
}

void xsk_steer_close(struct weir_xsk *x)
{
	if (x->steer)
		munmap(x->steer, table_size(x));
	if (x->steer_fd >= 0)
		close(x->steer_fd);
}
