// SPDX-License-Identifier: BSD-2-Clause

// Tables that both halves read: what handlers write is seen by the programs at once, and a reader
// never sees anything but what was right before or what is right after.
//
//	tables BUILD	needs root

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <abi/front.h>
#include <engine.h>
#include <figure.h>
#include <halves.h>
#include <packages.h>
#include <pkt.h>
#include <program.h>
#include <pthread.h>
#include <reader.h>
#include <rnd.h>
#include <shared_half.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static uint32_t rnd(void)
{
	static uint64_t seed = 1;

	return rnd32(&seed);
}

// --- look-ups ---
// What userspace says of an address: port and next hop in one number, as the program's answer.
static void same(struct half *h, uint32_t dst)
{
	char param[32], want[64], got[64];
	struct weir_err err = {};
	struct weir_buf b = {};
	uint32_t gw;
	int port;

	snprintf(param, sizeof(param), "%u.%u.%u.%u", dst >> 24, dst >> 16 & 255, dst >> 8 & 255,
		 dst & 255);
	half_need(!weir_handler_read(h->r, "e.lookup", param, &b, &err), "no answer");
	snprintf(want, sizeof(want), "%s", b.text);
	port = half_leaves_by(h, dst);
	gw = rd32(weir_dst_ip(h->p));
	if (port == WEIR_DROP)
		snprintf(got, sizeof(got), "-1");
	else if (gw == dst)
		snprintf(got, sizeof(got), "%d", port);
	else
		snprintf(got, sizeof(got), "%d %u.%u.%u.%u", port, gw >> 24, gw >> 16 & 255,
			 gw >> 8 & 255, gw & 255);
	if (strcmp(want, got) != 0)
		fprintf(stderr, "%s: '%s' in the driver, '%s' in userspace\n", param, got, want);
	half_check(!strcmp(want, got), "both halves have the same route");
	weir_buf_free(&b);
	weir_err_free(&err);
}

static void random_route(char *text, size_t n, uint32_t *prefix)
{
	unsigned len = rnd() % 4 ? 16 + rnd() % 17 : rnd() % 33;

	*prefix = (rnd() & 0x0003070f) | 10u << 24;
	*prefix &= len ? ~0u << (32 - len) : 0;
	snprintf(text, n, "%u.%u.%u.%u/%u %s %u", *prefix >> 24, *prefix >> 16 & 255,
		 *prefix >> 8 & 255, *prefix & 255, len, rnd() % 2 ? "-" : "192.0.2.7", rnd() % 4);
}

static void random_changes(struct half *h, unsigned n)
{
	char route[64];
	uint32_t prefix;

	for (unsigned i = 0; i < n; i++) {
		struct weir_err err = {};

		random_route(route, sizeof(route), &prefix);
		if (rnd() % 3)
			half_write(h, "e.set", route);
		else // most are not there
			weir_handler_write(h->r, "e.remove", strtok(route, " "), &err);
		weir_err_free(&err);
		same(h, prefix);
		same(h, prefix | (rnd() & 0xff));
		same(h, (rnd() & 0x0003070f) | 10u << 24);
	}
}

// So many host routes far apart, two groups each, in one command.
static void add_many(struct half *h, uint32_t first, unsigned n)
{
	struct weir_buf b = {};

	for (uint32_t i = 0; i < n; i++)
		weir_printf(&b, "%u.%u.1.1/32 198.51.%u.%u 1\n", 100 + i / 256, i % 256,
			    (first + i) / 256 % 256, (first + i) % 256);
	half_write(h, "e.set", b.text);
	weir_buf_free(&b);
}

