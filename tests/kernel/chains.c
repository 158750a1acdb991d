// SPDX-License-Identifier: BSD-2-Clause

// Whole graphs agree: elements with the arguments of their case rows, alone and in random graphs
// without cycles, as the composer puts them into the driver, against the same graph in userspace.
// Each packet (of case rows, changed at random, or of random bytes) leaves in the same places with
// the same bytes, marks and annotations, wherever it goes on in userspace, and counters of both
// halves add up to those of one.
//
//	chains BUILD [SEED]	needs root; with SEED that graph only

#include <bpf/libbpf.h>

#include <halves.h>
#include <packages.h>
#include <pkt.h>
#include <program.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	SECONDS = 7,  // of random graphs
	COMPILED = 4, // of so many random graphs one
	PACKETS = 40,
	MAX_KINDS = 512,
	MAX_ELEMENTS = 10,
	MAX_PORTS = 16,
	MAX_SINKS = MAX_ELEMENTS * MAX_PORTS,
	MAX_LEFT = 64,
	MAX_FRAME = 1514,
};

extern const struct weir_cases *const __start_weir_cases[], *const __stop_weir_cases[];
static unsigned failed, graphs, compiled, packets, in_driver, crossed;

// --- random numbers ---
static uint64_t state;

static uint32_t below(uint32_t n)
{
	state = state * 6364136223846793005 + 1442695040888963407;
	return n ? (uint32_t)(state >> 33) % n : 0;
}

// --- where packets end ---
struct left {
	unsigned port;
	uint32_t len;
	int mac, network, transport; // from the first byte; INT32_MIN: not set
	uint8_t type, anno[WEIR_ANNO_SIZE], bytes[4096];
};
static struct left left[2][MAX_LEFT];
static unsigned n_left[2], half; // half: who runs

static int mark(const struct packet *p, uint16_t at)
{
	return at ? (int)at - (int)p->off : INT32_MIN;
}

struct chain_end {
};
static void chain_end(struct weir_node *n, unsigned port, struct batch *b)
{
	for (unsigned i = 0; i < b->n; i++) {
		struct packet *p = b->p[i];
		struct left *l = &left[half][n_left[half] % MAX_LEFT];

		*l = (struct left){
			.port = port,
			.len = p->len,
			.mac = mark(p, p->mac),
			.network = mark(p, p->network),
			.transport = mark(p, p->transport),
			.type = p->type,
		};
		memcpy(l->anno, p->anno, sizeof(l->anno));
		memcpy(l->bytes, weir_data(p), p->len < sizeof(l->bytes) ? p->len : 0);
		n_left[half]++;
	}
	weir_end(n, b->p, b->n);
	b->n = 0;
}
WEIR_BATCH_ELEMENT(chain_end, "ChainEnd", .purpose = "ends a test's packets", .ports = "-/0",
		   .processing = "h/", .is_sink = true);

// --- what graphs are made of ---
struct kind {
	const struct weir_class *class;
	const char *args;
	unsigned n_out;
	bool second_input;
	// What comes out depends on the packets before: those of userspace's state and those of the
	// driver's cannot be told apart by the packet.
	bool remembers;
	bool hands_over; // some packets, or all
};
static struct kind kinds[MAX_KINDS];
static unsigned n_kinds;

static bool is_one_of(const struct weir_class *c, const char *const *names)
{
	while (*names && strcmp(*names, c->name) != 0)
		names++;
	return *names;
}

static unsigned outputs_of(const struct weir_class *c, const struct weir_case *rows)
{
	unsigned in[2], out[2], n = 0;
	bool equal;

	if (!weir_code_ports(weir_ports_code(c), in, out, &equal))
		return 0;
	n = equal && in[0] > out[0] ? in[0] : out[0];
	for (const struct weir_case *row = rows; row && row->in && !strcmp(row->args, rows->args);
	     row++)
		for (const char *at = row->out; *at; at += strspn(at, " |")) {
			size_t len = strcspn(at, " |");

			for (unsigned i = 0; i < MAX_PORTS; i++)
				if ((c->out[i] && strlen(c->out[i]) == len &&
				     !strncmp(c->out[i], at, len)) ||
				    (*at >= '0' && *at <= '9' && (unsigned)atoi(at) == i))
					n = i + 1 > n ? i + 1 : n;
			at += len;
		}
	return n;
}

