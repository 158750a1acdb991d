// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)

// What a router in the driver is measured against: losing the packet at once, sending it on as it
// is, and forwarding by the kernel's own tables.

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

enum { FAMILY_IP4 = 2, PORTS = 64, FRAGMENT = 0x3fff, PLAIN_HEADER = 5 };

// Interfaces by ifindex & (PORTS - 1); `redirect` sends to the only one that is not its own.
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, PORTS);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

const volatile __u32 out;

SEC("xdp") int drop(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_DROP;
}

SEC("xdp") int redirect(struct xdp_md *ctx)
{
	(void)ctx;
	return bpf_redirect_map(&ports, out & (PORTS - 1), XDP_PASS);
}

// The sum grows by what the TTL shrinks by (RFC 1624); the carry is folded once.
static __always_inline void decrement_ttl(struct iphdr *ip)
{
	__u32 sum = ip->check + bpf_htons(0x0100);

	ip->check = (__u16)(sum + (sum >= 0xffff));
	ip->ttl--;
}

SEC("xdp") int fib(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);
	struct bpf_fib_lookup ask = {.family = FAMILY_IP4, .ifindex = ctx->ingress_ifindex};

	if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	if (ip->ihl != PLAIN_HEADER || ip->ttl <= 1 || ip->frag_off & bpf_htons(FRAGMENT))
		return XDP_PASS;
	ask.tos = ip->tos;
	ask.l4_protocol = ip->protocol;
	ask.tot_len = bpf_ntohs(ip->tot_len);
	ask.ipv4_src = ip->saddr;
	ask.ipv4_dst = ip->daddr;
	if (bpf_fib_lookup(ctx, &ask, sizeof(ask), 0) != BPF_FIB_LKUP_RET_SUCCESS)
		return XDP_PASS;
	decrement_ttl(ip);
	__builtin_memcpy(eth->h_dest, ask.dmac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, ask.smac, ETH_ALEN);
	return bpf_redirect_map(&ports, ask.ifindex & (PORTS - 1), XDP_PASS);
}

char _license[] SEC("license") = "Dual BSD/GPL";
