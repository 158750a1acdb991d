// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Random numbers, the same in every run: xorshift64*. The seed must not be zero.

#include <stdint.h>

static inline uint64_t rnd64(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * 0x2545f4914f6cdd1d;
}

static inline uint32_t rnd32(uint64_t *seed)
{
	return (uint32_t)(rnd64(seed) >> 32);
}
