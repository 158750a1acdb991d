// SPDX-License-Identifier: BSD-2-Clause

// The table of sessions against a plain array of keys, its timers against a plain array of times,
// and what is left of it after a crash.
#include <criterion/criterion.h>
#include <errno.h>
#include <nat/sessions.h>
#include <rnd.h>
#include <session_race.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST = 3000, TICK_NS = 1 << SESSION_TICK };

static uint64_t never(void *, uint32_t)
{
	return 0;
}

static void open_table(struct sessions *t, uint32_t most)
{
	struct weir_element e = {.name = "s"};
	struct weir_err err = {};
	bool found;

	cr_assert_eq(sessions_open(t, &e, most, &found, &err), 0);
	cr_assert_not(found);
}

static struct session_tuple draw_tuple(uint64_t *seed, unsigned few)
{
	return (struct session_tuple){{rnd32(seed) % few + 1},
				      {rnd32(seed) % few + 100},
				      {(uint16_t)(rnd32(seed) % few)},
				      {(uint16_t)(rnd32(seed) % few)}};
}

static void fill(struct session *s, struct session_tuple from, struct session_tuple to,
		 uint8_t proto)
{
	s->from = from;
	s->to = to;
	s->proto = proto;
	s->state = 1;
}

static struct session_hit find(const struct sessions *t, struct session_tuple key, uint8_t proto)
{
	const uint64_t hash = sessions_hash4(t, &key, proto);

	return sessions_check4(t, sessions_candidate(t, hash), hash, &key, proto);
}

// --- the naive twin: an array of sessions, looked at one by one ---
struct twin {
	struct session_tuple key[2];
	uint8_t proto;
	uint32_t number;
};

static struct session_hit twin_find(const struct twin *v, unsigned n, struct session_tuple key,
				    uint8_t proto)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned d = 0; d < 2; d++)
			if (v[i].proto == proto && session_same(v[i].key[d], key))
				return (struct session_hit){v[i].number, d};
	return (struct session_hit){};
}

static void insert_both(struct sessions *t, struct session_part *p, struct twin *v, unsigned *n,
			uint64_t *seed)
{
	const struct session_tuple from = draw_tuple(seed, 8), to = draw_tuple(seed, 8);
	const uint8_t proto = rnd32(seed) % 2 ? IPPROTO4_TCP : IPPROTO4_UDP;
	const uint32_t number = session_new(t, p);
	struct session_hit other = {}, a, b;
	int rc;

	if (!number)
		return;
	fill(&t->at[number], from, to, proto);
	rc = session_insert(t, p, number, &other);
	a = twin_find(v, *n, from, proto);
	b = twin_find(v, *n, session_flip(to), proto);
	if (a.number || b.number || session_same(from, session_flip(to))) {
		cr_assert_eq(rc, -EEXIST);
		cr_assert(other.number == a.number || other.number == b.number ||
			  other.number == number);
		session_end(t, p, number);
		return;
	}
	cr_assert_eq(rc, 0);
	v[(*n)++] = (struct twin){{from, session_flip(to)}, proto, number};
}

static void compare_some(const struct sessions *t, const struct twin *v, unsigned n, uint64_t *seed)
{
	const struct session_tuple key = draw_tuple(seed, 8);
	const struct twin *x = &v[n ? rnd32(seed) % n : 0];
	struct session_hit mine = find(t, key, IPPROTO4_TCP),
			   theirs = twin_find(v, n, key, IPPROTO4_TCP);

	cr_assert(mine.number == theirs.number &&
		  (!mine.number || mine.direction == theirs.direction));
	for (unsigned d = 0; n && d < 2; d++) {
		mine = find(t, x->key[d], x->proto);
		cr_assert(mine.number == x->number && mine.direction == d);
	}
}

