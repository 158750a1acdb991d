// SPDX-License-Identifier: BSD-2-Clause

// The IPv6 table as a program in the driver reads it: the same answers as userspace gives, and
// while prefixes come and go nothing but what was right before or is right after.
//
//	tables6 BUILD	needs root

#include <figure.h>
#include <packages.h>
#include <program.h>
#include <pthread.h>
#include <reader.h>
#include <rnd.h>
#include <shared_half.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <table6.h>
#include <unistd.h>

enum { COVERS = 64, BRANCHES = 4, SECONDS = 3, OTHERS = 20000, SPARE = 20000 };
enum { LEAST_NODE = 16 }; // words that a change takes and gives back

static struct table6_route *table;

static uint32_t rnd(void)
{
	static uint64_t seed = 1;

	return rnd32(&seed);
}

static void set(struct weir_fib6 *f, struct weir_ip6 prefix, unsigned len, uint32_t value)
{
	half_need(!weir_fib6_set(f, prefix, len, value), "no memory");
}

// --- the same answers ---
static void test_answers(void)
{
	struct weir_fib6 f;
	struct reader r;

	half_need(!weir_fib6_init(&f), "no table");
	set(&f, (struct weir_ip6){}, 0, 1);
	for (uint32_t i = 0; i < OTHERS; i++)
		set(&f, table[i].prefix, table[i].len, i);
	half_need(reader_open6(&r, half_build, &f), "the reader does not load");
	r.work6->mask = FIB_READER_ADDRESSES - 1;
	for (uint32_t i = 0; i < FIB_READER_ADDRESSES; i++) {
		struct weir_ip6 a = table6_inside(&table[i % OTHERS]);

		// beside the prefix, too
		if (i % 4 == 0)
			a.hi += (uint64_t)(rnd() % 5) << (64 - 48);
		r.work6->dst[i].hi = a.hi;
		r.work6->dst[i].lo = a.lo;
		r.work6->right[i].a = r.work6->right[i].b = weir_fib6_lookup(&f, a);
	}
	half_need(reader_run(r.fd, FIB_READER_ADDRESSES / FIB_READER_RUN) > 0, "the reader fails");
	half_check(r.work6->sum && !r.work6->wrong && !r.work6->beyond,
		   "both halves have the same routes");
	// without any, in the same memory
	for (uint32_t i = 0; i < OTHERS; i++)
		weir_fib6_del(&f, table[i].prefix, table[i].len);
	weir_fib6_del(&f, (struct weir_ip6){}, 0);
	for (uint32_t i = 0; i < FIB_READER_ADDRESSES; i++)
		r.work6->right[i].a = r.work6->right[i].b = WEIR_FIB6_NONE;
	half_need(reader_run(r.fd, FIB_READER_ADDRESSES / FIB_READER_RUN) > 0, "the reader fails");
	half_check(!r.work6->wrong && !r.work6->beyond, "an empty table has no routes");
	reader_close(&r);
	weir_fib6_free(&f);
}

// --- changes while programs read ---
static struct weir_ip6 cover(unsigned k)
{
	return (struct weir_ip6){0xfd00000000000000 | (uint64_t)k << 34, 0};
}

// Of lengths for which nodes of each kind come and go.
static struct weir_ip6 branch(unsigned k, unsigned j, unsigned *len)
{
	static const unsigned lens[BRANCHES] = {33, 48, 64, 128};
	struct weir_ip6 a = cover(k);

	*len = lens[j];
	if (j == 0)
		a.hi |= 1ull << 31;
	else
		a.hi |= (uint64_t)(j + 3) << 16;
	a.lo = j == 3 ? 7 : 0;
	return a;
}

// Half of the addresses are those that change, the others beside them.
static void fill_work(struct fib6_reader *w)
{
	w->mask = FIB_READER_ADDRESSES - 1;
	for (unsigned i = 0; i < FIB_READER_ADDRESSES; i++) {
		unsigned k = rnd() % COVERS, j = rnd() % BRANCHES, len;
		struct weir_ip6 a = branch(k, j, &len);

		w->right[i].a = w->right[i].b = 100 + k;
		if (rnd() % 2)
			w->right[i].b = 1000 + k * BRANCHES + j;
		else
			a.hi ^= 1ull << 29; // the cover's
		if (j == 0)		    // all of its half
			w->right[i].b = 1000 + k * BRANCHES + j;
		w->dst[i].hi = a.hi;
		w->dst[i].lo = a.lo;
	}
}

struct writer {
	struct weir_fib6 *f;
	atomic_bool stop;
	uint64_t changes, ns; // in all
};

static void *change(void *arg)
{
	struct writer *w = arg;

	while (!atomic_load(&w->stop)) {
		uint64_t start = figure_clock();

		for (unsigned i = 0; i < 256; i++) {
			unsigned k = rnd() % COVERS, j = rnd() % BRANCHES, len;
			struct weir_ip6 a = branch(k, j, &len);

			weir_fib6_set(w->f, a, len, 1000 + k * BRANCHES + j);
			k = rnd() % COVERS;
			a = branch(k, j, &len);
			weir_fib6_del(w->f, a, len);
		}
		w->ns += figure_clock() - start;
		w->changes += 2 * 256;
		usleep(2000);
	}
	return NULL;
}

// A table with many nodes in use and free. What waits for readers may still need more: the map of a
// program does not hold these then, until the program is loaded anew.
static void prepare(struct weir_fib6 *f)
{
	half_need(!weir_fib6_init(f), "no table");
	set(f, (struct weir_ip6){}, 0, 1);
	for (unsigned k = 0; k < COVERS; k++)
		set(f, cover(k), 30, 100 + k);
	for (uint32_t i = 0; i < OTHERS + SPARE; i++)
		set(f, table[i].prefix, table[i].len, 2);
	for (uint32_t i = OTHERS; i < OTHERS + SPARE; i++)
		weir_fib6_del(f, table[i].prefix, table[i].len);
}

