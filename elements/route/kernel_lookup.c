// SPDX-License-Identifier: BSD-2-Clause
// Arguments and the driver's half of what looks up the kernel's routes.
#include "kernel_lookup.h"

#include "kernel_routes.h"

#include <errno.h>

// Both classes have nothing but this.
static struct kernel_lookup *lookup_of(const struct weir_element *e)
{
	return e->self;
}

static bool is_same(const struct weir_share *a, const struct weir_share *b)
{
	return a->data == b->data && a->value_size == b->value_size && a->moves == b->moves;
}

// Will its program have what it was told of?
static bool is_told(const struct weir_element *e)
{
	const struct kernel_lookup *l = lookup_of(e);
	struct weir_front_args a = {.planning = true};
	bool same = !e->class->driver(e, &a) && !memcmp(&l->front, &l->told, sizeof(l->told));

	for (unsigned i = 0; same && i < a.n_share; i++)
		same = is_same(&a.share[i], &l->told_of[i]);
	return same;
}

// Memory of some view is to move. If it is of this one, the program is loaded anew.
static void moves(void *arg)
{
	const struct weir_element *e = arg;

	if (is_told(e))
		return;
	lookup_of(e)->prepared = true;
	weir_front_prepare(e);
}

static void moved(void *arg)
{
	const struct weir_element *e = arg;
	struct kernel_lookup *l = lookup_of(e);

	if (l->prepared || !is_told(e))
		weir_front_moved(e);
	l->prepared = false;
}

static int check_outputs(struct weir_args *a, const struct kernel_lookup *l, unsigned n_devices)
{
	const struct weir_element *e = a->element;

	if (e->n_out <= WEIR_HOP_DEVICE + n_devices)
		return 0;
	return weir_args_error(a, -1, "output %u does not exist: `%s' has %u interface%s",
			       e->n_out - 1, l->routes->name, n_devices, n_devices == 1 ? "" : "s");
}

int kernel_lookup_configure(struct weir_element *e, struct weir_args *a)
{
	struct kernel_lookup *l = lookup_of(e);
	struct weir_kernel *k = weir_kernel_of(a, l->routes);
	const struct kernel_routes *routes = kernel_routes_of(l->routes);

	if (!k || !routes)
		return -EINVAL;
	l->view = weir_kernel_view(k, l->iif);
	if (!l->view || weir_kernel_on_move(k, moves, moved, e))
		return weir_args_error(a, -1, "out of memory");
	return check_outputs(a, l, routes->n_devices);
}

struct weir_share kernel_share(const char *map, const void *data, size_t size, unsigned moves)
{
	return (struct weir_share){
		.map = map,
		.data = (void *)data,
		.value_size = size,
		.n = 1,
		.live = true,
		.moves = moves,
	};
}

uint32_t kernel_reach(size_t n, size_t size)
{
	enum { REACH = 1 << 28 }; // the verifier bounds offsets by 2^29

	return (uint32_t)(n < REACH / size ? n : REACH / size);
}

int kernel_lookup_driver(const struct weir_element *e, struct weir_front_args *a,
			 void (*share)(struct weir_front_args *a, struct kernel_lookup *l,
				       const struct weir_view *v))
{
	struct kernel_lookup *l = lookup_of(e);
	const struct weir_view *v = l->view->soon;

	l->front = (struct kernel_front){
		.n_hops = kernel_reach(v->n_hops, sizeof(*v->hops)),
		.n_buckets = kernel_reach(v->n_buckets, sizeof(*v->buckets)),
	};
	a->self = &l->front;
	a->size = sizeof(l->front);
	share(a, l, v);
	a->share[a->n_share++] =
		kernel_share("hops", v->hops, l->front.n_hops * sizeof(*v->hops), 0);
	a->share[a->n_share++] =
		kernel_share("buckets", v->buckets, l->front.n_buckets * sizeof(*v->buckets), 0);
	if (!a->planning) {
		l->told = l->front;
		memcpy(l->told_of, a->share, sizeof(l->told_of));
	}
	return 0;
}
