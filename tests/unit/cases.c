// SPDX-License-Identifier: BSD-2-Clause
// Runs the case rows of every element class, each row in a router of its own: a packet of its
// own, and all rows with the same arguments as one batch.
#include <weir/element.h>

#include "pkt.h"
#include "rows.h"

#include <criterion/criterion.h>
#include <engine.h>
#include <graph.h>
#include <lang.h>
#include <packages.h>
#include <stdio.h>
#include <stdlib.h>

// Classes that take and give packets but have no rows, and why.
static const char *const without_rows[][2] = {
	{"XDPProgram", "needs a pinned program: tests/net"},
	{"ToDevice", "needs an interface: tests/net"},
	{"AverageCounter", "depends on time: tests/graph"},
	{"Idle", "has no output: tests/graph"},
	{"IPPrint", "prints: tests/graph"},
	{"IP6Print", "prints: tests/graph"},
	{"Print", "prints: tests/graph"},
	{"Queue", "keeps packets: tests/graph"},
	{"SimpleQueue", "keeps packets: tests/graph"},
	{"ThreadSafeQueue", "keeps packets: tests/unit/together.c"},
	{"ToDump", "writes a file: tests/graph"},
	{"ToIPSummaryDump", "writes a file: tests/graph"},
	{"ARPPrint", "prints: tests/graph"},
	{"KernelIPLookup", "needs a kernel with routes: tests/net"},
	{"KernelIP6Lookup", "needs a kernel with routes: tests/net"},
	{"FTPPortMapper", "needs other elements: tests/graph/rewriter.t"},
	{"ICMPRewriter", "needs other elements: tests/graph/rewriter.t"},
	{"KernelNeighbors", "needs another element: tests/unit/kernel_neighbors.c"},
};

// --- the ends of a case's router --------------------------------------------------------------
enum { MAX_PACKETS = 256, MAX_PORTS = 16 };

struct arrived {
	struct packet *p;
	bool taken;
};
static struct arrived arrived[MAX_PORTS][MAX_PACKETS];
static unsigned n_arrived[MAX_PORTS];

struct case_source {
};
WEIR_PLAIN_ELEMENT(case_source, "CaseSource", .purpose = "gives a test's packets", .ports = "0/-",
		   .processing = "/h", .is_source = true);

struct case_sink {
};
static void case_sink(struct weir_node *n, unsigned port, struct batch *b)
{
	for (unsigned i = 0; i < b->n; i++) {
		cr_assert_lt(n_arrived[port], MAX_PACKETS);
		arrived[port][n_arrived[port]++] = (struct arrived){b->p[i], false};
		weir_ended(n, 1, b->p[i]->len);
	}
	b->n = 0;
}
WEIR_BATCH_ELEMENT(case_sink, "CaseSink", .purpose = "takes a test's packets", .ports = "-/0",
		   .processing = "h/", .is_sink = true);

// --- one router -------------------------------------------------------------------------------
struct rig {
	const struct weir_class *class;
	struct weir_router *router;
	struct weir_engine *engine;
	struct weir_err err;
	uint64_t lost[16]; // expected, by reason
	unsigned wanted[MAX_PORTS];
};

// Number of the port that a word names, or WEIR_DROP + reason; -1: neither.
static int port_of(const struct weir_class *c, const char *word, size_t len)
{
	char copy[64], *end;
	long number;

	snprintf(copy, sizeof(copy), "%.*s", (int)len, word);
	number = strtol(copy, &end, 10);
	if (end != copy && !*end)
		return (int)number;
	for (int i = 0; i < 16; i++) {
		if (c->out[i] && !strcmp(c->out[i], copy))
			return i;
		if (c->drops[i] && !strcmp(c->drops[i], copy))
			return WEIR_DROP + i;
	}
	return -1;
}

// Takes the first of the texts that `|` separates from *at, without spaces around it; false at the
// end.
static bool next_text(const char **at, const char **text, size_t *len)
{
	const char *next;

	if (!*at)
		return false;
	*text = *at;
	*len = pkt_split(*at, &next);
	*at = next;
	while (*len && **text == ' ')
		(*text)++, (*len)--;
	while (*len && (*text)[*len - 1] == ' ')
		(*len)--;
	return true;
}

// `@1 packet`: the packet goes to input 1.
static unsigned input_of(const char **text, size_t *len)
{
	unsigned port = 0;
	int n = 0;

	if (*len && **text == '@' && sscanf(*text, "@%u %n", &port, &n) == 1) {
		*text += n;
		*len -= (size_t)n;
	}
	return port;
}

