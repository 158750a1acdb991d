// SPDX-License-Identifier: BSD-2-Clause
// Queue: keeps up to CAPACITY packets, pushed in and pulled out. What finds it full is lost.
// Several workers may push to it: it stays one queue, in which what was pushed before stands
// before. One worker pulls. ThreadSafeQueue is the same, and does not look whether there are
// several.
//
//	a, b -> Queue(500) -> Unqueue -> ...
#include <weir/element.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { OVERFLOW, NO_BUFFER, RESET };
enum { CAPACITY_MAX = 1 << 24 };

// owner: the element, shared by its nodes. Positions count up and wrap around. The padding keeps
// what one side writes out of the cache lines of the other.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct ring {
	struct packet **slot; // a power of two of them
	uint32_t mask;
	bool many;   // workers push; those of the slots that hold nothing are NULL then
	bool remote; // who pushes and who pulls may be different workers
	const struct weir_element *puller; // NULL: none
	// writer: the worker that pushes; if there are many: all, atomically
	_Alignas(64) uint32_t tail;
	uint32_t highwater;
	uint64_t drops;
	// writer: the worker that pulls
	_Alignas(64) uint32_t head;
	bool hungry; // it last found less than it wanted, and was not told of more since
};

struct queue {
	uint32_t capacity;
	struct ring *ring;
};

static uint32_t length(const struct ring *r)
{
	return __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE) -
	       __atomic_load_n(&r->head, __ATOMIC_ACQUIRE);
}

static void lose(struct weir_node *n, struct ring *r, struct batch *b, unsigned from)
{
	unsigned reason = weir_may_keep(n) ? OVERFLOW : NO_BUFFER;

	if (!__atomic_fetch_add(&r->drops, b->n - from, __ATOMIC_RELAXED))
		fprintf(stderr, "%s: overflow\n", n->element->name);
	weir_emit_all(n, WEIR_DROP + reason, b->p + from, b->n - from);
}

// Who pulls may sleep.
static void wake(struct weir_node *n, const struct ring *r)
{
	if (r->puller && r->puller->home != weir_worker_of(n))
		weir_notify(n, r->puller->home);
}

static void queue(struct weir_node *n, unsigned, struct batch *b)
{
	const struct queue *self = n->self;
	struct ring *r = self->ring;
	uint32_t len = length(r);
	unsigned room = len < self->capacity && weir_may_keep(n) ? self->capacity - len : 0;
	unsigned count = b->n < room ? b->n : room;

	for (unsigned i = 0; i < count; i++)
		r->slot[(r->tail + i) & r->mask] = b->p[i];
	__atomic_store_n(&r->tail, r->tail + count, __ATOMIC_RELEASE);
	if (len + count > r->highwater)
		r->highwater = len + count;
	if (WEIR_UNLIKELY(r->remote))
		wake(n, r);
	if (WEIR_UNLIKELY(count < b->n))
		lose(n, r, b, count);
	b->n = 0;
}

