// SPDX-License-Identifier: BSD-2-Clause

// The least that can forward between two interfaces over AF_XDP: descriptors from the RX ring of
// one to the TX ring of the other, all on one piece of memory; no byte of a packet is read. What a
// router on AF_XDP can at best reach. In copy mode one call sends 32 packets: so much is a batch.

#include "bench_xskloop.skel.h"

#include <linux/if_link.h>
#include <linux/if_xdp.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <xdp/xsk.h>

#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define USAGE \
	"usage: xskloop [--cpu N] [--ring N] [--batch N] [--distance BYTES] [--huge] IF0 IF1\n"

enum { MAX_RING = 4096, MAX_BUFFERS = 4 * MAX_RING, HUGE = 2 << 20 };

struct options {
	unsigned cpu, ring, batch, distance; // distance: of two buffers, bytes
	bool huge;
	const char *ifname[2];
};

struct port {
	struct xsk_socket *socket;
	struct xsk_ring_cons rx, done;
	struct xsk_ring_prod tx, fill;
	struct bench_xskloop *skel;
	int link;
};

struct loop {
	struct options opt;
	struct port port[2];
	struct xsk_umem *umem;
	uint64_t free[MAX_BUFFERS]; // what is in no ring, the last used on top
	unsigned n_free;
};

static volatile sig_atomic_t stop;

static void on_signal(int)
{
	stop = 1;
}

