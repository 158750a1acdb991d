// SPDX-License-Identifier: BSD-2-Clause
#include "kernel.h"

#include <weir/fib6.h>

#include <errno.h>

int icmp_kernel_configure(struct icmp_kernel *k, struct weir_args *a)
{
	if (!k->routes)
		return k->iif ? weir_args_error(a, -1, "IIF without KERNEL") : 0;
	k->kernel = weir_kernel_of(a, k->routes);
	if (!k->kernel)
		return -EINVAL;
	k->view = weir_kernel_view(k->kernel, k->iif);
	return k->view ? 0 : weir_args_error(a, -1, "out of memory");
}

// The output of the link that a neighbour is on; below WEIR_HOP_DEVICE: it is none.
static uint32_t link_of(const struct weir_view *v, uint32_t value)
{
	static const uint8_t no_gateway[16];
	const struct weir_hop *hop = value < v->n_hops ? &v->hops[value] : NULL;

	if (!hop || hop->mask || hop->gw4.be ||
	    memcmp(hop->gw6, no_gateway, sizeof(no_gateway)) != 0)
		return 0;
	return hop->port;
}

bool icmp_kernel_joins4(const struct icmp_kernel *k, be32 a, be32 b)
{
	const struct weir_fib4 *fib = k->view->fib4;
	const uint32_t link = link_of(k->view, weir_fib4_lookup(fib, rd32(a)));

	return link >= WEIR_HOP_DEVICE && link_of(k->view, weir_fib4_lookup(fib, rd32(b))) == link;
}

bool icmp_kernel_joins6(const struct icmp_kernel *k, struct weir_ip6 a, struct weir_ip6 b)
{
	const struct weir_fib6 *fib = k->view->fib6;
	const uint32_t link = link_of(k->view, weir_fib6_lookup(fib, a));

	return link >= WEIR_HOP_DEVICE && link_of(k->view, weir_fib6_lookup(fib, b)) == link;
}
