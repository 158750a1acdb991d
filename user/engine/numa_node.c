// SPDX-License-Identifier: BSD-2-Clause
#include "numa_node.h"

#include <numa.h>
#include <stdbool.h>

static bool has_nodes(void)
{
	return numa_available() >= 0 && numa_max_node() > 0;
}

unsigned weir_numa_nodes(void)
{
	return has_nodes() ? (unsigned)numa_max_node() + 1 : 1;
}

unsigned weir_numa_node(unsigned cpu)
{
	int node = has_nodes() ? numa_node_of_cpu((int)cpu) : 0;

	return node > 0 ? (unsigned)node : 0;
}
