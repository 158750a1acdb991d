// SPDX-License-Identifier: BSD-2-Clause

// What the entry program writes into the block, seen by a program in the first element's place that
// returns one of its bytes; and when an exit hands packets to userspace.
//
//	entry		needs root

#include <weir/packet.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <abi/entry.h>
#include <abi/front.h>
#include <abi/meta.h>
#include <entry.skel.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <to_user.skel.h>
#include <unistd.h>

enum { FRAME = 64 };
static const uint8_t MAC[6] = {2, 0, 0, 0x12, 0x34, 0x56};
static unsigned passed, failed;

static void expect(const char *what, bool ok)
{
	passed += ok;
	failed += !ok;
	if (!ok)
		fprintf(stderr, "FAIL entry: %s\n", what);
}

// return data_meta[at], or 255 without a block
static int load_probe(uint8_t at)
{
	const struct bpf_insn code[] = {
		{BPF_LDX | BPF_W | BPF_MEM, 2, 1, offsetof(struct xdp_md, data_meta), 0},
		{BPF_LDX | BPF_W | BPF_MEM, 3, 1, offsetof(struct xdp_md, data), 0},
		{BPF_ALU64 | BPF_MOV | BPF_X, 4, 2, 0, 0},
		{BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, sizeof(struct weir_meta)},
		{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 255},
		{BPF_JMP | BPF_JGT | BPF_X, 4, 3, 1, 0},
		{BPF_LDX | BPF_B | BPF_MEM, 0, 2, at, 0},
		{BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
	};

	LIBBPF_OPTS(bpf_prog_load_opts, opt, .expected_attach_type = BPF_XDP);

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "probe", "GPL", code, sizeof(code) / sizeof(*code),
			     &opt);
}

// The byte that the probe sees for a frame to this address; -1 if it did not run.
static int run(int fd, const uint8_t *dst)
{
	uint8_t frame[FRAME] = {};
	LIBBPF_OPTS(bpf_test_run_opts, opt, .data_in = frame, .data_size_in = FRAME, .repeat = 1);

	memcpy(frame, dst, 6);
	return bpf_prog_test_run_opts(fd, &opt) ? -1 : (int)opt.retval;
}

static void check_types(int fd)
{
	expect("its own address", run(fd, MAC) == WEIR_HOST);
	expect("another's",
	       run(fd, (const uint8_t[6]){2, 0, 0, 0x12, 0x34, 0x57}) == WEIR_OTHERHOST);
	expect("nobody's", run(fd, (const uint8_t[6]){}) == WEIR_OTHERHOST);
	expect("all", run(fd, (const uint8_t[6]){255, 255, 255, 255, 255, 255}) == WEIR_BROADCAST);
	expect("a group", run(fd, (const uint8_t[6]){1, 0, 0x5e, 0, 0, 5}) == WEIR_MULTICAST);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

// The verdict on a packet with a block.
static int leave(int fd)
{
	struct {
		struct weir_meta meta;
		uint8_t frame[FRAME];
	} in = {.meta.magic = WEIR_META_MAGIC};
	struct xdp_md ctx = {.data = sizeof(in.meta), .data_end = sizeof(in)};
	LIBBPF_OPTS(bpf_test_run_opts, opt, .data_in = &in, .data_size_in = sizeof(in),
		    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .repeat = 1);

	return bpf_prog_test_run_opts(fd, &opt) ? -1 : (int)opt.retval;
}

static void check_exit(void)
{
	const uint64_t second = 1000000000;
	struct to_user *skel = to_user__open_and_load();
	int fd, map, socket_fd = socket(AF_XDP, SOCK_RAW, 0);
	uint32_t zero = 0;
	struct weir_beat beat = {now(), second};

	expect("an exit", skel && socket_fd >= 0);
	if (!skel || socket_fd < 0)
		return;
	fd = bpf_program__fd(skel->progs.weir_to_user);
	map = bpf_map__fd(skel->maps.weir_beat);
	bpf_map_update_elem(map, &zero, &beat, BPF_ANY);
	expect("nobody's queue", leave(fd) == XDP_DROP);
	bpf_map_update_elem(bpf_map__fd(skel->maps.sockets), &zero, &socket_fd, BPF_ANY);
	expect("a process that lives", leave(fd) == XDP_REDIRECT);
	beat.last = now() + second; // it wrote while the program had looked at the clock already
	bpf_map_update_elem(map, &zero, &beat, BPF_ANY);
	expect("one that just gave a sign", leave(fd) == XDP_REDIRECT);
	beat.last = now() - 2 * second;
	bpf_map_update_elem(map, &zero, &beat, BPF_ANY);
	expect("one that stands still", leave(fd) == XDP_DROP);
	beat.timeout = 0;
	bpf_map_update_elem(map, &zero, &beat, BPF_ANY);
	expect("one that is not watched", leave(fd) == XDP_REDIRECT);
	close(socket_fd);
	to_user__destroy(skel);
}

int main(void)
{
	struct entry *skel = entry__open();
	uint32_t zero = 0;
	int probe = load_probe(offsetof(struct weir_meta, type)), map;

	if (!skel || probe < 0)
		return 1;
	memcpy(skel->rodata->args.mac, MAC, sizeof(MAC));
	if (entry__load(skel))
		return 1;
	map = bpf_map__fd(skel->maps.front);
	expect("the first program", !bpf_map_update_elem(map, &zero, &probe, BPF_ANY));
	expect("off: the host's", run(bpf_program__fd(skel->progs.weir_entry), MAC) == XDP_PASS);
	skel->bss->has_front = 1;
	check_types(bpf_program__fd(skel->progs.weir_entry));
	entry__destroy(skel);
	check_exit();
	printf("entry: %u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
