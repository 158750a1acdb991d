// Watches the traffic between two interfaces, which passes unchanged: a line about each IP packet goes to
// a summary file, what matches a filter goes whole to a pcap file, and counters tell the rates.
//
//	weir run configs/monitor.click IF0=eth1 IF1=eth2 WATCH='tcp opt syn || icmp'
//	weir read tcp.rate; weir read udp.count
//
// Writing to a file costs far more than forwarding: the queue in front of it loses packets of the
// record (`record.overflow`), never those that pass.

define($IF0 eth1, $IF1 eth2,
       $SUMMARY summary.txt, $PCAP watched.pcap, $WATCH icmp)

elementclass Pass { $from, $to |
	FromDevice($from, PROMISC true) -> t :: Tee -> ToDevice($to);
	t[1] -> output;
}

forth :: Pass($IF0, $IF1);
back :: Pass($IF1, $IF0);
forth, back -> all :: Counter -> ether :: Classifier(12/0800, -);

// what is not IP is only counted
ether[1] -> other :: Counter -> Discard;
ether[0] -> MarkIPHeader(14)
	-> kind :: IPClassifier(tcp, udp, -);
kind[0] -> tcp :: Counter -> record :: Queue(4096);
kind[1] -> udp :: Counter -> record;
kind[2] -> rest :: Counter -> record;

record -> Unqueue(32)
	-> both :: Tee
	-> ToIPSummaryDump($SUMMARY, FIELDS timestamp ip_src sport ip_dst dport ip_proto ip_len);
both[1] -> watched :: IPClassifier($WATCH, -) -> ToDump($PCAP);
watched[1] -> Discard;
