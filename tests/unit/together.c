// SPDX-License-Identifier: BSD-2-Clause

// Elements that several workers are inside. The workers stand still: the test runs each of them, so
// that what happens between them happens in a known order.

#include <criterion/criterion.h>
#include <engine.h>
#include <session.h>
#include <stdlib.h>

struct rig {
	struct session s;
	struct weir_err err;
};

static void rig_open(struct rig *g, const char *text, unsigned n_workers)
{
	const struct session_options opt = {.text = text,
					    .engine = {.n_workers = n_workers, .simtime = true}};

	*g = (struct rig){};
	if (session_check(&g->s, &opt, &g->err) || session_open(&g->s, &opt, &g->err))
		cr_assert_fail("%s", g->err.text);
}

static void rig_close(struct rig *g)
{
	session_close(&g->s);
	weir_err_free(&g->err);
}

static struct weir_element *find(struct rig *g, const char *name)
{
	struct weir_element *e = weir_find(g->s.router, name);

	cr_assert(e);
	return e;
}

static unsigned number(struct rig *g, const char *handler)
{
	struct weir_buf b = {};
	unsigned v;

	if (weir_handler_read(g->s.router, handler, "", &b, &g->err))
		cr_assert_fail("%s", g->err.text);
	v = (unsigned)strtoul(b.text, NULL, 10);
	weir_buf_free(&b);
	return v;
}

static void round_of(struct rig *g, unsigned worker)
{
	weir_worker_round(&g->s.engine->workers[worker]);
}

// Pushes packets of a byte, from `first` on, to 10.0.0.2.
static void push(struct weir_element *e, unsigned worker, unsigned first, unsigned count)
{
	struct weir_node *n = e->nodes[worker];
	struct batch *b = weir_spare_get(n->worker);

	for (; b->n < count; b->n++) {
		b->p[b->n] = weir_packet_new(n, 0, 1);
		*weir_data(b->p[b->n]) = (uint8_t)(first + b->n);
		weir_set_dst_ip(b->p[b->n], wr32(0x0a000002));
		b->bytes++;
	}
	weir_made(n, count, b->bytes);
	weir_run_input(n->worker, &n->in[0], b);
	weir_spare_put(n->worker, b);
}

// The last bytes of what can be pulled, as a text of digits.
static const char *pull(struct weir_element *e)
{
	struct weir_node *n = e->nodes[e->home];
	static char text[32];
	struct packet *p;
	unsigned len = 0;

	while (n->pull(n, 0, &p, 1)) {
		text[len++] = (char)('0' + weir_data(p)[p->len - 1]);
		weir_end(n, &p, 1);
	}
	text[len] = '\0';
	return text;
}

static void reply(struct weir_element *e, unsigned worker, uint32_t address)
{
	struct weir_node *n = e->nodes[worker];
	struct batch *b = weir_spare_get(n->worker);
	struct packet *p = weir_packet_new(n, 0, sizeof(struct eth) + sizeof(struct arp4));
	struct eth *eth = (struct eth *)weir_data(p);

	*eth = (struct eth){.type = wr16(ETHERTYPE_ARP)};
	*(struct arp4 *)(eth + 1) = (struct arp4){.htype = wr16(1),
						  .ptype = wr16(ETHERTYPE_IP4),
						  .hlen = 6,
						  .plen = 4,
						  .op = wr16(2),
						  .sha = {2},
						  .spa = wr32(address)};
	b->p[b->n++] = p;
	b->bytes = p->len;
	weir_made(n, 1, p->len);
	weir_run_input(n->worker, &n->in[1], b);
	weir_spare_put(n->worker, b);
}

static const char arp[] =
	"a :: InfiniteSource(ACTIVE false) -> q :: ARPQuerier(10.0.0.1, 2:0:0:0:0:1);"
	"b :: InfiniteSource(ACTIVE false) -> q; Idle -> [1] q;"
	"q -> out :: ThreadSafeQueue -> Idle; q[1] -> asked :: Counter -> Discard;";

// *a and *b: the workers that push.
static struct weir_element *open_arp(struct rig *g, unsigned *a, unsigned *b)
{
	rig_open(g, arp, 2);
	*a = find(g, "a")->home;
	*b = find(g, "b")->home;
	cr_assert_neq(*a, *b);
	return find(g, "q");
}

Test(together, a_reply_releases_what_waits_on_other_workers)
{
	struct rig g;
	struct weir_element *q;
	unsigned a, b;

	q = open_arp(&g, &a, &b);
	push(q, a, 1, 3);
	push(q, b, 4, 2);
	round_of(&g, a);
	round_of(&g, b);
	cr_assert_eq(number(&g, "q.length"), 5);
	cr_assert_eq(number(&g, "asked.count"), 1, "one address is asked for once");
	cr_assert_eq(number(&g, "q.count"), 1, "one address is one line");
	reply(q, b, 0x0a000002);
	round_of(&g, b);
	cr_assert_str_eq(pull(find(&g, "out")), "45");
	round_of(&g, a);
	cr_assert_str_eq(pull(find(&g, "out")), "123");
	cr_assert_eq(number(&g, "q.length"), 0);
	push(q, a, 6, 1);
	round_of(&g, a);
	cr_assert_str_eq(pull(find(&g, "out")), "6");
	rig_close(&g);
}

