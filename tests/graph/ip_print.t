IPPrint: one line about each packet.

=== UDP, with everything
== config
InfiniteSource(DATA \<020000000002 020000000001 0800
	4510002000070000 401166b4 0a0000010a000002 03e807d0000c0000 61626364>, LIMIT 1, STOP true)
	-> SetTimestamp(1.5) -> MarkIPHeader(14) -> Paint(3)
	-> IPPrint(x, ID true, TTL true, TOS true, LENGTH true, PAINT true, ETHER true) // no link header is marked
	-> IPPrint(TIMESTAMP false, PAYLOAD ASCII)
	-> IPPrint(TIMESTAMP false, CONTENTS HEX, MAXLENGTH 30)
	-> IPPrint(TIMESTAMP false, AGGREGATE true, PAINT true)
	-> Discard;
== stderr
x: 1.500000: paint 3: id 7 ttl 64 tos 16 length 32 10.0.0.1.1000 > 10.0.0.2.2000: udp 12
10.0.0.1.1000 > 10.0.0.2.2000: udp 12
  abcd
10.0.0.1.1000 > 10.0.0.2.2000: udp 12
  02000000 00020200 00000001 08004510 00200007 00004011
  66b40a00 0001
#0.3: 10.0.0.1.1000 > 10.0.0.2.2000: udp 12

=== TCP
== config
InfiniteSource(DATA \<45000028 00000000 40060000 0a0000010a000002
	0050 1f90 00000064 000000c8 5002 2000 00000000>, LIMIT 1)
	-> MarkIPHeader -> IPPrint(syn, TIMESTAMP false) -> Discard;
InfiniteSource(DATA \<4500002a 00000000 40060000 0a0000010a000002
	0050 1f90 00000064 000000c8 5018 2000 00000000 6162>, LIMIT 1)
	-> MarkIPHeader -> IPPrint(data, TIMESTAMP false) -> Discard;
InfiniteSource(DATA \<45000028 00000000 40060000 0a0000010a000002
	0050 1f90 00000064 000000c8 5010 2000>, LIMIT 1)
	-> MarkIPHeader -> IPPrint(ack, TIMESTAMP false)
	-> Truncate(33) -> IPPrint(cut, TIMESTAMP false)
	-> Truncate(23) -> IPPrint(less, TIMESTAMP false) -> Discard;
TimedSource(0.01, LIMIT 1, STOP true) -> Idle;
== stderr
syn: 10.0.0.1.80 > 10.0.0.2.8080: S 100:101(1,40,40) win 8192
data: 10.0.0.1.80 > 10.0.0.2.8080: P 100:102(2,42,42) ack 200 win 8192
ack: 10.0.0.1.80 > 10.0.0.2.8080: . 100:100(0,36,40) ack 200 win 8192
cut: 10.0.0.1.80 > 10.0.0.2.8080: truncated-tcp
less: 10.0.0.1 > 10.0.0.2: truncated-tcp

=== ICMP
== config
elementclass P { $label, $data |
	InfiniteSource(DATA $data, LIMIT 1) -> MarkIPHeader -> IPPrint($label, TIMESTAMP false)
		-> Discard }
P(echo, \<4500001c 00000000 40010000 0a0000010a000002 0800 0000 0102 0003>);
P(reply, \<4500001c 00000000 40010000 0a0000010a000002 0000 0000 0102 0003>);
P(port, \<45000038 00000000 40010000 0a0000010a000002 0303 0000 00000000
	4500001c 00000000 40110000 0a0000020a000009 03e8 07d0 0008 0000>);
P(frag, \<45000038 00000000 40010000 0a0000010a000002 0304 0000 000005dc
	4500001c 00000000 40110000 0a0000020a000009 03e8 07d0 0008 0000>);
P(host, \<45000038 00000000 40010000 0a0000010a000002 0301 0000 00000000
	4500001c 00000000 40110000 0a0000020a000009 03e8 07d0 0008 0000>);
P(ttl, \<4500001c 00000000 40010000 0a0000010a000002 0b00 0000 0000 0000>);
P(odd, \<4500001c 00000000 40010000 0a0000010a000002 6305 0000 0000 0000>);
P(short, \<45000015 00000000 40010000 0a0000010a000002 08>);
TimedSource(0.01, LIMIT 1, STOP true) -> Idle;
== stderr
echo: 10.0.0.1 > 10.0.0.2: icmp echo (258, 3)
reply: 10.0.0.1 > 10.0.0.2: icmp echo-reply (258, 3)
port: 10.0.0.1 > 10.0.0.2: icmp 10.0.0.9 unreachable port udp/2000
frag: 10.0.0.1 > 10.0.0.2: icmp 10.0.0.9 unreachable needfrag (mtu 1500)
host: 10.0.0.1 > 10.0.0.2: icmp 10.0.0.9 unreachable host
ttl: 10.0.0.1 > 10.0.0.2: icmp timeexceeded transit
odd: 10.0.0.1 > 10.0.0.2: icmp type 99 code 5
short: 10.0.0.1 > 10.0.0.2: truncated-icmp

=== fragments and other protocols
== config
elementclass P { $label, $data |
	InfiniteSource(DATA $data, LIMIT 1) -> MarkIPHeader -> IPPrint($label, TIMESTAMP false)
		-> Discard }
P(first, \<4500001c 00092000 40110000 0a0000010a000002 03e8 07d0 0020 0000>);
P(last, \<4500001c 00090001 40110000 0a0000010a000002 03e8 07d0 0020 0000>);
P(esp, \<4500001c 00000000 40320000 0a0000010a000002 0000 0000 0000 0000>);
TimedSource(0.01, LIMIT 1, STOP true) -> Idle;
== stderr
first: 10.0.0.1.1000 > 10.0.0.2.2000: udp 32 (frag 9:8@0+)
last: 10.0.0.1 > 10.0.0.2: udp (frag 9:8@8)
esp: 10.0.0.1 > 10.0.0.2: ip-proto-50

=== to a file; unmarked packets pass in silence
== config
InfiniteSource(DATA \<4500001c 00000000 40320000 0a0000010a000002 0000 0000 0000 0000>,
	LIMIT 1, STOP true)
	-> IPPrint(unmarked) -> MarkIPHeader -> IPPrint(TIMESTAMP false, OUTFILE out)
	-> IPPrint(ACTIVE false) -> Discard;
== output out
10.0.0.1 > 10.0.0.2: ip-proto-50
