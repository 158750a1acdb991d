// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)

// On the ingress of a tap that only weir writes to: each packet goes on as if the interface had
// just received it.

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

const volatile __u32 target; // ifindex

SEC("tc")
int weir_to_host(struct __sk_buff *skb)
{
	(void)skb;
	return (int)bpf_redirect(target, BPF_F_INGRESS);
}

char _license[] SEC("license") = "Dual BSD/GPL";
