// SPDX-License-Identifier: BSD-2-Clause
// Subscribers, their external address, their blocks, and ports for their mappings.
#include "nat44.h"

#include <stdlib.h>

enum { HOLD_MOST = 1 << 20, ADDRESSES_TRIED = 8 };

static bool has_blocks(const struct nat44 *self)
{
	return self->block || self->deterministic;
}

// --- ports that wait ---
static bool holds_grow(struct nat44_holds *h)
{
	const uint32_t size = h->size ? 2 * h->size : 256;
	struct nat44_hold *v;

	if (h->n < h->size)
		return true;
	v = size <= HOLD_MOST ? malloc(size * sizeof(*v)) : NULL;
	if (!v)
		return false;
	for (uint32_t i = 0; i < h->n; i++)
		v[i] = h->v[(h->first + i) & (h->size - 1)];
	free(h->v);
	*h = (struct nat44_holds){.v = v, .size = size, .n = h->n};
	return true;
}

static void let_go(struct weir_node *n, const struct nat44_hold *x)
{
	struct pool *pool = &nat44_of(n)->all->pool;

	if (x->proto == MAPPING_PROTOS) {
		pool_release_block(pool, x->what);
		return;
	}
	// blocks that workers give single ports of go back when they are empty
	if (!pool_give(pool, x->what, x->proto, x->port) && !has_blocks(nat44_of(n)) &&
	    pool_owner(pool, pool_block(pool, x->what, x->port)) == weir_worker_of(n))
		pool_release_block(pool, pool_block(pool, x->what, x->port));
}

static bool let_first_go(struct weir_node *n)
{
	struct nat44_holds *h = &((struct nat44_state *)n->state)->holds;

	if (!h->n)
		return false;
	let_go(n, &h->v[h->first]);
	h->first = (h->first + 1) & (h->size - 1);
	h->n--;
	return true;
}

void nat44_holds_turn(struct weir_node *n, uint64_t now, bool all)
{
	const struct nat44_holds *h = &((struct nat44_state *)n->state)->holds;

	while (h->n && (all || (int32_t)(nat44_tick(now) - h->v[h->first].until) > 0))
		let_first_go(n);
}

static void hold(struct weir_node *n, struct nat44_hold x)
{
	struct nat44_holds *h = &((struct nat44_state *)n->state)->holds;
	const uint64_t time = nat44_of(n)->port_hold;

	if (!time || !holds_grow(h)) {
		let_go(n, &x);
		return;
	}
	x.until = nat44_tick(weir_now(n) + time);
	h->v[(h->first + h->n++) & (h->size - 1)] = x;
}

// --- subscribers ---
uint32_t nat44_subscriber(struct weir_node *n, be32 inside)
{
	struct nat44_state *s = n->state;
	uint32_t number = subscriber_find(&s->subscribers, inside);

	return number ? number : subscriber_add(&s->subscribers, inside);
}

void nat44_subscriber_done(struct weir_node *n, uint32_t number)
{
	struct nat44_state *s = n->state;
	const struct subscriber *x = subscriber_at(&s->subscribers, number);

	if (!x->sessions && !x->mappings && !x->blocks)
		subscriber_remove(&s->subscribers, number);
}

// --- blocks of subscribers (RFC 6888 REQ-14, RFC 7422) ---
static void add_block(struct weir_node *n, struct subscriber *x, uint32_t block)
{
	struct pool *pool = &nat44_of(n)->all->pool;
	struct nat44_state *s = n->state;

	pool->next[block] = x->blocks;
	x->blocks = block + 1;
	x->n_blocks++;
	x->external = pool_block_address(pool, block);
	s->counts.blocks_claimed++;
	nat44_log_block(n, x->inside, block, true);
}

static void drop_block(struct weir_node *n, struct subscriber *x, uint32_t block)
{
	struct pool *pool = &nat44_of(n)->all->pool;
	uint32_t *at = &x->blocks;

	while (*at && *at != block + 1)
		at = &pool->next[*at - 1];
	if (!*at)
		return;
	*at = pool->next[block];
	x->n_blocks--;
	nat44_log_block(n, x->inside, block, false);
	if (nat44_of(n)->deterministic) // it is nobody else's
		pool_release_block(pool, block);
	else
		hold(n, (struct nat44_hold){.what = block, .proto = MAPPING_PROTOS});
}

static uint32_t claim(struct weir_node *n, struct subscriber *x)
{
	const struct nat44 *self = n->self;
	struct pool *pool = &self->all->pool;

	if (self->deterministic) {
		const uint32_t block = deterministic_block(&self->all->deterministic, x->inside);

		return block != POOL_NONE && pool_claim(pool, block, weir_worker_of(n)) ? block
											: POOL_NONE;
	}
	return x->external == POOL_NONE
		       ? POOL_NONE
		       : pool_claim_any(pool, x->external, weir_worker_of(n), weir_random(n));
}

