// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What KernelIPLookup and KernelIP6Lookup share: a view of the kernel's routes, and how packets go
// on by the numbers of hops that they found there.
// writer: the follower of the kernel; readers: workers. What moves does so at safe points only.

#include <weir/element.h>
#include <weir/fib6.h>
#include <weir/kernel.h>
#include <weir/steer.h>

#include "kernel_front.h"

enum { KERNEL_SHARES = 4 };

struct kernel_lookup {
	struct weir_element *routes;
	char *iif;
	const struct weir_view *view;

	// What its program in the driver is told now, and was told when it was loaded.
	struct kernel_front front, told;
	struct weir_share told_of[KERNEL_SHARES];
	bool prepared; // a program for what the view will be
};

int kernel_lookup_configure(struct weir_element *e, struct weir_args *a);
// share: adds the table of its family to the others, and says in l->front what it is. That of the
// other family is left out, so that its growth does not load this program anew.
int kernel_lookup_driver(const struct weir_element *e, struct weir_front_args *a,
			 void (*share)(struct weir_front_args *a, struct kernel_lookup *l,
				       const struct weir_view *v));
// How many of n pieces of that size programs can reach.
uint32_t kernel_reach(size_t n, size_t size);
struct weir_share kernel_share(const char *map, const void *data, size_t size, unsigned moves);

// What is behind the numbers that a look-up found, as a batch sees it.
struct kernel_hops {
	const struct weir_hop *hops;
	const uint32_t *buckets;
};

WEIR_INLINE struct kernel_hops kernel_hops_of(const struct weir_view *v)
{
	return (struct kernel_hops){v->hops, v->buckets};
}

// Without a prefix for an address the value is no number of a hop. What is one has its hop, even
// while the view does not say yet that there is room for more.
WEIR_INLINE uint32_t kernel_hop_number(uint32_t value)
{
	return value != WEIR_FIB4_NONE ? value : WEIR_HOP_NO_ROUTE;
}
_Static_assert((uint32_t)WEIR_FIB4_NONE == (uint32_t)WEIR_FIB6_NONE, "of either family");

// Of packets whose hop is a group, the hop in it. Out of the way of batches without any.
static __attribute__((noinline)) void kernel_spread(struct kernel_hops v, struct packet *const *p,
						    uint32_t *value, unsigned n)
{
	uint16_t in_group[WEIR_BATCH_MAX];
	unsigned n_groups = 0;

	for (unsigned i = 0; i < n; i++) {
		in_group[n_groups] = (uint16_t)i;
		n_groups += v.hops[value[i]].mask != 0;
	}
	for (unsigned k = 0; k < n_groups; k++) {
		const unsigned i = in_group[k];
		const uint32_t hash = weir_steer(p[i], WEIR_KEY_FLOW, NULL, NULL).hash;
		const uint32_t *bucket = &v.buckets[weir_hop_bucket(&v.hops[value[i]], hash)];

		value[i] = __atomic_load_n(bucket, __ATOMIC_RELAXED);
	}
}

// From values of a table to numbers of single hops.
WEIR_INLINE void kernel_resolve(const struct kernel_hops *v, struct packet *const *p,
				uint32_t *value, unsigned n)
{
	uint32_t masks = 0;

	WEIR_UNROLL
	for (unsigned i = 0; i < n; i++) {
		value[i] = kernel_hop_number(value[i]);
		masks |= v->hops[value[i]].mask;
	}
	if (WEIR_UNLIKELY(masks))
		kernel_spread(*v, p, value, n);
}

// Sends a batch on by the numbers of its hops.
WEIR_INLINE void kernel_leave(struct weir_node *n, const struct kernel_hops *v, struct batch *b,
			      const uint32_t *value)
{
	const unsigned count = b->n;
	const uint32_t port0 = v->hops[value[0]].port;
	uint32_t others = 0;
	struct weir_deal deal;

	WEIR_UNROLL
	for (unsigned i = 1; i < count; i++)
		others |= v->hops[value[i]].port ^ port0;
	if (WEIR_LIKELY(!others)) {
		b->out = port0;
		return;
	}
	weir_deal_begin(&deal, n, b);
	for (unsigned i = 0; i < count; i++)
		weir_deal(&deal, n, v->hops[value[i]].port, b->p[i]);
	weir_deal_end(&deal, n, b);
}

#define KERNEL_LOOKUP_ARGS(id)                                                                   \
	static const struct weir_arg id##_args[] = {                                             \
		WEIR_ARG(ELEMENT, id, l.routes, "KERNEL", "the KernelRoutes that it looks into", \
			 WEIR_MAND),                                                             \
		WEIR_ARG(WORD, id, l.iif, "IIF",                                                 \
			 "interface that packets came in by, for rules and VRFs"),               \
		{},                                                                              \
	}
#define KERNEL_LOOKUP_OUT                                                  \
	{                                                                  \
		"host", "no_route", "unreachable", "prohibit", "blackhole" \
	}
