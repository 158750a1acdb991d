// SPDX-License-Identifier: BSD-2-Clause
#include "program.h"

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <abi/front.h>
#include <abi/meta.h>
#include <engine.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { BUFFER = 2048, CPUS = 256 };

struct weir_router *program_router(const struct weir_class *c, const char *args, int last)
{
	struct weir_router *r = NULL;
	struct lang_router flat = {};
	struct weir_err err = {};
	struct weir_buf b = {};

	weir_printf(&b, "Idle -> e :: %s(%s);", c->name, args);
	for (int i = 0; i <= last; i++)
		weir_printf(&b, "e[%d] -> Idle;", i);
	if (c->ports && c->ports[0] == '2')
		weir_printf(&b, "Idle -> [1]e;");
	if (lang_parse(&flat, c->name, b.text, b.len, NULL, 0, &err) ||
	    weir_router_build(&r, &flat, &err) || weir_router_init(r, &err)) {
		fprintf(stderr, "%s", err.text);
		weir_router_free(r);
		r = NULL;
	}
	weir_err_free(&err);
	weir_buf_free(&b);
	return r;
}

static bool freeze(struct bpf_map *map, const void *v, size_t size)
{
	size_t have = 0;
	const void *value = bpf_map__initial_value(map, &have);
	uint8_t copy[4096];

	if (have < size || have > sizeof(copy))
		return false;
	memcpy(copy, value, have);
	memcpy(copy, v, size);
	return !bpf_map__set_initial_value(map, copy, have);
}

bool program_ask(const struct weir_element *e, struct weir_front_args *a)
{
	*a = (struct weir_front_args){.self = e->self, .size = e->class->self_size};
	return !e->class->driver || !e->class->driver(e, a);
}

// The map of a table, with room for it. Both halves have the same bytes, so sizes must agree.
static bool resize(struct bpf_object *object, const struct weir_share *s)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, s->map);

	if (map && s->fd > 0)
		return !bpf_map__reuse_fd(map, s->fd);
	if (map && s->live && bpf_map__set_map_flags(map, BPF_F_MMAPABLE))
		return false;
	return map && !bpf_map__set_max_entries(map, s->n) &&
	       !bpf_map__set_value_size(map, (uint32_t)s->value_size);
}

static bool fill_at_once(int fd, const void *data, size_t size)
{
	void *to = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (to == MAP_FAILED)
		return false;
	memcpy(to, data, size);
	munmap(to, size);
	return true;
}

// A copy of the table: one packet at a time reads it, so nobody sees the two differ.
static bool fill(const struct bpf_object *object, const struct weir_share *s)
{
	int fd = bpf_object__find_map_fd_by_name(object, s->map);
	const uint8_t *data = s->data;

	if (s->live)
		return s->fd > 0 || fill_at_once(fd, data, s->n * s->value_size);
	for (uint32_t i = 0; i < s->n; i++)
		if (bpf_map_update_elem(fd, &i, data + i * s->value_size, BPF_ANY))
			return false;
	return true;
}

bool program_load(struct program *p, const char *file, const struct weir_element *e,
		  const struct weir_front_args *a)
{
	struct weir_instance in = {
		WEIR_FRONT_ABI, weir_n_outputs(e), weir_n_drops(e->class), 0, 0, {}};
	struct bpf_program *prog;
	struct bpf_map *map;
	bool ok = true;

	*p = (struct program){
		.object = bpf_object__open_file(file, NULL),
		.n_out = in.n_out,
		.n_counts = in.n_out + WEIR_COUNT_CLASS + in.n_drops + WEIR_COUNT_MORE,
	};
	if (!p->object)
		return false;
	bpf_object__for_each_map(map, p->object)
	{
		if (strstr(bpf_map__name(map), ".rodata.self"))
			ok &= freeze(map, a->self, a->size);
		else if (strstr(bpf_map__name(map), ".rodata.inst"))
			ok &= freeze(map, &in, sizeof(in));
		else if (!strcmp(bpf_map__name(map), "weir_counts"))
			bpf_map__set_max_entries(map, p->n_counts);
	}
	for (unsigned i = 0; i < a->n_share; i++)
		ok &= resize(p->object, &a->share[i]);
	prog = bpf_object__next_program(p->object, NULL);
	if (!ok || !prog || bpf_object__load(p->object))
		return false;
	for (unsigned i = 0; i < a->n_share; i++)
		ok &= fill(p->object, &a->share[i]);
	p->fd = bpf_program__fd(prog);
	p->counts_fd = bpf_object__find_map_fd_by_name(p->object, "weir_counts");
	return ok;
}

// The output or drop reason that one packet was counted for, or -1. Forgets it.
static int port_taken(const struct program *p)
{
	static const struct weir_count zero[CPUS];
	static struct weir_count v[CPUS];
	int port = -1;

	for (unsigned i = 0; i < p->n_counts; i++) {
		uint64_t packets = 0;

		if (libbpf_num_possible_cpus() > CPUS || bpf_map_lookup_elem(p->counts_fd, &i, v))
			return -1;
		for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
			packets += v[cpu].packets;
		if (!packets)
			continue;
		if (port >= 0 || packets > 1 || bpf_map_update_elem(p->counts_fd, &i, zero, 0))
			return -1;
		if (i == p->n_counts - WEIR_COUNT_MORE + WEIR_COUNT_HANDED)
			port = PROGRAM_HANDED;
		else
			port = (int)(i < p->n_out ? i
						  : WEIR_DROP + i - p->n_out - WEIR_COUNT_CLASS);
	}
	return port;
}

