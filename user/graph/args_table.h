// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Configuring an element from its argument text by its class's table.

#include <weir/args.h>
#include <weir/element.h>

// Splits the text, fills e->self (zeroed by the caller) from the table of the class, and passes the
// rest to the class's configure. All mistakes go to err. config_loc is where the text begins, for
// messages; NULL: they point at the element. 0 or -errno; even then e->self is safe for
// weir_unconfigure.
int weir_configure(struct weir_element *e, const char *config, const struct weir_loc *config_loc,
		   struct weir_err *err);

// The same into a fresh struct, which replaces e->self if there is no mistake (a write to the
// `config` handler) and `agree`, which sees it there already, returns 0. The caller sees to it that
// no worker reads e->self meanwhile, and that the nodes get the new pointer.
int weir_reconfigure(struct weir_element *e, const char *config,
		     int (*agree)(const struct weir_element *e, struct weir_err *err),
		     struct weir_err *err);

// Frees what the table allocated in e->self, not e->self.
void weir_unconfigure(struct weir_element *e);

// What is wrong with a class's table of arguments, and with which; NULL: nothing. The mistakes of
// its author.
const char *weir_class_mistake(const struct weir_class *class, const char **arg);
