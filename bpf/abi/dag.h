// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// A compiled rule list, as both halves run it: steps, each of which leads to another one or to an
// output.

#include <linux/types.h>

// Where the offset of a test begins.
enum weir_base { WEIR_BASE_DATA, WEIR_BASE_MAC, WEIR_BASE_NETWORK, WEIR_BASE_TRANSPORT };

enum { WEIR_DAG_STEP = 0x10000 }; // a successor from here on is a step, below it a port

// In lists that only look at the start of the packet mask and lo are in the byte order of the
// packet and span is 0; elsewhere they are numbers. The test is (word & mask) - lo <= span.
struct weir_dag_step {
	__u32 mask, lo, span;
	__u16 off;
	__u16 need; // bytes that must be there from the base on
	__u16 base; // enum weir_base
	__u16 at;   // where userspace's struct packet holds the base's offset
	__u32 yes, no, missing;
};
_Static_assert(sizeof(struct weir_dag_step) == 32, "a step is half a cache line");

// What the driver's program has frozen. The steps are the only value of its map `weir_steps`; their
// number is mask + 1.
struct weir_dag_args {
	__u32 start;   // where packets with enough bytes for every test begin
	__u32 careful; // where all others begin
	__u32 need;    // how many bytes are enough, from the start or from the transport header on
	__u32 depth;   // steps on the longest way
	__u32 mask;
	__u32 data_only; // every test is WEIR_BASE_DATA
};
