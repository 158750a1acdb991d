// SPDX-License-Identifier: BSD-2-Clause
// Connections of a control socket. They have an epoll instance of their own, which the worker
// watches like any other descriptor.

#include <weir/control.h>
#include <weir/element.h>

#include "engine.h"
#include "protocol.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 128, READ_SIZE = 4 << 10, EVENTS = 16 };

struct connection {
	int fd;
	struct protocol p;
	struct connection *next;
};

// owner: the worker of node, which also opened it.
struct weir_control {
	struct weir_node *node;
	int listen_fd, epoll_fd;
	bool read_only;
	const char *name;
	unsigned n;
	struct connection *connections;
	struct weir_control *next; // of all
};

// The watch callback gets a descriptor; this finds whose it is. guarded by all_lock.
static struct weir_control *all;
static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;

static void send_out(struct connection *c)
{
	struct weir_buf *out = &c->p.out;

	while (out->len) {
		ssize_t n = send(c->fd, out->text, out->len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			out->len = 0; // nobody listens
			c->p.ended = true;
			c->p.eof = true;
		}
		if (n <= 0)
			return;
		protocol_consume(out, (size_t)n);
	}
}

static void hang_up(struct weir_control *ctl, struct connection *c)
{
	for (struct connection **at = &ctl->connections; *at; at = &(*at)->next) {
		if (*at == c) {
			*at = c->next;
			break;
		}
	}
	if (ctl->name)
		fprintf(stderr, "%s: closed connection %d\n", ctl->name, c->fd);
	// closing alone does not end the events: a process that was just begun may hold it, too
	epoll_ctl(ctl->epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
	close(c->fd);
	weir_buf_free(&c->p.in);
	weir_buf_free(&c->p.out);
	free(c);
	ctl->n--;
}

static void receive(struct connection *c)
{
	char chunk[READ_SIZE];
	ssize_t n = read(c->fd, chunk, sizeof(chunk));

	if (n > 0)
		weir_append(&c->p.in, chunk, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		c->p.eof = true;
}

static void serve(struct weir_control *ctl, struct connection *c)
{
	struct epoll_event ev = {.data.ptr = c};

	if (!c->p.ended && !c->p.eof)
		receive(c);
	protocol_run(&c->p);
	send_out(c);
	if (c->p.in.failed || c->p.out.failed || (!c->p.out.len && (c->p.ended || c->p.eof))) {
		hang_up(ctl, c);
		return;
	}
	// who does not take answers may not ask more
	ev.events = c->p.out.len ? EPOLLOUT : EPOLLIN;
	epoll_ctl(ctl->epoll_fd, EPOLL_CTL_MOD, c->fd, &ev);
}

static void greet(struct weir_control *ctl)
{
	struct epoll_event ev = {.events = EPOLLIN};
	struct connection *c;
	int fd = accept4(ctl->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	c = ctl->n < CONNECTIONS_MAX ? calloc(1, sizeof(*c)) : NULL;
	ev.data.ptr = c;
	if (!c || epoll_ctl(ctl->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0) {
		free(c);
		close(fd);
		return;
	}
	c->fd = fd;
	c->p.router = ctl->node->worker->engine->router;
	c->p.read_only = ctl->read_only;
	c->next = ctl->connections;
	ctl->connections = c;
	ctl->n++;
	if (ctl->name)
		fprintf(stderr, "%s: opened connection %d\n", ctl->name, fd);
	protocol_greet(&c->p);
	send_out(c);
}

static struct weir_control *find(int epoll_fd)
{
	struct weir_control *ctl;

	pthread_mutex_lock(&all_lock);
	ctl = all;
	while (ctl && ctl->epoll_fd != epoll_fd)
		ctl = ctl->next;
	pthread_mutex_unlock(&all_lock);
	return ctl;
}

static void something_came(struct weir_node *, int fd)
{
	struct weir_control *ctl = find(fd);
	struct epoll_event ev[EVENTS];
	int n = ctl ? epoll_wait(fd, ev, EVENTS, 0) : 0;

	for (int i = 0; i < n; i++) {
		if (ev[i].data.ptr)
			serve(ctl, ev[i].data.ptr);
		else
			greet(ctl);
	}
}

int weir_control_open(struct weir_control **out, struct weir_node *n, int listen_fd,
		      const struct weir_control_options *opt)
{
	struct weir_control *ctl = calloc(1, sizeof(*ctl));
	struct epoll_event ev = {.events = EPOLLIN};
	int r = -ENOMEM;

	*out = NULL;
	if (!ctl)
		return r;
	*ctl = (struct weir_control){.node = n,
				     .listen_fd = listen_fd,
				     .read_only = opt->read_only,
				     .name = opt->name,
				     .epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
	if (ctl->epoll_fd < 0 || epoll_ctl(ctl->epoll_fd, EPOLL_CTL_ADD, listen_fd, &ev) < 0) {
		r = -errno;
		goto fail;
	}
	r = weir_watch_fd(n, ctl->epoll_fd, something_came);
	if (r < 0)
		goto fail;
	pthread_mutex_lock(&all_lock);
	ctl->next = all;
	all = ctl;
	pthread_mutex_unlock(&all_lock);
	*out = ctl;
	return 0;
fail:
	if (ctl->epoll_fd >= 0)
		close(ctl->epoll_fd);
	free(ctl);
	return r;
}

void weir_control_close(struct weir_control *ctl)
{
	if (!ctl)
		return;
	pthread_mutex_lock(&all_lock);
	for (struct weir_control **at = &all; *at; at = &(*at)->next) {
		if (*at == ctl) {
			*at = ctl->next;
			break;
		}
	}
	pthread_mutex_unlock(&all_lock);
	weir_unwatch_fd(ctl->node, ctl->epoll_fd);
	while (ctl->connections) {
		send_out(ctl->connections);
		hang_up(ctl, ctl->connections);
	}
	close(ctl->epoll_fd);
	free(ctl);
}
