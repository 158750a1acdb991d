// A network address translator: the fragment of Figure 8 of "Flexible Control of Parallelism in a
// Multiprocessor PC Router" (SMP Click, 2001), inserted into the IP router of configs/ip-router.click.
//
//	weir run configs/nat.click INSIDE=eth1 OUTSIDE=eth2 GW=192.0.2.1
//
// What the paper says of it: packets from inside hosts to external destinations come to an input of
// an IPRewriter, which gives them an address of the outside and a port from 1024 to 65535, and send
// them on from the output below; packets from the outside enter its other input before they are
// routed, get the address and port of the connection they belong to, and leave by the output from
// which they are routed. The IPRewriter is the figure's, with Click's words for its inputs; the
// router around it is weir's. The paper uses 32 IPRewriters, each with an address of its own, as one
// has no more ports for new connections than come free in a time; here a port serves as many
// connections as there are destinations, and one is enough.
//
// TCP and UDP are translated. configs/home-gateway.click has ping, traceroute and FTP too.

define($INSIDE eth1, $OUTSIDE eth2, $GW 0.0.0.0, $MTU 1500)

// An interface, as in configs/ip-router.click. Output 0: IP packets from the network, output 1:
// errors that arise on the way out.
elementclass Interface { $dev, $mtu |
	to :: ToDevice($dev);
	arpq :: ARPQuerier($dev);
	class :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);

	FromDevice($dev) -> class;
	class[0] -> ARPResponder($dev) -> to;
	class[1] -> replies :: Tee;
	replies[0] -> [1] arpq;
	replies[1] -> ToHost($dev);
	class[2] -> Strip(14)
		-> CheckIPHeader(INTERFACES $dev:ipnet)
		-> [0] output;
	class[3] -> Discard;

	input -> DropBroadcasts
		-> options :: IPGWOptions($dev)
		-> FixIPSrc($dev)
		-> ttl :: DecIPTTL
		-> fragment :: IPFragmenter($mtu)
		-> arpq
		-> to;
	arpq[1] -> to;
	options[1] -> ICMPError($dev, parameterproblem) -> [1] output;
	ttl[1] -> ICMPError($dev, timeexceeded) -> [1] output;
	fragment[1] -> ICMPError($dev, unreachable, needfrag, PMTU $mtu) -> [1] output;
}

inside :: Interface($INSIDE, $MTU);
outside :: Interface($OUTSIDE, $MTU);

// The figure: from the outside on the left, to the outside on the right. The next hop, which is in
// the annotation, is found before.
rw :: IPRewriter(pass 0, pattern $OUTSIDE:ip 1024-65535 - - 1 0, DST_ANNO false);

route :: StaticIPLookup($INSIDE:ip/32 0, $OUTSIDE:ip/32 0, 255.255.255.255/32 0,
			$INSIDE:ipnet 1, $OUTSIDE:ipnet 2, 0.0.0.0/0 $GW 2);

outside -> [0] rw;
rw[0] -> GetIPAddress(16) -> route;
inside, inside[1], outside[1] -> GetIPAddress(16) -> route;
route[0] -> EtherEncap(0x0800, $INSIDE:eth, $INSIDE:eth) -> ToHost($INSIDE);
route[1] -> inside;

// To external destinations: what comes from inside is translated, the router's own errors are not.
route[2] -> own :: IPClassifier(src host $OUTSIDE:ip, -);
own[0] -> outside;
own[1] -> [1] rw;
rw[1] -> outside;
