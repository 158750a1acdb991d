// SPDX-License-Identifier: BSD-2-Clause

// Random rule lists and random packets: what the driver runs and what userspace runs lead every
// packet to the same output. (tests/unit/dag.c holds userspace to a naive twin.)
//
//	rules BUILD [SEED]	needs root; the seed of a list that failed repeats it alone

#include <weir/dag.h>
#include <weir/node.h>

#include <graph.h>
#include <program.h>
#include <random_rules.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LISTS = 120, PACKETS = 40, OUTPUTS = 5, MOST_RULES = 60, PATH = 256 };

// Lists of up to so many rules of up to so many tests, for an element with OUTPUTS outputs.
static const struct shape {
	const char *class, *args, *object;
	bool data_only;
	unsigned rules, tests;
	bool ip6;
} shapes[] = {
	{"Classifier", "-, -, -, -, -", "standard/classifier", true, 4, 3, false},
	{"Classifier", "-, -, -, -, -", "standard/classifier", true, MOST_RULES, 4, false},
	{"IPClassifier", "-, -, -, -, -", "ip/ip_classifier", false, 4, 5, false},
	{"IPClassifier", "-, -, -, -, -", "ip/ip_classifier", false, MOST_RULES, 20, false},
	{"IPFilter", "4 tcp, allow", "ip/ip_filter", false, 20, 12, false},
	{"IP6Classifier", "-, -, -, -, -", "ip6/ip6_classifier", false, 4, 5, true},
	{"IP6Classifier", "-, -, -, -, -", "ip6/ip6_classifier", false, MOST_RULES, 20, true},
};
enum { SHAPES = sizeof(shapes) / sizeof(*shapes) };

static unsigned passed, failed, refused, deepest;

static unsigned run(const struct weir_dag *d, const struct shape *s, struct packet *p)
{
	if (s->ip6)
		return weir_dag_run_ip6(d, p);
	return d->data_only ? weir_dag_run_data(d, p) : weir_dag_run_ip(d, p);
}

static void check_packets(const struct program *prog, const struct weir_dag *d,
			  const struct shape *s, uint32_t seed)
{
	_Alignas(64) uint8_t buf[RANDOM_ROOM], plain[RANDOM_ROOM], before[RANDOM_ROOM];
	struct packet *p = (struct packet *)buf;

	for (unsigned i = 0; i < PACKETS; i++) {
		int want, got;
		bool same;

		if (s->ip6)
			random_packet6(p, (struct packet *)plain);
		else
			random_packet(p);
		memcpy(before, weir_data(p), p->len);
		want = (int)run(d, s, p);
		got = program_run(prog, p);
		same = !memcmp(before, weir_data(p), p->len);
		if (got == want && same) {
			passed++;
			continue;
		}
		failed++;
		fprintf(stderr, "FAIL seed %u, packet %u: port %d instead of %d%s\n", seed, i, got,
			want, same ? "" : ", and other bytes");
	}
}

static int random_list(struct weir_dag *d, const struct shape *s)
{
	struct weir_rule rules[MOST_RULES];
	unsigned n = 1 + random_below(s->rules);
	struct weir_exprs e = {};
	int r;

	for (unsigned i = 0; i < n; i++) {
		rules[i].expr = random_expr(&e, s->data_only, 1 + random_below(s->tests));
		rules[i].port = (uint16_t)random_below(OUTPUTS);
	}
	r = weir_dag_compile(d, &e, rules, n, WEIR_DROP, s->data_only);
	weir_exprs_free(&e);
	return r;
}

static void check_list(const char *build, uint32_t seed)
{
	const struct shape *s = &shapes[seed % SHAPES];
	struct weir_router *r = program_router(weir_class_find(s->class), s->args, 0);
	struct weir_front_args a = {};
	struct program prog = {};
	struct weir_dag d = {};
	char file[PATH];

	random_state = seed;
	snprintf(file, sizeof(file), "%s/elements/%s.bpf.o", build, s->object);
	if (!r || random_list(&d, s)) {
		fprintf(stderr, "FAIL seed %u: userspace refuses the list\n", seed);
		failed++;
	} else if (weir_dag_front(&d, &a)) {
		refused++;
	} else if (!program_load(&prog, file, weir_find(r, "e"), &a)) {
		fprintf(stderr, "FAIL seed %u: the kernel refuses the program\n", seed);
		failed++;
	} else {
		deepest = d.depth > deepest ? d.depth : deepest;
		check_packets(&prog, &d, s, seed);
	}
	program_close(&prog);
	weir_dag_free(&d);
	weir_router_free(r);
}

int main(int argc, char **argv)
{
	uint32_t first = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 0) : (uint32_t)time(NULL);
	unsigned n = argc > 2 ? 1 : LISTS;

	if (argc < 2) {
		fprintf(stderr, "usage: rules BUILD [SEED]\n");
		return 2;
	}
	for (uint32_t i = 0; i < n; i++)
		check_list(argv[1], first + i);
	printf("seeds %u to %u: %u tests deep, %u lists for userspace only\n"
	       "rules: %u passed, %u failed\n",
	       first, first + n - 1, deepest, refused, passed, failed);
	return failed || !passed;
}
