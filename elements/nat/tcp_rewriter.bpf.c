// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// TCPRewriter in the driver: packets of established sessions. Userspace does the rest.
#include "rewriter.bpf.h"

struct tcp_rewriter {
	struct rewriter_front r;
};

static inline unsigned tcp_rewriter(const struct tcp_rewriter *self, struct packet *p)
{
	return rewriter_forward(&self->r, p);
}

WEIR_DRIVER_ELEMENT(tcp_rewriter);
