// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// A made-up IPv4 table with the shape of the Internet's, the same for the same n: of the prefixes
// up to /24 so many of each length as BGP tables of 2025 hold (61 % /24, 11 % /22, 10 % /23, ...);
// one prefix in ten is longer (/25 to /32), as inside a network that has such a table. Half of the
// prefixes are more-specifics of another one; the others lie in 46,000 of the /16, twice as often
// in the middle one of them than in the average one. None is in 0/8, 10/8, 127/8 or from 224/8 on.

#include <stddef.h>
#include <stdint.h>

enum { FULL_TABLE = 1100000 };

struct full_route {
	uint32_t prefix; // host byte order
	uint32_t len;
};

// n routes, no two alike, in random order; the caller frees them. NULL: no memory.
struct full_route *full_table(size_t n);
// A random address in it: each route is as likely as the others.
uint32_t full_table_address(const struct full_route *r, size_t n, uint64_t *seed);