static uint16_t take_of_blocks(struct weir_node *n, struct subscriber *x,
			       const struct pool_wish *wish)
{
	const struct nat44 *self = n->self;
	struct pool *pool = &self->all->pool;
	struct pool_wish strict = *wish;
	uint16_t port = 0;
	uint32_t block;

	strict.strict = true;
	for (uint32_t b = x->blocks; b && !port; b = pool->next[b - 1])
		port = pool_take_of(pool, b - 1, &strict);
	for (uint32_t b = x->blocks; b && !port; b = pool->next[b - 1])
		port = pool_take_of(pool, b - 1, wish);
	if (port || x->n_blocks >= (self->deterministic ? 1 : self->blocks_each))
		return port;
	block = claim(n, x);
	if (block == POOL_NONE)
		return 0;
	add_block(n, x, block);
	return pool_take_of(pool, block, wish);
}

// --- one port ---
// REQ-3 a wants a low port for a low one, if there is one.
static uint16_t take_port(struct weir_node *n, uint32_t address, const struct pool_wish *wish)
{
	struct pool *pool = &nat44_of(n)->all->pool;
	const unsigned worker = weir_worker_of(n);
	struct pool_wish high = *wish;
	uint16_t port = pool_take(pool, address, worker, wish);

	if (port || wish->port >= POOL_LOW || wish->proto == MAPPING_ICMP)
		return port;
	high.port |= POOL_LOW;
	high.preserve = false;
	return pool_take(pool, address, worker, &high);
}

static uint16_t take_at(struct weir_node *n, struct subscriber *x, uint32_t address,
			const struct pool_wish *wish)
{
	const struct nat44 *self = n->self;
	struct nat44_state *s = n->state;
	const uint32_t tick = nat44_tick(weir_now(n));
	struct pool_wish any = *wish;
	uint16_t port;

	if (has_blocks(self)) {
		x->external = address;
		port = take_of_blocks(n, x, wish);
		any.parity = false;
		return port || !wish->parity ? port : take_of_blocks(n, x, &any);
	}
	if (s->dry[wish->proto].tick == tick && s->dry[wish->proto].address == address + 1)
		return 0;
	do {
		port = take_port(n, address, wish);
		// rather a port that was in use a moment ago than none
	} while (!port && let_first_go(n));
	if (!port) {
		s->dry[wish->proto].tick = tick;
		s->dry[wish->proto].address = address + 1;
	}
	return port;
}

// An address for one that has none, or where pooling is arbitrary. Returns the port.
static uint16_t take_anywhere(struct weir_node *n, struct subscriber *x, uint32_t *address,
			      const struct pool_wish *wish)
{
	const struct nat44 *self = n->self;
	const struct pool *pool = &self->all->pool;
	struct nat44_state *s = n->state;
	uint16_t port = 0;

	for (uint32_t i = 0, tried = 0; i < pool->n && tried < ADDRESSES_TRIED && !port; i++) {
		*address = s->next_address++ % pool->n;
		if (self->block && !__atomic_load_n(&pool->n_free[*address], __ATOMIC_RELAXED))
			continue;
		tried++;
		port = take_at(n, x, *address, wish);
	}
	return port;
}

// The port beside that of its neighbour, where RTP has an even one and RTCP the next (RFC 3550 11).
static uint16_t beside(struct weir_node *n, uint32_t subscriber, unsigned proto, uint16_t port)
{
	const struct nat44_state *s = n->state;
	const uint32_t number =
		proto == MAPPING_UDP ? mapping_find(&s->mappings, subscriber, proto, port ^ 1) : 0;

	return number ? mapping_at(&s->mappings, number)->external_port ^ 1 : 0;
}

static uint16_t take(struct weir_node *n, uint32_t number, uint32_t *address, unsigned proto,
		     uint16_t port)
{
	const struct nat44 *self = n->self;
	struct nat44_state *s = n->state;
	struct subscriber *x = subscriber_at(&s->subscribers, number);
	const struct pool_wish wish = {
		.proto = (uint8_t)proto,
		.preserve = self->preserve,
		.parity = self->parity && proto == MAPPING_UDP,
		.port = port,
		.beside = self->parity ? beside(n, number, proto, port) : 0,
		.random = weir_random(n),
	};
	uint16_t got = 0;

	if (self->deterministic) {
		const uint32_t block = deterministic_block(&self->all->deterministic, x->inside);

		if (block == POOL_NONE)
			return 0;
		*address = pool_block_address(&self->all->pool, block);
		return take_at(n, x, *address, &wish);
	}
	*address = x->external;
	if (x->external != POOL_NONE)
		got = take_at(n, x, x->external, &wish);
	// RFC 4787 REQ-2: the same address for all, unless that was not asked for
	if (!got && (x->external == POOL_NONE || self->pooling == NAT44_POOL_ARBITRARY))
		got = take_anywhere(n, x, address, &wish);
	if (got && !x->mappings)
		x->external = *address;
	else if (!got && !x->mappings && !x->blocks)
		x->external = POOL_NONE;
	return got;
}

