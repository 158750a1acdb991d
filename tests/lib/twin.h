// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The naive twin of the compiler of rule lists: walks an expression for each packet.

#include <weir/dag.h>

bool twin_holds(const struct weir_exprs *e, unsigned expr, struct packet *p);
