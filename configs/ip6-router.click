// The IPv6 router for two interfaces, as ip-router.click is for IPv4.
//
//	weir run configs/ip6-router.click IF0=eth1 IF1=eth2
//
// It routes between the networks of its two interfaces, solicits and advertises neighbours, sends
// the errors of ICMPv6, and gives what is addressed to itself, and multicast, to the host. The
// addresses are those that the host has configured on the interfaces.

define($IF0 eth1, $IF1 eth2, $MTU0 1500, $MTU1 1500)

// One interface. What comes from the network leaves by `in` (IPv6 packets, Ethernet header stripped)
// and is routed; what the router sends into this network enters by input 0 with its next hop in the
// destination annotation. What came by this interface for the router itself enters by input 1. ICMPv6
// errors that arise on the way out leave by `errors`.
elementclass Interface { $dev, $paint, $mtu |
	from :: FromDevice($dev);
	to :: ToDevice($dev);
	host :: ToHost($dev);
	nd :: IP6NDSolicitor($dev);
	class :: Classifier(12/86dd, -);

	from -> class;
	class[0] -> Paint($paint)
		-> Strip(14)
		-> CheckIP6Header
		-> [0] output;
	class[1] -> Discard;

	input[0] -> DropBroadcasts
		-> redirect :: PaintTee($paint)
		-> options :: IP6GWOptions
		-> hlim :: DecIP6HLIM
		-> fragment :: IP6Fragmenter($mtu)
		-> [0] nd
		-> to;

	// to a host of this link, and believed only if no router has touched its hop limit
	redirect[1] -> ICMP6Error($dev:ip6ll, redirect, LINK $dev:ip6net) -> [0] nd;
	options[option] -> ICMP6Error($dev, parameterproblem, option) -> [1] output;
	options[routing] -> ICMP6Error($dev, parameterproblem, header) -> [1] output;
	options[scope] -> Discard;		// of which link it is nobody could be told
	hlim[1] -> ICMP6Error($dev, timeexceeded) -> [1] output;
	fragment[1] -> ICMP6Error($dev, toobig, PMTU $mtu) -> [1] output;

	input[1] -> own :: IP6Classifier(icmp6 type neighborsolicit,
					 icmp6 type neighboradvert,
					 -);
	own[0] -> Unstrip(14) -> answer :: IP6NDAdvertiser($dev) -> to;
	answer[other] -> host;			// the host's other addresses
	own[1] -> Unstrip(14) -> replies :: Tee;
	replies[0] -> [1] nd;
	replies[1] -> host;			// the host asks for itself
	own[2] -> EtherEncap(0x86dd, $dev:eth, $dev:eth) -> host;
}

if0 :: Interface($IF0, 0, $MTU0);
if1 :: Interface($IF1, 1, $MTU1);

route :: LookupIP6Route($IF0:ip6/128 0,
			$IF1:ip6/128 0,
			ff00::/8 0,
			fe80::/10 0,
			$IF0:ip6net 1,
			$IF1:ip6net 2,
			::/0 3);

if0, if1 -> route;
if0[1], if1[1] -> route;

route[0] -> came :: PaintSwitch;
came[0] -> [1] if0;
came[1] -> [1] if1;
route[1] -> if0;
route[2] -> if1;
route[3] -> ICMP6Error($IF0, unreachable, noroute) -> route;
