// SPDX-License-Identifier: BSD-2-Clause
// Packets that wait for neighbours, and those that need not.
#include "neighbors.h"

enum { OUT, QUERIES };
enum { POLLS_FAST = 10 }; // so many queries, then slower
static const uint64_t PAUSE_SLOW = 2ull * NEIGHBOR_NS;

static const struct neighbor_class *class_of(const struct weir_node *n)
{
	return neighbors_of(n)->class;
}

void neighbor_lose(struct weir_node *n, enum neighbor_reason why, struct packet *p)
{
	struct neighbors_state *s = n->state;

	s->drops++;
	weir_drop(n, why, p);
}

// The answer may come back before this returns: the table must be in order, and what was found in
// it before may be gone after.
static void send_query(struct weir_node *n, struct packet *q)
{
	if (q)
		weir_emit(n, n->element->n_out > QUERIES ? QUERIES : OUT, q);
}

// Whether an address may be asked for now; if so, notes that it was.
static bool ask_now(struct weir_node *n, struct neighbor *e, uint64_t now)
{
	const struct neighbors_state *s = n->state;
	uint64_t pause = e->polls >= POLLS_FAST ? PAUSE_SLOW : class_of(n)->pause;

	if (e->polled && now < e->polled + pause)
		return false;
	e->polled = now;
	e->polls += e->polls < 255;
	return !s->share || !neighbor_asked(neighbors_of(n)->log, e->key, now, pause);
}

// Packets in a chain, in order.
struct chain {
	struct packet *first, **end;
};

static void chain_add(struct chain *c, struct packet *p)
{
	if (!c->first)
		c->end = &c->first;
	p->next = NULL;
	*c->end = p;
	c->end = &p->next;
}

static void keep(struct weir_node *n, struct neighbor *e, struct packet *p)
{
	struct neighbor_log *log = neighbors_of(n)->log;
	struct neighbors_state *s = n->state;

	neighbor_append(&s->table, e, p);
	__atomic_fetch_add(&log->n_packets, 1, __ATOMIC_RELAXED);
	if ((!s->share && !class_of(n)->find) || s->waiting)
		return;
	// A reply may just have come in elsewhere. Who heard it writes first and then looks who
	// waits, this is the other way round: one of the two sees the other.
	__atomic_store_n(&s->waiting, true, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&log->seq, __ATOMIC_SEQ_CST) != s->seen)
		weir_bell_ring(n, &s->bell);
}

// The oldest packet that waits for a neighbour; NULL: none.
static struct packet *take(struct weir_node *n, struct neighbor *e)
{
	struct neighbors_state *s = n->state;
	struct packet *p = neighbor_take(&s->table, e);

	if (!p)
		return NULL;
	__atomic_fetch_sub(&neighbors_of(n)->log->n_packets, 1, __ATOMIC_RELAXED);
	if (!s->table.n_packets)
		__atomic_store_n(&s->waiting, false, __ATOMIC_RELAXED);
	return p;
}

static uint32_t most_entries(const struct neighbor_limits *l)
{
	return l->entries && l->entries < NEIGHBOR_MOST ? l->entries : NEIGHBOR_MOST;
}

// How many of this worker's packets are too many, when `coming` more are to wait.
static uint32_t surplus(struct weir_node *n, uint32_t coming)
{
	const struct neighbors *self = neighbors_of(n);
	const struct neighbors_state *s = n->state;
	const struct neighbor_limits *l = &self->limits;
	uint32_t all = __atomic_load_n(&self->log->n_packets, __ATOMIC_RELAXED) + coming;
	uint32_t mine = s->table.n_packets + coming;
	uint32_t most = l->packets - l->packets / l->slim_factor;

	if (!l->packets || all <= l->packets || mine <= s->share)
		return 0;
	most = most ? most : 1;
	return all - most < mine - s->share ? all - most : mine - s->share;
}

