// SPDX-License-Identifier: BSD-2-Clause

// Both halves agree: the case rows of elements, which userspace is held to by tests/unit/cases.c,
// run through the same file compiled for the driver, by BPF_PROG_RUN: same output, same bytes, same
// annotations.
//
//	parity OBJECT ...	needs root

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <abi/front.h>
#include <abi/meta.h>
#include <engine.h>
#include <errno.h>
#include <pkt.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUFFER = 2048 };

extern const struct weir_cases *const __start_weir_cases[], *const __stop_weir_cases[];
static unsigned passed, failed, refused, handed;

static void fail(const struct weir_class *c, const struct weir_case *row, const char *why)
{
	fprintf(stderr, "FAIL %s(%s): %s: %s\n", c->name, row->args, row->in, why);
	failed++;
}

// The arguments of an element, as userspace parses them, with outputs 0 to `last` connected.
static struct weir_router *configure(const struct weir_class *c, const char *args, int last)
{
	struct weir_router *r = NULL;
	struct lang_router flat = {};
	struct weir_err err = {};
	struct weir_buf b = {};

	weir_printf(&b, "Idle -> e :: %s(%s) -> Idle;", c->name, args);
	for (int i = 1; i <= last; i++)
		weir_printf(&b, "e[%d] -> Idle;", i);
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

// A program with its arguments frozen in it, and its counters.
struct program {
	struct bpf_object *object;
	int fd, counts_fd;
	unsigned n_out, n_counts;
};

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

// What the element's program gets: what the class's `driver` function says, or its own arguments.
// False if the class wants an element with these arguments in userspace.
static bool ask_class(const struct weir_element *e, struct weir_front_args *a)
{
	*a = (struct weir_front_args){.self = e->self, .size = e->class->self_size};
	return !e->class->driver || !e->class->driver(e, a);
}

// The map of a table, with room for it. Both halves have the same bytes, so sizes must agree.
static bool resize(struct bpf_object *object, const struct weir_share *s)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, s->map);

	return map && !bpf_map__set_max_entries(map, s->n) &&
	       !bpf_map__set_value_size(map, (uint32_t)s->value_size);
}

// A copy of the table: one packet at a time reads it, so nobody sees the two differ.
static bool fill(const struct bpf_object *object, const struct weir_share *s)
{
	int fd = bpf_object__find_map_fd_by_name(object, s->map);
	const uint8_t *data = s->data;

	for (uint32_t i = 0; i < s->n; i++)
		if (bpf_map_update_elem(fd, &i, data + i * s->value_size, BPF_ANY))
			return false;
	return true;
}

static unsigned count_drops(const struct weir_class *c)
{
	unsigned n = 0;

	while (n < 16 && c->drops[n])
		n++;
	return n;
}

