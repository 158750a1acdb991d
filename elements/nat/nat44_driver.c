// SPDX-License-Identifier: BSD-2-Clause
#include "nat44.h"
#include "session_share.h"

int nat44_driver(const struct weir_element *e, struct weir_front_args *a)
{
	struct nat44_all *all = ((const struct nat44 *)e->self)->all;

	sessions_share(&all->sessions, &all->view, a);
	a->self = &all->view;
	a->size = sizeof(all->view);
	a->hands = "packets that begin, end or change sessions, ICMP errors, fragments and options";
	return 0;
}
