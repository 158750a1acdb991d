#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Routing daemons as their users run them, on interfaces that weir has taken: BIRD announces a table
# to FRR by BGP in both families, and FRR and BIRD speak OSPF over two links. Links fail with and
# without a sign, daemons end and come back; after each, weir's tables are the kernel's, and traffic
# follows.
set -u
# shellcheck source=tests/net/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/net/weir.sh
. "$(dirname "$0")/weir.sh"
# shellcheck source=tests/net/peers.sh
. "$(dirname "$0")/peers.sh"
# shellcheck source=tests/net/kernel.sh
. "$(dirname "$0")/kernel.sh"

shorter() { # MS: both gaps
	[ -n "$gap4" ] && [ -n "$gap6" ] && ((gap4 <= $1 && gap6 <= $1)) || because "gaps of $gap4 and $gap6 ms"
}


net
expect "weir starts on the interfaces as they are" weir_routes
router=$pid
expect "BIRD of a starts" bird_a
expect "BIRD of b starts" bird_b
expect "FRR starts" frr_r
expect "sessions come up across weir, and the table arrives" within 60 converged vb
expect "weir has the kernel's table" soon same_tables
expect "a reaches what OSPF told of" soon reaches

outage 10 cut
expect "the traffic follows a link that goes down" shorter 3000
expect "OSPF went over to the other link" within 5 converged vc
expect "weir has the kernel's table without the link" soon same_tables
mend
expect "OSPF comes back" within 20 converged vb
expect "weir has the kernel's table with the link" soon same_tables
expect "a reaches b again" reaches

outage 15 mute
expect "the traffic follows a link that goes mute" shorter 9000
expect "OSPF went over after its dead interval" within 10 converged vc
expect "weir has the kernel's table beside the mute link" soon same_tables
unmute
expect "OSPF hears the link again" within 20 converged vb

stop_frr bgpd
expect "BGP's routes go with bgpd" within 30 has_routes 4 bgp 0
expect "weir has the kernel's table without bgpd" soon same_tables
start_frr r bgpd
expect "BGP comes back" within 60 converged vb
expect "weir has the kernel's table with bgpd" soon same_tables

for d in zebra ospf6d ospfd bgpd; do stop_frr "$d"; done # zebra first: it would take the routes of the others away
expect "weir forwards while no daemon runs" reaches
for d in zebra ospfd ospf6d bgpd; do start_frr r "$d"; done
expect "FRR comes back" within 60 converged vb
expect "weir has the kernel's table after FRR came back" soon same_tables
expect "a reaches b after FRR came back" reaches

pid=$router
expect "the ledger balances" soon balances
expect "ends" stop
finish
