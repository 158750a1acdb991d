// SPDX-License-Identifier: BSD-2-Clause
// The thread analysis: what may never be, in every configuration, and who gets what in some.
#include <weir/device.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <glob.h>
#include <lang.h>
#include <stdio.h>
#include <threads.h>

struct rig {
	struct weir_router *router;
	struct weir_threads threads;
	struct weir_err err;
	const struct weir_worker_cpu *cpus;
	unsigned n_queues; // of the first interface; each has twice as many as the one before
	bool lenient;
};

static bool count_queues(void *arg, const struct weir_device *d, unsigned *n_rx, unsigned *n_tx)
{
	const struct rig *g = arg;
	const struct weir_element *any = g->router->elements[0];
	unsigned n = g->n_queues;

	for (unsigned i = 1; n && weir_device_find(any, i) != d; i++)
		n = n == 8 ? 1 : 2 * n;
	*n_rx = *n_tx = n;
	return n;
}

// a is on node 0, b on node 1, and of others nobody knows.
static int node_of(void *, const struct weir_device *d)
{
	const char *name = weir_device_name(d);

	return name[1] ? -1 : name[0] == 'a' ? 0 : name[0] == 'b' ? 1 : -1;
}

static int analyse(struct rig *g, unsigned n_workers)
{
	const struct weir_threads_options opt = {
		.n_workers = n_workers,
		.cpus = g->cpus,
		.queues = count_queues,
		.node = node_of,
		.arg = g,
		.lenient = g->lenient,
	};

	weir_threads_free(&g->threads);
	return weir_threads(&g->threads, g->router, &opt, &g->err);
}

static void rig_open(struct rig *g, const char *text)
{
	struct lang_router flat = {};

	cr_assert_eq(lang_parse(&flat, "test", text, strlen(text), NULL, 0, &g->err), 0, "%s",
		     g->err.text);
	cr_assert_eq(weir_router_build(&g->router, &flat, &g->err), 0, "%s", g->err.text);
}

static void rig_close(struct rig *g)
{
	weir_threads_free(&g->threads);
	weir_router_free(g->router);
	weir_err_free(&g->err);
}

// --- what may never be ---------------------------------------------------------------------------

static bool is_part(const struct weir_workers *part, const struct weir_workers *of)
{
	struct weir_workers all = *of;

	return !weir_workers_join(&all, part);
}

static void check_element(const struct weir_element *e, unsigned n_workers)
{
	unsigned last = 0;

	for (unsigned w = weir_workers_next(&e->runs, 0); w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(&e->runs, w + 1))
		last = w;
	cr_assert(weir_workers_count(&e->runs), "%s", e->name);
	cr_assert_lt(last, n_workers, "%s", e->name);
	cr_assert(is_part(&e->tasks, &e->runs), "%s", e->name);
	cr_assert(weir_workers_has(&e->runs, e->home), "%s", e->name);
	cr_assert(!weir_workers_count(&e->tasks) || weir_workers_has(&e->tasks, e->home), "%s",
		  e->name);
}

static void check_connection(const struct weir_connection *c)
{
	const struct weir_element *from = c->from, *to = c->to;

	if (weir_out_is_pull(from, c->from_port)) {
		cr_assert(is_part(&to->runs, &from->runs), "%s -> %s", from->name, to->name);
		cr_assert_eq(weir_workers_count(&to->runs), 1, "%s is pulled from by several",
			     from->name);
	} else {
		cr_assert(is_part(from->class->changes_worker ? &from->tasks : &from->runs,
				  &to->runs),
			  "%s -> %s", from->name, to->name);
	}
}

static bool relays(const struct weir_router *r, const struct weir_device *d, unsigned worker)
{
	for (unsigned i = 0; i < r->n_elements; i++) {
		const struct weir_element *e = r->elements[i];
		char *name;

		if (!e->class->transmits || !weir_workers_has(&e->tasks, worker))
			continue;
		memcpy(&name, e->self, sizeof(name)); // DEVNAME comes first
		if (!strcmp(name, weir_device_name(d)))
			return true;
	}
	return false;
}

