// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

#include <weir/element.h>

struct ip_fragmenter {
	uint32_t mtu, headroom;
	bool honor_df, verbose;
};
