// SPDX-License-Identifier: BSD-2-Clause
#include "balance.h"

#include <weir/grace.h>
#include <weir/handler.h>

#include <device.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

static const uint64_t LOOK_NS = 500ull * 1000 * 1000;
static const double BUSY = 0.3;	   // below, a worker has time enough
static const double APART = 0.15;  // nearer, loads are even
static const double PERIOD = 0.05; // seconds that a move takes at most, mostly a grace period
enum { MOST_BUCKETS = 64 };

// --- what to move ---
static uint64_t packets_of(const struct weir_balance_device *d, unsigned worker)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < WEIR_BUCKETS; i++)
		if (d->bucket[i].worker == worker)
			sum += d->bucket[i].packets;
	return sum;
}

static unsigned busiest(const struct weir_load *l)
{
	unsigned hot = 0;

	for (unsigned w = 1; w < l->n_workers; w++)
		if (l->busy[w] > l->busy[hot])
			hot = w;
	return hot;
}

static unsigned idlest(const struct weir_load *l, const struct weir_workers *may, unsigned hot)
{
	unsigned cold = hot;

	for (unsigned w = weir_workers_next(may, 0); w < l->n_workers;
	     w = weir_workers_next(may, w + 1))
		if (l->busy[w] < l->busy[cold])
			cold = w;
	return cold;
}

struct ranked {
	uint64_t packets;
	unsigned bucket;
};

static int by_packets(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return x->packets < y->packets ? 1 : x->packets > y->packets ? -1 : 0;
}

static unsigned rank(const struct weir_balance_device *d, unsigned worker,
		     struct ranked v[WEIR_BUCKETS])
{
	unsigned n = 0;

	for (unsigned i = 0; i < WEIR_BUCKETS; i++)
		if (d->bucket[i].worker == worker && d->bucket[i].packets)
			v[n++] = (struct ranked){d->bucket[i].packets, i};
	qsort(v, n, sizeof(*v), by_packets);
	return n;
}

// The largest that fit into `want`, or else the smallest that still makes the busier one less busy
// than it was, and the other not more than that.
static void pick(const struct ranked *v, unsigned n, double want, double most,
		 struct weir_choice *c)
{
	double left = want < most ? want : most;

	for (unsigned i = 0; i < n && c->n < MOST_BUCKETS; i++) {
		if ((double)v[i].packets > left)
			continue;
		left -= (double)v[i].packets;
		weir_buckets_add(&c->what, v[i].bucket);
		c->n++;
	}
	if (c->n || !n || (double)v[n - 1].packets >= 2 * want || (double)v[n - 1].packets > most)
		return;
	weir_buckets_add(&c->what, v[n - 1].bucket);
	c->n = 1;
}

bool weir_balance_choose(const struct weir_load *l, struct weir_choice *c)
{
	const struct weir_balance_device *d = NULL;
	unsigned hot = busiest(l), n;
	struct ranked v[WEIR_BUCKETS];
	uint64_t all = 0, most = 0;
	double want;

	*c = (struct weir_choice){.from = hot};
	for (unsigned i = 0; i < l->n_devices; i++) {
		uint64_t packets = packets_of(&l->devices[i], hot);

		all += packets;
		if (packets > most && weir_workers_count(&l->devices[i].may) > 1) {
			most = packets;
			d = &l->devices[i];
		}
	}
	if (!d || l->busy[hot] < BUSY)
		return false;
	c->device = d->device;
	c->to = idlest(l, &d->may, hot);
	if (l->busy[hot] - l->busy[c->to] < APART)
		return false;
	want = (double)all * (l->busy[hot] - l->busy[c->to]) / 2 / l->busy[hot];
	n = rank(d, hot, v);
	pick(v, n, want, WEIR_MOVE_HELD / PERIOD * l->seconds, c);
	return c->n;
}

// --- doing it ---
struct weir_balance {
	struct weir_engine *engine;
	struct weir_move move;
	unsigned n_devices;
	struct weir_balance_device *devices; // the last while
	struct weir_bucket (*before)[WEIR_BUCKETS];
	double *busy;
	uint64_t *busy_before;
	uint64_t looked_at;
	uint64_t n_moves, n_buckets, n_postponed;