// How many ports the rows need; at least what the class demands.
static void count_ports(const struct weir_class *c, const struct weir_case *rows, unsigned n,
			unsigned *n_in, unsigned *n_out)
{
	unsigned in[2], out[2];
	bool equal;

	cr_assert(weir_code_ports(weir_ports_code(c), in, out, &equal));
	*n_in = in[0] ? in[0] : 1;
	*n_out = out[0];
	for (unsigned i = 0; i < n; i++) {
		const char *at = rows[i].in, *text;
		size_t len;

		while (next_text(&at, &text, &len)) {
			unsigned port = input_of(&text, &len);

			*n_in = port >= *n_in ? port + 1 : *n_in;
		}
		at = rows[i].out;
		while (next_text(&at, &text, &len)) {
			int port = port_of(c, text, len);

			if (port >= (int)*n_out && port < WEIR_DROP)
				*n_out = (unsigned)port + 1;
		}
	}
	if (equal)
		*n_out = *n_in = *n_out > *n_in ? *n_out : *n_in;
}

static bool rig_open(struct rig *g, const struct weir_class *c, const struct weir_case *rows,
		     unsigned n, unsigned burst)
{
	struct weir_engine_options opt = {.n_workers = 1, .burst = burst, .simtime = true};
	struct lang_router flat = {};
	unsigned n_in, n_out;
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int r;

	*g = (struct rig){.class = c};
	count_ports(c, rows, n, &n_in, &n_out);
	cr_assert(n_in <= MAX_PORTS && n_out <= MAX_PORTS);
	fprintf(f, "source :: CaseSource; sink :: CaseSink; e :: %s(%s);\n", c->name, rows->args);
	for (unsigned i = 0; i < n_in; i++)
		fprintf(f, "source[%u] -> [%u]e;\n", i, i);
	for (unsigned i = 0; i < n_out; i++)
		fprintf(f, "e[%u] -> [%u]sink;\n", i, i);
	if (!n_out)
		fprintf(f, "Idle -> sink;\n");
	fclose(f);
	memset(n_arrived, 0, sizeof(n_arrived));
	r = lang_parse(&flat, c->name, text, size, NULL, 0, &g->err);
	if (r == 0)
		r = weir_router_build(&g->router, &flat, &g->err);
	if (r == 0)
		r = weir_router_init(g->router, &g->err);
	if (r == 0)
		r = weir_engine_open(&g->engine, g->router, &opt, &g->err);
	cr_expect(r == 0, "%s(%s): %s", c->name, rows->args, g->err.text);
	free(text);
	return r == 0;
}

static void rig_close(struct rig *g)
{
	if (g->engine) {
		struct weir_node *sink = weir_find(g->router, "sink")->nodes[0];

		for (unsigned port = 0; port < MAX_PORTS; port++)
			for (unsigned i = 0; i < n_arrived[port]; i++)
				weir_packet_free(sink, arrived[port][i].p);
	}
	weir_engine_close(g->engine);
	if (g->router)
		weir_router_free(g->router);
	weir_err_free(&g->err);
}

static struct packet *make(struct weir_node *n, const char *text, size_t len)
{
	struct packet *p = NULL;
	struct pkt k;

	if (pkt_parse(&k, text, len)) {
		p = weir_packet_new(n, WEIR_HEADROOM, k.end);
		pkt_fill(p, &k);
	} else {
		cr_expect(false, "%.*s: %s", (int)len, text, k.error);
	}
	pkt_free(&k);
	return p;
}

static void send_row(struct rig *g, const struct weir_case *row)
{
	struct weir_node *n = weir_find(g->router, "source")->nodes[0];
	const char *at = row->in, *text;
	size_t len;

	while (next_text(&at, &text, &len)) {
		unsigned port = input_of(&text, &len);
		struct packet *p = make(n, text, len);

		weir_made(n, 1, p->len);
		weir_emit(n, port, p);
	}
}

// The packet that left by `port` next must be this one.
static void expect_packet(struct rig *g, const struct weir_case *row, int port, const char *text,
			  size_t len)
{
	char *why = NULL;
	struct packet *p;
	struct pkt k;

	if (g->wanted[port] >= n_arrived[port]) {
		cr_expect(false, "%s(%s): %s: no packet left by output %d", g->class->name,
			  row->args, row->in, port);
		return;
	}
	p = arrived[port][g->wanted[port]++].p;
	if (!pkt_parse(&k, text, len))
		cr_expect(false, "%.*s: %s", (int)len, text, k.error);
	else
		cr_expect(pkt_matches(p, &k, &why), "%s(%s): %s: output %d: %s", g->class->name,
			  row->args, row->in, port, why);
	free(why);
	pkt_free(&k);
}

static void expect_row(struct rig *g, const struct weir_case *row)
{
	const char *outs = row->out, *wants = row->want && *row->want ? row->want : row->in;
	const char *out, *want;
	size_t out_len, want_len;

	while (next_text(&outs, &out, &out_len)) {
		int port = port_of(g->class, out, out_len);

		if (port < 0) {
			cr_expect(false, "%s: no output or drop reason '%s'", g->class->name,
				  row->out);
			return;
		}
		if (port >= WEIR_DROP) {
			g->lost[port - WEIR_DROP]++;
			continue;
		}
		do {
			if (!next_text(&wants, &want, &want_len)) {
				cr_expect(false, "%s: '%s' has more outputs than packets",
					  g->class->name, row->out);
				return;
			}
			if (!row->want || !*row->want)
				input_of(&want, &want_len);
			expect_packet(g, row, port, want, want_len);
		} while (!outs && wants); // the last output is meant for the rest
	}
}

