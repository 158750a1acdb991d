// SPDX-License-Identifier: BSD-2-Clause
// KernelNeighbors(KERNEL, DEV): puts an Ethernet header in front of IP packets that leave by the
// interface DEV, for the neighbour that their destination annotation names (DST_IP of IPv4 packets,
// DST_IP6 of IPv6), as the kernel knows it; KERNEL is the KernelRoutes that follows it. Either
// input takes packets of both families. The source is the interface's address as it is now.
//
// A neighbour that the kernel does not know it is asked to find out, meanwhile packets wait: at
// most CAPACITY of them, as in ARPQuerier. Those whose neighbour does not answer leave by `failed`
// (to ICMPError, host unreachable), at the latest after TIMEOUT. Neighbours that are used stay
// fresh: the kernel is asked every ten seconds to see whether they are still there, unless they are
// permanent. Multicasts (RFC 1112, RFC 2464) and the interface's broadcast addresses need no
// neighbour.
//
// The next hop of an IPv4 packet may have an IPv6 address (RFC 8950): KernelIPLookup then writes a
// name of it, 0.x.y.z, into the annotation.
//
//	k :: KernelRoutes(eth1);
//	rt :: KernelIPLookup(k, IIF eth1);
//	rt[5] -> DecIPTTL -> n :: KernelNeighbors(k, eth1) -> ToDevice(eth1);
//	n[1] -> ICMPError(eth1, unreachable, host) -> rt;
#include "kernel_neighbors.h"

#include "nd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { OUT, FAILED };
static const enum neighbor_reason NO_IP = NEIGHBOR_BAD_REPLY; // in its place: there are no replies
enum { FRESH_S = 10, CACHED_S = 5 };

static const struct kernel_neighbors *self_of(const struct weir_node *n)
{
	return n->self;
}

static bool is_home(const struct weir_node *n)
{
	return weir_worker_of(n) == n->element->home;
}

// --- what the kernel says ---
void kernel_neighbors_tell(struct kernel_hub *hub, const struct neighbor_news *news)
{
	neighbor_add_news(&hub->log, news);
	for (unsigned w = weir_workers_next(&hub->listening, 0); w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(&hub->listening, w + 1)) {
		struct neighbors_state *s = hub->nodes[w]->state;

		// home has to tell the driver's half; the others look when they get a packet
		if (is_home(hub->nodes[w]) || __atomic_load_n(&s->waiting, __ATOMIC_SEQ_CST))
			weir_bell_ring(hub->nodes[w], &s->bell);
	}
}

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NEIGHBOR_NS + (uint64_t)t.tv_nsec;
}

static bool is_broadcast(const struct kernel_hub *hub, struct neighbor_key k)
{
	for (unsigned i = 0; i < hub->n_broadcast; i++)
		if (neighbor_same(k, neighbor_ip4(hub->broadcast[i])))
			return true;
	return false;
}

// Writes it down. False: nobody has to hear of it.
static bool note(struct kernel_hub *hub, struct neighbor_key k,
		 const struct weir_neighbor_news *news)
{
	struct neighbor *e = neighbor_find(&hub->known, k);
	bool is_new = !e || memcmp(e->eth, news->mac, 6) != 0;

	if (is_broadcast(hub, k))
		return false;
	if (news->state != WEIR_NEIGHBOR_KNOWN) {
		if (e)
			neighbor_remove(&hub->known, e);
		return e || news->state == WEIR_NEIGHBOR_FAILED;
	}
	if (!e && hub->known.n < NEIGHBOR_MOST)
		e = neighbor_ensure(&hub->known, k, 0);
	if (!e)
		return false;
	neighbor_learn(&hub->known, e, news->mac, clock_ns());
	e->known = true;
	return is_new;
}

