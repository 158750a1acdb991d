// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The control socket of a running router, from both ends. It lies in $WEIR_RUN_DIR, else /run/weir
// (root) or $XDG_RUNTIME_DIR/weir, under the router's name, and speaks Click's protocol.

#include <weir/control.h>

#include <session.h>

struct ctl_server {
	int fd; // 0: none
	char *file;
	struct weir_control *control;
};

// Name of a router: `name`, or that of its file without folder and ".click". malloc'd.
char *ctl_name(const char *name, const char *file);

// After session_open and before the engine starts. 0 or -errno with a message.
int ctl_serve(struct ctl_server *c, const struct session *s, const char *name,
	      struct weir_err *err);
// Before session_close; a zero-initialised c is permitted.
void ctl_close(struct ctl_server *c);

// Calls fn for each router that has a socket here.
void ctl_each(void (*fn)(void *arg, const char *name), void *arg);
// The process of a router, or -errno: it has none.
int ctl_pid(const char *name);
// Has it one? Then a message says so, and the result is -EBUSY.
int ctl_refuse_running(const char *name, struct weir_err *err);

// One command to a running router. name: NULL: the only one. value gets the data of READ. 0 or
// -errno with a message.
int ctl_read(const char *name, const char *handler, const char *param, struct weir_buf *value,
	     struct weir_err *err);
int ctl_write(const char *name, const char *handler, const char *value, struct weir_err *err);
