// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// The look-up elements in the driver: one program for all of them. Where the maps have less room
// than the table (until its program is loaded anew), userspace looks up.

#include <weir/element.h>
#include <weir/fib.h>

#include "ip_table_front.h"

WEIR_FIB4_MAP hops SEC(".maps");

WEIR_INLINE unsigned ip_front_lookup(const struct ip_front *self, struct packet *p)
{
	be32 dst = weir_dst_ip(p), gw;
	uint32_t zero = 0, n_hops = self->n_hops, value = weir_fib4_lookup(&self->fib, rd32(dst));
	const uint64_t *hop = bpf_map_lookup_elem(&hops, &zero);
	uint64_t pair;

	if (!hop || value >= n_hops)
		return WEIR_HANDOVER;
	pair = WEIR_READ_ONCE(hop[value]);
	gw.be = (uint32_t)pair;
	weir_set_dst_ip(p, gw.be ? gw : dst);
	return (unsigned)(pair >> 32);
}

#define IP_TABLE_PROGRAM(id)                                             \
	struct id {                                                      \
		struct ip_front front;                                   \
	};                                                               \
	WEIR_INLINE unsigned id(const struct id *self, struct packet *p) \
	{                                                                \
		return ip_front_lookup(&self->front, p);                 \
	}                                                                \
	WEIR_DRIVER_ELEMENT(id)
