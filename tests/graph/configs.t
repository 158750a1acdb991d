The configurations of configs/, as they are, with devices that are files: what they do with packets.
(tests/net/test_configs.sh runs some of them on interfaces.)

=== reflector: what is for this host returns, ARP and broadcasts go to the host
== run
click config -h reflected.count -h drops
== file config
elementclass FromDevice { $dev |
	FromIPSummaryDump(in, STOP true) -> s :: RoundRobinSwitch;
	s[0] -> EtherEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:2) -> output;
	s[1] -> EtherEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:3) -> output;
	s[2] -> EtherEncap(0x0800, 2:0:0:0:0:1, ff:ff:ff:ff:ff:ff) -> output;
	s[3] -> EtherEncap(0x0806, 2:0:0:0:0:1, 2:0:0:0:0:2) -> output;
}
elementclass ToDevice { $dev | input -> Print(to-$dev, 14) -> Discard }
elementclass ToHost { $dev | input -> Print(host-$dev, 14) -> Discard }
AddressInfo(eth1 2:0:0:0:0:2);
require(library configs/reflector.click)
== file in
!data ip_src ip_dst ip_proto
10.0.0.1 10.0.0.2 50
10.0.0.1 10.0.0.3 50
10.0.0.1 10.0.0.255 50
0.0.0.0 0.0.0.0 50
== stdout
reflected.count:
1

drops:

== stderr
to-eth1:   34 | 02000000 00010200 00000002 0800
host-eth1:   34 | ffffffff ffff0200 00000001 0800
host-eth1:   34 | 02000000 00020200 00000001 0806

=== firewall: what each rule lets through
== run
click config -h drops
== file config
elementclass FromDevice { $dev, __REST__ $rest |
	FromIPSummaryDump($dev, STOP true, CHECKSUM true)
		-> EtherEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:2) -> output
}
elementclass ToDevice { $dev |
	input -> Strip(14) -> MarkIPHeader -> ToIPSummaryDump(to-$dev, HEADER false,
		FIELDS ip_src sport ip_dst dport ip_proto tcp_flags ip_frag)
}
DriverManager(wait_stop 2, wait 10ms);
require(library configs/firewall.click)
== file eth1
!data ip_src sport ip_dst dport ip_proto
10.0.1.5 1000 8.8.8.8 53 U
10.0.9.5 1000 8.8.8.8 53 U
== file eth2
!data ip_src sport ip_dst dport ip_proto tcp_flags ip_frag
8.8.8.8 53 10.0.1.5 1000 U - .
8.8.8.8 54 10.0.1.5 1000 U - .
9.9.9.9 7 10.0.1.80 443 T S .
9.9.9.9 7 10.0.1.80 443 T S F
9.9.9.9 7 10.0.1.80 22 T S .
9.9.9.9 7 10.0.1.80 22 T SA .
9.9.9.9 7 10.0.2.80 22 T A .
9.9.9.9 - 10.0.1.80 - I - .
10.0.1.7 53 10.0.1.5 1000 U - .
== output to-eth2
10.0.1.5 1000 8.8.8.8 53 U - .
== output to-eth1
8.8.8.8 53 10.0.1.5 1000 U - .
9.9.9.9 7 10.0.1.80 443 T S .
9.9.9.9 7 10.0.1.80 22 T SA .
9.9.9.9 - 10.0.1.80 - I - .
== stdout
egress.denied 1 {{\d+}}
ingress.denied 5 {{\d+}}

=== firewall: ARP passes, other than IP and broken headers do not
== run
click config -h to_inside/c.count -h to_outside/c.count -h drops
== file config
elementclass FromDevice { $dev, __REST__ $rest |
	InfiniteSource(DATA \<45000014 00010000 40110000 0a000105 0a000206>, LIMIT 3, STOP true)
		-> s :: RoundRobinSwitch;
	s[0] -> EtherEncap(0x0806, 2:0:0:0:0:1, 2:0:0:0:0:2) -> output;
	s[1] -> EtherEncap(0x86dd, 2:0:0:0:0:1, 2:0:0:0:0:2) -> output;
	s[2] -> EtherEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:2) -> output;
}
elementclass ToDevice { $dev | input -> c :: Counter -> Discard }
DriverManager(wait_stop 2);
require(library configs/firewall.click)
== stderr
from_{{inside|outside}}/ip: IP header check failed: bad IP checksum
from_{{inside|outside}}/ip: IP header check failed: bad IP checksum
== stdout
to_inside/c.count:
1

to_outside/c.count:
1

drops:
from_inside/kind.unmatched 1 34
from_inside/ip.bad 1 34
from_outside/kind.unmatched 1 34
from_outside/ip.bad 1 34

