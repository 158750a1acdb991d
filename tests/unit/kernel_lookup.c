// SPDX-License-Identifier: BSD-2-Clause

// What look-ups of the kernel's routes make of the values that they found.

#include <criterion/criterion.h>
#include <route/kernel_lookup.h>

enum { ROOM = 8, TOLD = 6 };

// The follower puts new hops into tables before views say, at the next safe point, that there is
// memory for more.
Test(kernel_lookup, new_hops)
{
	const struct weir_hop all[ROOM] = {[TOLD] = {.port = WEIR_HOP_DEVICE}};
	const struct weir_view view = {.hops = all, .n_hops = TOLD};
	const struct kernel_hops v = kernel_hops_of(&view);
	struct packet *const none[3] = {};
	uint32_t value[] = {TOLD, WEIR_FIB4_NONE, WEIR_HOP_PROHIBIT};

	kernel_resolve(&v, none, value, 3);
	cr_expect_eq(value[0], (uint32_t)TOLD);
	cr_expect_eq(value[1], (uint32_t)WEIR_HOP_NO_ROUTE);
	cr_expect_eq(value[2], (uint32_t)WEIR_HOP_PROHIBIT);
}
