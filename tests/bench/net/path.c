// SPDX-License-Identifier: BSD-2-Clause

// Times the XDP program of an interface by BPF_PROG_RUN, packet by packet as they would arrive
// there, and prints one line of JSON: ns per packet of many short runs, in turns with an empty
// program and with what writing the packets costs.

#include "path.h"

#include "bench_path.skel.h"
#include "target.h"

#include <linux/if_link.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USAGE                                                                        \
	"usage: path --if NAME --mac ROUTER --src IP (--dst IP | --dsts FILE)\n"     \
	"  in the namespace of the interface\n"                                      \
	"  --dsts FILE   destinations, four bytes each; as many as a power of two\n" \
	"  --runs N      (51)\n"                                                     \
	"  --verdict N   the XDP action that the packets are to get (4, redirect)\n" \
	"  --cpu N       (0)\n"

enum { REPEAT = 1 << 13 };

struct options {
	const char *name;
	struct target target;
	unsigned runs, verdict, cpu;
};

struct path {
	struct options opt;
	struct bench_path *skel;
	struct xdp_md ctx;
};

// What is attached to the interface, in the place where `around` goes on.
static int find_program(struct path *p)
{
	int ifindex = (int)if_nametoindex(p->opt.name), fd, err;
	__u32 id = 0, zero = 0;

	if (!ifindex)
		return -errno;
	err = bpf_xdp_query_id(ifindex, 0, &id);
	if (err || !id)
		return err ? err : -ENOENT;
	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		return fd;
	p->ctx = (struct xdp_md){.data_end = PATH_LEN, .ingress_ifindex = (__u32)ifindex};
	return bpf_map_update_elem(bpf_map__fd(p->skel->maps.measured), &zero, &fd, 0);
}

static int path_open(struct path *p)
{
	cpu_set_t cpus;
	int err;

	CPU_ZERO(&cpus);
	CPU_SET(p->opt.cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		return -errno;
	p->skel = bench_path__open_and_load();
	if (!p->skel)
		return -errno;
	p->skel->bss->config.src = p->opt.target.src[0];
	memcpy(p->skel->bss->config.src_mac, "\2\0\0\0\1\2", 6);
	err = target_mac(p->opt.target.mac, p->skel->bss->config.dst_mac);
	if (!err)
		err = target_read(&p->opt.target, p->skel->bss->destinations, PATH_DESTINATIONS,
				  &p->skel->bss->config.mask);
	return err ? err : find_program(p);
}

// ns per packet, or an error below zero. What the process was interrupted for is not in it.
static int run(struct path *p, const struct bpf_program *prog, __u32 verdict)
{
	static unsigned char frame[PATH_LEN], out[256];
	LIBBPF_OPTS(bpf_test_run_opts, opt, .data_in = frame, .data_size_in = sizeof(frame),
		    .data_out = out, .data_size_out = sizeof(out), .ctx_in = &p->ctx,
		    .ctx_size_in = sizeof(p->ctx), .repeat = REPEAT);
	int err = bpf_prog_test_run_opts(bpf_program__fd(prog), &opt);

	if (err)
		return err;
	if (opt.retval != verdict) {
		fprintf(stderr, "path: a packet got verdict %u, not %u\n", opt.retval, verdict);
		return -EBADMSG;
	}
	return (int)opt.duration;
}

static int measure(struct path *p)
{
	const struct bpf_program *progs[] = {p->skel->progs.empty, p->skel->progs.bare,
					     p->skel->progs.around};
	static const char *const name[] = {"empty", "bare", "around"};
	enum { N = sizeof(progs) / sizeof(*progs), MOST = 10000 };
	static int ns[N][MOST];

	for (unsigned i = 0; i < p->opt.runs && i < MOST; i++)
		for (unsigned k = 0; k < N; k++) {
			ns[k][i] = run(p, progs[k], k == 2 ? p->opt.verdict : XDP_DROP);
			if (ns[k][i] < 0)
				return ns[k][i];
		}
	for (unsigned k = 0; k < N; k++) {
		printf("%s\"%s\": [", k ? ", " : "{", name[k]);
		for (unsigned i = 0; i < p->opt.runs && i < MOST; i++)
			printf("%s%d", i ? ", " : "", ns[k][i]);
		printf("]");
	}
	printf("}\n");
	return 0;
}

static bool parse(struct options *o, int argc, char **argv)
{
	static const struct option known[] = {{"if", 1, NULL, 'i'},   TARGET_OPTIONS,
					      {"runs", 1, NULL, 'r'}, {"verdict", 1, NULL, 'v'},
					      {"cpu", 1, NULL, 'c'},  {}};

	for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		switch (c) {
		case 'i':
			o->name = optarg;
			break;
		case 'r':
			o->runs = (unsigned)atoi(optarg);
			break;
		case 'v':
			o->verdict = (unsigned)atoi(optarg);
			break;
		case 'c':
			o->cpu = (unsigned)atoi(optarg);
			break;
		default:
			if (!target_take(&o->target, c, optarg))
				return false;
		}
	}
	return optind == argc && o->name && target_is_whole(&o->target) &&
	       o->target.family == AF_INET;
}

int main(int argc, char **argv)
{
	static struct path p = {.opt = {.runs = 51, .verdict = XDP_REDIRECT}};
	int err;

	if (!parse(&p.opt, argc, argv)) {
		fputs(USAGE, stderr);
		return 2;
	}
	err = path_open(&p);
	if (!err)
		err = measure(&p);
	bench_path__destroy(p.skel);
	if (err)
		fprintf(stderr, "path: %s\n", strerror(-err));
	return err != 0;
}
