// SPDX-License-Identifier: BSD-2-Clause
// KernelIP6Lookup(KERNEL [, IIF DEV]): looks the destination annotation of IPv6 packets up in the
// routes of the kernel that KERNEL, a KernelRoutes, follows, as KernelIPLookup does for IPv4.
// Outputs are the same.
//
//	k :: KernelRoutes(eth1, eth2);
//	GetIP6Address(24) -> rt :: KernelIP6Lookup(k, IIF eth1);
#include "kernel_lookup.h"

struct kernel_ip6_lookup {
	struct kernel_lookup l;
};

enum { AT_ONCE = 64 }; // look-ups that wait for memory together

static void look_up(const struct weir_fib6 *fib, struct packet *const *p, uint32_t *value,
		    unsigned n)
{
	struct weir_ip6 dst[AT_ONCE];

	for (unsigned i = 0; i < n; i++) {
		dst[i] = weir_ip6_read(&p[i]->anno[ANNO_DST_IP6]);
		weir_fib6_prefetch(fib, dst[i]);
	}
	weir_fib6_lookup_batch(fib, dst, value, n);
}

static void kernel_ip6_lookup(struct weir_node *n, unsigned, struct batch *b)
{
	const struct weir_view *view = ((const struct kernel_ip6_lookup *)n->self)->l.view;
	const struct kernel_hops v = kernel_hops_of(view);
	const unsigned count = b->n;
	uint32_t value[WEIR_BATCH_MAX];

	value[0] = 0; // the batch is not empty, which the compiler does not know
	for (unsigned i = 0; i < count; i += AT_ONCE)
		look_up(view->fib6, b->p + i, value + i, count - i < AT_ONCE ? count - i : AT_ONCE);
	kernel_resolve(&v, b->p, value, count);
	for (unsigned i = 0; i < count; i++) {
		const uint8_t *gw = v.hops[value[i]].gw6;
		const struct weir_ip6 a = weir_ip6_read(gw);

		if (a.hi | a.lo)
			weir_set_dst_ip6(b->p[i], gw);
	}
	kernel_leave(n, &v, b, value);
}

static void share(struct weir_front_args *a, struct kernel_lookup *l, const struct weir_view *view)
{
	const struct weir_fib6 *f = view->fib6;

	l->front.fib6.n_words = kernel_reach(f->n_words, sizeof(*f->words));
	a->share[a->n_share++] = kernel_share("nodes6", f->words,
					      l->front.fib6.n_words * sizeof(*f->words), f->moves);
}

static int driver(const struct weir_element *e, struct weir_front_args *a)
{
	return kernel_lookup_driver(e, a, share);
}

KERNEL_LOOKUP_ARGS(kernel_ip6_lookup);

WEIR_BATCH_ELEMENT(kernel_ip6_lookup, "KernelIP6Lookup",
		   .purpose = "looks up the kernel's next hop for an IPv6 packet", .ports = "1/-",
		   .processing = "h/h", .out = KERNEL_LOOKUP_OUT, .args = kernel_ip6_lookup_args,
		   .configure = kernel_lookup_configure, .driver = driver);
