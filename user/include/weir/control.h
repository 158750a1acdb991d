// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Serving handlers over a listening socket, in the protocol of Click's ControlSocket (version 1.3):
// READ, WRITE and their kin, a line each; every answer begins with a code of three digits.

#include <weir/err.h>

#include <stdbool.h>
#include <stdint.h>

struct weir_node;
struct weir_control;

struct weir_control_options {
	bool read_only;	  // writes are refused
	const char *name; // of who serves, for messages about connections; NULL: none
};

// Serves the connections that come in on listen_fd, on the worker of n, until closed. The
// descriptor stays the caller's. 0 or -errno.
int weir_control_open(struct weir_control **out, struct weir_node *n, int listen_fd,
		      const struct weir_control_options *opt);
// Sends what can still be sent and ends the connections. NULL is permitted.
void weir_control_close(struct weir_control *c);

// Listening sockets, close-on-exec and without blocking: the descriptor, or -errno with a message.
// `more`: if the port is taken, the next free one. A socket file that nobody listens on any more is
// replaced.
int weir_control_listen_tcp(uint16_t port, bool more, bool localhost, struct weir_err *err);
int weir_control_listen_unix(const char *file, struct weir_err *err);