// --- mappings ---
static uint32_t refuse(struct weir_node *n, be32 inside, unsigned proto, enum nat_log_what why,
		       unsigned *out)
{
	struct nat44_state *s = n->state;

	if (why == NAT_LOG_EXHAUSTED)
		s->counts.out_of_ports++;
	else
		s->counts.limited++;
	nat44_log_short(n, why, inside, proto);
	*out = NAT44_PROHIBITED;
	return 0;
}

uint32_t nat44_map(struct weir_node *n, uint32_t subscriber, unsigned proto, uint16_t port,
		   unsigned *out)
{
	const struct nat44 *self = n->self;
	struct nat44_state *s = n->state;
	struct subscriber *x = subscriber_at(&s->subscribers, subscriber);
	uint32_t number = mapping_find(&s->mappings, subscriber, proto, port), address = 0;
	uint16_t external;

	if (number)
		return number;
	// RFC 6888 REQ-4
	if (self->ports_each && x->mappings >= self->ports_each)
		return refuse(n, x->inside, proto, NAT_LOG_LIMIT, out);
	external = take(n, subscriber, &address, proto, port);
	if (!external)
		return refuse(n, x->inside, proto, NAT_LOG_EXHAUSTED, out);
	number = mapping_add(&s->mappings, subscriber, proto, port, address, external);
	if (!number) {
		pool_give(&self->all->pool, address, proto, external);
		s->counts.table_full++;
		*out = NAT44_PROHIBITED;
		return 0;
	}
	weir_owner_note(n->element, pool_address(&self->all->pool, address), external, 1,
			weir_worker_of(n));
	x->mappings++;
	s->counts.mappings_made++;
	s->counts.parity_lost += proto == MAPPING_UDP && ((external ^ port) & 1);
	nat44_log_mapping(n, number, true);
	return number;
}

void nat44_unmap(struct weir_node *n, uint32_t number)
{
	const struct nat44 *self = n->self;
	struct pool *pool = &self->all->pool;
	struct nat44_state *s = n->state;
	const struct mapping m = *mapping_at(&s->mappings, number);
	struct subscriber *x = subscriber_at(&s->subscribers, m.subscriber);
	const uint32_t address = mapping_address(&m);
	const unsigned proto = mapping_proto(&m);

	nat44_log_mapping(n, number, false);
	mapping_remove(&s->mappings, number);
	x->mappings--;
	if (has_blocks(self)) {
		const uint32_t block = pool_block(pool, address, m.external_port);

		// RFC 6888 REQ-8 B: the same subscriber may have it at once
		if (!pool_give(pool, address, proto, m.external_port) && block != POOL_NONE)
			drop_block(n, x, block);
		return;
	}
	if (proto != MAPPING_TCP) { // REQ-8 A: of TCP its sessions are tracked
		hold(n, (struct nat44_hold){.what = address,
					    .port = m.external_port,
					    .proto = (uint16_t)proto});
		return;
	}
	let_go(n, &(struct nat44_hold){
			  .what = address, .port = m.external_port, .proto = (uint16_t)proto});
}

uint32_t nat44_remap(struct weir_node *n, uint32_t subscriber, unsigned proto, uint16_t port,
		     uint32_t address, uint16_t external_port)
{
	const struct nat44 *self = n->self;
	struct pool *pool = &self->all->pool;
	struct nat44_state *s = n->state;
	struct subscriber *x = subscriber_at(&s->subscribers, subscriber);
	uint32_t number = mapping_find(&s->mappings, subscriber, proto, port);
	const uint32_t block = pool_block(pool, address, external_port);

	if (number) {
		const struct mapping *m = mapping_at(&s->mappings, number);

		return m->external_port == external_port && mapping_address(m) == address ? number
											  : 0;
	}
	if (block == POOL_NONE || !pool_take_port(pool, address, proto, external_port))
		return 0;
	if (has_blocks(self) && pool_owner(pool, block) == POOL_NONE &&
	    pool_claim(pool, block, weir_worker_of(n)))
		add_block(n, x, block);
	else if (!has_blocks(self))
		pool_claim(pool, block, weir_worker_of(n));
	number = mapping_add(&s->mappings, subscriber, proto, port, address, external_port);
	if (!number) {
		pool_give(pool, address, proto, external_port);
		return 0;
	}
	weir_owner_note(n->element, pool_address(pool, address), external_port, 1,
			weir_worker_of(n));
	x->external = address;
	x->mappings++;
	return number;
}
