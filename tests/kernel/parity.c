// SPDX-License-Identifier: BSD-2-Clause

// Both halves agree: the case rows of elements, which userspace is held to by tests/unit/cases.c,
// run through the same file compiled for the driver, by BPF_PROG_RUN: same output, same bytes, same
// annotations.
//
//	parity OBJECT ...	needs root

#include <bpf/libbpf.h>

#include <graph.h>
#include <pkt.h>
#include <program.h>
#include <stdio.h>
#include <stdlib.h>

extern const struct weir_cases *const __start_weir_cases[], *const __stop_weir_cases[];
static unsigned passed, failed, refused, handed;

static void fail(const struct weir_class *c, const struct weir_case *row, const char *why)
{
	fprintf(stderr, "FAIL %s(%s): %s: %s\n", c->name, row->args, row->in, why);
	failed++;
}

static int port_of(const struct weir_class *c, const char *word)
{
	char *end;
	long number = strtol(word, &end, 10);

	if (end != word && !*end)
		return (int)number;
	for (int i = 0; i < 16; i++) {
		if (c->out[i] && !strcmp(c->out[i], word))
			return i;
		if (c->drops[i] && !strcmp(c->drops[i], word))
			return WEIR_DROP + i;
	}
	return -1;
}

// One row that is a single packet to input 0.
static void check_row(const char *file, const struct weir_class *c, const struct weir_case *row)
{
	const char *want_text = *row->want ? row->want : row->in;
	struct pkt in, want;
	struct program prog = {};
	struct weir_front_args a;
	int want_port = port_of(c, row->out);
	struct weir_router *r = program_router(c, row->args, want_port < WEIR_DROP ? want_port : 0);
	struct packet *p;
	char *why = NULL, other[64];
	bool loaded;
	int port;

	pkt_parse(&in, row->in, strlen(row->in));
	pkt_parse(&want, want_text, strlen(want_text));
	p = pkt_new(&in);
	if (r && !program_ask(weir_find(r, "e"), &a)) {
		refused++;
		goto out;
	}
	loaded = r && program_load(&prog, file, weir_find(r, "e"), &a);
	if (!loaded || !p) {
		fail(c, row,
		     r ? "the kernel refuses the program" : "userspace refuses the arguments");
		goto out;
	}
	port = program_run(&prog, p);
	if (port == PROGRAM_HANDED) {
		// userspace begins with it: it must be as it came
		pkt_free(&want);
		pkt_parse(&want, row->in, strlen(row->in));
		if (pkt_matches(p, &want, &why))
			handed++;
		else
			fail(c, row, why);
		goto out;
	}
	snprintf(other, sizeof(other), "leaves by %d, not %s", port, row->out);
	if (port != want_port)
		fail(c, row, other);
	else if (port < WEIR_DROP && !pkt_matches(p, &want, &why))
		fail(c, row, why);
	else
		passed++;
out:
	free(why);
	free(p);
	pkt_free(&in);
	pkt_free(&want);
	program_close(&prog);
	weir_router_free(r);
}

// elements/ip/dec_ip_ttl.bpf.o is of the class whose source is elements/ip/dec_ip_ttl.c.
static bool is_of(const char *object, const struct weir_class *c)
{
	size_t n = strlen(c->file) - strlen(".c");
	const char *at = strstr(object, "elements/");

	return at && !strncmp(at, c->file, n) && !strcmp(at + n, ".bpf.o");
}

// Rows of one packet on input 0.
static bool is_one_packet(const struct weir_case *row)
{
	return !strpbrk(row->in, "|@") && !strchr(row->out, '|');
}

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return getenv("PARITY_VERBOSE") || level == LIBBPF_WARN ? vfprintf(stderr, fmt, ap) : 0;
}

int main(int argc, char **argv)
{
	unsigned classes = 0, before;

	libbpf_set_print(quiet);
	for (int i = 1; i < argc; i++)
		for (const struct weir_cases *const *c = __start_weir_cases; c < __stop_weir_cases;
		     c++) {
			if (!is_of(argv[i], (*c)->class))
				continue;
			classes++;
			before = passed;
			for (const struct weir_case *row = (*c)->rows; row->in; row++)
				if (is_one_packet(row))
					check_row(argv[i], (*c)->class, row);
			if (passed == before) {
				fprintf(stderr, "FAIL %s: no row is done by the driver\n",
					(*c)->class->name);
				failed++;
			}
		}
	printf("%u elements in both halves, %u rows for userspace only, %u handed over\n"
	       "%u passed, %u failed\n",
	       classes, refused, handed, passed, failed);
	return failed || !passed;
}
