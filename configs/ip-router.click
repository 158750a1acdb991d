// The standard IP router of Click (Kohler et al. 2000, figure 8), for two interfaces.
//
//	weir run configs/ip-router.click IF0=eth1 IF1=eth2
//
// It routes between the networks of its two interfaces, answers and asks ARP, sends the ICMP errors
// of RFC 1812, fragments what is too long, and gives what is addressed to itself to the host. The
// addresses are those that the host has configured on the interfaces.

define($IF0 eth1, $IF1 eth2, $MTU0 1500, $MTU1 1500)

// One interface. What comes from the network leaves by `in` (IP packets, Ethernet header stripped)
// and is routed; what the router sends into this network enters by input 0 with its next hop in the
// destination annotation. ICMP errors that arise on the way out leave by `errors`.
elementclass Interface { $dev, $paint, $mtu |
	from :: FromDevice($dev);
	to :: ToDevice($dev);
	arpq :: ARPQuerier($dev);
	class :: Classifier(12/0806 20/0001,	// ARP requests
			    12/0806 20/0002,	// ARP replies
			    12/0800,		// IP
			    -);

	from -> class;
	class[0] -> ARPResponder($dev) -> to;
	class[1] -> replies :: Tee;
	replies[0] -> [1] arpq;
	replies[1] -> ToHost($dev);		// the host asks for itself
	class[2] -> Paint($paint)
		-> Strip(14)
		-> CheckIPHeader(INTERFACES $dev:ipnet)
		-> [0] output;
	class[3] -> Discard;

	input -> DropBroadcasts
		-> redirect :: PaintTee($paint)
		-> options :: IPGWOptions($dev)
		-> FixIPSrc($dev)
		-> ttl :: DecIPTTL
		-> fragment :: IPFragmenter($mtu)
		-> arpq
		-> to;
	arpq[1] -> to;

	redirect[1] -> ICMPError($dev, redirect, host, LINK $dev:ipnet) -> [1] output;
	options[1] -> ICMPError($dev, parameterproblem) -> [1] output;
	ttl[1] -> ICMPError($dev, timeexceeded) -> [1] output;
	fragment[1] -> ICMPError($dev, unreachable, needfrag, PMTU $mtu) -> [1] output;
}

if0 :: Interface($IF0, 1, $MTU0);
if1 :: Interface($IF1, 2, $MTU1);

route :: StaticIPLookup($IF0:ip/32 0,
			$IF1:ip/32 0,
			255.255.255.255/32 0,
			$IF0:ipnet 1,
			$IF1:ipnet 2,
			0.0.0.0/0 3);

if0, if1 -> GetIPAddress(16) -> route;
if0[1], if1[1] -> route;

route[0] -> EtherEncap(0x0800, $IF0:eth, $IF0:eth) -> ToHost($IF0);
route[1] -> if0;
route[2] -> if1;
route[3] -> ICMPError($IF0, unreachable, net) -> route;