static uint16_t to_meta(uint16_t at, uint32_t start)
{
	return at ? (uint16_t)(at - start) : WEIR_META_NONE;
}

static uint16_t from_meta(uint16_t at, uint32_t start)
{
	return at == WEIR_META_NONE ? 0 : (uint16_t)(at + start);
}

// Where the driver's first byte is. BPF_PROG_RUN takes no packet shorter than an Ethernet header,
// so before a shorter one some headroom stands as if it had been stripped.
static uint32_t first_byte(const struct packet *p)
{
	uint32_t start = sizeof(struct packet) + WEIR_HEADROOM;

	return p->off + p->len - start < sizeof(struct eth) ? start - sizeof(struct eth) : start;
}

// What BPF_PROG_RUN gets of a packet: the block and the bytes, with what was stripped. Their size.
static uint32_t image(const struct packet *p, uint8_t *in)
{
	uint32_t start = first_byte(p), size = p->off + p->len - start;
	struct weir_meta m = {
		.magic = WEIR_META_MAGIC,
		.off = (uint16_t)(p->off - start),
		.mac = to_meta(p->mac, start),
		.network = to_meta(p->network, start),
		.transport = to_meta(p->transport, start),
		.type = p->type,
	};

	memcpy(m.anno, p->anno, sizeof(m.anno));
	memcpy(in, &m, sizeof(m));
	memcpy(in + sizeof(m), (const uint8_t *)p + start, size);
	return (uint32_t)sizeof(m) + size;
}

// The packet as the program left it, with the driver's first byte at `start`.
static int take_back(struct packet *p, uint32_t start, const uint8_t *out, uint32_t size)
{
	struct weir_meta m;

	if (size - sizeof(m) + start > p->room)
		return -ENOBUFS;
	memcpy(&m, out, sizeof(m));
	memcpy((uint8_t *)p + start, out + sizeof(m), size - sizeof(m));
	p->off = start + m.off;
	p->len = size - (uint32_t)sizeof(m) - m.off;
	p->mac = from_meta(m.mac, start);
	p->network = from_meta(m.network, start);
	p->transport = from_meta(m.transport, start);
	p->type = m.type;
	memcpy(p->anno, m.anno, sizeof(m.anno));
	return 0;
}

// Runs it so often, always on the packet as it is, with a block in front or without; out is as the
// last run left it. The size of the block that came out, or -errno.
static int run(int fd, const struct packet *p, bool block, int repeat, uint8_t *out,
	       struct bpf_test_run_opts *opt)
{
	uint8_t in[BUFFER] = {};
	struct xdp_md ctx = {.data = block ? sizeof(struct weir_meta) : 0}, ctx_out;
	int e;

	if (block)
		ctx.data_end = image(p, in);
	else
		memcpy(in, (const uint8_t *)p + p->off, ctx.data_end = p->len);
	opt->data_in = in;
	opt->data_size_in = ctx.data_end;
	opt->data_out = out;
	opt->data_size_out = BUFFER;
	opt->ctx_in = &ctx;
	opt->ctx_out = &ctx_out;
	opt->ctx_size_in = opt->ctx_size_out = sizeof(ctx);
	opt->repeat = repeat;
	e = bpf_prog_test_run_opts(fd, opt);
	return e ?: (int)ctx_out.data;
}

int program_run(const struct program *prog, struct packet *p)
{
	LIBBPF_OPTS(bpf_test_run_opts, opt);
	uint8_t out[BUFFER];
	int r = run(prog->fd, p, true, 1, out, &opt);

	// the driver's first byte may have moved into the headroom, by a whole headroom
	if (r >= 0)
		r = take_back(p, sizeof(*p), out, opt.data_size_out);
	return r ? r : port_taken(prog);
}

int program_follow(int fd, const struct packet *p, bool block, struct packet *to,
		   struct program_end *end)
{
	LIBBPF_OPTS(bpf_test_run_opts, opt);
	uint8_t out[BUFFER];
	struct weir_meta m;
	int r = run(fd, p, block, 1, out, &opt);

	if (r < 0)
		return r;
	*end = (struct program_end){.verdict = opt.retval, .has_block = r == sizeof(m)};
	if (!end->has_block)
		return 0;
	memcpy(&m, out, sizeof(m));
	end->element = m.element;
	end->input = m.input;
	return take_back(to, sizeof(*to) + WEIR_HEADROOM, out, opt.data_size_out);
}

double program_time(const struct program *prog, const struct packet *p, int repeat)
{
	LIBBPF_OPTS(bpf_test_run_opts, opt);
	uint8_t out[BUFFER];

	// whole ns; the system call itself takes milliseconds
	return run(prog->fd, p, true, repeat, out, &opt) < 0 ? -1.0 : (double)opt.duration;
}

void program_close(struct program *p)
{
	bpf_object__close(p->object);
	*p = (struct program){};
}
