// SPDX-License-Identifier: BSD-2-Clause

// Timers of a worker: a binary heap by time, from index 1.

#include <engine.h>
#include <stdlib.h>

static void place(struct weir_worker *w, unsigned i, struct weir_timer *t)
{
	w->heap[i] = t;
	t->heap = i;
}

static void sift_up(struct weir_worker *w, unsigned i)
{
	struct weir_timer *t = w->heap[i];

	for (; i > 1 && w->heap[i / 2]->when > t->when; i /= 2)
		place(w, i, w->heap[i / 2]);
	place(w, i, t);
}

static void sift_down(struct weir_worker *w, unsigned i)
{
	struct weir_timer *t = w->heap[i];

	for (;;) {
		unsigned child = 2 * i;

		if (child > w->n_heap)
			break;
		if (child < w->n_heap && w->heap[child + 1]->when < w->heap[child]->when)
			child++;
		if (w->heap[child]->when >= t->when)
			break;
		place(w, i, w->heap[child]);
		i = child;
	}
	place(w, i, t);
}

void weir_timer_clear(struct weir_timer *t)
{
	struct weir_worker *w;
	unsigned at = t->heap;

	if (!at)
		return;
	w = t->node->worker;
	t->heap = 0;
	t->when = 0;
	if (at == w->n_heap--)
		return;
	place(w, at, w->heap[w->n_heap + 1]);
	sift_up(w, at);
	sift_down(w, w->heap[at]->heap);
}

void weir_timer_set(struct weir_timer *t, struct weir_node *n, uint64_t when,
		    void (*fn)(struct weir_node *n, struct weir_timer *t))
{
	struct weir_worker *w = n->worker;

	weir_timer_clear(t);
	if (w->n_heap + 2 > w->heap_cap) {
		unsigned cap = w->heap_cap ? 2 * w->heap_cap : 64;
		struct weir_timer **v = realloc(w->heap, cap * sizeof(*v));

		if (!v)
			abort(); // a router whose timers cannot run must not go on silently
		w->heap = v;
		w->heap_cap = cap;
	}
	t->node = n;
	t->fn = fn;
	t->when = when ? when : 1;
	place(w, ++w->n_heap, t);
	sift_up(w, w->n_heap);
}

uint64_t weir_timers_next(const struct weir_worker *w)
{
	return w->n_heap ? w->heap[1]->when : UINT64_MAX;
}

// Those due at the start; one that sets itself again for now waits for the next round.
void weir_timers_run(struct weir_worker *w)
{
	for (unsigned most = w->n_heap; most && weir_timers_next(w) <= w->now; most--) {
		struct weir_timer *t = w->heap[1];

		weir_timer_clear(t);
		t->fn(t->node, t);
	}
}
