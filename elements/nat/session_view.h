// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// What the program of a translator is told of its table of sessions; frozen in its arguments.

#include "session_front.h"

struct session_view {
	__u64 seed;
	__u32 bucket_mask; // buckets are a power of two
	__u32 slot_mask;   // session_slot_mask
};
