// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// The program around a path and the command that runs it.

#include <linux/types.h>

enum {
	PATH_LEN = 60,		     // bytes of the frame, without its check sequence
	PATH_DESTINATIONS = 1 << 18, // at most; a power of two
};

struct path_config {
	__u8 dst_mac[6], src_mac[6];
	__u32 src;  // wire order
	__u32 mask; // destinations - 1
};