static void test_routes(void)
{
	struct half h;

	half_open(&h, "ip/static_ip_lookup",
		  "Idle -> e :: StaticIPLookup(10.0.0.0/8 0, 10.1.0.0/16 10.9.9.9 1) -> Idle;"
		  "e[1] -> Idle; e[2] -> Idle; e[3] -> Idle;");
	random_changes(&h, 300);
	half_check(!h.moved, "a few routes find room in the maps");
	add_many(&h, 0, 1000);
	half_check(h.moved == 1, "many groups and hops need new maps");
	same(&h, 100u << 24 | 0x0101);
	same(&h, 100u << 24 | 0x0102);
	same(&h, 103u << 24 | 0x010101);
	random_changes(&h, 100);
	add_many(&h, 7, 6000);
	half_check(h.moved == 2, "a large table needs new maps");
	for (uint32_t i = 0; i < 6000; i += 97)
		same(&h, (100u << 24) + (i << 16) + 0x0101);
	random_changes(&h, 100);
	half_write(&h, "e.flush", "");
	half_check(h.moved == 3, "an empty table needs new maps");
	same(&h, 10u << 24);
	half_check(half_leaves_by(&h, 10u << 24) == WEIR_DROP, "no route");
	random_changes(&h, 100);
	half_close(&h);
}

// What a change costs control, words and all, at about 10,000 in a second.
static void test_pace(void)
{
	enum { TIMES = 5000 };
	uint64_t spent = 0, start;
	struct half h;

	half_open(&h, "ip/static_ip_lookup", "Idle -> e :: StaticIPLookup(0/0 0) -> Idle;");
	for (unsigned i = 0; i < TIMES; i++) {
		start = figure_clock();
		half_write(&h, i % 2 ? "e.remove" : "e.add", "10.77.1.3/32 10.9.9.9 0");
		spent += figure_clock() - start;
		usleep(40);
		if (i % 100 < 2)
			same(&h, 10u << 24 | 77 << 16 | 0x0103);
	}
	printf("handlers: %.0f ns a change, programs loaded anew %u times\n", (double)spent / TIMES,
	       h.moved);
	half_check(h.moved < 5, "routes that come and go need few new maps");
	half_close(&h);
}

// Without anyone who loads the program anew, what the maps have no room for goes to userspace.
static void test_no_room(void)
{
	struct half h;
	unsigned known = 0, given = 0;

	half_open(&h, "ip/lookup_ip_route",
		  "Idle -> e :: LookupIPRoute(0/0 0) -> Idle; e[1] -> Idle;");
	h.r->front_moved = NULL;
	add_many(&h, 0, 1000);
	for (uint32_t i = 0; i < 1000; i++) {
		int port = half_leaves_by(&h, (100u << 24) + (i << 16) + 0x0101);

		known += port == 1;
		given += port == PROGRAM_HANDED;
	}
	half_check(known > 100 && given > 100 && known + given == 1000,
		   "what is beyond the maps goes to userspace");
	half_close(&h);
}

// --- changes while programs read ---
enum { COVERS = 64, BRANCHES = 4, SECONDS = 3, KEPT = 4096, ONCE = 28000 };

static uint32_t cover(unsigned k)
{
	return 10u << 24 | k << 16;
}

static uint32_t branch(unsigned k, unsigned j)
{
	return cover(k) | j << 8 | 7;
}

// Half of the addresses are those that change, the others beside them.
static void fill_work(struct fib_reader *w)
{
	w->mask = FIB_READER_ADDRESSES - 1;
	for (unsigned i = 0; i < FIB_READER_ADDRESSES; i++) {
		unsigned k = rnd() % COVERS, j = rnd() % BRANCHES;

		w->right[i].a = w->right[i].b = 100 + k;
		w->dst[i] = rnd() % 2 ? branch(k, j) : branch(k, j) ^ (1 + rnd() % 255);
		if (w->dst[i] == branch(k, j))
			w->right[i].b = 1000 + k * BRANCHES + j;
	}
}

struct writer {
	struct weir_fib4 *f;
	atomic_bool stop;
	uint64_t changes, ns; // in all
};

// Prefixes of which groups come and go, as fast as the groups that wait allow.
static void *change(void *arg)
{
	struct writer *w = arg;

	while (!atomic_load(&w->stop)) {
		uint64_t start = figure_clock();

		for (unsigned i = 0; i < 256; i++) {
			unsigned k = rnd() % COVERS, j = rnd() % BRANCHES;

			weir_fib4_set(w->f, branch(k, j), 32, 1000 + k * BRANCHES + j);
			k = rnd() % COVERS;
			weir_fib4_del(w->f, branch(k, j), 32);
		}
		w->ns += figure_clock() - start;
		w->changes += 2 * 256;
		usleep(2000);
	}
	return NULL;
}