static void test_changes(void)
{
	struct writer w = {};
	struct weir_fib6 f;
	struct reader r;
	pthread_t thread;
	uint64_t runs = 0, end;
	uint32_t n_words;
	unsigned moves;

	prepare(&f);
	half_need(reader_open6(&r, half_build, &f), "the reader does not load");
	fill_work(r.work6);
	w.f = &f;
	moves = f.moves;
	n_words = f.n_words;
	half_need(!pthread_create(&thread, NULL, change, &w), "no thread");
	for (end = figure_clock() + SECONDS * 1000000000ull; figure_clock() < end; runs++)
		half_need(reader_run(r.fd, 1) > 0, "the reader fails");
	atomic_store(&w.stop, true);
	pthread_join(thread, NULL);
	half_check(f.moves == moves && f.n_words - n_words < LEAST_NODE / 2 * w.changes,
		   "nodes are used again");
	half_check(!r.work6->beyond || f.n_words > n_words, "the map holds every answer");
	half_check(w.changes > 1000 && runs > 100, "readers and writer were at work");
	half_check(r.work6->sum && !r.work6->wrong, "every answer is the old or the new route");
	printf("%llu changes, %.0f ns each, during %llu look-ups, %llu wrong, %llu of what has "
	       "grown\n",
	       (unsigned long long)w.changes, (double)w.ns / (double)w.changes,
	       (unsigned long long)runs * FIB_READER_RUN, (unsigned long long)r.work6->wrong,
	       (unsigned long long)r.work6->beyond);
	reader_close(&r);
	weir_fib6_free(&f);
}

// --- the element ---
// The output or reason by which the program sends a packet for this next hop.
static int sends(struct half *h, struct weir_ip6 dst)
{
	char address[WEIR_IP6_TEXT], packet[64];

	snprintf(packet, sizeof(packet), "ip6 dst_ip6=%s", weir_ip6_text(address, dst));
	return half_sends(h, packet);
}

// What userspace says of an address, and what the program does.
static void same(struct half *h, struct weir_ip6 dst)
{
	char param[WEIR_IP6_TEXT], gateway[WEIR_IP6_TEXT], got[64];
	struct weir_err err = {};
	struct weir_buf want = {};
	struct weir_ip6 gw;
	uint8_t bytes[16];
	int port;

	half_need(!weir_handler_read(h->r, "e.lookup", weir_ip6_text(param, dst), &want, &err),
		  "no answer");
	port = sends(h, dst);
	weir_dst_ip6(h->p, bytes);
	gw = weir_ip6_read(bytes);
	if (port == WEIR_DROP)
		snprintf(got, sizeof(got), "-1");
	else if (weir_ip6_equal(gw, dst))
		snprintf(got, sizeof(got), "%d", port);
	else
		snprintf(got, sizeof(got), "%d %s", port, weir_ip6_text(gateway, gw));
	if (strcmp(want.text, got) != 0)
		fprintf(stderr, "%s: '%s' in the driver, '%s' in userspace\n", param, got,
			want.text);
	half_check(!strcmp(want.text, got), "both halves have the same route");
	weir_buf_free(&want);
	weir_err_free(&err);
}

static void print_route(struct weir_buf *b, const struct table6_route *r, const char *rest)
{
	char text[WEIR_IP6_TEXT];

	weir_printf(b, "%s/%u%s", weir_ip6_text(text, r->prefix), r->len, rest);
}

static void test_element(void)
{
	struct weir_buf b = {};
	unsigned given = 0;
	struct half h;

	half_open(&h, "ip6/lookup_ip6_route",
		  "Idle -> e :: LookupIP6Route(2001:db8::/32 0) -> Idle; e[1] -> Idle;");
	for (unsigned i = 0; i < 100; i++) {
		print_route(&b, &table[i], i % 2 ? " fe80::7 1\n" : " 0\n");
		same(&h, table6_inside(&table[i]));
	}
	half_write(&h, "e.set", b.text);
	weir_buf_free(&b);
	half_check(!h.moved, "a few routes find room in the maps");
	for (unsigned i = 0; i < 100; i++)
		same(&h, table6_inside(&table[i]));
	for (unsigned i = 0; i < OTHERS; i++)
		print_route(&b, &table[i], " - 1\n");
	half_write(&h, "e.set", b.text);
	half_check(h.moved == 1, "many routes need new maps");
	for (unsigned i = 0; i < OTHERS; i += 97)
		same(&h, table6_inside(&table[i]));
	half_write(&h, "e.flush", "");
	half_check(h.moved == 2, "an empty table needs new maps");
	same(&h, table6_inside(&table[0]));
	// without anyone who loads the program anew
	h.r->front_moved = NULL;
	half_write(&h, "e.set", b.text);
	for (unsigned i = 0; i < OTHERS; i += 97)
		given += sends(&h, table6_inside(&table[i])) == PROGRAM_HANDED;
	half_check(given > 100, "what is beyond the maps goes to userspace");
	weir_buf_free(&b);
	half_close(&h);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: tables6 BUILD\n");
		return 2;
	}
	half_build = argv[1];
	weir_packages_load((const char *const[]){half_build, NULL}, NULL); // objects are below it
	table = table6_new(OTHERS + SPARE);
	test_answers();
	test_changes();
	test_element();
	free(table);
	printf("%u passed, %u failed\n", half_passed, half_failed);
	return half_failed || !half_passed;
}
