// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Random rule lists and packets that meet each other, the same for the same random_state.

#include <weir/dag.h>

extern uint32_t random_state;
uint32_t random_below(uint32_t n);

// An expression of about `size` tests; data_only as in weir_dag_compile.
unsigned random_expr(struct weir_exprs *e, bool data_only, unsigned size);
// A packet of up to 64 bytes, in a room of RANDOM_ROOM; its headers may be missing.
enum { RANDOM_ROOM = 1024 };
void random_packet(struct packet *p);
// An IPv6 packet with any number of extension headers, and in `plain` (also RANDOM_ROOM) what rules
// are to see of it: weir_dag_run_ip6.
void random_packet6(struct packet *p, struct packet *plain);
