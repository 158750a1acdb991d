// SPDX-License-Identifier: BSD-2-Clause
#include "front_program.h"

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS = 64 * 1024 };

// What libbpf says while a program is loaded: its own warnings and the verifier's log. control
// thread only.
static char words[WORDS];
static size_t n_words;

static int keep_words(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	int n;

	if (level != LIBBPF_WARN || n_words >= WORDS - 1)
		return 0;
	n = vsnprintf(words + n_words, WORDS - n_words, fmt, ap);
	if (n > 0)
		n_words += (size_t)n < WORDS - n_words ? (size_t)n : WORDS - n_words - 1;
	return 0;
}

// The verifier's last sentence stands before its statistics; without a log, libbpf's first words
// that are not about another try.
static void find_reason(char *why, size_t size)
{
	char *end = strstr(words, "\nprocessed "), *line;

	if (end) {
		*end = '\0';
		line = strrchr(words, '\n');
		snprintf(why, size, "the verifier refuses it: %s", line ? line + 1 : words);
		return;
	}
	for (line = words; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		if (!strstr(line, "Retrying"))
			break;
	}
	snprintf(why, size, "%s", line[0] ? line : "it cannot be loaded");
}

unsigned front_n_counts(const struct weir_element *e)
{
	return weir_n_outputs(e) + WEIR_COUNT_CLASS + weir_n_drops(e->class) + WEIR_COUNT_MORE;
}

bool front_derives(const struct weir_element *e)
{
	return !e->class->resizes;
}

unsigned front_n_inputs(const struct weir_element *e)
{
	return e->class->inputs_apart && e->n_in > 1 ? e->n_in : 1;
}

static int freeze(struct bpf_map *map, const void *v, size_t size)
{
	size_t have = 0;
	const void *value = bpf_map__initial_value(map, &have);
	uint8_t *copy;
	int e;

	if (!value || have < size)
		return -EINVAL;
	copy = malloc(have);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, value, have);
	memcpy(copy, v, size);
	e = bpf_map__set_initial_value(map, copy, have);
	free(copy);
	return e;
}

static const struct weir_share *find_share(const struct weir_front_args *a, const char *name)
{
	for (unsigned i = 0; i < a->n_share; i++)
		if (!strcmp(a->share[i].map, name))
			return &a->share[i];
	return NULL;
}

static int size_share(struct bpf_map *map, const struct weir_share *s, const struct front_common *c)
{
	const struct front_share *have = s->live ? front_share_find(c->shares, s) : NULL;

	if (front_share_is_map(s))
		return bpf_map__reuse_fd(map, s->fd);
	if (have)
		return bpf_map__reuse_fd(map, have->fd);
	return bpf_map__set_value_size(map, (__u32)s->value_size) ?:
		       bpf_map__set_max_entries(map, s->n)	  ?:
		       s->live ? bpf_map__set_map_flags(map, BPF_F_MMAPABLE)
			       : 0;
}

static int reuse_or_size(struct bpf_map *map, int fd, unsigned n)
{
	return fd >= 0 ? bpf_map__reuse_fd(map, fd) : bpf_map__set_max_entries(map, n);
}

// Handlers sum over the states of both halves, so both must have the same.
static int check_state(const struct bpf_map *map, const struct weir_element *e)
{
	if (bpf_map__value_size(map) == e->class->state_size)
		return 0;
	n_words = (size_t)snprintf(words, WORDS,
				   "its state has %u bytes in the driver and %zu in userspace",
				   bpf_map__value_size(map), e->class->state_size);
	return -EINVAL;
}

static int set_map(struct bpf_map *map, const struct weir_element *e,
		   const struct weir_front_args *a, const struct front_program *old,
		   const struct front_common *c)
{
	const char *name = bpf_map__name(map);
	const struct weir_share *share = find_share(a, name);
	const struct weir_instance instance = {
		.abi = WEIR_FRONT_ABI,
		.n_out = weir_n_outputs(e),
		.n_drops = weir_n_drops(e->class),
		.derived = front_derives(e),
	};

	if (share)
		return size_share(map, share, c);
	if (!strcmp(name, "weir_beat"))
		return bpf_map__reuse_fd(map, c->beat_fd);
	if (!strcmp(name, "weir_out"))
		return reuse_or_size(map, old ? old->out_fd : -1,
				     weir_n_outputs(e) + front_n_inputs(e) * WEIR_OUT_MORE);
	if (!strcmp(name, "weir_counts"))
		return reuse_or_size(map, old ? old->counts_fd : -1, front_n_counts(e));
	if (!strcmp(name, "weir_state"))
		return old ? bpf_map__reuse_fd(map, old->state_fd) : check_state(map, e);
	if (strstr(name, ".rodata.self"))
		return a->size ? freeze(map, a->self, a->size) : 0;
	if (strstr(name, ".rodata.inst"))
		return freeze(map, &instance, sizeof(instance));
	return 0;
}

