// SPDX-License-Identifier: BSD-2-Clause
// Pipeliner: what is pushed to it leaves on another worker, its home: in a configuration that runs
// on several, the way of a packet goes on there. Each worker that pushes has a ring of its own with
// CAPACITY places, from which home takes them in turn; so what one worker pushes keeps its order,
// and no worker waits for another. What finds its ring full is lost as `overflow`. What home itself
// pushes goes on at once. The home is THREAD, or what StaticThreadSched says, or any worker.
//
// It is what changes the worker where a Queue and an Unqueue would do no more. Between flows from
// different workers there is no order.
//
//	// two workers that check what four receive
//	FromDevice(eth0) -> sort :: HashSwitch(26, 8);
//	sort[0] -> Pipeliner(THREAD 4) -> CheckIPHeader(14) -> out :: ToDevice(eth1);
//	sort[1] -> Pipeliner(THREAD 5) -> CheckIPHeader(14) -> out;
#include <weir/element.h>
#include <weir/ring.h>

#include <stdio.h>

enum { OVERFLOW, NO_BUFFER };
enum { CAPACITY_MAX = 1 << 20 };

struct pipeliner {
	uint32_t capacity;
	char *thread;
};
// Of a worker that pushes. owner: that worker; home takes from the ring.
struct pipeliner_state {
	struct weir_ring *ring; // NULL: it does not push
	uint64_t count, drops;
};

static struct pipeliner_state *state_of(const struct weir_element *e, unsigned worker)
{
	return e->nodes[worker]->state;
}

static void lose(struct weir_node *n, struct batch *b, unsigned from)
{
	struct pipeliner_state *s = n->state;
	unsigned reason = weir_may_keep(n) ? OVERFLOW : NO_BUFFER;

	if (!s->drops)
		fprintf(stderr, "%s: overflow\n", n->element->name);
	s->drops += b->n - from;
	weir_emit_all(n, WEIR_DROP + reason, b->p + from, b->n - from);
}

// A ring has a power of two of places, of which no more than CAPACITY are used.
static unsigned room(const struct pipeliner *self, struct weir_ring *r, unsigned want)
{
	uint32_t spare = r->mask + 1 - self->capacity, places = weir_ring_room(r, want + spare);

	return places > spare ? places - spare : 0;
}

static void pipeliner(struct weir_node *n, unsigned, struct batch *b)
{
	const struct weir_element *e = n->element;
	struct pipeliner_state *s = n->state;
	unsigned count;

	s->count += b->n;
	// home has a ring only if it was not home once: then what is there goes first
	if (weir_worker_of(n) == e->home && (!s->ring || !weir_ring_length(s->ring)))
		return;
	count = s->ring && weir_may_keep(n) ? room(n->self, s->ring, b->n) : 0;
	if (count > b->n)
		count = b->n;
	if (count) {
		weir_ring_put(s->ring, b->p, count);
		weir_notify(n, e->home);
	}
	if (WEIR_UNLIKELY(count < b->n))
		lose(n, b, count);
	b->n = 0;
}

// What another worker wrote lies in its core's cache. Descriptors and the first bytes come ten
// lines at once instead of one after the other, and to be written, as most are; else each would
// come twice. Packets that were handed over together begin at the same place, or near.
WEIR_INLINE void fetch(struct packet *const *v, unsigned n)
{
	uint32_t off;

	if (!n)
		return;
	for (unsigned i = 0; i < n; i++) {
		__builtin_prefetch(v[i], 1);
		__builtin_prefetch((const uint8_t *)v[i] + sizeof(struct packet) / 2, 1);
	}
	off = v[0]->off;
	for (unsigned i = 0; i < n; i++)
		__builtin_prefetch((const uint8_t *)v[i] + off, 1);
}

// A batch of each worker that has one.
static bool task(struct weir_node *n, unsigned burst)
{
	const struct weir_element *e = n->element;
	struct packet *v[WEIR_BATCH_MAX];
	bool did = false;

	for (unsigned w = weir_workers_next(&e->runs, 0); w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(&e->runs, w + 1)) {
		struct weir_ring *r = state_of(e, w)->ring;
		unsigned got = r ? weir_ring_take(r, v, burst) : 0;

		fetch(v, got);
		weir_emit_all(n, 0, v, got);
		did |= got;
	}
	return did;
}

