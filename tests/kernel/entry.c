// SPDX-License-Identifier: BSD-2-Clause

// What the entry program writes into the block, seen by a program in the first element's place that
// returns one of its bytes.
//
//	entry		needs root

#include <weir/packet.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <abi/entry.h>
#include <abi/meta.h>
#include <entry.skel.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

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
	printf("entry: %u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