// Takes an entry out of the table. What waits for it is lost, or added to those that are to leave
// by another output.
static void give_up(struct weir_node *n, struct neighbor *e, enum neighbor_reason why,
		    struct chain *failed)
{
	struct neighbors_state *s = n->state;
	struct packet *p;

	while ((p = take(n, e))) {
		if (failed && class_of(n)->failed)
			chain_add(failed, p);
		else
			neighbor_lose(n, why, p);
	}
	if (!class_of(n)->find)
		neighbor_forget(n, e->key);
	neighbor_remove(&s->table, e);
}

// Expired entries go, then entries beyond the limit, then packets, the oldest first.
static void slim(struct weir_node *n, uint64_t now, uint32_t coming, struct chain *failed)
{
	const struct neighbor_limits *l = &neighbors_of(n)->limits;
	struct neighbors_state *s = n->state;
	struct neighbor_table *t = &s->table;
	uint32_t most = most_entries(l), many;
	struct neighbor *e;
	struct packet *p;

	while ((e = t->oldest) && (neighbor_expired(e, now, l->timeout) || t->n > most))
		give_up(n, e, NEIGHBOR_TIMEOUT, failed);
	for (many = surplus(n, coming); e && many; e = e->newer)
		for (; many && (p = take(n, e)); many--)
			neighbor_lose(n, NEIGHBOR_CAPACITY, p);
}

// They may come back before this returns.
static void send_failed(struct weir_node *n, struct chain *failed)
{
	struct packet *p;

	while ((p = failed->first)) {
		failed->first = p->next;
		weir_emit(n, class_of(n)->failed, p);
	}
}

static uint64_t next_sweep(const struct neighbors *self, uint64_t now)
{
	return now + (self->class->sweep ?: self->limits.timeout + NEIGHBOR_NS);
}

static void run_timer(struct weir_node *n, struct weir_timer *timer)
{
	struct chain failed = {};

	slim(n, weir_now(n), 0, &failed);
	weir_timer_set(timer, n, next_sweep(neighbors_of(n), weir_now(n)), run_timer);
	send_failed(n, &failed);
}

// When a neighbour that is in use is to be asked for again.
static uint64_t poll_time(const struct neighbors *self, const struct neighbor *e)
{
	return self->poll_timeout ? e->live + self->poll_timeout : UINT64_MAX;
}

static uint64_t until_timeout(const struct neighbors *self, const struct neighbor *e,
			      uint64_t until)
{
	uint64_t end = self->limits.timeout ? e->live + self->limits.timeout : UINT64_MAX;

	return end < until ? end : until;
}

static void fill_cache(struct neighbors_state *s, struct neighbor_key k, const struct eth *eth,
		       uint64_t until)
{
	be32 ip = neighbor_to_ip4(k);

	if (neighbor_is_ip4(k))
		*neighbor_cached4(s, ip) =
			(struct neighbor_cached4){.until = until, .ip = ip, .eth = *eth};
	else
		*neighbor_cached6(s, k) =
			(struct neighbor_cached6){.until = until, .key = k, .eth = *eth};
}

// The header for a neighbour that this worker knows. Asks again when it is time.
static bool known_header(struct weir_node *n, const struct packet *p, struct neighbor_key k,
			 struct eth *eth)
{
	const struct neighbors *self = neighbors_of(n);
	struct neighbors_state *s = n->state;
	struct neighbor *e = neighbor_find(&s->table, k);
	uint64_t now = weir_now(n), until;
	struct packet *query = NULL;

	if (!e || !e->known || neighbor_expired(e, now, self->limits.timeout))
		return false;
	memcpy(eth->dst, e->eth, 6);
	until = poll_time(self, e);
	if (now >= until) {
		until = now + self->class->pause;
		if (ask_now(n, e, now))
			query = self->class->ask(n, k, e->eth, p);
	}
	until = until_timeout(self, e, until);
	neighbor_publish(n, k, e->eth, until);
	fill_cache(s, k, eth, until);
	send_query(n, query);
	return true;
}

