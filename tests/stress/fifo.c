// SPDX-License-Identifier: BSD-2-Clause

// A queue that several threads push to is one queue: when one push had ended before another began,
// its packets come out first; and of what is pushed together nothing gets in between. Capacity is
// that of all.

#include "elements.h"

#include <engine.h>
#include <pthread.h>
#include <sched.h>
#include <session.h>
#include <stdio.h>
#include <stdlib.h>

enum { PUSHERS = 4, PUSHES = 4000, MOST = 16, CAPACITY = 96, PACKETS = PUSHERS * PUSHES * MOST };

// When a push began and ended, by a clock that counts events.
struct push {
	uint64_t begin, end;
};

struct fifo {
	struct weir_element *queue;
	struct push pushes[PUSHERS][PUSHES];
	uint64_t clock;
	uint64_t n_pushed; // packets
	unsigned n_left;   // threads that push
	uint32_t *out;	   // what came out: push, and place in it
	unsigned n_out;
};

struct pusher {
	struct fifo *f;
	unsigned worker;
	pthread_t thread;
};

static void push_all(struct pusher *me)
{
	struct weir_node *n = me->f->queue->nodes[me->worker];
	struct batch *b = weir_spare_get(n->worker);
	uint64_t pushed = 0;

	for (unsigned i = 0; i < PUSHES; i++) {
		struct push *now = &me->f->pushes[me->worker][i];

		for (b->n = 0; b->n < 1 + weir_random(n) % MOST; b->n++) {
			uint32_t id = (me->worker * PUSHES + i) * MOST + b->n;

			b->p[b->n] = weir_packet_new(n, 0, sizeof(id));
			memcpy(weir_data(b->p[b->n]), &id, sizeof(id));
		}
		pushed += b->n;
		now->begin = __atomic_fetch_add(&me->f->clock, 1, __ATOMIC_SEQ_CST);
		n->push(n, 0, b);
		now->end = __atomic_fetch_add(&me->f->clock, 1, __ATOMIC_SEQ_CST);
		if (i % 8 == 7)
			sched_yield();
	}
	weir_run_ready(n->worker); // what was lost
	__atomic_fetch_add(&me->f->n_pushed, pushed, __ATOMIC_RELAXED);
	weir_spare_put(n->worker, b);
}

static void *pusher_main(void *arg)
{
	struct pusher *me = arg;

	push_all(me);
	__atomic_fetch_sub(&me->f->n_left, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void pull_all(struct fifo *f)
{
	struct weir_node *n = f->queue->nodes[PUSHERS];
	struct packet *v[MOST];
	bool more = true;

	while (more) {
		unsigned got;

		more = __atomic_load_n(&f->n_left, __ATOMIC_SEQ_CST);
		while ((got = n->pull(n, 0, v, MOST))) {
			for (unsigned i = 0; i < got; i++) {
				memcpy(&f->out[f->n_out++], weir_data(v[i]), sizeof(f->out[0]));
				weir_packet_free(n, v[i]);
			}
		}
		sched_yield();
	}
}

static bool in_order(const struct fifo *f)
{
	uint64_t earliest = UINT64_MAX; // end of the pushes that came out behind

	for (unsigned i = f->n_out; i--;) {
		uint32_t push = f->out[i] / MOST, place = f->out[i] % MOST;
		const struct push *p = &f->pushes[push / PUSHES][push % PUSHES];

		if (p->begin > earliest) {
			fprintf(stderr, "a packet came out before one that was pushed earlier\n");
			return false;
		}
		if (place && (!i || f->out[i - 1] != f->out[i] - 1)) {
			fprintf(stderr, "a push was torn apart\n");
			return false;
		}
		earliest = p->end < earliest ? p->end : earliest;
	}
	return true;
}

static uint64_t number(struct session *s, const char *handler)
{
	struct weir_buf text = {};
	struct weir_err err = {};
	uint64_t v = 0;

	if (!weir_handler_read(s->router, handler, "", &text, &err))
		v = strtoull(text.text, NULL, 10);
	weir_buf_free(&text);
	weir_err_free(&err);
	return v;
}

static bool check(struct fifo *f, struct session *s)
{
	uint64_t lost = number(s, "q.drops"), most = number(s, "q.highwater_length");

	if (f->n_out + lost != f->n_pushed || most > CAPACITY || !lost) {
		fprintf(stderr, "%llu pushed, %u came out, %llu lost, at most %llu there\n",
			(unsigned long long)f->n_pushed, f->n_out, (unsigned long long)lost,
			(unsigned long long)most);
		return false;
	}
	return in_order(f);
}

static bool run(struct fifo *f, struct session *s)
{
	struct pusher pushers[PUSHERS];

	f->queue = weir_find(s->router, "q");
	f->n_left = PUSHERS;
	for (unsigned k = 0; k < PUSHERS; k++) {
		pushers[k] = (struct pusher){f, k, 0};
		if (pthread_create(&pushers[k].thread, NULL, pusher_main, &pushers[k]))
			abort();
	}
	pull_all(f);
	for (unsigned k = 0; k < PUSHERS; k++)
		pthread_join(pushers[k].thread, NULL);
	return check(f, s);
}

bool stress_fifo(void)
{
	const struct session_options opt = {
		.text = "a :: InfiniteSource(ACTIVE false) -> q :: Queue(96) -> u :: Unqueue -> "
			"Idle;"
			"b :: InfiniteSource(ACTIVE false) -> q; c :: InfiniteSource(ACTIVE false) "
			"-> q; d :: InfiniteSource(ACTIVE false) -> q;"
			"StaticThreadSched(a 0, b 1, c 2, d 3, u 4);",
		.engine = {.n_workers = PUSHERS + 1},
	};
	struct fifo *f = calloc(1, sizeof(*f));
	struct weir_err err = {};
	struct session s = {};
	bool good = false;

	f->out = calloc(PACKETS, sizeof(*f->out));
	if (!session_check(&s, &opt, &err) && !session_open(&s, &opt, &err))
		good = run(f, &s);
	if (err.text)
		fputs(err.text, stderr);
	weir_err_free(&err);
	session_close(&s);
	free(f->out);
	free(f);
	return good;
}
