// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// A set of workers, by number.

#include <stdbool.h>
#include <stdint.h>

enum { WEIR_WORKERS_MAX = 256 };

struct weir_workers {
	uint64_t bits[WEIR_WORKERS_MAX / 64];
};

static inline void weir_workers_add(struct weir_workers *s, unsigned worker)
{
	s->bits[worker / 64] |= 1ull << worker % 64;
}

static inline void weir_workers_remove(struct weir_workers *s, unsigned worker)
{
	s->bits[worker / 64] &= ~(1ull << worker % 64);
}

static inline bool weir_workers_has(const struct weir_workers *s, unsigned worker)
{
	return worker < WEIR_WORKERS_MAX && s->bits[worker / 64] >> worker % 64 & 1;
}

// Adds all of `other`; true if that made a difference.
static inline bool weir_workers_join(struct weir_workers *s, const struct weir_workers *other)
{
	uint64_t fresh = 0;

	for (unsigned i = 0; i < WEIR_WORKERS_MAX / 64; i++) {
		fresh |= other->bits[i] & ~s->bits[i];
		s->bits[i] |= other->bits[i];
	}
	return fresh;
}

static inline unsigned weir_workers_count(const struct weir_workers *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < WEIR_WORKERS_MAX / 64; i++)
		n += (unsigned)__builtin_popcountll(s->bits[i]);
	return n;
}

// The first of the set from `from` on; WEIR_WORKERS_MAX: none.
//
//	for (unsigned w = weir_workers_next(s, 0); w < WEIR_WORKERS_MAX;
//	     w = weir_workers_next(s, w + 1))
static inline unsigned weir_workers_next(const struct weir_workers *s, unsigned from)
{
	for (; from < WEIR_WORKERS_MAX; from = (from | 63) + 1) {
		uint64_t rest = s->bits[from / 64] >> from % 64;

		if (rest)
			return from + (unsigned)__builtin_ctzll(rest);
	}
	return WEIR_WORKERS_MAX;
}

// The position of a worker among those of the set, from 0.
static inline unsigned weir_workers_rank(const struct weir_workers *s, unsigned worker)
{
	unsigned n = 0;

	for (unsigned w = weir_workers_next(s, 0); w < worker; w = weir_workers_next(s, w + 1))
		n++;
	return n;
}
