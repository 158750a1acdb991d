// SPDX-License-Identifier: BSD-2-Clause

// A router of two halves, where the driver's is the test: packets that go on in userspace, and
// counters, handlers and the ledger over both.

#include "session.h"

#include <criterion/criterion.h>
#include <device.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { ELEMENTS = 16, COUNTERS = 32, CPUS = 2, LEN = 60 };

// A device whose only queue gives what the test puts into it.
struct fake_queue {
	struct weir_queue base;
	struct weir_queue *list[1];
	struct weir_device_worker worker;
	struct packet *v[WEIR_BATCH_MAX];
	unsigned n;
};

static struct {
	struct session s;
	struct weir_worker *w;
	struct fake_queue q;
	struct weir_err err;
	uint8_t number, sent[64]; // the first byte of each packet
	unsigned n_sent;

	// the driver's half
	bool runs[ELEMENTS];
	struct weir_count counts[ELEMENTS][COUNTERS];
	uint64_t state[CPUS][2]; // of a Counter
	unsigned resets, changes;
	size_t reset_at, reset_size;
	const struct weir_element *changed;
	int agrees; // what `changed` returns
	uint64_t waiting, lost;
} t;

static unsigned fake_rx(struct weir_queue *, struct packet **v, unsigned max)
{
	unsigned n = t.q.n < max ? t.q.n : max;

	memcpy(v, t.q.v, n * sizeof(v[0]));
	memmove(t.q.v, t.q.v + n, (t.q.n - n) * sizeof(v[0]));
	t.q.n -= n;
	return n;
}

static unsigned fake_tx(struct weir_queue *, struct packet *const *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		t.sent[t.n_sent++ % sizeof(t.sent)] = *weir_data(v[i]);
	weir_recycle(t.w, v, n);
	return n;
}

static unsigned fake_room(struct weir_queue *)
{
	return WEIR_BATCH_MAX;
}

static bool fake_flush(struct weir_queue *)
{
	return true;
}

static const struct weir_queue_ops QUEUE = {
	.rx = fake_rx, .tx = fake_tx, .tx_room = fake_room, .flush = fake_flush};

static bool half_runs(void *, const struct weir_element *e)
{
	return t.runs[e->index];
}

static void half_counts(void *, const struct weir_element *e, unsigned first, struct weir_count *v,
			unsigned n)
{
	memcpy(v, &t.counts[e->index][first], n * sizeof(v[0]));
}

static bool half_state(void *, const struct weir_element *e, unsigned cpu, void *buf)
{
	if (strcmp(e->class->name, "Counter") != 0)
		return false;
	if (cpu < CPUS)
		memcpy(buf, t.state[cpu], sizeof(t.state[cpu]));
	return cpu < CPUS;
}

static void half_reset(void *, const struct weir_element *, size_t off, size_t size)
{
	memset(t.state, 0, sizeof(t.state));
	t.resets++;
	t.reset_at = off;
	t.reset_size = size;
}

static int half_changed(void *, const struct weir_element *e, struct weir_err *)
{
	t.changed = e;
	t.changes++;
	return t.agrees;
}

static uint64_t half_waiting(void *)
{
	return t.waiting;
}

static void half_losses(void *, void (*fn)(void *, const char *, uint64_t, uint64_t), void *arg)
{
	if (t.lost)
		fn(arg, "nowhere0.rx_ring_full", t.lost, 0);
}

static const struct weir_half_ops HALF = {
	.runs = half_runs,
	.counts = half_counts,
	.state = half_state,
	.reset_state = half_reset,
	.changed = half_changed,
	.waiting = half_waiting,
	.losses = half_losses,
};

static void open_with(const char *text, unsigned burst)
{
	const struct weir_engine_options opt = {.n_workers = 1, .burst = burst, .simtime = true};
	const struct session_options so = {.text = text};
	struct weir_device *d;

	memset(&t, 0, sizeof(t));
	t.q.base = (struct weir_queue){.ops = &QUEUE, .fd = eventfd(0, 0)};
	t.q.list[0] = &t.q.base;
	cr_assert_eq(session_check(&t.s, &so, &t.err), 0, "%s", t.err.text);
	cr_assert_eq(weir_router_init(t.s.router, &t.err), 0);
	d = weir_router_devices(t.s.router);
	t.q.worker = (struct weir_device_worker){.rx = t.q.list, .n_rx = 1, .tx = &t.q.base};
	d->workers = &t.q.worker;
	d->n_workers = 1;
	d->mtu = 1500;
	cr_assert_eq(weir_engine_open(&t.s.engine, t.s.router, &opt, &t.err), 0);
	weir_engine_half(t.s.engine, &HALF, NULL);
	t.w = &t.s.engine->workers[0];
}