	// Held by the tick where it writes what show reads, never while the world stands still.
	pthread_mutex_t lock;
	// writer: whoever asks, while `asked` is false; reader: the tick
	struct weir_choice wish;
	atomic_bool asked;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

// Where hints say whose packets are, the table of buckets is not all that there is to it.
static bool can_move(const struct weir_device *d)
{
	return d->ops && d->ops->move && d->plan.steer && d->plan.key != WEIR_KEY_OWNER;
}

static int make_room(struct weir_balance *b)
{
	const unsigned n_workers = b->engine->opt.n_workers;

	b->devices = calloc(b->n_devices, sizeof(*b->devices));
	b->before = calloc(b->n_devices, sizeof(*b->before));
	b->busy = calloc(n_workers, sizeof(*b->busy));
	b->busy_before = calloc(n_workers, sizeof(*b->busy_before));
	return b->devices && b->before && b->busy && b->busy_before ? 0 : -ENOMEM;
}

static void look(struct weir_balance *b, double seconds)
{
	for (unsigned w = 0; w < b->engine->opt.n_workers; w++) {
		uint64_t ns = atomic_load(&b->engine->workers[w].busy_ns);

		b->busy[w] = (double)(ns - b->busy_before[w]) / 1e9 / seconds;
		b->busy_before[w] = ns;
	}
	for (unsigned i = 0; i < b->n_devices; i++) {
		struct weir_balance_device *d = &b->devices[i];

		d->device->ops->move->buckets(d->device, d->bucket);
		for (unsigned k = 0; k < WEIR_BUCKETS; k++) {
			uint64_t packets = d->bucket[k].packets;

			d->bucket[k].packets -= b->before[i][k].packets;
			b->before[i][k].packets = packets;
		}
	}
}

int weir_balance_open(struct weir_balance **out, struct weir_engine *g, struct weir_err *err)
{
	struct weir_balance *b = calloc(1, sizeof(*b));
	unsigned i = 0;

	*out = NULL;
	if (!b)
		return -ENOMEM;
	b->engine = g;
	pthread_mutex_init(&b->lock, NULL);
	for (struct weir_device *d = weir_router_devices(g->router); d; d = d->next)
		b->n_devices += can_move(d);
	if (!b->n_devices || !weir_grace_works()) {
		const char *why = b->n_devices ? "this kernel does not tell when its programs are "
						 "done (membarrier)"
					       : "no interface deals its packets out to workers";

		free(b);
		weir_error(err, NULL, "--balance: %s", why);
		return -EOPNOTSUPP;
	}
	if (make_room(b)) {
		weir_balance_close(b);
		return -ENOMEM;
	}
	for (struct weir_device *d = weir_router_devices(g->router); d; d = d->next) {
		if (!can_move(d))
			continue;
		b->devices[i].device = d;
		b->devices[i++].may = d->plan.rx;
		d->ops->move->count(d, true);
	}
	look(b, 1);
	b->looked_at = now_ns();
	*out = b;
	return 0;
}

void weir_balance_close(struct weir_balance *b)
{
	if (!b)
		return;
	weir_move_close(&b->move);
	for (unsigned i = 0; b->devices && i < b->n_devices; i++)
		if (b->devices[i].device)
			b->devices[i].device->ops->move->count(b->devices[i].device, false);
	pthread_mutex_destroy(&b->lock);
	free(b->devices);
	free(b->before);
	free(b->busy);
	free(b->busy_before);
	free(b);
}

static bool move(struct weir_balance *b, const struct weir_choice *c)
{
	if (!weir_move_begin(&b->move, b->engine, c->device, &c->what, c->from, c->to)) {
		pthread_mutex_lock(&b->lock);
		b->n_postponed++;
		pthread_mutex_unlock(&b->lock);
		return false;
	}
	pthread_mutex_lock(&b->lock);
	b->n_moves++;
	b->n_buckets += weir_buckets_count(&b->move.what);
	pthread_mutex_unlock(&b->lock);
	return true;
}

static void even_out(struct weir_balance *b, double seconds)
{
	const struct weir_load load = {
		.n_workers = b->engine->opt.n_workers,
		.n_devices = b->n_devices,
		.busy = b->busy,
		.devices = b->devices,
		.seconds = seconds,
	};
	struct weir_choice c;

	if (weir_balance_choose(&load, &c))
		move(b, &c);
}

// A move has one old worker: the wish is met one after the other, as far as can be.
static void meet_wish(struct weir_balance *b)
{
	struct weir_choice c = {.device = b->wish.device, .to = b->wish.to};
	struct weir_bucket now[WEIR_BUCKETS];
	bool found = false;

	c.device->ops->move->buckets(c.device, now);
	for (unsigned i = 0; i < WEIR_BUCKETS; i++) {
		if (!weir_buckets_has(&b->wish.what, i) || now[i].worker == c.to ||
		    (found && now[i].worker != c.from))
			continue;
		found = true;
		c.from = now[i].worker;
		weir_buckets_add(&c.what, i);
		c.n++;
	}
	if (!found || !move(b, &c))
		atomic_store(&b->asked, false);
}

bool weir_balance_tick(struct weir_balance *b)
{
	uint64_t now = now_ns();
	double seconds = (double)(now - b->looked_at) / 1e9;

	if (weir_move_go_on(&b->move))
		return true;
	if (atomic_load(&b->asked))
		meet_wish(b);
	if (b->move.step != WEIR_MOVE_NONE || now - b->looked_at < LOOK_NS)
		return b->move.step != WEIR_MOVE_NONE;
	pthread_mutex_lock(&b->lock);
	look(b, seconds);
	pthread_mutex_unlock(&b->lock);
	b->looked_at = now;
	even_out(b, seconds);
	return b->move.step != WEIR_MOVE_NONE;
}

int weir_balance_ask(struct weir_balance *b, struct weir_device *d, const struct weir_buckets *what,
		     unsigned to)
{
	if (!can_move(d) || !weir_workers_has(&d->plan.rx, to))
		return -EINVAL;
	if (atomic_load(&b->asked))
		return -EBUSY;
	b->wish = (struct weir_choice){.device = d, .to = to, .what = *what};
	atomic_store(&b->asked, true);
	return 0;
}

void weir_balance_show(struct weir_balance *b, struct weir_buf *out)
{
	pthread_mutex_lock(&b->lock);
	weir_printf(out, "moves %llu, buckets %llu, postponed %llu\n",
		    (unsigned long long)b->n_moves, (unsigned long long)b->n_buckets,
		    (unsigned long long)b->n_postponed);
	for (unsigned w = 0; w < b->engine->opt.n_workers; w++) {
		weir_printf(out, "worker %u: %.0f %% busy", w, 100 * b->busy[w]);
		for (unsigned i = 0; i < b->n_devices; i++) {
			const struct weir_balance_device *d = &b->devices[i];
			unsigned n = 0;

			for (unsigned k = 0; k < WEIR_BUCKETS; k++)
				n += d->bucket[k].worker == w;
			weir_printf(out, ", %s %u buckets", d->device->name, n);
		}
		weir_printf(out, "\n");
	}
	pthread_mutex_unlock(&b->lock);
}
