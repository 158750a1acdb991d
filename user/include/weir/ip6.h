// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// IPv6 addresses (RFC 4291) to count with: as two numbers in host byte order, hi first. On the wire
// they are 16 bytes in network byte order.

#include <weir/packet.h>

struct weir_ip6 {
	uint64_t hi, lo;
};

// bytes: 16, at any place.
WEIR_INLINE struct weir_ip6 weir_ip6_read(const void *bytes)
{
	const be64 *half = bytes;

	return (struct weir_ip6){__builtin_bswap64(half[0].be), __builtin_bswap64(half[1].be)};
}

WEIR_INLINE void weir_ip6_write(void *bytes, struct weir_ip6 a)
{
	be64 *half = bytes;

	half[0].be = __builtin_bswap64(a.hi);
	half[1].be = __builtin_bswap64(a.lo);
}

WEIR_INLINE bool weir_ip6_equal(struct weir_ip6 a, struct weir_ip6 b)
{
	return !((a.hi ^ b.hi) | (a.lo ^ b.lo));
}

// The first len bits (0..128) set.
WEIR_INLINE struct weir_ip6 weir_ip6_mask(unsigned len)
{
	return (struct weir_ip6){
		.hi = len == 0 ? 0 : ~0ULL << (len < 64 ? 64 - len : 0),
		.lo = len <= 64 ? 0 : ~0ULL << (128 - len),
	};
}
