// Sends every frame that is addressed to this host back to its sender, for tests of latency and loss:
// the load generator counts and times what returns. Only the Ethernet addresses change.
//
//	weir run configs/reflector.click IF=eth1
//
// ARP, broadcasts and multicasts go to the host, so that it answers for its address; do not run this on
// the interface by which you are logged in, as what comes to it returns.

define($IF eth1)

from :: FromDevice($IF);
host :: ToHost($IF);
arp :: Classifier(12/0806, 0/01%01, -);	// ARP; the group bit of the destination
mine :: HostEtherFilter($IF);
reflected :: Counter;

from -> arp;
arp[0], arp[1] -> host;
arp[2] -> mine -> reflected -> EtherMirror -> ToDevice($IF);
mine[other] -> Discard;			// for somebody else
