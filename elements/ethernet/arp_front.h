// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// What ARPQuerier and its program in the driver agree on: neighbours, by address. Multiplying by an
// odd number maps addresses to as many hashes, so the place in the table (the upper half of the
// hash) and the tag (the lower half) together are the address; tag and Ethernet address fit into
// one word, and no reader ever sees half of a neighbour.
// writer: workers, under the lock of the element, and control; readers: programs in the driver.

#include <linux/types.h>

#include <abi/hdr.h>

enum { ARP_FRONT_ENTRIES = 1 << 16 };

struct arp_neighbor {
	__u64 who;   // tag in the upper 16 bits, Ethernet address below
	__u64 until; // when userspace is to look again; CLOCK_MONOTONIC, ns
};

// Arguments of the program.
struct arp_front {
	be32 ip, broadcast; // ip 0: none is known, so nothing can leave
	__u8 eth[6];
};

static inline __attribute__((always_inline)) __u32 arp_front_hash(be32 ip)
{
	return rd32(ip) * 0x9e3779b1;
}

static inline __attribute__((always_inline)) __u32 arp_front_place(__u32 hash)
{
	return hash >> 16;
}

static inline __attribute__((always_inline)) __u64 arp_front_tag(__u32 hash)
{
	return (__u64)hash << 48;
}
