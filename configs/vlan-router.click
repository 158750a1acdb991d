// A router on a stick: one trunk with two VLANs (IEEE 802.1Q) and a network behind two tags (QinQ,
// IEEE 802.1ad), and the router between them.
//
//	weir run configs/vlan-router.click IF=eth1
//
// The addresses of the router are those below; the host need not have any of them, nor VLAN devices.
// The trunk's interface leaves tags in the packets while this runs.

define($IF eth1, $MTU 1500, $MTU2 1496)

AddressInfo(v10 10.0.10.1/24 $IF:eth,
	    v20 10.0.20.1/24 $IF:eth,
	    q7 10.0.7.1/24 $IF:eth);

// A sub-interface: the frames of one network, without tags, at input and output 0. What the router
// sends into this network enters by input 1 with its next hop in the destination annotation; IP
// packets to be routed leave by output 1, ICMP errors that arise on the way out by output 2.
elementclass SubInterface { $net, $paint, $mtu |
	class :: Classifier(12/0806 20/0001,	// ARP requests
			    12/0806 20/0002,	// ARP replies
			    12/0800,		// IP
			    -);
	arpq :: ARPQuerier($net);

	input[0] -> class;
	class[0] -> ARPResponder($net) -> [0] output;
	class[1] -> [1] arpq;
	class[2] -> Paint($paint)
		-> Strip(14)
		-> CheckIPHeader(INTERFACES $net:ipnet)
		-> [1] output;
	class[3] -> Discard;

	input[1] -> DropBroadcasts
		-> redirect :: PaintTee($paint)
		-> options :: IPGWOptions($net)
		-> FixIPSrc($net)
		-> ttl :: DecIPTTL
		-> fragment :: IPFragmenter($mtu)
		-> arpq
		-> [0] output;
	arpq[1] -> [0] output;

	redirect[1] -> ICMPError($net, redirect, host, LINK $net:ipnet) -> [2] output;
	options[1] -> ICMPError($net, parameterproblem) -> [2] output;
	ttl[1] -> ICMPError($net, timeexceeded) -> [2] output;
	fragment[1] -> ICMPError($net, unreachable, needfrag, PMTU $mtu) -> [2] output;
}

if10 :: SubInterface(v10, 1, $MTU);
if20 :: SubInterface(v20, 2, $MTU);
ifq7 :: SubInterface(q7, 3, $MTU2);	// the second tag takes its four bytes from the MTU

from :: FromDevice($IF, PROMISC true);	// else many cards filter VLANs that the host does not have
to :: ToDevice($IF);
tags :: Classifier(12/8100 14/000a%0fff,			// VLAN 10
		   12/8100 14/0014%0fff,			// VLAN 20
		   12/88a8 14/0064%0fff 16/8100 18/0007%0fff,	// VLAN 7 in 100
		   -);

from -> mine :: HostEtherFilter($IF:eth) -> tags;
tags[0] -> VLANDecap -> if10;
tags[1] -> VLANDecap -> if20;
tags[2] -> VLANDecap(ETHERTYPE 0x88a8) -> VLANDecap -> ifq7;
tags[3] -> others :: Counter -> Discard;

if10 -> VLANEncap(VLAN_ID 10) -> to;
if20 -> VLANEncap(VLAN_ID 20) -> to;
ifq7 -> VLANEncap(VLAN_ID 7) -> VLANEncap(VLAN_ID 100, ETHERTYPE 0x88a8) -> to;

route :: StaticIPLookup(v10:ip/32 0,
			v20:ip/32 0,
			q7:ip/32 0,
			v10:ipnet 1,
			v20:ipnet 2,
			q7:ipnet 3,
			0.0.0.0/0 4);

if10[1], if20[1], ifq7[1] -> GetIPAddress(16) -> route;
if10[2], if20[2], ifq7[2] -> route;

route[0] -> ping :: ICMPPingResponder -> route;
ping[1] -> ICMPError(v10, unreachable, port) -> route;
route[1] -> [1] if10;
route[2] -> [1] if20;
route[3] -> [1] ifq7;
route[4] -> ICMPError(v10, unreachable, net) -> route;
