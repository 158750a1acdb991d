// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// What ToHost has in both halves.

#include <weir/element.h>

enum { TO_HOST_NO_DEVICE, TO_HOST_REFUSED, TO_HOST_TOO_SHORT };

struct to_host_state {
	uint64_t drops;
};

struct to_host_front {
	uint32_t ifindex; // 0: wherever a packet came from
};