static void add_kind(const struct weir_class *c, const char *args, const struct weir_case *rows)
{
	static const char *const REMEMBER[] = {"RoundRobinSwitch", "IPEncap", "UDPIPEncap", NULL};
	static const char *const HAND_OVER[] = {"ARPQuerier",  "IP6NDSolicitor", "IPFragmenter",
						"IPGWOptions", "PaintTee",	 "PaintSwitch",
						NULL};
	struct kind k = {c,
			 args,
			 outputs_of(c, rows),
			 false,
			 is_one_of(c, REMEMBER),
			 is_one_of(c, HAND_OVER)};
	struct weir_router *r = program_router(c, args, (int)k.n_out - 1);
	struct weir_front_args a;

	if (!r || n_kinds == MAX_KINDS) {
		fprintf(stderr, "FAIL %s(%s): not among those that are tested\n", c->name, args);
		failed++;
	} else {
		k.second_input = weir_find(r, "e")->n_in > 1;
		k.hands_over |= !program_ask(weir_find(r, "e"), &a);
		kinds[n_kinds++] = k;
	}
	weir_router_free(r);
}

static void add_class(const struct weir_class *c)
{
	const struct weir_case *row = NULL;
	const char *why;

	if (!strncmp(c->file, "elements/io/", strlen("elements/io/")) ||
	    !weir_front_object(NULL, c, &why))
		return;
	for (const struct weir_cases *const *v = __start_weir_cases; v < __stop_weir_cases; v++)
		if ((*v)->class == c)
			row = (*v)->rows;
	if (!row &&
	    !(c->args && c->args->flags & WEIR_MANDATORY)) // those look into another element
		add_kind(c, "", NULL);
	for (const char *last = NULL; row && row->in; last = row->args, row++)
		if (!last || strcmp(last, row->args) != 0)
			add_kind(c, row->args, row);
}

// --- a graph ---
struct graph {
	struct weir_buf text, joins; // declarations, which then get the connections
	unsigned n, n_sinks;
	const struct kind *kind[MAX_ELEMENTS];
	int stripped[MAX_ELEMENTS]; // bytes before the packet that are defined; INT32_MAX: no way
				    // in
	bool remembers;
};

static int strips(const struct kind *k)
{
	const char *name = k->class->name;

	return !strcmp(name, "Strip")	  ? atoi(k->args)
	       : !strcmp(name, "Unstrip") ? -atoi(k->args)
	       : strstr(name, "Encap") || !strcmp(name, "ARPQuerier") ||
			       !strcmp(name, "IP6NDSolicitor")
		       ? -64
		       : 0;
}

static bool fits(const struct graph *g, const struct kind *k, int stripped)
{
	// what Unstrip uncovers that was never there may be anything
	bool ok = strcmp(k->class->name, "Unstrip") != 0 || -strips(k) <= stripped;

	return ok && (g->remembers ? !k->hands_over : !k->remembers);
}

static void connect_out(struct graph *g, unsigned from, unsigned port, unsigned to)
{
	int after = g->stripped[from] + strips(g->kind[from]);

	if (to == g->n) {
		weir_printf(&g->joins, "e%u[%u] -> [%u]end;\n", from, port, g->n_sinks++);
		return;
	}
	weir_printf(&g->joins, "e%u[%u] -> e%u;\n", from, port, to);
	after = after > 0 ? after : 0;
	if (after < g->stripped[to])
		g->stripped[to] = after;
}

static void begin_graph(struct graph *g, unsigned n)
{
	*g = (struct graph){.n = n};
	weir_printf(&g->text, "fd :: FromDevice(nowhere0); end :: ChainEnd;\n");
	weir_printf(&g->joins, "fd -> e0;\n");
	for (unsigned i = 1; i < n; i++)
		g->stripped[i] = INT32_MAX;
}

