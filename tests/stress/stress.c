// SPDX-License-Identifier: BSD-2-Clause

// Workers that run a graph in memory while the main thread reads and writes its handlers, and
// starts and ends engines. Meant for ThreadSanitizer; by itself it checks that every packet is
// accounted for whenever the world stands still.

#include <weir/handler.h>

#include <engine.h>
#include <session.h>
#include <stdio.h>
#include <time.h>

enum { NS_PER_MS = 1000 * 1000, LONG_MS = 1200, SHORT_MS = 15, SHORT_RUNS = 40 };

// Sources, queues, timers, and a script that stops the world from within a worker.
static const char one_worker[] =
	"source :: InfiniteSource -> c :: Counter -> tee :: Tee -> q :: Queue(4096)\n"
	"	-> u :: Unqueue(-1) -> sw :: Switch -> d :: Discard;\n"
	"sw[1] -> Discard;\n"
	"tee[1] -> average :: AverageCounter -> paint :: Paint(1) -> CheckPaint(1) -> Discard;\n"
	"rated :: RatedSource(RATE 20000) -> late :: Queue(4096) -> wait :: DelayUnqueue(0.001)\n"
	"	-> Discard;\n"
	"timed :: TimedSource(0.001) -> Discard;\n"
	"Script(TYPE ACTIVE, label again, write d.reset_counts, set n $(c.count), wait 0.002,\n"
	"	goto again);\n";

// What workers share nothing of: a queue has one worker at each end.
static const char two_workers[] =
	"source :: InfiniteSource -> c :: Counter -> tee :: Tee -> sw :: Switch -> d :: Discard;\n"
	"sw[1] -> Discard;\n"
	"tee[1] -> average :: AverageCounter -> paint :: Paint(1) -> Discard;\n"
	"rated :: RatedSource(RATE 20000) -> Discard;\n"
	"timed :: TimedSource(0.001) -> Discard;\n";

// value NULL: read. An element that a graph does not have is passed over.
struct call {
	const char *handler, *value;
};
static const struct call calls[] = {
	{"c.count", NULL},
	{"c.rate", NULL},
	{"source.counts", NULL},
	{"sw.switch", "1"},
	{"c.reset", ""},
	{"q.length", NULL},
	{"paint.config", "7"},
	{"q.capacity", "5000"},
	{"sw.switch", "0"},
	{"average.rate", NULL},
	{"tee.drops", NULL},
	{"q.reset", ""},
	{"rated.rate", "30000"},
	{"average.reset", ""},
	{"timed.interval", "0.002"},
	{"wait.delay", "0.002"},
	{"source.active", "false"},
	{"d.count", NULL},
	{"source.active", "true"},
	{"source.reset", ""},
	{"sw.config", NULL},
	{"u.count", NULL},
	{"q.capacity", "4096"},
	{"late.highwater_length", NULL},
	{"source.data", "abc"},
	{"rated.rate", "20000"},
	{"u.burst", "-1"},
	{"flatconfig", NULL},
};

static unsigned n_passed, n_failed;

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / NS_PER_MS;
}

static bool has(struct weir_router *r, const char *handler)
{
	bool has_element;

	return weir_handler_find(r, handler, &has_element) || has_element;
}

// False, and says why, if the call fails.
static bool make_call(struct weir_router *r, const struct call *c)
{
	struct weir_buf out = {};
	struct weir_err err = {};
	int rc = c->value ? weir_handler_write(r, c->handler, c->value, &err)
			  : weir_handler_read(r, c->handler, NULL, &out, &err);

	if (rc)
		fprintf(stderr, "%s: %s", c->handler, err.text ? err.text : "failed\n");
	weir_buf_free(&out);
	weir_err_free(&err);
	return !rc;
}

// False, and says so, if packets are missing while the world stands still.
static bool accounted(struct weir_engine *g)
{
	struct weir_ledger l;
	bool same;

	weir_world_stop(g);
	weir_ledger(g, &l);
	weir_world_go(g);
	same = l.made == l.ended + l.held + l.dropped;
	if (!same)
		fprintf(stderr, "%llu made, but %llu ended, %llu held, %llu dropped\n",
			(unsigned long long)l.made, (unsigned long long)l.ended,
			(unsigned long long)l.held, (unsigned long long)l.dropped);
	return same;
}

// Calls handlers for so long, each with a little time for the workers behind it.
static bool hammer(const struct session *s, unsigned ms, unsigned *n_calls)
{
	const struct timespec pause = {.tv_nsec = 100000};
	uint64_t end = now_ms() + ms;
	bool good = true;

	for (; good && now_ms() < end; ++*n_calls) {
		const struct call *c = &calls[*n_calls % (sizeof(calls) / sizeof(*calls))];

		if (has(s->router, c->handler))
			good = make_call(s->router, c) && accounted(s->engine);
		if (*n_calls % 4 == 3)
			nanosleep(&pause, NULL);
	}
	return good;
}

static bool run(const char *text, unsigned n_workers, unsigned ms, unsigned *n_calls)
{
	const struct session_options opt = {.text = text, .engine = {.n_workers = n_workers}};
	struct weir_err err = {};
	struct session s = {};
	struct weir_ledger l = {};
	bool good = false;

	if (!session_check(&s, &opt, &err) && !session_open(&s, &opt, &err) &&
	    !weir_engine_start(s.engine)) {
		good = hammer(&s, ms, n_calls);
		weir_engine_stop(s.engine);
		weir_engine_join(s.engine);
		weir_ledger(s.engine, &l);
	}
	if (err.text)
		fputs(err.text, stderr);
	if (good && ms >= LONG_MS && !l.made) {
		fprintf(stderr, "no packet was made\n");
		good = false;
	}
	weir_err_free(&err);
	session_close(&s);
	return good;
}

static void report(const char *what, bool good, unsigned n_calls)
{
	n_passed += good;
	n_failed += !good;
	printf("%s: %s, %u calls\n", good ? "ok" : "FAILED", what, n_calls);
}

static void stress(const char *what, const char *text, unsigned n_workers)
{
	unsigned n_calls = 0;
	bool good = run(text, n_workers, LONG_MS, &n_calls);

	report(what, good, n_calls);
}

static void restart(const char *what, const char *text, unsigned n_workers)
{
	unsigned n_calls = 0;
	bool good = true;

	// the first ones end before their workers begin
	for (unsigned i = 0; good && i < SHORT_RUNS; i++)
		good = run(text, n_workers, i % (SHORT_MS + 1), &n_calls);
	report(what, good, n_calls);
}

int main(void)
{
	stress("handlers against one worker", one_worker, 1);
	restart("one worker that starts and stops", one_worker, 1);
	stress("handlers against two workers", two_workers, 2);
	restart("two workers that start and stop", two_workers, 2);
	printf("%u passed, %u failed\n", n_passed, n_failed);
	return n_failed || !n_passed;
}
