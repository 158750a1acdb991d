// SPDX-License-Identifier: BSD-2-Clause

// What the balancer moves, and in which order a move happens.

#include <balance.h>
#include <criterion/criterion.h>
#include <device.h>
#include <limits.h>
#include <session.h>
#include <time.h>

// One for each test, which is a process of its own.
static struct weir_balance_device d;

static void two_workers(void)
{
	weir_workers_add(&d.may, 0);
	weir_workers_add(&d.may, 1);
}

// Packets of `worker` are spread over the buckets from `first` on.
static void spread(unsigned worker, unsigned first, unsigned n, uint64_t each)
{
	for (unsigned i = first; i < first + n; i++)
		d.bucket[i] = (struct weir_bucket){.worker = worker, .packets = each};
}

static bool choose(const double *busy, struct weir_choice *c)
{
	const struct weir_load l = {
		.n_workers = 2, .n_devices = 1, .busy = busy, .devices = &d, .seconds = 0.5};

	return weir_balance_choose(&l, c);
}

static uint64_t moved(const struct weir_choice *c)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < WEIR_BUCKETS; i++)
		if (weir_buckets_has(&c->what, i))
			sum += d.bucket[i].packets;
	return sum;
}

Test(balance, moves_half_of_the_difference)
{
	struct weir_choice c;

	two_workers();
	spread(0, 0, 128, 100);
	spread(1, 128, 128, 25);
	cr_assert(choose((double[]){0.8, 0.2}, &c));
	cr_assert_eq(c.from, 0);
	cr_assert_eq(c.to, 1);
	cr_assert_eq(moved(&c), 4800, "3/8 of 12800");
	for (unsigned i = 0; i < 128; i++)
		d.bucket[i].worker ^= weir_buckets_has(&c.what, i);
	cr_assert_not(choose((double[]){0.5, 0.5}, &c));
}

Test(balance, leaves_alone_what_is_idle_or_even)
{
	struct weir_choice c;

	two_workers();
	spread(0, 0, 128, 100);
	cr_assert_not(choose((double[]){0.25, 0}, &c));
	cr_assert_not(choose((double[]){0.9, 0.8}, &c));
	cr_assert(choose((double[]){0.9, 0.1}, &c));
}

Test(balance, moves_the_others_away_from_an_elephant)
{
	struct weir_choice c;

	two_workers();
	spread(0, 0, 1, 9000);
	spread(0, 1, 10, 100);
	cr_assert(choose((double[]){1, 0}, &c));
	cr_assert_not(weir_buckets_has(&c.what, 0));
	cr_assert_eq(moved(&c), 1000);
	spread(1, 1, 10, 100);
	cr_assert_not(choose((double[]){0.9, 0.1}, &c), "nobody gains by its changing place");
}

Test(balance, never_moves_what_one_worker_is_pinned_to)
{
	struct weir_choice c;

	weir_workers_add(&d.may, 0);
	spread(0, 0, 128, 100);
	cr_assert_not(choose((double[]){1, 0}, &c));
}

Test(balance, moves_no_more_than_can_wait)
{
	struct weir_choice c;

	two_workers();
	spread(0, 0, 4, 400 * 1000);
	cr_assert_not(choose((double[]){1, 0}, &c), "40,000 packets would come meanwhile");
	spread(0, 4, 100, 1000);
	cr_assert(choose((double[]){1, 0}, &c));
	cr_assert_leq(moved(&c), WEIR_MOVE_HELD * 10);
}

// --- a move ---
static struct {
	char said[64];
	unsigned rx_after, tx_after; // calls that find the rings not past yet
	bool keeps;
} fake;

static void say(const char *what)
{
	strcat(fake.said, what);
}

static void hold(struct weir_device *, unsigned, const struct weir_buckets *)
{
	say("hold ");
}

static void steer(struct weir_device *, unsigned, const struct weir_buckets *)
{
	say("steer ");
}

static void mark_rx(struct weir_device *, unsigned)
{
	say("rx ");
}

static bool rx_past(const struct weir_device *, unsigned)
{
	return !fake.rx_after || !fake.rx_after--;
}

static void mark_tx(struct weir_device *, unsigned)
{
	say("tx ");
}