// Four rings' worth. A chunk must not cross a hugepage, so each page starts anew.
static void *memory(struct loop *l, size_t *size)
{
	const struct options *o = &l->opt;
	size_t n = 4 * o->ring, per_page = HUGE / o->distance;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | (o->huge ? MAP_HUGETLB : 0);
	void *m;

	*size = (n + per_page - 1) / per_page * HUGE;
	m = mmap(NULL, *size, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (m == MAP_FAILED)
		return NULL;
	while (l->n_free < n) {
		l->free[l->n_free] =
			l->n_free / per_page * HUGE + l->n_free % per_page * o->distance;
		l->n_free++;
	}
	return m;
}

static int make_umem(struct loop *l)
{
	const struct options *o = &l->opt;
	bool aligned = !(o->distance & (o->distance - 1));
	struct xsk_umem_config c = {
		.fill_size = o->ring,
		.comp_size = o->ring,
		.frame_size = aligned ? o->distance : 2048,
		.flags = aligned ? 0 : XDP_UMEM_UNALIGNED_CHUNK_FLAG,
	};
	size_t size;
	void *m = memory(l, &size);

	if (!m)
		return -errno;
	return xsk_umem__create(&l->umem, m, size, &l->port[0].fill, &l->port[0].done, &c);
}

static int attach(struct port *p, unsigned ifindex)
{
	LIBBPF_OPTS(bpf_link_create_opts, opt, .flags = XDP_FLAGS_DRV_MODE);
	uint32_t key = 0;
	int fd = xsk_socket__fd(p->socket);

	p->skel = bench_xskloop__open_and_load();
	if (!p->skel)
		return -errno;
	if (bpf_map_update_elem(bpf_map__fd(p->skel->maps.sockets), &key, &fd, 0))
		return -errno;
	p->link = bpf_link_create(bpf_program__fd(p->skel->progs.redirect), (int)ifindex, BPF_XDP,
				  &opt);
	return p->link < 0 ? p->link : 0;
}

static void supply(struct loop *l, struct port *p)
{
	uint32_t at, n = xsk_prod_nb_free(&p->fill, l->n_free);

	if (n > l->n_free)
		n = l->n_free;
	if (!n || xsk_ring_prod__reserve(&p->fill, n, &at) != n)
		return;
	for (uint32_t i = 0; i < n; i++)
		*xsk_ring_prod__fill_addr(&p->fill, at + i) = l->free[--l->n_free];
	xsk_ring_prod__submit(&p->fill, n);
}

static int open_port(struct loop *l, unsigned i)
{
	struct port *p = &l->port[i];
	const char *name = l->opt.ifname[i];
	struct xsk_socket_config c = {
		.rx_size = l->opt.ring,
		.tx_size = l->opt.ring,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags = XDP_COPY | XDP_USE_NEED_WAKEUP,
	};
	int err = xsk_socket__create_shared(&p->socket, name, 0, l->umem, &p->rx, &p->tx, &p->fill,
					    &p->done, &c);

	return err ? err : attach(p, if_nametoindex(name));
}

static void reclaim(struct loop *l, struct port *p)
{
	uint32_t at, n = xsk_ring_cons__peek(&p->done, l->opt.ring, &at);

	for (uint32_t i = 0; i < n; i++)
		l->free[l->n_free++] = *xsk_ring_cons__comp_addr(&p->done, at + i);
	xsk_ring_cons__release(&p->done, n);
}

static unsigned forward(struct loop *l, struct port *from, struct port *to)
{
	uint32_t in, out, n = xsk_ring_cons__peek(&from->rx, l->opt.batch, &in);

	if (!n)
		return 0;
	// there is room: what was sent before has left when sendto returns
	while (xsk_ring_prod__reserve(&to->tx, n, &out) != n)
		sendto(xsk_socket__fd(to->socket), NULL, 0, MSG_DONTWAIT, NULL, 0);
	for (uint32_t i = 0; i < n; i++)
		*xsk_ring_prod__tx_desc(&to->tx, out + i) =
			*xsk_ring_cons__rx_desc(&from->rx, in + i);
	xsk_ring_cons__release(&from->rx, n);
	xsk_ring_prod__submit(&to->tx, n);
	sendto(xsk_socket__fd(to->socket), NULL, 0, MSG_DONTWAIT, NULL, 0);
	reclaim(l, to);
	supply(l, from);
	return n;
}

static void run(struct loop *l)
{
	while (!stop) {
		forward(l, &l->port[0], &l->port[1]);
		forward(l, &l->port[1], &l->port[0]);
	}
}

static int start(struct loop *l)
{
	cpu_set_t cpus;
	int err;

	CPU_ZERO(&cpus);
	CPU_SET(l->opt.cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		return -errno;
	err = make_umem(l);
	for (unsigned i = 0; !err && i < 2; i++)
		err = open_port(l, i);
	for (unsigned i = 0; !err && i < 2; i++)
		supply(l, &l->port[i]);
	return err;
}

static const struct option longs[] = {
	{"cpu", 1, NULL, 'c'},	    {"ring", 1, NULL, 'r'}, {"batch", 1, NULL, 'b'},
	{"distance", 1, NULL, 'd'}, {"huge", 0, NULL, 'h'}, {},
};

static bool parse(struct options *o, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->cpu = (unsigned)atoi(optarg);
			break;
		case 'r':
			o->ring = (unsigned)atoi(optarg);
			break;
		case 'b':
			o->batch = (unsigned)atoi(optarg);
			break;
		case 'd':
			o->distance = (unsigned)atoi(optarg);
			break;
		case 'h':
			o->huge = true;
			break;
		default:
			return false;
		}
	}
	if (argc - optind != 2 || !o->ring || o->ring > MAX_RING || o->ring & (o->ring - 1) ||
	    !o->batch || o->batch > o->ring || o->distance < 2048 || o->distance > HUGE)
		return false;
	o->ifname[0] = argv[optind];
	o->ifname[1] = argv[optind + 1];
	return true;
}

int main(int argc, char **argv)
{
	static struct loop l = {.opt = {.cpu = 1, .ring = 2048, .batch = 32, .distance = 2048}};
	struct sigaction act = {.sa_handler = on_signal};
	int err;

	if (!parse(&l.opt, argc, argv)) {
		fputs(USAGE, stderr);
		return 2;
	}
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	err = start(&l);
	if (err) {
		fprintf(stderr, "xskloop: %s\n", strerror(-err));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	run(&l);
	return 0;
}
