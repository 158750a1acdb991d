// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What the user asked of placement: by the command line, which wins, and by Placement.

#include <place.h>

// Is `name` the element of that name, or a compound that it is part of?
bool weir_covers(const char *name, const char *element);
// The full name of an element or compound that e calls by `name`: looked up where e stands, then
// around it. malloc'd. 0; -ENOENT: there is none; -EAGAIN: a mistake may hide it; or -ENOMEM.
int weir_full_name(struct weir_element *e, const char *name, char **full);

struct weir_wishes {
	struct weir_wish *v; // names and places are others'
	unsigned n, n_line;  // those of the command line come first
	// by element: the wish that is nearest to it; NULL: none
	const struct weir_wish **of;
};

// 0 or -errno with the reasons in err; to be closed in both cases.
int weir_wishes_open(struct weir_wishes *w, const struct weir_router *r,
		     const struct weir_place_options *opt, struct weir_err *err);
void weir_wishes_close(struct weir_wishes *w);

bool weir_wishes_driver(const struct weir_wishes *w, const struct weir_element *e);
// By what it was said that it stays in userspace; NULL: by nothing.
const char *weir_wishes_userspace(const struct weir_wishes *w, const struct weir_element *e);

// Adds an error for each wish for the driver that the plan does not meet.
void weir_wishes_check(const struct weir_wishes *w, const struct weir_plan *plan,
		       struct weir_err *err);
