// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// What the programs of the driver half and whoever loads them agree on. A change here, in meta.h or
// in anno.h changes WEIR_FRONT_ABI: a program of another number is refused.

#include <linux/types.h>

enum { WEIR_FRONT_ABI = 4 };

// What an element may return instead of an output, beside drop reasons (weir/node.h).
enum {
	WEIR_ENDED = 0x4000,	// the packet's way ends here, with the XDP action in the lower bits
	WEIR_HANDOVER = 0x4100, // the element goes on with it in userspace
	WEIR_APART = 0x4200,	// of a compiled path only: it goes on in the element's own program
};

// What all elements of a compiled path are told. It begins behind an interface, and its packets
// have no block: what is known of them is beside, until they leave the path.
struct weir_path {
	__u32 aside;  // 0: this is no such path
	__u32 number; // of the interface in the table of steering
	__u8 mac[6];  // of the interface
	__u8 pad[2];
};

// What an element's program is told of its place in the graph, frozen in .rodata.instance.
struct weir_instance {
	__u32 abi;     // WEIR_FRONT_ABI; what the program was compiled with until it is loaded
	__u32 n_out;   // outputs
	__u32 n_drops; // the class's own drop reasons
	// Packets that leave by output 0 (of a sink: that end here) are not counted: they are
	// those that came in less the others, and the longer way needs no counter per element. The
	// bytes of output 0's counter are then what was cut off, as a negative number.
	__u32 derived;
	__u32 input; // by which packets come; 0 where the class does not tell its inputs apart
	struct weir_path path;
};

// Counters of an element, per CPU, in the order of a node's edges in userspace: the outputs, then
// the framework's drop reasons, the class's drop reasons, and the two below.
struct weir_count {
	__u64 packets, bytes;
};
enum { WEIR_COUNT_NO_PORT, WEIR_COUNT_LOOP, WEIR_COUNT_CLASS }; // from n_out on
enum { WEIR_COUNT_ENDED, WEIR_COUNT_HANDED, WEIR_COUNT_MORE };	// from n_out + CLASS + n_drops on

// Where outputs lead: an array of programs. Behind them are two slots for each input that has a
// program of its own, else for input 0 alone: to userspace, into the element itself by that input;
// and to the element's own program, out of a compiled path.
enum { WEIR_OUT_HANDOVER, WEIR_OUT_OWN, WEIR_OUT_MORE }; // from n_out + input * MORE on

// Where a packet leaves for userspace (bpf/prog/to_user.bpf.c): frozen in .rodata.
struct weir_exit {
	__u16 element, input;
	__u32 gone;  // XDP action where no worker listens: XDP_PASS (to the host) or XDP_DROP
	__u32 sorts; // a queue has several sockets
};
enum { WEIR_EXIT_HANDED, WEIR_EXIT_GONE, WEIR_EXIT_COUNTS };

// The sign of life of the process: one for a router, written by it, read at the exits.
struct weir_beat {
	__u64 last;    // CLOCK_MONOTONIC, ns
	__u64 timeout; // ns; 0: not looked at
};
