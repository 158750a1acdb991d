// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// KernelNeighbors in the driver: neighbours that are known, of both families. Userspace does the
// rest: it has the kernel find others out, keeps packets that wait, and hears of changes.
#include "neighbor6.bpf.h"

struct kernel_neighbors {
};

// Our Ethernet address in the lower 48 bits, as it lies in memory.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} source SEC(".maps");

// The address of the next hop, and what it says of the packet; 0: userspace is to look.
static inline enum ethertype next_hop(struct packet *p, struct neighbor_key *k)
{
	const __u8 *first = weir_at(p, 0, 1);

	if (!first)
		return 0;
	if (*first >> 4 == 4) {
		*k = neighbor_ip4(weir_dst_ip(p));
		return ETHERTYPE_IP4;
	}
	weir_dst_ip6(p, k);
	return *first >> 4 == 6 && !neighbor_is_ip4(*k) ? ETHERTYPE_IP6 : 0;
}

// RFC 1112 6.4; 0: it is no multicast.
static inline __u64 group4(be32 ip)
{
	return rd32(ip) >> 28 == 14 ? 0x5e0001 | (__u64)(ip.be & 0xffff7f00) << 16 : 0;
}

static inline __u64 ether_of(const struct neighbor_key *k, enum ethertype type)
{
	struct neighbor6 *x;
	__u64 dst;

	x = neighbor6_known(k, &dst);
	if (WEIR_UNLIKELY(!x))
		return type == ETHERTYPE_IP4 ? group4(neighbor_to_ip4(*k)) : neighbor6_group(k);
	if (WEIR_UNLIKELY(!WEIR_READ_ONCE(x->used)))
		*(volatile __u32 *)&x->used = 1;
	return dst;
}

static inline unsigned kernel_neighbors(const struct kernel_neighbors *, struct packet *p)
{
	struct neighbor_key k;
	enum ethertype type = next_hop(p, &k);
	const __u64 *ours;
	__u64 dst, src;
	__u32 zero = 0;
	struct eth *eth;

	if (!type)
		return WEIR_HANDOVER;
	dst = ether_of(&k, type);
	ours = bpf_map_lookup_elem(&source, &zero);
	if (!dst || !ours)
		return WEIR_HANDOVER;
	src = WEIR_READ_ONCE(*ours);
	eth = weir_push_front(p, sizeof(*eth));
	if (!eth)
		return WEIR_HANDOVER;
	weir_set_mac(p);
	memcpy(eth->dst, &dst, sizeof(eth->dst));
	memcpy(eth->src, &src, sizeof(eth->src));
	eth->type = wr16(type);
	return 0;
}

WEIR_DRIVER_ELEMENT(kernel_neighbors);
