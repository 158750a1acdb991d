// SPDX-License-Identifier: BSD-2-Clause

// KernelNeighbors on two workers, which stand still: the test runs each of them, and says what the
// kernel would say. KernelRoutes has no interface, so that the kernel itself is not asked.

#include <criterion/criterion.h>
#include <engine.h>
#include <ethernet/kernel_neighbors.h>
#include <session.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

struct rig {
	struct session s;
	struct weir_err err;
	struct weir_element *q, *out, *failed;
	unsigned a, b; // workers that push
};

static struct weir_element *find(struct rig *g, const char *name)
{
	struct weir_element *e = weir_find(g->s.router, name);

	cr_assert(e);
	return e;
}

static void rig_open(struct rig *g, const char *args)
{
	char text[512];
	const struct session_options opt = {.text = text,
					    .engine = {.n_workers = 2, .simtime = true}};

	snprintf(text, sizeof(text),
		 "k :: KernelRoutes;"
		 "a :: InfiniteSource(ACTIVE false) -> q :: KernelNeighbors(k, nowhere0%s);"
		 "b :: InfiniteSource(ACTIVE false) -> q;"
		 "q -> out :: ThreadSafeQueue -> Idle; q[1] -> failed :: ThreadSafeQueue -> Idle;",
		 args);
	*g = (struct rig){};
	if (session_check(&g->s, &opt, &g->err) || session_open(&g->s, &opt, &g->err))
		cr_assert_fail("%s", g->err.text);
	g->q = find(g, "q");
	g->out = find(g, "out");
	g->failed = find(g, "failed");
	g->a = find(g, "a")->home;
	g->b = find(g, "b")->home;
	cr_assert_neq(g->a, g->b);
}

