// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// What both halves of IP6GWOptions know.

#include <weir/element.h>
#include <weir/ip6_walk.h>

enum { OUT, OPTION, ROUTING, SCOPE };

struct ip6_gw_options {
	uint8_t unused;
};
struct ip6_gw_options_state {
	uint64_t drops;
};

// fe80::/10
static inline bool is_link_local(const be64 a[2])
{
	return (a[0].be & wr16(0xffc0).be) == wr16(0xfe80).be;
}
