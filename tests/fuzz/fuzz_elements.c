// SPDX-License-Identifier: BSD-2-Clause

// Any bytes into any element: one packet may be lost, counted by name, and nothing else may happen.
// The first bytes of the input pick a class, a set of arguments from its case rows, an input and
// what is said of the packet; the rest is the packet. Packets are allocated to the byte, so a step
// beyond is an error; and after each input the ledger must balance.

#include <engine.h>
#include <pkt.h>
#include <stdio.h>
#include <stdlib.h>

enum { SETUPS_PER_CLASS = 4, N_PACKETS = 3 };

extern const struct weir_cases *const __start_weir_cases[], *const __stop_weir_cases[];

static unsigned n_left; // packets that arrived at the sink

struct fuzz_source {
};
WEIR_PLAIN_ELEMENT(fuzz_source, "FuzzSource", .purpose = "gives the fuzzer's packets",
		   .ports = "0/-", .processing = "/h");

struct fuzz_sink {
};
static void fuzz_sink(struct weir_node *n, unsigned, struct batch *b)
{
	for (unsigned i = 0; i < b->n; i++)
		if (b->p[i]->off + b->p[i]->len > b->p[i]->room ||
		    b->p[i]->off < sizeof(struct packet))
			abort(); // the packet reaches out of its buffer
	n_left += b->n;
	weir_end(n, b->p, b->n);
	b->n = 0;
}
WEIR_BATCH_ELEMENT(fuzz_sink, "FuzzSink", .purpose = "ends the fuzzer's packets", .ports = "-/0",
		   .processing = "h/", .is_sink = true);

struct setup {
	struct weir_router *router;
	struct weir_engine *engine;
	unsigned n_in;
};

static struct setup *setups;
static unsigned n_setups;

// Elements that pull get a Queue in front and an Unqueue behind.
static bool open_setup(struct setup *s, const struct weir_class *c, const char *args)
{
	struct weir_engine_options opt = {.n_workers = 1, .burst = 4, .simtime = true};
	struct lang_router flat = {};
	struct weir_err err = {};
	struct weir_buf b = {};
	unsigned in[2], out[2], n_out = 0;
	bool equal, ok;

	if (!weir_code_ports(weir_ports_code(c), in, out, &equal) || !in[1])
		return false;
	s->n_in = in[0] ? in[0] : 1;
	n_out = equal ? s->n_in : out[0];
	while (n_out < out[1] && n_out < 16 && c->out[n_out])
		n_out++;
	weir_printf(&b, "source :: FuzzSource; sink :: FuzzSink; Idle -> sink; e :: %s(%s);\n",
		    c->name, args);
	for (unsigned i = 0; i < s->n_in; i++)
		weir_printf(&b, "source[%u] -> %s [%u]e;\n", i,
			    weir_code_processing(weir_processing_code(c), false, i) == WEIR_PULL
				    ? "Queue -> "
				    : "",
			    i);
	for (unsigned i = 0; i < n_out; i++)
		weir_printf(&b, "e[%u] -> %s [%u]sink;\n", i,
			    weir_code_processing(weir_processing_code(c), true, i) == WEIR_PULL
				    ? "Unqueue ->"
				    : "",
			    i + 1);
	ok = !lang_parse(&flat, c->name, b.text, b.len, NULL, 0, &err) &&
	     !weir_router_build(&s->router, &flat, &err) && !weir_router_init(s->router, &err) &&
	     !weir_engine_open(&s->engine, s->router, &opt, &err);
	if (!ok && s->router) {
		weir_router_free(s->router);
		s->router = NULL;
	}
	if (getenv("FUZZ_VERBOSE") && !ok)
		fprintf(stderr, "%s(%s): %s", c->name, args, err.text ? err.text : "?\n");
	weir_err_free(&err);
	weir_buf_free(&b);
	return ok;
}

