// SPDX-License-Identifier: BSD-2-Clause

// Where packets come from and go to: the worker's buffer pool when they fit, the heap otherwise.

#include <engine.h>
#include <stdlib.h>

enum {
	HEAP_COMMON =
		2240, // size of the heap packets that are kept for reuse: coloured, like buffers
	HEAP_KEEP = 4096, // how many of them
	POOL_HEAP = 0,
};

static struct packet *heap_new(struct weir_worker *w, uint32_t headroom, uint32_t len)
{
	size_t size = sizeof(struct packet) + headroom + (size_t)len + WEIR_TAILROOM;
	struct packet *p;

	if (size <= HEAP_COMMON) {
		size = HEAP_COMMON;
		if (w->heap_free) {
			p = w->heap_free;
			w->heap_free = p->next;
			w->n_heap_free--;
			goto blank;
		}
	}
	size = (size + 63) & ~(size_t)63;
	p = aligned_alloc(64, size);
	if (!p)
		return NULL;
blank:
	memset(p, 0, sizeof(*p));
	p->room = (uint32_t)size;
	p->pool = POOL_HEAP;
	p->off = (uint32_t)sizeof(*p) + headroom;
	p->len = len;
	p->resume_element = p->resume_input = WEIR_RESUME_NONE;
	return p;
}

struct packet *weir_packet_new(struct weir_node *n, uint32_t headroom, uint32_t len)
{
	struct weir_worker *w = n->worker;
	struct packet *p;

	if (headroom < WEIR_HEADROOM)
		headroom = WEIR_HEADROOM;
	if (len > WEIR_PACKET_MAX || headroom > WEIR_PACKET_MAX - len)
		return NULL;
	if (!w->cache || headroom > w->cache->pool->data_at - sizeof(*p) ||
	    len > w->cache->pool->chunk_at + w->cache->pool->chunk - w->cache->pool->data_at)
		return heap_new(w, headroom, len);
	p = weir_cache_get(w->cache);
	if (p)
		p->len = len;
	return p;
}

// The annotations and what else is not bytes or place.
static void copy_about(struct packet *to, const struct packet *from)
{
	int32_t shift = (int32_t)to->off - (int32_t)from->off;

	to->mac = from->mac ? (uint16_t)(from->mac + shift) : 0;
	to->network = from->network ? (uint16_t)(from->network + shift) : 0;
	to->transport = from->transport ? (uint16_t)(from->transport + shift) : 0;
	to->type = from->type;
	to->rounds = from->rounds;
	memcpy(to->anno, from->anno, sizeof(to->anno));
	to->tstamp = from->tstamp;
	to->device = from->device;
	to->class = from->class;
}

// Bytes from the first header that is set, which may lie before the packet, count as headroom to be
// copied: a stripped link header stays readable.
static uint32_t copied_front(const struct packet *p)
{
	uint32_t first = p->off;

	if (p->mac && p->mac < first)
		first = p->mac;
	if (p->network && p->network < first)
		first = p->network;
	return p->off - first;
}

static struct packet *copy_into(struct weir_node *n, struct packet *p, uint32_t headroom,
				uint32_t tailroom)
{
	uint32_t front = copied_front(p);
	struct packet *q;

	if (headroom < front)
		headroom = front;
	q = weir_packet_new(n, headroom, p->len + tailroom);
	if (!q)
		return NULL;
	q->len = p->len;
	memcpy(weir_data(q) - front, weir_data(p) - front, front + (size_t)p->len);
	copy_about(q, p);
	return q;
}

struct packet *weir_packet_copy(struct weir_node *n, struct packet *p)
{
	return copy_into(n, p, WEIR_HEADROOM, 0);
}

struct packet *weir_packet_room(struct weir_node *n, struct packet *p, uint32_t headroom,
				uint32_t tailroom)
{
	struct packet *q;

	if (headroom <= weir_headroom(p) && tailroom <= weir_tailroom(p))
		return p;
	q = copy_into(n, p, headroom + WEIR_HEADROOM, tailroom);
	if (q)
		weir_packet_free(n, p);
	return q;
}

void weir_packet_free(struct weir_node *n, struct packet *p)
{
	weir_recycle(n->worker, &p, 1);
}

static void heap_put(struct weir_worker *w, struct packet *p)
{
	if (p->room != HEAP_COMMON || w->n_heap_free == HEAP_KEEP) {
		free(p);
		return;
	}
	p->next = w->heap_free;
	w->heap_free = p;
	w->n_heap_free++;
}

// Packets of one pool commonly come together.
void weir_recycle(struct weir_worker *w, struct packet *const *v, unsigned n)
{
	for (unsigned i = 0; i < n;) {
		unsigned first = i, pool = v[i]->pool;

		if (pool == POOL_HEAP) {
			heap_put(w, v[i++]);
			continue;
		}
		while (i < n && v[i]->pool == pool)
			i++;
		weir_cache_put(&weir_pool_find(pool)->caches[w->id], v + first, i - first);
	}
}

void weir_heap_drain(struct weir_worker *w)
{
	while (w->heap_free) {
		struct packet *p = w->heap_free;

		w->heap_free = p->next;
		free(p);
	}
	w->n_heap_free = 0;
}

bool weir_may_keep(const struct weir_node *n)
{
	const struct weir_worker *w = n->worker;
	const struct weir_engine_options *o = &w->engine->opt;

	for (unsigned i = 0; i < o->n_pools; i++)
		if (!weir_cache_has_spare(&o->pools[i]->caches[w->id]))
			return false;
	return true;
}