static bool load(struct program *p, const char *file, const struct weir_element *e,
		 const struct weir_front_args *a)
{
	struct weir_instance in = {WEIR_FRONT_ABI, e->n_out, count_drops(e->class)};
	struct bpf_program *prog;
	struct bpf_map *map;
	bool ok = true;

	*p = (struct program){
		.object = bpf_object__open_file(file, NULL),
		.n_out = e->n_out,
		.n_counts = e->n_out + WEIR_COUNT_CLASS + in.n_drops + WEIR_COUNT_MORE,
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

// The output or drop reason that one packet was counted for, or -1.
static int port_taken(const struct program *p)
{
	static struct weir_count v[256];
	int port = -1;

	for (unsigned i = 0; i < p->n_counts; i++) {
		uint64_t packets = 0;

		if (libbpf_num_possible_cpus() > 256 || bpf_map_lookup_elem(p->counts_fd, &i, v))
			return -1;
		for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
			packets += v[cpu].packets;
		if (!packets)
			continue;
		if (port >= 0 || packets > 1)
			return -1;
		port = (int)(i < p->n_out ? i : WEIR_DROP + i - p->n_out - WEIR_COUNT_CLASS);
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

// The packet through the program. What was stripped before its start goes along, as in a driver.
// The port, or -errno.
static int run(const struct program *prog, struct packet *p)
{
	uint8_t in[BUFFER] = {}, out[BUFFER];
	uint32_t start = first_byte(p), size = p->off + p->len - start;
	struct weir_meta m = {
		.magic = WEIR_META_MAGIC,
		.off = (uint16_t)(p->off - start),
		.mac = to_meta(p->mac, start),
		.network = to_meta(p->network, start),
		.transport = to_meta(p->transport, start),
		.type = p->type,
	};
	struct xdp_md ctx = {.data = sizeof(m), .data_end = (uint32_t)sizeof(m) + size}, ctx_out;
	LIBBPF_OPTS(bpf_test_run_opts, opt, .data_in = in, .data_out = out, .data_size_out = BUFFER,
		    .data_size_in = (uint32_t)sizeof(m) + size, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .ctx_out = &ctx_out,
		    .ctx_size_out = sizeof(ctx_out), .repeat = 1);
	int rc;

	memcpy(m.anno, p->anno, sizeof(m.anno));
	memcpy(in, &m, sizeof(m));
	memcpy(in + sizeof(m), (uint8_t *)p + start, size);
	rc = bpf_prog_test_run_opts(prog->fd, &opt);
	if (rc)
		return rc;
	memcpy(&m, out, sizeof(m));
	// the driver's first byte may have moved into the headroom, by a whole headroom
	start = sizeof(struct packet);
	if (opt.data_size_out - sizeof(m) + start > p->room)
		return -ENOBUFS;
	memcpy((uint8_t *)p + start, out + sizeof(m), opt.data_size_out - sizeof(m));
	p->off = start + m.off;
	p->len = opt.data_size_out - (uint32_t)sizeof(m) - m.off;
	p->mac = from_meta(m.mac, start);
	p->network = from_meta(m.network, start);
	p->transport = from_meta(m.transport, start);
	p->type = m.type;
	memcpy(p->anno, m.anno, sizeof(m.anno));
	return port_taken(prog);
}

static int port_of(const struct weir_class *c, const char *word)
{
	char *end;
	long number = strtol(word, &end, 10);

	if (end != word && !*end)
		return (int)number;
	for (int i = 0; i < 16; i++) {
		if (c->out[i] && !strcmp(c->out[i], word))
			return i;
		if (c->drops[i] && !strcmp(c->drops[i], word))
			return WEIR_DROP + i;
	}
	return -1;
}

// One row that is a single packet to input 0.
static void check_row(const char *file, const struct weir_class *c, const struct weir_case *row)
{
	const char *want_text = *row->want ? row->want : row->in;
	struct pkt in, want;
	struct program prog = {};
	struct weir_front_args a;
	int want_port = port_of(c, row->out);
	struct weir_router *r = configure(c, row->args, want_port < WEIR_DROP ? want_port : 0);
	struct packet *p;
	char *why = NULL, other[64];
	bool loaded;
	int port;

	pkt_parse(&in, row->in, strlen(row->in));
	pkt_parse(&want, want_text, strlen(want_text));
	p = pkt_new(&in);
	if (r && !ask_class(weir_find(r, "e"), &a)) {
		refused++;
		goto out;
	}
	loaded = r && load(&prog, file, weir_find(r, "e"), &a);
	if (!loaded || !p) {
		fail(c, row,
		     r ? "the kernel refuses the program" : "userspace refuses the arguments");
		goto out;
	}
	port = run(&prog, p);
	if (port == WEIR_DROP + (int)count_drops(c) + WEIR_COUNT_HANDED) {
		// userspace begins with it: it must be as it came
		pkt_free(&want);
		pkt_parse(&want, row->in, strlen(row->in));
		if (pkt_matches(p, &want, &why))
			handed++;
		else
			fail(c, row, why);
		goto out;
	}
	snprintf(other, sizeof(other), "leaves by %d, not %s", port, row->out);
	if (port != want_port)
		fail(c, row, other);
	else if (port < WEIR_DROP && !pkt_matches(p, &want, &why))
		fail(c, row, why);
	else
		passed++;
out:
	free(why);
	free(p);
	pkt_free(&in);
	pkt_free(&want);
	bpf_object__close(prog.object);
	weir_router_free(r);
}

// elements/ip/dec_ip_ttl.bpf.o is of the class whose source is elements/ip/dec_ip_ttl.c.
static bool is_of(const char *object, const struct weir_class *c)
{
	size_t n = strlen(c->file) - strlen(".c");
	const char *at = strstr(object, "elements/");

	return at && !strncmp(at, c->file, n) && !strcmp(at + n, ".bpf.o");
}

// Rows of one packet on input 0.
static bool is_one_packet(const struct weir_case *row)
{
	return !strpbrk(row->in, "|@") && !strchr(row->out, '|');
}

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return getenv("PARITY_VERBOSE") || level == LIBBPF_WARN ? vfprintf(stderr, fmt, ap) : 0;
}

int main(int argc, char **argv)
{
	unsigned classes = 0, before;

	libbpf_set_print(quiet);
	for (int i = 1; i < argc; i++)
		for (const struct weir_cases *const *c = __start_weir_cases; c < __stop_weir_cases;
		     c++) {
			if (!is_of(argv[i], (*c)->class))
				continue;
			classes++;
			before = passed;
			for (const struct weir_case *row = (*c)->rows; row->in; row++)
				if (is_one_packet(row))
					check_row(argv[i], (*c)->class, row);
			if (passed == before) {
				fprintf(stderr, "FAIL %s: no row is done by the driver\n",
					(*c)->class->name);
				failed++;
			}
		}
	printf("%u elements in both halves, %u rows for userspace only, %u handed over\n"
	       "%u passed, %u failed\n",
	       classes, refused, handed, passed, failed);
	return failed || !passed;
}