static void check_device(const struct weir_router *r, struct weir_device *d, unsigned n_queues)
{
	const struct weir_device_plan *p = weir_device_plan(d);
	unsigned n_rx = weir_workers_count(&p->rx);
	bool is_own;

	cr_assert_eq(p->known, n_queues != 0);
	cr_assert_eq(p->key != WEIR_KEY_NONE, p->steer);
	// an element may want more than queues give
	cr_assert_eq(p->steer, p->n_rx < n_rx || p->key > WEIR_KEY_FLOW);
	cr_assert(is_part(&p->owners, &p->tx));
	cr_assert_eq(!weir_workers_count(&p->owners), !weir_workers_count(&p->tx));
	for (unsigned q = 0; n_rx && q < p->n_rx; q++)
		cr_assert(weir_workers_has(&p->rx, weir_rx_owner(p, q)));
	// without steering, every worker that is to receive has a queue
	for (unsigned w = weir_workers_next(&p->rx, 0), q; !p->steer && w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(&p->rx, w + 1)) {
		for (q = 0; q < p->n_rx && weir_rx_owner(p, q) != w;)
			q++;
		cr_assert_lt(q, p->n_rx);
	}
	for (unsigned w = weir_workers_next(&p->tx, 0); w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(&p->tx, w + 1)) {
		unsigned owner = weir_tx_owner(p, weir_tx_queue(p, w, &is_own));

		cr_assert_eq(is_own, owner == w);
		cr_assert(relays(r, d, owner), "%s: worker %u", weir_device_name(d), owner);
	}
}

static void check_all(struct rig *g, unsigned n_workers)
{
	const struct weir_router *r = g->router;
	struct weir_device *d;

	for (unsigned i = 0; i < r->n_elements; i++)
		check_element(r->elements[i], n_workers);
	for (unsigned i = 0; i < r->n_connections; i++)
		check_connection(&r->connections[i]);
	for (unsigned i = 1; (d = weir_device_find(r->elements[0], i)); i++)
		check_device(r, d, g->n_queues);
}

static void check_file(const char *path)
{
	static const unsigned workers[] = {1, 2, 3, 8, 256}, queues[] = {0, 1, 2, 4, 8};
	struct rig g = {};
	char text[512];

	snprintf(text, sizeof(text),
		 "AddressInfo(eth1 10.0.1.1/24 2001:db8:1::1/64 2:0:0:0:0:1,\n"
		 "eth2 10.0.2.1/24 2001:db8:2::1/64 2:0:0:0:0:2,\n"
		 "eth1:ip6ll fe80::1, eth2:ip6ll fe80::2);\n"
		 "require(library %s)",
		 path);
	rig_open(&g, text);
	for (unsigned w = 0; w < sizeof(workers) / sizeof(*workers); w++)
		for (unsigned q = 0; q < sizeof(queues) / sizeof(*queues); q++) {
			g.n_queues = queues[q];
			cr_assert_eq(analyse(&g, workers[w]), 0, "%s: %s", path, g.err.text);
			check_all(&g, workers[w]);
		}
	rig_close(&g);
}

Test(threads, every_configuration)
{
	glob_t files;

	cr_assert_eq(glob("configs/*.click", 0, NULL, &files), 0);
	cr_assert_geq(files.gl_pathc, 7);
	for (size_t i = 0; i < files.gl_pathc; i++)
		check_file(files.gl_pathv[i]);
	globfree(&files);
}

// --- who gets what -------------------------------------------------------------------------------

#define ROW(config_, workers_, want_, ...)                                                 \
	{                                                                                  \
		.config = (config_), .n_workers = (workers_), .want = (want_), __VA_ARGS__ \
	}
