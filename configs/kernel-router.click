// A router for what the kernel routes, as `weir init' writes it. Routes, addresses and
// neighbours are the kernel's: use `ip', FRR or BIRD as if weir were not there. Packets that
// weir cannot decide on are left to the kernel on the interface they came by.
// docs/kernel-router.md says more.

define($IF0 eth1, $MTU0 1500,
       $IF1 eth2, $MTU1 1500)

// Follows the kernel. The order is that of the outputs below.
k :: KernelRoutes($IF0, $IF1);

// An interface. Inputs: IPv4 packets that it is to send, with their next hop in the
// annotation, IPv6 packets. Outputs: IPv4 packets for each interface, IPv6 packets for
// each, ICMP errors about IPv4 packets, about IPv6 packets.
elementclass Interface { $dev, $color, $mtu |
	to :: ToDevice($dev);
	host :: ToHost($dev);
	near :: KernelNeighbors(k, $dev);

	FromDevice($dev) -> own :: HostEtherFilter($dev) -> class :: Classifier(
		0/01%01,			// broadcast, multicast: ARP, ND, OSPF, ...
		12/0800 14/45 26/00,	// IPv4 from 0.0.0.0/8: DHCP
		12/0800 14/45 26/7f,	// from 127.0.0.0/8
		12/0800 14/45 26/e0%e0,	// from 224.0.0.0/3
		12/0800 14/45 30/e0%e0,	// to 224.0.0.0/3
		12/86dd 20/00,		// IPv6 with hop-by-hop options
		12/86dd 22/fe80%ffc0,	// from a link-local address
		12/86dd 38/fe80%ffc0,	// to one
		12/0800 14/45,		// other IPv4 without options
		12/86dd,			// other IPv6
		-);				// ARP replies, IS-IS, LLDP, ...
	own[1], class[0], class[1], class[2], class[3], class[4], class[5], class[6], class[7],
		class[10] -> host;

	// Packets with unsound headers are lost as check4.bad and check6.bad, those
	// of blackhole routes as rt4.blackhole and rt6.blackhole.
	class[8] -> Paint($color) -> Strip(14) -> check4 :: CheckIPHeader
		-> rt4 :: KernelIPLookup(k, IIF $dev);
	class[9] -> Paint($color) -> Strip(14) -> check6 :: CheckIP6Header
		-> rt6 :: KernelIP6Lookup(k, IIF $dev);
	rt4[host], rt6[host] -> Unstrip(14) -> host;
	rt4[5] -> [0] output;
	rt6[5] -> [2] output;
	rt4[6] -> [1] output;
	rt6[6] -> [3] output;
	rt4[no_route] -> ICMPError(TYPE unreachable, CODE net, KERNEL k) -> [4] output;
	rt4[unreachable] -> ICMPError(TYPE unreachable, CODE host, KERNEL k) -> [4] output;
	rt4[prohibit] -> ICMPError(TYPE unreachable, CODE 13, KERNEL k) -> [4] output;
	rt6[no_route] -> ICMP6Error(TYPE unreachable, CODE noroute, KERNEL k) -> [5] output;
	rt6[unreachable] -> ICMP6Error(TYPE unreachable, CODE address, KERNEL k) -> [5] output;
	rt6[prohibit] -> ICMP6Error(TYPE unreachable, CODE prohibited, KERNEL k) -> [5] output;

	// What goes out by the interface it came by gets a redirect.
	input[0] -> redirect4 :: PaintTee($color) -> ttl :: DecIPTTL
		-> fragment :: IPFragmenter($mtu) -> [0] near;
	input[1] -> redirect6 :: PaintTee($color) -> hlim :: DecIP6HLIM
		-> size :: CheckLength($mtu) -> [1] near;
	redirect4[1] -> ICMPError(TYPE redirect, CODE host, KERNEL k) -> [4] output;
	ttl[1] -> ICMPError(TYPE timeexceeded, CODE transit, KERNEL k) -> [4] output;
	fragment[1] -> ICMPError(TYPE unreachable, CODE needfrag, PMTU $mtu, KERNEL k) -> [4] output;
	near[failed] -> failed :: Classifier(0/40%f0, 0/60%f0);
	failed[0] -> ICMPError(TYPE unreachable, CODE host, KERNEL k) -> [4] output;
	hlim[1] -> ICMP6Error(TYPE timeexceeded, CODE transit, KERNEL k) -> [5] output;
	size[1] -> ICMP6Error(TYPE toobig, PMTU $mtu, KERNEL k) -> [5] output;
	failed[1] -> ICMP6Error(TYPE unreachable, CODE address, KERNEL k) -> [5] output;
	// to a host of this link, and believed only if no router has touched its hop limit
	redirect6[1] -> ICMP6Error($dev:ip6ll, redirect, KERNEL k) -> [1] near;
	near[0] -> to;
}

if0 :: Interface($IF0, 1, $MTU0);
if1 :: Interface($IF1, 2, $MTU1);

// ICMP errors are weir's own packets, so they go as the kernel's own would.
own4_0 :: KernelIPLookup(k);
own6_0 :: KernelIP6Lookup(k);
if0[4], if1[4] -> own4_0;
if0[5], if1[5] -> own6_0;

if0[0], if1[0], own4_0[5] -> [0] if0;
if0[2], if1[2], own6_0[5] -> [1] if0;
if0[1], if1[1], own4_0[6] -> [0] if1;
if0[3], if1[3], own6_0[6] -> [1] if1;
