// Sends UDP packets at a rate, as a load for another machine.
//
//	weir run configs/generator.click IF=eth1 DST=10.0.1.2 DST_ETHER=02:00:00:00:01:02 RATE=100000
//	weir write source.rate 200000; weir read source.count
//
// The rate is in packets a second; LIMIT -1 has no end, else the router ends after so many packets.
// LENGTH is that of the UDP payload, 18 bytes for the shortest frame there is.

define($IF eth1, $DST 10.0.1.2, $DST_ETHER ff:ff:ff:ff:ff:ff,
       $SPORT 1024, $DPORT 9, $RATE 1000, $LENGTH 18, $LIMIT -1)

source :: RatedSource(LENGTH $LENGTH, RATE $RATE, LIMIT $LIMIT, STOP true)
	-> UDPIPEncap($IF:ip, $SPORT, $DST, $DPORT)
	-> EtherEncap(0x0800, $IF:eth, $DST_ETHER)
	-> ToDevice($IF);