Test(sessions, are_those_of_a_plain_array)
{
	static struct twin v[MOST];
	struct session_part p = {};
	struct sessions t = {};
	uint64_t seed = 1;
	unsigned n = 0;

	open_table(&t, MOST);
	t.blind = true; // ended ones are used again by the clock
	for (unsigned i = 0; i < 60000; i++) {
		if (rnd32(&seed) % 1000 >= n) {
			insert_both(&t, &p, v, &n, &seed);
		} else {
			const unsigned k = rnd32(&seed) % n;

			session_end(&t, &p, v[k].number);
			v[k] = v[--n];
		}
		compare_some(&t, v, n, &seed);
		sessions_turn(&t, &p, i * 10000000ull, 10, never, NULL);
		cr_assert_eq(p.live, n);
	}
	cr_assert_gt(p.ended, 2 * MOST);
	while (n)
		session_end(&t, &p, v[--n].number);
	for (uint32_t i = 0; i < t.n_buckets; i++) {
		cr_assert_eq(t.buckets[i].more, 0);
		for (unsigned j = 0; j < SESSION_SLOTS; j++)
			cr_assert_eq(t.buckets[i].slot[j], 0);
	}
	sessions_close(&t);
}

// --- room ---
static uint32_t fill_up(struct sessions *t, struct session_part *p, uint32_t first)
{
	struct session_hit other;
	uint32_t n = 0, number;

	for (; (number = session_new(t, p)); n++) {
		const struct session_tuple from = {{first + n}, {1}, {2}, {3}};
		const struct session_tuple to = {{4}, {first + n}, {5}, {6}};

		fill(&t->at[number], from, to, IPPROTO4_UDP);
		cr_assert_eq(session_insert(t, p, number, &other), 0, "%u of %u", n, t->most);
	}
	return n;
}

Test(sessions, take_all_the_room_there_is)
{
	static const uint32_t sizes[] = {1, 2, 3, 7, 64, 1000, 43690, 200000};

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct session_part p = {};
		struct sessions t = {};
		size_t bytes;

		open_table(&t, sizes[i]);
		cr_assert_eq(fill_up(&t, &p, 1), sizes[i]);
		cr_assert(p.full == 1 && p.live == sizes[i]);
		bytes = (sizeof(*t.at) + sizeof(*t.cold)) * (t.most + 1) +
			sizeof(*t.buckets) * t.n_buckets;
		cr_assert(sizes[i] < 1000 || bytes / sizes[i] <= 104);
		sessions_close(&t);
	}
}

// One worker may have nearly all, also after another had them.
Test(sessions, go_from_part_to_part)
{
	struct session_part p[2] = {};
	struct sessions t = {};
	uint32_t n;

	open_table(&t, 10000);
	cr_assert_eq(fill_up(&t, &p[0], 1), 10000);
	for (uint32_t number = 1; number <= 10000; number++)
		session_end(&t, &p[0], number);
	for (unsigned i = 0; i < 2000 && (i < 1900 || p[0].late.n || p[0].waiting.n || p[0].over.n);
	     i++) {
		sessions_turn(&t, &p[0], 1, 0, never, NULL);
		usleep(100);
	}
	n = fill_up(&t, &p[1], 1);
	cr_assert_geq(n, 10000 - 2 * t.magazine);
	cr_assert_eq(n + fill_up(&t, &p[0], 50000), 10000);
	sessions_close(&t);
}

Test(sessions, are_not_used_again_at_once)
{
	struct session_part p = {};
	struct sessions t = {};

	open_table(&t, 1);
	cr_assert_eq(fill_up(&t, &p, 1), 1);
	session_end(&t, &p, 1);
	cr_assert_eq(session_new(&t, &p), 0);
	for (unsigned i = 0; i < 5000 && !p.free.n; i++) {
		sessions_turn(&t, &p, 1, 0, never, NULL);
		usleep(1000);
	}
	cr_assert_eq(session_new(&t, &p), 1);
	cr_assert_eq(t.at[1].version & 1, 1);
	sessions_close(&t);
}

