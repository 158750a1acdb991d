// SPDX-License-Identifier: BSD-2-Clause

// What others change on interfaces while the driver half runs: a ToDevice hands its packets to
// userspace as long as the interface would not send what a driver redirects.

#include "parts.h"

#include <stdio.h>
#include <unistd.h>

static void look_at(struct weir_front *f, const struct weir_element *e)
{
	struct front_program *p = &f->programs[e->index];
	char why[WHY];

	if (f->off || !p->object || front_program_is_old(p, e) <= 0)
		return;
	if (front_reload(f, e, why, sizeof(why)))
		fprintf(stderr, "weir: %s: its program cannot be loaded again: %s\n", e->name, why);
	else if (p->hands_all)
		fprintf(stderr, "weir: %s goes on in userspace: %s\n", e->name, why);
	else
		fprintf(stderr, "weir: %s goes on in the driver\n", e->name);
}

static void look_at_all(struct weir_front *f)
{
	const struct weir_router *r = f->plan->router;

	front_lock();
	for (unsigned i = 0; i < r->n_elements; i++)
		look_at(f, r->elements[i]);
	front_unlock();
}

static void hear(struct weir_node *n, int fd)
{
	struct weir_engine *g = n->worker->engine;
	struct weir_front *f = g->router->front;

	if (!weir_xsk_features_heard(fd) || !f)
		return;
	weir_world_stop(g);
	look_at_all(f);
	weir_world_go(g);
}

void weir_front_watch(struct weir_front *f, struct weir_engine *g)
{
	f->watcher = &g->workers[0].free_node;
	f->watch_fd = weir_xsk_features();
	if (f->watch_fd >= 0)
		weir_watch_fd(f->watcher, f->watch_fd, hear);
	look_at_all(f); // what changed before anybody listened
	front_compile_watch(f);
}

void front_unwatch(struct weir_front *f)
{
	if (f->watch_fd < 0)
		return;
	weir_unwatch_fd(f->watcher, f->watch_fd);
	close(f->watch_fd);
}
