// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// A table like that of IPv6 in the Internet: the same prefixes for the same number.

#include <weir/ip6.h>

#include <stddef.h>

struct table6_route {
	struct weir_ip6 prefix;
	unsigned len;
};

// n different prefixes, malloc'd: blocks from the few /12 that the registries allot from, and what
// their holders announce out of them. Exits without memory.
struct table6_route *table6_new(size_t n);
// A random address within a prefix.
struct weir_ip6 table6_inside(const struct table6_route *r);
