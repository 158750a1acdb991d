// SPDX-License-Identifier: BSD-2-Clause

// Workers, also more than there are CPUs, that run a graph in memory while the main thread reads
// and writes its handlers, and starts and ends engines. Meant for ThreadSanitizer; by itself it
// checks that every packet is accounted for whenever the world stands still, and that no flow is
// reordered.

#include <weir/handler.h>

#include "elements.h"

#include <engine.h>
#include <fib_race.h>
#include <session.h>
#include <session_race.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { NS_PER_MS = 1000 * 1000, LONG_MS = 700, SHORT_MS = 15, SHORT_RUNS = 16 };
enum { MOST_WORKERS = 8 };

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

// What several workers share: queues that all push to, with all kinds of elements that pull, and
// whatever counts, limits and writes.
static const char shared[] =
	"source :: InfiniteSource -> c :: Counter(COUNT_CALL 5000 d.reset_counts) -> tee :: Tee\n"
	"	-> sw :: Switch -> d :: Discard;\n"
	"InfiniteSource(BURST 16) -> c; InfiniteSource(BURST 16) -> c;\n"
	"sw[1] -> q :: Queue(4096) -> u :: Unqueue(-1) -> deal :: RoundRobinSwitch -> Discard;\n"
	"deal[1] -> p :: Pipeliner(512) -> CheckPaint(1) -> Discard;\n"
	"tee[1] -> average :: AverageCounter(0.01) -> paint :: Paint(1) -> more :: Tee\n"
	"	-> SetTimestamp -> UDPIPEncap(1.0.0.1, 1, 2.0.0.2, 2) -> ToDump(/dev/null);\n"
	"more[1] -> SetTimestamp -> UDPIPEncap(1.0.0.1, 1, 2.0.0.2, 2) -> "
	"ToIPSummaryDump(/dev/null);\n"
	"more[2] -> urgent :: Queue(64) -> [0] sched :: PrioSched -> Shaper(50000) -> turn :: "
	"Unqueue;\n"
	"more[3] -> late :: ThreadSafeQueue(128) -> [1] sched;\n"
	"turn -> q2 :: Queue -> wait :: DelayUnqueue(0.001) -> q3 :: Queue -> RatedUnqueue(9000)\n"
	"	-> Discard;\n"
	"rated :: RatedSource(RATE 20000) -> q2;\n"
	"timed :: TimedSource(0.001) -> q3;\n"
	"more[4] -> MarkIPHeader -> IPReassembler -> choose :: Script(TYPE PACKET, return "
	"$(sw.switch))\n"
	"	-> Discard; choose[1] -> Discard;\n"
	"Script(TYPE ACTIVE, label again, write d.reset_counts, set n $(c.count), wait 0.002,\n"
	"	goto again);\n";

// Flows that keep their order: through a queue that all push to, ...
static const char order_queue[] =
	"a :: Numbered(0) -> q :: Queue(500); b :: Numbered(16) -> q; c1 :: Numbered(32) -> q;\n"
	"d1 :: Numbered(48) -> Counter -> q -> u :: Unqueue -> InOrder;\n";
// ... through Pipeliners that a hash chooses, and one that all share, ...
static const char order_pipeliner[] =
	"a :: Numbered(0) -> h :: HashSwitch(0, 4); b :: Numbered(16) -> h;\n"
	"c1 :: Numbered(32) -> p :: Pipeliner(300); d1 :: Numbered(48) -> p;\n"
	"h[0] -> Pipeliner -> end :: InOrder; h[1] -> Pipeliner(100) -> end;\n"
	"h[2] -> p; h[3] -> Pipeliner(1) -> end; p -> end;\n";
// ... through what hands packets to the worker that they name, ...
static const char order_handoff[] =
	"a :: Numbered(0) -> h :: HandOver; b :: Numbered(16) -> h; c1 :: Numbered(32) -> [1] h;\n"
	"d1 :: Numbered(48) -> [1] h; h -> end :: InOrder; h[1] -> Counter -> end;\n";
// ... and through all of them, one behind another.
static const char order_both[] =
	"a :: Numbered(0) -> q :: Queue(500); b :: Numbered(16) -> q; q -> u :: Unqueue(32)\n"
	"	-> h :: HashSwitch(0, 4);\n"
	"h[0] -> Pipeliner(64) -> late :: ThreadSafeQueue(256); h[1] -> Pipeliner(128) -> late;\n"
	"h[2] -> Pipeliner(32) -> late; h[3] -> late; late -> Unqueue(64) -> p :: Pipeliner\n"
	"	-> InOrder;\n";

