// SPDX-License-Identifier: BSD-2-Clause

// Makes workers from a router: nodes, edges, inputs and their topological order.

#include <engine.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SPARE_BATCHES = 64 };

static void free_push(struct weir_node *n, unsigned, struct batch *b)
{
	weir_recycle(n->worker, b->p, b->n);
	b->n = 0;
}

// Who waits here has a batch in its hands, and elements behind it on its stack: it does not park.
// Who is inside does not stop the world, so it comes out.
static void push_alone(struct weir_node *n, unsigned port, struct batch *b)
{
	pthread_mutex_lock(&n->worker->engine->alone);
	n->element->class->push(n, port, b);
	pthread_mutex_unlock(&n->worker->engine->alone);
}

static void choose_functions(struct weir_node *n, const struct weir_element *e)
{
	n->push = e->class->push;
	if (e->class->one_at_a_time && weir_workers_count(&e->runs) > 1)
		n->push = push_alone;
	n->pull = e->class->pull ? e->class->pull : e->class->push ? weir_pull_by_push : NULL;
}

static int open_node(struct weir_worker *w, struct weir_element *e)
{
	struct weir_node *n = &w->nodes[e->index];
	const struct weir_wiring *wiring = weir_wiring(e);

	n->self = e->self;
	choose_functions(n, e);
	n->len_delta = e->len_delta;
	n->recount = e->class->resizes;
	n->worker = w;
	n->element = e;
	n->n_out = weir_n_outputs(e);
	n->n_drops = weir_n_drops(e->class);
	n->state = e->class->state_size ? aligned_alloc(64, (e->class->state_size + 63) & ~63ul)
					: NULL;
	n->out = calloc(n->n_out + n->n_drops + WEIR_EDGE_CLASS, sizeof(*n->out));
	n->in = calloc(wiring->n_in + 1, sizeof(*n->in));
	n->pulls = calloc(wiring->n_in + 1, sizeof(*n->pulls));
	if ((e->class->state_size && !n->state) || !n->out || !n->in || !n->pulls)
		return -ENOMEM;
	if (n->state)
		memset(n->state, 0, e->class->state_size);
	for (unsigned i = 0; i < n->n_out + n->n_drops + WEIR_EDGE_CLASS; i++)
		n->out[i].to = &w->free_input;
	for (unsigned p = 0; p < wiring->n_in; p++) {
		struct weir_input *in = &n->in[p];

		*in = (struct weir_input){.node = n, .port = p, .chained = wiring->in[p].n == 1};
		in->cap = w->depth_first ? 1 : WEIR_BATCH_MAX;
		if (wiring->in[p].processing == WEIR_PUSH)
			in->pending = weir_spare_get(w);
	}
	e->nodes[w->id] = n;
	return 0;
}

static void connect_nodes(struct weir_worker *w)
{
	struct weir_router *r = w->engine->router;

	for (unsigned i = 0; i < r->n_connections; i++) {
		const struct weir_connection *c = &r->connections[i];
		struct weir_node *from = &w->nodes[c->from->index], *to = &w->nodes[c->to->index];
		struct weir_edge *edge = &from->out[c->from_port];

		if (weir_out_is_pull(c->from, c->from_port)) {
			edge->to = NULL;
			to->pulls[c->to_port] = (struct weir_upstream){from, c->from_port, edge};
		} else {
			edge->to = &to->in[c->to_port];
		}
	}
}

// Depth-first search over push connections. An edge to an element that is still being visited
// closes a cycle; the reverse of the order in which elements are finished is topological without
// those.
struct visit {
	struct weir_element *e;
	unsigned next; // index into by_out
};

static void mark_edge(struct weir_worker *w, const struct weir_connection *c)
{
	w->nodes[c->from->index].out[c->from_port].back = true;
}

static void visit(struct weir_worker *w, struct weir_element *root, struct visit *stack,
		  uint8_t *colour, struct weir_element **finished, unsigned *n_finished)
{
	enum { WHITE, GREY, BLACK };
	struct weir_router *r = w->engine->router;
	unsigned depth = 0;

	if (colour[root->index] != WHITE)
		return;
	stack[depth++] = (struct visit){root, 0};
	colour[root->index] = GREY;
	while (depth) {
		struct visit *v = &stack[depth - 1];
		const struct weir_wiring *wiring = weir_wiring(v->e);
		unsigned n_edges = 0;

		if (wiring->n_out)
			n_edges = wiring->out[wiring->n_out - 1].first +
				  wiring->out[wiring->n_out - 1].n;
		if (v->next == n_edges) {
			colour[v->e->index] = BLACK;
			finished[(*n_finished)++] = v->e;
			depth--;
			continue;
		}
		const struct weir_connection *c = &r->connections[wiring->by_out[v->next++]];

		if (weir_out_is_pull(c->from, c->from_port))
			continue;
		if (colour[c->to->index] == GREY)
			mark_edge(w, c);
		if (colour[c->to->index] != WHITE)
			continue;
		colour[c->to->index] = GREY;
		stack[depth++] = (struct visit){c->to, 0};
	}
}

