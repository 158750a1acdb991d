// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// UDPRewriter in the driver: packets of established sessions. Userspace does the rest.
#include "rewriter.bpf.h"

struct udp_rewriter {
	struct rewriter_front r;
};

static inline unsigned udp_rewriter(const struct udp_rewriter *self, struct packet *p)
{
	return rewriter_forward(&self->r, p);
}

WEIR_DRIVER_ELEMENT(udp_rewriter);