// Packets that wait for neighbours of the kernel, and others that need not. The numbers of flows
// make them packets of IPv4 and of IPv6.
static const char order_neighbors[] =
	"k :: KernelRoutes; n :: KernelNeighbors(k, nowhere0, CAPACITY 300);\n"
	"a :: Numbered(64, 8) -> v4 :: Paint(10, 0) -> Paint(2, 3) -> [0] n; b :: Numbered(72, 8) "
	"-> v4;\n"
	"c1 :: Numbered(96, 8) -> v6 :: Paint(254, 0) -> Paint(128, 1) -> Paint(2, 15) -> [1] n;\n"
	"d1 :: Numbered(104, 8) -> v6; n -> Strip(14) -> InOrder; n[1] -> Discard;\n";

// Sessions that all workers find and make, of flows that want each other's places, with too little
// room for them.
static const char rewriters[] =
	"elementclass Side { $n | Traffic($n) -> c :: Classifier(12/0800, -) -> Strip(14)\n"
	"	-> CheckIPHeader -> output; c[1] -> Discard }\n"
	"rw :: IPRewriter(pattern 1.0.0.1 1024-1055 - - 0 1, rr, pass 0, CAPACITY 200,\n"
	"	UDP_TIMEOUT 0.5, UDP_GUARANTEE 0, TCP_NODATA_TIMEOUT 0.5, TCP_GUARANTEE 0);\n"
	"rr :: RoundRobinIPMapper(- - 9.9.9.9 - 1 0, - - 9.9.9.8 80 1 0);\n"
	"fixed :: IPRewriter(pattern 2.0.0.2 7 3.0.0.3 8 0 0, MAPPING_CAPACITY rw);\n"
	"pair :: IPAddrPairRewriter(pattern 4.0.0.4/28 - 0 0, CAPACITY 8, GUARANTEE 0);\n"
	"a :: Side(1) -> t :: Tee(3); b :: Side(2) -> t; c1 :: Side(1) -> t; d1 :: Side(2) -> t;\n"
	"t[0] -> [0] rw; t[1] -> [1] rw; t[2] -> pair -> [2] rw;\n"
	"rw[0] -> fixed -> Discard; rw[1] -> ICMPRewriter(rw fixed) -> Discard;\n";

// The configurations of configs/, between interfaces that make traffic and swallow it.
static const char interfaces[] =
	"elementclass FromDevice { $dev, __REST__ $rest |\n"
	"	Traffic(1) -> output; Traffic(2) -> output }\n"
	"elementclass FromDump { $file, __REST__ $rest | Traffic(1) -> output }\n"
	"elementclass ToDevice { $dev | input -> Discard }\n"
	"elementclass ToHost { $dev | input -> Discard }\n"
	"AddressInfo(eth1 10.0.1.1/24 2:0:0:0:0:1, eth2 10.0.2.1/24 2:0:0:0:0:2);\n";
static const char *const configs[] = {"firewall",  "generator", "ip-router", "monitor",
				      "reflector", "replay",	"shaper"};
