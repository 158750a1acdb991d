// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// The parts of `weir click`.

#include <weir/control.h>

#include <session.h>

enum listener_kind { PORT, FILENAME, DESCRIPTOR };

struct listener {
	enum listener_kind kind;
	const char *where;
	int fd; // 0: not open
	struct weir_control *control;
};

struct click {
	struct session_options session;
	struct lang_define *defines;
	const char **handlers, *exit_handler, *output;
	unsigned n_handlers;
	struct listener *listeners;
	unsigned n_listeners;
	bool quit, time, no_warnings, reconfigure;

	struct session s;
	char *text;	     // what s was made of, if it came by `hotconfig'; malloc'd
	struct session next; // what replaces s, initialised as far as it can be beside it
	char *next_text;
};

// 0, 1 (there is nothing more to do) or -errno after a message. What c holds is freed by the
// caller.
int click_options(struct click *c, int argc, char **argv);

// Shows messages, except warnings that are not wanted, and frees them.
void click_messages(const struct click *c, struct weir_err *err);

// What is printed at the end. Exit status: 0 or 1.
int click_print_handlers(struct click *c);
int click_exit_value(struct click *c);
int click_write_output(struct click *c);

// Control sockets of the command line: open them, serve a router on them, leave it, close them.
int click_open_listeners(struct click *c, struct weir_err *err);
int click_serve_listeners(struct click *c);
void click_leave_listeners(struct click *c);
void click_close_listeners(struct click *c);
