// A firewall without memory in a line between two networks: frames go from one interface to the other
// as they are, if the rules let them. Neither side needs to know; the interfaces need no address.
//
//	weir run configs/firewall.click INSIDE=eth1 OUTSIDE=eth2
//
// From inside everything may go out but forged addresses. From outside may come: answers of TCP, DNS
// answers, ICMP, and new connections to the web server. ARP passes. All else is lost under a name
// that `weir stats` shows: ingress.denied, egress.denied, from_outside/kind.unmatched, ...

define($INSIDE eth1, $OUTSIDE eth2, $NET 10.0.1.0/24, $WEB 10.0.1.80)

// Frames of one direction: sound IP packets leave by output 0, ARP by 1.
elementclass Sort {
	input -> kind :: Classifier(12/0800, 12/0806)
	      -> ip :: CheckIPHeader(14)
	      -> [0] output;
	kind[1] -> [1] output;
}

in :: FromDevice($INSIDE, PROMISC true) -> from_inside :: Sort;
out :: FromDevice($OUTSIDE, PROMISC true) -> from_outside :: Sort;
to_inside :: ToDevice($INSIDE);
to_outside :: ToDevice($OUTSIDE);

egress :: IPFilter(allow src net $NET, deny all);

ingress :: IPFilter(
	deny src net $NET,				// nobody outside has our addresses
	deny ip frag && ip proto tcp,			// later fragments have no ports to look at
	allow icmp,
	allow dst host $WEB && tcp dst port 80 or 443,
	allow dst net $NET && tcp opt ack,		// an answer, or at least no first packet
	allow dst net $NET && udp src port 53,
	deny all);

from_inside[0] -> egress -> to_outside;
from_inside[1] -> to_outside;
from_outside[0] -> ingress -> to_inside;
from_outside[1] -> to_inside;
