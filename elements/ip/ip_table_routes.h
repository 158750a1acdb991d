// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Routes as control sees them.

#include "ip_table.h"

struct ip_route {
	uint32_t prefix, len; // host byte order
	struct ip_hop hop;
};

int ip_table_init(struct ip_table *t);
void ip_table_free(struct ip_table *t);
// The route of exactly this prefix: 0 or -ENOENT.
int ip_table_get(const struct ip_table *t, const struct ip_route *r, struct ip_route *old);
int ip_table_set(struct ip_table *t, const struct ip_route *r); // adds or replaces
int ip_table_del(struct ip_table *t, const struct ip_route *r); // the prefix must be there
