// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// IP6NDSolicitor in the driver: input 0, for neighbours that are known. Userspace does the rest, as
// for ARPQuerier.
#include "neighbor6.bpf.h"

struct ip6_nd_solicitor {
	__u8 eth[6];
};

static inline unsigned ip6_nd_solicitor(const struct ip6_nd_solicitor *self, struct packet *p)
{
	struct neighbor_key k;
	struct eth *eth;
	__u64 dst;

	weir_dst_ip6(p, &k);
	if (!neighbor6_known(&k, &dst))
		dst = neighbor6_group(&k);
	if (!dst)
		return WEIR_HANDOVER;
	eth = weir_push_front(p, sizeof(*eth));
	if (!eth)
		return WEIR_HANDOVER;
	weir_set_mac(p);
	memcpy(eth->dst, &dst, sizeof(eth->dst));
	memcpy(eth->src, self->eth, sizeof(eth->src));
	eth->type = wr16(ETHERTYPE_IP6);
	return 0;
}

WEIR_DRIVER_ELEMENT(ip6_nd_solicitor);
