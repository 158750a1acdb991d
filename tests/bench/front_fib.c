// SPDX-License-Identifier: BSD-2-Clause

// One table, two readers: what a look-up costs a program in the driver (under BPF_PROG_RUN, many in
// one run) beside the kernel's own table, and what it costs a worker that the table lies in the
// pages of a map, which are small ones.
//
//	front_fib [ROUNDS]	needs root

#include <figure.h>
#include <full_table.h>
#include <net/if.h>
#include <reader.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { RUNS = 64, BATCH = 64, N = FIB_READER_ADDRESSES };

static uint32_t dst[N];
static uint64_t sink;

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "front_fib: %s\n", what);
	exit(1);
}

static void add_route(struct weir_fib4 *f, const struct full_route *r, uint32_t value, FILE *batch)
{
	need(!weir_fib4_set(f, r->prefix, r->len, value), "no memory");
	fprintf(batch, "route replace %u.%u.%u.%u/%u via 10.0.0.2 dev d0 onlink\n", r->prefix >> 24,
		r->prefix >> 16 & 255, r->prefix >> 8 & 255, r->prefix & 255, r->len);
}

// A table like that of the Internet, and addresses in it.
static void fill(struct weir_fib4 *f, unsigned n, FILE *batch)
{
	struct full_route *routes = full_table(n);
	uint64_t seed = 1;

	need(routes, "no memory");
	add_route(f, &(struct full_route){0, 0}, 1, batch);
	for (unsigned i = 0; i < n; i++)
		add_route(f, &routes[i], i % 250, batch);
	for (unsigned i = 0; i < N; i++)
		dst[i] = full_table_address(routes, n, &seed);
	free(routes);
}

// A namespace of this process's own, with the same routes. 0: there is none.
static uint32_t kernel_routes(const char *batch)
{
	char command[256];

	if (unshare(CLONE_NEWNET) ||
	    system("ip link set lo up && ip link add d0 type veth peer d1 && "
		   "ip link set d0 up && ip link set d1 up && "
		   "ip address add 10.0.0.1/24 dev d0 && sysctl -qw net.ipv4.ip_forward=1"))
		return 0;
	snprintf(command, sizeof(command), "ip -batch %s", batch);
	return system(command) ? 0 : if_nametoindex("d0");
}

// Of this thread, so that other work on the machine does not count.
static uint64_t thread_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

// Nanoseconds a look-up, in batches with prefetch.
static double by_worker(const struct weir_fib4 *f)
{
	uint64_t start = thread_clock();
	uint32_t value[BATCH];

	for (size_t i = 0; i < N; i += BATCH) {
		weir_fib4_lookup_batch(f, dst + i, value, BATCH);
		sink += value[i % BATCH] + value[BATCH - 1];
	}
	return (double)(thread_clock() - start) / N;
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
		      hot = {.name = "program, eight addresses", .unit = "ns"},
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
		add(&program, reader_run(r.time_fd, RUNS));
		r.work->wrong = 0;
		if (r.work->ifindex)
			add(&kernel, reader_run(r.kernel_fd, RUNS));
		need(!r.work->wrong, "the kernel lacks a route");
		add(&own, by_worker(&alone));
		add(&mapped, by_worker(&f));
		r.work->mask = 7; // eight addresses in a step
		add(&hot, reader_run(r.time_fd, RUNS));
	}
	printf("%s: %zu prefixes, a root of 2^%u, %.1f MB\n", name, weir_fib4_count(&f),
	       32 - f.view->shift, (double)weir_fib4_memory(&f) / 1e6);
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
	measure(FULL_TABLE, (unsigned)rounds, "large");
	return sink == 1;
}
