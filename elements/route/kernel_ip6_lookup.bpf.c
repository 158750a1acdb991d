// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#include <weir/fib6.h>

#include "kernel_lookup.bpf.h"

struct kernel_ip6_lookup {
	struct kernel_front front;
};

static inline unsigned kernel_ip6_lookup(const struct kernel_ip6_lookup *self, struct packet *p)
{
	const struct weir_ip6 dst = weir_ip6_read(&p->m->anno[ANNO_DST_IP6]);
	const uint32_t value = weir_fib6_lookup(&self->front.fib6, dst);
	unsigned port;
	const struct weir_hop *h = kernel_resolve(&self->front, p, value, &port);
	const be64 *gw;

	if (!h)
		return port;
	gw = (const be64 *)h->gw6;
	if (gw[0].be | gw[1].be)
		weir_set_dst_ip6(p, h->gw6);
	return h->port;
}

WEIR_DRIVER_ELEMENT(kernel_ip6_lookup);
