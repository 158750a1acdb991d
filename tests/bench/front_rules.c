// SPDX-License-Identifier: BSD-2-Clause

// Rule lists in both halves: what the tests alone cost per packet, in userspace and under
// BPF_PROG_RUN (net of what any element costs), for a packet that only the last rule takes. It is
// always the same packet, so every branch is foreseen, and the figure is the 10th percentile of
// many short runs, in turns: lower bounds, in both halves.
//
//	front_rules [RUNS]	needs root

#include <weir/dag.h>

#include <figure.h>
#include <graph.h>
#include <pkt.h>
#include <program.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FEW = 2000, RUN = 1000000 /* ns */, MOST = 1000 };

static const double LOW = 0.1;

// A way to write rules of which a packet meets none but the last.
struct kind {
	const char *name, *class, *object;
	void (*rule)(struct weir_buf *b, unsigned i, unsigned n);
};

static void by_bytes(struct weir_buf *b, unsigned i, unsigned n)
{
	weir_printf(b, "12/0800 30/0a00%04x", i + 1 == n ? 2 : 0x1000 + i);
}

static void by_address_and_port(struct weir_buf *b, unsigned i, unsigned n)
{
	weir_printf(b, i + 1 == n ? "allow udp" : "deny src net 10.%u.%u.0/24 and dst udp port %u",
		    1 + i / 256, i % 256, 5000 + i);
}

static void by_port(struct weir_buf *b, unsigned i, unsigned n)
{
	weir_printf(b, "%s dst udp port %u", i % 2 ? "allow" : "deny",
		    i + 1 == n ? 2000 : 5000 + 2 * i);
}

static const struct kind kinds[] = {
	{"bytes", "Classifier", "standard/classifier", by_bytes},
	{"address and port", "IPFilter", "ip/ip_filter", by_address_and_port},
	{"port", "IPFilter", "ip/ip_filter", by_port},
};

static void *need(void *p, const char *what)
{
	if (p)
		return p;
	fprintf(stderr, "front_rules: %s\n", what);
	exit(1);
}

static void load(struct program *prog, const char *object, const struct weir_element *e,
		 const struct weir_front_args *a)
{
	char file[128];

	snprintf(file, sizeof(file), "build/elements/%s.bpf.o", object);
	if (!program_load(prog, file, e, a))
		need(NULL, file);
}

// What an element costs that does nothing.
static struct program idle;

static void open_idle(void)
{
	struct weir_router *r = need(program_router(weir_class_find("Null"), "", 0), "Null");
	struct weir_front_args a;

	program_ask(weir_find(r, "e"), &a);
	load(&idle, "standard/null", weir_find(r, "e"), &a);
	weir_router_free(r);
}

static double run_userspace(const struct weir_dag *d, struct packet *p, int repeat)
{
	uint64_t start = figure_clock();
	unsigned sum = 0;

	for (int i = 0; i < repeat; i++) {
		// as if the packet had changed
		__asm__ volatile("" ::: "memory");
		sum += d->data_only ? weir_dag_run_data(d, p) : weir_dag_run_ip(d, p);
	}
	__asm__ volatile("" ::"r"(sum));
	return (double)(figure_clock() - start) / repeat;
}

static void measure(const struct kind *k, unsigned n, const char *list, struct packet *p, int runs)
{
	const struct weir_class *c = weir_class_find(k->class);
	struct weir_router *r = need(program_router(c, list, 0), k->class);
	const struct weir_element *e = weir_find(r, "e");
	const struct weir_dag *d = e->self; // the only member
	struct figure base = {}, user = {}, driver = {};
	struct weir_front_args a;
	struct program prog;
	uint64_t start;
	int repeat;

	printf("%-18s %5u %6u %6u", k->name, n, d->n, d->depth);
	if (!program_ask(e, &a)) {
		printf("  %s\n", a.why);
		weir_router_free(r);
		return;
	}
	start = figure_clock();
	load(&prog, k->object, e, &a);
	start = figure_clock() - start;
	for (int i = 0; i < 5; i++)
		figure_add(&driver, program_time(&prog, p, FEW));
	repeat = (int)(RUN / figure_quantile(&driver, 0));
	driver.n = 0;
	for (int i = 0; i < runs; i++) {
		figure_add(&base, program_time(&idle, p, repeat));
		figure_add(&user, run_userspace(d, p, repeat));
		figure_add(&driver, program_time(&prog, p, repeat));
	}
	printf(" %13.1f %10.0f %11.1f\n", figure_quantile(&user, LOW),
	       figure_quantile(&driver, LOW) - figure_quantile(&base, LOW), (double)start / 1e6);
	fflush(stdout);
	figure_free(&base);
	figure_free(&user);
	figure_free(&driver);
	program_close(&prog);
	weir_router_free(r);
}

static void measure_kind(const struct kind *k, int runs)
{
	static const unsigned sizes[] = {4, 16, 64, 256, MOST};
	struct pkt text;

	pkt_parse(&text, "eth ip4 udp len=60", 18);
	for (unsigned s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		struct packet *p = need(pkt_new(&text), "memory");
		struct weir_buf b = {};

		for (unsigned i = 0; i < sizes[s]; i++) {
			if (i)
				weir_printf(&b, ", ");
			k->rule(&b, i, sizes[s]);
		}
		measure(k, sizes[s], b.text, p, runs);
		weir_buf_free(&b);
		free(p);
	}
	pkt_free(&text);
}

int main(int argc, char **argv)
{
	static const struct kind router = {
		.name = "of an IP router", .class = "Classifier", .object = "standard/classifier"};
	int runs = argc > 1 ? atoi(argv[1]) : 101;
	struct pkt text;
	struct packet *p;

	if (geteuid()) {
		fprintf(stderr, "front_rules: needs root\n");
		return 1;
	}
	open_idle();
	printf("rule list          rules  steps  depth  userspace ns  driver ns  loading ms\n");
	pkt_parse(&text, "eth ip4 udp len=60", 18);
	p = need(pkt_new(&text), "memory");
	measure(&router, 4, "12/0806 20/0001, 12/0806 20/0002, 12/0800, -", p, runs);
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		measure_kind(&kinds[i], runs);
	free(p);
	pkt_free(&text);
	program_close(&idle);
	return 0;
}
