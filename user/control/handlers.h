// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Finding and calling handlers: those of the class tables, the ones every element has, and those of
// the router itself.

#include <weir/element.h>

extern const char weir_version[];

// Every element has these; the router itself has the others. Ended by {}.
extern const struct weir_handler weir_common_handlers[];
extern const struct weir_handler weir_global_handlers[];
// In place of the common one where the class reconfigures.
extern const struct weir_handler weir_config_handler;
// What elements with a task have beside them.
extern const struct weir_handler weir_task_handlers[];

// Calls fn for each handler of the element, in the order of the `handlers` handler. The router's
// own are those of its root (weir_root).
void weir_each_handler(struct weir_element *e, void (*fn)(void *arg, const struct weir_handler *h),
		       void *arg);

// The element that stands for the router in handler functions: without a name.
struct weir_element weir_root(struct weir_router *r);

// Values as text and back, for WEIR_H_SELF.
void weir_show_value(struct weir_buf *out, unsigned type, const void *value);