static int fill_share(int fd, const struct weir_share *s)
{
	int e = 0;

	for (uint32_t k = 0; !e && k < s->n; k++)
		e = bpf_map_update_elem(fd, &k, (uint8_t *)s->data + k * s->value_size, 0);
	return e;
}

static int take_shares(struct front_program *p, const struct weir_front_args *a,
		       struct front_common *c)
{
	int e = 0;

	for (unsigned i = 0; !e && i < a->n_share; i++) {
		const struct weir_share *s = &a->share[i];
		int fd = bpf_object__find_map_fd_by_name(p->object, s->map);

		if (front_share_is_map(s))
			continue;
		if (!s->live)
			e = fill_share(fd, s);
		else if ((p->live[p->n_live] = front_share_use(&c->shares, s, fd)))
			p->n_live++;
		else
			e = -ENOMEM;
	}
	return e;
}

static int ask(const struct weir_element *e, struct weir_front_args *a)
{
	*a = (struct weir_front_args){.self = e->self, .size = e->class->self_size};
	return e->class->driver ? e->class->driver(e, a) : 0;
}

// --- a program for each input ---
static struct bpf_map *find_instance(const struct front_program *p)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map,
				 p->object) if (strstr(bpf_map__name(map), ".rodata.inst")) break;
	return map;
}

// What it is told, of another input; the fd of a map or -errno.
static int make_instance(const struct bpf_map *first, unsigned input)
{
	LIBBPF_OPTS(bpf_map_create_opts, opt, .map_flags = BPF_F_RDONLY_PROG);
	struct weir_instance in;
	__u32 zero = 0;
	size_t size;
	const void *v = bpf_map__initial_value((struct bpf_map *)first, &size);
	int fd;

	if (!v || size != sizeof(in))
		return -EINVAL;
	memcpy(&in, v, sizeof(in));
	in.input = input;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "instance", sizeof(zero), sizeof(in), 1, &opt);
	if (fd < 0 || bpf_map_update_elem(fd, &zero, &in, 0) || bpf_map_freeze(fd)) {
		int e = -errno;

		if (fd >= 0)
			close(fd);
		return e;
	}
	return fd;
}

// The same program with another map in the place of one; its fd or -errno.
static int load_with(const struct bpf_program *p, int map, int other)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opt,
		    .expected_attach_type = bpf_program__expected_attach_type(p));
	const size_t n = bpf_program__insn_cnt(p);
	struct bpf_insn *v = malloc(n * sizeof(*v));
	int fd;

	if (!v)
		return -ENOMEM;
	memcpy(v, bpf_program__insns(p), n * sizeof(*v));
	for (size_t i = 0; i < n; i++)
		if (v[i].code == (BPF_LD | BPF_IMM | BPF_DW) && v[i].imm == map &&
		    (v[i].src_reg == BPF_PSEUDO_MAP_FD || v[i].src_reg == BPF_PSEUDO_MAP_VALUE))
			v[i].imm = other;
	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, bpf_program__name(p), "Dual BSD/GPL", v, n, &opt);
	free(v);
	return fd;
}

static int load_input(const struct front_program *p, unsigned input)
{
	const struct bpf_map *first = find_instance(p);
	int other = first ? make_instance(first, input) : -EINVAL, fd;

	if (other < 0)
		return other;
	fd = load_with(bpf_object__next_program(p->object, NULL), bpf_map__fd(first), other);
	close(other);
	return fd;
}

static int load_inputs(struct front_program *p, const struct weir_element *e)
{
	const unsigned n = front_n_inputs(e) - 1;

	p->more = calloc(n + 1, sizeof(*p->more));
	if (!p->more)
		return -ENOMEM;
	for (; p->n_more < n; p->n_more++) {
		p->more[p->n_more] = load_input(p, p->n_more + 1);
		if (p->more[p->n_more] < 0)
			return p->more[p->n_more];
	}
	return 0;
}