static bool tx_past(const struct weir_device *, unsigned)
{
	return !fake.tx_after || !fake.tx_after--;
}

static void release(struct weir_device *, unsigned)
{
	say("release ");
}

static bool released(const struct weir_device *, unsigned)
{
	return true;
}

static unsigned bucket(const struct weir_device *, const struct packet *)
{
	return 7;
}

static const struct weir_move_ops move_ops = {
	.bucket = bucket,
	.hold = hold,
	.steer = steer,
	.mark_rx = mark_rx,
	.rx_past = rx_past,
	.mark_tx = mark_tx,
	.tx_past = tx_past,
	.release = release,
	.released = released,
};
static const struct weir_device_ops ops = {.move = &move_ops};

static struct session *open_session(const char *text)
{
	static struct session s;
	const struct session_options opt = {.text = text, .engine = {.n_workers = 2}};
	struct weir_err err = {};

	cr_assert_eq(session_check(&s, &opt, &err), 0);
	cr_assert_eq(session_open(&s, &opt, &err), 0);
	return &s;
}

static void pause_ms(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

// Steps until it is done; how many times it had to wait.
static unsigned finish(struct weir_move *m)
{
	unsigned n = 0;

	for (; weir_move_go_on(m) && n < 5000; n++)
		pause_ms();
	return n;
}

Test(balance, releases_what_waits_last)
{
	struct session *s = open_session("Idle -> Discard;");
	struct weir_device dev = {.ops = &ops};
	struct weir_buckets b = {.bits = {1}};
	struct weir_move m;

	s->router->devices = &dev;
	fake.rx_after = 3, fake.tx_after = 2;
	cr_assert(weir_move_begin(&m, s->engine, &dev, &b, 0, 1));
	cr_assert_str_eq(fake.said, "hold steer ");
	cr_assert_geq(finish(&m), 5);
	cr_assert_str_eq(fake.said, "hold steer rx tx release ");
	s->router->devices = NULL;
	session_close(s);
}

// A TX ring that does not move, as that of an interface which is down, holds up nothing else.
Test(balance, does_not_wait_for_ever)
{
	struct session *s = open_session("Idle -> Discard;");
	struct weir_device dev = {.ops = &ops};
	struct weir_buckets b = {.bits = {1}};
	struct weir_move m;

	s->router->devices = &dev;
	fake.tx_after = UINT_MAX;
	cr_assert(weir_move_begin(&m, s->engine, &dev, &b, 0, 1));
	cr_assert_lt(finish(&m), 5000);
	cr_assert_str_eq(fake.said, "hold steer rx tx release ");
	s->router->devices = NULL;
	session_close(s);
}

static void keep_fragment(struct session *s)
{
	struct weir_node *n = weir_find(s->router, "re")->nodes[0];
	struct packet *p = weir_packet_new(n, 0, 28);
	struct batch *b = calloc(1, sizeof(*b) + sizeof(b->p[0]));
	struct ip4 *ip;

	memset(weir_data(p), 0, 28);
	ip = (struct ip4 *)weir_data(p);
	ip->vihl = 0x45;
	ip->len = wr16(28);
	ip->frag = wr16(IP4_MF);
	weir_set_network(p, 0, 20);
	b->p[b->n++] = p;
	b->bytes = 28;
	n->push(n, 0, b);
	free(b);
}

Test(balance, waits_for_what_elements_keep)
{
	struct session *s = open_session("Idle -> re :: IPReassembler -> Discard;");
	struct weir_device dev = {.ops = &ops};
	struct weir_buckets b = {};
	struct weir_move m;

	keep_fragment(s);
	weir_buckets_add(&b, 7);
	cr_assert_not(weir_move_begin(&m, s->engine, &dev, &b, 0, 1));
	cr_assert_str_eq(fake.said, "");
	cr_assert(weir_move_begin(&m, s->engine, &dev, &b, 1, 0), "the other worker keeps none");
	weir_move_close(&m);
	b = (struct weir_buckets){};
	weir_buckets_add(&b, 8);
	cr_assert(weir_move_begin(&m, s->engine, &dev, &b, 0, 1), "it is of another bucket");
	weir_move_close(&m);
	session_close(s);
}
