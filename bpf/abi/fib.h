// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// The IPv4 table as workers and programs read it: a root of 2^(32 - shift) entries, and groups of
// entries for the next eight bits each. An entry is a value, or (bit 31) the number of a group.
// writer: control, one store an entry.

#include <linux/types.h>

enum {
	WEIR_FIB4_NONE = 0x7fffffff, // no prefix matches; values are 0 .. WEIR_FIB4_NONE - 1
	WEIR_FIB4_GROUP_SIZE = 256,  // entries
};
enum { WEIR_FIB4_GROUP = 1u << 31 };

// What a program is told of the maps `root` and `groups`, frozen in its arguments.
struct weir_fib4_form {
	__u32 shift;	// 16 or 8
	__u32 n_groups; // what the map has room for; those beyond are known in userspace only
};
