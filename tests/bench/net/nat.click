// Address translation between two interfaces, of what is behind the first one.
define($IF0 eth1, $IF1 eth2)

elementclass Side { $dev |
	from :: FromDevice($dev, PROMISC false);
	to :: ToDevice($dev);
	arpq :: ARPQuerier($dev);
	class :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);

	from -> class;
	class[0] -> ARPResponder($dev) -> to;
	class[1] -> [1] arpq;
	class[2] -> Strip(14) -> CheckIPHeader(INTERFACES $dev:ipnet) -> output;
	class[3] -> Discard;
	input -> GetIPAddress(16) -> DecIPTTL -> arpq -> to;
}

inside :: Side($IF0);
outside :: Side($IF1);
nat :: NAT44(POOL $IF1:ip, INSIDE $IF0:ipnet);

inside -> [0] nat [0] -> outside;
outside -> [1] nat [1] -> inside;
