// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// The annotation area of a packet: 48 bytes at Click's offsets (Click, packet_anno.hh), so that
// an ANNO argument means the same byte here as there. Several names share bytes, as in Click.

#include <linux/types.h>

enum weir_anno_offset {
	ANNO_DST_IP = 0,	  // be32: next hop or destination, set by GetIPAddress and look-ups
	ANNO_DST_IP6 = 0,	  // 16 bytes
	ANNO_PAINT = 16,	  // u8
	ANNO_ICMP_PARAMPROB = 17, // u8: pointer for ICMP parameter problem
	ANNO_FIX_IP_SRC = 19,	  // u8: nonzero asks FixIPSrc to set the source
	ANNO_VLAN_TCI = 20,	  // be16
	ANNO_AGGREGATE = 20,	  // u32
	ANNO_MISC_IP = 20,	  // be32
	ANNO_EXTRA_PACKETS = 24,  // u32
	ANNO_EXTRA_LENGTH = 28,	  // u32
	ANNO_FIRST_TIMESTAMP = 32, // u64, nanoseconds
	ANNO_SEQUENCE_NUMBER = 32, // u32
	WEIR_ANNO_SIZE = 48,
};
