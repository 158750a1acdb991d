// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Random routes that meet each other, the same for the same random_route_seed.

#include <rib.h>

// Routes leave by the links 2 and on, so many.
enum { RANDOM_LINK = 2, RANDOM_LINKS = 6, RANDOM_ROUTE_TABLES = 6, RANDOM_VRF = 10 };

extern uint64_t random_route_seed;
extern const uint32_t random_route_tables[RANDOM_ROUTE_TABLES]; // those that are used most twice

uint8_t random_route_family(void);
unsigned random_route_len(uint8_t family);
struct weir_ip6 random_route_addr(uint8_t family);
struct weir_ip6 random_route_cut(struct weir_ip6 a, unsigned len); // to a prefix
struct rib_hop random_hop(uint8_t family);
// odd: now and then by TOS or source. hops: room for TWIN_HOPS of them.
struct rib_route random_route(bool odd, struct rib_hop *hops);
