// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// The block in front of a packet, in the XDP metadata area, that carries what is known of it from
// one program to the next and on to the workers. One size for every packet, a multiple of 4 and at
// most 252 bytes, as the AF_XDP descriptor does not say how long it is.
// writer: the program that runs; after the crossing: the worker that took the packet.

#include <abi/anno.h>

enum {
	WEIR_META_MAGIC = 0x72696577, // "weir"
	WEIR_META_NONE = 0xffff,      // a header that is not set
};

// Offsets count from the first byte that the driver sees as the packet; `off` is where it begins
// for the elements (Strip moves it), so that the real head is moved at most once.
struct weir_meta {
	__u32 magic;
	__u16 element, input; // where userspace goes on: that input of that element
	__u16 off;
	__u16 mac, network, transport; // WEIR_META_NONE: not set
	__u16 device;		       // it came from: its number in the table of steering
	__u8 type;		       // enum weir_packet_type
	__u8 rounds;
	__u32 hash; // of the flow; 0: not computed
	__u8 anno[WEIR_ANNO_SIZE] __attribute__((aligned(8)));
};
_Static_assert(sizeof(struct weir_meta) == 72, "a multiple of 4, at most 252");
