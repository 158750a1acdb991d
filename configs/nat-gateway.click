// A home or office gateway: the network inside shares the address of the outside interface. Routes,
// addresses and neighbours are the kernel's (`ip route`, a DHCP client, FRR); weir translates and
// forwards IPv4, and leaves everything else, and what is for the gateway itself, to the kernel.
//
//	weir run configs/nat-gateway.click INSIDE=eth1 OUTSIDE=eth2 NET=10.0.1.0/24 POOL=10.0.2.1
//
// POOL is the address of OUTSIDE, or another that leads here. The gateway's own connections need
// ports that no mapping takes: those of OWN, which its kernel has to keep to:
//
//	sysctl net.ipv4.ip_local_port_range="60000 60999"
//
// A port that leads inside: weir write nat.add "tcp 10.0.2.1 80 10.0.1.80 8080"

define($INSIDE eth1, $MTU_INSIDE 1500, $OUTSIDE eth2, $MTU_OUTSIDE 1500,
       $NET 10.0.1.0/24, $POOL 10.0.2.1, $OWN 60000-60999)

// Follows the kernel. The order is that of the outputs of the lookups: 5 is inside, 6 outside.
k :: KernelRoutes($INSIDE, $OUTSIDE);

nat :: NAT44(POOL $POOL, INSIDE $NET, RESERVED $OWN);

// An interface. Input: packets to send, with their next hop in the annotation. Outputs: sound IPv4
// packets; those that found no neighbour.
elementclass Interface { $dev, $color |
	host :: ToHost($dev);
	near :: KernelNeighbors(k, $dev);

	FromDevice($dev) -> own :: HostEtherFilter($dev) -> class :: Classifier(
		0/01%01,			// broadcast, multicast: ARP, DHCP, ...
		12/0800 26/00,		// from 0.0.0.0/8: DHCP
		12/0800 26/7f,		// from 127.0.0.0/8
		12/0800 26/e0%e0,	// from 224.0.0.0/3
		12/0800 30/e0%e0,	// to 224.0.0.0/3
		12/0800,			// other IPv4
		-);				// IPv6, ARP replies, ...
	own[1], class[0], class[1], class[2], class[3], class[4], class[6] -> host;
	class[5] -> Paint($color) -> Strip(14) -> CheckIPHeader -> [0] output;
	input -> near -> ToDevice($dev);
	near[failed] -> [1] output;
}

in :: Interface($INSIDE, 0);
out :: Interface($OUTSIDE, 1);

// What is for the gateway goes to its kernel as it came.
host :: PaintSwitch;
host[0] -> Unstrip(14) -> ToHost($INSIDE);
host[1] -> Unstrip(14) -> ToHost($OUTSIDE);

// --- from inside: out, or back in, or to the gateway ---
to_pool :: IPClassifier(dst host $POOL, -);
from_in :: KernelIPLookup(k, IIF $INSIDE);
ttl_out :: DecIPTTL;
size_out :: IPFragmenter($MTU_OUTSIDE);

in[0] -> to_pool;
to_pool[0] -> [0] nat;		// by hairpin to another host inside, or to the gateway
to_pool[1] -> from_in;
from_in[host] -> host;
from_in[6] -> ttl_out -> size_out -> [0] nat;
nat[outside] -> out;

// --- from outside ---
from_out :: KernelIPLookup(k, IIF $OUTSIDE);
ttl_in :: DecIPTTL;
size_in :: IPFragmenter($MTU_INSIDE);

out[0] -> [1] nat;
nat[inside] -> from_out;
from_in[5], from_out[5] -> ttl_in -> size_in -> in;

// Not translated: the gateway's, or nobody's.
local :: KernelIPLookup(k);
nat[unmapped], nat[foreign] -> local;
local[host] -> host;

// --- errors: those about packets that were translated are translated too ---
// A queue, as they need not stay on the worker that has the subscriber.
errors :: Queue(200) -> Unqueue -> own :: KernelIPLookup(k);
own[5] -> in;
own[6] -> [0] nat;
ttl_in[1], ttl_out[1] -> ICMPError(TYPE timeexceeded, CODE transit, KERNEL k) -> errors;
size_in[1] -> ICMPError(TYPE unreachable, CODE needfrag, PMTU $MTU_INSIDE, KERNEL k) -> errors;
size_out[1] -> ICMPError(TYPE unreachable, CODE needfrag, PMTU $MTU_OUTSIDE, KERNEL k) -> errors;
from_in[no_route] -> ICMPError(TYPE unreachable, CODE net, KERNEL k) -> errors;
from_in[unreachable], in[1] -> ICMPError(TYPE unreachable, CODE host, KERNEL k) -> errors;
nat[prohibited], from_in[prohibit] -> ICMPError(TYPE unreachable, CODE 13, KERNEL k) -> errors;
nat[other] -> ICMPError(TYPE unreachable, CODE protocol, KERNEL k) -> errors;
out[1] -> ICMPError(TYPE unreachable, CODE host, KERNEL k) -> Queue(200) -> Unqueue -> [1] nat;

// Whoever was not let in hears of it without a translation.
nat[refused] -> ICMPError(TYPE unreachable, CODE port, KERNEL k) -> refuse :: KernelIPLookup(k);
refuse[6] -> out;
