// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The traffic classes of a router. Class 0 is the rest; class 1 is `control`, unless it was turned
// off; then those of the configuration follow, in its order.

#include <abi/steer.h>
#include <graph.h>

struct weir_traffic;
void weir_traffic_free(struct weir_traffic *t); // may be NULL

// How many there are, with that of the rest: from 1 to WEIR_CLASSES.
unsigned weir_traffic_classes(const struct weir_router *r);
// Lives as long as the router.
const char *weir_traffic_name(const struct weir_router *r, unsigned class);
// Writes the whole table. 0 or -ENOMEM.
int weir_traffic_fill(const struct weir_router *r, struct weir_classes *t);
