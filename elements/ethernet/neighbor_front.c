// SPDX-License-Identifier: BSD-2-Clause
// Neighbours as the programs in the driver see them.
#include "neighbors.h"

#include <stdlib.h>
#include <sys/random.h>

bool neighbors_memory(struct neighbors *self, size_t size)
{
	const size_t bytes = self->class->wide ? NEIGHBOR_PAIRS6 * sizeof(struct neighbor6_pair)
					       : NEIGHBOR_PLACES4 * sizeof(struct neighbor4);

	self->log = calloc(1, size);
	if (!self->log || weir_area_grow(&self->front, bytes, false))
		return false;
	if (getrandom(&self->log->seed, sizeof(self->log->seed), GRND_NONBLOCK) < 0)
		self->log->seed = (uint32_t)((uintptr_t)self->log >> 4);
	return true;
}

void neighbors_memory_free(struct neighbors *self)
{
	free(self->log);
	weir_area_free(&self->front);
}

void neighbor_source(struct neighbor_log *log, const uint8_t *eth)
{
	uint64_t source = 0;

	memcpy(&source, eth, 6);
	__atomic_store_n(&log->source, source, __ATOMIC_RELAXED);
}

void neighbors_shared(const struct neighbors *self, struct weir_front_args *a)
{
	a->share[a->n_share++] = (struct weir_share){
		.map = "neighbors",
		.data = self->front.at,
		.value_size = self->class->wide ? sizeof(struct neighbor6_pair)
						: sizeof(struct neighbor4),
		.n = self->class->wide ? NEIGHBOR_PAIRS6 : NEIGHBOR_PLACES4,
		.live = true,
	};
	a->hands = "packets to neighbours that it does not know";
}

// --- IPv4 alone ---
static struct neighbor4 *place4(const struct weir_area *front, uint32_t hash)
{
	return (struct neighbor4 *)front->at + neighbor4_place(hash);
}

static uint64_t who_is(uint32_t hash, const uint8_t *eth)
{
	uint64_t who = 0;

	memcpy(&who, eth, 6);
	return who | neighbor4_tag(hash);
}

static bool same4(const struct neighbor4 *x, uint32_t hash)
{
	return !((__atomic_load_n(&x->who, __ATOMIC_ACQUIRE) ^ neighbor4_tag(hash)) >> 48);
}

static bool says4(const struct weir_area *front, be32 ip, const uint8_t *eth, uint64_t until)
{
	uint32_t hash = neighbor4_hash(ip);
	const struct neighbor4 *x = place4(front, hash);

	return __atomic_load_n(&x->who, __ATOMIC_RELAXED) == who_is(hash, eth) &&
	       __atomic_load_n(&x->until, __ATOMIC_RELAXED) == until;
}

static void set4(const struct weir_area *front, be32 ip, const uint8_t *eth, uint64_t until)
{
	uint32_t hash = neighbor4_hash(ip);
	struct neighbor4 *x = place4(front, hash);

	if (until || same4(x, hash))
		__atomic_store_n(&x->until, 0, __ATOMIC_RELEASE);
	if (!until)
		return;
	__atomic_store_n(&x->who, who_is(hash, eth), __ATOMIC_RELEASE);
	__atomic_store_n(&x->until, until, __ATOMIC_RELEASE);
}

static bool get4(const struct weir_area *front, be32 ip, uint64_t now, uint8_t *eth)
{
	uint32_t hash = neighbor4_hash(ip);
	const struct neighbor4 *x = place4(front, hash);
	uint64_t until = __atomic_load_n(&x->until, __ATOMIC_ACQUIRE);
	uint64_t who = __atomic_load_n(&x->who, __ATOMIC_ACQUIRE);

	if (until <= now || (who ^ neighbor4_tag(hash)) >> 48)
		return false;
	memcpy(eth, &who, 6);
	return true;
}

// --- both families; writers hold the lock ---
static struct neighbor6 *find6(const struct weir_area *front, struct neighbor_key k)
{
	struct neighbor6_pair *pair = (struct neighbor6_pair *)front->at + neighbor6_place(k);

	for (unsigned i = 0; i < 2; i++)
		if (pair->way[i].until && neighbor_same(pair->way[i].key, k))
			return &pair->way[i];
	return NULL;
}

