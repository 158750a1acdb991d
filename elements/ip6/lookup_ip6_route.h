// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// writer: control, at a safe point; readers: workers.

#include <weir/element.h>
#include <weir/fib6.h>

#include "lookup_ip6_front.h"

#include <ip/hop_list.h>

enum { IP6_NO_ROUTE = WEIR_DROP };

struct lookup_ip6_route {
	struct weir_fib6 fib; // has ::/0 -> 0 while there is no default route
	struct hop_list list;
	const struct ip6_hop *hops; // [0] stands for no route; in list

	struct lookup_ip6_front front; // what the program in the driver was told, and
	unsigned front_moves;	       // where the table was
};

int lookup_ip6_configure(struct weir_element *e, struct weir_args *a);
void lookup_ip6_fini(struct weir_element *e);
int lookup_ip6_driver(const struct weir_element *e, struct weir_front_args *a);
extern const struct weir_handler lookup_ip6_handlers[];
