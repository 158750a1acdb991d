// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)

// Where the maps have less room than the table (until the program is loaded anew), userspace looks
// up.

#include <weir/element.h>
#include <weir/fib6.h>

#include "lookup_ip6_front.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u64));
} hops6 SEC(".maps");

struct lookup_ip6_route {
	struct lookup_ip6_front front;
};

WEIR_INLINE unsigned lookup_ip6_route(const struct lookup_ip6_route *self, struct packet *p)
{
	uint32_t zero = 0, n_hops = self->front.n_hops, value;
	const struct ip6_hop *hop;
	be64 dst[2];

	weir_dst_ip6(p, dst);
	value = weir_fib6_lookup(&self->front.fib, weir_ip6_read(dst));
	hop = bpf_map_lookup_elem(&hops6, &zero);
	if (!hop || value >= n_hops)
		return WEIR_HANDOVER;
	hop += value;
	memcpy(dst, hop->gw, sizeof(dst));
	if (dst[0].be | dst[1].be)
		weir_set_dst_ip6(p, dst);
	return hop->port;
}
WEIR_DRIVER_ELEMENT(lookup_ip6_route)
