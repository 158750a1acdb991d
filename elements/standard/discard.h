// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

#include <weir/element.h>

struct discard {
	bool active;
	uint32_t burst;
};
struct discard_state {
	uint64_t count;
};