static int order_inputs(struct weir_worker *w)
{
	struct weir_router *r = w->engine->router;
	struct visit *stack = calloc(r->n_elements + 1, sizeof(*stack));
	struct weir_element **finished = calloc(r->n_elements + 1, sizeof(struct weir_element *));
	uint8_t *colour = calloc(r->n_elements + 1, 1);
	unsigned n_finished = 0, n_inputs = 0;
	int rc = -ENOMEM;

	if (!stack || !finished || !colour)
		goto out;
	// from where packets enter, then whatever is only in cycles
	for (unsigned i = 0; i < r->n_elements; i++)
		if (!r->wiring[i].n_in || weir_in_is_pull(r->elements[i], 0))
			visit(w, r->elements[i], stack, colour, finished, &n_finished);
	for (unsigned i = 0; i < r->n_elements; i++) {
		visit(w, r->elements[i], stack, colour, finished, &n_finished);
		n_inputs += r->wiring[i].n_in;
	}
	w->order = calloc(n_inputs + 1, sizeof(struct weir_input *));
	w->ready = calloc(n_inputs / 64 + 1, sizeof(*w->ready));
	if (!w->order || !w->ready)
		goto out;
	while (n_finished) {
		struct weir_element *e = finished[--n_finished];

		for (unsigned p = 0; p < r->wiring[e->index].n_in; p++) {
			struct weir_input *in = &w->nodes[e->index].in[p];

			in->index = w->n_order;
			w->order[w->n_order++] = in;
		}
	}
	rc = 0;
out:
	free(stack);
	free(finished);
	free(colour);
	return rc;
}

static int open_worker(struct weir_engine *g, unsigned id)
{
	struct weir_worker *w = &g->workers[id];
	struct weir_router *r = g->router;
	int rc = weir_worker_open(w, g, id);

	w->nodes = calloc(r->n_elements + 1, sizeof(*w->nodes));
	w->tasks = calloc(r->n_elements + 1, sizeof(struct weir_node *));
	w->spare = calloc(SPARE_BATCHES, sizeof(struct batch *));
	if (rc || !w->nodes || !w->tasks || !w->spare)
		return rc ? rc : -ENOMEM;
	w->spare_cap = SPARE_BATCHES;
	w->free_node = (struct weir_node){.push = free_push, .worker = w};
	w->free_input = (struct weir_input){.node = &w->free_node,
					    .cap = w->depth_first ? 1 : WEIR_BATCH_MAX,
					    .chained = true,
					    .pending = weir_spare_get(w)};
	for (unsigned i = 0; i < r->n_elements; i++) {
		rc = open_node(w, r->elements[i]);
		if (rc)
			return rc;
		if (r->elements[i]->class->task && weir_workers_has(&r->elements[i]->tasks, id))
			w->tasks[w->n_tasks++] = &w->nodes[i];
	}
	connect_nodes(w);
	rc = order_inputs(w);
	if (rc)
		return rc;
	w->free_input.index = w->n_order;
	w->order[w->n_order++] = &w->free_input;
	return 0;
}

static void init_node(struct weir_element *e, unsigned worker, struct weir_err *err)
{
	unsigned before = err->n_errors;
	int rc = 0;

	if (e->class->init_node && weir_workers_has(&e->runs, worker))
		rc = e->class->init_node(e->nodes[worker], err);
	if (rc && err->n_errors == before)
		weir_error(err, &e->loc, "`%s' (%s) cannot start: %s", e->name, e->class->name,
			   strerror(-rc));
	e->n_nodes = worker + 1;
}

static int init_nodes(struct weir_engine *g, struct weir_err *err)
{
	struct weir_router *r = g->router;

	for (unsigned k = 0; k < g->opt.n_workers; k++)
		g->workers[k].now = weir_clock_ns(g);
	for (unsigned i = 0; i < r->n_elements; i++)
		for (unsigned k = 0; k < g->opt.n_workers; k++)
			init_node(r->elements[i], k, err);
	return err->n_errors ? -EINVAL : 0;
}

