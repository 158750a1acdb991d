// SPDX-License-Identifier: BSD-2-Clause
// ToDevice: sends packets, which begin with an Ethernet header, on a network interface. With a push
// input, what the transmit ring cannot take is lost as `ring_full`; the last of its room is kept
// for packets that came in a class of traffic with priority. With a pull input, packets are pulled
// only when there is room. Frames that the interface cannot carry are lost as `too_long` or
// `too_short`, and all while it has no link as `no_link`. Output `sent`, if connected, gets a copy
// of each packet that was sent; output `unsent` gets the packets that were not, instead of their
// being lost.
//
// A queue of the interface is written to by one worker. One that has none hands its packets over to
// a worker that has, and they count as sent from then on; where those are too many to take, they
// are lost as `ring_full` too.
//
// Where it runs in the driver, what the interface does not take afterwards (a full ring, no link)
// is lost as `not_taken` of the interface, as far as that counts it, and only an interface that is
// gone counts as `no_link`. While the interface does not send what a driver redirects to it, all
// packets are sent from userspace.
#include "to_device.h"

#include "io.h"

#include <net/if.h>

enum { SENT, UNSENT };
enum {
	ETHER_LEN = 14,
	VLAN_LEN = 4, // a tag does not count against the MTU
	// until a full ring is looked at again, each time twice as long up to 128 times: more than
	// a millisecond, so that the worker sleeps instead of looking
	RETRY_NS = 20 * 1000,
	RETRY_DOUBLINGS = 7,
};

struct to_device {
	struct io_args io;
	bool debug;
	struct to_device_front front;
	uint32_t ifindex; // for the driver
};

static int configure(struct weir_element *e, struct weir_args *a)
{
	return io_configure(e, a, WEIR_DEVICE_TX, -1);
}

static uint32_t longest(const struct to_device *self)
{
	return weir_device_mtu(self->io.device) + ETHER_LEN + VLAN_LEN;
}

static int init_node(struct weir_node *n, struct weir_err *err)
{
	const struct to_device *self = n->self;
	struct to_device_state *s = n->state;
	struct weir_queue *q = weir_device_tx(self->io.device, weir_worker_of(n));

	s->queue = q;
	s->longest = longest(self);
	s->has_sent = weir_out_connected(n->element, SENT);
	s->has_unsent = weir_out_connected(n->element, UNSENT);
	if (!q)
		return 0;
	q->node = n;
	if (q->ops->has_post && weir_watch_inbox(n, q->ops->has_post, q))
		return weir_error(err, &n->element->loc, "no memory");
	return 0;
}

static void fini_node(struct weir_node *n)
{
	const struct to_device_state *s = n->state;

	if (s->queue)
		weir_unwatch_inbox(n, s->queue);
}

static void lose(struct weir_node *n, unsigned reason, struct packet *p)
{
	const struct to_device_state *s = n->state;

	if (s->has_unsent)
		weir_emit(n, UNSENT, p);
	else
		weir_drop(n, reason, p);
}

// Takes out what the interface cannot carry, from packet i on, which is the first such. The number
// that stays, at the front of v.
static unsigned sort_out(struct weir_node *n, struct packet **v, unsigned i, unsigned count,
			 uint64_t *bytes)
{
	const struct to_device_state *s = n->state;
	unsigned k = i;

	for (; i < count; i++) {
		struct packet *p = v[i];

		if (p->len >= ETHER_LEN && p->len <= s->longest) {
			v[k++] = p;
			continue;
		}
		*bytes -= p->len;
		lose(n, p->len < ETHER_LEN ? TO_DEVICE_TOO_SHORT : TO_DEVICE_TOO_LONG, p);
	}
	return k;
}

