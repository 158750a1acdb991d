// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
#pragma once

// Where packets leave the driver for a worker: a socket of the queue they came by.

#include <weir/frame.h>
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

// One for all interfaces; shared, and written by the process.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct weir_classes);
} weir_classes SEC(".maps");

// One for all interfaces; shared, and written by the process.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct weir_owners);
} weir_owners SEC(".maps");

// Packets of each bucket, by the number of the interface, if its table says so; shared.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct weir_bucket_count);
} weir_buckets SEC(".maps");

static __always_inline void weir_count_bucket(__u32 device, __u8 bucket)
{
	struct weir_bucket_count *count = bpf_map_lookup_elem(&weir_buckets, &device);

	if (count)
		count->packets[bucket]++;
}

// Functions of their own, out of the way of plain packets, and so that the verifier looks at each
// once: as one piece they are too much for it.
__attribute__((noinline)) int weir_frame_layer_of(struct xdp_md *ctx, struct weir_frame_seen *s)
{
	const struct weir_frame f = {WEIR_CTX_POINTER(ctx, data), WEIR_CTX_POINTER(ctx, data_end)};

	return s && weir_frame_layer(&f, s);
}

static __always_inline bool weir_next_layer(void *ctx, struct weir_frame_seen *s)
{
	return weir_frame_layer_of(ctx, s);
}

// The hash, and above it the class.
__attribute__((noinline)) __u64 weir_sort_rest(struct xdp_md *ctx, __u32 off, bool has_link,
					       __u32 key, bool has_classes)
{
	const struct weir_classes *classes = NULL;
	const struct weir_owners *owners = NULL;
	struct weir_frame_sorted to;
	__u32 zero = 0;

	if (has_classes)
		classes = bpf_map_lookup_elem(&weir_classes, &zero);
	if (key == WEIR_KEY_OWNER)
		owners = bpf_map_lookup_elem(&weir_owners, &zero);
	to = weir_frame_sort_rest(off, has_link, key, classes, owners, weir_next_layer, ctx);
	return (__u64)to.class << 32 | to.hash;
}

// The packet whose link header (has_link; else that of IP) is at an offset.
static __always_inline struct weir_frame_sorted weir_sort(struct xdp_md *ctx, __u32 off,
							  bool has_link, __u32 key,
							  bool has_classes)
{
	const struct weir_frame f = {WEIR_CTX_POINTER(ctx, data), WEIR_CTX_POINTER(ctx, data_end)};
	const struct weir_classes *classes;
	const struct weir_owners *owners;
	struct weir_frame_sorted to = {};
	struct weir_frame_seen s;
	__u32 zero = 0;
	__u64 rest;

	if (WEIR_LIKELY(has_link && weir_frame_plain(&f, off, &s))) {
		to.hash = weir_frame_hash(&s, key);
		owners = key == WEIR_KEY_OWNER ? bpf_map_lookup_elem(&weir_owners, &zero) : NULL;
		if (owners)
			to.hash = weir_frame_owned(&s, to.hash, owners);
		classes = has_classes ? bpf_map_lookup_elem(&weir_classes, &zero) : NULL;
		if (classes)
			to.class = weir_frame_plain_class(&s, classes);
		return to;
	}
	rest = weir_sort_rest(ctx, off, has_link, key, has_classes);
	return (struct weir_frame_sorted){(__u32)rest, rest >> 32};
}

// To its column and class.
static __always_inline long weir_sort_to_socket(struct xdp_md *ctx, const struct weir_steer *s,
						__u32 device, __u32 off, bool has_link, __u32 *hash)
{
	const struct weir_frame_sorted to = weir_sort(
		ctx, off, has_link, s->n_columns > 1 ? s->key : WEIR_KEY_NONE, s->n_classes > 1);
	const __u8 bucket = to.hash >> WEIR_BUCKET_SHIFT;
	__u32 socket;
	long verdict;

	*hash = to.hash;
	if (s->counts_buckets)
		weir_count_bucket(device, bucket);
	socket = s->first_socket + ctx->rx_queue_index * s->n_sockets +
		 WEIR_READ_ONCE(s->column[bucket]) * s->n_classes;
	verdict = bpf_redirect_map(&sockets, socket + to.class, XDP_ABORTED);
	if (verdict != XDP_REDIRECT && to.class) // its class has no socket of its own
		verdict = bpf_redirect_map(&sockets, socket, XDP_ABORTED);
	return verdict;
}

// XDP_REDIRECT, or XDP_ABORTED if there is no socket. sorts: of a frozen argument, so that a
// program that does not is without all of the above. *hash: 0 if it was not computed.
static __always_inline long weir_to_socket(struct xdp_md *ctx, bool sorts, __u32 device, __u32 off,
					   bool has_link, __u32 *hash)
{
	const struct weir_steer *s = bpf_map_lookup_elem(&weir_steering, &device);

	*hash = 0;
	if (!s)
		return XDP_ABORTED;
	if (sorts && s->n_sockets > 1)
		return weir_sort_to_socket(ctx, s, device, off, has_link, hash);
	return bpf_redirect_map(&sockets, s->first_socket + ctx->rx_queue_index, XDP_ABORTED);
}