static void rig_close(struct rig *g)
{
	session_close(&g->s);
	weir_err_free(&g->err);
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

static void rounds(struct rig *g)
{
	for (unsigned i = 0; i < 2; i++) {
		round_of(g, g->a);
		round_of(g, g->b);
	}
}

static struct neighbor_key ip6(uint8_t last)
{
	const uint8_t bytes[16] = {0xfe, 0x80, [15] = last};
	struct neighbor_key k;

	memcpy(&k, bytes, sizeof(k));
	return k;
}

static struct neighbor_key ip4(uint8_t last)
{
	return neighbor_ip4(wr32(0x0a000000 + last));
}

// Pushes packets of two bytes, a version and a number from `first` on.
static void push(struct rig *g, unsigned worker, struct neighbor_key k, unsigned first,
		 unsigned count)
{
	struct weir_node *n = g->q->nodes[worker];
	struct batch *b = weir_spare_get(n->worker);

	for (; b->n < count; b->n++) {
		struct packet *p = weir_packet_new(n, WEIR_HEADROOM, 2);

		weir_data(p)[0] = neighbor_is_ip4(k) ? 0x45 : 0x60;
		weir_data(p)[1] = (uint8_t)(first + b->n);
		if (neighbor_is_ip4(k))
			weir_set_dst_ip(p, neighbor_to_ip4(k));
		else
			weir_set_dst_ip6(p, &k);
		b->p[b->n] = p;
		b->bytes += p->len;
	}
	weir_made(n, count, b->bytes);
	weir_run_input(n->worker, &n->in[0], b);
	weir_spare_put(n->worker, b);
}

static struct eth last_header;

// The numbers of the packets that can be pulled, as a text.
static const char *pull(struct weir_element *e)
{
	struct weir_node *n = e->nodes[e->home];
	static char text[64];
	struct packet *p;
	unsigned len = 0;

	while (len + 1 < sizeof(text) && n->pull(n, 0, &p, 1)) {
		text[len++] = (char)('0' + weir_data(p)[p->len - 1]);
		if (p->len > sizeof(last_header))
			memcpy(&last_header, weir_data(p), sizeof(last_header));
		weir_end(n, &p, 1);
	}
	text[len] = '\0';
	return text;
}

static void kernel_says(struct rig *g, struct neighbor_key k, enum weir_neighbor_state state,
			uint8_t mac)
{
	struct weir_neighbor_news news = {
		.family = AF_INET6, .mac = {2, [5] = mac}, .state = state};

	memcpy(news.addr, &k, sizeof(k));
	if (neighbor_is_ip4(k)) {
		be32 ip = neighbor_to_ip4(k);

		news.family = AF_INET;
		memset(news.addr, 0, sizeof(news.addr));
		memcpy(news.addr, &ip, sizeof(ip));
	}
	kernel_neighbors_hear(g->q->self, &news);
}

static void forward(struct rig *g, uint64_t ns)
{
	g->s.engine->sim_offset += (int64_t)ns;
	rounds(g);
}

// What the driver's half has: the last byte of the Ethernet address, or -1.
static int in_driver(struct rig *g, struct neighbor_key k)
{
	const struct kernel_neighbors *self = g->q->self;
	const struct neighbor6_pair *pair =
		(const struct neighbor6_pair *)self->core.front.at + neighbor6_place(k);
	uint64_t who = neighbor6_look(&pair->way[0], &k, 0) ?: neighbor6_look(&pair->way[1], &k, 0);

	return who ? (int)(who >> 40 & 255) : -1;
}

static void both_families(void (*test)(struct rig *g, struct neighbor_key (*ip)(uint8_t)))
{
	struct rig g;

	rig_open(&g, "");
	test(&g, ip4);
	rig_close(&g);
	rig_open(&g, "");
	test(&g, ip6);
	rig_close(&g);
}

static void wait_and_leave(struct rig *g, struct neighbor_key (*ip)(uint8_t))
{
	push(g, g->a, ip(2), 1, 3);
	push(g, g->b, ip(2), 4, 2);
	cr_assert_eq(number(g, "q.length"), 5);
	cr_assert_eq(number(g, "q.queries"), 1, "one is asked for once");
	cr_assert_eq(in_driver(g, ip(2)), -1);
	kernel_says(g, ip(2), WEIR_NEIGHBOR_KNOWN, 9);
	round_of(g, g->b);
	cr_assert_str_eq(pull(g->out), "45");
	round_of(g, g->a);
	cr_assert_str_eq(pull(g->out), "123");
	cr_assert_eq(last_header.dst[5], 9);
	cr_assert_eq(rd16(last_header.type),
		     neighbor_is_ip4(ip(2)) ? ETHERTYPE_IP4 : ETHERTYPE_IP6);
	cr_assert_eq(number(g, "q.length"), 0);
	cr_assert_eq(in_driver(g, ip(2)), 9);
	push(g, g->a, ip(2), 6, 1);
	cr_assert_str_eq(pull(g->out), "6");
	// known before anybody asks
	kernel_says(g, ip(3), WEIR_NEIGHBOR_KNOWN, 3);
	push(g, g->b, ip(3), 7, 1);
	cr_assert_str_eq(pull(g->out), "7");
	cr_assert_eq(number(g, "q.queries"), 1);
	rounds(g);
	cr_assert_eq(in_driver(g, ip(3)), 3);
}

Test(kernel_neighbors, packets_wait_and_leave_where_they_came)
{
	both_families(wait_and_leave);
}

static void change(struct rig *g, struct neighbor_key (*ip)(uint8_t))
{
	kernel_says(g, ip(2), WEIR_NEIGHBOR_KNOWN, 2);
	rounds(g);
	push(g, g->a, ip(2), 1, 2);
	push(g, g->b, ip(2), 1, 2);
	pull(g->out);
	cr_assert_eq(last_header.dst[5], 2);
	kernel_says(g, ip(2), WEIR_NEIGHBOR_KNOWN, 7);
	push(g, g->a, ip(2), 1, 1);
	pull(g->out);
	cr_assert_eq(last_header.dst[5], 7, "it holds from the next packet on");
	push(g, g->b, ip(2), 1, 1);
	pull(g->out);
	cr_assert_eq(last_header.dst[5], 7);
	rounds(g);
	cr_assert_eq(in_driver(g, ip(2)), 7);
	kernel_says(g, ip(2), WEIR_NEIGHBOR_GONE, 0);
	rounds(g);
	cr_assert_eq(in_driver(g, ip(2)), -1);
	push(g, g->a, ip(2), 8, 1);
	push(g, g->b, ip(2), 9, 1);
	cr_assert_str_eq(pull(g->out), "");
	cr_assert_eq(number(g, "q.length"), 2);
}

Test(kernel_neighbors, nobody_knows_its_hashes)
{
	const struct kernel_hub *hub;
	struct rig g;

	rig_open(&g, "");
	hub = kernel_hub(g.q->self);
	cr_assert(hub->log.seed);
	cr_assert(hub->known.seed);
	rig_close(&g);
}

Test(kernel_neighbors, changes_and_ends_are_heard_at_once)
{
	both_families(change);
}

static void fail(struct rig *g, struct neighbor_key (*ip)(uint8_t))
{
	push(g, g->a, ip(2), 1, 2);
	push(g, g->b, ip(2), 3, 2);
	push(g, g->a, ip(3), 9, 1);
	kernel_says(g, ip(2), WEIR_NEIGHBOR_FAILED, 0);
	round_of(g, g->a);
	cr_assert_str_eq(pull(g->failed), "12");
	round_of(g, g->b);
	cr_assert_str_eq(pull(g->failed), "34");
	cr_assert_eq(number(g, "q.length"), 1, "the other goes on waiting");
	// nobody says anything of it
	forward(g, 4900000000);
	cr_assert_str_eq(pull(g->failed), "");
	forward(g, 1200000000);
	forward(g, 1200000000);
	cr_assert_str_eq(pull(g->failed), "9");
	cr_assert_str_eq(pull(g->out), "");
	cr_assert_eq(number(g, "q.length"), 0);
	// who was known and failed is not known any more
	kernel_says(g, ip(4), WEIR_NEIGHBOR_KNOWN, 4);
	rounds(g);
	kernel_says(g, ip(4), WEIR_NEIGHBOR_FAILED, 0);
	rounds(g);
	cr_assert_eq(in_driver(g, ip(4)), -1);
}

Test(kernel_neighbors, who_does_not_answer_fails)
{
	both_families(fail);
}

Test(kernel_neighbors, no_flood_of_news_hides_one)
{
	struct rig g;

	rig_open(&g, "");
	push(&g, g.a, ip4(2), 1, 2);
	push(&g, g.b, ip6(2), 3, 2);
	for (unsigned i = 0; i < 200; i++) {
		kernel_says(&g, ip4((uint8_t)i), WEIR_NEIGHBOR_KNOWN, (uint8_t)i);
		kernel_says(&g, ip6((uint8_t)i), WEIR_NEIGHBOR_KNOWN, (uint8_t)i);
	}
	kernel_says(&g, ip4(77), WEIR_NEIGHBOR_GONE, 0);
	rounds(&g);
	cr_assert_eq(number(&g, "q.length"), 0);
	cr_assert_eq(strlen(pull(g.out)), 4);
	for (unsigned i = 0; i < 200; i++) {
		cr_assert_eq(in_driver(&g, ip4((uint8_t)i)), i == 77 ? -1 : (int)i);
		cr_assert_eq(in_driver(&g, ip6((uint8_t)i)), i);
	}
	for (unsigned i = 0; i < 200; i++)
		kernel_says(&g, ip6((uint8_t)i), WEIR_NEIGHBOR_GONE, 0);
	rounds(&g);
	for (unsigned i = 0; i < 200; i++)
		cr_assert_eq(in_driver(&g, ip6((uint8_t)i)), -1);
	rig_close(&g);
}

// As of broadcast addresses, when the interface gets an address.
Test(kernel_neighbors, packets_leave_whatever_made_the_neighbour_known)
{
	static const uint8_t eth[6] = {2, [5] = 5};
	const struct neighbor_news news = {.all = true};
	struct kernel_hub *hub;
	struct rig g;

	rig_open(&g, "");
	hub = kernel_hub(g.q->self);
	push(&g, g.a, ip4(255), 1, 2);
	push(&g, g.b, ip4(2), 3, 1);
	neighbor_lock(&hub->log);
	neighbor_learn(&hub->known, neighbor_ensure(&hub->known, ip4(255), 0), eth, 0);
	kernel_neighbors_tell(hub, &news);
	neighbor_unlock(&hub->log);
	rounds(&g);
	cr_assert_str_eq(pull(g.out), "12");
	cr_assert_eq(last_header.dst[5], 5);
	cr_assert_eq(number(&g, "q.length"), 1);
	rig_close(&g);
}

Test(kernel_neighbors, who_needs_no_neighbour)
{
	const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const uint8_t group4[6] = {1, 0, 0x5e, 1, 2, 3}, group6[6] = {0x33, 0x33, 0, 0, 0, 5};
	const uint8_t name[16] = {0xff, 2, [15] = 5};
	struct neighbor_key k;
	struct rig g;

	rig_open(&g, "");
	push(&g, g.a, neighbor_ip4(wr32(0xffffffff)), 1, 1);
	cr_assert_str_eq(pull(g.out), "1");
	cr_assert_arr_eq(last_header.dst, all, 6);
	push(&g, g.a, neighbor_ip4(wr32(0xef810203)), 1, 1);
	cr_assert_str_eq(pull(g.out), "1");
	cr_assert_arr_eq(last_header.dst, group4, 6);
	memcpy(&k, name, sizeof(k));
	push(&g, g.a, k, 1, 1);
	cr_assert_str_eq(pull(g.out), "1");
	cr_assert_arr_eq(last_header.dst, group6, 6);
	cr_assert_eq(number(&g, "q.queries"), 0);
	push(&g, g.a, (struct neighbor_key){}, 1, 1);
	push(&g, g.a, neighbor_ip4((be32){0}), 1, 1);
	cr_assert_eq(number(&g, "q.drops"), 2);
	cr_assert_str_eq(pull(g.out), "");
	// an IPv6 neighbour of IPv4 packets, by its name
	push(&g, g.a, neighbor_ip4(wr32(5)), 4, 1);
	kernel_says(&g, neighbor_ip4(wr32(5)), WEIR_NEIGHBOR_KNOWN, 6);
	rounds(&g);
	cr_assert_str_eq(pull(g.out), "4");
	cr_assert_eq(last_header.dst[5], 6);
	rig_close(&g);
}

// An address of both caches: what an IPv6 packet says must not be taken for an IPv4 address.
Test(kernel_neighbors, families_do_not_mix)
{
	const uint8_t bytes[16] = {10, 0, 0, 2, [15] = 1};
	struct neighbor_key k;
	struct rig g;

	rig_open(&g, "");
	memcpy(&k, bytes, sizeof(k));
	kernel_says(&g, ip4(2), WEIR_NEIGHBOR_KNOWN, 2);
	push(&g, g.a, ip4(2), 1, 1);
	cr_assert_str_eq(pull(g.out), "1");
	push(&g, g.a, k, 2, 1);
	cr_assert_str_eq(pull(g.out), "");
	kernel_says(&g, k, WEIR_NEIGHBOR_KNOWN, 8);
	rounds(&g);
	cr_assert_str_eq(pull(g.out), "2");
	push(&g, g.a, ip4(2), 3, 1);
	pull(g.out);
	cr_assert_eq(last_header.dst[5], 2);
	push(&g, g.a, k, 4, 1);
	pull(g.out);
	cr_assert_eq(last_header.dst[5], 8);
	rig_close(&g);
}

// The program marks who it sends to; home asks the kernel for those and takes the mark away.
Test(kernel_neighbors, marks_are_taken_back)
{
	const struct kernel_neighbors *self;
	struct neighbor6_pair *pair;
	struct rig g;

	rig_open(&g, "");
	self = g.q->self;
	pair = (struct neighbor6_pair *)self->core.front.at + neighbor6_place(ip4(2));
	kernel_says(&g, ip4(2), WEIR_NEIGHBOR_KNOWN, 2);
	rounds(&g);
	pair->way[0].used = pair->way[1].used = 1;
	cr_assert_eq(in_driver(&g, ip4(2)), 2);
	forward(&g, 10100000000);
	cr_assert(!pair->way[0].used || !pair->way[1].used);
	cr_assert_eq(in_driver(&g, ip4(2)), 2);
	rig_close(&g);
}

Test(kernel_neighbors, packets_that_wait_are_bounded)
{
	struct rig g;

	rig_open(&g, ", CAPACITY 8");
	push(&g, g.a, ip4(2), 0, 8);
	cr_assert_eq(number(&g, "q.length"), 8);
	push(&g, g.a, ip4(3), 8, 1);
	cr_assert(number(&g, "q.length") <= 8);
	cr_assert(number(&g, "q.drops") >= 1);
	rig_close(&g);
	rig_open(&g, ", ENTRY_PACKET_CAPACITY 2");
	push(&g, g.a, ip6(2), 0, 5);
	cr_assert_eq(number(&g, "q.length"), 2);
	rig_close(&g);
}
