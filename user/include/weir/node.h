// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// An element on one worker, and how packets leave it. Everything here is owned by that worker.

#include <weir/packet.h>

struct weir_router;
struct weir_worker;
struct weir_element;
struct weir_node;

// An input of a node. Packets wait in `pending` until the executor gets here, in topological
// order; so packets that were split meet again where paths join.
struct weir_input {
	struct batch *pending;
	unsigned cap;	// pending is run as soon as it holds so many; 1: depth first, Click's order
	unsigned index; // in topological order
	unsigned port;
	bool chained; // only one edge leads here: a whole batch goes on without waiting
	struct weir_node *node;
};

// An output of a node, or one of its drop reasons. An output that leads nowhere and a drop reason
// lead to the worker's input that frees.
struct weir_edge {
	struct weir_input *to;
	bool back; // closes a cycle: packets that take it too often are dropped
	uint64_t packets, bytes;
};

struct weir_node {
	const void *self;
	void *state;
	struct weir_edge *out;	 // outputs, then the framework's two drop reasons, then the class's
	unsigned n_out, n_drops; // n_drops: the class's
	void (*push)(struct weir_node *n, unsigned port, struct batch *b);
	unsigned (*pull)(struct weir_node *n, unsigned port, struct packet **v, unsigned max);
	int32_t len_delta;
	bool recount;

	struct weir_worker *worker;
	struct weir_element *element;
	struct weir_input *in;	     // push inputs, by port
	struct weir_upstream *pulls; // pull inputs, by port
	uint64_t made, made_bytes;   // packets this node brought into the router
	uint64_t ended, ended_bytes; // packets this node ended on purpose
	uint64_t sleep_until;	     // its task is not called before; see weir_sleep_until
};

// Output number or returned port that means "lose the packet for my drop reason i".
enum { WEIR_DROP = 0x8000 };
// The framework's own reasons, behind the outputs: an output that the element does not have, and a
// packet that went round too often, or became too many on the way round.
enum { WEIR_EDGE_NO_PORT, WEIR_EDGE_LOOP, WEIR_EDGE_CLASS };

// Cold halves of the inline functions below.
void weir_input_ready(struct weir_worker *w, struct weir_input *in);
void weir_input_full(struct weir_worker *w, struct weir_input *in);
void weir_edge_back(struct weir_node *n, struct weir_edge *e, struct packet *p);

WEIR_INLINE struct weir_edge *weir_edge(struct weir_node *n, unsigned port)
{
	if (WEIR_UNLIKELY(port >= n->n_out)) {
		unsigned reason = port - WEIR_DROP;

		port = n->n_out +
		       (reason < n->n_drops ? WEIR_EDGE_CLASS + reason : WEIR_EDGE_NO_PORT);
	}
	return &n->out[port];
}

// Sends one packet out. The packet is no longer the caller's.
WEIR_INLINE void weir_emit(struct weir_node *n, unsigned port, struct packet *p)
{
	struct weir_edge *e = weir_edge(n, port);
	struct weir_input *in = e->to;
	struct batch *b = in->pending;

	if (WEIR_UNLIKELY(e->back)) {
		weir_edge_back(n, e, p);
		return;
	}
	e->packets++;
	e->bytes += p->len;
	b->bytes += p->len;
	b->p[b->n++] = p;
	if (WEIR_UNLIKELY(b->n >= in->cap))
		weir_input_full(n->worker, in);
	else if (b->n == 1)
		weir_input_ready(n->worker, in);
}

// Takes a packet out of the batch that is being pushed and sends it elsewhere. The caller takes it
// out of b->p.
WEIR_INLINE void weir_divert(struct weir_node *n, struct batch *b, unsigned port, struct packet *p)
{
	b->bytes -= p->len;
	weir_emit(n, port, p);
}

// Deals a batch out over the outputs, straight into what waits behind them. Nothing else may be
// emitted between begin and end, except through weir_deal.
enum { WEIR_DEAL_OUTPUTS = 16 };
struct weir_deal {
	struct packet **tail[WEIR_DEAL_OUTPUTS];
	uint64_t bytes[WEIR_DEAL_OUTPUTS];
	unsigned n_out; // outputs that have room for the whole batch; 0: every packet is emitted
};
void weir_deal_begin(struct weir_deal *d, struct weir_node *n, const struct batch *b);
// Counts what was dealt and runs the inputs that are full now; the batch is empty afterwards.
void weir_deal_end(struct weir_deal *d, struct weir_node *n, struct batch *b);

WEIR_INLINE void weir_deal(struct weir_deal *d, struct weir_node *n, unsigned port,
			   struct packet *p)
{
	if (WEIR_UNLIKELY(port >= d->n_out)) {
		weir_emit(n, port, p);
		return;
	}
	*d->tail[port]++ = p;
	d->bytes[port] += p->len;
}

// Sends packets out by one output, in order. None is the caller's any more.
void weir_emit_all(struct weir_node *n, unsigned port, struct packet *const *v, unsigned count);

// Loses a packet for the class's drop reason.
WEIR_INLINE void weir_drop(struct weir_node *n, unsigned reason, struct packet *p)
{
	weir_emit(n, WEIR_DROP + reason, p);
}

// For sources: packets enter the router at output `port`. They count as made (for FromDevice:
// received).
void weir_start(struct weir_node *n, unsigned port, struct packet *const *v, unsigned count);

// For sources: packets go on at that input of that element, as the driver's half said, which has
// counted them already. False: there is no such input to push to, and they stay the caller's.
bool weir_resume(struct weir_node *n, unsigned element, unsigned input, struct packet *const *v,
		 unsigned count);