struct row {
	const char *config;
	unsigned n_workers;
	const char *want; // "name runs", or "name runs/tasks" where they differ
	unsigned n_queues;
	const struct weir_worker_cpu *cpus;
};

static void describe(const struct weir_router *r, struct weir_buf *out)
{
	for (unsigned i = 0; i < r->n_elements; i++) {
		const struct weir_element *e = r->elements[i];

		if (strchr(e->name, '@'))
			continue;
		weir_printf(out, "%s%s ", out->len ? ", " : "", e->name);
		weir_workers_print(&e->runs, out);
		if (!e->class->task || is_part(&e->runs, &e->tasks))
			continue;
		weir_printf(out, "/");
		weir_workers_print(&e->tasks, out);
	}
}

static void check(const struct row *row)
{
	struct rig g = {.n_queues = row->n_queues, .cpus = row->cpus};
	struct weir_buf got = {};

	rig_open(&g, row->config);
	cr_assert_eq(analyse(&g, row->n_workers), 0, "%s: %s", row->config, g.err.text);
	check_all(&g, row->n_workers);
	describe(g.router, &got);
	cr_assert_str_eq(got.text, row->want, "%s: %s", row->config, got.text);
	weir_buf_free(&got);
	rig_close(&g);
}

static void check_rows(const struct row *rows, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		check(&rows[i]);
}
#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof(*(rows)))

Test(threads, packets_stay_where_they_came_in)
{
	static const struct row rows[] = {
		ROW("f :: FromDevice(a) -> n :: Null -> t :: ToDevice(b)", 3,
		    "f 0-2, n 0-2, t 0-2"),
		ROW("f :: FromDevice(a) -> n :: Null -> t :: ToDevice(b)", 1, "f 0, n 0, t 0"),
		ROW("f :: FromDevice(a) -> t :: Tee -> d :: Discard; t[1] -> c :: Counter -> "
		    "ToHost",
		    2, "f 0-1, t 0-1, d 0-1, c 0-1"),
		// a way back, and one that nobody takes
		ROW("f :: FromDevice(a) -> n :: Null -> s :: Switch -> Discard; s[1] -> m :: Null "
		    "-> n; i :: Idle -> k :: Null -> Discard",
		    2, "f 0-1, n 0-1, s 0-1, m 0-1, i 0, k 0"),
	};

	CHECK(rows);
}

Test(threads, a_queue_changes_workers)
{
	static const struct row rows[] = {
		ROW("f :: FromDevice(a) -> q :: Queue -> u :: Unqueue -> n :: Null -> t :: "
		    "ToDevice(b)",
		    4, "f 0-3, q 0-3, u 3, n 3, t 3"),
		// stages, one after the other
		ROW("f :: FromDevice(a) -> q :: Queue -> u :: Unqueue -> r :: Queue -> v :: "
		    "Unqueue -> s :: Queue -> t :: ToDevice(b)",
		    3, "f 0-2, q 0-2, u 2, r 1-2, v 1, s 0-1, t 0"),
		ROW("i :: InfiniteSource -> q :: Queue -> u :: Unqueue -> r :: Queue -> d :: "
		    "Discard",
		    2, "i 1, q 0-1, u 0, r 0-1, d 1"),
		ROW("f :: FromDevice(a) -> p :: Pipeliner -> n :: Null -> q :: Pipeliner -> t :: "
		    "ToDevice(b)",
		    3, "f 0-2, p 0-2/2, n 2, q 1-2/1, t 1"),
		ROW("f :: FromDevice(a) -> h :: HashSwitch(26, 8) -> p :: Pipeliner -> t :: "
		    "ToDevice(b); h[1] -> q :: Pipeliner -> t; StaticThreadSched(p 2, q 2)",
		    3, "f 0-2, h 0-2, p 0-2/2, t 2, q 0-2/2"),
		// all of a pull way is its puller's
		ROW("f :: FromDevice(a) -> c :: Classifier(0/01, -); c -> q :: Queue -> [0] p :: "
		    "PrioSched -> s :: Shaper(1) -> n :: Counter -> t :: ToDevice(b); c[1] -> r :: "
		    "Queue -> [1] p",
		    2, "f 0-1, c 0-1, q 0-1, p 1, s 1, n 1, t 1, r 0-1"),
		// what is pulled from a source is its puller's too
		ROW("f :: FromDump(/dev/null) -> s :: Shaper(1) -> t :: ToDevice(b)", 3,
		    "f 2, s 2, t 2"),
		// more tasks than workers
		ROW("a :: InfiniteSource -> Discard; b :: InfiniteSource -> Discard; c :: "
		    "InfiniteSource -> Discard",
		    2, "a 1, b 0, c 1"),
	};

	CHECK(rows);
}

