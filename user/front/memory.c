// SPDX-License-Identifier: BSD-2-Clause
#include "memory.h"

#include <weir/element.h>

#include "tree.h"

#include <linux/bpf.h>

#include <bpf/bpf.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, MAGIC = 0x7065656b /* "keep" */, FIRST_FD = 3 };

// Behind the last value, so that values begin with a page.
struct label {
	uint32_t magic, version, n, value_size;
};

struct front_memory_map {
	char *element, *name;
	int fd;
	struct front_memory_map *next;
};

// Values that the label takes.
static uint32_t label_values(size_t value_size)
{
	return (uint32_t)((sizeof(struct label) + value_size - 1) / value_size);
}

static size_t map_bytes(const struct label *l)
{
	const size_t used = ((size_t)l->n + label_values(l->value_size)) * l->value_size;

	return (used + PAGE - 1) & ~(size_t)(PAGE - 1);
}

static struct label *label_at(void *at, const struct label *l)
{
	return (struct label *)((uint8_t *)at + (size_t)l->n * l->value_size);
}

static bool is_same(const struct label *a, const struct label *b)
{
	return a->magic == b->magic && a->version == b->version && a->n == b->n &&
	       a->value_size == b->value_size;
}

// --- one map ---
static int map(struct weir_persist *k, int fd, const struct label *l)
{
	const size_t bytes = map_bytes(l);
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return -errno;
	k->at = at;
	k->bytes = bytes;
	return 0;
}

static int make_map(struct weir_persist *k, const char *name, const struct label *l)
{
	LIBBPF_OPTS(bpf_map_create_opts, opt, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, name, sizeof(uint32_t), l->value_size,
				l->n + label_values(l->value_size), &opt);
	int rc = fd < 0 ? -errno : map(k, fd, l);

	if (!rc)
		*label_at(k->at, l) = *l;
	else
		tree_close(fd);
	return rc ?: fd;
}

// What the label of a map says; all zero: it has none.
static struct label read_label(int fd)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	struct label l = {};
	struct weir_persist k = {};

	if (bpf_obj_get_info_by_fd(fd, &info, &size) || info.type != BPF_MAP_TYPE_ARRAY ||
	    !(info.map_flags & BPF_F_MMAPABLE) || info.value_size % 8 ||
	    info.max_entries <= label_values(info.value_size))
		return l;
	l = (struct label){.n = info.max_entries - label_values(info.value_size),
			   .value_size = info.value_size};
	map(&k, fd, &l);
	if (!k.at)
		return (struct label){};
	l = *label_at(k.at, &l);
	munmap(k.at, k.bytes);
	return l;
}

static int refuse(const struct weir_element *e, const char *name, const struct label *is,
		  const struct label *want, const char *dir, struct weir_err *err)
{
	char router[TREE_PATH];

	tree_unquote(router, sizeof(router), strrchr(dir, '/') + 1);
	if (is->magic != MAGIC)
		weir_error(err, &e->loc, "%s: %s/%s/kept/%s is not what it is called", e->name, dir,
			   e->name, name);
	else
		weir_error(err, &e->loc,
			   "%s: what the router left of `%s' has %u entries of %u bytes, version "
			   "%u, and now it is %u of %u, version %u: `weir unload %s' is rid of it",
			   e->name, name, is->n, is->value_size, is->version, want->n,
			   want->value_size, want->version, router);
	return -EEXIST;
}

static int take_map(struct weir_persist *k, int fd, const struct weir_element *e, const char *name,
		    const struct label *want, const char *dir, struct weir_err *err)
{
	const struct label is = read_label(fd);
	int rc = is_same(&is, want) ? map(k, fd, want) : refuse(e, name, &is, want, dir, err);

	k->found = !rc;
	return rc;
}

// --- all of them ---
static int add(struct front_memory *m, const struct weir_element *e, const char *name, int fd)
{
	struct front_memory_map *x = calloc(1, sizeof(*x));

	if (!x)
		return -ENOMEM;
	*x = (struct front_memory_map){
		.element = strdup(e->name),
		.name = strdup(name),
		.fd = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD),
		.next = m->maps,
	};
	m->maps = x;
	return x->fd < 0 || !x->element || !x->name ? -ENOMEM : 0;
}

// Whose name nobody has given yet. A router that is to be kept and cannot have it goes on without.
static int make(struct weir_persist *k, const struct weir_element *e, const char *name,
		const struct label *want, struct weir_err *err)
{
	int fd = make_map(k, name, want);

	if (fd >= 0)
		return fd;
	weir_warn(err, &e->loc, "%s: `%s' will not outlive the process: %s", e->name, name,
		  strerror(-fd));
	return -ENOENT;
}

int front_memory_open(struct front_memory *m, const char *dir, bool keep, struct weir_persist *k,
		      const struct weir_element *e, const char *name, uint32_t version,
		      struct weir_err *err)
{
	const struct label want = {MAGIC, version, k->n, (uint32_t)k->value_size};
	char folder[TREE_PATH];
	int fd, rc = 0;

	tree_element(folder, sizeof(folder), e->name);
	fd = tree_get("%s/%s/kept/%s", dir, folder, name);
	if (fd >= 0)
		rc = take_map(k, fd, e, name, &want, dir, err);
	else if (keep)
		fd = make(k, e, name, &want, err);
	if (fd < 0)
		return -ENOENT;
	k->fd = fd;
	rc = rc ?: add(m, e, name, fd);
	if (rc)
		weir_persist_close(k);
	return rc;
}

int front_memory_pin(const struct front_memory *m, const char *dir)
{
	const struct front_memory_map *x = m->maps;
	char folder[TREE_PATH];
	int rc = 0;

	for (; !rc && x; x = x->next) {
		tree_element(folder, sizeof(folder), x->element);
		rc = tree_pin(x->fd, "%s/%s/kept/%s", dir, folder, x->name);
	}
	return rc;
}

void front_memory_close(struct front_memory *m)
{
	while (m->maps) {
		struct front_memory_map *x = m->maps;

		m->maps = x->next;
		tree_close(x->fd);
		free(x->element);
		free(x->name);
		free(x);
	}
}
