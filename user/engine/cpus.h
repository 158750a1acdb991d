// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// On which CPUs workers run.

#include <threads.h>

// How many CPUs `list` ("0-3,6") has; NULL: those that this process may use. 0: it is no list.
unsigned weir_cpus_count(const char *list);

// Gives each of n workers one of them: in the order of the list, or from the last one down, as the
// first commonly serves the rest of the system; around and around where there are more workers. 0
// or -errno with the reason in err.
int weir_cpus_deal(struct weir_worker_cpu *v, unsigned n, const char *list, struct weir_err *err);
