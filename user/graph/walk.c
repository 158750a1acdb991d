// SPDX-License-Identifier: BSD-2-Clause
#include "walk.h"

#include <errno.h>
#include <stdlib.h>

enum { NEW, UNDER_WAY, DONE };

static unsigned total(const struct weir_port *v, unsigned n)
{
	return n ? v[n - 1].first + v[n - 1].n : 0;
}

unsigned weir_n_leaving(const struct weir_element *e)
{
	return total(weir_wiring(e)->out, weir_wiring(e)->n_out);
}

unsigned weir_n_entering(const struct weir_element *e)
{
	return total(weir_wiring(e)->in, weir_wiring(e)->n_in);
}

const struct weir_connection *weir_leaving(const struct weir_element *e, unsigned i)
{
	return &e->router->connections[weir_wiring(e)->by_out[i]];
}

int weir_walk_open(struct weir_walk *w, const struct weir_router *r)
{
	*w = (struct weir_walk){
		.router = r,
		.state = calloc(r->n_elements + 1, sizeof(*w->state)),
		.order = calloc(r->n_elements + 1, sizeof(*w->order)),
		.back = calloc(r->n_connections + 1, sizeof(*w->back)),
		.stack = calloc(r->n_elements + 1, sizeof(*w->stack)),
	};
	return w->state && w->order && w->back && w->stack ? 0 : -ENOMEM;
}

void weir_walk_close(struct weir_walk *w)
{
	free(w->state);
	free(w->order);
	free(w->back);
	free(w->stack);
	*w = (struct weir_walk){};
}

static void enter(struct weir_walk *w, const struct weir_element *e, unsigned *n)
{
	w->state[e->index] = UNDER_WAY;
	w->stack[(*n)++] = (struct weir_walk_step){.element = e->index};
}

static void take(struct weir_walk *w, unsigned connection, unsigned *n)
{
	const struct weir_connection *c = &w->router->connections[connection];

	if (w->follows && !w->follows(w->arg, c))
		return;
	if (w->state[c->to->index] == UNDER_WAY)
		w->back[connection] = true;
	else if (w->state[c->to->index] == NEW)
		enter(w, c->to, n);
}

void weir_walk_from(struct weir_walk *w, const struct weir_element *e)
{
	unsigned n = 0;

	if (w->state[e->index] == NEW)
		enter(w, e, &n);
	while (n) {
		struct weir_walk_step *top = &w->stack[n - 1];
		const struct weir_element *at = w->router->elements[top->element];

		if (top->next < weir_n_leaving(at)) {
			take(w, weir_wiring(at)->by_out[top->next++], &n);
			continue;
		}
		w->state[at->index] = DONE;
		w->order[w->n_order++] = at->index;
		n--;
	}
}
