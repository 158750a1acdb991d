// SPDX-License-Identifier: BSD-2-Clause
// XDPProgram: asks a pinned XDP program of somebody else (xdp-filter's, say) what is to become of
// each packet, which begins with an Ethernet header. What the program passes leaves by output 0,
// with the changes that the program made to it; what it would send back out of the interface
// (XDP_TX) by output 1. What it drops is lost as `dropped`, what it aborts as `aborted`. What it
// would redirect is lost as `redirected`, as nobody learns where to, and what the kernel does not
// give to the program (of less than 14 bytes, or more than a page holds) as `refused`.
//
// It runs in userspace: in the driver one program can only jump to another, which has the last word
// then (that is ToXDPProgram). Each packet costs a system call, here 1.7 us. The program sees the
// interface on which the packet came in, and queue 0. Once, before traffic, it gets 14 zero bytes
// to see that it can be run.
#include <weir/device.h>

#include "xdp_pin.h"

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>

enum { PASS, TX };
enum { DROPPED, ABORTED, REDIRECTED, REFUSED };
// Longer than what the kernel takes or gives back of a program that takes one buffer.
enum { SHORTEST = 14, ROOM = 4096, DEVICES = 64 };

struct xdp_program {
	struct xdp_pin pin;
};
struct xdp_program_state {
	uint32_t ifindex[DEVICES]; // by the number of the device
	uint8_t bytes[ROOM];	   // the packet as the program left it
};

// What came of one run: an XDP action or -errno. Out: the bytes, and how many.
static int ask(const struct xdp_program *self, struct xdp_program_state *s, const uint8_t *bytes,
	       uint32_t *len, uint32_t ifindex)
{
	struct xdp_md ctx = {.data_end = *len, .ingress_ifindex = ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = bytes, .data_size_in = *len,
		    .data_out = s->bytes, .data_size_out = sizeof(s->bytes), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = 1);

	if (bpf_prog_test_run_opts(self->pin.fd, &run))
		return -errno;
	*len = run.data_size_out;
	return (int)run.retval;
}

// The program's bytes in place of the packet's. Where the headers are, is only known if it has the
// length that it had.
static bool take_over(struct xdp_program_state *s, struct packet *p, uint32_t len)
{
	if (len != p->len) {
		if (len < SHORTEST)
			return false;
		if (len < p->len)
			weir_truncate(p, len);
		else if (!weir_push_back(p, len - p->len) && !weir_push_front(p, len - p->len))
			return false;
		weir_clear_network(p);
		weir_set_mac(p);
	}
	memcpy(weir_data(p), s->bytes, len);
	return true;
}

static unsigned decide(const struct xdp_program *self, struct xdp_program_state *s,
		       struct packet *p)
{
	uint32_t len = p->len;
	int action = len < SHORTEST || len > ROOM
			     ? -EMSGSIZE
			     : ask(self, s, weir_data(p), &len,
				   p->device < DEVICES ? s->ifindex[p->device] : 0);

	switch (action) {
	case XDP_PASS:
	case XDP_TX:
		if (!take_over(s, p, len))
			return WEIR_DROP + REFUSED;
		return action == XDP_PASS ? PASS : TX;
	case XDP_DROP:
		return WEIR_DROP + DROPPED;
	case XDP_REDIRECT:
		return WEIR_DROP + REDIRECTED;
	default:
		return WEIR_DROP + (action < 0 ? REFUSED : ABORTED);
	}
}

static void xdp_program(struct weir_node *n, unsigned, struct batch *b)
{
	unsigned k = 0;

	for (unsigned i = 0; i < b->n; i++) {
		struct packet *p = b->p[i];
		const unsigned port = decide(n->self, n->state, p);

		if (port == PASS)
			b->p[k++] = p;
		else
			weir_emit(n, port, p);
	}
	b->n = k;
}

static int init(struct weir_element *e, struct weir_err *err)
{
	struct xdp_program *self = e->self;
	struct xdp_program_state *s;
	const uint8_t blank[SHORTEST] = {};
	uint32_t len = sizeof(blank);
	int rc = xdp_pin_open(e, &self->pin, err);

	if (rc)
		return rc;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	rc = ask(self, s, blank, &len, 0);
	free(s);
	if (rc >= 0)
		return 0;
	return weir_error(err, &e->loc,
			  "%s: %s: program %u (%s) cannot be run on single packets (%s); was it "
			  "loaded for a devmap, a cpumap or one card?",
			  e->name, self->pin.path, self->pin.id, self->pin.name, strerror(-rc));
}

static int init_node(struct weir_node *n, struct weir_err *)
{
	struct xdp_program_state *s = n->state;
	struct weir_device *d;

	for (unsigned i = 1; i < DEVICES && (d = weir_device_find(n->element, i)); i++)
		s->ifindex[i] = if_nametoindex(weir_device_name(d));
	return 0;
}

static void fini(struct weir_element *e)
{
	xdp_pin_close(&((struct xdp_program *)e->self)->pin);
}

static int read_program(struct weir_element *e, const struct weir_handler *, const char *,
			struct weir_buf *out, struct weir_err *)
{
	xdp_pin_print(&((const struct xdp_program *)e->self)->pin, out);
	return 0;
}

static const struct weir_arg args[] = {XDP_PIN_ARG(xdp_program), {}};

static const struct weir_handler handlers[] = {
	WEIR_READ("program", read_program, "number and name of the program"),
	{},
};

WEIR_BATCH_ELEMENT(xdp_program, "XDPProgram", .purpose = "filters packets by a pinned XDP program",
		   .ports = "1/1-2", .processing = "h/h", .out = {"pass", "tx"},
		   .drops = {"dropped", "aborted", "redirected", "refused"}, .args = args,
		   .handlers = handlers, .init = init, .init_node = init_node, .fini = fini,
		   .state_size = sizeof(struct xdp_program_state), .resizes = true,
		   .userspace = "what another's program passes does not come back in the driver");
