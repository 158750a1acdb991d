// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// The IPv4 table as workers and programs read it: a root of 2^(32 - shift) entries, groups of 256
// entries for the next eight bits each, and leaves. An entry is a value, or (bit 31) the number of
// a group, or (bit 30, too) that of a leaf.
// A leaf stands for a group of the last eight bits that has few different ranges: it has their last
// addresses, a byte each and in ascending order, and their values. What is not needed of the eight
// bytes is 255. Groups and leaves share their memory: a group has the place of 32 leaves.
// writer: control, one store an entry.

#include <linux/types.h>

enum {
	WEIR_FIB4_NONE = 0x7fffffff, // no prefix matches; values are 0 .. WEIR_FIB4_NONE - 1
	WEIR_FIB4_GROUP_SIZE = 256,  // entries
	WEIR_FIB4_LEAF_SIZE = 8,     // entries; of these
	WEIR_FIB4_LEAF_VALUES = 6,   // the last
};
enum {
	WEIR_FIB4_GROUP = 1u << 31,
	WEIR_FIB4_LEAF = 1u << 30,
};

// What a program is told of the maps `root` and `groups`, frozen in its arguments.
struct weir_fib4_form {
	__u32 shift;	// 16 or 8
	__u32 n_groups; // what the map has room for; those beyond are known in userspace only
};

// In which of the ranges is x, the last byte of an address? All eight compared at once, in lanes of
// 16 bits, half of them each time: bit 8 of a lane stays if x is greater than its byte.
static inline __attribute__((always_inline, unused)) __u32 weir_fib4_range(__u64 ends, __u32 x)
{
	const __u64 ones = 0x0001000100010001, bytes = 0x00ff00ff00ff00ff;
	const __u64 above = x * ones + 0xff * ones;
	const __u64 even = above - (ends & bytes), odd = above - (ends >> 8 & bytes);

	return (__u32)(((even >> 8 & ones) + (odd >> 8 & ones)) * ones >> 48);
}