=== monitor: all pass, are counted and recorded, and what is watched is kept
== run
click config WATCH='tcp opt syn' -h all.count -h tcp.count -h udp.count -h rest.count -h other.count
click -e 'FromDump(watched.pcap, STOP true, FORCE_IP true) -> IPPrint(TIMESTAMP false) -> Discard'
== file config
elementclass FromDevice { $dev, __REST__ $rest |
	FromIPSummaryDump($dev, STOP true, CHECKSUM true)
		-> EtherEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:2) -> output
}
elementclass ToDevice { $dev |
	input -> Strip(14) -> MarkIPHeader -> ToIPSummaryDump(to-$dev, HEADER false,
		FIELDS ip_src sport ip_dst dport ip_proto)
}
DriverManager(wait_stop 2, wait 10ms);
require(library configs/monitor.click)
== file eth1
!data timestamp ip_src sport ip_dst dport ip_proto tcp_flags
1 10.0.0.1 1000 10.0.0.2 80 T S
3 10.0.0.1 1000 10.0.0.2 80 T A
== file eth2
!data timestamp ip_src sport ip_dst dport ip_proto
2 10.0.0.2 53 10.0.0.1 1001 U
4 10.0.0.2 - 10.0.0.1 - 89
== output to-eth2
10.0.0.1 1000 10.0.0.2 80 T
10.0.0.1 1000 10.0.0.2 80 T
== output to-eth1
10.0.0.2 53 10.0.0.1 1001 U
10.0.0.2 - 10.0.0.1 - 89
== output summary.txt
!IPSummaryDump 1.3
!data timestamp ip_src sport ip_dst dport ip_proto ip_len
1.000000 10.0.0.1 1000 10.0.0.2 80 T 40
...
== stdout
all.count:
4

tcp.count:
2

udp.count:
1

rest.count:
1

other.count:
0
== stderr
10.0.0.1.1000 > 10.0.0.2.80: S 0:1(1,54,40) win 0

=== shaper: at the rate, the urgent first; the way back is not held up
== run
click config RATE=100 -h sent.count
awk 'NR == 1 { first = $1 } END { exit $1 - first < 0.04 }' to-eth2 || echo too fast
cut -d ' ' -f 2- to-eth2
== file config
elementclass FromDevice { $dev, __REST__ $rest | FromIPSummaryDump($dev, CHECKSUM true)
	-> EtherEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:2) -> output }
elementclass ToDevice { $dev |
	input -> Strip(14) -> MarkIPHeader -> SetTimestamp -> ToIPSummaryDump(to-$dev, HEADER false,
		FIELDS timestamp ip_dst dport ip_proto)
}
Script(wait 300ms, stop);
require(library configs/shaper.click)
== file eth1
!data ip_src sport ip_dst dport ip_proto ip_tos
10.0.0.1 1 10.0.0.2 80 T 0
10.0.0.1 1 10.0.0.3 80 T 0
10.0.0.1 1 10.0.0.4 80 T 0
10.0.0.1 1 10.0.0.5 22 T 0
10.0.0.1 - 10.0.0.6 - I 0
10.0.0.1 1 10.0.0.7 5060 U 184
10.0.0.1 1 10.0.0.8 53 U 0
== file eth2
!data ip_src sport ip_dst dport ip_proto
10.0.0.2 80 10.0.0.1 1 T
10.0.0.2 80 10.0.0.1 2 T
== output to-eth1
{{.*}} 10.0.0.1 1 T
{{.*}} 10.0.0.1 2 T
== stdout
7
10.0.0.2 80 T
10.0.0.7 5060 U
10.0.0.5 22 T
10.0.0.6 - I
10.0.0.8 53 U
10.0.0.3 80 T
10.0.0.4 80 T

=== generator: packets as they were asked for
== run
click --simtime config DST=10.0.1.9 DST_ETHER=2:0:0:0:0:9 RATE=10 LIMIT=2 DPORT=7
== file config
elementclass ToDevice { $dev | input -> Print(to-$dev, 42, TIMESTAMP true) -> CheckIPHeader(14)
	-> IPPrint(TIMESTAMP false) -> Discard }
AddressInfo(eth1 10.0.1.1/24 2:0:0:0:0:1);
require(library configs/generator.click)
== stderr
to-eth1: 1000000000.000000:   60 | 02000000 00090200 00000001 08004500 002e0000 0000fa11 aab50a00 01010a00 01090400 0007001a d973
10.0.1.1.1024 > 10.0.1.9.7: udp 26
to-eth1: 1000000000.100000:   60 | 02000000 00090200 00000001 08004500 002e0001 0000fa11 aab40a00 01010a00 01090400 0007001a d973
10.0.1.1.1024 > 10.0.1.9.7: udp 26

=== replay: the frames of the file, with their times between
== run
click write && click --simtime config FILE=x.pcap -h replayed.count
== file write
FromIPSummaryDump(in, STOP true, CHECKSUM true) -> EtherEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:2)
	-> ToDump(x.pcap)
== file in
!data timestamp ip_src sport ip_dst dport ip_proto
5 10.0.0.1 1 10.0.0.2 53 U
5.25 10.0.0.1 2 10.0.0.2 53 U
6.5 10.0.0.1 3 10.0.0.2 53 U
== file config
elementclass ToDevice { $dev | input -> SetTimestamp -> Strip(14) -> MarkIPHeader
	-> ToIPSummaryDump(to-$dev, HEADER false, FIELDS timestamp sport) }
require(library configs/replay.click)
== output to-eth1
1000000000.000000 1
1000000000.250000 2
1000000001.500000 3
== stdout
3
