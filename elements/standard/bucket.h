// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// A token bucket: `rate` tokens a second, at most `burst` of them saved. Exact: fractions of tokens
// are kept, so that the long-term rate is the rate.

#include <stdint.h>

enum { BUCKET_SECOND = 1000000000 }; // nanoseconds, and the parts of a token

struct bucket {
	uint64_t rate;
	uint64_t burst;
	unsigned __int128 parts;
	uint64_t then; // last refill; 0: never
};

static inline void bucket_set(struct bucket *b, uint64_t rate, uint64_t burst)
{
	unsigned __int128 full;

	b->rate = rate;
	b->burst = burst ? burst : 1;
	full = (unsigned __int128)b->burst * BUCKET_SECOND;
	if (b->parts > full)
		b->parts = full;
}

static inline void bucket_fill(struct bucket *b, uint64_t tokens)
{
	b->parts = (unsigned __int128)tokens * BUCKET_SECOND;
}

static inline void bucket_refill(struct bucket *b, uint64_t now)
{
	unsigned __int128 full = (unsigned __int128)b->burst * BUCKET_SECOND;

	if (b->then && now > b->then)
		b->parts += (unsigned __int128)(now - b->then) * b->rate;
	if (b->parts > full)
		b->parts = full;
	b->then = now;
}

static inline uint64_t bucket_tokens(const struct bucket *b)
{
	return (uint64_t)(b->parts / BUCKET_SECOND);
}

static inline void bucket_take(struct bucket *b, uint64_t tokens)
{
	unsigned __int128 parts = (unsigned __int128)tokens * BUCKET_SECOND;

	b->parts = b->parts > parts ? b->parts - parts : 0;
}

// When there will be a token, counted from the last refill.
static inline uint64_t bucket_when(const struct bucket *b)
{
	unsigned __int128 missing;

	if (b->parts >= BUCKET_SECOND)
		return b->then;
	if (!b->rate)
		return UINT64_MAX;
	missing = BUCKET_SECOND - b->parts;
	return b->then + (uint64_t)((missing + b->rate - 1) / b->rate);
}
