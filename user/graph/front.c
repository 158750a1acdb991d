// SPDX-License-Identifier: BSD-2-Clause
#include "graph.h"

void weir_front_moved(const struct weir_element *e)
{
	if (e->router->front_moved)
		e->router->front_moved(e->router->front, e);
}
