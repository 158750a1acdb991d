// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// Where packets leave the driver for a worker: the socket of the queue they came by.

#include <weir/packet.h>

#include <abi/steer.h>

// Of the queues of all interfaces; shared.
struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

// By the number of the interface; shared, and written by the process.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct weir_steer);
} weir_steering SEC(".maps");

// XDP_REDIRECT, or XDP_ABORTED if there is no socket.
static __always_inline long weir_to_socket(struct xdp_md *ctx, __u32 device)
{
	const struct weir_steer *s = bpf_map_lookup_elem(&weir_steering, &device);

	if (!s)
		return XDP_ABORTED;
	return bpf_redirect_map(&sockets, s->first_socket + ctx->rx_queue_index * s->n_sockets,
				XDP_ABORTED);
}
