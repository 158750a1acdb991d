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
	// What an address translator gave the destination's address and port to (struct
	// weir_owners); where nobody said anything of them, a flow.
	WEIR_KEY_OWNER,
	WEIR_KEYS,
};

// The buckets of those who have external addresses and ports: hints, which may be old, and which
// IPv4 addresses share whose last byte is the same. writer: any worker, one store; readers:
// programs.
enum { WEIR_OWNERS = 1 << 18, WEIR_OWNER_PORTS = 64, WEIR_OWNER_BUCKETS = 255 };
struct weir_owners {
	__u8 bucket[WEIR_OWNERS]; // bucket + 1; 0: nobody said
};

// address, port: host byte order.
static inline __attribute__((always_inline)) __u32 weir_owner_place(__u32 address, __u16 port)
{
	return (address << 10 | port / WEIR_OWNER_PORTS) & (WEIR_OWNERS - 1);
}

// Traffic classes. A packet that several patterns name is of the first of their classes; 0 is the
// rest. What is looked at is the outermost header, and of a fragment no port: what a tunnel carries
// is its user's, not the router's neighbours'. One table for all interfaces; the class by:
// writer: control, before traffic; readers: programs.
enum { WEIR_CLASSES = 8 };
enum { WEIR_CLASS_TCP, WEIR_CLASS_UDP };
struct weir_classes {
	__u8 proto[256];      // protocol of IP
	__u8 dscp[2][64];     // of IPv4, of IPv6
	__u8 icmp6[256];      // type of ICMPv6
	__u8 plain[2][2][64]; // of IPv4, IPv6, with TCP, UDP: `dscp` and `proto` together
	__u8 has_port[256];   // upper byte of a port: some port with it has a class
	__u8 port[2][65536];  // of TCP, of UDP: either end's
	__u8 type[65536];     // of Ethernet, not IP; 0: LLC
};

// One for each interface, by its number.
// writer: control, readers: programs. `column` may change at any time, each by one store; the rest
// is as it is from before the program is attached.
struct weir_steer {
	__u32 first_socket; // of this interface in the map of sockets
	__u32 n_sockets;    // of a queue: n_columns * n_classes; with 1 no packet is looked at
	__u32 n_columns, n_classes;
	__u32 key;	      // enum weir_key; looked at with several columns only
	__u32 counts_buckets; // may change at any time
	__u16 column[WEIR_BUCKETS];
};
struct weir_bucket_count {
	__u64 packets[WEIR_BUCKETS];
};
_Static_assert(sizeof(struct weir_steer) == 24 + 2 * WEIR_BUCKETS, "read by both halves");