static bool has_some(const void *node)
{
	const struct weir_node *n = node;
	const struct weir_element *e = n->element;

	if (weir_worker_of(n) != e->home)
		return false;
	for (unsigned w = weir_workers_next(&e->runs, 0); w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(&e->runs, w + 1)) {
		const struct weir_ring *r = state_of(e, w)->ring;

		if (r && weir_ring_length(r))
			return true;
	}
	return false;
}

static bool pushes(const struct weir_node *n)
{
	struct weir_workers pushers;

	weir_pushers(n->element, 0, &pushers);
	return weir_workers_has(&pushers, weir_worker_of(n));
}

static int configure(struct weir_element *e, struct weir_args *a)
{
	const char *list = ((const struct pipeliner *)e->self)->thread;
	int rc = list ? weir_pin(e, NULL, list, false) : 0;

	return rc == -EINVAL ? weir_args_error(a, -1, "THREAD: `%s' is no worker", list) : rc;
}

static int init_node(struct weir_node *n, struct weir_err *)
{
	const struct pipeliner *self = n->self;
	struct pipeliner_state *s = n->state;

	if (weir_workers_count(&n->element->runs) < 2)
		return 0;
	if (weir_worker_of(n) != n->element->home && pushes(n)) {
		s->ring = aligned_alloc(_Alignof(struct weir_ring), sizeof(*s->ring));
		if (!s->ring)
			return -ENOMEM;
		if (weir_ring_open(s->ring, self->capacity))
			return -ENOMEM;
	}
	return weir_watch_inbox(n, has_some, n);
}

static void passed(const struct weir_node *n, uint32_t *put, uint32_t *taken)
{
	const struct pipeliner_state *s = n->state;

	*put = s->ring ? s->ring->tail : 0;
	*taken = s->ring ? s->ring->head : 0;
}

static void fini_node(struct weir_node *n)
{
	struct pipeliner_state *s = n->state;
	struct packet *p;

	weir_unwatch_inbox(n, n);
	if (!s->ring)
		return;
	while (s->ring->slot && weir_ring_take(s->ring, &p, 1))
		weir_packet_free(n, p);
	weir_ring_close(s->ring);
	free(s->ring);
	s->ring = NULL;
}

static unsigned held(struct weir_node *n)
{
	const struct pipeliner_state *s = n->state;

	return s->ring ? weir_ring_length(s->ring) : 0;
}

static unsigned capacity(const struct weir_element *e)
{
	struct weir_workers pushers;

	weir_pushers(e, 0, &pushers);
	return ((const struct pipeliner *)e->self)->capacity * weir_workers_count(&pushers);
}

static int read_length(struct weir_element *e, const struct weir_handler *, const char *,
		       struct weir_buf *out, struct weir_err *)
{
	unsigned sum = 0;

	for (unsigned w = 0; w < e->n_nodes; w++)
		sum += held(e->nodes[w]);
	weir_printf(out, "%u", sum);
	return 0;
}

static int reset_counts(struct weir_element *e, const struct weir_handler *, const char *,
			struct weir_err *)
{
	for (unsigned w = 0; w < e->n_nodes; w++)
		state_of(e, w)->count = state_of(e, w)->drops = 0;
	return 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(U32, pipeliner, capacity, "CAPACITY", "most packets to keep for each worker",
		 WEIR_POS, .def = "1024", .min = 1, .max = CAPACITY_MAX),
	WEIR_ARG(WORD, pipeliner, thread, "THREAD",
		 "its home: the number of a worker, or a list of those it may be"),
	{},
};

static const struct weir_handler handlers[] = {
	WEIR_READ("length", read_length, "packets on their way to the other worker"),
	WEIR_FIELD("capacity", U32, pipeliner, capacity, "most packets to keep for each worker"),
	WEIR_SUM("count", pipeliner, count, "packets pushed to it"),
	WEIR_SUM("drops", pipeliner, drops, "packets lost for lack of room"),
	WEIR_SUM("dropped", pipeliner, drops, "the same as drops"),
	WEIR_BUTTON("reset_counts", reset_counts, "sets count and drops to zero"),
	{},
};

WEIR_BATCH_ELEMENT(pipeliner, "Pipeliner", .purpose = "goes on with packets on another worker",
		   .processing = "h/h", .args = args, .handlers = handlers, .task = task,
		   .configure = configure, .init_node = init_node, .fini_node = fini_node,
		   .passed = passed, .held = held, .capacity = capacity,
		   .state_size = sizeof(struct pipeliner_state), .changes_worker = true,
		   .userspace = "changes the worker", .drops = {"overflow", "no_buffer"});
WEIR_CASES(pipeliner, {"", "ip4 udp", "0", ""});
