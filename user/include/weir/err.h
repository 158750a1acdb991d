// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Messages for the user. Checking goes on after a mistake, so that all of them are reported at
// once: every function that finds one adds it here and the caller asks at the end.

#include <stdarg.h>
#include <stddef.h>

// Where in a configuration something stands. `text` lives as long as the source it was read from.
struct weir_loc {
	const char *file; // name as the user gave it, or "<expr>", "<stdin>"
	unsigned line;	  // from 1; 0: no place
	unsigned column;  // from 1, in bytes; 0: the whole line
	const char *text; // start of that line, ended by '\n' or '\0'; NULL: not known
};

// owner: one thread. Zero-initialised is empty and usable.
struct weir_err {
	unsigned n_errors, n_warnings;
	char *text; // all messages so far, one a line (with the source line and a caret); malloc'd
	size_t len;
	struct weir_message *messages; // where each begins, for weir_err_sort
	unsigned n_messages, cap_messages;
};

// Adds "file:line:column: message", the source line and a caret below the column. loc may be NULL.
// Messages begin in lower case and say what is wrong and what to do. Returns -EINVAL, so that
// `return weir_error(...)` reads well.
int weir_error(struct weir_err *err, const struct weir_loc *loc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int weir_verror(struct weir_err *err, const struct weir_loc *loc, const char *fmt, va_list ap);

// The same with "warning: " in front; does not count as an error.
void weir_warn(struct weir_err *err, const struct weir_loc *loc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

// Takes back what was added since *before, a copy of *err.
void weir_err_rewind(struct weir_err *err, const struct weir_err *before);

// Brings all messages into the order of their places, each file by itself; those without a place
// come last. What is said twice of one place, as of a compound that is used twice, is said once.
void weir_err_sort(struct weir_err *err);

void weir_err_free(struct weir_err *err);
