// SPDX-License-Identifier: BSD-2-Clause
#include "tally.h"

#include "tree.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <abi/entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD = 128 };

// --- writing ---
// Which counter is not counted; -1: none.
static int derived(const struct weir_front *f, const struct weir_element *e)
{
	const struct front_program *p = &f->programs[e->index];

	if (!front_derives(e))
		return -1;
	return e->class->is_sink ? (int)p->n_counts - WEIR_COUNT_MORE + WEIR_COUNT_ENDED : 0;
}

static void write_ways(const struct weir_front *f, const struct weir_element *e, FILE *out)
{
	const struct weir_wiring *w = weir_wiring(e);

	for (unsigned i = w->in[0].first; i < w->in[0].first + w->in[0].n; i++) {
		const struct weir_connection *c = &e->router->connections[w->by_in[i]];

		if (!weir_plan_is_inside(f->plan, c))
			continue;
		if (f->devices[c->from->index])
			fprintf(out, " =%s", weir_device_name(f->devices[c->from->index]));
		else
			fprintf(out, " %u:%s", c->from_port, c->from->name);
	}
}

int front_tally_write(const struct weir_front *f, const char *file)
{
	FILE *out = fopen(file, "we");

	if (!out)
		return -errno;
	for (unsigned i = 0; i < f->plan->router->n_elements; i++) {
		const struct weir_element *e = f->plan->router->elements[i];

		if (!f->programs[i].object)
			continue;
		fprintf(out, "%s %s %d %u", e->name, e->class->name, derived(f, e),
			f->programs[i].n_counts);
		write_ways(f, e, out);
		fputc('\n', out);
	}
	return fclose(out) ? -EIO : 0;
}

// --- reading ---
struct line {
	char *name, *class_name;
	int derived;
	unsigned n_counts;
	char *ways; // what leads here, with blanks between
};

struct tally {
	const char *dir;
	struct line *lines;
	unsigned n;
};

// A counter summed over the CPUs: the number at `offset` of the map's values.
static uint64_t sum_at(int fd, uint32_t key, size_t value_size, size_t offset)
{
	int n_cpus = libbpf_num_possible_cpus();
	uint8_t *v = n_cpus > 0 ? calloc((size_t)n_cpus, value_size) : NULL;
	uint64_t sum = 0, one;

	if (v && !bpf_map_lookup_elem(fd, &key, v))
		for (int i = 0; i < n_cpus; i++) {
			memcpy(&one, v + (size_t)i * value_size + offset, sizeof(one));
			sum += one;
		}
	free(v);
	return sum;
}

static uint64_t entered(const struct tally *t, const char *ifname)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	char quoted[WORD];
	uint64_t n = 0;
	int fd;

	tree_quote(quoted, sizeof(quoted), ifname);
	fd = tree_get("%s/interfaces/%s/counts", t->dir, quoted);
	if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size))
		for (__u32 q = 0; q < info.max_entries; q++)
			n += sum_at(fd, q, sizeof(struct weir_entry_count),
				    offsetof(struct weir_entry_count, front));
	tree_close(fd);
	return n;
}

static uint64_t came_in(const struct tally *t, const struct line *l);

static uint64_t left_by(const struct tally *t, const struct line *l, unsigned which)
{
	uint64_t n = l->derived == (int)which ? came_in(t, l) : 0;
	char folder[TREE_PATH];
	int fd;

	tree_element(folder, sizeof(folder), l->name);
	fd = tree_get("%s/%s/counts", t->dir, folder);
	for (unsigned i = 0; fd >= 0 && i < l->n_counts; i++) {
		uint64_t one = sum_at(fd, i, sizeof(struct weir_count), 0);

		if (l->derived != (int)which)
			n += i == which ? one : 0;
		else if (i != which)
			n -= one < n ? one : n;
	}
	tree_close(fd);
	return n;
}

// Elements stand in the file in an order of their own.
static uint64_t by_way(const struct tally *t, const char *way)
{
	unsigned port;
	char name[TREE_PATH];

	if (*way == '=')
		return entered(t, way + 1);
	if (sscanf(way, "%u:%511s", &port, name) != 2)
		return 0;
	for (unsigned i = 0; i < t->n; i++)
		if (!strcmp(t->lines[i].name, name))
			return left_by(t, &t->lines[i], port);
	return 0;
}

// Each element has one counter that is derived, and no way leads back: this goes up a tree.
static uint64_t came_in(const struct tally *t, const struct line *l)
{
	char *ways = strdup(l->ways), *rest, *way;
	uint64_t n = 0;

	for (way = ways ? strtok_r(ways, " ", &rest) : NULL; way; way = strtok_r(NULL, " ", &rest))
		n += by_way(t, way);
	free(ways);
	return n;
}

static bool read_line(FILE *in, struct line *l)
{
	return fscanf(in, "%ms %ms %d %u%m[^\n]", &l->name, &l->class_name, &l->derived,
		      &l->n_counts, &l->ways) == 5;
}

static void free_line(const struct line *l)
{
	free(l->name);
	free(l->class_name);
	free(l->ways);
}

int front_tally_read(const char *file, const char *dir,
		     void (*fn)(void *arg, const char *name, const char *class_name,
				uint64_t packets),
		     void *arg)
{
	struct tally t = {.dir = dir};
	struct line l = {}, *more;
	FILE *in = fopen(file, "re");

	if (!in)
		return -errno;
	while (read_line(in, &l) && (more = reallocarray(t.lines, t.n + 1, sizeof(*t.lines)))) {
		t.lines = more;
		t.lines[t.n++] = l;
		l = (struct line){};
	}
	free_line(&l);
	fclose(in);
	for (unsigned i = 0; i < t.n; i++)
		fn(arg, t.lines[i].name, t.lines[i].class_name, came_in(&t, &t.lines[i]));
	for (unsigned i = 0; i < t.n; i++)
		free_line(&t.lines[i]);
	free(t.lines);
	return 0;
}
