// SPDX-License-Identifier: BSD-2-Clause
// Arenas, limits, and the small containers that live in them.

#include "mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	CHUNK_SIZE = 64 << 10,
	ALIGN = 16,
};

struct arena_chunk {
	struct arena_chunk *prev;
	size_t used;
	_Alignas(ALIGN) char data[];
};

struct lang_slot {
	const char *key; // NULL: free
	unsigned len, hash, value;
};

void lang_fatal(struct lang_run *run, const struct weir_loc *loc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	weir_verror(run->err, loc, fmt, ap);
	va_end(ap);
	run->n_errors++;
	longjmp(run->fatal, 1);
}

static void verror(struct lang_run *run, const struct weir_loc *loc, const char *fmt, va_list ap)
{
	if (run->quiet)
		return;
	weir_verror(run->err, loc, fmt, ap);
	if (++run->n_errors >= LANG_ERRORS_MAX)
		lang_fatal(run, NULL, "%u errors, giving up", run->n_errors);
}

void lang_error(struct lang_run *run, const struct weir_loc *loc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	verror(run, loc, fmt, ap);
	va_end(ap);
}

void lang_error_once(struct lang_run *run, const struct weir_loc *loc, const char *fmt, ...)
{
	char *place = lang_printf(run, &run->tmp, "%s:%u:%u", loc->file, loc->line, loc->column);
	va_list ap;

	if (lang_table_get(&run->told, place, strlen(place)) != LANG_NONE)
		return;
	lang_table_set(run, &run->told, place, 0);
	va_start(ap, fmt);
	verror(run, loc, fmt, ap);
	va_end(ap);
}

void lang_count_flat(struct lang_run *run, const struct weir_loc *loc, size_t bytes)
{
	run->flat += bytes;
	if (run->flat > LANG_FLAT_MAX)
		lang_fatal(run, loc, "the configuration grows beyond %d bytes when it is expanded",
			   LANG_FLAT_MAX);
}

void lang_count_work(struct lang_run *run, const struct weir_loc *loc, size_t steps)
{
	run->work += steps;
	if (run->work > LANG_WORK_MAX)
		lang_fatal(run, loc, "the configuration takes more than %d steps to expand",
			   LANG_WORK_MAX);
}

static struct arena_chunk *chunk_add(struct lang_run *run, struct arena *a, size_t size)
{
	size_t room = size > CHUNK_SIZE / 4 ? size : CHUNK_SIZE;
	struct arena_chunk *c;

	if (room > LANG_MEMORY_MAX - run->memory)
		lang_fatal(run, NULL, "the configuration needs more than %d bytes of memory",
			   LANG_MEMORY_MAX);
	c = calloc(1, sizeof(*c) + room);
	if (!c)
		lang_fatal(run, NULL, "out of memory");
	run->memory += room;
	if (room == size && a->last) { // a big one of its own: the last chunk stays in use
		c->prev = a->last->prev;
		a->last->prev = c;
	} else {
		c->prev = a->last;
		a->last = c;
		a->left = room;
	}
	return c;
}

void *lang_alloc(struct lang_run *run, struct arena *a, size_t size)
{
	struct arena_chunk *c = a->last;
	void *p;

	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (size > a->left)
		c = chunk_add(run, a, size);
	p = c->data + c->used;
	c->used += size;
	if (c == a->last)
		a->left -= size;
	return p;
}

void lang_arena_free(struct arena *a)
{
	struct arena_chunk *c, *prev;

	for (c = a->last; c; c = prev) {
		prev = c->prev;
		free(c);
	}
	*a = (struct arena){0};
}

char *lang_strndup(struct lang_run *run, struct arena *a, const char *s, size_t len)
{
	char *copy = lang_alloc(run, a, len + 1);

	memcpy(copy, s, len);
	return copy;
}

char *lang_printf(struct lang_run *run, struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		lang_fatal(run, NULL, "out of memory");
	s = lang_alloc(run, a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

void *lang_grow(struct lang_run *run, struct arena *a, void *v, unsigned n, unsigned *cap,
		size_t size)
{
	void *grown;

	if (n < *cap)
		return v;
	if (*cap > UINT32_MAX / 4)
		lang_fatal(run, NULL, "out of memory");
	*cap = *cap ? *cap * 2 : 8;
	grown = lang_alloc(run, a, *cap * size);
	if (n)
		memcpy(grown, v, n * size);
	return grown;
}

void lang_buf_put(struct lang_run *run, struct lang_buf *b, const char *s, size_t len)
{
	size_t size = b->size ? b->size : 64;
	char *grown;

	while (size < b->len + len + 1)
		size *= 2;
	if (size != b->size) {
		grown = lang_alloc(run, &run->tmp, size);
		if (b->len)
			memcpy(grown, b->s, b->len);
		b->s = grown;
		b->size = size;
	}
	if (len)
		memcpy(b->s + b->len, s, len);
	b->len += len;
	b->s[b->len] = '\0';
}

static unsigned hash_of(const char *s, size_t len)
{
	unsigned h = 2166136261u; // FNV-1a

	while (len--)
		h = (h ^ (unsigned char)*s++) * 16777619u;
	return h ^ h >> 15;
}

static struct lang_slot *slot_of(const struct lang_table *t, const char *key, size_t len,
				 unsigned hash)
{
	unsigned i = hash & (t->size - 1);

	while (t->slots[i].key && (t->slots[i].hash != hash || t->slots[i].len != len ||
				   memcmp(t->slots[i].key, key, len) != 0))
		i = (i + 1) & (t->size - 1);
	return &t->slots[i];
}

unsigned lang_table_get(const struct lang_table *t, const char *key, size_t len)
{
	struct lang_slot *slot;

	if (!t->size)
		return LANG_NONE;
	slot = slot_of(t, key, len, hash_of(key, len));
	return slot->key ? slot->value : LANG_NONE;
}

void lang_table_set(struct lang_run *run, struct lang_table *t, const char *key, unsigned value)
{
	size_t len = strlen(key);
	unsigned hash = hash_of(key, len), i;
	struct lang_table old = *t;
	struct lang_slot *slot;

	if (t->n * 2 >= t->size) {
		t->size = t->size ? t->size * 2 : 16;
		t->slots = lang_alloc(run, &run->tmp, t->size * sizeof(*t->slots));
		for (i = 0; i < old.size; i++)
			if (old.slots[i].key)
				*slot_of(t, old.slots[i].key, old.slots[i].len, old.slots[i].hash) =
					old.slots[i];
	}
	slot = slot_of(t, key, len, hash);
	t->n += !slot->key;
	*slot = (struct lang_slot){key, (unsigned)len, hash, value};
}