static unsigned check(struct weir_node *n, struct packet **v, unsigned count, uint64_t *bytes)
{
	const struct to_device_state *s = n->state;
	const uint32_t span = s->longest - ETHER_LEN;

#pragma GCC unroll 4
	for (unsigned i = 0; i < count; i++)
		if (WEIR_UNLIKELY(v[i]->len - ETHER_LEN > span))
			return sort_out(n, v, i, count, bytes);
	return count;
}

// Packets are the ring's once it took them, so they are copied before.
static void copy_all(struct weir_node *n, struct packet *const *v, struct packet **copy,
		     unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		copy[i] = weir_packet_copy(n, v[i]);
}

// Sends on the copies of what was taken; the other ones never were in the router.
static void emit_copies(struct weir_node *n, struct packet *const *copy, unsigned count,
			unsigned taken)
{
	for (unsigned i = 0; i < count; i++) {
		if (!copy[i])
			continue;
		if (i >= taken) {
			weir_packet_free(n, copy[i]);
			continue;
		}
		weir_made(n, 1, copy[i]->len);
		weir_emit(n, SENT, copy[i]);
	}
}

// Puts those to the front for which the ring has room, packets of classes with priority also where
// the room is kept for them: their number.
WEIR_RARE unsigned choose(struct packet **v, unsigned count, unsigned room, unsigned reserve)
{
	struct packet *rest[WEIR_BATCH_MAX];
	unsigned n = 0, n_rest = 0;

	for (unsigned i = 0; i < count; i++) {
		if (room > (v[i]->class ? 0 : reserve)) {
			v[n++] = v[i];
			room--;
		} else {
			rest[n_rest++] = v[i];
		}
	}
	memcpy(v + n, rest, n_rest * sizeof(*v));
	return n;
}

// As many as the ring takes, which are at the front then: their number.
static unsigned hand_over(struct weir_node *n, struct packet **v, unsigned count)
{
	struct to_device_state *s = n->state;
	struct packet *copy[WEIR_BATCH_MAX];
	unsigned room = s->queue->ops->tx_room(s->queue), taken;

	if (WEIR_UNLIKELY(room < count + s->queue->reserve))
		count = choose(v, count, room, s->queue->reserve);
	if (!count)
		return 0;
	if (!s->has_sent)
		return s->queue->ops->tx(s->queue, v, count);
	copy_all(n, v, copy, count);
	taken = s->queue->ops->tx(s->queue, v, count);
	emit_copies(n, copy, count, taken);
	return taken;
}

// Sends what it can of packets of so many bytes in all. All packets are gone afterwards.
static void transmit(struct weir_node *n, struct packet **v, unsigned count, uint64_t bytes)
{
	const struct to_device *self = n->self;
	struct to_device_state *s = n->state;
	unsigned sent, more;

	if (WEIR_UNLIKELY(!weir_device_has_link(self->io.device))) {
		for (unsigned i = 0; i < count; i++)
			lose(n, TO_DEVICE_NO_LINK, v[i]);
		return;
	}
	count = check(n, v, count, &bytes);
	sent = hand_over(n, v, count);
	while (sent < count) {
		// A full ring drains when the kernel is told, if it does so within the call.
		s->queue->ops->flush(s->queue);
		more = hand_over(n, v + sent, count - sent);
		if (!more)
			break;
		sent += more;
	}
	for (unsigned i = sent; i < count; i++) {
		bytes -= v[i]->len;
		lose(n, TO_DEVICE_RING_FULL, v[i]);
	}
	s->count += sent;
	weir_ended(n, sent, bytes);
	weir_flush_later(n, s->queue);
}

static void to_device(struct weir_node *n, unsigned, struct batch *b)
{
	transmit(n, b->p, b->n, b->bytes);
	b->n = 0;
}

// A full ring is looked at again in a while.
static void wait_for_room(struct weir_node *n)
{
	struct to_device_state *s = n->state;

	s->queue->ops->flush(s->queue);
	weir_sleep_until(n, weir_now(n) + ((uint64_t)RETRY_NS << s->full));
	if (s->full < RETRY_DOUBLINGS)
		s->full++;
}

