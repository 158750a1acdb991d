// SPDX-License-Identifier: BSD-2-Clause

// The loop of a worker where the world outside misbehaves: sending queues that do not move, fds
// with errors. Time is simulated, and moved on by hand.

#include <criterion/criterion.h>
#include <device.h>
#include <engine.h>
#include <lang.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { MS = 1000 * 1000 };

// Where nothing ever comes, and which counts how often it was asked.
struct silence {
	struct weir_queue base, *rx;
	atomic_uint asked;
};

static unsigned silence_rx(struct weir_queue *q, struct packet **, unsigned)
{
	atomic_fetch_add(&((struct silence *)q)->asked, 1);
	return 0;
}

static const struct weir_queue_ops SILENCE = {.rx = silence_rx};

// A TX ring that the kernel takes `moves` packets from per flush.
struct ring {
	struct weir_queue base;
	struct weir_device_worker worker;
	unsigned room, waiting, moves, flushes;
	unsigned takes; // at most, of what is handed over; 0: all
};

static unsigned ring_room(struct weir_queue *q)
{
	return ((struct ring *)q)->room;
}

static unsigned ring_tx(struct weir_queue *base, struct packet *const *v, unsigned n)
{
	struct ring *q = (struct ring *)base;

	if (q->takes && n > q->takes)
		n = q->takes;
	for (unsigned i = 0; i < n; i++)
		free(v[i]); // on the heap, as there is no pool
	q->room -= n;
	q->waiting += n;
	return n;
}

static bool ring_flush(struct weir_queue *base)
{
	struct ring *q = (struct ring *)base;
	unsigned n = q->waiting < q->moves ? q->waiting : q->moves;

	q->flushes++;
	q->waiting -= n;
	q->room += n;
	return !q->waiting;
}

static const struct weir_queue_ops RING = {
	.tx = ring_tx, .tx_room = ring_room, .flush = ring_flush};

struct rig {
	struct weir_router *router;
	struct weir_engine *engine;
	struct weir_worker *w;
	struct ring ring;
	struct silence silence;
	struct weir_err err;
};

static void rig_open(struct rig *g, const char *text)
{
	struct weir_engine_options opt = {.n_workers = 1, .burst = 8, .simtime = true};
	struct lang_router flat = {};
	struct weir_device *d;

	*g = (struct rig){.ring = {.base = {.ops = &RING, .fd = -1}}};
	g->ring.worker.tx = &g->ring.base;
	g->silence.base = (struct weir_queue){.ops = &SILENCE, .fd = eventfd(0, 0)};
	g->silence.rx = &g->silence.base;
	g->ring.worker.rx = &g->silence.rx;
	g->ring.worker.n_rx = 1;
	cr_assert_eq(lang_parse(&flat, "test", text, strlen(text), NULL, 0, &g->err), 0);
	if (weir_router_build(&g->router, &flat, &g->err) || weir_router_init(g->router, &g->err))
		cr_assert_fail("%s", g->err.text);
	d = weir_router_devices(g->router);
	if (d) {
		d->workers = &g->ring.worker;
		d->n_workers = 1;
		d->mtu = 1500;
	}
	if (weir_engine_open(&g->engine, g->router, &opt, &g->err))
		cr_assert_fail("%s", g->err.text);
	g->w = &g->engine->workers[0];
}

static void rig_close(struct rig *g)
{
	weir_engine_close(g->engine);
	weir_router_free(g->router);
	weir_err_free(&g->err);
	close(g->silence.base.fd);
}

// Rounds in which nothing is left to do; in between time goes on by a tenth of a millisecond.
static unsigned busy_rounds(struct rig *g, unsigned n)
{
	unsigned busy = 0;

	while (n--) {
		g->engine->sim_offset += MS / 10;
		busy += weir_worker_round(g->w);
	}
	return busy;
}

// With a batch that goes round, somebody may look between any two rounds.
Test(worker, packets_on_their_way_round_are_held)
{
	struct rig g;
	struct weir_ledger l;

	rig_open(&g, "InfiniteSource(LIMIT 8) -> a :: Counter -> Null -> a;");
	for (unsigned i = 0; i < 10; i++) {
		busy_rounds(&g, 1);
		weir_ledger(g.engine, &l);
		cr_assert_eq(l.made, 8);
		cr_assert_eq(l.held, 8);
	}
	weir_worker_drain(g.w);
	weir_ledger(g.engine, &l);
	cr_assert_eq(l.dropped, 8);
	cr_assert_eq(l.held, 0);
	rig_close(&g);
}

Test(worker, a_queue_that_does_not_move_is_no_work)
{
	struct rig g;

	rig_open(&g, "Idle -> Discard;");
	g.ring.waiting = 10;
	weir_flush_later(&g.w->nodes[0], &g.ring.base);
	cr_assert_eq(busy_rounds(&g, 1000), 0);
	// 100 ms: some quick tries, then one every 2 ms
	cr_assert_geq(g.ring.flushes, 40);
	cr_assert_leq(g.ring.flushes, 60);
	// something new is tried at once
	g.ring.flushes = 0;
	weir_flush_later(&g.w->nodes[0], &g.ring.base);
	weir_worker_round(g.w);
	cr_assert_eq(g.ring.flushes, 1);
	g.ring.moves = 10;
	busy_rounds(&g, 50);
	cr_assert_eq(g.ring.waiting, 0);
	cr_assert_eq(g.w->n_flush, 0);
	rig_close(&g);
}