// --- IPv6 on one side ---
Test(sessions, of_ipv6_differ_in_all_bits)
{
	struct session_part p = {};
	struct sessions t = {};
	struct session_hit other, hit;
	const struct session_tuple from = {{0}, {1}, {2}, {3}}, to = {{4}, {1}, {5}, {3}},
				   back = session_flip(to);

	open_table(&t, 100);
	for (unsigned bit = 0; bit < 64; bit++) {
		const uint32_t number = session_new(&t, &p);
		struct session *s = &t.at[number];

		fill(s, from, to, IPPROTO4_UDP);
		s->to.sport.be = (uint16_t)(100 + bit);
		s->from6[bit % 2] = 1ull << bit;
		cr_assert_eq(session_insert(&t, &p, number, &other), 0);
	}
	for (unsigned bit = 0; bit < 64; bit++) {
		const __u64 from6[2] = {bit % 2 ? 0 : 1ull << bit, bit % 2 ? 1ull << bit : 0};
		struct session_tuple key = back;

		hit = sessions_find(&t,
				    session_hash(t.seed, from, IPPROTO4_UDP, from6[0], from6[1]),
				    &from, IPPROTO4_UDP, from6);
		cr_assert(hit.number && hit.direction == 0);
		key.dport.be = (uint16_t)(100 + bit);
		other = find(&t, key, IPPROTO4_UDP);
		cr_assert(other.number == hit.number && other.direction == 1);
	}
	cr_assert_eq(find(&t, from, IPPROTO4_UDP).number, 0);
	sessions_close(&t);
}

// --- timers ---
enum { TIMED = 500 };
struct times {
	struct sessions t;
	struct session_part p;
	uint64_t when[TIMED + 1]; // in order of number; 0: none
	uint64_t now, seed;
	unsigned looked;
};

static uint64_t draw_time(struct times *x)
{
	static const unsigned ranges[] = {4, 300, 70000, 1 << 22};
	const uint64_t ticks = rnd32(&x->seed) % ranges[rnd32(&x->seed) % 4];

	return x->now + ticks * TICK_NS + rnd32(&x->seed) % TICK_NS;
}

static uint64_t look(void *arg, uint32_t number)
{
	struct times *x = arg;

	cr_assert(x->when[number] && x->when[number] <= x->now, "%u at %llu instead of %llu",
		  number, (unsigned long long)x->now, (unsigned long long)x->when[number]);
	x->looked++;
	x->when[number] = rnd32(&x->seed) % 2 ? draw_time(x) : 0;
	if (x->when[number] && x->when[number] < x->now + TICK_NS)
		x->when[number] = x->now + TICK_NS;
	return x->when[number];
}

static void change_timers(struct times *x)
{
	for (unsigned i = 0; i < 5; i++) {
		const uint32_t number = rnd32(&x->seed) % TIMED + 1;

		x->when[number] = rnd32(&x->seed) % 4 ? draw_time(x) : 0;
		session_timer(&x->t, &x->p, number, x->when[number]);
	}
}

Test(sessions, are_looked_at_when_it_is_time)
{
	static const uint64_t steps[] = {1, TICK_NS, 100ull * TICK_NS, 50000ull * TICK_NS};
	static struct times x = {.seed = 3, .now = 900000ull * TICK_NS};

	open_table(&x.t, TIMED);
	for (unsigned i = 0; i < TIMED; i++)
		session_new(&x.t, &x.p);
	for (unsigned i = 0; i < 3000; i++) {
		change_timers(&x);
		x.now += rnd32(&x.seed) % steps[rnd32(&x.seed) % 4];
		while (sessions_turn(&x.t, &x.p, x.now, rnd32(&x.seed) % 7 + 1, look, &x))
			continue;
		for (uint32_t k = 1; k <= TIMED; k++)
			cr_assert(!x.when[k] || x.when[k] + 2ull * TICK_NS > x.now);
	}
	cr_assert_gt(x.looked, 1000);
	sessions_close(&x.t);
}

// However much is due, a turn looks at no more than it may.
Test(sessions, that_are_due_together_are_looked_at_in_turns)
{
	static struct times x = {.seed = 3, .now = 5ull * TICK_NS};
	unsigned turns = 0;

	open_table(&x.t, TIMED);
	for (unsigned i = 0; i < TIMED; i++)
		session_new(&x.t, &x.p);
	for (uint32_t k = 1; k <= TIMED; k++)
		session_timer(&x.t, &x.p, k, x.when[k] = 80000ull * TICK_NS);
	x.now = 80000ull * TICK_NS;
	for (bool more = true; more; turns++) {
		const unsigned before = x.looked;

		more = sessions_turn(&x.t, &x.p, x.now, 10, look, &x);
		cr_assert_leq(x.looked - before, 10);
	}
	cr_assert_eq(x.looked, TIMED);
	cr_assert_geq(turns, TIMED / 10);
	sessions_close(&x.t);
}

