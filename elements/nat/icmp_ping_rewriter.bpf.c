// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// ICMPPingRewriter in the driver: packets of established sessions. Userspace does the rest.
#include "rewriter.bpf.h"

struct icmp_ping_rewriter {
	struct rewriter_front r;
};

static inline unsigned icmp_ping_rewriter(const struct icmp_ping_rewriter *self, struct packet *p)
{
	return rewriter_forward(&self->r, p);
}

WEIR_DRIVER_ELEMENT(icmp_ping_rewriter);