void kernel_neighbors_hear(void *arg, const struct weir_neighbor_news *news)
{
	const struct kernel_neighbors *self = arg;
	struct kernel_hub *hub = kernel_hub(self);
	struct neighbor_news said = {.failed = news->state == WEIR_NEIGHBOR_FAILED};

	memcpy(&said.key, news->addr, sizeof(said.key));
	if (news->family == AF_INET6 && neighbor_is_ip4(said.key))
		return;
	if (news->family == AF_INET) {
		be32 ip;

		memcpy(&ip, news->addr, sizeof(ip));
		said.key = neighbor_ip4(ip);
	}
	neighbor_lock(&hub->log);
	if (note(hub, said.key, news))
		kernel_neighbors_tell(hub, &said);
	neighbor_unlock(&hub->log);
}

// --- what workers do with it ---
static bool find(struct weir_node *n, struct neighbor_key k, uint8_t *dst)
{
	struct kernel_hub *hub = kernel_hub(n->self);
	struct neighbor *e;
	bool known;

	neighbor_lock(&hub->log);
	e = neighbor_find(&hub->known, k);
	known = e != NULL;
	if (known) {
		memcpy(dst, e->eth, 6);
		e->used = true;
		// others that share its places may have driven it out
		neighbor6_set(&self_of(n)->core.front, k, e->eth, UINT64_MAX);
	}
	neighbor_unlock(&hub->log);
	return known;
}

static void hear(struct weir_node *n, struct neighbor_key k)
{
	struct kernel_hub *hub = kernel_hub(n->self);
	const struct neighbor *e;

	if (!is_home(n))
		return;
	neighbor_lock(&hub->log);
	e = neighbor_find(&hub->known, k);
	neighbor6_set(&self_of(n)->core.front, k, e ? e->eth : NULL, e ? UINT64_MAX : 0);
	neighbor_unlock(&hub->log);
}

// The table of the driver's half becomes what is known. Under the lock.
static void publish_all(const struct kernel_neighbors *self)
{
	const struct weir_area *front = &self->core.front;
	struct neighbor6_pair *pairs = front->at;
	struct kernel_hub *hub = kernel_hub(self);

	for (unsigned i = 0; i < 2 * NEIGHBOR_PAIRS6; i++) {
		const struct neighbor6 *x = &pairs[i / 2].way[i % 2];
		const struct neighbor *e = x->until ? neighbor_find(&hub->known, x->key) : NULL;

		if (x->until && (!e || memcmp(e->eth, &x->who, 6) != 0))
			neighbor6_set(front, x->key, NULL, 0);
	}
	for (const struct neighbor *e = hub->known.oldest; e; e = e->newer)
		neighbor6_set(front, e->key, e->eth, UINT64_MAX);
}

static void missed(struct weir_node *n)
{
	struct kernel_hub *hub = kernel_hub(n->self);

	neighbor_uncache_all(n->state);
	if (!is_home(n))
		return;
	neighbor_lock(&hub->log);
	publish_all(n->self);
	neighbor_unlock(&hub->log);
}

static void resolve_key(const struct kernel_neighbors *self, struct neighbor_key k)
{
	be32 ip = neighbor_to_ip4(k);

	if (neighbor_is_ip4(k))
		weir_kernel_resolve(self->kernel, self->device, AF_INET, &ip);
	else
		weir_kernel_resolve(self->kernel, self->device, AF_INET6, &k);
}

static struct packet *ask(struct weir_node *n, struct neighbor_key k, const uint8_t *,
			  const struct packet *)
{
	struct kernel_neighbors_state *s = n->state;

	s->core.queries++;
	resolve_key(n->self, k);
	return NULL;
}

static bool group(const struct neighbors *, struct neighbor_key k, uint8_t *dst)
{
	if (!neighbor_is_ip4(k) && nd_is_multicast(k)) {
		nd_multicast_ether(k, dst);
		return true;
	}
	if (!neighbor_is_ip4(k))
		return false;
	if (neighbor_to_ip4(k).be == 0xffffffff)
		memset(dst, 0xff, 6);
	return neighbor_to_ip4(k).be == 0xffffffff || neighbor_multicast4(neighbor_to_ip4(k), dst);
}

