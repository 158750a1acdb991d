// SPDX-License-Identifier: BSD-2-Clause

// The loop of a worker: tasks, the graph, timers, flushing, and sleep when there is nothing to do.

#include <weir/device.h>

#include <engine.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <urcu/urcu-qsbr.h>

enum {
	LOOK_AT_FDS = 64,	 // busy rounds between two looks at fds
	LONGEST_SLEEP_MS = 1000, // so that a missed wake-up costs a second, not the router
	NS_PER_MS = 1000 * 1000,
	// A queue that does not move is tried again after FLUSH_RETRY_NS, each time twice as long
	// up to 32 times: more than a millisecond, so that the worker sleeps in between.
	FLUSH_RETRY_NS = 64 * 1000,
	FLUSH_RETRY_DOUBLINGS = 5,
};

static uint64_t monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t weir_clock_ns(const struct weir_engine *g)
{
	return g->opt.simtime ? (uint64_t)g->sim_offset : monotonic();
}

unsigned weir_worker_of(const struct weir_node *n)
{
	return n->worker->id;
}

uint64_t weir_now(const struct weir_node *n)
{
	return n->worker->now;
}

uint64_t weir_clock(const struct weir_node *n)
{
	return weir_clock_ns(n->worker->engine);
}

uint64_t weir_wall(const struct weir_node *n)
{
	return weir_clock(n) + n->worker->engine->wall_offset;
}

// xorshift32 (Marsaglia 2003): never zero.
uint32_t weir_random(struct weir_node *n)
{
	uint32_t x = n->worker->random;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return n->worker->random = x;
}

void weir_sleep_until(struct weir_node *n, uint64_t when)
{
	n->sleep_until = when;
}

void weir_wake(struct weir_node *n)
{
	n->sleep_until = 0;
}

void weir_stay_awake(struct weir_node *n)
{
	n->worker->awake++;
}

void weir_may_sleep(struct weir_node *n)
{
	n->worker->awake--;
}

void weir_flush_later(struct weir_node *n, struct weir_queue *q)
{
	struct weir_worker *w = n->worker;

	w->flush_at = 0;
	for (unsigned i = 0; i < w->n_flush; i++)
		if (w->flush[i] == q)
			return;
	if (w->n_flush == w->flush_cap) {
		unsigned cap = w->flush_cap ? 2 * w->flush_cap : 16;
		struct weir_queue **v = realloc(w->flush, cap * sizeof(*v));

		if (!v) {
			q->ops->flush(q);
			return;
		}
		w->flush = v;
		w->flush_cap = cap;
	}
	w->flush[w->n_flush++] = q;
}

static bool run_tasks(struct weir_worker *w)
{
	bool did = false;

	for (unsigned i = 0; i < w->n_tasks; i++) {
		struct weir_node *n = w->tasks[i];

		if (n->sleep_until > w->now)
			continue;
		did |= n->element->class->task(n, w->engine->opt.burst);
		if (w->depth_first)
			weir_run_ready(w);
	}
	return did;
}

// Queues that the kernel did not take all from stay, for a while later or for when there is more.
static void flush(struct weir_worker *w)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < w->n_flush; i++)
		if (!w->flush[i]->ops->flush(w->flush[i]))
			w->flush[kept++] = w->flush[i];
	w->n_flush = kept;
	if (!kept)
		w->stuck = 0;
	else if (w->stuck < FLUSH_RETRY_DOUBLINGS)
		w->stuck++;
	w->flush_at = w->now + ((uint64_t)FLUSH_RETRY_NS << w->stuck);
}

// The time of the last round, if it had something to do.
static void tell_time(struct weir_worker *w)
{
	uint64_t before = w->now;

	w->now = weir_clock_ns(w->engine);
	if (w->did)
		atomic_store_explicit(&w->busy_ns,
				      atomic_load_explicit(&w->busy_ns, memory_order_relaxed) +
					      w->now - before,
				      memory_order_relaxed);
}

