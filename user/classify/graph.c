// SPDX-License-Identifier: BSD-2-Clause
#include "steps.h"

#include <stdlib.h>

void intern_init(struct intern *t, size_t size)
{
	*t = (struct intern){.size = size};
}

void intern_free(struct intern *t)
{
	free(t->v);
	free(t->slots);
	*t = (struct intern){};
}

// Items consist of 32-bit words.
static uint32_t hash(const void *item, size_t size)
{
	uint64_t h = 0x9e3779b97f4a7c15;

	for (size_t i = 0; i < size; i += 4) {
		uint32_t w;

		memcpy(&w, (const uint8_t *)item + i, 4);
		h = (h ^ w) * 0xff51afd7ed558ccd;
		h ^= h >> 32;
	}
	return (uint32_t)h;
}

static void place(struct intern *t, uint32_t number)
{
	uint32_t i = hash(t->v + number * t->size, t->size);

	while (t->slots[i & (t->n_slots - 1)])
		i++;
	t->slots[i & (t->n_slots - 1)] = number + 1;
}

static bool grow(struct intern *t)
{
	uint32_t cap = t->cap ? 2 * t->cap : 64;
	uint8_t *v = realloc(t->v, cap * t->size);

	if (!v)
		return false;
	t->v = v;
	free(t->slots);
	t->slots = calloc(2 * (size_t)cap, sizeof(*t->slots));
	if (!t->slots)
		return false;
	t->n_slots = 2 * cap;
	t->cap = cap;
	for (uint32_t i = 0; i < t->n; i++)
		place(t, i);
	return true;
}

// The item's number. After a failure of memory everything is number 0.
uint32_t intern_add(struct intern *t, const void *item)
{
	if (t->failed)
		return 0;
	if (t->n == t->cap && !grow(t)) {
		t->failed = true;
		return 0;
	}
	for (uint32_t i = hash(item, t->size);; i++) {
		uint32_t number = t->slots[i & (t->n_slots - 1)];

		if (!number) {
			memcpy(t->v + t->n * t->size, item, t->size);
			t->slots[i & (t->n_slots - 1)] = ++t->n;
			return t->n - 1;
		}
		if (memcmp(t->v + (number - 1) * t->size, item, t->size) == 0)
			return number - 1;
	}
}

void graph_init(struct graph *g)
{
	intern_init(&g->tests, sizeof(struct test));
	intern_init(&g->steps, sizeof(struct step));
}

void graph_free(struct graph *g)
{
	intern_free(&g->tests);
	intern_free(&g->steps);
}

bool graph_failed(const struct graph *g)
{
	return g->tests.failed || g->steps.failed;
}

uint32_t graph_add_test(struct graph *g, struct weir_test t)
{
	struct test x = {t.base, t.off, t.mask, t.lo, t.hi};

	while (x.off && !(x.mask & 0xff)) {
		x.off--;
		x.mask >>= 8;
		x.lo >>= 8;
		x.hi >>= 8;
	}
	return intern_add(&g->tests, &x);
}