// More replies than one worker remembers for the others.
Test(together, no_flood_of_replies_hides_the_one_that_is_waited_for)
{
	struct rig g;
	struct weir_element *q;
	unsigned a, b;

	q = open_arp(&g, &a, &b);
	push(q, a, 1, 2);
	for (unsigned i = 0; i < 100; i++)
		reply(q, b, 0x0a000002 + i);
	round_of(&g, a);
	cr_assert_str_eq(pull(find(&g, "out")), "12");
	rig_close(&g);
}

Test(together, packets_that_wait_count_on_all_workers_together)
{
	struct rig g;
	struct weir_element *q;
	unsigned a, b;

	rig_open(&g,
		 "a :: InfiniteSource(ACTIVE false) -> q :: ARPQuerier(10.0.0.1, 2:0:0:0:0:1, "
		 "CAPACITY 8); b :: InfiniteSource(ACTIVE false) -> q; Idle -> [1] q; "
		 "q -> out :: ThreadSafeQueue -> Idle; q[1] -> asked :: Counter -> Discard;",
		 2);
	q = find(&g, "q");
	a = find(&g, "a")->home;
	b = find(&g, "b")->home;
	push(q, a, 0, 8);
	cr_assert_eq(number(&g, "q.length"), 8);
	// b may always hold its half
	push(q, b, 0, 4);
	cr_assert_eq(number(&g, "q.length"), 12);
	// beyond it, the oldest give way
	push(q, b, 4, 1);
	cr_assert_eq(number(&g, "q.length"), 12);
	push(q, a, 8, 1);
	cr_assert_eq(number(&g, "q.length"), 8);
	rig_close(&g);
}

static bool wakes(struct rig *g, unsigned worker)
{
	const struct weir_worker *w = &g->s.engine->workers[worker];
	bool ready = false;

	for (unsigned i = 0; i < w->n_inboxes; i++)
		ready |= w->inboxes[i].ready(w->inboxes[i].arg);
	return ready;
}

Test(together, who_pulls_does_not_sleep_when_something_comes)
{
	struct rig g;
	struct weir_element *q, *u;
	unsigned other;

	rig_open(&g,
		 "a :: InfiniteSource(ACTIVE false) -> q :: Queue(10) -> u :: Unqueue(4) -> d :: "
		 "Discard;"
		 "b :: InfiniteSource(ACTIVE false) -> q;",
		 2);
	q = find(&g, "q");
	u = find(&g, "u");
	other = 1 - u->home;
	round_of(&g, u->home);
	cr_assert(!wakes(&g, u->home));
	push(q, other, 0, 3);
	cr_assert(!wakes(&g, other));
	cr_assert(wakes(&g, u->home));
	cr_assert(!wakes(&g, u->home), "what nobody wants does not keep it awake");
	round_of(&g, u->home);
	cr_assert_eq(number(&g, "d.count"), 3);
	push(q, other, 0, 1);
	cr_assert(wakes(&g, u->home));
	rig_close(&g);
}

Test(together, pipeliner_goes_on_elsewhere_and_in_order)
{
	struct rig g;
	struct weir_element *p;
	unsigned other;

	rig_open(&g,
		 "a :: InfiniteSource(ACTIVE false) -> p :: Pipeliner(5) -> out :: ThreadSafeQueue "
		 "-> "
		 "Idle; b :: InfiniteSource(ACTIVE false) -> p;",
		 2);
	p = find(&g, "p");
	other = 1 - p->home;
	push(p, other, 1, 3);
	cr_assert(wakes(&g, p->home));
	cr_assert(!wakes(&g, other));
	cr_assert_eq(number(&g, "p.length"), 3);
	push(p, other, 4, 3);
	cr_assert_eq(number(&g, "p.length"), 5, "the ring has eight places, but CAPACITY is 5");
	cr_assert_eq(number(&g, "p.dropped"), 1);
	round_of(&g, p->home);
	cr_assert(!wakes(&g, p->home));
	cr_assert_str_eq(pull(find(&g, "out")), "12345");
	cr_assert_eq(number(&g, "p.count"), 6);
	rig_close(&g);
}

static void ring_one(struct weir_node *n)
{
	*(unsigned *)n->state += 1;
}

Test(together, a_bell_calls_once_for_all_that_rang)
{
	struct weir_bell bell = {};
	struct weir_node *n;
	unsigned calls = 0;
	struct weir_node listener;
	struct rig g;

	rig_open(&g, "Idle -> d :: Discard;", 2);
	n = find(&g, "d")->nodes[0];
	weir_bell_ring(n, &bell); // not open
	listener = *find(&g, "d")->nodes[1];
	listener.state = &calls;
	weir_bell_open(&bell, &listener, ring_one);
	weir_bell_ring(n, &bell);
	weir_bell_ring(n, &bell);
	cr_assert_eq(calls, 0);
	round_of(&g, 1);
	round_of(&g, 1);
	cr_assert_eq(calls, 1);
	weir_bell_ring(n, &bell);
	round_of(&g, 0);
	cr_assert_eq(calls, 1, "not by another worker");
	round_of(&g, 1);
	cr_assert_eq(calls, 2);
	rig_close(&g);
}