static void add_class(const struct weir_class *c, const char *args)
{
	struct setup s = {};

	// files, sockets and the terminal are not for random input
	if (!strncmp(c->file, "elements/io/", 12) || !strncmp(c->file, "elements/control/", 17) ||
	    strstr(c->name, "Print"))
		return;
	if (open_setup(&s, c, args))
		setups[n_setups++] = s;
}

static void open_all(void)
{
	const struct weir_class *const *v;
	unsigned n = weir_classes(&v);

	setups = calloc((size_t)n * (SETUPS_PER_CLASS + 1), sizeof(*setups));
	if (!setups)
		abort();
	for (unsigned i = 0; i < n; i++)
		add_class(v[i], "");
	for (const struct weir_cases *const *c = __start_weir_cases; c < __stop_weir_cases; c++)
		for (unsigned i = 0, used = 0; (*c)->rows[i].in && used < SETUPS_PER_CLASS; i++)
			if (*(*c)->rows[i].args) {
				add_class((*c)->class, (*c)->rows[i].args);
				used++;
			}
	fprintf(stderr, "fuzz_elements: %u elements to fuzz\n", n_setups);
}

// A packet in an allocation of exactly its size, headers where the input says.
static struct packet *make(const uint8_t *data, size_t len, const uint8_t about[4])
{
	size_t size = sizeof(struct packet) + WEIR_HEADROOM + len;
	struct packet *p;

	if (posix_memalign((void **)&p, 64, size))
		abort();
	memset(p, 0, sizeof(*p));
	p->off = sizeof(*p) + WEIR_HEADROOM;
	p->len = (uint32_t)len;
	p->room = (uint32_t)size;
	memset(weir_data(p) - WEIR_HEADROOM, 0x55, WEIR_HEADROOM);
	memcpy(weir_data(p), data, len);
	p->type = about[0] % 5;
	p->anno[ANNO_PAINT] = about[1];
	p->anno[ANNO_FIX_IP_SRC] = about[1] & 1;
	if (about[2] & 1)
		weir_set_mac(p);
	// the network header: at the front, behind an Ethernet header, or not said
	for (unsigned off = 0; off <= 14; off += 14) {
		uint32_t hlen = len > off ? (data[off] & 15u) * 4 : 0;

		if ((about[2] >> 1) % 3 != off / 14 || len < off + 20)
			continue;
		if (hlen < 20 || hlen > len - off)
			hlen = 20;
		weir_set_network(p, off, hlen);
		memcpy(p->anno, data + off + 16, 4);
	}
	return p;
}

static void check_ledger(const struct setup *s)
{
	struct weir_ledger l;

	weir_ledger(s->engine, &l);
	if (l.made != l.ended + l.held + l.dropped) {
		fprintf(stderr, "%s: %lu made, %lu ended, %lu held, %lu lost by name\n",
			weir_find(s->router, "e")->class->name, l.made, l.ended, l.held, l.dropped);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct setup *s;
	struct weir_node *n;

	if (!setups)
		open_all();
	if (len < 7 || len > 4096)
		return -1;
	s = &setups[(data[0] | data[1] << 8) % n_setups];
	n = weir_find(s->router, "source")->nodes[0];
	for (unsigned i = 0; i < N_PACKETS; i++) {
		struct packet *p = make(data + 7, len - 7, data + 3);

		// the later ones are shorter: fragments, queues and tables see different lengths
		weir_truncate(p, (uint32_t)((len - 7) * (N_PACKETS - i) / N_PACKETS));
		weir_made(n, 1, p->len);
		weir_emit(n, data[2] % s->n_in, p);
	}
	for (unsigned i = 0; i < 64 && weir_worker_round(&s->engine->workers[0]); i++)
		continue;
	// a little later, so that timers run too
	s->engine->sim_offset += 10 * 1000 * 1000;
	weir_worker_round(&s->engine->workers[0]);
	check_ledger(s);
	return 0;
}
