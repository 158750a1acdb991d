// SPDX-License-Identifier: BSD-2-Clause
#include "fib_race.h"

#include <weir/fib.h>

#include "figure.h"
#include "rnd.h"

#include <pthread.h>
#include <stdatomic.h>
#include <urcu/urcu-qsbr.h>

enum { COVERS = 4, BRANCHES = 4, OTHERS = 700, GROW_AT = 400, BATCH = 64 };

struct reader {
	const struct weir_fib4 *f;
	atomic_bool *stop;
	uint64_t lookups, wrong, seed;
	pthread_t thread;
};

// What changes: in the /16 of a cover some /24, in each of them a /26, and in that a /32. Their
// values say where and what they are.
enum kind { COVER, NET, PART, HOST, KINDS };
static const unsigned lengths[KINDS] = {16, 24, 26, 32};

static uint32_t prefix_of(unsigned cover, unsigned branch, enum kind kind)
{
	const uint32_t net = 10u << 24 | cover << 16 | (kind == COVER ? 0 : branch << 8);

	return kind < PART ? net : kind == PART ? net | 64 : net | 64 | (branch + 1);
}

static uint32_t value_of(unsigned cover, unsigned branch, enum kind kind)
{
	return 1 + ((cover * BRANCHES + (kind == COVER ? 0 : branch)) * KINDS + kind);
}

// An address and the longest kind that may cover it.
static uint32_t address(uint64_t *seed, unsigned cover, unsigned branch, enum kind *longest)
{
	const uint32_t host = prefix_of(cover, branch, HOST);

	*longest = rnd32(seed) % 3 + NET;
	if (*longest == HOST)
		return host;
	return *longest == PART ? host ^ 32 : host ^ 128;
}

static bool may_be(uint32_t value, unsigned cover, unsigned branch, enum kind longest)
{
	for (unsigned k = COVER; k <= longest; k++)
		if (value == value_of(cover, branch, k))
			return true;
	return false;
}

static void read_batch(struct reader *r)
{
	uint32_t dst[BATCH], value[BATCH];
	unsigned cover[BATCH], branch[BATCH];
	enum kind longest[BATCH];

	for (unsigned i = 0; i < BATCH; i++) {
		cover[i] = rnd32(&r->seed) % COVERS;
		branch[i] = rnd32(&r->seed) % BRANCHES;
		dst[i] = address(&r->seed, cover[i], branch[i], &longest[i]);
	}
	weir_fib4_lookup_batch(r->f, dst, value, BATCH);
	for (unsigned i = 0; i < BATCH; i++)
		r->wrong += !may_be(value[i], cover[i], branch[i], longest[i]);
	r->lookups += BATCH;
}

static void *read_on(void *arg)
{
	struct reader *r = arg;

	urcu_qsbr_register_thread();
	while (!atomic_load(r->stop)) {
		read_batch(r);
		urcu_qsbr_quiescent_state();
	}
	urcu_qsbr_unregister_thread();
	return NULL;
}

static void change_one(struct weir_fib4 *f, uint64_t *seed)
{
	const unsigned cover = rnd32(seed) % COVERS, branch = rnd32(seed) % BRANCHES;
	const enum kind kind = rnd32(seed) % (KINDS - 1) + NET;
	const uint32_t prefix = prefix_of(cover, branch, kind);

	if (rnd32(seed) % 2)
		weir_fib4_set(f, prefix, lengths[kind], value_of(cover, branch, kind));
	else
		weir_fib4_del(f, prefix, lengths[kind]);
}

// Others elsewhere, so many that the table grows, and none.
static void change_other(struct weir_fib4 *f, unsigned at)
{
	const uint32_t prefix = 0x80000000 | (at % OTHERS) << 16 | 1;

	if (at / OTHERS % 2)
		weir_fib4_del(f, prefix, 32);
	else
		weir_fib4_set(f, prefix, 32, at % OTHERS);
}

static void change_on(struct weir_fib4 *f, struct fib_race *out, unsigned ms)
{
	const uint64_t end = figure_clock() + (uint64_t)ms * 1000000;
	uint64_t seed = 7;

	for (unsigned at = 0; figure_clock() < end; at++) {
		change_one(f, &seed);
		change_other(f, at);
		out->changes += 2;
	}
}

bool fib_race(struct fib_race *out, unsigned ms)
{
	struct reader r[FIB_RACE_READERS] = {};
	atomic_bool stop = false;
	struct weir_fib4 f;
	unsigned n = 0;

	*out = (struct fib_race){};
	if (weir_fib4_init(&f))
		return false;
	f.grow_at = GROW_AT;
	f.shared = true;
	for (unsigned k = 0; k < COVERS; k++)
		weir_fib4_set(&f, prefix_of(k, 0, COVER), 16, value_of(k, 0, COVER));
	for (; n < FIB_RACE_READERS; n++) {
		r[n] = (struct reader){.f = &f, .stop = &stop, .seed = n + 1};
		if (pthread_create(&r[n].thread, NULL, read_on, &r[n]))
			break;
	}
	change_on(&f, out, ms);
	atomic_store(&stop, true);
	for (unsigned i = 0; i < n; i++) {
		pthread_join(r[i].thread, NULL);
		out->lookups += r[i].lookups;
		out->wrong += r[i].wrong;
	}
	out->moves = f.moves;
	weir_fib4_free(&f);
	return n == FIB_RACE_READERS;
}
