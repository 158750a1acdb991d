// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// Identifications of IP headers that are made here (RFC 6864): each worker counts by itself, from a
// place of its own, so that as many packets lie between two with the same one as if all counted
// together.

struct weir_node;
struct weir_err;

// For classes whose state begins with the next identification, a uint16_t.
int ip_id_init_node(struct weir_node *n, struct weir_err *err);
