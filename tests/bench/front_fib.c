// SPDX-License-Identifier: BSD-2-Clause

// One table, two readers: what a look-up costs a program in the driver (under BPF_PROG_RUN, many in
// one run) beside the kernel's own table, and what it costs a worker that the table lies in the
// pages of a map, which are small ones.
//
//	front_fib [ROUNDS]	needs root

#include <figure.h>
#include <net/if.h>
#include <reader.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { RUNS = 64, BATCH = 64, N = FIB_READER_ADDRESSES };

static uint32_t dst[N];
static uint64_t sink;

static uint32_t rnd(void)
{
	static uint64_t seed = 1;

	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (uint32_t)(seed * 0x2545f4914f6cdd1d >> 32);
}

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "front_fib: %s\n", what);
	exit(1);
}

// Lengths much like those of an Internet table. The addresses lie in the prefixes.
static void fill(struct weir_fib4 *f, unsigned n, FILE *batch)
{
	unsigned len, p;
	uint32_t a;

	need(!weir_fib4_set(f, 0, 0, 1), "no memory");
	fprintf(batch, "route replace default via 192.0.2.2\n");
	for (unsigned i = 0; i < n; i++) {
		p = rnd() % 100;
		len = p < 60 ? 24 : p < 99 ? 16 + p % 8 : 25 + rnd() % 8;
		a = rnd() & ~0u << (32 - len);
		// what the kernel would not take for a destination
		if (a >> 24 == 0 || a >> 24 == 127 || a >> 28 >= 14)
			continue; // their places stay 0.0.0.0, which has a route
		need(!weir_fib4_set(f, a, len, i % 250), "no memory");
		fprintf(batch, "route replace %u.%u.%u.%u/%u via 192.0.2.2\n", a >> 24,
			a >> 16 & 255, a >> 8 & 255, a & 255, len);
		for (unsigned k = i; k < N; k += n)
			dst[k] = a | (len < 32 ? rnd() >> len : 0);
	}
}

// A namespace of this process's own, with the same routes. 0: there is none.
static uint32_t kernel_routes(const char *batch)
{
	char command[256];

	if (unshare(CLONE_NEWNET) ||
	    system("ip link set lo up && ip link add d0 type veth peer d1 && "
		   "ip link set d0 up && ip link set d1 up && "
		   "ip address add 192.0.2.1/24 dev d0 && sysctl -qw net.ipv4.ip_forward=1"))
		return 0;
	snprintf(command, sizeof(command), "ip -batch %s", batch);
	return system(command) ? 0 : if_nametoindex("d0");
}

// Nanoseconds a look-up, in batches with prefetch.
static double by_worker(const struct weir_fib4 *f)
{
	uint64_t start = figure_clock();

	for (size_t i = 0; i < N; i += BATCH) {
		for (unsigned k = 0; k < BATCH; k++)
			weir_fib4_prefetch(f, dst[i + k]);
		for (unsigned k = 0; k < BATCH; k++)
			sink += weir_fib4_lookup(f, dst[i + k]);
	}
	return (double)(figure_clock() - start) / N;
}

static int copy(void *arg, uint32_t prefix, unsigned len, uint32_t value)
{
	return weir_fib4_set(arg, prefix, len, value);
}

static void add(struct figure *f, double v)
{
	need(v >= 0, f->name);
	figure_add(f, v);
}

static void measure(unsigned n, unsigned rounds, const char *name)
{
	struct figure program = {.name = "program, random addresses", .unit = "ns"},
		      hot = {.name = "program, one address", .unit = "ns"},
		      kernel = {.name = "bpf_fib_lookup, random addresses", .unit = "ns"},
		      own = {.name = "worker, random, own pages", .unit = "ns"},
		      mapped = {.name = "worker, random, pages of the map", .unit = "ns"};
	char path[] = "/tmp/front_fib.XXXXXX";
	FILE *batch = fdopen(mkstemp(path), "w");
	struct weir_fib4 f, alone;
	struct reader r;

	need(batch && !weir_fib4_init(&f) && !weir_fib4_init(&alone), "no memory");
	fill(&f, n, batch);
	fclose(batch);
	need(!weir_fib4_walk(&f, copy, &alone), "no memory");
	need(reader_open(&r, "build", &f), "the program does not load");
	r.work->ifindex = kernel_routes(path);
	unlink(path);
	memcpy(r.work->dst, dst, sizeof(dst));
	for (unsigned i = 0; i < rounds; i++) {
		r.work->mask = N - 1;
		add(&program, reader_run(r.fd, RUNS));
		r.work->wrong = 0;
		if (r.work->ifindex)
			add(&kernel, reader_run(r.kernel_fd, RUNS));
		need(!r.work->wrong, "the kernel lacks a route");
		add(&own, by_worker(&alone));
		add(&mapped, by_worker(&f));
		r.work->mask = 0;
		add(&hot, reader_run(r.fd, RUNS));
	}
	printf("%s: %zu prefixes, a root of 2^%u\n", name, weir_fib4_count(&f), 32 - f.view->shift);
	figure_print(&hot);
	figure_print(&program);
	if (kernel.n)
		figure_print(&kernel);
	figure_print(&own);
	figure_print(&mapped);
	reader_close(&r);
	weir_fib4_free(&f);
	weir_fib4_free(&alone);
	figure_free(&program);
	figure_free(&hot);
	figure_free(&kernel);
	figure_free(&own);
	figure_free(&mapped);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 21;

	need(rounds > 0 && rounds < 1000, "usage: front_fib [ROUNDS]");
	if (geteuid()) {
		puts("needs root");
		return 0;
	}
	measure(100, (unsigned)rounds, "small");
	measure(N, (unsigned)rounds, "large");
	return sink == 1;
}
