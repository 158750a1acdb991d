// SPDX-License-Identifier: BSD-2-Clause

// Packets that workers hand to each other within one element. The workers stand still: the test
// runs each of them, so that what happens between them happens in a known order.

#include <criterion/criterion.h>
#include <engine.h>
#include <session.h>
#include <stdlib.h>

static const char text[] =
	"a :: InfiniteSource(ACTIVE false) -> h :: HandOver; b :: InfiniteSource(ACTIVE false)"
	" -> [1] h; c1 :: InfiniteSource(ACTIVE false) -> h; h -> q0 :: ThreadSafeQueue(5000) -> "
	"Idle;"
	"h[1] -> q1 :: ThreadSafeQueue(5000) -> Idle;";

struct rig {
	struct session s;
	struct weir_err err;
	struct weir_element *h;
};

static void rig_open(struct rig *g, unsigned n_workers)
{
	const struct session_options opt = {.text = text,
					    .engine = {.n_workers = n_workers, .simtime = true}};

	*g = (struct rig){};
	if (session_check(&g->s, &opt, &g->err) || session_open(&g->s, &opt, &g->err))
		cr_assert_fail("%s", g->err.text);
	g->h = weir_find(g->s.router, "h");
}

// Every packet is somewhere.
static struct weir_ledger ledger(struct rig *g)
{
	struct weir_ledger l;

	weir_ledger(g->s.engine, &l);
	cr_assert_eq(l.made, l.ended + l.held + l.dropped);
	return l;
}

static void rig_close(struct rig *g)
{
	session_close(&g->s);
	weir_err_free(&g->err);
}

static void round_of(struct rig *g, unsigned worker)
{
	weir_worker_round(&g->s.engine->workers[worker]);
}

// Packets of two bytes: the owner, and a count from `first` on.
static void push(struct rig *g, unsigned worker, unsigned input, const char *owners, unsigned first)
{
	struct weir_node *n = g->h->nodes[worker];
	struct batch *b = weir_spare_get(n->worker);

	for (; owners[b->n]; b->n++) {
		b->p[b->n] = weir_packet_new(n, 0, 2);
		weir_data(b->p[b->n])[0] = (uint8_t)(owners[b->n] - '0');
		weir_data(b->p[b->n])[1] = (uint8_t)(first + b->n);
		b->bytes += 2;
	}
	weir_made(n, b->n, b->bytes);
	weir_run_input(n->worker, &n->in[input], b);
	weir_spare_put(n->worker, b);
}

// The counts of what came to a queue.
static const char *pull(struct rig *g, const char *name)
{
	struct weir_element *e = weir_find(g->s.router, name);
	struct weir_node *n = e->nodes[e->home];
	static char digits[32];
	struct packet *p;
	unsigned len = 0;

	while (n->pull(n, 0, &p, 1)) {
		digits[len++] = (char)('0' + weir_data(p)[1]);
		weir_end(n, &p, 1);
	}
	digits[len] = '\0';
	return digits;
}

Test(handoff, gives_each_worker_its_own)
{
	struct rig g;

	rig_open(&g, 2);
	push(&g, 0, 0, "01100", 1);
	push(&g, 0, 1, "110", 6);
	push(&g, 1, 1, "0", 9);
	cr_assert_eq(ledger(&g).held, 9);
	round_of(&g, 0);
	cr_assert_str_eq(pull(&g, "q0"), "145");
	cr_assert_str_eq(pull(&g, "q1"), "89");
	cr_assert_eq(ledger(&g).held, 4);
	round_of(&g, 1);
	cr_assert_str_eq(pull(&g, "q0"), "23");
	cr_assert_str_eq(pull(&g, "q1"), "67");
	cr_assert(!ledger(&g).held && !ledger(&g).dropped);
	rig_close(&g);
}

// Whoever has no room says so, and nobody else is slowed down.
Test(handoff, loses_by_name_what_does_not_fit)
{
	struct rig g;
	uint32_t put, taken;

	rig_open(&g, 3);
	for (unsigned i = 0; i < 600; i++)
		push(&g, 0, 0, "1", 0);
	push(&g, 0, 0, "2", 5);
	cr_assert_eq(ledger(&g).dropped, 600 - 512);
	g.h->class->passed(g.h->nodes[0], &put, &taken);
	cr_assert(put == 513 && taken == 0);
	round_of(&g, 2);
	cr_assert_str_eq(pull(&g, "q0"), "5");
	g.h->class->passed(g.h->nodes[0], &put, &taken);
	cr_assert(put == 513 && taken == 1);
	rig_close(&g); // with packets on the way
}

Test(handoff, knows_who_is_no_worker)
{
	struct rig g;

	rig_open(&g, 2);
	push(&g, 0, 0, "/", 1); // 255: no worker
	cr_assert_eq(ledger(&g).dropped, 1);
	rig_close(&g);
	rig_open(&g, 1);
	push(&g, 0, 0, "0123", 1);
	cr_assert_str_eq(pull(&g, "q0"), "1234");
	cr_assert_eq(g.h->class->capacity(g.h), 0);
	rig_close(&g);
}

Test(handoff, ends_when_nobody_wants_a_packet)
{
	struct rig g;
	struct weir_node *n;
	struct packet *p;

	rig_open(&g, 2);
	n = g.h->nodes[0];
	p = weir_packet_new(n, 0, 2);
	p->rounds = 200;
	weir_data(p)[0] = 1;
	weir_made(n, 1, 2);
	weir_resume(n, g.h->index, 0, &p, 1);
	round_of(&g, 0);
	cr_assert_eq(ledger(&g).dropped, 1);
	rig_close(&g);
}
