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
	struct arena_chunk *prev, *next;
	size_t used, size;
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

void lang_error_apart(struct lang_run *run, const struct weir_loc *loc, const char *fmt, ...)
{
	unsigned before = run->n_errors;
	va_list ap;

	va_start(ap, fmt);
	verror(run, loc, fmt, ap);
	va_end(ap);
	run->n_apart += run->n_errors - before;
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

static size_t rounded(size_t size)
{
	return (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static bool is_big(size_t size) // gets a chunk of its own
{
	return size > CHUNK_SIZE / 4;
}

static void count_memory(struct lang_run *run, size_t more)
{
	if (more > LANG_MEMORY_MAX - run->memory)
		lang_fatal(run, NULL, "the configuration needs more than %d bytes of memory",
			   LANG_MEMORY_MAX);
	run->memory += more;
}

// New chunks become the last one, except big ones, which stand before it.
static struct arena_chunk *chunk_add(struct lang_run *run, struct arena *a, size_t size)
{
	size_t room = is_big(size) ? size : CHUNK_SIZE;
	struct arena_chunk *c, *last = a->last;

	count_memory(run, room);
	c = calloc(1, sizeof(*c) + room);
	if (!c)
		lang_fatal(run, NULL, "out of memory");
	c->size = room;
	c->next = last && is_big(size) ? last : NULL;
	c->prev = c->next ? last->prev : last;
	if (c->prev)
		c->prev->next = c;
	if (c->next)
		c->next->prev = c;
	else
		a->last = c;
	return c;
}

void *lang_alloc(struct lang_run *run, struct arena *a, size_t size)
{
	struct arena_chunk *c = a->last;
	void *p;

	size = rounded(size);
	if (!c || is_big(size) || size > c->size - c->used)
		c = chunk_add(run, a, size);
	p = c->data + c->used;
	c->used += size;
	return p;
}

// A big piece grows in its own chunk, so that nothing is left behind.
static void *chunk_grow(struct lang_run *run, struct arena *a, void *v, size_t size)
{
	struct arena_chunk *c =
		(struct arena_chunk *)((char *)v - offsetof(struct arena_chunk, data));
	struct arena_chunk *grown;

	size = rounded(size);
	count_memory(run, size - c->size);
	grown = realloc(c, sizeof(*c) + size);
	if (!grown)
		lang_fatal(run, NULL, "out of memory");
	memset(grown->data + grown->size, 0, size - grown->size);
	grown->size = grown->used = size;
	if (grown->prev)
		grown->prev->next = grown;
	if (grown->next)
		grown->next->prev = grown;
	else
		a->last = grown;
	return grown->data;
}

// Makes an allocation of `size` bytes one of `larger`.
static void *enlarge(struct lang_run *run, struct arena *a, void *v, size_t size, size_t larger)
{
	void *new;

	if (v && is_big(rounded(size)))
		return chunk_grow(run, a, v, larger);
	new = lang_alloc(run, a, larger);
	if (v)
		memcpy(new, v, size);
	return new;
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
	unsigned before = *cap;

	if (n < before)
		return v;
	if (before > UINT32_MAX / 4)
		lang_fatal(run, NULL, "out of memory");
	*cap = before ? before * 2 : 1;
	return enlarge(run, a, v, before * size, *cap * size);
}

void lang_buf_put(struct lang_run *run, struct lang_buf *b, const char *s, size_t len)
{
	size_t size = b->size ? b->size : 64;

	while (size < b->len + len + 1)
		size *= 2;
	if (size != b->size) {
		b->s = enlarge(run, &run->tmp, b->s, b->size, size);
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