static const struct neighbor_class kernel_class = {
	.wide = true,
	.failed = FAILED,
	.pause = NEIGHBOR_NS,
	.sweep = NEIGHBOR_NS,
	.asks = "questions to the kernel",
	.ask = ask,
	.group = group,
	.find = find,
	.hear = hear,
	.missed = missed,
};

// Has the kernel look whether those are there that either half used.
static void freshen(struct weir_node *n, struct weir_timer *timer)
{
	const struct kernel_neighbors *self = n->self;
	struct kernel_hub *hub = kernel_hub(self);
	struct neighbor_key *v = calloc(NEIGHBOR_MOST, sizeof(*v));
	unsigned count = 0;

	weir_timer_set(timer, n, weir_now(n) + FRESH_S * (uint64_t)NEIGHBOR_NS, freshen);
	if (!v)
		return;
	neighbor_lock(&hub->log);
	for (struct neighbor *e = hub->known.oldest; e && count < NEIGHBOR_MOST; e = e->newer) {
		bool used = neighbor6_used(&self->core.front, e->key) || e->used;

		e->used = false;
		if (used && !is_broadcast(hub, e->key))
			v[count++] = e->key;
	}
	neighbor_unlock(&hub->log);
	for (unsigned i = 0; i < count; i++)
		resolve_key(self, v[i]);
	free(v);
}

// --- packets ---
// The key of a packet's next hop; false: none is given, or it is no IP packet (*why).
static bool next_hop(struct packet *p, struct neighbor_key *k, enum neighbor_reason *why)
{
	const uint8_t *first = weir_at(p, 0, 1);
	const unsigned version = first ? *first >> 4 : 0;

	*why = NEIGHBOR_NO_ADDRESS;
	if (version == 4) {
		*k = neighbor_ip4(weir_dst_ip(p));
		return weir_dst_ip(p).be != 0;
	}
	if (version != 6) {
		*why = NO_IP;
		return false;
	}
	weir_dst_ip6(p, k);
	return !nd_is_unspecified(*k) && !neighbor_is_ip4(*k);
}

// Of the cache; NULL: not there.
static const struct eth *cached(struct neighbors_state *s, struct neighbor_key k, uint64_t now)
{
	const struct neighbor_cached4 *c4 = neighbor_cached4(s, neighbor_to_ip4(k));
	const struct neighbor_cached6 *c6 = neighbor_cached6(s, k);

	if (neighbor_is_ip4(k))
		return c4->ip.be == neighbor_to_ip4(k).be && c4->until > now ? &c4->eth : NULL;
	return neighbor_same(c6->key, k) && c6->until > now ? &c6->eth : NULL;
}

// Sends, keeps or loses one packet that is in no batch. True: it has its header now and is to
// leave by OUT.
static bool resolve(struct weir_node *n, struct packet *p)
{
	struct kernel_neighbors_state *s = n->state;
	enum neighbor_reason why;
	const struct eth *eth;
	struct neighbor_key k;

	if (!next_hop(p, &k, &why)) {
		neighbor_lose(n, why, p);
		return false;
	}
	eth = cached(&s->core, k, weir_now(n));
	if (!eth || !weir_push_front(p, sizeof(*eth)))
		return neighbor_resolve(n, p, k);
	neighbor_encap(p, eth);
	return true;
}

// From the first packet on whose neighbour is not in the cache.
static __attribute__((noinline)) void rest(struct weir_node *n, struct batch *b,
					   const struct packet *first)
{
	const unsigned count = b->n;
	unsigned i = weir_batch_find(b, first), k = i;

	for (; i < count; i++) {
		uint32_t len = b->p[i]->len;

		if (resolve(n, b->p[i]))
			b->p[k++] = b->p[i];
		else
			b->bytes -= len;
	}
	b->n = k;
}