// Where a neighbour can be written: a place that is free, else that of one that is not in use.
static struct neighbor6 *room6(const struct weir_area *front, struct neighbor_key k)
{
	struct neighbor6_pair *pair = (struct neighbor6_pair *)front->at + neighbor6_place(k);
	struct neighbor6 *a = &pair->way[0], *b = &pair->way[1];

	if (!a->until || !b->until)
		return a->until ? b : a;
	return __atomic_load_n(&a->used, __ATOMIC_RELAXED) &&
			       !__atomic_load_n(&b->used, __ATOMIC_RELAXED)
		       ? b
		       : a;
}

void neighbor6_set(const struct weir_area *front, struct neighbor_key k, const uint8_t *eth,
		   uint64_t until)
{
	const uint64_t odd = 1ull << 48;
	struct neighbor6 *x = find6(front, k);
	uint64_t who = 0;

	if (!until) {
		if (x)
			__atomic_store_n(&x->until, 0, __ATOMIC_RELEASE);
		return;
	}
	if (x && !memcmp(&x->who, eth, 6) && x->until == neighbor6_tick(until))
		return;
	x = x ? x : room6(front, k);
	memcpy(&who, eth, 6);
	who |= (x->who >> 48 << 48) + 2 * odd;
	// what follows stays behind it
	__atomic_exchange_n(&x->who, x->who | odd, __ATOMIC_SEQ_CST);
	__atomic_store_n(&x->key.half[0], k.half[0], __ATOMIC_RELAXED);
	__atomic_store_n(&x->key.half[1], k.half[1], __ATOMIC_RELAXED);
	__atomic_store_n(&x->until, neighbor6_tick(until), __ATOMIC_RELAXED);
	__atomic_store_n(&x->used, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&x->who, who, __ATOMIC_RELEASE);
}

bool neighbor6_used(const struct weir_area *front, struct neighbor_key k)
{
	struct neighbor6 *x = find6(front, k);
	bool used = x && __atomic_load_n(&x->used, __ATOMIC_RELAXED);

	if (used)
		__atomic_store_n(&x->used, 0, __ATOMIC_RELAXED);
	return used;
}

static bool get6(const struct weir_area *front, struct neighbor_key k, uint64_t now, uint8_t *eth)
{
	const struct neighbor6 *x = find6(front, k);

	if (!x || x->until <= neighbor6_tick(now))
		return false;
	memcpy(eth, &x->who, 6);
	return true;
}

// --- either ---
void neighbor_publish(struct weir_node *n, struct neighbor_key k, const uint8_t *eth,
		      uint64_t until)
{
	const struct neighbors *self = neighbors_of(n);
	const struct weir_area *front = &self->front;

	if (!self->class->wide && says4(front, neighbor_to_ip4(k), eth, until))
		return;
	neighbor_lock(self->log);
	// who has not read all replies may know an address that is no longer right
	if (self->log->seq != ((const struct neighbors_state *)n->state)->seen)
		;
	else if (!self->class->wide)
		set4(front, neighbor_to_ip4(k), eth, until);
	else
		neighbor6_set(front, k, eth, until);
	neighbor_unlock(self->log);
}

bool neighbor_published(const struct neighbors *self, struct neighbor_key k, uint64_t now,
			uint8_t *eth)
{
	bool is;

	if (!self->class->wide)
		return get4(&self->front, neighbor_to_ip4(k), now, eth);
	neighbor_lock(self->log);
	is = get6(&self->front, k, now, eth);
	neighbor_unlock(self->log);
	return is;
}

void neighbor_uncache(struct neighbors_state *s, struct neighbor_key k)
{
	if (neighbor_is_ip4(k))
		neighbor_cached4(s, neighbor_to_ip4(k))->until = 0;
	else
		neighbor_cached6(s, k)->until = 0;
}

void neighbor_uncache_all(struct neighbors_state *s)
{
	memset(s->cache4, 0, sizeof(s->cache4));
	memset(s->cache6, 0, sizeof(s->cache6));
}

void neighbor_forget(struct weir_node *n, struct neighbor_key k)
{
	const struct neighbors *self = neighbors_of(n);

	neighbor_uncache(n->state, k);
	neighbor_lock(self->log);
	if (self->class->wide)
		neighbor6_set(&self->front, k, NULL, 0);
	else
		set4(&self->front, neighbor_to_ip4(k), NULL, 0);
	neighbor_unlock(self->log);
}
