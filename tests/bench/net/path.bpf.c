// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)

// Under BPF_PROG_RUN, which gives a program the same buffer again and again: `around` writes the
// whole header anew, for the next destination, and goes on into the program to be measured; `bare`
// does the same without going on. The difference is what the measured program costs.

#include "path.h"

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

enum { TTL = 64, PORT = 7777 };

struct path_config config;
__u32 destinations[PATH_DESTINATIONS]; // wire order
__u32 turn;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} measured SEC(".maps");

struct frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
} __attribute__((packed, aligned(2)));

// Whatever was in front of the packet goes, as a driver gives it without.
static __always_inline int reset_meta(struct xdp_md *ctx)
{
	long n = (void *)(long)ctx->data - (void *)(long)ctx->data_meta;

	return n ? (int)bpf_xdp_adjust_meta(ctx, (int)n) : 0;
}

static __always_inline int fill(struct xdp_md *ctx)
{
	struct frame *f;
	__u32 sum = 0;
	const __u16 *w;

	if (reset_meta(ctx))
		return -1;
	f = (void *)(long)ctx->data;
	if ((void *)(f + 1) > (void *)(long)ctx->data_end)
		return -1;
	__builtin_memcpy(f->eth.h_dest, config.dst_mac, ETH_ALEN);
	__builtin_memcpy(f->eth.h_source, config.src_mac, ETH_ALEN);
	f->eth.h_proto = bpf_htons(ETH_P_IP);
	f->ip = (struct iphdr){
		.version = 4,
		.ihl = 5,
		.tot_len = bpf_htons(PATH_LEN - sizeof(f->eth)),
		.ttl = TTL,
		.protocol = IPPROTO_UDP,
		.saddr = config.src,
		.daddr = destinations[turn++ & config.mask & (PATH_DESTINATIONS - 1)]};
	w = (const void *)&f->ip;
	for (unsigned i = 0; i < sizeof(f->ip) / 2; i++)
		sum += w[i];
	sum = (sum & 0xffff) + (sum >> 16);
	f->ip.check = ~(sum + (sum >> 16));
	f->udp.source = bpf_htons(1024);
	f->udp.dest = bpf_htons(PORT);
	f->udp.len = bpf_htons(PATH_LEN - sizeof(f->eth) - sizeof(f->ip));
	f->udp.check = 0;
	return 0;
}

SEC("xdp") int around(struct xdp_md *ctx)
{
	if (fill(ctx))
		return XDP_ABORTED;
	bpf_tail_call_static(ctx, &measured, 0);
	return XDP_ABORTED;
}

SEC("xdp") int bare(struct xdp_md *ctx)
{
	return fill(ctx) ? XDP_ABORTED : XDP_DROP;
}

SEC("xdp") int empty(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