Test(worker, to_device_does_not_look_at_a_full_ring_all_the_time)
{
	struct rig g;

	rig_open(&g, "Idle -> q :: Queue -> ToDevice(nowhere0);");
	busy_rounds(&g, 1000);
	cr_assert_geq(g.ring.flushes, 30);
	cr_assert_leq(g.ring.flushes, 60);
	rig_close(&g);
}

Test(worker, an_fd_with_an_error_does_not_end_every_sleep)
{
	struct rig g;
	int ends[2];

	rig_open(&g, "Idle -> Discard;");
	cr_assert_eq(pipe(ends), 0);
	close(ends[1]);
	cr_assert_eq(weir_watch_fd(&g.w->nodes[0], ends[0], NULL), 0);
	weir_watch_look(g.w, 1000);
	cr_assert_lt(g.w->sleep[1].fd, 0, "poll still sees it");
	// after a while it is given another chance, and goes quiet again
	g.w->now += 1000ull * MS;
	g.w->sleep[1].revents = 0;
	weir_watch_look(g.w, 1000);
	cr_assert_eq(g.w->sleep[1].revents, POLLHUP);
	cr_assert_lt(g.w->sleep[1].fd, 0);
	weir_unwatch_fd(&g.w->nodes[0], ends[0]);
	cr_assert_eq(g.w->n_sleep, 0);
	close(ends[0]);
	rig_close(&g);
}

// A queue may take less than it said it has room for.
Test(worker, to_device_copies_only_what_was_taken)
{
	struct rig g;
	struct weir_buf b = {};

	rig_open(&g, "InfiniteSource(LIMIT 8, BURST 8) -> t :: ToDevice(nowhere0);"
		     "t[0] -> c :: Counter -> Discard; t[1] -> Discard;");
	g.ring.room = 8;
	g.ring.takes = 3;
	weir_worker_drain(g.w);
	cr_assert_eq(weir_handler_read(g.router, "c.count", "", &b, &g.err), 0);
	cr_assert_str_eq(b.text, "8");
	cr_assert_eq(g.ring.waiting, 8);
	weir_buf_free(&b);
	rig_close(&g);
}

static atomic_bool served;

static void serve(struct weir_node *, int)
{
	atomic_store(&served, true);
}

// Is v at least `least` before ten seconds are over?
static bool reaches(atomic_uint *v, unsigned least)
{
	time_t end = time(NULL) + 10;

	while (atomic_load(v) < least && time(NULL) < end)
		sched_yield();
	return atomic_load(v) >= least;
}

// To poll a driver is no work, or an idle worker would count as busy; nor may the worker sleep.
Test(worker, busy_polling_is_neither_work_nor_sleep)
{
	struct rig g;
	int fd = eventfd(1, 0);

	rig_open(&g, "FromDevice(nowhere0, BUSY_POLL true) -> Discard;");
	cr_assert_eq(busy_rounds(&g, 1000), 0);
	cr_assert_eq(atomic_load(&g.w->busy_ns), 0);
	cr_assert_eq(weir_watch_fd(&g.w->nodes[0], fd, serve), 0);
	cr_assert_eq(weir_engine_start(g.engine), 0);
	cr_assert(reaches(&g.silence.asked, 20 * 1000), "it sleeps");
	weir_world_stop(g.engine);
	atomic_store(&g.silence.asked, 0);
	weir_world_go(g.engine);
	cr_assert(reaches(&g.silence.asked, 20 * 1000), "it does not go on");
	weir_engine_stop(g.engine);
	weir_engine_join(g.engine);
	cr_assert(atomic_load(&served), "fds are not looked at");
	cr_assert_eq(g.w->idle_rounds, 0);
	weir_unwatch_fd(&g.w->nodes[0], fd);
	close(fd);
	rig_close(&g);
}

static void set_active(struct rig *g, const char *value, unsigned watched)
{
	cr_assert_eq(weir_handler_write(g->router, "f.active", value, &g->err), 0);
	cr_assert_eq(g->w->n_sleep, watched);
	cr_assert_eq(g->w->awake, watched);
}

// What waits there would end every sleep at once. But what other workers took is still put back.
Test(worker, an_inactive_device_does_not_end_sleep)
{
	struct rig g;

	rig_open(&g, "f :: FromDevice(nowhere0, BUSY_POLL true, ACTIVE false) -> Discard;");
	cr_assert_eq(g.w->n_sleep, 0);
	cr_assert_eq(g.w->awake, 0);
	set_active(&g, "true", 1);
	set_active(&g, "true", 1);
	cr_assert_eq(g.w->sleep[1].fd, g.silence.base.fd);
	set_active(&g, "false", 0);
	set_active(&g, "false", 0);
	cr_assert_eq(busy_rounds(&g, 10), 0);
	cr_assert_eq(atomic_load(&g.silence.asked), 10);
	set_active(&g, "true", 1);
	rig_close(&g);
}
