// SPDX-License-Identifier: BSD-2-Clause
#include "graph.h"

void weir_front_prepare(const struct weir_element *e)
{
	void (*fn)(const struct weir_element *e) =
		__atomic_load_n(&e->router->front_prepare, __ATOMIC_ACQUIRE);

	if (fn)
		fn(e);
}

void weir_front_moved(const struct weir_element *e)
{
	if (e->router->front_moved)
		e->router->front_moved(e->router->front, e);
}
