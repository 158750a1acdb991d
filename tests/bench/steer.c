// SPDX-License-Identifier: BSD-2-Clause

// What steering costs a packet in the entry program, by BPF_PROG_RUN: with four columns, and with
// four columns and traffic classes, over one socket for each queue. It is always the same packet,
// so every branch is foreseen, and the figure is the 10th percentile of many short runs, in turns.
//
//	steer [RUNS]	needs root

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <abi/entry.h>
#include <entry.skel.h>
#include <figure.h>
#include <frames.h>
#include <stdio.h>
#include <stdlib.h>
#include <steer.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { COLUMNS = 4, CLASSES = 3, SOCKETS = COLUMNS * CLASSES, REPEAT = 20000 };
enum { NONE, FLOWS, BOTH, SIDES };
static const double LOW = 0.1;

static struct xsk_steer steer;
static int program;

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "steer: %s\n", what);
	exit(1);
}

static struct entry *open_entry(void)
{
	struct entry *skel = entry__open();
	int sockets = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "sockets", 4, 4, SOCKETS, NULL),
	    fd = socket(AF_XDP, SOCK_RAW, 0);

	need(skel && sockets >= 0 && fd >= 0 && !xsk_steer_open(&steer, 1), "maps");
	for (uint32_t i = 0; i < SOCKETS; i++)
		need(!bpf_map_update_elem(sockets, &i, &fd, BPF_ANY), "a socket");
	skel->rodata->args.sorts = 1;
	need(!bpf_map__reuse_fd(skel->maps.sockets, sockets) &&
		     !xsk_steer_share(&steer, skel->obj) && !entry__load(skel),
	     "the entry program");
	program = bpf_program__fd(skel->progs.weir_entry);
	return skel;
}

// Ports of a page that has a class, so that it is looked at.
static void fill_classes(void)
{
	steer.classes->proto[89] = steer.classes->port[WEIR_CLASS_TCP][179] = 1;
	steer.classes->dscp[0][46] = steer.classes->port[WEIR_CLASS_UDP][5060] = 2;
	steer.classes->plain[0][WEIR_CLASS_TCP][46] = 2;
	steer.classes->plain[0][WEIR_CLASS_UDP][46] = 2;
	steer.classes->has_port[0] = steer.classes->has_port[5060 >> 8] = 1;
	steer.classes->type[ETHERTYPE_ARP] = 1;
}

static double run(const struct frame *f, unsigned side)
{
	LIBBPF_OPTS(bpf_test_run_opts, opt, .data_in = frame_bytes(f), .data_size_in = frame_len(f),
		    .repeat = REPEAT);

	xsk_steer_deal(&steer.tables[0], WEIR_KEY_FLOW, side == NONE ? 1 : COLUMNS,
		       side == BOTH ? CLASSES : 1);
	need(!bpf_prog_test_run_opts(program, &opt) && opt.retval == XDP_REDIRECT, "a run");
	return opt.duration; // whole ns, without the time that others had the CPU
}

static void measure(const char *name, const struct frame *f, unsigned runs)
{
	struct figure v[SIDES] = {};
	double base;

	for (unsigned i = 0; i < runs; i++)
		for (unsigned side = 0; side < SIDES; side++)
			figure_add(&v[side], run(f, side));
	base = figure_quantile(&v[NONE], LOW);
	printf("%-32s %10.0f %+10.0f %+10.0f\n", name, base, figure_quantile(&v[FLOWS], LOW) - base,
	       figure_quantile(&v[BOTH], LOW) - base);
	fflush(stdout);
	for (unsigned side = 0; side < SIDES; side++)
		figure_free(&v[side]);
}

static const struct flow udp = {false, IPPROTO4_UDP, 0x0a000001, 0x0a000002, 40000, 5000, 0};
static const struct flow tcp = {false, IPPROTO4_TCP, 0x0a000001, 0x0a000002, 40000, 80, 0};
static const struct flow udp6 = {true, IPPROTO4_UDP, 1, 2, 40000, 5000, 0};
static const struct flow options6 = {true, IPPROTO4_UDP, 1, 2, 40000, 5000, 15};

static void measure_flow(const char *name, const struct flow *w, unsigned runs)
{
	struct frame f;

	frame_clear(&f);
	frame_flow(&f, w);
	carriers[0].wrap(&f, w, false);
	measure(name, &f, runs);
}

static void measure_carriers(unsigned runs)
{
	struct frame f;

	for (const struct carrier *c = carriers + 1; c->name; c++) {
		frame_clear(&f);
		frame_flow(&f, &udp);
		c->wrap(&f, &udp, false);
		measure(c->name, &f, runs);
	}
}

static void measure_others(unsigned runs)
{
	struct frame f;

	frame_fragment(&f, &udp, 1);
	measure("fragment", &f, runs);
	frame_error(&f, &udp, 0, 28);
	measure("error of ICMP", &f, runs);
	frame_ipsec(&f, &udp, 0, 1000);
	measure("ESP", &f, runs);
	frame_ipsec(&f, &udp, 2, 1000);
	measure("ESP in UDP", &f, runs);
	frame_clear(&f);
	frame_put(&f, f.b, sizeof(struct arp4));
	frame_eth(&f, ETHERTYPE_ARP);
	measure("ARP", &f, runs);
}

int main(int argc, char **argv)
{
	const unsigned runs = argc > 1 ? (unsigned)atoi(argv[1]) : 101;
	struct entry *skel;

	if (geteuid()) {
		fprintf(stderr, "steer: needs root\n");
		return 1;
	}
	skel = open_entry();
	fill_classes();
	printf("ns a packet                         without    columns  + classes\n");
	measure_flow("UDP over IPv4", &udp, runs);
	measure_flow("TCP over IPv4", &tcp, runs);
	measure_flow("UDP over IPv6", &udp6, runs);
	measure_flow("the same with extension headers", &options6, runs);
	measure_carriers(runs);
	measure_others(runs);
	entry__destroy(skel);
	xsk_steer_close(&steer);
	return 0;
}
