// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)

// The program that weir attaches to an interface. While the front of the graph is switched on, it
// writes the metadata block and goes on into the first element; else each packet is handed to the
// AF_XDP socket of the queue it came from. A queue without a socket leaves its packets to the host.

#include <weir/packet.h>
#include <weir/steer.h>

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include <abi/entry.h>
#include <abi/hdr.h>
#include <abi/meta.h>

// One entry per RX queue.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct weir_entry_count);
} counts SEC(".maps");

// The first element behind each interface, and in the slot after it the compiled path that begins
// there, if there is one; shared. It empties when nobody holds it open any more
// and it has no name in bpffs: then packets are as if there were no front. So one pin of it decides
// whether the front outlives its process.
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} front SEC(".maps");

const volatile struct weir_entry_args args;
__u32 has_front; // written last, when everything behind `front` is in place
__u32 has_room;	 // a block was reserved here once, so packets may leave a compiled path

// In generic mode, what weir sends up to the host comes by here again. It then carries these bytes
// behind its end, which nobody else can know; they are taken off.
static __always_inline int is_from_self(struct xdp_md *ctx)
{
	__u32 len = ctx->data_end - ctx->data;
	struct weir_secret end;

	if (len < sizeof(end) + 14 || bpf_xdp_load_bytes(ctx, len - sizeof(end), &end, sizeof(end)))
		return 0;
	if (end.a != args.secret.a || end.b != args.secret.b)
		return 0;
	return !bpf_xdp_adjust_tail(ctx, -(int)sizeof(end));
}

static __always_inline __u8 type_of(const struct eth *eth)
{
	const struct weir_entry_args *a = (const struct weir_entry_args *)&args;

	// the compiler must not believe the zeroes that stand there before loading
	asm volatile("" : "+r"(a));
	return weir_type_of(eth, a->mac);
}

// The block, filled in; 0 if there is none to be had.
static __always_inline int begin(struct xdp_md *ctx)
{
	struct weir_meta *m;
	struct eth *eth;

	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*m)))
		return 0;
	m = (void *)(long)ctx->data_meta;
	eth = (void *)(long)ctx->data;
	if ((void *)(m + 1) > (void *)eth || (void *)(eth + 1) > (void *)(long)ctx->data_end)
		return 0;
	weir_meta_fill(m, args.number, type_of(eth));
	return 1;
}

// Takes the block away, so that nobody takes its bytes for one.
static __always_inline void end(struct xdp_md *ctx)
{
	struct weir_meta *m = (void *)(long)ctx->data_meta;

	if ((void *)(m + 1) <= (void *)(long)ctx->data)
		m->magic = 0;
	bpf_xdp_adjust_meta(ctx, sizeof(*m));
}

SEC("xdp")
int weir_entry(struct xdp_md *ctx)
{
	__u32 queue = ctx->rx_queue_index, hash;
	struct weir_entry_count *count = bpf_map_lookup_elem(&counts, &queue);
	__u64 bytes;

	if (!count)
		return XDP_PASS;
	if (args.has_secret && is_from_self(ctx)) {
		count->from_self++;
		return XDP_PASS;
	}
	bytes = ctx->data_end - ctx->data;
	if (has_front) {
		count->front++;
		count->front_bytes += bytes;
		if (has_room)
			bpf_tail_call(ctx, &front, 2 * args.number + 1);
		if (begin(ctx)) {
			has_room = 1;
			bpf_tail_call(ctx, &front, 2 * args.number);
			end(ctx);
		} else {
			count->no_meta++;
		}
		count->front--;
		count->front_bytes -= bytes;
	}
	count->rest++;
	count->rest_bytes += bytes;
	if (weir_to_socket(ctx, args.sorts, args.number, 0, true, &hash) == XDP_REDIRECT)
		return XDP_REDIRECT;
	count->passed++;
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