static void push6(struct weir_node *n, struct batch *b)
{
	struct kernel_neighbors_state *s = n->state;
	const uint64_t now = weir_now(n);
	const unsigned count = b->n;

	WEIR_UNROLL
	for (unsigned i = 0; i < count; i++) {
		struct packet *p = b->p[i];
		const uint8_t *first = weir_at(p, 0, 1);
		const struct neighbor_cached6 *c;
		struct neighbor_key k;

		weir_dst_ip6(p, &k);
		c = neighbor_cached6(&s->core, k);
		if (WEIR_UNLIKELY(!neighbor_same(c->key, k) || c->until <= now || !first ||
				  *first >> 4 != 6 || !weir_push_front(p, sizeof(c->eth)))) {
			rest(n, b, p);
			return;
		}
		neighbor_encap(p, &c->eth);
	}
}

static void kernel_neighbors(struct weir_node *n, unsigned port, struct batch *b)
{
	struct kernel_neighbors_state *s = n->state;
	const uint64_t now = weir_now(n);
	const unsigned count = b->n;

	if (WEIR_UNLIKELY(neighbor_has_news(n)))
		neighbor_read_news(n);
	if (port) {
		push6(n, b);
		return;
	}
	WEIR_UNROLL
	for (unsigned i = 0; i < count; i++) {
		struct packet *p = b->p[i];
		const uint8_t *first = weir_at(p, 0, 1);
		be32 ip = weir_dst_ip(p);
		const struct neighbor_cached4 *c = neighbor_cached4(&s->core, ip);

		if (WEIR_UNLIKELY(c->ip.be != ip.be || c->until <= now || !first ||
				  *first >> 4 != 4 || !weir_push_front(p, sizeof(c->eth)))) {
			rest(n, b, p);
			return;
		}
		neighbor_encap(p, &c->eth);
	}
}

// --- life ---
static int configure(struct weir_element *e, struct weir_args *a)
{
	struct kernel_neighbors *self = e->self;

	self->core.class = &kernel_class;
	self->core.poll_timeout = CACHED_S * (uint64_t)NEIGHBOR_NS;
	if (!neighbors_memory(&self->core, sizeof(struct kernel_hub)) ||
	    weir_area_grow(&self->source, sizeof(uint64_t), false))
		return weir_args_error(a, -1, "out of memory");
	kernel_hub(self)->known.seed = self->core.log->seed;
	self->kernel = weir_kernel_of(a, self->routes);
	if (!self->kernel)
		return -EINVAL;
	if (!self->core.limits.slim_factor)
		return weir_args_error(a, -1, "CAPACITY_SLIM_FACTOR cannot be zero");
	e->len_delta = sizeof(struct eth);
	if (weir_kernel_watch_neighbors(self->kernel, self->device, kernel_neighbors_hear, self))
		return weir_args_error(a, -1, "out of memory");
	return 0;
}

// That there is no such interface is said by those who send and receive there.
static int init(struct weir_element *e, struct weir_err *)
{
	kernel_device_look(e->self);
	return 0;
}

static void device_changed(struct weir_node *n, int fd)
{
	kernel_device_drain(fd);
	kernel_device_look(n->self);
}

static int init_home(struct weir_node *n, struct weir_err *err)
{
	struct kernel_neighbors_state *s = n->state;
	struct kernel_hub *hub = kernel_hub(n->self);
	int rc;

	s->fd = kernel_device_open();
	rc = s->fd < 0 ? s->fd : weir_watch_fd(n, s->fd, device_changed);
	if (rc)
		return weir_error(err, &n->element->loc, "cannot follow interfaces: %s",
				  strerror(-rc));
	kernel_device_look(n->self); // what changed before the socket was there
	neighbor_lock(&hub->log);
	publish_all(n->self);
	s->core.seen = hub->log.seq;
	neighbor_unlock(&hub->log);
	weir_timer_set(&s->fresh, n, weir_now(n) + FRESH_S * (uint64_t)NEIGHBOR_NS, freshen);
	return 0;
}

static int init_node(struct weir_node *n, struct weir_err *err)
{
	struct kernel_hub *hub = kernel_hub(n->self);

	neighbors_begin(n);
	neighbor_lock(&hub->log);
	hub->nodes[weir_worker_of(n)] = n;
	weir_workers_add(&hub->listening, weir_worker_of(n));
	neighbor_unlock(&hub->log);
	return is_home(n) ? init_home(n, err) : 0;
}