static void close_all(void)
{
	session_close(&t.s);
	weir_err_free(&t.err);
	close(t.q.base.fd);
}

static unsigned index_of(const char *name)
{
	return weir_find(t.s.router, name)->index;
}

// n packets that go on there; each with a number in its first byte.
static void arrive(unsigned element, unsigned input, unsigned n)
{
	while (n--) {
		struct packet *p = weir_packet_new(&t.w->nodes[0], 0, LEN);

		*weir_data(p) = t.number++;
		p->resume_element = (uint16_t)element;
		p->resume_input = (uint16_t)input;
		t.q.v[t.q.n++] = p;
	}
}

static void arrive_new(unsigned n)
{
	arrive(WEIR_RESUME_NONE, WEIR_RESUME_NONE, n);
}

static const char *read_of(const char *name)
{
	static struct weir_buf out;

	weir_buf_free(&out);
	weir_append(&out, "", 0);
	cr_expect_eq(weir_handler_read(t.s.router, name, "", &out, &t.err), 0, "%s", t.err.text);
	return out.text;
}

static void expect(const char *name, const char *want)
{
	const char *got = read_of(name);

	cr_expect_str_eq(got, want, "%s: got %s, want %s", name, got, want);
}

static int write_to(const char *name, const char *value)
{
	weir_err_free(&t.err);
	return weir_handler_write(t.s.router, name, value, &t.err);
}

static struct weir_ledger expect_balance(void)
{
	struct weir_ledger l;

	weir_ledger(t.s.engine, &l);
	cr_expect_eq(l.made, l.ended + l.held + l.dropped,
		     "%lu made, %lu ended, %lu held, %lu lost", l.made, l.ended, l.held, l.dropped);
	return l;
}

static const char TWO_WAYS[] = "fd :: FromDevice(nowhere0) -> a :: Counter -> j :: Counter"
			       "-> d :: Discard; Idle -> b :: Counter -> j;";

static void go_on(unsigned burst)
{
	struct weir_ledger l;

	open_with(TWO_WAYS, burst);
	t.runs[index_of("fd")] = true;
	t.counts[index_of("fd")][0].packets = 30;
	arrive_new(3);
	arrive(index_of("j"), 0, 20);
	arrive(index_of("d"), 0, 10);
	weir_worker_drain(t.w);
	expect("a.count", "3");
	expect("j.count", "23");
	expect("d.count", "33");
	expect("fd.count", "33");
	// no edge leads past those where they went on
	expect("fd.counts", "out 0 33 180 out\nout 1 0 0 other\n");
	expect("a.counts", "in 0 33 180\nout 0 3 180\n");
	expect("j.counts", "in 0 3 180\nout 0 23 1380\n");
	l = expect_balance();
	cr_expect_eq(l.made, 33);
	close_all();
}

Test(half, packets_go_on_where_the_driver_left)
{
	go_on(32);
	go_on(1);
}

Test(half, more_than_a_batch_of_them_goes_on)
{
	open_with(TWO_WAYS, WEIR_BATCH_MAX);
	t.runs[index_of("fd")] = true;
	for (unsigned i = 0; i < 5; i++) {
		t.counts[index_of("fd")][0].packets += WEIR_BATCH_MAX;
		arrive(index_of("j"), 0, WEIR_BATCH_MAX - 7);
		arrive(index_of("b"), 0, 7);
		weir_worker_round(t.w);
	}
	weir_worker_drain(t.w);
	expect("b.count", "35");
	expect("d.count", "1280");
	cr_expect_eq(expect_balance().dropped, 0);
	close_all();
}

