// SPDX-License-Identifier: BSD-2-Clause

// The control sockets that the command line of `weir click` asks for. They stay open while one
// configuration replaces another.

#include <click.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int open_listener(struct listener *l, struct weir_err *err)
{
	size_t len = strlen(l->where);
	bool more = l->kind == PORT && len && l->where[len - 1] == '+';
	char *port = strndup(l->where, len - more);
	uint16_t number = 0;
	int r = -ENOMEM;

	if (!port)
		return r;
	if (l->kind == FILENAME)
		r = weir_control_listen_unix(l->where, err);
	else if (weir_parse(NULL, l->kind == PORT ? WEIR_T_TCP_PORT : WEIR_T_U16, port, NULL,
			    &number, NULL) < 0)
		r = weir_error(err, NULL, "%s expects a number, not `%s'",
			       l->kind == PORT ? "--port" : "--socket", l->where);
	else if (l->kind == DESCRIPTOR)
		r = number;
	else
		r = weir_control_listen_tcp(number, more, false, err);
	free(port);
	l->fd = r > 0 ? r : 0;
	return r < 0 ? r : 0;
}

int click_open_listeners(struct click *c, struct weir_err *err)
{
	int r = 0;

	for (unsigned i = 0; !r && i < c->n_listeners; i++)
		r = open_listener(&c->listeners[i], err);
	return r;
}

int click_serve_listeners(struct click *c)
{
	const struct weir_control_options opt = {};
	int r = 0;

	for (unsigned i = 0; !r && i < c->n_listeners; i++)
		r = weir_control_open(&c->listeners[i].control, &c->s.engine->workers[0].free_node,
				      c->listeners[i].fd, &opt);
	return r;
}

void click_leave_listeners(struct click *c)
{
	for (unsigned i = 0; i < c->n_listeners; i++) {
		weir_control_close(c->listeners[i].control);
		c->listeners[i].control = NULL;
	}
}

void click_close_listeners(struct click *c)
{
	for (unsigned i = 0; i < c->n_listeners; i++) {
		struct listener *l = &c->listeners[i];

		if (l->fd)
			close(l->fd);
		if (l->fd && l->kind == FILENAME)
			unlink(l->where);
	}
}
