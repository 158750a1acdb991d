// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// Which AF_XDP socket gets a packet. Each queue of an interface has a socket for every column (a
// worker that receives) and every traffic class:
//
//	first_socket + (queue * n_columns + column) * n_classes + class
//
// The column is that of the packet's bucket, the upper bits of a hash over what the key names.

#include <linux/types.h>

enum { WEIR_BUCKETS = 256, WEIR_BUCKET_SHIFT = 32 - 8 };

// What has to be together on one worker.
enum weir_key {
	WEIR_KEY_NONE,	// nothing: all packets are in bucket 0
	WEIR_KEY_FLOW,	// both directions of a flow: addresses, protocol, ports
	WEIR_KEY_HOSTS, // all between two hosts: addresses
	WEIR_KEY_SOURCE,
	WEIR_KEY_DESTINATION, // an address has the bucket that it has as WEIR_KEY_SOURCE
	WEIR_KEYS,
};

// One for each interface, by its number.
// writer: control, readers: programs. `column` may change at any time, each by one store; the rest
// is as it is from before the program is attached.
struct weir_steer {
	__u32 first_socket; // of this interface in the map of sockets
	__u32 n_sockets;    // of a queue: n_columns * n_classes; with 1 no packet is looked at
	__u32 n_columns, n_classes;
	__u32 key; // enum weir_key
	__u32 pad;
	__u16 column[WEIR_BUCKETS];
};
_Static_assert(sizeof(struct weir_steer) == 24 + 2 * WEIR_BUCKETS, "read by both halves");