static void add_element(struct graph *g, unsigned i, const struct kind *k)
{
	g->kind[i] = k;
	weir_printf(&g->text, "e%u :: %s(%s);\n", i, k->class->name, k->args);
	if (k->second_input)
		weir_printf(&g->joins, "Idle -> [1]e%u;\n", i);
	if (g->stripped[i] == INT32_MAX)
		weir_printf(&g->joins, "Idle -> e%u;\n", i);
}

// The element alone: each output is seen.
static void single(struct graph *g, const struct kind *k)
{
	begin_graph(g, 1);
	add_element(g, 0, k);
	for (unsigned port = 0; port < k->n_out; port++)
		connect_out(g, 0, port, 1);
	if (!g->n_sinks)
		weir_printf(&g->joins, "Idle -> end;\n");
}

static void random_graph(struct graph *g)
{
	begin_graph(g, 2 + below(MAX_ELEMENTS - 1));
	g->remembers = below(3) == 0;
	weir_printf(&g->joins, "Idle -> [%u]end;\n", g->n_sinks++);
	for (unsigned i = 0; i < g->n; i++) {
		int stripped = g->stripped[i] == INT32_MAX ? 0 : g->stripped[i];
		const struct kind *k;

		do
			k = &kinds[below(n_kinds)];
		while (!fits(g, k, stripped) || (!k->n_out && below(4)));
		add_element(g, i, k);
		g->stripped[i] = stripped;
		for (unsigned port = 0; port < k->n_out; port++) {
			unsigned next = below(port ? 3 : 6) ? 1 : 1 + below(g->n - i);

			// some take no argument for an output that leads nowhere
			if (!port || below(10) || strstr(k->class->name, "Lookup") ||
			    strstr(k->class->name, "Rewriter") || !strcmp(k->class->name, "Tee"))
				connect_out(g, i, port, i + next);
		}
	}
}

// --- packets ---
static const struct weir_case *random_row(void)
{
	size_t n = (size_t)(__stop_weir_cases - __start_weir_cases);
	const struct weir_case *rows = __start_weir_cases[below((uint32_t)n)]->rows;
	unsigned k = 0;

	while (rows[k].in)
		k++;
	return &rows[below(k)];
}

// A network header behind an Ethernet header or at the front, or none, whatever is there.
static void random_marks(struct packet *p)
{
	uint32_t at = below(2) * 14, hlen = 20 + below(2) * 4;

	p->type = (uint8_t)below(5);
	p->anno[ANNO_PAINT] = (uint8_t)below(4);
	p->anno[ANNO_FIX_IP_SRC] = (uint8_t)below(2);
	if (below(2))
		weir_set_mac(p);
	if (below(3) && p->len >= at + hlen) {
		weir_set_network(p, at, hlen);
		memcpy(p->anno, weir_data(p) + at + 16, 4);
	}
}

static struct packet *random_bytes(void)
{
	struct pkt k = {
		.end = below(200), .mac = PKT_UNSET, .network = PKT_UNSET, .transport = PKT_UNSET};
	struct packet *p;

	k.bytes = calloc(1, k.end + 1);
	p = k.bytes ? pkt_new(&k) : NULL;
	for (uint32_t i = 0; p && i < k.end; i++)
		weir_data(p)[i] = (uint8_t)below(256);
	if (p)
		random_marks(p);
	pkt_free(&k);
	return p;
}

// Rows may mark headers that are not whole; no element does.
static void unmark(struct packet *p)
{
	if (p->network && p->network + sizeof(struct ip4) > p->off + p->len)
		weir_clear_network(p);
	if (p->transport > p->off + p->len)
		p->transport = 0;
}

// Of a row, with an Ethernet header in front sometimes; NULL if the row is of more than one packet.
static struct packet *of_row(const struct weir_case *row, bool with_eth)
{
	static char text[70000];
	struct packet *p = NULL;
	struct pkt k = {};

	if (strpbrk(row->in, "|@") || strlen(row->in) > sizeof(text) - 100)
		return NULL;
	sprintf(text, "%s%s", with_eth ? "eth dst=02:00:00:00:00:01 " : "", row->in);
	if (pkt_parse(&k, text, strlen(text)) && k.end <= MAX_FRAME)
		p = pkt_new(&k);
	if (p)
		unmark(p);
	pkt_free(&k);
	return p;
}

