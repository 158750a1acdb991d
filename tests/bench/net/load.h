// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// What the load's BPF programs and the process that drives them share.

#include <linux/types.h>

enum {
	LOAD_PROBE = 1, // the far end sends it back
	LOAD_REPLY = 2, // sent back
	LOAD_DATA = 42, // Ethernet, IPv4 and UDP headers before it
	LOAD_MIN = 60,	// smallest frame, without the frame check sequence
	LOAD_MIN6 = 80, // the same of IPv6: its header is 20 bytes longer
	LOAD_MAX = 1514,
	// Latencies in buckets of 1/32 of a power of two: percentiles are right within 3 %.
	LOAD_SUB_BITS = 5,
	LOAD_BUCKETS = 1 << 10,
	LOAD_NS_BITS = 10,	     // fractional bits of a time in ns
	LOAD_DESTINATIONS = 1 << 20, // at most; a power of two
};

enum load_way { LOAD_ONE_WAY, LOAD_ROUND_TRIP, LOAD_WAYS };

// Follows the headers of every packet of the load; 18 bytes fill the smallest frame.
struct load_tag {
	__u32 run; // tells the packets of one run from what an earlier one left in some queue
	__u16 flags;
	__u32 seq;
	__u64 sent; // CLOCK_MONOTONIC, ns
} __attribute__((packed, may_alias));
_Static_assert(LOAD_DATA + sizeof(struct load_tag) == LOAD_MIN, "fills the smallest frame");

struct load_config {
	__u32 run;
	__u8 dst_mac[6], src_mac[6];
	__u32 src[4];	    // wire order; of IPv4 the first
	__u32 mask;	    // destinations - 1
	__u64 gap;	    // between packets, ns << LOAD_NS_BITS; 0: as fast as it goes
	__u64 slack;	    // ns that the sender may be late before its schedule slips
	__u32 probe_every;  // one packet in so many is a probe; 0: none
	__u32 ip6;	    // packets are IPv6
	__u32 mix;	    // 64, 594 and 1518 byte frames as 7 to 4 to 1 instead of 64
	__u32 measure_time; // the receivers take the time of every packet
};

// writer: the generating CPU; read when it is done.
struct load_sent {
	__u64 packets, bytes;
	__u64 next;	     // ns << LOAD_NS_BITS
	__u64 begun, ended;  // ns
	__u64 late, slipped; // ns: worst lateness of one packet, sum of what was not caught up
};

struct load_seen {
	__u64 packets, bytes, first, last; // ns of the first and of the last packet
};