// The same for one that is known elsewhere. It may have become so a moment ago: then packets that
// wait for it go first, as soon as the news is read.
static bool found_header(struct weir_node *n, struct neighbor_key k, struct eth *eth)
{
	const struct neighbors *self = neighbors_of(n);
	struct neighbors_state *s = n->state;
	const struct neighbor *e = s->table.n_packets ? neighbor_find(&s->table, k) : NULL;

	if ((e && e->n) || !self->class->find(n, k, eth->dst))
		return false;
	fill_cache(s, k, eth, weir_now(n) + self->poll_timeout);
	return true;
}

// Keeps a packet whose next hop is unknown, and asks.
static void wait(struct weir_node *n, struct packet *p, struct neighbor_key k)
{
	const struct neighbor_limits *l = &neighbors_of(n)->limits;
	struct neighbors_state *s = n->state;
	struct neighbor_table *t = &s->table;
	struct packet *query = NULL;
	uint64_t now = weir_now(n);
	struct chain failed = {};
	struct neighbor *e;

	neighbor_uncache(s, k); // what comes later waits, too
	e = neighbor_ensure(t, k, now);
	if (!e || !weir_may_keep(n)) {
		neighbor_lose(n, NEIGHBOR_NO_BUFFER, p);
		return;
	}
	neighbor_refresh(t, e, now, class_of(n)->failed ? 0 : l->timeout);
	if (l->packets_per_entry && e->n >= l->packets_per_entry) {
		neighbor_lose(n, NEIGHBOR_CAPACITY, p);
		return;
	}
	if (ask_now(n, e, now))
		query = class_of(n)->ask(n, k, NULL, p);
	// the packet counts already, but is not the one to go
	if (surplus(n, 1) || t->n > most_entries(l)) {
		slim(n, now, 1, &failed);
		e = neighbor_find(t, k);
	}
	if (e)
		keep(n, e, p);
	else
		neighbor_lose(n, NEIGHBOR_TIMEOUT, p);
	send_query(n, query);
	send_failed(n, &failed);
}

bool neighbor_resolve(struct weir_node *n, struct packet *p, struct neighbor_key k)
{
	const struct neighbors *self = neighbors_of(n);
	uint64_t source = __atomic_load_n(&self->log->source, __ATOMIC_RELAXED);
	struct eth eth = {.type = wr16(neighbor_is_ip4(k) ? ETHERTYPE_IP4 : ETHERTYPE_IP6)};

	memcpy(eth.src, &source, 6);
	if (!(self->class->find ? found_header(n, k, &eth) : known_header(n, p, k, &eth)) &&
	    !self->class->group(self, k, eth.dst)) {
		wait(n, p, k);
		return false;
	}
	if (!weir_push_front(p, sizeof(eth))) {
		struct packet *q = weir_packet_room(n, p, WEIR_HEADROOM, 0);

		if (!q) {
			neighbor_lose(n, NEIGHBOR_NO_ROOM, p);
			return false;
		}
		// room moved it; the caller's batch takes the packet as it is
		weir_push_front(q, sizeof(eth));
		neighbor_encap(q, &eth);
		weir_emit(n, OUT, q);
		return false;
	}
	neighbor_encap(p, &eth);
	return true;
}

// The packets that wait for a neighbour, no longer there.
static struct packet *take_all(struct weir_node *n, struct neighbor *e)
{
	struct chain all = {};
	struct packet *p;

	while ((p = take(n, e)))
		chain_add(&all, p);
	return all.first;
}

static void send_waiting(struct weir_node *n, struct neighbor_key k, struct packet *waiting)
{
	struct packet *p;

	while ((p = waiting)) {
		waiting = p->next;
		if (neighbor_resolve(n, p, k))
			weir_emit(n, OUT, p);
	}
}

