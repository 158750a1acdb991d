// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)

// The program that weir attaches to an interface: hands each packet to the AF_XDP socket of the
// queue it came from. A queue without a socket leaves its packets to the host.

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include <abi/entry.h>

// Both get one entry per RX queue before they are loaded.
struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} xsks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct weir_entry_count);
} counts SEC(".maps");

// In generic mode, what weir sends up to the host comes by here again. It then carries these bytes
// behind its end, which nobody else can know; they are taken off.
const volatile struct weir_secret secret;
const volatile __u8 has_secret;

static __always_inline int is_from_self(struct xdp_md *ctx)
{
	__u32 len = ctx->data_end - ctx->data;
	struct weir_secret end;

	if (len < sizeof(end) + 14 || bpf_xdp_load_bytes(ctx, len - sizeof(end), &end, sizeof(end)))
		return 0;
	if (end.a != secret.a || end.b != secret.b)
		return 0;
	return !bpf_xdp_adjust_tail(ctx, -(int)sizeof(end));
}

SEC("xdp")
int weir_entry(struct xdp_md *ctx)
{
	__u32 queue = ctx->rx_queue_index;
	struct weir_entry_count *count = bpf_map_lookup_elem(&counts, &queue);
	long verdict;

	if (has_secret && is_from_self(ctx)) {
		if (count)
			count->from_self++;
		return XDP_PASS;
	}
	verdict = bpf_redirect_map(&xsks, queue, XDP_PASS);
	if (count) {
		count->seen++;
		count->bytes += ctx->data_end - ctx->data;
		if (verdict == XDP_PASS)
			count->passed++;
	}
	return (int)verdict;
}

char _license[] SEC("license") = "Dual BSD/GPL";
