// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// What ToDevice has in both halves.

#include <weir/element.h>

enum { TO_DEVICE_RING_FULL, TO_DEVICE_TOO_LONG, TO_DEVICE_TOO_SHORT, TO_DEVICE_NO_LINK };

struct to_device_state {
	struct weir_queue *queue;
	uint32_t longest;
	uint64_t count;
	unsigned full; // looks in a row that found the ring full
	bool has_sent, has_unsent;
};

struct to_device_front {
	uint32_t longest;   // frame in bytes
	uint32_t hands_all; // the interface would not send what is redirected to it
};
