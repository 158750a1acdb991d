// SPDX-License-Identifier: BSD-2-Clause
// Tee: copies each packet to every output. PullTee: the same on a pull path; output 0 is pulled and
// the other ones are pushed.
#include <weir/element.h>

enum { NO_BUFFER };

struct tee {
	uint32_t n;
	bool n_given;
};
struct pull_tee {
	uint32_t n;
	bool n_given;
};

static void copy_to(struct weir_node *n, unsigned port, struct packet *p)
{
	struct packet *copy = weir_packet_copy(n, p);
	struct weir_edge *lost;

	if (WEIR_LIKELY(copy)) {
		weir_made(n, 1, copy->len);
		weir_emit(n, port, copy);
		return;
	}
	// There is no packet to lose, but the loss has to show.
	lost = weir_edge(n, WEIR_DROP + NO_BUFFER);
	lost->packets++;
	lost->bytes += p->len;
	weir_made(n, 1, p->len);
}

// Packet by packet, so that with a burst of 1 output 0 is finished before output 1 begins; the
// last output gets the packet itself.
static void tee(struct weir_node *n, unsigned, struct batch *b)
{
	unsigned last = n->n_out - 1;

	if (!last)
		return;
	for (unsigned i = 0; i < b->n; i++) {
		for (unsigned port = 0; port < last; port++)
			copy_to(n, port, b->p[i]);
		weir_emit(n, last, b->p[i]);
	}
	b->n = 0;
}

static unsigned pull(struct weir_node *n, unsigned, struct packet **v, unsigned max)
{
	unsigned got = weir_pull(n, 0, v, max);

	for (unsigned i = 0; i < got; i++)
		for (unsigned port = 1; port < n->n_out; port++)
			copy_to(n, port, v[i]);
	return got;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	const struct tee *self = e->self;

	if (self->n_given && self->n != e->n_out && (weir_ports_known(e) || self->n < e->n_out))
		return weir_args_error(a, -1, "N is %u, but %u outputs are connected", self->n,
				       e->n_out);
	return 0;
}

static int driver(const struct weir_element *e, struct weir_front_args *a)
{
	a->size = 0;
	return e->n_out > 1 ? weir_front_refuse(a, "a driver cannot copy packets") : 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(U32, tee, n, "N", "number of outputs, to be checked", WEIR_POS,
		 .given = offsetof(struct tee, n_given)),
	{},
};

WEIR_BATCH_ELEMENT(tee, "Tee", .reconfigures = true, .purpose = "copies packets to every output",
		   .ports = "1/1-", .processing = "h/h", .args = args, .configure = configure,
		   .driver = driver, .drops = {"no_buffer"});
WEIR_PLAIN_ELEMENT(pull_tee, "PullTee", .reconfigures = true,
		   .purpose = "copies the packets that are pulled from it to the other outputs",
		   .ports = "1/1-", .processing = "l/lh", .args = args, .configure = configure,
		   .pull = pull, .drops = {"no_buffer"});
WEIR_CASES(tee, {"2", "ip4 udp paint=3", "0 | 1", "ip4 udp paint=3 | ip4 udp paint=3"},
	   {"", "ip4 udp", "0", ""});
