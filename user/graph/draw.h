// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The graph in the language of Graphviz. plan may be NULL; else it is drawn what runs where.

#include <place.h>

void weir_draw(const struct weir_router *r, const struct weir_plan *plan, struct weir_buf *out);