static void expect_losses(struct rig *g, const struct weir_case *row)
{
	struct weir_node *n = weir_find(g->router, "e")->nodes[0];
	struct weir_ledger l;

	for (unsigned i = 0; i < n->n_drops; i++)
		cr_expect_eq(n->out[n->n_out + WEIR_EDGE_CLASS + i].packets, g->lost[i],
			     "%s(%s): %s: %llu packets lost for '%s', not %llu", g->class->name,
			     row->args, row->in,
			     (unsigned long long)n->out[n->n_out + WEIR_EDGE_CLASS + i].packets,
			     g->class->drops[i], (unsigned long long)g->lost[i]);
	for (unsigned port = 0; port < MAX_PORTS; port++)
		cr_expect_eq(g->wanted[port], n_arrived[port],
			     "%s(%s): %s: %u packets left by output %u, not %u", g->class->name,
			     row->args, row->in, n_arrived[port], port, g->wanted[port]);
	weir_ledger(g->engine, &l);
	cr_expect_eq(l.made, l.ended + l.held + l.dropped,
		     "%s(%s): %s: the ledger: made %llu, ended %llu, held %llu, dropped %llu",
		     g->class->name, row->args, row->in, (unsigned long long)l.made,
		     (unsigned long long)l.ended, (unsigned long long)l.held,
		     (unsigned long long)l.dropped);
}

static void run_rows(const struct weir_class *c, const struct weir_case *rows, unsigned n,
		     unsigned burst)
{
	struct rig g;

	if (rig_open(&g, c, rows, n, burst)) {
		for (unsigned i = 0; i < n; i++)
			send_row(&g, &rows[i]);
		for (unsigned i = 0; i < 4; i++)
			weir_worker_round(&g.engine->workers[0]);
		for (unsigned i = 0; i < n; i++)
			expect_row(&g, &rows[i]);
		expect_losses(&g, rows);
	}
	rig_close(&g);
}

// With WEIR_ELEMENTS, the elements of a folder too.
static void load_elements(void)
{
	const char *const folders[] = {getenv("WEIR_ELEMENTS"), NULL};
	struct weir_err err = {};

	cr_assert_eq(weir_packages_load(folders, &err), 0, "%s", err.text);
}

TestSuite(cases, .init = load_elements);

Test(cases, rows)
{
	unsigned n_rows = 0;

	// some elements say on stderr what they lose; Criterion has a channel of its own
	if (!freopen("/dev/null", "w", stderr))
		cr_assert_fail("/dev/null");

	const struct weir_cases *c;

	for (unsigned i = 0; (c = rows_of(i)); i++) {
		const struct weir_case *row = c->rows;

		while (row->args && !c->class->driver_only) {
			unsigned same = 0;

			for (; row[same].args && !strcmp(row[same].args, row->args); same++)
				run_rows(c->class, &row[same], 1, 1);
			run_rows(c->class, row, same, WEIR_BATCH_MAX);
			row += same;
			n_rows += same;
		}
	}
	cr_assert_gt(n_rows, 0);
}

static bool has_rows(const struct weir_class *class)
{
	const struct weir_cases *c;

	for (unsigned i = 0; (c = rows_of(i)); i++)
		if (c->class == class && c->rows->args)
			return true;
	return false;
}

// Sources, sinks, schedulers and elements without ports have nothing that a row could show.
static bool takes_and_gives(const struct weir_class *c)
{
	unsigned in[2], out[2];
	bool equal;

	cr_assert(weir_code_ports(weir_ports_code(c), in, out, &equal));
	return c->push && in[1] && (out[1] || equal);
}

Test(cases, every_class_has_rows_or_a_reason)
{
	const struct weir_class *const *classes;
	unsigned n = weir_classes(&classes);
	const unsigned n_without = sizeof(without_rows) / sizeof(*without_rows);

	for (unsigned i = 0; i < n; i++) {
		bool listed = false, needed = takes_and_gives(classes[i]);

		for (unsigned k = 0; k < n_without; k++)
			listed |= !strcmp(without_rows[k][0], classes[i]->name);
		cr_expect(listed || !needed || has_rows(classes[i]),
			  "%s: give it WEIR_CASES, or list it here with the reason",
			  classes[i]->name);
		cr_expect(!listed || needed, "%s: needs no rows, and is listed", classes[i]->name);
		cr_expect(!listed || !has_rows(classes[i]),
			  "%s: has rows, but is listed as without", classes[i]->name);
	}
	for (unsigned k = 0; k < n_without; k++)
		cr_expect(weir_class_find(without_rows[k][0]), "%s: is listed but does not exist",
			  without_rows[k][0]);
}