Test(together, workers_count_identifications_far_from_each_other)
{
	struct rig g;
	struct weir_element *e, *out;
	struct packet *p;
	struct weir_node *n;

	rig_open(
		&g,
		"a :: InfiniteSource(ACTIVE false) -> e :: UDPIPEncap(10.0.0.1, 1, 10.0.0.2, 2) -> "
		"out :: ThreadSafeQueue -> Idle; b :: InfiniteSource(ACTIVE false) -> e;",
		2);
	e = find(&g, "e");
	out = find(&g, "out");
	n = out->nodes[out->home];
	for (unsigned w = 0; w < 2; w++)
		push(e, w, 0, 2);
	round_of(&g, 0);
	round_of(&g, 1);
	for (unsigned i = 0; i < 4; i++) {
		cr_assert_eq(n->pull(n, 0, &p, 1), 1);
		cr_assert_eq(rd16(weir_ip4(p)->id), (i / 2) * 32768 + i % 2);
		weir_end(n, &p, 1);
	}
	rig_close(&g);
}

// First fragments that nothing follows.
static void push_fragments(struct weir_element *e, unsigned worker, unsigned count)
{
	struct weir_node *n = e->nodes[worker];
	struct batch *b = weir_spare_get(n->worker);
	static uint16_t id;

	for (; b->n < count; b->n++) {
		struct packet *p = weir_packet_new(n, 0, 28);
		struct ip4 *ip = (struct ip4 *)weir_data(p);

		memset(weir_data(p), 0, 28);
		*ip = (struct ip4){.vihl = 0x45,
				   .len = wr16(28),
				   .id = wr16(id++),
				   .frag = wr16(IP4_MF),
				   .ttl = 9,
				   .proto = 17};
		weir_set_network(p, 0, sizeof(*ip));
		b->p[b->n] = p;
		b->bytes += 28;
	}
	weir_made(n, count, b->bytes);
	weir_run_input(n->worker, &n->in[0], b);
	weir_spare_put(n->worker, b);
	weir_run_ready(n->worker);
}

Test(together, fragments_that_wait_count_on_all_workers_together)
{
	struct rig g;
	struct weir_element *r;
	unsigned a, b;

	// room for four fragments, each of 28 bytes and what it counts beside them
	rig_open(&g,
		 "a :: InfiniteSource(ACTIVE false) -> r :: IPReassembler(HIMEM 1136) -> Discard;"
		 "b :: InfiniteSource(ACTIVE false) -> r; r[1] -> given_up :: Counter -> Discard;",
		 2);
	r = find(&g, "r");
	a = find(&g, "a")->home;
	b = find(&g, "b")->home;
	push_fragments(r, a, 4);
	cr_assert_eq(number(&g, "given_up.count"), 0);
	push_fragments(r, b, 2); // its half
	cr_assert_eq(number(&g, "given_up.count"), 0);
	push_fragments(r, b, 1);
	cr_assert_eq(number(&g, "given_up.count"), 1);
	push_fragments(r, a, 1); // the others hold two, so two are left
	cr_assert_eq(number(&g, "given_up.count"), 4);
	rig_close(&g);
}

Test(together, a_count_is_reached_by_all_workers_together)
{
	struct rig g;
	struct weir_element *c;

	rig_open(&g,
		 "a :: InfiniteSource(ACTIVE false) -> c :: Counter(COUNT_CALL 10 s.switch 1) -> "
		 "s :: Switch -> Discard; b :: InfiniteSource(ACTIVE false) -> c; s[1] -> Discard;",
		 2);
	c = find(&g, "c");
	push(c, 0, 0, 6);
	push(c, 1, 0, 3);
	round_of(&g, 0);
	round_of(&g, 1);
	cr_assert_eq(number(&g, "s.switch"), 0);
	push(c, 1, 0, 1);
	round_of(&g, 1);
	cr_assert_eq(number(&g, "s.switch"), 1);
	// once only, also on the other worker
	cr_assert_eq(weir_handler_write(g.s.router, "s.switch", "0", &g.err), 0);
	push(c, 0, 0, 20);
	round_of(&g, 0);
	cr_assert_eq(number(&g, "s.switch"), 0);
	// until somebody wants it again, from the count that there is
	cr_assert_eq(weir_handler_write(g.s.router, "c.count_call", "31", &g.err), 0);
	push(c, 0, 0, 1);
	round_of(&g, 0);
	cr_assert_eq(number(&g, "s.switch"), 1);
	cr_assert_eq(number(&g, "c.count"), 31);
	rig_close(&g);
}
