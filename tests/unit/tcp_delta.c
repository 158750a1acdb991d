// SPDX-License-Identifier: BSD-2-Clause

// Sequence numbers that a translator changes, against a plain list of all that was changed.
#include <criterion/criterion.h>
#include <nat/tcp_delta.h>
#include <rnd.h>

enum { COMMANDS = 3000, NUMBER = 7 };

// What the sender sent, and what it became.
struct twin {
	uint32_t n, from[COMMANDS], to[COMMANDS]; // where each command ends
};

static struct tcp_delta_way way_of(const struct tcp_deltas *d, uint32_t index)
{
	return ((const struct tcp_delta *)d->area.at + index)->way[0];
}

static void look(const struct tcp_deltas *d, uint32_t index, const struct twin *t, uint32_t start)
{
	const struct tcp_delta_way w = way_of(d, index);
	const uint32_t oldest = t->n > TCP_DELTA_STEPS ? t->n - TCP_DELTA_STEPS : 0;

	for (uint32_t i = oldest; i < t->n; i++) {
		const uint32_t behind = i + 1 < t->n ? t->from[i + 1] : t->from[i] + 50;
		const uint32_t before = i ? t->to[i - 1] - t->from[i - 1] : 0;

		cr_assert_eq(tcp_delta_seq(&w, t->from[i]), t->to[i]);
		cr_assert_eq(tcp_delta_seq(&w, behind - 1), t->to[i] + (behind - 1 - t->from[i]));
		cr_assert_eq(tcp_delta_ack(&w, t->to[i]), t->from[i]);
		if (i > oldest || !oldest) // what is sent again counts as at first
			cr_assert_eq(tcp_delta_seq(&w, t->from[i] - 1), t->from[i] - 1 + before);
		// a part of a command is never acknowledged as more than all of it
		for (uint32_t ack = t->to[i] - 3; ack != t->to[i]; ack++)
			cr_assert_leq((int32_t)(tcp_delta_ack(&w, ack) - t->from[i]), 0);
	}
	if (!t->n)
		cr_assert_eq(tcp_delta_seq(&w, start), start);
}

Test(tcp_delta, commands_get_longer_and_shorter)
{
	static struct twin t;
	struct tcp_deltas d = {};
	uint64_t seed = 1;
	uint32_t index, from = 0xfffff000, to = from; // the numbers wrap

	cr_assert_eq(tcp_deltas_open(&d), 0);
	index = tcp_delta_new(&d, NUMBER);
	cr_assert(index);
	for (t.n = 0; t.n < COMMANDS;) {
		const uint32_t was = 10 + rnd32(&seed) % 40, is = 10 + rnd32(&seed) % 40;

		look(&d, index, &t, from);
		from += was;
		to += is;
		t.from[t.n] = from;
		t.to[t.n++] = to;
		cr_assert(tcp_delta_add(&d, index, 0, from, (int32_t)is - (int32_t)was));
		if (rnd32(&seed) % 4 == 0) // sent again
			cr_assert(tcp_delta_add(&d, index, 0, from, (int32_t)is - (int32_t)was));
	}
	cr_assert_eq(tcp_delta_now(&d, index, 0), (int32_t)(to - from));
	cr_assert_eq(tcp_delta_now(&d, index, 1), 0);
	cr_assert_not(tcp_delta_add(&d, index, 0, t.from[10], 1), "long ago");
	tcp_delta_free(&d, index);
	cr_assert_eq(tcp_delta_new(&d, NUMBER + 1), index, "it is used again");
	cr_assert_eq(tcp_delta_now(&d, index, 0), 0);
	tcp_deltas_close(&d);
}

Test(tcp_delta, there_are_only_so_many)
{
	struct tcp_deltas none = {}, d = {};
	unsigned n = 0;

	cr_assert_eq(tcp_delta_new(&none, NUMBER), 0);
	cr_assert_eq(tcp_deltas_open(&d), 0);
	while (tcp_delta_new(&d, NUMBER))
		n++;
	cr_assert_eq(n, TCP_DELTA_MOST - 1);
	tcp_deltas_close(&d);
}
