// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#include <weir/fib.h>

#include "kernel_lookup.bpf.h"

struct kernel_ip_lookup {
	struct kernel_front front;
};

static inline unsigned kernel_ip_lookup(const struct kernel_ip_lookup *self, struct packet *p)
{
	const be32 dst = weir_dst_ip(p);
	const uint32_t value = weir_fib4_lookup(&self->front.fib, rd32(dst));
	unsigned port;
	const struct weir_hop *h = kernel_resolve(&self->front, p, value, &port);

	if (!h)
		return port;
	weir_set_dst_ip(p, h->gw4.be ? h->gw4 : dst);
	return h->port;
}

WEIR_DRIVER_ELEMENT(kernel_ip_lookup);
