pcap files.

=== a packet written is the packet read
== run
click write && click read
== file write
InfiniteSource(DATA \<ffffffffffff 020000000001 0800 45000014 00010000 4011 0000 0a000001 0a000002>,
	LIMIT 2, STOP true)
	-> SetTimestamp(1000.25) -> ToDump(x.pcap);
== file read
FromDump(x.pcap, STOP true, FORCE_IP true) -> Print(x, TIMESTAMP true)
	-> IPPrint(y, ETHER true) -> Discard;
== stderr
x: 1000.250000:   34 | ffffffff ffff0200 00000001 08004500 00140001 00004011
y: 1000.250000: 02-00-00-00-00-01 > FF-FF-FF-FF-FF-FF: 10.0.0.1 > 10.0.0.2: truncated-udp
x: 1000.250000:   34 | ffffffff ffff0200 00000001 08004500 00140001 00004011
y: 1000.250000: 02-00-00-00-00-01 > FF-FF-FF-FF-FF-FF: 10.0.0.1 > 10.0.0.2: truncated-udp

=== the encapsulation of an element that stands further down
== run
click write && click copy && click -e 'fd :: FromDump(o.pcap, STOP true) -> Discard' -h fd.encap
== file write
InfiniteSource(DATA \<45000014 00010000 4011 0000 0a000001 0a000002>, LIMIT 1, STOP true)
	-> ToDump(in.pcap, ENCAP IP);
== file copy
td :: ToDump(o.pcap, USE_ENCAP_FROM fd);
fd :: FromDump(in.pcap, STOP true) -> td;
== stdout
IP

=== nanoseconds, the snap length and the extra length survive
== run
click write && click read
== file write
InfiniteSource(DATA abcdefgh, LIMIT 1, STOP true)
	-> SetTimestamp(7.000000001) -> ToDump(x.pcap, SNAPLEN 5);
== file read
FromDump(x.pcap, STOP true) -> Print(TIMESTAMP true) -> CheckLength(7, EXTRA_LENGTH true)[1]
	-> CheckLength(8, EXTRA_LENGTH true) -> Print(eight, 0) -> Discard;
== stderr
7.000000001:    5 | 61626364 65
eight:    5

=== microseconds if asked for
== run
click write && click read
od -A n -t x1 -N 4 x.pcap
== file write
InfiniteSource(DATA abcdefgh, LIMIT 1, STOP true)
	-> SetTimestamp(7.000001999) -> ToDump(x.pcap, NANO false);
== file read
FromDump(x.pcap, STOP true) -> Print(TIMESTAMP true) -> Discard;
== stdout
 d4 c3 b2 a1
== stderr
7.000001:    8 | 61626364 65666768

=== raw IP is IP without asking
== run
click write && click read
== file write
InfiniteSource(DATA \<45000014 00010000 40320000 0a000001 0a000002>, LIMIT 1, STOP true)
	-> ToDump(x.pcap, ENCAP IP);
== file read
FromDump(x.pcap, STOP true) -> IPPrint(TIMESTAMP false) -> Discard;
== stderr
10.0.0.1 > 10.0.0.2: ip-proto-50

=== FORCE_IP parts IP from the rest
== run
click write && click read
== file write
d :: ToDump(x.pcap);
InfiniteSource(DATA \<ffffffffffff 020000000001 0806 0001>, LIMIT 1) -> d;
InfiniteSource(DATA \<ffffffffffff 020000000001 0800 45000014 00010000 4032 0000 0a000001 0a000002>,
	LIMIT 1) -> d;
InfiniteSource(DATA \<ffffffffffff 020000000001 8100 0005 0800 45000014 00010000 4032 0000
	0a000001 0a000002>, LIMIT 1) -> d;
InfiniteSource(DATA \<ffffffffffff 020000000001 0800 65000014 00010000 4032 0000 0a000001 0a000002>,
	LIMIT 1) -> d;
TimedSource(0.01, LIMIT 1, STOP true) -> Idle;
== file read
f :: FromDump(x.pcap, STOP true, FORCE_IP true);
f -> Print(ip, 0) -> IPPrint(TIMESTAMP false) -> Discard;
f [1] -> Print(other, 0) -> Discard;
== stderr
other:   16
ip:   34
10.0.0.1 > 10.0.0.2: ip-proto-50
ip:   38
10.0.0.1 > 10.0.0.2: ip-proto-50
other:   34

