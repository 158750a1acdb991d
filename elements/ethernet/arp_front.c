// SPDX-License-Identifier: BSD-2-Clause
// The neighbours of an ARPQuerier as its program in the driver sees them.
#include "arp_front.h"

#include "arp_querier.h"

#include <stdlib.h>

bool arp_memory(struct arp_querier *self)
{
	self->log = calloc(1, sizeof(*self->log));
	return self->log && !weir_area_grow(&self->neighbors,
					    ARP_FRONT_ENTRIES * sizeof(struct arp_neighbor), false);
}

static struct arp_neighbor *neighbor(const struct arp_querier *self, uint32_t hash)
{
	return (struct arp_neighbor *)self->neighbors.at + arp_front_place(hash);
}

static uint64_t who_is(uint32_t hash, const uint8_t *eth)
{
	uint64_t who = 0;

	memcpy(&who, eth, 6);
	return who | arp_front_tag(hash);
}

void arp_publish(struct weir_node *n, be32 ip, const uint8_t *eth, uint64_t until)
{
	const struct arp_querier *self = n->self;
	uint32_t hash = arp_front_hash(ip);
	struct arp_neighbor *x = neighbor(self, hash);
	uint64_t who = who_is(hash, eth);

	if (__atomic_load_n(&x->who, __ATOMIC_RELAXED) == who &&
	    __atomic_load_n(&x->until, __ATOMIC_RELAXED) == until)
		return;
	arp_log_lock(self->log);
	// who has not read all replies may know an address that is no longer right
	if (self->log->seq == ((const struct arp_querier_state *)n->state)->seen) {
		__atomic_store_n(&x->until, 0, __ATOMIC_RELEASE);
		__atomic_store_n(&x->who, who, __ATOMIC_RELEASE);
		__atomic_store_n(&x->until, until, __ATOMIC_RELEASE);
	}
	arp_log_unlock(self->log);
}

bool arp_published(const struct arp_querier *self, be32 ip, uint64_t now, uint8_t *eth)
{
	uint32_t hash = arp_front_hash(ip);
	const struct arp_neighbor *x = neighbor(self, hash);
	uint64_t until = __atomic_load_n(&x->until, __ATOMIC_ACQUIRE);
	uint64_t who = __atomic_load_n(&x->who, __ATOMIC_ACQUIRE);

	if (until <= now || (who ^ arp_front_tag(hash)) >> 48)
		return false;
	memcpy(eth, &who, 6);
	return true;
}

void arp_forget(struct weir_node *n, be32 ip)
{
	const struct arp_querier *self = n->self;
	uint32_t hash = arp_front_hash(ip);
	struct arp_neighbor *x = neighbor(self, hash);

	arp_cached(n->state, ip)->until = 0;
	arp_log_lock(self->log);
	if ((x->who ^ arp_front_tag(hash)) >> 48 == 0)
		__atomic_store_n(&x->until, 0, __ATOMIC_RELEASE);
	arp_log_unlock(self->log);
}

int arp_querier_driver(const struct weir_element *e, struct weir_front_args *a)
{
	struct arp_querier *self = e->self;

	self->front = (struct arp_front){.ip = self->ip, .broadcast = self->broadcast};
	memcpy(self->front.eth, self->eth, sizeof(self->front.eth));
	a->self = &self->front;
	a->size = sizeof(self->front);
	a->share[a->n_share++] = (struct weir_share){
		.map = "neighbors",
		.data = self->neighbors.at,
		.value_size = sizeof(struct arp_neighbor),
		.n = ARP_FRONT_ENTRIES,
		.live = true,
	};
	a->hands = "packets to neighbours that it does not know";
	return 0;
}
