// NAT64: hosts that have IPv6 alone reach IPv4 servers (RFC 6146).
//
//	weir run configs/nat64.click IF6=eth1 IF4=eth2 POOL=192.0.2.64 GW4=192.0.2.1
//
// Hosts are on the network of IF6 and have this router for PREFIX, in which the addresses of IPv4
// servers are embedded; a DNS64 gives them such addresses. POOL has the IPv4 addresses from which
// they are seen: they belong to the network of IF4, and the router answers ARP for them. What is not
// on that network goes to GW4. Either side's own addresses belong to the host.

define($IF6 eth1, $IF4 eth2, $PREFIX 64:ff9b::/96, $POOL 192.0.2.64, $GW4 192.0.2.1,
       $MTU6 1500, $MTU4 1500)

nat :: NAT64($PREFIX, $POOL, MTU6 $MTU6, MTU4 $MTU4);

// --- IPv6 ---
from6 :: FromDevice($IF6);
to6 :: ToDevice($IF6);
host6 :: ToHost($IF6);
nd :: IP6NDSolicitor($IF6);

from6 -> class6 :: Classifier(12/86dd, -);
class6[0] -> Strip(14)
	-> CheckIP6Header
	-> route6 :: LookupIP6Route($IF6:ip6/128 0,
				    ff00::/8 0,
				    fe80::/10 0,
				    $PREFIX 1,
				    ::/0 2);
class6[1] -> Discard;

route6[0] -> own6 :: IP6Classifier(icmp6 type neighborsolicit, icmp6 type neighboradvert, -);
own6[0] -> Unstrip(14) -> answer :: IP6NDAdvertiser($IF6) -> to6;
answer[other] -> host6;
own6[1] -> Unstrip(14) -> replies6 :: Tee;
replies6[0] -> [1] nd;
replies6[1] -> host6;
own6[2] -> EtherEncap(0x86dd, $IF6:eth, $IF6:eth) -> host6;

route6[1] -> hlim :: DecIP6HLIM -> [0] nat;
route6[2] -> ICMP6Error($IF6, unreachable, noroute) -> nd;
hlim[1] -> ICMP6Error($IF6, timeexceeded) -> nd;
nd -> to6;

nat[ip6] -> fragment6 :: IP6Fragmenter($MTU6) -> nd;
// to the server, by way of the translator
fragment6[1] -> ICMP6Error($IF6, toobig, PMTU $MTU6) -> [0] nat;

nat[other6] -> Discard;
nat[exhausted] -> ICMP6Error($IF6, unreachable, address) -> nd;
nat[protocol6] -> ICMP6Error($IF6, unreachable, port) -> nd;
nat[routing] -> ICMP6Error($IF6, parameterproblem, header) -> nd;

// --- IPv4 ---
from4 :: FromDevice($IF4);
to4 :: ToDevice($IF4);
host4 :: ToHost($IF4);
arpq :: ARPQuerier($IF4);

from4 -> class4 :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
class4[0] -> arp :: ARPResponder($IF4, $POOL $IF4:eth) -> to4;
arp[other] -> host4;
class4[1] -> replies4 :: Tee;
replies4[0] -> [1] arpq;
replies4[1] -> host4;
class4[2] -> Strip(14)
	-> CheckIPHeader(INTERFACES $IF4:ipnet)
	-> own4 :: IPClassifier(dst host $IF4, -);
class4[3] -> Discard;

own4[0] -> EtherEncap(0x0800, $IF4:eth, $IF4:eth) -> host4;
own4[1] -> ttl :: DecIPTTL -> [1] nat;
ttl[1] -> ICMPError($IF4, timeexceeded) -> route4 :: StaticIPLookup($IF4:ipnet 0, 0.0.0.0/0 $GW4 0);

nat[ip4] -> route4 -> fragment4 :: IPFragmenter($MTU4) -> arpq -> to4;
arpq[1] -> to4;
// to the host, by way of the translator
fragment4[1] -> ICMPError($IF4, unreachable, needfrag, PMTU $MTU4) -> [1] nat;

nat[other4] -> Discard;
nat[unmapped] -> ICMPError($IF4, unreachable, host) -> route4;
nat[prohibited] -> ICMPError($IF4, unreachable, 13) -> route4;
nat[protocol4] -> ICMPError($IF4, unreachable, protocol) -> route4;
nat[source_route] -> ICMPError($IF4, unreachable, srcroutefail) -> route4;
nat[refused] -> ICMPError($IF4, unreachable, port) -> route4;
