// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// What the entry program counts for each RX queue, per CPU: packets from outside are `front` and
// `rest`, and rest = passed + handed to the queue's AF_XDP socket; what the socket could not take
// is in the socket's own statistics.

#include <linux/types.h>

struct weir_entry_count {
	__u64 front; // packets given to the first element in the driver
	__u64 front_bytes;
	__u64 rest; // packets not given to it
	__u64 rest_bytes;
	__u64 passed;	 // left to the host's stack: no socket there (yet, or any more)
	__u64 from_self; // left to the host's stack: weir had sent them there
	__u64 no_meta;	 // of those handed to the socket: the driver could not reserve the block
};
// Random bytes behind packets that weir gives to the host under generic XDP.
struct weir_secret {
	__u64 a, b;
};

// Frozen when the program is loaded.
struct weir_entry_args {
	struct weir_secret secret;
	__u8 mac[6]; // of the interface
	__u8 has_secret;
	__u8 sorts;   // a queue has several sockets
	__u32 number; // of this interface in the maps of first elements and of steering
};

_Static_assert(sizeof(struct weir_entry_count) == 56, "read by userspace");