=== START, INTERVAL and their kin
== run
click write
for keywords in 'START 3, END 4.5' 'START_AFTER 1, END_AFTER 3' 'START_AFTER 1, INTERVAL 1.5' \
	'SAMPLE 0' 'INTERVAL 1'; do
	echo "$keywords" >&2
	echo "FromDump(x.pcap, STOP true, $keywords) -> Print(TIMESTAMP true, CONTENTS NONE)
		-> Discard" >config
	click config
done
== file write
d :: ToDump(x.pcap);
InfiniteSource(LIMIT 1) -> SetTimestamp(2) -> d;
InfiniteSource(LIMIT 1) -> SetTimestamp(3) -> d;
InfiniteSource(LIMIT 1) -> SetTimestamp(4) -> d;
InfiniteSource(LIMIT 1) -> SetTimestamp(5) -> d;
TimedSource(0.01, LIMIT 1, STOP true) -> Idle;
== stderr
START 3, END 4.5
3.000000:   69
4.000000:   69
START_AFTER 1, END_AFTER 3
3.000000:   69
4.000000:   69
START_AFTER 1, INTERVAL 1.5
3.000000:   69
4.000000:   69
SAMPLE 0
INTERVAL 1
2.000000:   69

=== a compressed file
== run
click write && gzip x.pcap && click read
== file write
InfiniteSource(DATA abcd, LIMIT 1, STOP true) -> ToDump(x.pcap);
== file read
FromDump(x.pcap.gz, STOP true) -> Print -> Discard;
== stderr
   4 | 61626364

=== on a pull path, and ToDump passes packets on
== run
click write && click read
== file write
InfiniteSource(DATA abcd, LIMIT 3) -> Queue -> ToDump(x.pcap);
TimedSource(0.02, LIMIT 1, STOP true) -> Idle;
== file read
FromDump(x.pcap) -> ToDump(y.pcap) -> Unqueue -> Print -> Discard;
TimedSource(0.02, LIMIT 1, STOP true) -> Idle;
== stderr
   4 | 61626364
   4 | 61626364
   4 | 61626364

=== mistakes are told
== run
click config
== config
FromDump(none.pcap) -> Discard;
FromDump(config) -> Discard;
FromDump(x, START 1, START_AFTER 2, SAMPLE 2) -> Discard;
Idle -> ToDump(/none/x.pcap, ENCAP nonsense);
== stderr
...
config:{{.*}}START and START_AFTER exclude each other
...
config:{{.*}}SAMPLE must be between 0 and 1
...
config:{{.*}}ENCAP: there is no encapsulation 'nonsense'
...
== exit 1

=== a file that is not a pcap file
== config
FromDump(config) -> Discard;
FromDump(none.pcap) -> Discard;
Idle -> ToDump(/none/x.pcap);
== stderr
config:{{.*}}: config: unknown file format
...
config:{{.*}}: none.pcap: No such file or directory
...
config:{{.*}}/none/x.pcap: No such file or directory
...
== exit 1

=== FILEPOS begins behind packets
== run
click write && click -e 'f :: FromDump(x.pcap, FILEPOS 44, STOP true) -> Print(CONTENTS ASCII) -> Discard' -h f.count
click -e 'f :: FromDump(x.pcap, FILEPOS 9999, STOP true) -> Print -> Discard' -h f.count
== file write
i :: InfiniteSource(DATA abcd, LIMIT 1, STOP false) -> d :: ToDump(x.pcap);
InfiniteSource(DATA efgh, LIMIT 1) -> d; Script(wait 10ms, stop)
== stdout
1
0
== stderr
   4 |  efgh

=== ToDump compresses by the name
== run
click -e "InfiniteSource(DATA abcd, LIMIT 2, STOP true) -> ToDump(x.pcap.gz)"
head -c 2 x.pcap.gz | od -An -tx1
click -e "f :: FromDump(x.pcap.gz, STOP true) -> Discard" -h f.count
== stdout
 1f 8b
2

=== what cannot be written is told once
== run
click -e 'InfiniteSource(DATA abcd, LIMIT 2, STOP true) -> d :: ToDump(/dev/full)'
click -e 'InfiniteSource(DATA abcd, LIMIT 20000, STOP true) -> d :: ToDump(/dev/full)'
click -e 'InfiniteSource(DATA abcd, LIMIT 2, STOP true) -> d :: ToIPSummaryDump(/dev/full)'
click -e 'InfiniteSource(DATA abcd, LIMIT 20000, STOP true) -> d :: ToIPSummaryDump(/dev/full)'
== stderr
d: /dev/full: No space left on device
d: /dev/full: No space left on device
d: /dev/full: No space left on device
d: /dev/full: No space left on device