bool weir_worker_round(struct weir_worker *w)
{
	bool did;

	tell_time(w);
	w->rounds++;
	if (WEIR_UNLIKELY(__atomic_load_n(&w->rung, __ATOMIC_RELAXED)))
		weir_bells_run(w);
	did = run_tasks(w);
	did |= w->any_ready | w->has_more;
	w->has_more = false;
	weir_run_ready(w);
	if (weir_timers_next(w) <= w->now) {
		weir_timers_run(w);
		weir_run_ready(w);
		did = true;
	}
	if (w->n_flush && w->flush_at <= w->now)
		flush(w);
	return w->did = did;
}

void weir_worker_drain(struct weir_worker *w)
{
	while (weir_worker_round(w))
		continue;
}

// When the next timer, sleeping task or flush is due; UINT64_MAX: never.
static uint64_t next_due(const struct weir_worker *w)
{
	uint64_t due = weir_timers_next(w);

	if (w->n_flush && w->flush_at < due)
		due = w->flush_at;
	for (unsigned i = 0; i < w->n_tasks; i++) {
		uint64_t until = w->tasks[i]->sleep_until;

		if (until > w->now && until < due)
			due = until;
	}
	return due;
}

static void idle(struct weir_worker *w)
{
	uint64_t due = next_due(w), ms;

	w->idle_rounds++;
	if (w->engine->opt.simtime) {
		if (due != UINT64_MAX) {
			w->engine->sim_offset = (int64_t)due;
			weir_watch_look(w, 0);
		} else {
			weir_watch_sleep(w, LONGEST_SLEEP_MS);
		}
		return;
	}
	if (due == UINT64_MAX) {
		weir_watch_sleep(w, LONGEST_SLEEP_MS);
		return;
	}
	// The last part of a millisecond is spent looking, so that timers are exact.
	ms = due > w->now ? (due - w->now) / NS_PER_MS : 0;
	weir_watch_sleep(w, ms < LONGEST_SLEEP_MS ? (int)ms : LONGEST_SLEEP_MS);
}

// Stands still while someone else has stopped the world, and reads nothing meanwhile.
static void safe_point(struct weir_worker *w)
{
	struct weir_engine *g = w->engine;

	urcu_qsbr_thread_offline();
	pthread_mutex_lock(&g->lock);
	g->n_parked++;
	pthread_cond_broadcast(&g->parked);
	while (atomic_load(&g->park))
		pthread_cond_wait(&g->go, &g->lock);
	g->n_parked--;
	pthread_mutex_unlock(&g->lock);
	urcu_qsbr_thread_online();
}

static _Thread_local struct weir_worker *me;
static _Thread_local unsigned stop_depth;

// Whoever stops the world holds `world`; a worker that wants to must keep parking for others.
void weir_world_stop(struct weir_engine *g)
{
	unsigned others;

	if (stop_depth++)
		return;
	while (pthread_mutex_trylock(&g->world)) {
		if (me && atomic_load(&g->park))
			safe_point(me);
		else
			sched_yield();
	}
	atomic_store(&g->park, 1);
	for (unsigned i = 0; i < g->opt.n_workers; i++)
		if (&g->workers[i] != me)
			weir_worker_wake(&g->workers[i]);
	pthread_mutex_lock(&g->lock);
	while (others = g->n_running - (me ? 1 : 0), g->n_parked < others)
		pthread_cond_wait(&g->parked, &g->lock);
	pthread_mutex_unlock(&g->lock);
}

void weir_world_go(struct weir_engine *g)
{
	if (--stop_depth)
		return;
	pthread_mutex_lock(&g->lock);
	atomic_store(&g->park, 0);
	pthread_cond_broadcast(&g->go);
	pthread_mutex_unlock(&g->lock);
	pthread_mutex_unlock(&g->world);
}

static void running(struct weir_engine *g, int change)
{
	pthread_mutex_lock(&g->lock);
	g->n_running += (unsigned)change;
	pthread_cond_broadcast(&g->parked);
	pthread_mutex_unlock(&g->lock);
}

// Asks the stopper about the requests that came in.
static void serve_stops(struct weir_worker *w)
{
	struct weir_router *r = w->engine->router;

	while (atomic_load_explicit(&r->stops, memory_order_relaxed)) {
		atomic_fetch_sub(&r->stops, 1);
		weir_world_stop(w->engine);
		if (r->stop_fn(r->stopper))
			weir_engine_stop(w->engine);
		weir_world_go(w->engine);
	}
}

