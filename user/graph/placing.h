// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What the parts of placement share.

#include "wishes.h"

struct placing {
	struct weir_plan *plan;
	const struct weir_router *router;
	const struct weir_place_options *opt;
	struct weir_wishes wishes;
	bool *can;    // by element: nothing but its place in the graph is against it
	bool *copied; // by element: frames come to it that are copied when they are sent
};

// Says why an element is in userspace. 0 or -ENOMEM.
int weir_stay(struct weir_plan *plan, const struct weir_element *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
// Sets p->can, or says why not. reached: a FromDevice leads to it, on whatever way.
int weir_judge(struct placing *p, const struct weir_element *e, bool reached);
// Puts into the driver what can be there and is reached through others that are.
void weir_spread(struct weir_plan *plan, const bool *can);
// Take out again what is better off in userspace.
int weir_refuse_copies(struct placing *p);
int weir_drop_useless(struct placing *p);