static void nowhere_to_go(unsigned burst)
{
	open_with("fd :: FromDevice(nowhere0) -> q :: Queue -> s :: Shaper(1000) -> d :: Discard;",
		  burst);
	t.runs[index_of("fd")] = true;
	t.counts[index_of("fd")][0].packets = 15;
	arrive(t.s.router->n_elements, 0, 1);
	arrive(WEIR_RESUME_BAD, WEIR_RESUME_NONE, 2);
	arrive(index_of("fd"), 0, 3); // has no inputs
	arrive(index_of("q"), 1, 4);
	arrive(index_of("s"), 0, 5); // is pulled
	weir_worker_drain(t.w);
	expect("fd.drops", "bad_resume 15 900\n");
	expect("d.count", "0");
	cr_expect_eq(expect_balance().dropped, 15);
	close_all();
}

Test(half, a_place_that_there_is_not_loses_the_packet_by_name)
{
	nowhere_to_go(32);
	nowhere_to_go(1);
}

Test(half, packets_that_go_on_keep_their_order)
{
	uint8_t last[2] = {};

	open_with("fd :: FromDevice(nowhere0) -> a :: Null -> t :: ToDevice(nowhere0);", 8);
	for (unsigned i = 0; i < 30; i++)
		arrive(index_of(i % 10 < 7 ? "a" : "t"), 0, 1);
	weir_worker_drain(t.w);
	cr_expect_eq(t.n_sent, 30);
	// of each place; the packets of one flow all go on in one place
	for (unsigned i = 0; i < t.n_sent; i++) {
		uint8_t *before = &last[t.sent[i] % 10 < 7];

		cr_expect_leq(*before, t.sent[i]);
		*before = t.sent[i];
	}
	close_all();
}

static void count_in_driver(const char *name, unsigned i, uint64_t packets)
{
	t.counts[index_of(name)][i] = (struct weir_count){packets, packets * LEN};
}

// fd -> c -> l, of which l loses 10 and gives 27 to d, which ends 20 and hands over 7; of these 1
// was lost, 2 wait, and 4 came.
static void open_halves(void)
{
	open_with("fd :: FromDevice(nowhere0) -> c :: Counter -> l :: CheckLength(100) ->"
		  "d :: Discard;",
		  32);
	t.runs[index_of("fd")] = t.runs[index_of("c")] = t.runs[index_of("l")] =
		t.runs[index_of("d")] = true;
	count_in_driver("fd", 0, 37);
	count_in_driver("c", 0, 37);
	count_in_driver("l", 0, 27);
	count_in_driver("l", 1, 10);
	count_in_driver("d", WEIR_COUNT_CLASS + WEIR_COUNT_ENDED, 20);
	count_in_driver("d", WEIR_COUNT_CLASS + WEIR_COUNT_HANDED, 7);
	t.state[0][0] = 30, t.state[0][1] = 1800;
	t.state[1][0] = 7, t.state[1][1] = 420;
	t.lost = 1;
	t.waiting = 2;
	arrive(index_of("d"), 0, 4);
	arrive_new(5);
	weir_worker_drain(t.w);
}

Test(half, counters_of_both_halves_are_one)
{
	struct weir_buf stats = {};

	open_halves();
	expect("c.count", "42");
	expect("c.byte_count", "2520");
	expect("fd.count", "42");
	expect("fd.counts", "out 0 42 2520 out\nout 1 0 0 other\n");
	expect("l.counts", "in 0 42 2520\nout 0 32 1920 out\nout 1 10 600 longer\n");
	expect("drops", "l.longer 10 600\nnowhere0.rx_ring_full 1 0\n");
	session_stats(&t.s, &stats);
	cr_expect(strstr(stats.text, " CheckLength        driver              42           2520  "
				     "out 32, longer 10\n"),
		  "%s", stats.text);
	cr_expect(strstr(stats.text, "\nledger: 42 received or made = 29 sent or delivered + 2 held"
				     " + 11 lost by name\n"),
		  "%s", stats.text);
	weir_buf_free(&stats);
	weir_engine_half(t.s.engine, NULL, NULL);
	expect("c.count", "5");
	expect("l.counts", "in 0 5 300\nout 0 5 300 out\nout 1 0 0 longer\n");
	close_all();
}

Test(half, the_ledger_adds_up_over_both)
{
	struct weir_ledger l;

	open_halves();
	l = expect_balance();
	cr_expect_eq(l.made, 42);
	cr_expect_eq(l.ended, 29);
	cr_expect_eq(l.held, 2);
	cr_expect_eq(l.dropped, 11);
	t.lost = 0;
	weir_ledger(t.s.engine, &l);
	cr_expect_neq(l.made, l.ended + l.held + l.dropped, "a loss without a name is missed");
	close_all();
}

