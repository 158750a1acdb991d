// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Which CPU is near to which memory. On a machine without NUMA all is node 0.

unsigned weir_numa_nodes(void); // the highest number and one
unsigned weir_numa_node(unsigned cpu);
