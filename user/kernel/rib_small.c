// SPDX-License-Identifier: BSD-2-Clause
#include "rib_parts.h"

#include <errno.h>
#include <stdlib.h>

enum { FIRST_HEADS = 64, FIRST_ROOM = 8 };

uint64_t rib_mix(uint64_t a, uint64_t b)
{
	uint64_t x = (a ^ b * 0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd;

	x ^= x >> 32;
	x *= 0xc4ceb9fe1a85ec53;
	return x ^ x >> 29;
}

static int rehash(struct rib_hash *t, uint32_t n)
{
	struct rib_node **heads = calloc(n, sizeof(*heads)), *node, *next;

	if (!heads)
		return -ENOMEM;
	for (uint32_t i = 0; i < t->n; i++) {
		for (node = t->heads[i]; node; node = next) {
			next = node->next;
			node->next = heads[node->hash & (n - 1)];
			heads[node->hash & (n - 1)] = node;
		}
	}
	free(t->heads);
	t->heads = heads;
	t->n = n;
	return 0;
}

int rib_hash_reserve(struct rib_hash *t)
{
	if (t->count < t->n)
		return 0;
	return rehash(t, t->n ? 2 * t->n : FIRST_HEADS);
}

void rib_hash_add(struct rib_hash *t, struct rib_node *n)
{
	struct rib_node **head = &t->heads[n->hash & (t->n - 1)];

	n->next = *head;
	*head = n;
	t->count++;
}

void rib_hash_remove(struct rib_hash *t, struct rib_node *n)
{
	struct rib_node **at = &t->heads[n->hash & (t->n - 1)];

	while (*at != n)
		at = &(*at)->next;
	*at = n->next;
	t->count--;
}

static struct rib_node *same_hash(struct rib_node *n, uint64_t hash)
{
	while (n && n->hash != hash)
		n = n->next;
	return n;
}

struct rib_node *rib_hash_first(const struct rib_hash *t, uint64_t hash)
{
	return t->n ? same_hash(t->heads[hash & (t->n - 1)], hash) : NULL;
}

struct rib_node *rib_hash_next(const struct rib_node *n)
{
	return same_hash(n->next, n->hash);
}

void *rib_vec_room(struct rib_vec *v, size_t size)
{
	uint32_t room = v->room ? 2 * v->room : FIRST_ROOM;
	void *p;

	if (v->n == v->room) {
		p = reallocarray(v->v, room, size);
		if (!p)
			return NULL;
		v->v = p;
		v->room = room;
	}
	return (uint8_t *)v->v + v->n * size;
}

int rib_vec_push(struct rib_vec *v, const void *what, size_t size)
{
	void *at = rib_vec_room(v, size);

	if (!at)
		return -ENOMEM;
	memcpy(at, what, size);
	v->n++;
	return 0;
}

void *rib_vec_insert(struct rib_vec *v, uint32_t i, size_t size)
{
	uint8_t *at;

	if (!rib_vec_room(v, size))
		return NULL;
	at = (uint8_t *)v->v + i * size;
	memmove(at + size, at, (v->n - i) * size);
	v->n++;
	return at;
}

void rib_vec_remove(struct rib_vec *v, uint32_t i, size_t size)
{
	uint8_t *at = (uint8_t *)v->v + i * size;

	v->n--;
	memmove(at, at + size, (v->n - i) * size);
}
