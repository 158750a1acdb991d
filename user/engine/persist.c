// SPDX-License-Identifier: BSD-2-Clause
#include <weir/area.h>
#include <weir/persist.h>

#include <errno.h>
#include <graph.h>
#include <sys/mman.h>
#include <unistd.h>

static int take_plain(struct weir_persist *k)
{
	struct weir_area area = {};
	int rc = weir_area_grow(&area, k->n * k->value_size, false);

	k->at = area.at;
	k->bytes = area.bytes;
	return rc;
}

int weir_persist_open(struct weir_persist *k, struct weir_element *e, const char *name, uint32_t n,
		      size_t value_size, uint32_t version, struct weir_err *err)
{
	const struct weir_router *r = e->router;
	int rc = -ENOENT;

	*k = (struct weir_persist){.value_size = value_size, .n = n, .fd = -1};
	if (r && r->memory)
		rc = r->memory(r->memory_arg, k, e, name, version, err);
	return rc == -ENOENT ? take_plain(k) : rc;
}

void weir_persist_close(struct weir_persist *k)
{
	if (k->bytes)
		munmap(k->at, k->bytes);
	if (k->fd > 0)
		close(k->fd);
	*k = (struct weir_persist){};
}
