// SPDX-License-Identifier: BSD-2-Clause

// FromDevice where packets come in classes: those with priority before the others, and none
// starved.

#include <criterion/criterion.h>
#include <device.h>
#include <engine.h>
#include <lang.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { BURST = 8, PLACES = 4, LONGEST = 4096 };

// A packet's length tells the place that it came by.
struct place {
	struct weir_queue base;
	unsigned n, length; // packets that wait
};

static struct rig {
	struct weir_router *router;
	struct weir_engine *engine;
	struct weir_err err;
	struct place place[PLACES];
	struct weir_queue *rx[PLACES], tx;
	struct weir_device_worker receiver, sender;
	unsigned sent[LONGEST], n_sent;
	unsigned room; // of the ring, which never drains
} r;

static unsigned rx(struct weir_queue *base, struct packet **v, unsigned max)
{
	struct place *p = (struct place *)base;
	unsigned n = p->n < max ? p->n : max;

	for (unsigned i = 0; i < n; i++) {
		v[i] = weir_packet_new(base->node, 0, p->length);
		v[i]->class = (uint16_t)base->class;
	}
	p->n -= n;
	return n;
}

static unsigned tx(struct weir_queue *q, struct packet *const *v, unsigned n)
{
	for (unsigned i = 0; i < n && r.n_sent < LONGEST; i++)
		r.sent[r.n_sent++] = v[i]->len;
	for (unsigned i = 0; i < n; i++)
		weir_packet_free(q->node, v[i]);
	return n;
}

static unsigned room(struct weir_queue *)
{
	return r.room - r.n_sent;
}

static bool flush(struct weir_queue *)
{
	return true;
}

static const struct weir_queue_ops RX = {.rx = rx},
				   TX = {.tx = tx, .tx_room = room, .flush = flush};

// Places of classes 1, 2 and, twice, 0.
static void open_rig(void)
{
	const struct weir_engine_options opt = {.n_workers = 1, .burst = BURST, .simtime = true};
	const char text[] = "FromDevice(in) -> ToDevice(out);";
	struct lang_router flat = {};
	struct weir_device *d;

	memset(&r, 0, sizeof(r));
	r.room = LONGEST;
	cr_assert_eq(lang_parse(&flat, "test", text, strlen(text), NULL, 0, &r.err), 0);
	cr_assert_eq(weir_router_build(&r.router, &flat, &r.err), 0);
	cr_assert_eq(weir_router_init(r.router, &r.err), 0);
	for (unsigned i = 0; i < PLACES; i++) {
		r.place[i].base = (struct weir_queue){
			.ops = &RX, .class = i < 2 ? i + 1 : 0, .fd = eventfd(0, 0)};
		r.place[i].length = 100 + i;
		r.rx[i] = &r.place[i].base;
	}
	r.tx = (struct weir_queue){.ops = &TX, .fd = -1};
	r.receiver = (struct weir_device_worker){.rx = r.rx, .n_rx = PLACES};
	r.sender = (struct weir_device_worker){.tx = &r.tx};
	d = weir_router_devices(r.router);
	d->workers = &r.receiver;
	d->next->workers = &r.sender;
	d->n_workers = d->next->n_workers = 1;
	d->next->mtu = 1500;
	cr_assert_eq(weir_engine_open(&r.engine, r.router, &opt, &r.err), 0);
}

static void close_rig(void)
{
	weir_engine_close(r.engine);
	weir_router_free(r.router);
	for (unsigned i = 0; i < PLACES; i++)
		close(r.place[i].base.fd);
}

static unsigned count(unsigned length, unsigned from, unsigned to)
{
	unsigned n = 0;

	for (unsigned i = from; i < to; i++)
		n += r.sent[i] == length;
	return n;
}

Test(priority, classes_go_before_the_rest, .init = open_rig, .fini = close_rig)
{
	for (unsigned i = 0; i < PLACES; i++)
		r.place[i].n = 2;
	weir_worker_round(&r.engine->workers[0]);
	cr_assert_eq(r.n_sent, 8);
	for (unsigned i = 0; i < 4; i++)
		cr_assert_eq(r.sent[i], 100 + i / 2, "packet %u", i);
	cr_assert_eq(count(102, 4, 8), 2);
	cr_assert_eq(count(103, 4, 8), 2);
}

Test(priority, a_flood_with_priority_starves_nobody, .init = open_rig, .fini = close_rig)
{
	const unsigned rounds = 100;

	for (unsigned i = 0; i < PLACES; i++)
		r.place[i].n = LONGEST;
	r.place[1].n = 0;
	for (unsigned i = 0; i < rounds; i++)
		weir_worker_round(&r.engine->workers[0]);
	cr_assert_eq(count(100, 0, r.n_sent), rounds * BURST);
	cr_assert_eq(count(102, 0, r.n_sent), rounds * BURST / 2);
	cr_assert_eq(count(103, 0, r.n_sent), rounds * BURST / 2);
}

Test(priority, the_first_class_goes_before_the_second, .init = open_rig, .fini = close_rig)
{
	r.place[0].n = 3 * BURST;
	r.place[1].n = 5;
	for (unsigned i = 0; i < 4; i++)
		weir_worker_round(&r.engine->workers[0]);
	cr_assert_eq(count(100, 0, 3 * BURST), 3 * BURST);
	cr_assert_eq(count(101, 3 * BURST, r.n_sent), 5);
}

Test(priority, the_last_room_for_sending_is_kept_for_classes, .init = open_rig, .fini = close_rig)
{
	const unsigned ring = 3 * BURST, reserve = BURST;

	r.room = ring;
	r.tx.reserve = reserve;
	for (unsigned i = 0; i < 10; i++) {
		r.place[2].n = r.place[3].n = BURST;
		weir_worker_round(&r.engine->workers[0]);
	}
	cr_assert_eq(r.n_sent, ring - reserve);
	r.place[0].n = 3;
	r.place[1].n = 2;
	r.place[2].n = BURST;
	weir_worker_round(&r.engine->workers[0]);
	cr_assert_eq(r.n_sent, ring - reserve + 5);
	cr_assert_eq(count(100, ring - reserve, r.n_sent), 3);
	cr_assert_eq(count(101, ring - reserve, r.n_sent), 2);
	r.place[0].n = BURST;
	weir_worker_round(&r.engine->workers[0]);
	cr_assert_eq(r.n_sent, ring, "%u of a ring of %u", r.n_sent, ring);
}