// A table with so many groups in use and free that none of it moves meanwhile.
static void prepare(struct weir_fib4 *f, unsigned grow_at)
{
	half_need(!weir_fib4_init(f), "no table");
	f->grow_at = grow_at;
	weir_fib4_set(f, 0, 0, 1);
	for (unsigned k = 0; k < COVERS; k++)
		weir_fib4_set(f, cover(k), 16, 100 + k);
	for (uint32_t i = 0; i < KEPT + ONCE; i++)
		weir_fib4_set(f, (1u << 31) + (i << 16) + 1, 32, 2);
	for (uint32_t i = KEPT; i < KEPT + ONCE; i++)
		weir_fib4_del(f, (1u << 31) + (i << 16) + 1, 32);
}

static void test_changes(unsigned grow_at, const char *form)
{
	struct writer w = {};
	struct weir_fib4 f;
	struct reader r;
	pthread_t thread;
	uint64_t runs = 0, end;
	unsigned moves;
	uint32_t n_groups;

	prepare(&f, grow_at);
	half_need(reader_open(&r, half_build, &f), "the reader does not load");
	fill_work(r.work);
	w.f = &f;
	moves = f.moves;
	n_groups = f.n_groups;
	half_need(!pthread_create(&thread, NULL, change, &w), "no thread");
	for (end = figure_clock() + SECONDS * 1000000000ull; figure_clock() < end; runs++)
		half_need(reader_run(r.fd, 1) > 0, "the reader fails");
	atomic_store(&w.stop, true);
	pthread_join(thread, NULL);
	half_check(f.moves == moves && f.n_groups == n_groups, "groups are used again");
	half_check(w.changes > 1000 && runs > 100, "readers and writer were at work");
	half_check(r.work->sum && !r.work->wrong, "every answer is the old or the new route");
	printf("%s: %llu changes, %.0f ns each, during %llu look-ups, %llu wrong\n", form,
	       (unsigned long long)w.changes, (double)w.ns / (double)w.changes,
	       (unsigned long long)runs * FIB_READER_RUN, (unsigned long long)r.work->wrong);
	reader_close(&r);
	weir_fib4_free(&f);
}

// A reset of one field leaves the others of the driver's state alone.
static void test_reset(void)
{
	static const char text[] = "eth ip4 udp bytes=60";
	const struct weir_half_ops *ops = &weir_front_half;
	const struct weir_element *c;
	uint64_t sum[2] = {}, one[4];
	struct halves h;
	struct pkt k = {};
	struct packet *p;

	half_need(pkt_parse(&k, text, strlen(text)), "no packet");
	p = pkt_new(&k);
	half_need(
		!halves_open(&h, "fd :: FromDevice(nowhere0) -> c :: Counter -> Discard;", false) &&
			!halves_to_both(&h, p, false),
		"no halves");
	c = weir_find(h.both.router, "c");
	ops->reset_state(h.front, c, 0, sizeof(one[0]));
	for (unsigned cpu = 0; ops->state(h.front, c, cpu, one); cpu++) {
		sum[0] += one[0];
		sum[1] += one[1];
	}
	half_check(!sum[0] && sum[1] == p->len, "one field of a state is reset");
	halves_close(&h);
	pkt_free(&k);
	free(p);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: tables BUILD\n");
		return 2;
	}
	half_build = argv[1];
	weir_packages_load((const char *const[]){half_build, NULL}, NULL); // objects are below it
	test_routes();
	test_pace();
	test_no_room();
	test_changes(UINT32_MAX, "16-8-8");
	test_changes(0, "24-8");
	test_reset();
	printf("%u passed, %u failed\n", half_passed, half_failed);
	return half_failed || !half_passed;
}