static unsigned pull(struct weir_node *n, unsigned max)
{
	const struct to_device *self = n->self;
	struct packet *v[WEIR_BATCH_MAX];
	uint64_t bytes = 0;
	unsigned got;

	if (self->io.burst && self->io.burst < max)
		max = self->io.burst;
	got = weir_pull(n, 0, v, max);
	for (unsigned i = 0; i < got; i++)
		bytes += v[i]->len;
	if (got)
		transmit(n, v, got, bytes);
	return got;
}

static bool task(struct weir_node *n, unsigned burst)
{
	struct to_device_state *s = n->state;
	const bool pulls = weir_in_is_pull(n->element, 0);
	unsigned room, did = 0;

	if (!s->queue || !(pulls || s->queue->ops->relay)) {
		weir_sleep_until(n, UINT64_MAX);
		return false;
	}
	if (s->queue->ops->relay)
		did = s->queue->ops->relay(s->queue);
	if (did)
		weir_flush_later(n, s->queue);
	room = s->queue->ops->tx_room(s->queue);
	room = room > s->queue->reserve ? room - s->queue->reserve : 0;
	if (!room) {
		wait_for_room(n);
		return did;
	}
	s->full = 0;
	if (pulls)
		did += pull(n, room < burst ? room : burst);
	return did;
}

static int driver(const struct weir_element *e, struct weir_front_args *a)
{
	struct to_device *self = e->self;

	if (weir_in_is_pull(e, 0))
		return weir_front_refuse(a, "it pulls its packets");
	if (weir_out_connected(e, SENT) || weir_out_connected(e, UNSENT))
		return weir_front_refuse(a, "an output is connected, and a driver does not hear "
					    "what was sent");
	if (!a->planning) {
		self->ifindex = if_nametoindex(self->io.devname);
		self->front.longest = longest(self);
		if (!self->ifindex)
			return weir_front_refuse(a, "there is no interface %s", self->io.devname);
		a->hands_all = !weir_takes_redirects(self->ifindex);
		self->front.hands_all = a->hands_all;
		if (a->hands_all)
			weir_front_refuse(a, "%s does not send what a driver redirects",
					  self->io.devname);
	}
	a->self = &self->front;
	a->size = sizeof(self->front);
	a->share[a->n_share++] = (struct weir_share){
		.map = "devices", .data = &self->ifindex, .value_size = sizeof(uint32_t), .n = 1};
	return 0;
}

static const struct weir_arg args[] = {
	IO_ARGS(to_device),
	WEIR_ARG(BOOL, to_device, debug, "DEBUG", "ignored", .flags = WEIR_DEPRECATED),
	WEIR_ARG(WORD, to_device, io.devname, "METHOD", "ignored", .flags = WEIR_DEPRECATED),
	WEIR_ARG(BOOL, to_device, debug, "SET_ERROR_ANNO", "ignored", .flags = WEIR_DEPRECATED),
	WEIR_ARG(BOOL, to_device, debug, "IGNORE_QUEUE_OVERFLOWS", "ignored",
		 .flags = WEIR_DEPRECATED),
	{},
};

static const struct weir_handler handlers[] = {
	WEIR_SUM("count", to_device, count, "packets sent"),
	WEIR_RESET_FIELD("reset_counts", to_device, count, "sets the count to zero"),
	{},
};

WEIR_BATCH_ELEMENT(to_device, "ToDevice", .purpose = "sends packets on a network interface",
		   .ports = "1/0-2", .processing = "a/h", .flow = "x/x", .out = {"sent", "unsent"},
		   .drops = {"ring_full", "too_long", "too_short", "no_link"}, .args = args,
		   .handlers = handlers, .configure = configure, .init_node = init_node,
		   .fini_node = fini_node, .task = task, .driver = driver,
		   .state_size = sizeof(struct to_device_state), .is_sink = true,
		   .transmits = true);
