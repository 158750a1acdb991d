// SPDX-License-Identifier: BSD-2-Clause
#include "reader.h"

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <figure.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

bool reader_share(const struct bpf_object *o, const struct weir_share *s)
{
	int fd = bpf_object__find_map_fd_by_name(o, s->map);

	return mmap(s->data, s->n * s->value_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		    fd, 0) == s->data;
}

static bool freeze_form(struct bpf_object *o, const void *form, size_t size)
{
	struct bpf_map *map;

	bpf_object__for_each_map(
		map, o) if (strstr(bpf_map__name(map),
				   ".rodata")) return !bpf_map__set_initial_value(map, form, size);
	return false;
}

static bool resize(struct bpf_object *o, const struct weir_share *s)
{
	struct bpf_map *map = bpf_object__find_map_by_name(o, s->map);

	return map && !bpf_map__set_value_size(map, (uint32_t)s->value_size);
}

static bool copy(struct bpf_object *o, const struct weir_share *s)
{
	uint32_t zero = 0;

	return !bpf_map_update_elem(bpf_object__find_map_fd_by_name(o, s->map), &zero, s->data,
				    BPF_ANY) &&
	       reader_share(o, s);
}

static int program(const struct bpf_object *o, const char *name)
{
	return bpf_program__fd(bpf_object__find_program_by_name(o, name));
}

// A program with its arguments, and the memory that it shares.
static bool load(struct reader *r, const char *file, const void *form, size_t size,
		 const struct weir_share *shares, unsigned n)
{
	*r = (struct reader){.object = bpf_object__open_file(file, NULL)};
	if (!r->object || !freeze_form(r->object, form, size))
		return false;
	for (unsigned i = 0; i < n; i++)
		if (!resize(r->object, &shares[i]))
			return false;
	if (bpf_object__load(r->object))
		return false;
	for (unsigned i = 0; i < n; i++)
		if (!copy(r->object, &shares[i]))
			return false;
	r->fd = program(r->object, "fib_look_up");
	r->time_fd = program(r->object, "fib_time");
	r->kernel_fd = program(r->object, "kernel_look_up");
	r->size = bpf_map__value_size(bpf_object__find_map_by_name(r->object, "work"));
	r->work = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_SHARED,
		       bpf_object__find_map_fd_by_name(r->object, "work"), 0);
	return r->work != MAP_FAILED;
}

bool reader_open(struct reader *r, const char *build, struct weir_fib4 *f)
{
	const struct weir_fib4_view *v = weir_fib4_view(f);
	const struct weir_fib4_form form = {v->shift, f->n_groups};
	const size_t root_size = sizeof(*v->root) << (32 - v->shift);
	const size_t group_size = sizeof(*v->groups) * WEIR_FIB4_GROUP_SIZE * f->n_groups;
	const struct weir_share shares[] = {
		{.map = "root", .data = (void *)v->root, .value_size = root_size, .n = 1},
		{.map = "groups", .data = (void *)v->groups, .value_size = group_size, .n = 1},
	};
	char file[256];

	snprintf(file, sizeof(file), "%s/tests/kernel/fib_reader.bpf.o", build);
	f->shared = true;
	return load(r, file, &form, sizeof(form), shares, 2);
}

bool reader_open6(struct reader *r, const char *build, struct weir_fib6 *f)
{
	const struct weir_fib6_form form = {f->n_words};
	const struct weir_share share = {.map = "nodes6",
					 .data = (void *)f->words,
					 .value_size = f->n_words * sizeof(*f->words),
					 .n = 1};
	char file[256];

	snprintf(file, sizeof(file), "%s/tests/kernel/fib6_reader.bpf.o", build);
	f->shared = true;
	return load(r, file, &form, sizeof(form), &share, 1);
}

double reader_run(int fd, int runs)
{
	uint8_t packet[64] = {};
	LIBBPF_OPTS(bpf_test_run_opts, opt, .data_in = packet, .data_size_in = sizeof(packet),
		    .repeat = runs);

	if (bpf_prog_test_run_opts(fd, &opt) || opt.retval != XDP_DROP)
		return -1;
	return (double)opt.duration / FIB_READER_RUN;
}

void reader_close(struct reader *r)
{
	if (r->work && r->work != MAP_FAILED)
		munmap(r->work, r->size);
	bpf_object__close(r->object);
	*r = (struct reader){};
}
