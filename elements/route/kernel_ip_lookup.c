// SPDX-License-Identifier: BSD-2-Clause
// KernelIPLookup(KERNEL [, IIF DEV]): looks the destination annotation of IPv4 packets up in the
// routes of the kernel that KERNEL, a KernelRoutes, follows: those that packets see which came in
// by DEV, as rules and VRFs say. The annotation becomes the next hop, if there is a gateway.
//
// Packets leave by `host` (0) for the host and for what only the kernel can decide, `no_route` (1),
// `unreachable` (2), `prohibit` (3), `blackhole` (4), or by 5 + i for the i-th interface of KERNEL.
// Of several next hops a flow has one, by the addresses and ports of its packets; when a next hop
// goes, only flows that had it get another one.
//
//	k :: KernelRoutes(eth1, eth2);
//	GetIPAddress(16) -> rt :: KernelIPLookup(k, IIF eth1);
//	rt[no_route] -> ICMPError(10.0.0.1, unreachable, net) -> rt;
#include "kernel_lookup.h"

struct kernel_ip_lookup {
	struct kernel_lookup l;
};

static void kernel_ip_lookup(struct weir_node *n, unsigned, struct batch *b)
{
	const struct weir_view *view = ((const struct kernel_ip_lookup *)n->self)->l.view;
	const struct kernel_hops v = kernel_hops_of(view);
	const unsigned count = b->n;
	uint32_t dst[WEIR_BATCH_MAX], value[WEIR_BATCH_MAX];

	value[0] = 0; // the batch is not empty, which the compiler does not know
	WEIR_UNROLL
	for (unsigned i = 0; i < count; i++)
		dst[i] = rd32(weir_dst_ip(b->p[i]));
	weir_fib4_lookup_batch(view->fib4, dst, value, count);
	kernel_resolve(&v, b->p, value, count);
	WEIR_UNROLL
	for (unsigned i = 0; i < count; i++) {
		const be32 gw = v.hops[value[i]].gw4;

		weir_set_dst_ip(b->p[i], gw.be ? gw : wr32(dst[i]));
	}
	kernel_leave(n, &v, b, value);
}

static void share(struct weir_front_args *a, struct kernel_lookup *l, const struct weir_view *view)
{
	const struct weir_fib4 *f = view->fib4;
	const struct weir_fib4_view *v = weir_fib4_view(f);
	const size_t group = WEIR_FIB4_GROUP_SIZE * sizeof(*v->groups);

	l->front.fib.shift = v->shift;
	l->front.fib.n_groups = kernel_reach(f->n_groups, group);
	a->share[a->n_share++] =
		kernel_share("root", v->root, sizeof(*v->root) << (32 - v->shift), f->moves);
	a->share[a->n_share++] =
		kernel_share("groups", v->groups, group * l->front.fib.n_groups, f->moves);
}

static int driver(const struct weir_element *e, struct weir_front_args *a)
{
	return kernel_lookup_driver(e, a, share);
}

KERNEL_LOOKUP_ARGS(kernel_ip_lookup);

WEIR_BATCH_ELEMENT(kernel_ip_lookup, "KernelIPLookup",
		   .purpose = "looks up the kernel's next hop for an IPv4 packet", .ports = "1/-",
		   .processing = "h/h", .out = KERNEL_LOOKUP_OUT, .args = kernel_ip_lookup_args,
		   .configure = kernel_lookup_configure, .driver = driver);