// --- taking over ---
struct adopting {
	struct sessions *t;
	unsigned asked, fresh;
};

static unsigned adopt(void *arg, uint32_t number, uint64_t *when)
{
	struct adopting *a = arg;

	a->asked++;
	*when = TICK_NS;
	a->fresh += a->t->at[number].last[0] && a->t->at[number].last[1];
	return a->t->at[number].user == 7 ? SESSION_UNWANTED : 0;
}

// All that was not damaged is found, and all that is found is sound.
static void check_adopted(struct sessions *t, uint32_t n)
{
	uint32_t live = 0;

	for (uint32_t number = 1; number <= t->most; number++) {
		const struct session *s = &t->at[number];

		if (!s->state)
			continue;
		live++;
		cr_assert_eq(find(t, s->from, s->proto).number, number);
		cr_assert_eq(find(t, session_flip(s->to), s->proto).number, number);
	}
	cr_assert_eq(live, n);
	for (uint32_t i = 0; i < t->n_buckets; i++)
		for (unsigned j = 0; j < SESSION_SLOTS; j++) {
			const uint32_t number = (t->buckets[i].slot[j] & t->slot_mask) >> 1;

			cr_assert(!t->buckets[i].slot[j] || (number && t->at[number].state));
		}
}

static void damage(struct sessions *t, uint64_t *seed, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		uint32_t *word = rnd32(seed) % 2
					 ? (uint32_t *)&t->at[rnd32(seed) % t->most + 1]
					 : (uint32_t *)&t->buckets[rnd32(seed) % t->n_buckets];

		word[rnd32(seed) % 10] ^= 1u << rnd32(seed) % 32;
	}
}

static void forget_own(struct sessions *t)
{
	memset(t->cold, 0, (t->most + 1) * sizeof(*t->cold));
	t->magazines = t->lock = 0;
}

Test(sessions, are_taken_over_whole_or_not_at_all)
{
	for (uint64_t round = 1; round < 60; round++) {
		struct session_part p = {}, q = {}, *const parts[] = {&q};
		struct sessions t = {};
		struct adopting a = {&t, 0, 0};
		uint64_t seed = round;
		uint32_t n;

		open_table(&t, 500);
		cr_assert_eq(fill_up(&t, &p, 1), 500);
		for (uint32_t number = 1; number < 500; number += 10)
			session_end(&t, &p, number);
		for (uint32_t number = 2; number < 500; number += 100)
			t.at[number].user = 7;
		session_write_begin(&t.at[5]); // killed meanwhile
		t.at[6].flags = t.at[7].flags = SESSION_FAST;
		damage(&t, &seed, round % 20 * 10);
		forget_own(&t);
		n = sessions_adopt(&t, parts, adopt, &a);
		check_adopted(&t, n);
		cr_assert(q.live == n && q.timers == n);
		cr_assert_eq(t.at[5].state, 0);
		if (round % 20 == 0)
			cr_assert(n == 500 - 50 - 5 - 1 && a.asked == 500 - 50 - 1 && a.fresh == 2);
		cr_assert_eq(fill_up(&t, &q, 1000000), 500 - n);
		sessions_close(&t);
	}
}

// Once more where some thread did not come to run.
Test(sessions, of_several_workers)
{
	struct session_race r = {};

	for (unsigned i = 0; i < 20 && !(r.found && r.made && r.refused); i++) {
		cr_assert(session_race(&r, 300));
		cr_assert_eq(r.wrong, 0, "%lu of %lu", r.wrong, r.found);
		cr_assert(r.ended == r.made && !r.left);
	}
	cr_assert(r.found && r.made && r.refused);
}
