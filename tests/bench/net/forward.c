// SPDX-License-Identifier: BSD-2-Clause

// forward PROGRAM IN OUT: puts a program of forward.bpf.c on the interface IN, from where it sends
// to OUT, until a signal ends it.

#include "bench_forward.skel.h"

#include <linux/if_link.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PORTS = 64 }; // of the map

static int forward_start(struct bench_forward *s, const char *name, int in, __u32 out)
{
	const struct bpf_program *prog = bpf_object__find_program_by_name(s->obj, name);
	LIBBPF_OPTS(bpf_link_create_opts, opt, .flags = XDP_FLAGS_DRV_MODE);
	__u32 key = out & (PORTS - 1);
	int err, fd;

	if (!prog)
		return -ENOENT;
	s->rodata->out = out;
	err = bench_forward__load(s);
	if (!err)
		err = bpf_map_update_elem(bpf_map__fd(s->maps.ports), &key, &out, 0);
	if (err)
		return err;
	// the link goes when the process goes
	fd = bpf_link_create(bpf_program__fd(prog), in, BPF_XDP, &opt);
	return fd < 0 ? fd : 0;
}

int main(int argc, char **argv)
{
	struct bench_forward *s = bench_forward__open();
	unsigned in, out;
	int err;

	if (argc != 4 || !s) {
		fputs("usage: forward drop|redirect|fib IN OUT\n", stderr);
		return 2;
	}
	in = if_nametoindex(argv[2]);
	out = if_nametoindex(argv[3]);
	err = in && out ? forward_start(s, argv[1], (int)in, out) : -ENODEV;
	if (err) {
		fprintf(stderr, "forward: %s\n", strerror(-err));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
