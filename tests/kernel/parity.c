// SPDX-License-Identifier: BSD-2-Clause

// Both halves agree: the case rows of elements, which userspace is held to by tests/unit/cases.c,
// run through the same file compiled for the driver, by BPF_PROG_RUN: same output, same bytes, same
// annotations.
//
//	parity [-L DIR] OBJECT ...	needs root; -L: objects of elements in DIR

#include <bpf/libbpf.h>

#include <graph.h>
#include <packages.h>
#include <pkt.h>
#include <program.h>
#include <rows.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned passed, failed, refused, handed;
static unsigned tables; // rows whose programs read a table that userspace fills

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
	tables += r && a.n_share > 0;
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
	const char *folder = weir_class_folder(c), *at = strstr(object, "elements/");

	if (folder) {
		at = strrchr(object, '/');
		at = at ? at + 1 : object;
	}
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

static void check_class(const char *object, const struct weir_cases *c)
{
	const unsigned before = passed, had_tables = tables;

	for (const struct weir_case *row = c->rows; row->in; row++)
		if (is_one_packet(row))
			check_row(object, c->class, row);
	// a table may have to be filled by other packets first
	if (passed == before && tables == had_tables) {
		fprintf(stderr, "FAIL %s: no row is done by the driver\n", c->class->name);
		failed++;
	}
}

int main(int argc, char **argv)
{
	const bool elsewhere = argc > 2 && !strcmp(argv[1], "-L");
	const struct weir_cases *c;
	struct weir_err err = {};
	unsigned classes = 0;

	libbpf_set_print(quiet);
	if (elsewhere && weir_packages_load((const char *[]){argv[2], NULL}, &err)) {
		fputs(err.text, stderr);
		return 1;
	}
	for (int i = elsewhere ? 3 : 1; i < argc; i++)
		for (unsigned k = 0; (c = rows_of(k)); k++) {
			if (!weir_class_folder(c->class) == elsewhere || !is_of(argv[i], c->class))
				continue;
			classes++;
			check_class(argv[i], c);
		}
	printf("%u elements in both halves, %u rows for userspace only, %u handed over\n"
	       "%u passed, %u failed\n",
	       classes, refused, handed, passed, failed);
	return failed || !passed;
}