static void loop(struct weir_worker *w)
{
	struct weir_engine *g = w->engine;

	me = w;
	urcu_qsbr_register_thread();
	running(g, 1);
	// whoever stopped the world before this worker was there did not wait for it
	if (atomic_load(&g->park))
		safe_point(w);
	while (!atomic_load_explicit(&g->stop, memory_order_relaxed)) {
		bool did = weir_worker_round(w);

		urcu_qsbr_quiescent_state(); // no batch is under way: what it read of tables is
					     // past
		if (!w->id && w->engine->router->stopper)
			serve_stops(w);
		if (atomic_load_explicit(&g->park, memory_order_relaxed))
			safe_point(w);
		else if (!did && !w->awake)
			idle(w);
		else if (++w->busy_rounds >= LOOK_AT_FDS)
			weir_watch_look(w, 0);
	}
	running(g, -1);
	urcu_qsbr_unregister_thread();
	me = NULL;
}

static void pin(const struct weir_worker *w)
{
	cpu_set_t mine;

	CPU_ZERO(&mine);
	CPU_SET(w->engine->opt.cpus[w->id].cpu, &mine);
	pthread_setaffinity_np(pthread_self(), sizeof(mine), &mine);
}

static void run(struct weir_worker *w)
{
	if (w->engine->opt.cpus)
		pin(w);
	loop(w);
}

static void *thread_main(void *arg)
{
	run(arg);
	return NULL;
}

int weir_engine_start(struct weir_engine *g)
{
	int rc = 0;

	for (unsigned i = 0; i < g->opt.n_workers && !rc; i++) {
		struct weir_worker *w = &g->workers[i];

		rc = -pthread_create(&w->thread, NULL, thread_main, w);
		w->started = !rc;
	}
	if (rc)
		weir_engine_stop(g);
	return rc;
}

void weir_engine_join(struct weir_engine *g)
{
	for (unsigned i = 0; i < g->opt.n_workers; i++)
		if (g->workers[i].started) {
			pthread_join(g->workers[i].thread, NULL);
			g->workers[i].started = false;
		}
}

void weir_engine_run(struct weir_engine *g)
{
	run(&g->workers[0]);
}

void weir_engine_stop(struct weir_engine *g)
{
	atomic_store(&g->stop, true);
	for (unsigned i = 0; i < g->opt.n_workers; i++)
		weir_worker_wake(&g->workers[i]);
}

void weir_take_signals(struct weir_router *r, uint64_t signals)
{
	r->signals |= signals;
}

int weir_catch_stops(struct weir_element *e, bool (*fn)(struct weir_element *e))
{
	if (e->router->stopper)
		return -EEXIST;
	e->router->stopper = e;
	e->router->stop_fn = fn;
	return 0;
}

void weir_stop(struct weir_router *r)
{
	if (r->stopper)
		atomic_fetch_add(&r->stops, 1);
	else if (r->engine)
		weir_engine_stop(r->engine);
	if (r->stopper && r->engine)
		weir_worker_wake(&r->engine->workers[0]);
}

// Of the pool on the node of its CPU; if there is none, of the first.
static struct weir_cache *near_cache(const struct weir_engine *g, unsigned id)
{
	const struct weir_engine_options *o = &g->opt;
	unsigned i = 0;

	while (i < o->n_pools && o->cpus &&
	       !(o->pools[i]->has_node && o->pools[i]->node == o->cpus[id].node))
		i++;
	return o->n_pools ? &o->pools[i % o->n_pools]->caches[id] : NULL;
}

int weir_worker_open(struct weir_worker *w, struct weir_engine *g, unsigned id)
{
	w->engine = g;
	w->id = id;
	w->random = g->opt.seed + 0x9e3779b9u * (id + 1);
	if (!w->random)
		w->random = 1;
	w->depth_first = g->opt.burst == 1;
	w->cache = near_cache(g, id);
	return weir_watch_open(w);
}

void weir_worker_close(struct weir_worker *w)
{
	weir_watch_close(w);
	while (w->n_spare)
		free(w->spare[--w->n_spare]);
	free(w->spare);
	free(w->heap);
	free(w->flush);
	free(w->tasks);
	free(w->order);
	free(w->ready);
	weir_heap_drain(w);
}
