// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Handlers: named values and actions of an element, reached by `weir read`, `weir write`, Script
// and ControlSocket. They run while all workers stand at a safe point, so they may read and write
// everything the element has on every worker, and must be short.

#include <weir/err.h>

#include <abi/front.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weir_element;

// Growing text. Zero-initialised is empty; failures of memory are remembered and end in -ENOMEM.
struct weir_buf {
	char *text; // ended by '\0' once anything was added; may hold other bytes before
	size_t len, cap;
	bool failed;
};
void weir_printf(struct weir_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void weir_vprintf(struct weir_buf *b, const char *fmt, va_list ap);
void weir_append(struct weir_buf *b, const void *data, size_t len);
void weir_buf_free(struct weir_buf *b);

enum weir_handler_kind {
	WEIR_H_FN,	    // .read and .write do it
	WEIR_H_SELF,	    // a field of the arguments: .type, .off
	WEIR_H_STATE_SUM,   // an integer of the state, summed over the workers
	WEIR_H_STATE_RESET, // writing anything zeroes the state, or a field of it, on all workers
};

enum {
	WEIR_H_READ = 1,
	WEIR_H_WRITE = 2,
	WEIR_H_READ_PARAM = 4, // read takes a parameter
	WEIR_H_BUTTON = 8,     // write takes none; Click shows such as buttons
	WEIR_H_CHECKBOX = 16,
	WEIR_H_CALM = 32,     // does not change by itself
	WEIR_H_RAW = 64,      // value is not to be trimmed
	WEIR_H_PRIVATE = 128, // for the configuration itself; not over a control socket
};

struct weir_handler {
	const char *name;
	enum weir_handler_kind kind;
	unsigned flags;
	const char *help;
	// Writes the value to out. param is "" unless WEIR_H_READ_PARAM. 0 or -errno with a
	// message in err.
	int (*read)(struct weir_element *e, const struct weir_handler *h, const char *param,
		    struct weir_buf *out, struct weir_err *err);
	int (*write)(struct weir_element *e, const struct weir_handler *h, const char *value,
		     struct weir_err *err);
	size_t off, size; // of the field
	unsigned type;	  // enum weir_type, for WEIR_H_SELF
	uintptr_t user;	  // for read and write functions that serve several handlers
};

#define WEIR_READ(name_, fn_, help_, ...)                                                    \
	{                                                                                    \
		.name = name_, .flags = WEIR_H_READ, .read = fn_, .help = help_, __VA_ARGS__ \
	}
#define WEIR_WRITE(name_, fn_, help_, ...)                                                     \
	{                                                                                      \
		.name = name_, .flags = WEIR_H_WRITE, .write = fn_, .help = help_, __VA_ARGS__ \
	}
#define WEIR_BUTTON(name_, fn_, help_, ...)                                                        \
	{                                                                                          \
		.name = name_, .flags = WEIR_H_WRITE | WEIR_H_BUTTON, .write = fn_, .help = help_, \
		__VA_ARGS__                                                                        \
	}
#define WEIR_READ_WRITE(name_, rfn_, wfn_, help_, ...)                                           \
	{                                                                                        \
		.name = name_, .flags = WEIR_H_READ | WEIR_H_WRITE, .read = rfn_, .write = wfn_, \
		.help = help_, __VA_ARGS__                                                       \
	}
// A field of the arguments, read, or read and written with the argument's own parser.
#define WEIR_FIELD(name_, type_, id, field, help_)                                      \
	{                                                                               \
		.name = name_, .kind = WEIR_H_SELF, .flags = WEIR_H_READ | WEIR_H_CALM, \
		.type = WEIR_T_##type_, .off = offsetof(struct id, field),              \
		.size = sizeof(((struct id *)0)->field), .help = help_                  \
	}
#define WEIR_FIELD_RW(name_, type_, id, field, help_)                                       \
	{                                                                                   \
		.name = name_, .kind = WEIR_H_SELF,                                         \
		.flags = WEIR_H_READ | WEIR_H_WRITE | WEIR_H_CALM, .type = WEIR_T_##type_,  \
		.off = offsetof(struct id, field), .size = sizeof(((struct id *)0)->field), \
		.help = help_                                                               \
	}
// An unsigned integer of the state, summed over the workers.
#define WEIR_SUM(name_, id, field, help_)                                      \
	{                                                                      \
		.name = name_, .kind = WEIR_H_STATE_SUM, .flags = WEIR_H_READ, \
		.off = offsetof(struct id##_state, field),                     \
		.size = sizeof(((struct id##_state *)0)->field), .help = help_ \
	}
#define WEIR_RESET(name_, help_)                                                                  \
	{                                                                                         \
		.name = name_, .kind = WEIR_H_STATE_RESET, .flags = WEIR_H_WRITE | WEIR_H_BUTTON, \
		.help = help_                                                                     \
	}
// The same for one field, where the state holds more than counts.
#define WEIR_RESET_FIELD(name_, id, field, help_)                                                 \
	{                                                                                         \
		.name = name_, .kind = WEIR_H_STATE_RESET, .flags = WEIR_H_WRITE | WEIR_H_BUTTON, \
		.off = offsetof(struct id##_state, field),                                        \
		.size = sizeof(((struct id##_state *)0)->field), .help = help_                    \
	}

// For handlers that gather an element's state: calls fn with that of each worker, and with a copy
// of that of each CPU where it runs in the driver.
void weir_each_state(const struct weir_element *e, void (*fn)(void *arg, const void *state),
		     void *arg);
// Counter i of the element in the driver, in the order of abi/front.h: the outputs come first. Zero
// if it does not run there.
struct weir_count weir_driver_count(const struct weir_element *e, unsigned i);
// Zeroes the state of the CPUs.
void weir_reset_driver(const struct weir_element *e);

struct weir_router;
// Calls a handler by "element.handler" (or "handler" of the router). For Script, ControlSocket and
// the command. 0 or -errno with a message: -ENOENT no such element or handler, -EACCES not
// readable or writable.
int weir_handler_read(struct weir_router *r, const char *name, const char *param,
		      struct weir_buf *out, struct weir_err *err);
int weir_handler_write(struct weir_router *r, const char *name, const char *value,
		       struct weir_err *err);
// The handler that such a name means, or NULL; *has_element (if not NULL) says whether there is
// such an element.
const struct weir_handler *weir_handler_find(struct weir_router *r, const char *name,
					     bool *has_element);