void neighbor_insert(struct weir_node *n, struct neighbor_key k, const uint8_t *eth, bool all)
{
	const struct neighbors *self = neighbors_of(n);
	struct neighbors_state *s = n->state;
	uint64_t now = weir_now(n);
	struct neighbor *e = all ? neighbor_ensure(&s->table, k, now) : neighbor_find(&s->table, k);
	struct chain failed = {};
	struct packet *waiting;

	neighbor_uncache(s, k);
	if (!e)
		return;
	neighbor_learn(&s->table, e, eth, now);
	neighbor_forget(n, k);
	if (!e->known)
		return;
	neighbor_publish(n, k, e->eth, until_timeout(self, e, poll_time(self, e)));
	waiting = take_all(n, e);
	if (s->table.n > most_entries(&self->limits))
		slim(n, now, 0, &failed);
	send_waiting(n, k, waiting);
	send_failed(n, &failed);
}

void neighbor_found(struct weir_node *n, struct neighbor_key k)
{
	struct neighbors_state *s = n->state;
	struct neighbor *e = neighbor_find(&s->table, k);
	struct packet *waiting;
	uint8_t eth[6];

	neighbor_uncache(s, k);
	if (!e || !class_of(n)->find(n, k, eth))
		return;
	waiting = take_all(n, e);
	neighbor_remove(&s->table, e);
	send_waiting(n, k, waiting);
}

void neighbor_fail(struct weir_node *n, struct neighbor_key k)
{
	struct neighbors_state *s = n->state;
	struct neighbor *e = neighbor_find(&s->table, k);
	struct chain failed = {};

	neighbor_uncache(s, k);
	if (e)
		give_up(n, e, NEIGHBOR_TIMEOUT, &failed);
	send_failed(n, &failed);
}

void neighbors_clear(struct weir_node *n, enum neighbor_reason why)
{
	struct neighbors_state *s = n->state;

	while (s->table.oldest)
		give_up(n, s->table.oldest, why, NULL);
}

uint32_t neighbors_share(const struct weir_element *e, const struct neighbors *self)
{
	unsigned n = weir_workers_count(&e->runs);

	if (n < 2)
		return 0;
	return self->limits.packets > n ? self->limits.packets / n : 1;
}

void neighbors_begin(struct weir_node *n)
{
	const struct neighbors *self = neighbors_of(n);
	struct neighbors_state *s = n->state;

	s->table.seed = weir_random(n);
	s->share = neighbors_share(n->element, self);
	neighbor_lock(self->log);
	weir_bell_open(&s->bell, n, neighbor_called);
	neighbor_unlock(self->log);
	weir_timer_set(&s->timer, n, next_sweep(self, weir_now(n)), run_timer);
}

void neighbors_end(struct weir_node *n)
{
	struct neighbors_state *s = n->state;
	struct neighbor *e;
	struct packet *p;

	neighbor_lock(neighbors_of(n)->log);
	s->bell.node = NULL;
	neighbor_unlock(neighbors_of(n)->log);
	weir_timer_clear(&s->timer);
	for (e = s->table.oldest; e; e = e->newer)
		while ((p = neighbor_take(&s->table, e)))
			weir_packet_free(n, p);
	neighbor_table_free(&s->table);
}

bool neighbors_keeps(const struct weir_node *n, bool (*fn)(void *arg, const struct packet *p),
		     void *arg)
{
	const struct neighbors_state *s = n->state;

	for (const struct neighbor *e = s->table.oldest; e; e = e->newer)
		for (const struct packet *p = e->head; p; p = p->next)
			if (fn(arg, p))
				return true;
	return false;
}

unsigned neighbors_held(struct weir_node *n)
{
	return ((const struct neighbors_state *)n->state)->table.n_packets;
}

// Of several workers, one may hold all while the others hold their part, too.
unsigned neighbors_capacity(const struct weir_element *e)
{
	const struct neighbors *self = e->self;

	return self->limits.packets * (weir_workers_count(&e->runs) > 1 ? 2 : 1);
}
