// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

#include <weir/element.h>

struct counter {
	char *count_call, *byte_count_call;
	struct counter_all *all; // what the workers have together, in userspace
};

struct counter_state {
	uint64_t count, byte_count;
	struct counter_watch *watch; // rates and calls, in userspace
};

// Cold parts, in counter_watch.c.
extern const struct weir_handler counter_handlers[];
int counter_configure(struct weir_element *e, struct weir_args *a);
int counter_driver(const struct weir_element *e, struct weir_front_args *a);
int counter_init(struct weir_element *e, struct weir_err *err);
int counter_init_node(struct weir_node *n, struct weir_err *err);
void counter_fini_node(struct weir_node *n);
void counter_fini(struct weir_element *e);