static void raise_highwater(struct ring *r, uint32_t len)
{
	uint32_t most = __atomic_load_n(&r->highwater, __ATOMIC_RELAXED);

	while (len > most && !__atomic_compare_exchange_n(&r->highwater, &most, len, true,
							  __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		continue;
}

// Takes up to `want` places behind all that were taken before; *at is the first. It is tried again
// only if somebody else has just pushed, and between two pushes of a worker lies all that it does
// with a batch: that often, the others cannot. Nobody waits for one who was interrupted.
static unsigned reserve(struct ring *r, uint32_t capacity, unsigned want, uint32_t *at)
{
	for (;;) {
		// The tail first: then there can only be more room than this. If it is still the
		// tail when the places are taken, there were never more packets than may be.
		uint32_t tail = __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE);
		uint32_t len = tail - __atomic_load_n(&r->head, __ATOMIC_ACQUIRE);
		uint32_t room = len < capacity ? capacity - len : 0;
		unsigned count = want < room ? want : room;

		if (len > r->mask + 1) // so much happened since that the head is beyond it
			continue;
		*at = tail;
		if (count && !__atomic_compare_exchange_n(&r->tail, &tail, tail + count, true,
							  __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			continue;
		raise_highwater(r, len + count);
		return count;
	}
}

// With several workers: each fills the places that it took. What comes behind a place that is not
// filled yet, as its worker was interrupted there, waits for it in the queue: so nothing overtakes.
// When that worker goes on, it wakes who pulls.
static void push_shared(struct weir_node *n, unsigned, struct batch *b)
{
	const struct queue *self = n->self;
	struct ring *r = self->ring;
	uint32_t at = 0;
	unsigned count = weir_may_keep(n) ? reserve(r, self->capacity, b->n, &at) : 0;

	for (unsigned i = 0; i < count; i++)
		__atomic_store_n(&r->slot[(at + i) & r->mask], b->p[i], __ATOMIC_RELEASE);
	wake(n, r);
	if (WEIR_UNLIKELY(count < b->n))
		lose(n, r, b, count);
	b->n = 0;
}

static unsigned pull_shared(struct weir_node *n, unsigned, struct packet **v, unsigned max)
{
	struct ring *r = ((const struct queue *)n->self)->ring;
	unsigned count;

	for (count = 0; count < max; count++) {
		struct packet **slot = &r->slot[(r->head + count) & r->mask];

		v[count] = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
		if (!v[count])
			break;
		__atomic_store_n(slot, NULL, __ATOMIC_RELAXED);
		__builtin_prefetch(v[count]);
	}
	__atomic_store_n(&r->head, r->head + count, __ATOMIC_RELEASE);
	r->hungry = count < max;
	return count;
}

static unsigned pull(struct weir_node *n, unsigned, struct packet **v, unsigned max)
{
	struct ring *r = ((const struct queue *)n->self)->ring;
	uint32_t len = length(r), count = max < len ? max : len;

	for (unsigned i = 0; i < count; i++) {
		v[i] = r->slot[(r->head + i) & r->mask];
		__builtin_prefetch(v[i]);
	}
	__atomic_store_n(&r->head, r->head + count, __ATOMIC_RELEASE);
	r->hungry = count < max;
	return count;
}

static bool is_empty(const struct ring *r)
{
	if (!r->many)
		return !length(r);
	return !__atomic_load_n(&r->slot[r->head & r->mask], __ATOMIC_ACQUIRE);
}

// Is there something new for who pulls on this worker? Once only: what it does not want now it will
// come for by itself, as a Shaper that waits for its time.
static bool has_news(const void *node)
{
	const struct weir_node *n = node;
	struct ring *r = ((const struct queue *)n->self)->ring;

	if (!r->puller || r->puller->home != weir_worker_of(n) || !r->hungry || is_empty(r))
		return false;
	r->hungry = false;
	return true;
}

static int grow(struct ring *r, uint32_t capacity)
{
	uint32_t n = 1, len = length(r);
	struct packet **slot;

	while (n < capacity || n < len)
		n *= 2;
	slot = calloc(n, sizeof(struct packet *));
	if (!slot)
		return -ENOMEM;
	for (uint32_t i = 0; i < len; i++)
		slot[i] = r->slot[(r->head + i) & r->mask];
	free(r->slot);
	r->slot = slot;
	r->mask = n - 1;
	r->head = 0;
	r->tail = len;
	return 0;
}

// Another capacity while it runs: the new arguments take over the ring.
static int configure(struct weir_element *e, struct weir_args *a)
{
	struct queue *self = e->self, *old;

	if (!a->reconfigure || !e->n_nodes)
		return 0;
	old = (struct queue *)e->nodes[e->home]->self;
	if (grow(old->ring, self->capacity) < 0)
		return weir_args_error(a, -1, "no memory for %u packets", self->capacity);
	self->ring = old->ring;
	old->ring = NULL;
	return 0;
}

static int init(struct weir_element *e, struct weir_err *err)
{
	struct queue *self = e->self;
	struct ring *r = aligned_alloc(64, sizeof(*r));

	if (r)
		*r = (struct ring){};
	self->ring = r;
	if (!r || grow(r, self->capacity) < 0)
		return weir_error(err, &e->loc, "%s: no memory for %u packets", e->name,
				  self->capacity);
	return 0;
}

static int start(struct weir_node *n, bool many)
{
	struct ring *r = ((const struct queue *)n->self)->ring;

	r->many = many;
	r->remote = weir_workers_count(&n->element->runs) > 1;
	r->puller = weir_puller(n->element, 0);
	r->hungry = true;
	n->push = many ? push_shared : queue;
	n->pull = many ? pull_shared : pull;
	return r->remote ? weir_watch_inbox(n, has_news, n) : 0;
}

static int init_node(struct weir_node *n, struct weir_err *)
{
	struct weir_workers pushers;

	weir_pushers(n->element, 0, &pushers);
	return start(n, weir_workers_count(&pushers) > 1);
}

static int init_node_shared(struct weir_node *n, struct weir_err *)
{
	return start(n, true);
}

static unsigned held(struct weir_node *n)
{
	const struct ring *r = ((const struct queue *)n->self)->ring;

	return r && weir_worker_of(n) == n->element->home ? length(r) : 0;
}

static unsigned capacity(const struct weir_element *e)
{
	return ((const struct queue *)e->self)->capacity;
}

static void fini_node(struct weir_node *n)
{
	struct packet *p;

	if (!((const struct queue *)n->self)->ring)
		return;
	weir_unwatch_inbox(n, n);
	while (n->pull(n, 0, &p, 1))
		weir_packet_free(n, p);
}

static void fini(struct weir_element *e)
{
	struct queue *self = e->self;

	if (self->ring)
		free(self->ring->slot);
	free(self->ring);
}

enum { LENGTH, HIGHWATER, DROPS, CAPACITY };

static int read_number(struct weir_element *e, const struct weir_handler *h, const char *,
		       struct weir_buf *out, struct weir_err *)
{
	const struct ring *r = ((const struct queue *)e->self)->ring;
	uint64_t v = h->user == LENGTH	    ? length(r)
		     : h->user == HIGHWATER ? r->highwater
		     : h->user == DROPS	    ? r->drops
					    : ((const struct queue *)e->self)->capacity;

	weir_printf(out, "%llu", (unsigned long long)v);
	return 0;
}

// Packets beyond a smaller capacity stay until they are pulled.
static int write_capacity(struct weir_element *e, const struct weir_handler *, const char *value,
			  struct weir_err *err)
{
	struct queue *self = e->self;
	uint32_t v;
	int r = weir_parse(e, WEIR_T_U32, value, "capacity", &v, err);

	if (r < 0)
		return r;
	if (v > CAPACITY_MAX)
		return weir_error(err, NULL, "capacity: more than %u packets", CAPACITY_MAX);
	if (grow(self->ring, v) < 0)
		return weir_error(err, NULL, "capacity: no memory for %u packets", v);
	self->capacity = v;
	return 0;
}

static int reset_counts(struct weir_element *e, const struct weir_handler *, const char *,
			struct weir_err *)
{
	struct ring *r = ((const struct queue *)e->self)->ring;

	r->drops = 0;
	r->highwater = 0;
	return 0;
}

static int reset(struct weir_element *e, const struct weir_handler *, const char *,
		 struct weir_err *)
{
	struct weir_node *n = e->nodes[e->home];
	struct packet *p;

	while (n->pull(n, 0, &p, 1))
		weir_drop(n, RESET, p);
	return 0;
}

static const struct weir_arg args[] = {
	WEIR_ARG(U32, queue, capacity, "CAPACITY", "most packets to keep", WEIR_POS, .def = "1000",
		 .max = CAPACITY_MAX),
	{},
};

static const struct weir_handler handlers[] = {
	WEIR_READ("length", read_number, "packets in the queue", .user = LENGTH),
	WEIR_READ("highwater_length", read_number, "most packets there ever were",
		  .user = HIGHWATER),
	WEIR_READ_WRITE("capacity", read_number, write_capacity, "most packets to keep",
			.user = CAPACITY),
	WEIR_READ("drops", read_number, "packets lost for lack of room", .user = DROPS),
	WEIR_BUTTON("reset_counts", reset_counts, "sets drops and highwater_length to zero"),
	WEIR_BUTTON("reset", reset, "drops all packets in the queue"),
	{},
};

#define QUEUE(id, name_, init_node_, purpose_)                                                    \
	WEIR_CLASS(id, .name = (name_), .purpose = (purpose_), .push = queue, .pull = pull,       \
		   .self_size = sizeof(struct queue), .processing = "h/l", .args = args,          \
		   .handlers = handlers, .reconfigures = true, .configure = configure,            \
		   .init = init, .init_node = (init_node_), .fini_node = fini_node, .fini = fini, \
		   .held = held, .capacity = capacity, .userspace = "keeps packets",              \
		   .drops = {"overflow", "no_buffer", "reset"})

QUEUE(queue, "Queue", init_node, "keeps pushed packets until they are pulled");
QUEUE(simple_queue, "SimpleQueue", init_node, "keeps pushed packets until they are pulled");
QUEUE(thread_safe_queue, "ThreadSafeQueue", init_node_shared,
      "keeps packets that several workers push until they are pulled");
