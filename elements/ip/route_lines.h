// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Lines of commands that change a table of routes: all of them are carried out, or none.

#include <weir/element.h>

enum route_command { ROUTE_ADD, ROUTE_SET, ROUTE_REMOVE };
enum { ROUTE_CTRL = -1 }; // each line begins with its command

struct route_lines {
	size_t undo_size;
	// Carries out a command and writes down in undo what it changed. 0 or -errno.
	int (*run)(struct weir_element *e, enum route_command c, const char *route, void *undo,
		   struct weir_err *err);
	// Gives back what was there before, for which there is memory.
	void (*roll_back)(struct weir_element *e, const void *undo);
};

// One command a line. what: the command that every line means, or ROUTE_CTRL.
int route_lines_run(struct weir_element *e, const struct route_lines *lines, int what,
		    const char *value, struct weir_err *err);