static void fini_node(struct weir_node *n)
{
	struct kernel_neighbors_state *s = n->state;
	struct kernel_hub *hub = kernel_hub(n->self);

	neighbor_lock(&hub->log);
	weir_workers_remove(&hub->listening, weir_worker_of(n));
	neighbor_unlock(&hub->log);
	weir_timer_clear(&s->fresh);
	if (s->fd > 0) {
		weir_unwatch_fd(n, s->fd);
		close(s->fd);
	}
	neighbors_end(n);
}

static void fini(struct weir_element *e)
{
	struct kernel_neighbors *self = e->self;

	if (!self)
		return;
	if (self->core.log)
		neighbor_table_free(&kernel_hub(self)->known);
	neighbors_memory_free(&self->core);
	weir_area_free(&self->source);
}

static int driver(const struct weir_element *e, struct weir_front_args *a)
{
	const struct kernel_neighbors *self = e->self;

	a->self = self;
	a->size = 0;
	neighbors_shared(&self->core, a);
	a->share[a->n_share++] = (struct weir_share){
		.map = "source",
		.data = self->source.at,
		.value_size = sizeof(uint64_t),
		.n = 1,
		.live = true,
	};
	return 0;
}

// --- handlers ---
static int read_table(struct weir_element *e, const struct weir_handler *, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	struct kernel_hub *hub = kernel_hub(e->self);

	neighbor_lock(&hub->log);
	for (const struct neighbor *x = hub->known.oldest; x; x = x->newer)
		neighbor_print(out, x, true, clock_ns());
	neighbor_unlock(&hub->log);
	return 0;
}

static int read_count(struct weir_element *e, const struct weir_handler *, const char *,
		      struct weir_buf *out, struct weir_err *)
{
	struct kernel_hub *hub = kernel_hub(e->self);

	neighbor_lock(&hub->log);
	weir_printf(out, "%u", hub->known.n);
	neighbor_unlock(&hub->log);
	return 0;
}

static const struct weir_arg kernel_neighbors_args[] = {
	WEIR_ARG(ELEMENT, kernel_neighbors, routes, "KERNEL", "the KernelRoutes", WEIR_MAND),
	WEIR_ARG(WORD, kernel_neighbors, device, "DEV", "the interface", WEIR_MAND),
	NEIGHBORS_ARGS(kernel_neighbors),
	WEIR_ARG(SECONDS, kernel_neighbors, core.limits.timeout, "TIMEOUT",
		 "how long packets wait for the kernel's answer", .def = "5"),
	{},
};

static const struct weir_handler kernel_neighbors_handlers[] = {
	WEIR_READ("table", read_table, "address, 1, Ethernet address, age in seconds"),
	WEIR_READ("count", read_count, "neighbours that are known"),
	WEIR_READ("waiting", neighbors_read_table,
		  "address, 0, Ethernet address, age in seconds of those that packets wait for"),
	WEIR_READ("length", neighbors_read_number, "packets that wait", .user = NEIGHBORS_LENGTH),
	WEIR_SUM("queries", kernel_neighbors, core.queries, "questions to the kernel"),
	WEIR_SUM("drops", kernel_neighbors, core.drops, "packets lost"),
	{},
};

WEIR_BATCH_ELEMENT(kernel_neighbors, "KernelNeighbors",
		   .purpose = "encapsulates in Ethernet for neighbours of the kernel",
		   .ports = "1-2/1-2", .processing = "h/h", .in = {"ip", "ip6"},
		   .out = {"out", "failed"},
		   .drops = {"timeout", "capacity", "no-buffer", "no-address", "no-room", "no-ip",
			     "cleared"},
		   .state_size = sizeof(struct kernel_neighbors_state),
		   .args = kernel_neighbors_args, .handlers = kernel_neighbors_handlers,
		   .configure = configure, .init = init, .init_node = init_node,
		   .fini_node = fini_node, .fini = fini, .driver = driver, .held = neighbors_held,
		   .keeps = neighbors_keeps, .capacity = neighbors_capacity, .inputs_alike = true);