Test(threads, what_pulls_from_one_element_has_one_home)
{
	static const struct row rows[] = {
		ROW("s :: RatedSource -> q :: Queue -> i :: Idle -> u :: Unqueue -> d :: Discard; "
		    "i[1] -> v :: Unqueue -> e :: Discard",
		    3, "s 2, q 1-2, i 1, u 1, d 1, v 1, e 1"),
		ROW("s :: RatedSource -> q :: Queue -> t :: PullTee -> d :: Discard; t[1] -> e :: "
		    "Discard",
		    3, "s 2, q 1-2, t 1, d 1, e 1"),
	};

	CHECK(rows);
}

Test(threads, work_is_done_near_the_interfaces)
{
	static const struct weir_worker_cpu two[] = {{0, 0}, {1, 0}, {2, 1}, {3, 1}};
	static const struct weir_worker_cpu one[] = {{4, 1}, {5, 1}, {6, 1}, {7, 1}};
	static const struct row rows[] = {
		ROW("f :: FromDevice(a) -> t :: ToDevice(b); g :: FromDevice(b) -> u :: "
		    "ToDevice(a)",
		    4, "f 0-1, t 0-1, g 2-3, u 2-3", .n_queues = 4, .cpus = two),
		// workers of one node have nothing to choose
		ROW("f :: FromDevice(a) -> t :: ToDevice(b); g :: FromDevice(b) -> u :: "
		    "ToDevice(a)",
		    4, "f 0-3, t 0-3, g 0-3, u 0-3", .n_queues = 4, .cpus = one),
		// both directions of a flow are wanted on one worker
		ROW("f :: FromDevice(a) -> s :: TestSides -> t :: ToDevice(b); g :: FromDevice(b) "
		    "-> [1] s; s[1] -> u :: ToDevice(a)",
		    4, "f 0-3, s 0-3, t 0-3, g 0-3, u 0-3", .n_queues = 4, .cpus = two),
		// half of the workers would be without
		ROW("f :: FromDevice(a) -> t :: ToDevice(b)", 4, "f 0-3, t 0-3", .n_queues = 2,
		    .cpus = two),
		// few TX queues belong to those who are near, and none is without
		ROW("f :: FromDevice(a) -> t :: ToDevice(b)", 4, "f 0-3, t 0-3/2-3", .n_queues = 1,
		    .cpus = two),
		ROW("f :: FromDevice(a) -> t :: ToDevice(a)", 4, "f 0-3, t 0-3/0-1", .n_queues = 2,
		    .cpus = two),
		ROW("f :: FromDevice(a) -> d :: Discard; g :: FromDevice(else) -> e :: Discard", 4,
		    "f 0-1, d 0-1, g 0-3, e 0-3", .cpus = two),
		// so is who pulls
		ROW("f :: FromDevice(a) -> q :: Queue -> t :: ToDevice(a)", 4, "f 0-3, q 0-3, t 1",
		    .cpus = two),
		// a pin counts more
		ROW("f :: FromDevice(a, THREADS \"1-2\") -> t :: ToDevice(b); g :: FromDevice(b) "
		    "-> "
		    "u :: ToDevice(a); h :: FromDevice(else, THREADS 0) -> d :: Discard",
		    4, "f 1-2, t 1-2, g 2-3, u 2-3, h 0, d 0", .n_queues = 4, .cpus = two),
	};

	CHECK(rows);
}

