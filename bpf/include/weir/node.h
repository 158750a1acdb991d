// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// How a packet leaves, in the driver: a function can only return where to.

#include <weir/packet.h>

struct weir_router;
struct weir_worker;
struct weir_element;
struct weir_node;

// Returned port that means "lose the packet for my drop reason i".
enum { WEIR_DROP = 0x8000 };
