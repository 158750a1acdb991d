// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// The IPv6 table as workers and programs read it: one array of 32-bit words in lines of 64 bytes.
// It begins with a root of 2^16 entries for the first 16 bits of an address. An entry is a value,
// or (bit 31) a node for the bits behind: its kind and the line at which it begins.
//
// A branch of kind k takes the next k bits, and has 2^k entries. A leaf takes the next w bits (at
// most 31) and has up to eight ranges of them: a word that says w, the first numbers of the second
// to the last range in ascending order, and eight entries; the last range is repeated. No node
// takes bits of both halves of an address: what follows a leaf with WEIR_FIB6_LOW in its first
// word goes by the second half.
// writer: control, one store an entry; what an entry points to does not change its form.

#include <linux/types.h>

enum {
	WEIR_FIB6_NONE = 0x7fffffff, // no prefix matches; values are 0 .. WEIR_FIB6_NONE - 1
	WEIR_FIB6_LINE = 16,	     // words
	WEIR_FIB6_ROOT_BITS = 16,
	WEIR_FIB6_RANGES = 8,
	WEIR_FIB6_KIND_SHIFT = 27, // line numbers are below it
	WEIR_FIB6_MOST_STEPS = 32, // behind the root; a node takes 4 bits, the last of a half less
};
enum { WEIR_FIB6_NODE = 1u << 31 };
// First word of a leaf: it has bit 31, so that as a signed number it is below all others.
enum { WEIR_FIB6_LOW = 64, WEIR_FIB6_WIDTH = 31 };

// What a program is told of the map `nodes6`, frozen in its arguments.
struct weir_fib6_form {
	__u32 n_words; // what the map has room for; those beyond are known in userspace only
};
