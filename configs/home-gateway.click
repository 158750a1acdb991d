// A gateway for a home or an office, in the style of Click's own examples of such: all that is
// inside has one address outside.
//
//	weir run configs/home-gateway.click INSIDE=eth1 OUTSIDE=eth2 GW=192.0.2.1 SERVER=10.0.0.10
//
// - Hosts inside open TCP and UDP connections to the outside, send pings, and see routes
//   (traceroute): errors about their packets find them.
// - FTP works in active mode, too: FTPPortMapper opens the way for the server's connection.
// - SSH and web connections from outside go to the host SERVER inside.
// - Everything else from outside is for the host itself, as is what those inside send to it.
//
// The addresses are those that the host has configured on the interfaces.

define($INSIDE eth1, $OUTSIDE eth2, $GW 0.0.0.0, $SERVER 10.0.0.10, $MTU 1500)

// An interface. Input 0: IP packets to send; their next hop is in the destination annotation.
// Output 0: IP packets from the network. Output 1: what the host should have, with Ethernet header.
elementclass Interface { $dev |
	to :: ToDevice($dev);
	arpq :: ARPQuerier($dev);
	class :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);

	FromDevice($dev) -> class;
	class[0] -> ARPResponder($dev) -> to;
	class[1] -> replies :: Tee;
	replies[0] -> [1] arpq;
	replies[1] -> [1] output;
	class[2] -> Strip(14) -> CheckIPHeader(INTERFACES $dev:ipnet) -> [0] output;
	class[3] -> Discard;
	input -> arpq -> to;
	arpq[1] -> to;
}

inside :: Interface($INSIDE);
outside :: Interface($OUTSIDE);
inside_host :: ToHost($INSIDE);
outside_host :: ToHost($OUTSIDE);
inside[1] -> inside_host;
outside[1] -> outside_host;
to_inside_host :: Unstrip(14) -> inside_host;
to_outside_host :: Unstrip(14) -> outside_host;

// --- rewriters: output 0 leads outside, output 1 inside, output 2 to the host ---
IPRewriterPatterns(world $OUTSIDE:ip 50000-65535 - -,
		   server - - $SERVER -);

rw :: IPRewriter(pattern world 0 1,	// from inside
		 pass 2,		// from outside: of a connection, or for the host
		 pattern server 1 0);	// from outside, for the server
ftp :: TCPRewriter(pattern world 0 1, pass 2);	// control connections of FTP
ping :: ICMPPingRewriter(pattern $OUTSIDE:ip - 0-65535 0 1, pass 2);

// What errors quote belongs to one of these. Those that do not are for the host, or lost.
errors_in :: ICMPRewriter(rw ftp ping);
errors_out :: ICMPRewriter(rw ftp ping);

// --- ways out: what is too long is cut, or its sender told ---
to_outside :: GetIPAddress(16)
	-> StaticIPLookup($OUTSIDE:ipnet 0, 0.0.0.0/0 $GW 0)
	-> long_out :: IPFragmenter($MTU)
	-> outside;
to_inside :: GetIPAddress(16)
	-> long_in :: IPFragmenter($MTU)
	-> inside;

rw[0], ftp[0], ping[0], errors_out[0] -> to_outside;
rw[1], ftp[1], ping[1] -> ttl_in :: DecIPTTL -> to_inside;
errors_in[0] -> to_inside;
rw[2], ftp[2], ping[2], errors_in[1] -> to_outside_host;
errors_out[1] -> Discard;

// Their packets are those that were translated, so the errors are too.
ttl_in[1] -> ICMPError($OUTSIDE, timeexceeded) -> errors_out;
long_in[1] -> ICMPError($OUTSIDE, unreachable, needfrag, PMTU $MTU) -> errors_out;
long_out[1] -> ICMPError($INSIDE, unreachable, needfrag, PMTU $MTU) -> errors_in;

// --- from inside ---
// A packet is sent on with a TTL that is one less. What is not TCP, UDP or ICMP is lost as
// from_inside.6, fragments as rw.unfit: IPReassembler in front of it would help them.
inside -> own :: IPClassifier(dst host $INSIDE:ip or dst host $OUTSIDE:ip
			      or dst host 255.255.255.255 or dst net 224.0.0.0/4, -);
own[0] -> to_inside_host;
own[1] -> ttl_out :: DecIPTTL
	-> from_inside :: IPClassifier(dst tcp port 21, tcp or udp, icmp type echo,
				       icmp type echo-reply, icmp, -);
ttl_out[1] -> ICMPError($INSIDE, timeexceeded) -> to_inside;
from_inside[0] -> FTPPortMapper(ftp, rw, 0) -> [0] ftp;
from_inside[1] -> [0] rw;
from_inside[2] -> [0] ping;
from_inside[3] -> Discard;
from_inside[4] -> errors_out;

// --- from outside ---
outside -> mine :: IPClassifier(dst host $OUTSIDE:ip, -);
mine[0] -> from_outside :: IPClassifier(src tcp port 21, dst tcp port 22 or 80 or 443, tcp or udp,
					icmp type echo-reply, icmp type echo, icmp, -);
mine[1] -> Discard;
from_outside[0] -> [1] ftp;
from_outside[1] -> [2] rw;
from_outside[2] -> [1] rw;
from_outside[3] -> [1] ping;
from_outside[4] -> to_outside_host;
from_outside[5] -> errors_in;
from_outside[6] -> to_outside_host;