Test(threads, control_stays_with_worker_0)
{
	static const struct row rows[] = {
		ROW("s :: Script(wait 1s); c :: ControlSocket(tcp, 1); a :: AddressInfo(x "
		    "1.0.0.1); "
		    "i :: InfiniteSource -> d :: Discard",
		    2, "s 0, c 0, a 0, i 1, d 1"),
	};

	CHECK(rows);
}

Test(threads, pins)
{
	static const struct row rows[] = {
		ROW("f :: FromDevice(a, THREADS \"0,2-3\") -> t :: ToDevice(b)", 4,
		    "f 0,2-3, t 0,2-3", .n_queues = 8),
		// the others go where the receiver is not
		ROW("f :: FromDevice(a, THREADS 1) -> q :: Queue -> u :: Unqueue -> d :: Discard",
		    2, "f 1, q 0-1, u 0, d 0"),
		ROW("StaticThreadSched(u 0); f :: FromDevice(a) -> q :: Queue -> u :: Unqueue -> "
		    "r :: Queue -> v :: Unqueue -> d :: Discard",
		    2, "f 0-1, q 0-1, u 0, r 0-1, v 1, d 1"),
		// one of several
		ROW("StaticThreadSched(u 0-1); i :: InfiniteSource -> q :: Queue -> u :: Unqueue "
		    "-> d :: Discard",
		    3, "i 2, q 1-2, u 1, d 1"),
		// a compound, and an element in it that is nearer
		ROW("elementclass P { input -> q :: Queue -> u :: Unqueue -> r :: Queue -> v :: "
		    "Unqueue -> output } f :: FromDevice(a) -> p :: P -> d :: Discard; "
		    "StaticThreadSched(p 0, p/v 2)",
		    3, "f 0-2, d 2, p/q 0-2, p/u 0, p/r 0,2, p/v 2"),
		// from within one
		ROW("elementclass P { StaticThreadSched(u 0); input -> q :: Queue -> u :: Unqueue "
		    "-> output } f :: FromDevice(a) -> p :: P -> d :: Discard",
		    2, "f 0-1, d 0, p/q 0-1, p/u 0"),
		// by none
		ROW("StaticThreadSched(u -1); f :: FromDevice(a) -> q :: Queue -> u :: Unqueue -> "
		    "d :: Discard",
		    2, "f 0-1, q 0-1, u 0/-, d 0"),
		ROW("s :: Script(wait 1s); StaticThreadSched(s 1)", 2, "s 1"),
		// owners of TX queues relay for the others, and what they cannot send leaves there
		ROW("f :: FromDevice(a, THREADS 0-1) -> t :: ToDevice(b, THREADS 2); "
		    "t[unsent] -> d :: Discard",
		    3, "f 0-1, t 0-2/2, d 0-2"),
		ROW("f :: FromDevice(a) -> t :: ToDevice(b, THREADS 1); g :: FromDevice(b, THREADS "
		    "0) -> u :: ToDevice(b)",
		    2, "f 0-1, t 0-1/1, g 0, u 0-1/1"),
	};

	CHECK(rows);
}

Test(threads, pins_by_cpu)
{
	static const struct weir_worker_cpu cpus[] = {{.cpu = 7}, {.cpu = 3}, {.cpu = 7}};
	struct rig g = {.cpus = cpus};

	rig_open(&g, "f :: FromDevice(a, CPU \"3-3\") -> t :: ToDevice(b, CPU 7)");
	cr_assert_eq(analyse(&g, 3), 0, "%s", g.err.text);
	cr_assert_eq(weir_find(g.router, "f")->tasks.bits[0], 0b010);
	cr_assert_eq(weir_find(g.router, "t")->tasks.bits[0], 0b101);
	cr_assert_eq(analyse(&g, 1), -EINVAL);
	cr_assert(strstr(g.err.text, "test:1:1: `f' is pinned to CPU 3, on which no worker runs"),
		  "%s", g.err.text);
	rig_close(&g);
}