static void set_clocks(struct weir_engine *g)
{
	struct timespec wall;
	uint64_t ns;

	clock_gettime(CLOCK_REALTIME, &wall);
	ns = (uint64_t)wall.tv_sec * 1000000000 + (uint64_t)wall.tv_nsec;
	if (g->opt.simtime) {
		// from one second on, as a time of zero means none
		g->sim_offset = 1000000000;
		ns = g->opt.simstart ? g->opt.simstart : ns;
	}
	g->wall_offset = ns - weir_clock_ns(g);
}

static int open_elements(struct weir_engine *g)
{
	for (unsigned i = 0; i < g->router->n_elements; i++) {
		struct weir_element *e = g->router->elements[i];

		e->nodes = calloc(g->opt.n_workers, sizeof(struct weir_node *));
		if (!e->nodes)
			return -ENOMEM;
		if (weir_workers_next(&e->runs, 0) < WEIR_WORKERS_MAX)
			continue;
		// nobody has analysed the graph
		weir_workers_add(&e->runs, 0);
		weir_workers_add(&e->tasks, 0);
	}
	return 0;
}

int weir_engine_open(struct weir_engine **out, struct weir_router *r,
		     const struct weir_engine_options *opt, struct weir_err *err)
{
	struct weir_engine *g = calloc(1, sizeof(*g));
	int rc = -ENOMEM;

	*out = NULL;
	if (!g)
		goto fail;
	g->router = r;
	g->opt = *opt;
	if (!g->opt.n_workers)
		g->opt.n_workers = 1;
	r->n_workers = g->opt.n_workers;
	if (!g->opt.burst || g->opt.burst > WEIR_BATCH_MAX)
		g->opt.burst = WEIR_BATCH_MAX;
	pthread_mutex_init(&g->lock, NULL);
	pthread_mutex_init(&g->world, NULL);
	pthread_cond_init(&g->parked, NULL);
	pthread_cond_init(&g->go, NULL);
	pthread_mutex_init(&g->alone, NULL);
	set_clocks(g);
	g->workers = calloc(g->opt.n_workers, sizeof(*g->workers));
	if (!g->workers)
		goto fail;
	r->n_workers = g->opt.n_workers;
	r->engine = g;
	rc = open_elements(g);
	for (unsigned k = 0; !rc && k < g->opt.n_workers; k++)
		rc = open_worker(g, k);
	if (!rc && !g->opt.bare)
		rc = init_nodes(g, err);
	if (rc)
		goto fail;
	*out = g;
	return 0;
fail:
	if (rc == -ENOMEM)
		weir_error(err, NULL, "out of memory");
	weir_engine_close(g);
	return rc;
}

static void fini_nodes(struct weir_engine *g, struct weir_worker *w)
{
	for (unsigned i = 0; w->nodes && i < g->router->n_elements; i++) {
		struct weir_node *n = &w->nodes[i];
		struct weir_element *e = n->element;

		if (e && e->n_nodes > w->id && e->class->fini_node &&
		    weir_workers_has(&e->runs, w->id))
			e->class->fini_node(n);
	}
}

static void close_nodes(struct weir_engine *g, struct weir_worker *w)
{
	struct weir_router *r = g->router;

	for (unsigned i = 0; w->nodes && i < r->n_elements; i++) {
		struct weir_node *n = &w->nodes[i];
		unsigned n_in = r->wiring[i].n_in;

		for (unsigned p = 0; n->in && p < n_in; p++)
			if (n->in[p].pending) {
				weir_recycle(w, n->in[p].pending->p, n->in[p].pending->n);
				weir_spare_put(w, n->in[p].pending);
			}
		free(n->state);
		free(n->out);
		free(n->in);
		free(n->pulls);
	}
	free(w->nodes);
	if (w->free_input.pending) {
		weir_recycle(w, w->free_input.pending->p, w->free_input.pending->n);
		weir_spare_put(w, w->free_input.pending);
	}
}

void weir_engine_close(struct weir_engine *g)
{
	if (!g)
		return;
	// all of them, before any is gone: they may know each other
	for (unsigned k = 0; g->workers && k < g->opt.n_workers; k++)
		fini_nodes(g, &g->workers[k]);
	for (unsigned k = 0; g->workers && k < g->opt.n_workers; k++) {
		close_nodes(g, &g->workers[k]);
		weir_worker_close(&g->workers[k]);
	}
	for (unsigned i = 0; i < g->router->n_elements; i++) {
		free(g->router->elements[i]->nodes);
		g->router->elements[i]->nodes = NULL;
		g->router->elements[i]->n_nodes = 0;
	}
	g->router->engine = NULL;
	free(g->workers);
	free(g);
}
