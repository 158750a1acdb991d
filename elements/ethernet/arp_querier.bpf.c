// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// ARPQuerier in the driver: input 0, for neighbours that are known. Userspace does the rest: it
// asks, also when it is time to ask again, keeps packets that wait, and forgets. Without a process
// neighbours stay known, as nobody could ask for them again.
#include <weir/clock.h>
#include <weir/element.h>

#include "neighbor_front.h"

struct arp_querier {
	be32 ip, broadcast; // ip 0: none is known, so nothing can leave
	__u8 eth[6];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, NEIGHBOR_PLACES4);
	__type(key, __u32);
	__type(value, struct neighbor4);
} neighbors SEC(".maps");

// An Ethernet address in the lower 48 bits, as it lies in memory; 0: userspace is to look.
static inline __u64 known(be32 ip)
{
	__u32 hash = neighbor4_hash(ip), place = neighbor4_place(hash);
	const struct neighbor4 *e = bpf_map_lookup_elem(&neighbors, &place);
	__u64 who;

	if (!e)
		return 0;
	who = WEIR_READ_ONCE(e->who);
	if (who >> 48 != neighbor4_tag(hash) >> 48 || WEIR_READ_ONCE(e->until) <= weir_clock())
		return 0;
	return who;
}

// RFC 1112 6.4 for multicast; 0: for one host.
static inline __u64 for_many(const struct arp_querier *self, be32 ip)
{
	__u32 a = rd32(ip);

	if (a == 0xffffffff || ip.be == self->broadcast.be)
		return 0xffffffffffff;
	if (a >> 28 != 14)
		return 0;
	return 0x5e0001 | (__u64)(ip.be & 0xffff7f00) << 16;
}

static inline unsigned arp_querier(const struct arp_querier *self, struct packet *p)
{
	be32 ip = weir_dst_ip(p);
	struct eth *eth;
	__u64 dst;

	if (!self->ip.be || !ip.be)
		return WEIR_HANDOVER;
	dst = known(ip);
	if (WEIR_UNLIKELY(!dst))
		dst = for_many(self, ip);
	if (!dst)
		return WEIR_HANDOVER;
	eth = weir_push_front(p, sizeof(*eth));
	if (!eth)
		return WEIR_HANDOVER;
	weir_set_mac(p);
	memcpy(eth->dst, &dst, sizeof(eth->dst));
	memcpy(eth->src, self->eth, sizeof(eth->src));
	eth->type = wr16(ETHERTYPE_IP4);
	return 0;
}

WEIR_DRIVER_ELEMENT(arp_querier);
