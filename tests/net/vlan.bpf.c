// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)

// The hosts of the VLAN tests have no VLAN devices: at the end of their interface these programs
// put tags on what goes out (as a VLAN device does, beside the packet where the interface offers
// that) and let in what has just those.

#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

#include <abi/hdr.h>
#include <stdbool.h>

enum { ID = 0xfff };

static __always_inline int push(struct __sk_buff *skb, __u16 type, __u16 tci)
{
	return bpf_skb_vlan_push(skb, wr16(type).be, tci) ? TC_ACT_SHOT : TC_ACT_OK;
}

// Takes the outermost tag off; false: there is none of that type and VLAN.
static __always_inline bool pop(struct __sk_buff *skb, __u16 type, __u16 id)
{
	return skb->vlan_present && skb->vlan_proto == wr16(type).be &&
	       (skb->vlan_tci & ID) == id && !bpf_skb_vlan_pop(skb);
}

SEC("out10") int out10_tc(struct __sk_buff *skb)
{
	return push(skb, ETHERTYPE_VLAN, 10);
}

SEC("in10") int in10_tc(struct __sk_buff *skb)
{
	return pop(skb, ETHERTYPE_VLAN, 10) ? TC_ACT_OK : TC_ACT_SHOT;
}

SEC("out20") int out20_tc(struct __sk_buff *skb)
{
	return push(skb, ETHERTYPE_VLAN, 20 | 5 << 13);
}

SEC("in20") int in20_tc(struct __sk_buff *skb)
{
	return pop(skb, ETHERTYPE_VLAN, 20) ? TC_ACT_OK : TC_ACT_SHOT;
}

SEC("outq7") int outq7_tc(struct __sk_buff *skb)
{
	return push(skb, ETHERTYPE_VLAN, 7) == TC_ACT_OK ? push(skb, ETHERTYPE_QINQ, 100)
							 : TC_ACT_SHOT;
}

SEC("inq7") int inq7_tc(struct __sk_buff *skb)
{
	return pop(skb, ETHERTYPE_QINQ, 100) && pop(skb, ETHERTYPE_VLAN, 7) ? TC_ACT_OK
									    : TC_ACT_SHOT;
}

char weir_license[] SEC("license") = "Dual BSD/GPL";