// --- mistakes ------------------------------------------------------------------------------------

static void check_error(const char *config, unsigned n_workers, const char *want)
{
	struct rig g = {};

	rig_open(&g, config);
	cr_assert_eq(analyse(&g, n_workers), -EINVAL, "%s", config);
	cr_assert(strstr(g.err.text, want), "%s", g.err.text);
	rig_close(&g);
}

Test(threads, pins_that_cannot_be)
{
	check_error(
		"f :: FromDevice(a) -> Discard;\nStaticThreadSched(f 2)", 2,
		"test:2:1: `f' is pinned to worker 2, but there are 2 workers, from 0 on (-j 2)");
	check_error("f :: FromDevice(a, THREADS \"0,3\") -> Discard", 1,
		    "test:1:1: `f' is pinned to worker 3, but there is 1 worker, from 0 on (-j 1)");
	check_error("f :: FromDevice(a, CPU 0) -> Discard", 1,
		    "`f' is pinned to CPU 0, but the workers are not pinned to CPUs");
	check_error("f :: FromDevice(a) -> Discard; s :: StaticThreadSched(f 0);\n"
		    "t :: StaticThreadSched(f 1)",
		    2, "test:2:1: `f' is pinned to worker 1 by `t', but to worker 0 by `s'");
	check_error(
		"f :: FromDevice(a) -> Discard; StaticThreadSched(f -1)", 2,
		"`f' (FromDevice) cannot be pinned to no worker: what comes to it has to go on");
	check_error("InfiniteSource -> p :: Pipeliner -> Discard; StaticThreadSched(p -1)", 2,
		    "`p' (Pipeliner) cannot be pinned to no worker");
	check_error("i :: InfiniteSource -> Queue -> p :: RoundRobinSched -> u :: Unqueue -> "
		    "Discard; d :: FromDump(/dev/null) -> [1] p; StaticThreadSched(d 0, u 1)",
		    2, "pull from the same elements, so they are on one worker, but are pinned");
}

Test(threads, click_takes_worker_0_for_one_that_is_not_there)
{
	struct rig g = {.lenient = true};

	rig_open(&g, "i :: InfiniteSource -> Discard; StaticThreadSched(i 5)");
	cr_assert_eq(analyse(&g, 1), 0, "%s", g.err.text);
	cr_assert(strstr(g.err.text, "`i' is pinned to worker 5, taken for 0"), "%s", g.err.text);
	rig_close(&g);
}

Test(threads, a_pin_without_effect_is_told)
{
	struct rig g = {};

	rig_open(&g, "f :: FromDevice(a) -> n :: Null -> Discard; StaticThreadSched(n 0)");
	cr_assert_eq(analyse(&g, 2), 0, "%s", g.err.text);
	cr_assert(strstr(g.err.text, "nothing of `n' can be pinned"), "%s", g.err.text);
	rig_close(&g);
}

// Each stage adds a worker to the next: many ways through few elements.
Test(threads, a_long_configuration_takes_no_time)
{
	enum { N = 5000 };
	struct weir_buf text = {};
	struct rig g = {};

	for (unsigned i = 0; i <= N; i++)
		weir_printf(&text, i ? "n%u :: Null; n%u -> n%u;\n" : "n%u :: Discard;\n", i, i,
			    i - 1);
	weir_printf(&text, "FromDevice(a) -> n%u;", N);
	rig_open(&g, text.text);
	cr_assert_eq(analyse(&g, 8), 0, "%s", g.err.text);
	check_all(&g, 8);
	weir_buf_free(&text);
	rig_close(&g);
}
