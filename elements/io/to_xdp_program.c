// SPDX-License-Identifier: BSD-2-Clause
// ToXDPProgram: gives packets, which begin with an Ethernet header, to a pinned XDP program of
// somebody else, which has the last word: what it passes is the host's, what it drops, sends back
// or redirects is no concern of weir's any more. Runs in the driver only, by a jump (tail call),
// which costs a packet a few nanoseconds; the program sees the packet as it would on the interface,
// without what weir notes in front of it. Jumps of its own count with those of the elements before
// it: the kernel ends a way after 33. Packets of less than 14 bytes are lost as `too_short`.
//
// The kernel lets a program jump only to those of its own kind: not to one that takes packets in
// several buffers (xdp.frags), that was loaded for a devmap or a cpumap, or that others extend
// (libxdp's dispatcher). For those, and where weir should go on with what the program passes, there
// is XDPProgram.
#include "to_xdp_program.h"

#include "xdp_pin.h"

struct to_xdp_program {
	struct xdp_pin pin;
};

static int init(struct weir_element *e, struct weir_err *err)
{
	struct to_xdp_program *self = e->self;
	int rc = xdp_pin_open(e, &self->pin, err);

	if (rc || xdp_pin_takes_jumps(&self->pin))
		return rc;
	return weir_error(
		err, &e->loc,
		"%s: %s: the kernel lets no program of weir's jump to program %u (%s): it "
		"takes packets in several buffers (xdp.frags), was loaded for a devmap or "
		"cpumap, or is extended by others; XDPProgram may run it",
		e->name, self->pin.path, self->pin.id, self->pin.name);
}

static void fini(struct weir_element *e)
{
	xdp_pin_close(&((struct to_xdp_program *)e->self)->pin);
}

static int driver(const struct weir_element *e, struct weir_front_args *a)
{
	struct to_xdp_program *self = e->self;

	a->size = 0;
	a->share[a->n_share++] = (struct weir_share){.map = "program",
						     .data = &self->pin.fd,
						     .value_size = sizeof(self->pin.fd),
						     .n = 1};
	return 0;
}

static int read_program(struct weir_element *e, const struct weir_handler *, const char *,
			struct weir_buf *out, struct weir_err *)
{
	xdp_pin_print(&((const struct to_xdp_program *)e->self)->pin, out);
	return 0;
}

static const struct weir_arg args[] = {XDP_PIN_ARG(to_xdp_program), {}};

static const struct weir_handler handlers[] = {
	WEIR_READ("program", read_program, "number and name of the program"),
	{},
};

WEIR_DRIVER_CLASS(to_xdp_program, "ToXDPProgram",
		  .purpose = "gives packets to a pinned XDP program", .ports = "1/0",
		  .processing = "h/", .drops = {"too_short"}, .args = args, .handlers = handlers,
		  .init = init, .fini = fini, .driver = driver, .is_sink = true);