static void change(struct packet *p)
{
	uint32_t n = below(4);

	while (n-- && p->len)
		weir_data(p)[below(below(3)	 ? p->len
				   : p->len < 40 ? p->len
						 : 40)] =
			(uint8_t)(below(2) ? below(256) : 1u << below(8));
	if (!below(6))
		weir_truncate(p, below(p->len + 1));
	if (!below(4)) {
		p->type = (uint8_t)below(5);
		p->anno[below(WEIR_ANNO_SIZE)] = (uint8_t)below(6);
	}
}

static struct packet *random_packet_for(const struct graph *g)
{
	struct packet *p = NULL;

	if (!below(8))
		return random_bytes();
	while (!p)
		p = of_row(random_row(), g->kind[0] && below(2));
	if (below(3))
		change(p);
	return p;
}

// --- comparing ---
struct round {
	struct halves h;
	struct graph *g;
	const char *what; // that is tested, for messages
	bool bad;
};

static void fail(struct round *r, struct packet *p, const char *how)
{
	char *text = p ? pkt_text(p) : NULL;

	if (!r->bad)
		printf("FAIL %s: %s\n%s%s%s", r->what, how, r->g->text.text, text ? text : "",
		       text ? "\n" : "");
	free(text);
	failed += !r->bad;
	r->bad = true;
}

static const char *difference_of(const struct left *a, const struct left *b)
{
	static char how[120];

	if (a->port != b->port)
		return "it leaves elsewhere";
	if (a->len != b->len || memcmp(a->bytes, b->bytes, sizeof(a->bytes)) != 0)
		return "the bytes differ";
	if (a->mac != b->mac || a->network != b->network || a->transport != b->transport)
		return "the headers are marked differently";
	if (a->type != b->type)
		return "the packet type differs";
	for (unsigned i = 0; i < WEIR_ANNO_SIZE; i++)
		if (a->anno[i] != b->anno[i]) {
			snprintf(how, sizeof(how), "byte %u of the annotations is %u, not %u", i,
				 b->anno[i], a->anno[i]);
			return how;
		}
	return NULL;
}

static const char *difference(void)
{
	const char *how = NULL;

	if (n_left[0] != n_left[1])
		return "another number of packets leaves";
	if (n_left[0] > MAX_LEFT)
		return "more packets leave than are looked at";
	for (unsigned i = 0; i < n_left[0] && !how; i++)
		how = difference_of(&left[0][i], &left[1][i]);
	return how;
}

static void try_packet(struct round *r, struct packet *p)
{
	bool marked =
		below(3) || p->len < sizeof(struct eth) || p->off != sizeof(*p) + WEIR_HEADROOM;
	const char *how;

	packets++;
	n_left[0] = n_left[1] = 0;
	half = 0;
	if (halves_to_alone(&r->h, p, marked))
		fail(r, p, "userspace does not take it");
	half = 1;
	if (halves_to_both(&r->h, p, marked))
		fail(r, p, "the driver does not take it");
	how = difference();
	if (how)
		fail(r, p, how);
}

static void compare_handler(struct round *r, const struct weir_element *e, const char *handler)
{
	struct weir_buf a = {}, b = {}, how = {};
	struct weir_err err = {};
	char name[128];
	int x, y;

	snprintf(name, sizeof(name), "%s.%s", e->name, handler);
	x = weir_handler_read(r->h.alone.router, name, "", &a, &err);
	y = weir_handler_read(r->h.both.router, name, "", &b, &err);
	if (x != y || (!x && strcmp(a.text ? a.text : "", b.text ? b.text : "") != 0)) {
		weir_printf(&how, "%s is %s%s\nnot %s%s", name, b.text ? b.text : "", "",
			    a.text ? a.text : "", "");
		fail(r, NULL, how.text);
	}
	weir_buf_free(&a);
	weir_buf_free(&b);
	weir_buf_free(&how);
	weir_err_free(&err);
}

static void compare_ledgers(struct round *r)
{
	struct weir_ledger a, b;
	char how[200];

	weir_ledger(r->h.alone.engine, &a);
	weir_ledger(r->h.both.engine, &b);
	if (b.made == b.ended + b.held + b.dropped && !memcmp(&a, &b, sizeof(a)))
		return;
	snprintf(how, sizeof(how),
		 "the ledger: made %lu, ended %lu, held %lu, lost %lu; in userspace %lu, %lu, %lu, "
		 "%lu",
		 b.made, b.ended, b.held, b.dropped, a.made, a.ended, a.held, a.dropped);
	fail(r, NULL, how);
}

