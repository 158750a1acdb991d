#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# NAT44 beside the kernel's masquerade: the same random packets through both, which have to do the same with
# them. nat_kernel sends and compares, and says what is not sent.
#
#	a -- r (weir) -- b		ka -- kr (kernel) -- kb
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
compare=$(realpath "$(dirname "$0")/nat_kernel")

mac() { # NAMESPACE INTERFACE
	ip -n "$tag-$1" -br link show "$2" | awk '{ print $3 }'
}

kernel() {
	local t
	ip -n "$tag-kr" addr add 10.0.1.1/24 dev va
	ip -n "$tag-kr" addr add 198.51.100.1/24 dev vb
	ip -n "$tag-kr" route add default via 198.51.100.2
	ip -n "$tag-kr" neigh add 198.51.100.2 lladdr "$(mac kb b0)" dev vb
	for t in 10.0.1.{2..9}; do
		ip -n "$tag-kr" neigh add "$t" lladdr "$(mac ka a0)" dev va
	done
	on kr sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.va.rp_filter=0 \
		net.ipv4.conf.vb.rp_filter=0
	on kr nft -f - <<-'NFT'
		table ip nat {
			chain post { type nat hook postrouting priority srcnat; oifname "vb" masquerade; }
		}
		table ip filter {
			chain in { type filter hook input priority 0; policy drop; }
			chain forward { type filter hook forward priority 0; ct state invalid drop; }
		}
	NFT
	# only SYN begins a connection, no window is looked at, and nothing ends while the test runs
	on kr sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0 net.netfilter.nf_conntrack_tcp_be_liberal=1
	for t in tcp_timeout_{close,close_wait,fin_wait,last_ack,syn_recv,syn_sent,time_wait} \
		udp_timeout udp_timeout_stream icmp_timeout; do
		on kr sysctl -qw "net.netfilter.nf_conntrack_$t=600"
	done
}

graph() {
	cat <<-GRAPH
		nat :: NAT44(POOL 198.51.100.1, INSIDE 10.0.1.0/24, FILTERING ADDRESS_AND_PORT_DEPENDENT);
		FromDevice(va) -> inside :: Classifier(12/0800, -) -> Strip(14) -> CheckIPHeader -> out :: DecIPTTL -> nat;
		FromDevice(vb) -> outside :: Classifier(12/0800, -) -> Strip(14) -> CheckIPHeader -> in :: DecIPTTL
			-> [1] nat;
		inside[1], outside[1], out[1], in[1] -> Discard;
		nat -> EtherEncap(0x0800, $(mac r vb), $(mac b b0)) -> ToDevice(vb);
		nat[1] -> EtherEncap(0x0800, $(mac r va), $(mac a a0)) -> ToDevice(va);
		nat[unmapped], nat[excluded], nat[foreign], nat[other], nat[prohibited], nat[refused] -> Discard;
	GRAPH
}

same() { # STEPS
	timeout 60 "$compare" "$tag" "$1" "$RANDOM" "$(mac r va)" "$(mac r vb)" "$(mac kr va)" "$(mac kr vb)" \
		>"$scratch/said" 2>&1 || because "$(tail -n 3 "$scratch/said" | tr '\n' ' ')"
}

namespaces a r b ka kr kb
for k in '' k; do
	wire "${k}a" a0 "${k}r" va
	wire "${k}b" b0 "${k}r" vb
	on "${k}a" ethtool -K a0 gro on
	on "${k}b" ethtool -K b0 gro on
done
kernel
expect "starts" run < <(graph)
expect "does as the kernel does" same 300
expect "no packet is missing" balances
expect "ends" stop
expect "starts in userspace, with two workers" run --no-driver -j 2 < <(graph)
expect "does as the kernel does there" same 300
expect "no packet is missing there" balances
expect "ends there" stop
finish
