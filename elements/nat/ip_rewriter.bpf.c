// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// IPRewriter in the driver: packets of established sessions. Userspace does the rest.
#include "rewriter.bpf.h"

struct ip_rewriter {
	struct rewriter_front r;
};

static inline unsigned ip_rewriter(const struct ip_rewriter *self, struct packet *p)
{
	return rewriter_forward(&self->r, p);
}

WEIR_DRIVER_ELEMENT(ip_rewriter);
