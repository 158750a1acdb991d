// SPDX-License-Identifier: BSD-2-Clause
#include "setup.h"

#include <figure.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

// Every worker has queues of its own.
static bool count_queues(void *arg, const struct weir_device *, unsigned *n_rx, unsigned *n_tx)
{
	*n_rx = *n_tx = *(unsigned *)arg;
	return true;
}

static int divide(struct setup *s, unsigned n_workers, struct weir_err *err)
{
	struct weir_threads_options opt = {
		.n_workers = n_workers, .queues = count_queues, .arg = &n_workers};

	s->cpus = calloc(n_workers, sizeof(*s->cpus));
	if (!s->cpus || weir_cpus_deal(s->cpus, n_workers, NULL, err))
		return -1;
	opt.cpus = s->cpus;
	return weir_threads(&s->threads, s->router, &opt, err);
}

static int open_engine(struct setup *s, unsigned n_workers, unsigned burst, struct weir_err *err)
{
	const struct weir_engine_options opt = {
		.n_workers = n_workers,
		.burst = burst,
		.cpus = s->cpus,
		.pools = &s->pool,
		.n_pools = 1,
	};

	s->pool = &s->wires.pool;
	return weir_engine_open(&s->engine, s->router, &opt, err);
}

void setup_open(struct setup *s, const char *text, unsigned n_workers, unsigned burst)
{
	struct weir_err err = {};
	struct lang_router flat;

	if (!lang_parse(&flat, "bench", text, strlen(text), NULL, 0, &err) &&
	    !weir_router_build(&s->router, &flat, &err) && !weir_router_init(s->router, &err) &&
	    !divide(s, n_workers, &err) && !wires_open(&s->wires, s->router, n_workers, &err) &&
	    !open_engine(s, n_workers, burst, &err))
		return;
	fprintf(stderr, "%s", err.text ? err.text : "out of memory\n");
	exit(1);
}

void setup_close(struct setup *s)
{
	weir_engine_close(s->engine);
	weir_threads_free(&s->threads);
	weir_router_free(s->router);
	wires_close(&s->wires);
	free(s->cpus);
	*s = (struct setup){};
}

// Refused: then it is as it was.
static void schedule(pthread_t thread, int policy, int priority)
{
	const struct sched_param p = {.sched_priority = priority};

	pthread_setschedparam(thread, policy, &p);
}

void setup_urgent_begin(void)
{
	schedule(pthread_self(), SCHED_FIFO | SCHED_RESET_ON_FORK, 2);
}

void setup_urgent(pthread_t thread)
{
	schedule(thread, SCHED_FIFO, 1);
}

void setup_urgent_end(void)
{
	schedule(pthread_self(), SCHED_OTHER | SCHED_RESET_ON_FORK, 0);
}

void setup_start(struct setup *s)
{
	atomic_store(&s->engine->stop, false);
	setup_urgent_begin();
	if (weir_engine_start(s->engine)) {
		fprintf(stderr, "cannot start workers\n");
		exit(1);
	}
	for (unsigned i = 0; i < s->wires.n; i++)
		setup_urgent(s->engine->workers[i].thread);
}

void setup_stop(struct setup *s)
{
	weir_engine_stop(s->engine);
	weir_engine_join(s->engine);
	setup_urgent_end();
}

uint64_t setup_sent(const struct setup *s)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < s->wires.n; i++)
		sum += wire_sent(&s->wires.wire[i]);
	return sum;
}

static uint64_t progress(const struct setup *s)
{
	uint64_t sum = setup_sent(s);

	for (unsigned i = 0; i < s->wires.n; i++)
		sum += s->wires.wire[i].given;
	return sum;
}

// A worker that polls has always something to do.
void setup_drain(struct setup *s)
{
	enum { ROUNDS = 8 }; // that a packet may need between two interfaces
	uint64_t before = UINT64_MAX;

	while (progress(s) != before) {
		before = progress(s);
		for (unsigned k = 0; k < ROUNDS; k++)
			for (unsigned i = 0; i < s->wires.n; i++)
				weir_worker_round(&s->engine->workers[i]);
	}
}

void setup_check(struct setup *s)
{
	struct weir_ledger l;

	for (unsigned i = 0; i < s->wires.n; i++)
		s->wires.wire[i].left = 0;
	setup_drain(s);
	weir_ledger(s->engine, &l);
	if (l.made == setup_sent(s) && !l.dropped && !l.held)
		return;
	fprintf(stderr, "made %llu, sent %llu, dropped %llu, held %llu\n",
		(unsigned long long)l.made, (unsigned long long)setup_sent(s),
		(unsigned long long)l.dropped, (unsigned long long)l.held);
	exit(1);
}

void setup_sleep(long ms)
{
	const struct timespec t = {.tv_nsec = ms * 1000 * 1000};

	nanosleep(&t, NULL);
}

uint64_t setup_measure(struct setup *s, long warm_ms, long ms, uint64_t *ns)
{
	uint64_t t, sent;

	for (unsigned i = 0; i < s->wires.n; i++)
		s->wires.wire[i].left = UINT64_MAX;
	setup_start(s);
	setup_sleep(warm_ms);
	sent = setup_sent(s);
	t = figure_clock();
	setup_sleep(ms);
	sent = setup_sent(s) - sent;
	*ns = figure_clock() - t;
	setup_stop(s);
	return sent;
}
