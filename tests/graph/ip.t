Elements for IP and ICMP, together and over time.

=== CheckIPHeader counts and tells
== run
click --simtime CONFIG
== file CONFIG
elementclass In { $data | InfiniteSource(DATA $data, LIMIT 1) -> output }
c :: CheckIPHeader(BADSRC 10.0.0.255, DETAILS true) -> Print(good) -> Discard;
c[1] -> Print(bad, 4) -> Discard;
v :: CheckIPHeader(VERBOSE true, CHECKSUM false) -> Discard;
In(\<45000014 00000000 40110000 0a0000010a000002>) -> c;
In(\<450000>) -> t :: Tee -> c; t[1] -> v;
In(\<45000014 00000000 401166d7 0a0000010a000002 ffffff>) -> c;
In(\<44000014 00000000 401166d7 0a0000010a000002 ffffff>) -> t;
DriverManager(wait 0.02s, read c.drops, read c.drop_details, stop)
== stderr
bad:   20 | 45000014
c: IP header check failed: bad IP checksum
bad:    3 | 450000
v: IP header check failed: tiny packet
good:   20 | 45000014 00000000 401166d7 0a000001 0a000002
bad:   23 | 44000014
v: IP header check failed: bad IP header length
c.drops:
3
c.drop_details:
1	tiny packet
0	bad IP version
1	bad IP header length
0	bad IP length
1	bad IP checksum
0	bad source address

=== CheckTCPHeader, CheckUDPHeader and CheckICMPHeader count and tell
== run
click --simtime CONFIG
== file CONFIG
elementclass In { $data | InfiniteSource(DATA $data, LIMIT 1) -> MarkIPHeader -> output }
t :: CheckTCPHeader -> Print(good) -> Discard;
t[1] -> Print(bad, 4) -> Discard;
u :: CheckUDPHeader(VERBOSE true) -> Discard;
i :: CheckICMPHeader(DETAILS true) -> Discard;
In(\<45000014 00000000 40060000 0a0000010a000002>) -> t;
In(\<45000014 00000000 40110000 0a0000010a000002>) -> t;
In(\<45000014 00000000 40060000 0a0000010a000002>) -> e :: Tee(2) -> u; e[1] -> i;
In(\<4500001c 00000000 40110000 0a0000010a000002 03e807d0 00081234>) -> u;
In(\<4500001c 00000000 40110000 0a0000010a000002 03e807d0 00080000>) -> u;
In(\<4500001c 00000000 40010000 0a0000010a000002 08001234 00000000>) -> i;
DriverManager(wait 0.02s, read t.drops, read t.drop_details, read u.drops, read i.drop_details, stop)
== stderr
bad:   20 | 45000014
t: TCP header check failed: bad packet length
bad:   20 | 45000014
u: UDP header check failed: not UDP
i: ICMP header check failed: not ICMP
u: UDP header check failed: bad UDP checksum
t.drops:
2
t.drop_details:
1	not TCP
1	bad packet length
0	bad TCP checksum

u.drops:
2
i.drop_details:
1	not ICMP
0	bad packet length
1	bad ICMP checksum

=== fragments, each of them twice, make the packet again
The link header of the first fragment stays.
== run
click --simtime CONFIG
== file CONFIG
InfiniteSource(LENGTH 90, LIMIT 2) -> UDPIPEncap(1.0.0.1, 2, 3.0.0.3, 4) -> Print(whole, 60)
	-> IPFragmenter(60) -> f :: Counter
	-> EtherEncap(0x0800, 1:1:1:1:1:1, 2:2:2:2:2:2) -> MarkIPHeader(14) -> t :: Tee(2);
t[0] -> q :: Queue -> [0] s :: RoundRobinSched; t[1] -> Queue -> [1] s;
s -> u :: Unqueue(ACTIVE false) -> r :: IPReassembler -> Strip(14) -> CheckIPHeader -> Print(again, 60) -> Discard;
DriverManager(wait 0.02s, read f.count, write u.active true, wait 0.02s, stop)
== stderr
whole:  118 | 45000076 00000000 fa11bc73 01000001 03000003 00020004 0062{{.*}}
whole:  118 | 45000076 00010000 fa11bc72 01000001 03000003 00020004 0062{{.*}}
f.count:
6
again:  118 | 45000076 00000000 fa11bc73 01000001 03000003 00020004 0062{{.*}}
again:  118 | 45000076 00010000 fa11bc72 01000001 03000003 00020004 0062{{.*}}

=== IPReassembler gives up after 30 seconds, or for memory
== run
click --simtime CONFIG
== file CONFIG
define($FIRST \<45000024 00072000 40110000 0a0000010a000002 03e807d000201234 0001020304050607>,
	$LAST \<45000024 00080004 40110000 0a0000010a000002 0001020304050607 08090a0b0c0d0e0f>)
r :: IPReassembler -> Print(whole) -> Discard;
r[1] -> ICMPError(1.0.0.1, timeexceeded, reassembly) -> IPPrint(expired) -> Discard;
InfiniteSource(DATA $FIRST, LIMIT 1) -> MarkIPHeader -> r;
InfiniteSource(DATA $LAST, LIMIT 1) -> MarkIPHeader -> r;
m :: IPReassembler(HIMEM 600) -> Discard; m[1] -> Print(full, 8) -> Discard;
InfiniteSource(DATA $FIRST, LIMIT 1) -> MarkIPHeader -> Tee -> m;
InfiniteSource(DATA $LAST, LIMIT 1) -> MarkIPHeader -> m;
TimedSource(0.1, DATA \<45000024 00092000 40110000 0a0000010a000002 03e807d000201234 0001020304050607>, LIMIT 1)
	-> MarkIPHeader -> m;
DriverManager(wait 29.9s, print "before", wait 0.2s, print "after")
== stdout
before
after
== stderr
full:   36 | 45000024 00072000
expired: {{.*}}30.0{{.*}}: 1.0.0.1 > 10.0.0.1: icmp timeexceeded reassembly
full:   36 | 45000024 00092000

=== ICMPError turns a source route round
== config
InfiniteSource(DATA \<49000024 00000000 01060000 0a000001 0a000002
	890f1001020304 0506070809090909 00>, LIMIT 1, STOP true)
	-> MarkIPHeader -> ICMPError(9.9.9.9, timeexceeded) -> CheckIPHeader -> Print(MAXLENGTH 48) -> Discard;
== stderr
  80 | 49c00050 00010000 c8011ea8 09090909 0a000001 890f0409 09090905 06070801 02030400 0b00d7a0 00000000 49000024

=== an ICMPError leads back to the look-up and ends there
A packet that cannot be delivered to a host that cannot be reached either does not go round for ever.
== config
InfiniteSource(DATA \<45000014 00000000 01110000 0a0000010b000002>, LIMIT 2, STOP true)
	-> MarkIPHeader -> GetIPAddress(16) -> rt :: StaticIPLookup(10.0.0.0/8 0, 0/0 0);
rt -> ttl :: DecIPTTL -> Print(out, 4) -> Discard;
ttl[1] -> e :: ICMPError(10.0.0.9, timeexceeded) -> rt;
DriverManager(pause, read ttl.drops)
== stderr
out:   48 | 45c00030
out:   48 | 45c00030
ttl.drops:
2
