// SPDX-License-Identifier: BSD-2-Clause

// What front_fib.c measures, for IPv6: a table like that of the Internet, addresses within it.
//
//	front_fib6 [ROUNDS]	needs root

#include <weir/args.h>

#include <figure.h>
#include <net/if.h>
#include <reader.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <table6.h>
#include <unistd.h>

enum { RUNS = 64, BATCH = 64, N = FIB_READER_ADDRESSES, FULL = 250000 };

static struct weir_ip6 dst[N];
static uint64_t sink;

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "front_fib6: %s\n", what);
	exit(1);
}

// With a default route, as the kernel does not take all of the addresses otherwise.
static void fill(struct weir_fib6 *f, const struct table6_route *t, unsigned n, FILE *batch)
{
	char text[WEIR_IP6_TEXT];

	need(!weir_fib6_set(f, (struct weir_ip6){}, 0, 1), "no memory");
	fprintf(batch, "route replace default via 2001:db8:ffff::2\n");
	for (unsigned i = 0; i < n; i++) {
		need(!weir_fib6_set(f, t[i].prefix, t[i].len, i % 250), "no memory");
		fprintf(batch, "route replace %s/%u via 2001:db8:ffff::2\n",
			weir_ip6_text(text, t[i].prefix), t[i].len);
	}
	for (unsigned k = 0; k < N; k++)
		dst[k] = table6_inside(&t[k % n]);
}

// A namespace of this process's own, with the same routes. 0: there is none.
static uint32_t kernel_routes(const char *batch)
{
	char command[256];

	if (unshare(CLONE_NEWNET) ||
	    system("sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.route.max_size=1000000 && "
		   "ip link set lo up && ip link add d0 type veth peer d1 && "
		   "ip link set d0 up && ip link set d1 up && "
		   "ip address add 2001:db8:ffff::1/64 dev d0 nodad"))
		return 0;
	snprintf(command, sizeof(command), "ip -6 -batch %s", batch);
	return system(command) ? 0 : if_nametoindex("d0");
}

// Nanoseconds a look-up, in batches.
static double by_worker(const struct weir_fib6 *f)
{
	uint64_t start = figure_clock();
	uint32_t value[BATCH];

	for (size_t i = 0; i < N; i += BATCH) {
		weir_fib6_lookup_batch(f, &dst[i], value, BATCH);
		sink += value[i % BATCH];
	}
	return (double)(figure_clock() - start) / N;
}

static int copy(void *arg, struct weir_ip6 prefix, unsigned len, uint32_t value)
{
	return weir_fib6_set(arg, prefix, len, value);
}

static void add(struct figure *f, double v)
{
	need(v >= 0, f->name);
	figure_add(f, v);
}

enum { HOT, PROGRAM, KERNEL, OWN, MAPPED, FIGURES };

static void measure_once(struct reader *r, struct weir_fib6 *f, const struct weir_fib6 *alone,
			 struct figure *figure)
{
	r->work6->mask = N - 1;
	add(&figure[PROGRAM], reader_run(r->fd, RUNS));
	r->work6->wrong = 0;
	if (r->work6->ifindex)
		add(&figure[KERNEL], reader_run(r->kernel_fd, RUNS));
	need(!r->work6->wrong, "the kernel lacks a route");
	add(&figure[OWN], by_worker(alone));
	add(&figure[MAPPED], by_worker(f));
	r->work6->mask = 0;
	add(&figure[HOT], reader_run(r->fd, RUNS));
}

static void measure(const struct table6_route *t, unsigned n, unsigned rounds, const char *name)
{
	struct figure figure[FIGURES] = {
		[HOT] = {.name = "program, one address", .unit = "ns"},
		[PROGRAM] = {.name = "program, random addresses", .unit = "ns"},
		[KERNEL] = {.name = "bpf_fib_lookup, random addresses", .unit = "ns"},
		[OWN] = {.name = "worker, random, own pages", .unit = "ns"},
		[MAPPED] = {.name = "worker, random, pages of the map", .unit = "ns"},
	};
	char path[] = "/tmp/front_fib6.XXXXXX";
	FILE *batch = fdopen(mkstemp(path), "w");
	struct weir_fib6 f, alone;
	struct reader r;

	need(batch && !weir_fib6_init(&f) && !weir_fib6_init(&alone), "no memory");
	fill(&f, t, n, batch);
	fclose(batch);
	need(!weir_fib6_walk(&f, copy, &alone), "no memory");
	need(reader_open6(&r, "build", &f), "the program does not load");
	r.work6->ifindex = kernel_routes(path);
	unlink(path);
	memcpy(r.work6->dst, dst, sizeof(dst));
	for (unsigned i = 0; i < N; i++)
		r.work6->right[i].a = r.work6->right[i].b = weir_fib6_lookup(&alone, dst[i]);
	for (unsigned i = 0; i < rounds; i++)
		measure_once(&r, &f, &alone, figure);
	printf("%s: %zu prefixes, %zu KB with rules\n", name, weir_fib6_count(&f),
	       weir_fib6_memory(&f) >> 10);
	for (unsigned i = 0; i < FIGURES; i++) {
		if (figure[i].n)
			figure_print(&figure[i]);
		figure_free(&figure[i]);
	}
	reader_close(&r);
	weir_fib6_free(&f);
	weir_fib6_free(&alone);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 21;
	struct table6_route *t;

	need(rounds > 0 && rounds < 1000, "usage: front_fib6 [ROUNDS]");
	if (geteuid()) {
		puts("needs root");
		return 0;
	}
	t = table6_new(FULL);
	measure(t, 100, (unsigned)rounds, "small");
	measure(t, FULL, (unsigned)rounds, "large");
	free(t);
	return sink == 1;
}
