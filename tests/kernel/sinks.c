// SPDX-License-Identifier: BSD-2-Clause

// Discard, ToHost and ToDevice in the driver, by BPF_PROG_RUN: the verdict, the bytes that the
// driver gets back (without the block, from where the packet began for the elements) and what is
// counted; and that ToDevice keeps away from an interface that cannot send.
//
//	sinks BUILD	needs root

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <abi/front.h>
#include <abi/hdr.h>
#include <abi/meta.h>
#include <graph.h>
#include <lang.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Without another one given, the kernel says that a packet came from the loopback interface.
enum { PACKET = 100, LOOPBACK = 1, CPUS = 256, DROPS = 4 };

static const char *build;
static unsigned passed, failed;

struct program {
	struct bpf_object *object;
	int fd, counts_fd;
};

static void freeze(struct bpf_map *map, const void *v, size_t size)
{
	size_t have = 0;
	const void *value = bpf_map__initial_value(map, &have);
	uint8_t copy[256];

	if (have < size || have > sizeof(copy))
		return;
	memcpy(copy, value, have);
	memcpy(copy, v, size);
	bpf_map__set_initial_value(map, copy, have);
}

static bool load(struct program *p, const char *file, uint32_t self)
{
	struct weir_instance in = {WEIR_FRONT_ABI, 0, DROPS, 0, 0, {}};
	struct bpf_map *map;
	char path[256];

	snprintf(path, sizeof(path), "%s/elements/%s.bpf.o", build, file);
	*p = (struct program){.object = bpf_object__open_file(path, NULL)};
	if (!p->object)
		return false;
	bpf_object__for_each_map(map, p->object)
	{
		if (strstr(bpf_map__name(map), ".rodata.self"))
			freeze(map, &self, sizeof(self));
		else if (strstr(bpf_map__name(map), ".rodata.inst"))
			freeze(map, &in, sizeof(in));
	}
	if (bpf_object__load(p->object))
		return false;
	p->fd = bpf_program__fd(bpf_object__next_program(p->object, NULL));
	p->counts_fd = bpf_object__find_map_fd_by_name(p->object, "weir_counts");
	return true;
}

// The packets that were counted there.
static struct weir_count count(const struct program *p, uint32_t which)
{
	static struct weir_count v[CPUS];
	struct weir_count sum = {};

	if (libbpf_num_possible_cpus() > CPUS || bpf_map_lookup_elem(p->counts_fd, &which, v))
		return sum;
	for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++) {
		sum.packets += v[cpu].packets;
		sum.bytes += v[cpu].bytes;
	}
	return sum;
}

// One packet of so many bytes, of which the first `off` were stripped.
struct sent {
	int verdict;
	uint32_t size, meta; // of what came back
	uint8_t first;	     // byte of it; byte i of the packet is i
};

static struct sent send_one(const struct program *p, uint32_t size, uint16_t off)
{
	uint8_t in[sizeof(struct weir_meta) + PACKET] = {}, out[sizeof(in)] = {};
	struct weir_meta m = {.magic = WEIR_META_MAGIC, .off = off};
	struct xdp_md ctx = {.data = sizeof(m), .data_end = (uint32_t)sizeof(m) + size},
		      ctx_out = {};
	LIBBPF_OPTS(bpf_test_run_opts, opt, .data_in = in, .data_out = out,
		    .data_size_out = sizeof(out), .data_size_in = (uint32_t)sizeof(m) + size,
		    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .ctx_out = &ctx_out,
		    .ctx_size_out = sizeof(ctx_out), .repeat = 1);
	struct sent s = {.verdict = -1};

	memcpy(in, &m, sizeof(m));
	for (unsigned i = 0; i < size; i++)
		in[sizeof(m) + i] = (uint8_t)i;
	if (bpf_prog_test_run_opts(p->fd, &opt))
		return s;
	s.verdict = (int)opt.retval;
	s.meta = ctx_out.data;
	s.size = opt.data_size_out - s.meta;
	s.first = out[s.meta];
	return s;
}

static void expect(const char *what, bool ok)
{
	if (ok)
		passed++;
	else
		fprintf(stderr, "FAIL %s\n", what);
	failed += !ok;
}

