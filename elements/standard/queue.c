// SPDX-License-Identifier: BSD-2-Clause
// Queue: keeps up to CAPACITY packets, pushed in and pulled out. What finds it full is lost.
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
	// writer: the worker that pushes
	_Alignas(64) uint32_t tail;
	uint32_t highwater;
	uint64_t drops;
	// writer: the worker that pulls
	_Alignas(64) uint32_t head;
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

	if (!r->drops)
		fprintf(stderr, "%s: overflow\n", n->element->name);
	r->drops += b->n - from;
	weir_emit_all(n, WEIR_DROP + reason, b->p + from, b->n - from);
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
	if (WEIR_UNLIKELY(count < b->n))
		lose(n, r, b, count);
	b->n = 0;
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
	return count;
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
	old = (struct queue *)e->nodes[0]->self;
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

static unsigned held(struct weir_node *n)
{
	const struct ring *r = ((const struct queue *)n->self)->ring;

	return r && n == n->element->nodes[0] ? length(r) : 0;
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
	while (pull(n, 0, &p, 1))
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
	struct weir_node *n = e->nodes[0];
	struct packet *p;

	while (pull(n, 0, &p, 1))
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

#define QUEUE(id, name_, purpose_)                                                          \
	WEIR_CLASS(id, .name = (name_), .purpose = (purpose_), .push = queue, .pull = pull, \
		   .self_size = sizeof(struct queue), .processing = "h/l", .args = args,    \
		   .handlers = handlers, .reconfigures = true, .configure = configure,      \
		   .init = init, .fini_node = fini_node, .fini = fini, .held = held,        \
		   .capacity = capacity, .userspace = "keeps packets",                      \
		   .drops = {"overflow", "no_buffer", "reset"})

QUEUE(queue, "Queue", "keeps pushed packets until they are pulled");
QUEUE(simple_queue, "SimpleQueue", "keeps pushed packets until they are pulled");