Test(half, a_reset_is_one_of_both)
{
	open_halves();
	cr_expect_eq(write_to("c.reset", ""), 0);
	cr_expect_eq(t.resets, 1);
	expect("c.count", "0");
	cr_expect_eq(write_to("d.reset_counts", ""), 0);
	cr_expect_eq(t.resets, 2);
	cr_expect_eq(write_to("fd.reset_counts", ""), 0);
	expect("fd.count", "0");
	count_in_driver("fd", 0, 40);
	arrive_new(2);
	weir_worker_drain(t.w);
	expect("fd.count", "5");
	close_all();
}

Test(half, a_rate_is_what_the_driver_counted_too)
{
	open_halves();
	count_in_driver("c", 0, 0);
	read_of("c.rate");
	// 1000 packets a second, for two seconds
	t.s.engine->sim_offset += 2000000000;
	weir_worker_drain(t.w);
	count_in_driver("c", 0, 2000);
	cr_expect_float_eq(atof(read_of("c.rate")), 1000, 20);
	cr_expect_float_eq(atof(read_of("c.byte_rate")), 1000 * LEN, 20 * LEN);
	// then none
	t.s.engine->sim_offset += 2000000000;
	weir_worker_drain(t.w);
	cr_expect_lt(atof(read_of("c.rate")), 10);
	close_all();
}

Test(half, the_driver_hears_of_changed_arguments)
{
	open_halves();
	cr_expect_eq(write_to("l.length", "200"), 0);
	cr_expect_eq(t.changed, weir_find(t.s.router, "l"));
	cr_expect_eq(write_to("l.config", "300"), 0);
	cr_expect_eq(write_to("d.active", "false"), 0);
	cr_expect_eq(t.changed, weir_find(t.s.router, "d"));
	cr_expect_eq(t.changes, 3);
	// nothing changes
	cr_expect_lt(write_to("l.length", "x"), 0);
	cr_expect_lt(write_to("l.config", "x"), 0);
	cr_expect_eq(write_to("d.active", "false"), 0);
	cr_expect_eq(write_to("c.reset", ""), 0);
	cr_expect_eq(t.changes, 3);
	// or nobody is there to hear
	t.runs[index_of("l")] = false;
	cr_expect_eq(write_to("l.length", "200"), 0);
	cr_expect_eq(t.changes, 3);
	close_all();
}

Test(half, arguments_that_the_driver_does_not_take_stay)
{
	open_halves();
	t.agrees = -ENOMEM;
	cr_expect_eq(write_to("l.length", "200"), -ENOMEM);
	expect("l.length", "100");
	cr_expect_eq(write_to("l.config", "300"), -ENOMEM);
	expect("l.config", "100");
	expect("l.length", "100");
	cr_expect_eq(write_to("d.active", "false"), -EINVAL);
	cr_expect(strstr(t.err.text, "d goes on in the driver with what it had"), "%s", t.err.text);
	close_all();
}

// Handlers that zero counts leave alone what else is in the state.
Test(half, a_device_goes_on_after_a_reset)
{
	open_with("fd :: FromDevice(nowhere0) -> t :: ToDevice(nowhere0);", 32);
	cr_expect_eq(write_to("fd.reset_counts", ""), 0);
	t.runs[index_of("t")] = true;
	cr_expect_eq(write_to("t.reset_counts", ""), 0);
	cr_expect_eq(t.resets, 1);
	cr_expect_gt(t.reset_at, 0);
	cr_expect_eq(t.reset_size, sizeof(uint64_t), "nothing but the count");
	t.runs[index_of("t")] = false;
	arrive_new(3);
	weir_worker_drain(t.w);
	expect("fd.count", "3");
	expect("t.count", "3");
	cr_expect_eq(t.n_sent, 3);
	close_all();
}

Test(half, a_device_that_was_switched_off_wakes_up)
{
	open_with("fd :: FromDevice(nowhere0, ACTIVE false) -> d :: Discard;", 32);
	arrive_new(3);
	weir_worker_drain(t.w);
	expect("d.count", "0");
	cr_expect_eq(write_to("fd.active", "true"), 0);
	weir_worker_drain(t.w);
	expect("d.count", "3");
	close_all();
}