// A packet of `size` bytes without its first `off` is ended with the verdict.
static void ends(const char *what, const struct program *p, uint32_t size, uint16_t off,
		 int verdict)
{
	const uint32_t ended = WEIR_COUNT_CLASS + DROPS + WEIR_COUNT_ENDED;
	struct weir_count before = count(p, ended), after;
	struct sent s = send_one(p, size, off);

	after = count(p, ended);
	expect(what, s.verdict == verdict && after.packets == before.packets + 1 &&
			     after.bytes == before.bytes + size - off);
	if (verdict != XDP_DROP)
		expect(what, !s.meta && s.size == size - off && s.first == off);
}

// It is counted there instead, and lost.
static void loses(const char *what, const struct program *p, uint32_t size, uint16_t off,
		  uint32_t which)
{
	struct sent s = send_one(p, size, off);

	expect(what, s.verdict == XDP_DROP && count(p, which).packets == 1);
}

static void check_discard(void)
{
	struct program p;

	if (load(&p, "standard/discard", 0))
		ends("Discard", &p, PACKET, 0, XDP_DROP);
	else
		expect("Discard is loaded", false);
	bpf_object__close(p.object);
}

static void check_to_host(void)
{
	const uint32_t handed = WEIR_COUNT_CLASS + DROPS + WEIR_COUNT_HANDED;
	struct program any = {}, same = {}, other = {};

	if (load(&any, "io/to_host", 0) && load(&same, "io/to_host", LOOPBACK) &&
	    load(&other, "io/to_host", LOOPBACK + 1)) {
		ends("ToHost", &any, PACKET, 0, XDP_PASS);
		ends("ToHost of a stripped packet", &any, PACKET, 20, XDP_PASS);
		ends("ToHost of the shortest packet", &any, 20, 6, XDP_PASS);
		ends("ToHost of the same interface", &same, PACKET, 0, XDP_PASS);
		loses("ToHost of another interface", &other, PACKET, 0, handed);
		loses("ToHost of too little", &any, 20, 7, WEIR_COUNT_CLASS + 2);
	} else {
		expect("ToHost is loaded", false);
	}
	bpf_object__close(any.object);
	bpf_object__close(same.object);
	bpf_object__close(other.object);
}

static void check_to_device(void)
{
	uint32_t zero = 0, ifindex = LOOPBACK;
	struct program p;

	if (!load(&p, "io/to_device", 60)) {
		expect("ToDevice is loaded", false);
		return;
	}
	loses("ToDevice of no interface", &p, 60, 0, WEIR_COUNT_CLASS + 3);
	expect("an interface",
	       !bpf_map_update_elem(bpf_object__find_map_fd_by_name(p.object, "devices"), &zero,
				    &ifindex, 0));
	ends("ToDevice", &p, 60, 0, XDP_REDIRECT);
	ends("ToDevice of a stripped packet", &p, 80, 20, XDP_REDIRECT);
	loses("ToDevice of too much", &p, 62, 1, WEIR_COUNT_CLASS + 1);
	loses("ToDevice of too little", &p, 20, 7, WEIR_COUNT_CLASS + 2);
	bpf_object__close(p.object);
}

// A veth whose peer has neither a program nor GRO loses all that is redirected to it.
static void check_deaf(void)
{
	static const char config[] = "Idle -> e :: ToDevice(wa)";
	struct weir_front_args a = {};
	struct weir_router *r = NULL;
	struct lang_router flat = {};
	struct weir_err err = {};
	const struct weir_element *e;

	if (unshare(CLONE_NEWNET) ||
	    system("ip link add wa type veth peer name wb && ip link set wb up && ip link set wa "
		   "up") ||
	    lang_parse(&flat, "test", config, sizeof(config) - 1, NULL, 0, &err) ||
	    weir_router_build(&r, &flat, &err)) {
		expect("a veth in a namespace", false);
		return;
	}
	e = weir_find(r, "e");
	expect("a veth that is deaf",
	       !e->class->driver(e, &a) && a.hands_all && strstr(a.why, "does not send"));
	expect("GRO", !system("ethtool -K wb gro on"));
	a = (struct weir_front_args){};
	expect("a veth that is not", !e->class->driver(e, &a) && !a.hands_all);
	weir_router_free(r);
	weir_err_free(&err);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: sinks BUILD\n");
		return 2;
	}
	build = argv[1];
	check_discard();
	check_to_host();
	check_to_device();
	check_deaf();
	printf("sinks: %u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