static const struct lang_define defines[] = {
	{"RATE", "100000"}, {"SUMMARY", "/dev/null"}, {"PCAP", "/dev/null"}};

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
	{"drops", NULL},
	{"ledger", NULL},
	{"p.length", NULL},
	{"p.dropped", NULL},
	{"p.reset_counts", ""},
	{"q2.reset_counts", ""},
	{"c.count_call", "7000"},
	{"route.add", "10.9.0.0/16 10.0.1.7 1"},
	{"route.table", NULL},
	{"if0/arpq.table", NULL},
	{"if0/arpq.insert", "10.0.1.39 2:0:0:0:0:39"},
	{"if0/arpq.count", NULL},
	{"route.set", "10.9.0.0/16 10.0.2.7 2"},
	{"if0/arpq.delete", "10.0.1.39"},
	{"if1/arpq.clear", ""},
	{"if1/arpq.length", NULL},
	{"if1/arpq.config", "10.0.2.1/24, 2:0:0:0:0:2, CAPACITY 100"},
	{"route.remove", "10.9.0.0/16"},
	{"if1/arpq.stats", NULL},
	{"egress.config", "allow src net 10.0.1.0/24, deny all"},
	{"ingress.config", "deny all"},
	{"tcp.rate", NULL},
	{"record.capacity", "100"},
	{"sched.handlers", NULL},
	{"n.table", NULL},
	{"rw.udp_table", NULL},
	{"rw.pattern0", "pattern 1.0.0.1 2000-2031# - - 0 1"},
	{"rw.capacity", "100"},
	{"fixed.clear", ""},
	{"pair.patterns", NULL},
	{"rw.size", NULL},
	{"n.length", NULL},
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
	const struct session_options opt = {.text = text,
					    .defines = defines,
					    .n_defines = sizeof(defines) / sizeof(*defines),
					    .engine = {.n_workers = n_workers}};
	struct weir_err err = {};
	struct session s = {};
	struct weir_ledger l = {};
	bool good = false;

	stress_order_begin();
	if (!session_check(&s, &opt, &err) && !session_open(&s, &opt, &err) &&
	    !weir_engine_start(s.engine)) {
		stress_neighbors_begin(s.router);
		good = hammer(&s, ms, n_calls);
		weir_engine_stop(s.engine);
		weir_engine_join(s.engine);
		stress_neighbors_end();
		weir_ledger(s.engine, &l);
	}
	if (err.text)
		fputs(err.text, stderr);
	if (good && ms >= LONG_MS && !l.made) {
		fprintf(stderr, "no packet was made\n");
		good = false;
	}
	if (stress_overtaken()) {
		fprintf(stderr, "%llu of %llu packets overtook others of their flow\n",
			(unsigned long long)stress_overtaken(),
			(unsigned long long)stress_in_order());
		good = false;
	}
	weir_err_free(&err);
	session_close(&s);
	return good;
}

static void report(const char *what, unsigned n_workers, bool good, unsigned n_calls)
{
	n_passed += good;
	n_failed += !good;
	printf("%s: %s, %u workers, %u calls\n", good ? "ok" : "FAILED", what, n_workers, n_calls);
	fflush(stdout);
}

static void stress(const char *what, const char *text, unsigned n_workers)
{
	unsigned n_calls = 0;
	bool good = run(text, n_workers, LONG_MS, &n_calls);

	report(what, n_workers, good, n_calls);
}

static void restart(const char *what, const char *text, unsigned n_workers)
{
	unsigned n_calls = 0;
	bool good = true;

	// the first ones end before their workers begin
	for (unsigned i = 0; good && i < SHORT_RUNS; i++)
		good = run(text, n_workers, i % (SHORT_MS + 1), &n_calls);
	report(what, n_workers, good, n_calls);
}

static void order(const char *what, const char *text)
{
	for (unsigned n = 1; n <= MOST_WORKERS; n *= 2) {
		unsigned n_calls = 0;
		bool good = run(text, n, LONG_MS, &n_calls);

		if (good && !stress_in_order()) {
			fprintf(stderr, "no packet came through\n");
			good = false;
		}
		report(what, n, good, n_calls);
	}
}

static void config(const char *name, unsigned n_workers)
{
	char *text;

	if (asprintf(&text, "%srequire(library configs/%s.click)\n", interfaces, name) < 0)
		abort();
	stress(name, text, n_workers);
	free(text);
}

// Tables are read by workers without a lock while control changes them.
static void tables(void)
{
	struct fib_race r;
	bool made = fib_race(&r, LONG_MS);

	report("an IPv4 table that is read while it changes", 1 + FIB_RACE_READERS,
	       made && r.lookups && r.changes && r.moves && !r.wrong, 0);
}

static void sessions(void)
{
	struct session_race r;
	bool made = session_race(&r, LONG_MS);

	report("sessions that are found while others come and go",
	       SESSION_RACE_READERS + SESSION_RACE_WRITERS,
	       made && r.found && r.made && !r.wrong && !r.left, 0);
}

int main(void)
{
	tables();
	sessions();
	stress("handlers against one worker", one_worker, 1);
	restart("a worker that starts and stops", one_worker, 1);
	for (unsigned n = 2; n <= MOST_WORKERS; n *= 2) {
		stress("what is shared", shared, n);
		stress("sessions of rewriters", rewriters, n);
		for (unsigned i = 0; i < sizeof(configs) / sizeof(*configs); i++)
			config(configs[i], n);
	}
	restart("workers that start and stop", shared, 4);
	order("order through a queue", order_queue);
	order("order through pipeliners", order_pipeliner);
	order("order through hand-offs", order_handoff);
	order("order through both", order_both);
	order("order of those that wait for neighbours", order_neighbors);
	report("a queue with several threads that push", 5, stress_fifo(), 0);
	printf("%u passed, %u failed\n", n_passed, n_failed);
	return n_failed || !n_passed;
}