// For sinks: a packet's life ends here on purpose (sent, delivered, written, discarded). _end
// counts it and frees it; _ended only counts (the packet went to a queue of a device).
void weir_end(struct weir_node *n, struct packet *const *v, unsigned count);
void weir_ended(struct weir_node *n, uint64_t packets, uint64_t bytes);

// For elements that make packets on the way (Tee, ICMPError, ARPQuerier): counts those as made.
void weir_made(struct weir_node *n, uint64_t packets, uint64_t bytes);
// A packet became part of another (reassembly) or was replaced: counted as ended, freed.
void weir_absorb(struct weir_node *n, struct packet *p);

// Up to max packets from the node's pull input; their number.
unsigned weir_pull(struct weir_node *n, unsigned port, struct packet **v, unsigned max);

// A new packet of len bytes (contents undefined) with at least headroom bytes before it; blank
// otherwise. From the worker's buffers when it fits, else from the heap. NULL when there is none:
// count it under a drop reason of yours. Not counted as made.
struct packet *weir_packet_new(struct weir_node *n, uint32_t headroom, uint32_t len);
// A deep copy: bytes, headers, annotations, time. NULL when there is no buffer.
struct packet *weir_packet_copy(struct weir_node *n, struct packet *p);
// Makes room in front or behind by moving to a larger buffer if needed. Returns the packet, which
// may be another one now (the old one is freed); NULL when there is none (the old one stays valid).
struct packet *weir_packet_room(struct weir_node *n, struct packet *p, uint32_t headroom,
				uint32_t tailroom);
// Frees without counting: only for packets that never entered the router.
void weir_packet_free(struct weir_node *n, struct packet *p);
// False when buffers are short: an element that keeps packets must then drop by name instead.
bool weir_may_keep(const struct weir_node *n);

// Time. weir_now: monotonic nanoseconds, read once a round (simulated under --simtime).
uint64_t weir_now(const struct weir_node *n);
uint64_t weir_clock(const struct weir_node *n); // exact, costs a clock read
uint64_t weir_wall(const struct weir_node *n);	// nanoseconds since 1970, for timestamps

// The node's task is not called before `when` (UINT64_MAX: until woken).
void weir_sleep_until(struct weir_node *n, uint64_t when);
void weir_wake(struct weir_node *n);

// From here on the node's worker goes on without sleep even when there is nothing to do: its task
// has to be called all the time (it polls a driver), though it returns true only for work done.
// Once for each weir_may_sleep.
void weir_stay_awake(struct weir_node *n);
void weir_may_sleep(struct weir_node *n);

// Timers. owner: the node; zero-initialised is idle.
struct weir_timer {
	uint64_t when; // 0: not set
	void (*fn)(struct weir_node *n, struct weir_timer *t);
	struct weir_node *node;
	unsigned heap; // position + 1 in the worker's heap
};
void weir_timer_set(struct weir_timer *t, struct weir_node *n, uint64_t when,
		    void (*fn)(struct weir_node *n, struct weir_timer *t));
void weir_timer_clear(struct weir_timer *t);

// Calls fn when fd is readable (control sockets, taps); fn must not block. Without fn, a readable
// fd only ends the worker's sleep (sockets that a task polls). The fd stays the caller's. 0 or
// -errno.
int weir_watch_fd(struct weir_node *n, int fd, void (*fn)(struct weir_node *n, int fd));
void weir_unwatch_fd(struct weir_node *n, int fd);

// What other workers put somewhere for this node (a weir_ring): its worker does not sleep while
// ready(arg), and who put something there says so afterwards, to the number of that worker, which
// costs a look at one word unless it sleeps. 0 or -ENOMEM.
int weir_watch_inbox(struct weir_node *n, bool (*ready)(const void *arg), const void *arg);
void weir_unwatch_inbox(struct weir_node *n, const void *arg);
void weir_notify(struct weir_node *n, unsigned worker);

// For what is rare (an ARP reply came in on another worker): whoever rings it, from whatever
// worker, has fn called on the worker of the node it was opened for, between two rounds, once for
// all that rang since. owner: the node; it must not be rung any more when it goes. Zero-initialised
// is not open: then it has no node, and ringing it does nothing.
struct weir_bell {
	void (*fn)(struct weir_node *n);
	struct weir_node *node;
	struct weir_bell *next; // of those that were rung; owner: its worker's list
	bool rung;		// on that list; atomic
};
void weir_bell_open(struct weir_bell *b, struct weir_node *n, void (*fn)(struct weir_node *n));
// n: of who rings.
void weir_bell_ring(struct weir_node *n, struct weir_bell *b);

// The number of the worker this node is on.
unsigned weir_worker_of(const struct weir_node *n);

struct weir_queue;
// Has the queue flushed at the end of this round. owner: this worker.
void weir_flush_later(struct weir_node *n, struct weir_queue *q);

// Asks the whole router to stop after this round (DriverManager, STOP true).
void weir_stop(struct weir_router *r);

// Signals (bit per number) that an element reads from a descriptor: the command leaves them to it.
void weir_take_signals(struct weir_router *r, uint64_t signals);

// Lets an element decide what a request to stop means (DriverManager): for each weir_stop, fn is
// called between two rounds, while all workers stand at a safe point, and the router stops when it
// says so. -EEXIST if another element does that already.
int weir_catch_stops(struct weir_element *e, bool (*fn)(struct weir_element *e));

// A random number; the sequence is per worker and seedable.
uint32_t weir_random(struct weir_node *n);
