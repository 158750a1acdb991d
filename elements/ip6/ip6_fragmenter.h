// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

#include <weir/element.h>

struct ip6_fragmenter {
	uint32_t mtu, headroom;
	char *own_text;
	uint32_t n_own;
	be64 own[8][2]; // sources of packets that are cut
};
