// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <linux/types.h>

enum { FIB_READER_ADDRESSES = 1 << 18, FIB_READER_RUN = 4096 };

// What tests/kernel/fib_reader.bpf.c does in one run: look-ups of so many addresses from `next` on,
// and how many of the answers are neither a nor b.
struct fib_reader {
	__u32 next, mask;
	__u32 ifindex; // for the kernel's table
	__u32 pad;
	__u64 sum, wrong;
	__u32 dst[FIB_READER_ADDRESSES];
	struct {
		__u32 a, b;
	} right[FIB_READER_ADDRESSES];
};

// The same for IPv6.
struct fib6_reader {
	__u32 next, mask;
	__u32 ifindex;
	__u32 pad;
	__u64 sum, wrong;
	__u64 beyond; // answers that the map does not hold, as the table has grown: WEIR_FIB6_NONE
	struct {
		__u64 hi, lo;
	} dst[FIB_READER_ADDRESSES];
	struct {
		__u32 a, b;
	} right[FIB_READER_ADDRESSES];
};
