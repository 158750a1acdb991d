// SPDX-License-Identifier: BSD-2-Clause
// ControlSocket: lets programs outside of the router read and write its handlers, by TCP or a
// socket file, in Click's protocol (version 1.3). The first argument is TCP or UNIX, the second a
// port or a file. A port with a `+` behind it may also be a later one, if it is taken.

#include <weir/control.h>
#include <weir/element.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TCP, UNIX, SOCKET };

struct control_socket {
	unsigned type;
	char *where, *file;
	uint16_t port;
	bool more_ports, read_only, verbose, retry_warnings, localhost;
	int32_t retries;
	char *proxy;

	int fd; // listening; 0: none
	struct weir_control *control;
	struct weir_timer timer; // to try again
	char *label;		 // for messages
};

static const char *const types[] = {"TCP", "UNIX", "SOCKET", NULL};

static const struct weir_arg args[] = {
	WEIR_ARG(ENUM, control_socket, type, "TYPE", "TCP, UNIX or SOCKET", WEIR_MAND,
		 .names = types),
	WEIR_ARG(ARG, control_socket, where, "PORT", "port, file or descriptor", WEIR_POS),
	WEIR_ARG(FILE, control_socket, file, "FILENAME", "socket file"),
	WEIR_ARG(BOOL, control_socket, read_only, "READONLY", "refuses writes"),
	WEIR_ARG(ARG, control_socket, proxy, "PROXY", "is not supported"),
	WEIR_ARG(BOOL, control_socket, verbose, "VERBOSE", "reports connections"),
	WEIR_ARG(BOOL, control_socket, localhost, "LOCALHOST", "listens on 127.0.0.1 only"),
	WEIR_ARG(I32, control_socket, retries, "RETRIES",
		 "how often to try again, a second later, if the port is taken", .min = 0,
		 .max = INT32_MAX),
	WEIR_ARG(BOOL, control_socket, retry_warnings, "RETRY_WARNINGS", "reports failed tries",
		 .def = "true"),
	{},
};

static int configure_port(struct weir_element *e, struct weir_args *a)
{
	struct control_socket *s = e->self;
	size_t len = strlen(s->where);
	char *port;
	int r;

	s->more_ports = len && s->where[len - 1] == '+';
	port = strndup(s->where, len - s->more_ports);
	if (!port)
		return -ENOMEM;
	r = weir_parse(e, WEIR_T_TCP_PORT, port, "PORT", &s->port, a->err);
	free(port);
	return r;
}

static int configure_fd(struct weir_element *e, struct weir_args *a)
{
	struct control_socket *s = e->self;
	uint16_t fd;

	if (weir_parse(e, WEIR_T_U16, s->where, "SOCKET", &fd, a->err) < 0)
		return -EINVAL;
	s->fd = fd;
	return 0;
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	struct control_socket *s = e->self;

	if (s->proxy)
		return weir_args_error(a, -1, "argument `PROXY': not supported, leave it out");
	if (s->file ? s->where || s->type != UNIX : !s->where)
		return weir_args_error(a, -1, "expected `TCP, PORT' or `UNIX, FILENAME'");
	if (asprintf(&s->label, "%s :: %s", e->name, e->class->name) < 0)
		return -ENOMEM;
	if (s->type == TCP)
		return configure_port(e, a);
	if (s->type == SOCKET)
		return configure_fd(e, a);
	return s->file ? 0 : weir_parse(e, WEIR_T_FILE, s->where, "FILENAME", &s->file, a->err);
}

static int open_socket(struct control_socket *s, struct weir_err *err)
{
	int fd = s->type == TCP ? weir_control_listen_tcp(s->port, s->more_ports, s->localhost, err)
				: weir_control_listen_unix(s->file, err);

	if (fd < 0)
		return fd;
	s->fd = fd;
	return 0;
}

static int serve(struct weir_node *n, struct control_socket *s)
{
	const struct weir_control_options opt = {
		.read_only = s->read_only,
		.name = s->verbose ? s->label : NULL,
	};

	return weir_control_open(&s->control, n, s->fd, &opt);
}

static void try_again(struct weir_node *n, struct weir_timer *t)
{
	struct control_socket *s = n->element->self;
	struct weir_err err = {};

	s->retries--;
	if (open_socket(s, &err) == 0) {
		if (serve(n, s) < 0)
			weir_stop(n->element->router);
	} else {
		if (s->retry_warnings || s->retries <= 0)
			fprintf(stderr, "%s: %s", s->label, err.text ? err.text : "failed\n");
		if (s->retries > 0)
			weir_timer_set(t, n, weir_clock(n) + 1000000000, try_again);
		else
			weir_stop(n->element->router);
	}
	weir_err_free(&err);
}

static int init(struct weir_element *e, struct weir_err *err)
{
	struct control_socket *s = e->self;
	struct weir_err why = {};
	int r = s->fd ? 0 : open_socket(s, &why);

	if (r < 0 && !s->retries)
		weir_error(err, &e->loc, "%.*s", (int)strcspn(why.text ? why.text : "", "\n"),
			   why.text ? why.text : "");
	else if (r < 0 && s->retry_warnings)
		weir_warn(err, &e->loc, "%.*s (%d more tries)",
			  (int)strcspn(why.text ? why.text : "", "\n"), why.text ? why.text : "",
			  s->retries);
	weir_err_free(&why);
	return r < 0 && !s->retries ? r : 0;
}

static int init_node(struct weir_node *n, struct weir_err *)
{
	struct control_socket *s = n->element->self;

	if (n != n->element->nodes[n->element->home])
		return 0;
	if (s->fd)
		return serve(n, s);
	weir_timer_set(&s->timer, n, weir_clock(n) + 1000000000, try_again);
	return 0;
}

static void fini_node(struct weir_node *n)
{
	struct control_socket *s = n->element->self;

	if (n != n->element->nodes[n->element->home])
		return;
	weir_timer_clear(&s->timer);
	weir_control_close(s->control);
	s->control = NULL;
}

static void fini(struct weir_element *e)
{
	struct control_socket *s = e->self;

	if (s->fd) {
		close(s->fd);
		if (s->type == UNIX)
			unlink(s->file);
	}
	s->fd = 0;
	free(s->label);
}

WEIR_PLAIN_ELEMENT(control_socket, "ControlSocket",
		   .purpose = "serves handlers by TCP or a socket file", .ports = "0/0",
		   .args = args, .configure = configure, .init = init, .init_node = init_node,
		   .fini_node = fini_node, .fini = fini, .alone = true);
