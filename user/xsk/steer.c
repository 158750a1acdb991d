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
		x->steer[i] = (struct weir_steer){
			.first_socket = x->devices[i].first_socket,
			.n_sockets = 1,
			.n_columns = 1,
			.n_classes = 1,
		};
	return 0;
}

void xsk_steer_close(struct weir_xsk *x)
{
	if (x->steer)
		munmap(x->steer, table_size(x));
	if (x->steer_fd >= 0)
		close(x->steer_fd);
}