static int open_and_load(struct front_program *p, const char *file, const struct weir_element *e,
			 const struct weir_front_args *a, const struct front_program *old,
			 struct front_common *c)
{
	struct bpf_map *map;
	int rc = 0;

	p->object = bpf_object__open_file(file, NULL);
	if (!p->object)
		return -errno;
	bpf_object__for_each_map(map, p->object)
	{
		rc = set_map(map, e, a, old, c);
		if (rc)
			return rc;
	}
	rc = bpf_object__load(p->object);
	if (rc)
		return rc;
	p->fd = bpf_program__fd(bpf_object__next_program(p->object, NULL));
	p->out_fd = bpf_object__find_map_fd_by_name(p->object, "weir_out");
	p->counts_fd = bpf_object__find_map_fd_by_name(p->object, "weir_counts");
	p->state_fd = bpf_object__find_map_fd_by_name(p->object, "weir_state");
	p->n_counts = front_n_counts(e);
	p->hands_all = a->hands_all;
	p->state_size = p->state_fd >= 0 ? e->class->state_size : 0;
	return load_inputs(p, e) ?: take_shares(p, a, c);
}

int front_program_load(struct front_program *p, const char *file, const struct weir_element *e,
		       const struct front_program *old, struct front_common *c, char *why,
		       size_t size)
{
	libbpf_print_fn_t print;
	struct weir_front_args a;
	int rc = ask(e, &a);

	*p = (struct front_program){.fd = -1, .state_fd = -1};
	if (rc) {
		snprintf(why, size, "%s", a.why);
		return rc;
	}
	if (a.hands_all)
		snprintf(why, size, "%s", a.why);
	words[n_words = 0] = '\0';
	print = libbpf_set_print(keep_words);
	rc = open_and_load(p, file, e, &a, old, c);
	libbpf_set_print(print);
	if (rc) {
		find_reason(why, size);
		front_program_close(p, c);
	}
	return rc;
}

static bool has_arguments(const struct front_program *p, const struct weir_front_args *a)
{
	struct bpf_map *map;
	const void *loaded;
	size_t size;

	bpf_object__for_each_map(map, p->object)
	{
		if (!strstr(bpf_map__name(map), ".rodata.self"))
			continue;
		loaded = bpf_map__initial_value(map, &size);
		return !a->size || !loaded || size < a->size || !memcmp(loaded, a->self, a->size);
	}
	return true;
}

// Is what was copied into the program still what the element has? What cannot be read back, like
// an interface that is gone, is left alone.
static bool has_copy(const struct front_program *p, const struct weir_share *s)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(p->object, s->map);
	uint8_t *value;
	bool same = true;

	if (!map || bpf_map__max_entries(map) != s->n || bpf_map__value_size(map) != s->value_size)
		return false;
	value = malloc(s->value_size);
	for (uint32_t i = 0; value && same && i < s->n; i++)
		same = bpf_map_lookup_elem(bpf_map__fd(map), &i, value) ||
		       !memcmp(value, (const uint8_t *)s->data + i * s->value_size, s->value_size);
	free(value);
	return same;
}

int front_program_is_old(const struct front_program *p, const struct weir_element *e)
{
	struct weir_front_args a;
	int rc = ask(e, &a);

	for (unsigned i = 0; !rc && i < a.n_share; i++)
		rc = !a.share[i].live && !has_copy(p, &a.share[i]);
	return rc ?: !has_arguments(p, &a);
}

void front_program_close(struct front_program *p, struct front_common *c)
{
	if (!p->object && p->n_counts) {
		close(p->counts_fd);
		if (p->state_fd >= 0)
			close(p->state_fd);
	}
	while (p->n_more)
		close(p->more[--p->n_more]);
	free(p->more);
	bpf_object__close(p->object);
	while (p->n_live)
		front_share_leave(&c->shares, p->live[--p->n_live]);
	*p = (struct front_program){.fd = -1, .state_fd = -1};
}

int front_program_share(struct front_program *p)
{
	int rc = 0;

	for (unsigned i = 0; !rc && i < p->n_live; i++)
		rc = front_share_map(p->live[i]);
	return rc;
}
