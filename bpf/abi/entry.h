// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// What the entry program counts for each RX queue, per CPU. seen = passed + handed to the queue's
// AF_XDP socket; what the socket could not take is in the socket's own statistics.

#include <linux/types.h>

struct weir_entry_count {
	__u64 seen;	 // packets from outside
	__u64 bytes;	 // of those
	__u64 passed;	 // left to the host's stack: no socket there (yet, or any more)
	__u64 from_self; // left to the host's stack: weir had sent them there
};
// Random bytes behind packets that weir gives to the host under generic XDP.
struct weir_secret {
	__u64 a, b;
};

_Static_assert(sizeof(struct weir_entry_count) == 32, "read by userspace");