static void compare_counters(struct round *r)
{
	static const char *const HANDLERS[] = {"counts", "count", "byte_count", "drops"};

	for (unsigned i = 0; i < r->h.alone.router->n_elements; i++)
		for (unsigned k = 0; k < sizeof(HANDLERS) / sizeof(*HANDLERS); k++)
			compare_handler(r, r->h.alone.router->elements[i], HANDLERS[k]);
	compare_ledgers(r);
}

// The same arguments again: the programs are loaded anew, and go on where they were.
static void write_config(struct round *r)
{
	const struct weir_element *e = weir_find(r->h.alone.router, "e0");
	struct weir_err err = {};
	int x = weir_handler_write(r->h.alone.router, "e0.config", e->config, &err);
	int y = weir_handler_write(r->h.both.router, "e0.config", e->config, &err);

	if (x != y)
		fail(r, NULL, err.text ? err.text : "the driver does not take the configuration");
	weir_err_free(&err);
}

static void run(struct graph *g, const char *what, bool compile)
{
	struct round r = {.g = g, .what = what};

	graphs++;
	weir_printf(&g->text, "%s", g->joins.text);
	if (halves_open(&r.h, g->text.text, compile)) {
		fail(&r, NULL, "it cannot be opened");
	} else if (r.h.plan.n_driver > 1) {
		bool rewrite = !g->remembers && below(2);

		in_driver += r.h.plan.n_driver - 1;
		crossed += r.h.plan.n_crossings;
		compiled += r.h.compiled;
		for (unsigned i = 0; i < PACKETS && !r.bad; i++) {
			struct packet *p = random_packet_for(g);

			if (p)
				try_packet(&r, p);
			free(p);
			if (rewrite && i == PACKETS / 2)
				write_config(&r);
		}
		if (!r.bad)
			compare_counters(&r);
	}
	halves_close(&r.h);
	weir_buf_free(&g->text);
	weir_buf_free(&g->joins);
}

static void run_seed(uint64_t seed)
{
	struct graph g;
	char what[64];

	state = seed;
	snprintf(what, sizeof(what), "seed %llu", (unsigned long long)seed);
	random_graph(&g);
	run(&g, what, seed % COMPILED == 0);
}

static void run_all(uint64_t seed)
{
	const time_t end = time(NULL) + SECONDS;
	struct graph g;

	printf("chains: seeds from %llu on\n", (unsigned long long)seed);
	fflush(stdout);
	for (unsigned i = 0; i < n_kinds; i++) {
		state = i;
		single(&g, &kinds[i]);
		run(&g, kinds[i].class->name, true);
	}
	while (time(NULL) < end)
		run_seed(seed++);
}

int main(int argc, char **argv)
{
	const struct weir_class *const *classes;
	unsigned n = weir_classes(&classes);
	cpu_set_t one;

	if (argc < 2) {
		fprintf(stderr, "usage: chains BUILD [SEED]\n");
		return 2;
	}
	weir_packages_load((const char *const[]){argv[1], NULL}, NULL); // objects are below it
	CPU_ZERO(&one); // one state of the driver's, not one for each CPU
	CPU_SET((unsigned)sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	libbpf_set_print(NULL);
	for (unsigned i = 0; i < n; i++)
		add_class(classes[i]);
	// elements say there what they lose
	if (argc == 2 && !freopen("/dev/null", "w", stderr))
		return 2;
	if (argc > 2)
		run_seed(strtoull(argv[2], NULL, 0));
	else
		run_all((uint64_t)time(NULL) * 1000);
	printf("chains: %u kinds of elements, %u graphs, %u of them compiled, %u elements in the "
	       "driver, %u ways out of it, %u packets\nchains: %u passed, %u failed\n",
	       n_kinds, graphs, compiled, in_driver, crossed, packets, graphs - failed, failed);
	return failed || (argc == 2 && !compiled);
}
