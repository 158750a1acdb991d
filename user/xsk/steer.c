// SPDX-License-Identifier: BSD-2-Clause

// The tables by which programs choose among the sockets of a queue. What changes is mapped, so that
// a change is one store.

#include "open.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <entry.skel.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

// Each is of its own number of values, of a type that its name here tells other tools.
static const struct {
	const char *map, *value;
} MAPS[XSK_STEER_MAPS] = {
	[XSK_STEER_TABLES] = {"weir_steering", "weir_steer"},
	[XSK_STEER_CLASSES] = {"weir_classes", "weir_classes"},
	[XSK_STEER_BUCKETS] = {"weir_buckets", "weir_bucket_count"},
	[XSK_STEER_OWNERS] = {"weir_owners", "weir_owners"},
};

static int open_maps(struct xsk_steer *s, const unsigned n[XSK_STEER_MAPS])
{
	struct entry *skel = entry__open();
	int e = 0;

	if (!skel)
		return -errno;
	for (unsigned i = 0; !e && i < XSK_STEER_MAPS; i++) {
		const struct bpf_map *map = bpf_object__find_map_by_name(skel->obj, MAPS[i].map);

		s->fd[i] = map ? weir_xsk_map(skel->obj, map, n[i] ?: 1, MAPS[i].value) : -ENOENT;
		e = s->fd[i] < 0 ? s->fd[i] : 0;
	}
	entry__destroy(skel);
	return e;
}

static void *map_in(int fd, size_t size)
{
	void *v = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return v == MAP_FAILED ? NULL : v;
}

int xsk_steer_open(struct xsk_steer *s, unsigned n_devices)
{
	const unsigned n[XSK_STEER_MAPS] = {n_devices, 1, n_devices, 1};
	int e;

	*s = (struct xsk_steer){.n = n_devices ?: 1};
	for (unsigned i = 0; i < XSK_STEER_MAPS; i++)
		s->fd[i] = -1;
	e = open_maps(s, n);
	if (e)
		return e;
	s->tables = map_in(s->fd[XSK_STEER_TABLES], s->n * sizeof(*s->tables));
	s->classes = map_in(s->fd[XSK_STEER_CLASSES], sizeof(*s->classes));
	s->owners = map_in(s->fd[XSK_STEER_OWNERS], sizeof(*s->owners));
	if (!s->tables || !s->classes || !s->owners)
		return -errno;
	for (unsigned i = 0; i < s->n; i++)
		xsk_steer_deal(&s->tables[i], WEIR_KEY_NONE, 1, 1);
	return 0;
}

void xsk_steer_close(struct xsk_steer *s)
{
	if (s->tables)
		munmap(s->tables, s->n * sizeof(*s->tables));
	if (s->classes)
		munmap(s->classes, sizeof(*s->classes));
	if (s->owners)
		munmap(s->owners, sizeof(*s->owners));
	for (unsigned i = 0; s->n && i < XSK_STEER_MAPS; i++)
		if (s->fd[i] >= 0)
			close(s->fd[i]);
	*s = (struct xsk_steer){};
}

int xsk_steer_share(const struct xsk_steer *s, struct bpf_object *o)
{
	int e = 0;

	for (unsigned i = 0; !e && i < XSK_STEER_MAPS; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(o, MAPS[i].map);

		e = map ? bpf_map__reuse_fd(map, s->fd[i]) : -ENOENT;
	}
	return e;
}

void xsk_steer_deal(struct weir_steer *s, enum weir_key key, unsigned n_columns, unsigned n_classes)
{
	for (unsigned i = 0; i < WEIR_BUCKETS; i++)
		s->column[i] = (uint16_t)(i % n_columns);
	s->key = key;
	s->n_columns = n_columns;
	s->n_classes = n_classes;
	s->n_sockets = n_columns * n_classes;
}

int xsk_steer_buckets(const struct xsk_steer *s, unsigned device, struct weir_bucket_count *sum)
{
	int n = libbpf_num_possible_cpus(), e = -ENOMEM;
	struct weir_bucket_count *v = n > 0 ? calloc((size_t)n, sizeof(*v)) : NULL;

	*sum = (struct weir_bucket_count){};
	if (v)
		e = bpf_map_lookup_elem(s->fd[XSK_STEER_BUCKETS], &device, v);
	for (int cpu = 0; !e && cpu < n; cpu++)
		for (unsigned i = 0; i < WEIR_BUCKETS; i++)
			sum->packets[i] += v[cpu].packets[i];
	free(v);
	return e;
}
