Click's rewriters: what they say of their sessions, how these end, and elements that work with them.

=== IPRewriter and ICMPRewriter: sessions, their table, and errors about them
== run
cat >CONFIG <<'END'
r :: IPRewriter(pattern 21.0.0.1 1024-65535# - - 0 1, drop);
elementclass Flow { $src, $sport, $dst, $dport, $n |
	InfiniteSource(DATA \<00>, LIMIT $n) -> UDPIPEncap($src, $sport, $dst, $dport) -> output }
Flow(18.26.4.44, 20, 10.0.0.8, 80, 2) -> r;
Flow(18.26.4.45, 20, 10.0.0.8, 80, 1) -> r;
r[0] -> IPPrint(out, TIMESTAMP false) -> t :: Tee -> Discard;
t[1] -> ICMPError(19.19.19.19, timeexceeded) -> IPPrint(error, TIMESTAMP false) -> ICMPRewriter(r)
	-> IPPrint(inside, TIMESTAMP false) -> CheckICMPHeader -> Discard;
TimedSource(0.01, DATA \<00>, LIMIT 1) -> UDPIPEncap(10.0.0.8, 80, 21.0.0.1, 1024) -> back :: Tee -> [1] r;
back[1] -> [0] r2 :: IPRewriter(pattern - - 9.9.9.9 - 0 0) -> IPPrint(other, TIMESTAMP false) -> Discard;
TimedSource(0.02, DATA \<00>, LIMIT 1) -> UDPIPEncap(10.0.0.9, 80, 21.0.0.1, 1024) -> [1] r;
r[1] -> IPPrint(back, TIMESTAMP false) -> CheckUDPHeader -> Discard;
DriverManager(wait 0.1, print >table r.udp_table, print >>table r.tcp_table, read r.patterns, read r.pattern1,
	read r.nmappings, read r.size, read r.capacity, read r.drops, read r.mapping_failures, stop)
END
click --simtime CONFIG && sort -u table | grep .
== stdout
(10.0.0.8, 80, 21.0.0.1, 1024) => (10.0.0.8, 80, 18.26.4.44, 20) [0 *1] i0 exp300
(10.0.0.8, 80, 21.0.0.1, 1025) => (10.0.0.8, 80, 18.26.4.45, 20) [0 *1] i0 exp300
(18.26.4.44, 20, 10.0.0.8, 80) => (21.0.0.1, 1024, 10.0.0.8, 80) [*0 1] i0 exp300
(18.26.4.45, 20, 10.0.0.8, 80) => (21.0.0.1, 1025, 10.0.0.8, 80) [*0 1] i0 exp300
== stderr
out: 21.0.0.1.1024 > 10.0.0.8.80: udp 9
error: 19.19.19.19 > 21.0.0.1: icmp timeexceeded transit
inside: 19.19.19.19 > 18.26.4.44: icmp timeexceeded transit
out: 21.0.0.1.1025 > 10.0.0.8.80: udp 9
error: 19.19.19.19 > 21.0.0.1: icmp timeexceeded transit
inside: 19.19.19.19 > 18.26.4.45: icmp timeexceeded transit
out: 21.0.0.1.1024 > 10.0.0.8.80: udp 9
error: 19.19.19.19 > 21.0.0.1: icmp timeexceeded transit
inside: 19.19.19.19 > 18.26.4.44: icmp timeexceeded transit
back: 10.0.0.8.80 > 18.26.4.44.20: udp 9
other: 10.0.0.8.80 > 9.9.9.9.1024: udp 9
r.patterns:
21.0.0.1 1024-65535 - - [2]
<drop>

r.pattern1:
<drop>

r.nmappings:
2
r.size:
2
r.capacity:
131072
r.drops:
no-mapping 1 29

r.mapping_failures:
0

=== a quoted packet becomes what was sent, with its checksums; the reply annotation comes from it
== run
click --simtime CONFIG
== file CONFIG
elementclass Show { $x |
	input -> t :: Tee -> IPPrint($x, TIMESTAMP false, PAINT true) -> output;
	t[1] -> CheckIPHeader(VERBOSE true) -> CheckICMPHeader(VERBOSE true) -> Strip(28)
		-> CheckIPHeader(VERBOSE true) -> c :: IPClassifier(tcp, udp, icmp);
	c[0] -> CheckTCPHeader(VERBOSE true) -> p :: IPPrint("${x}~", TIMESTAMP false) -> Discard;
	c[1] -> CheckUDPHeader(VERBOSE true) -> p; c[2] -> CheckICMPHeader(VERBOSE true) -> p;
}
FromIPSummaryDump(IN, STOP true, ZERO true, CHECKSUM true)
	-> Paint(2)
	-> c :: IPClassifier(icmp, -)
	-> ping :: ICMPPingRewriter(pattern 2.0.0.2 - 7-65535# 0 0, REPLY_ANNO PAINT)
	-> e :: ICMPError(19.19.19.19, timeexceeded)
	-> Paint(0) -> Show(c) -> ICMPRewriter(ip ping, REPLY_ANNO PAINT) -> Show(d) -> Discard;
c[1] -> ip :: IPRewriter(pattern 21.0.0.1 1024-65535# - - 0 0, REPLY_ANNO PAINT) -> e;
== file IN
!data src sport dst dport proto ip_ttl icmp_type_name icmp_flowid
18.26.4.44 20 10.0.0.8 80 T 0 - -
18.26.4.44 20 10.0.0.8 80 U 0 - -
1.0.0.1 - 5.0.0.5 - I 0 echo 10
== stderr
c: paint 0: 19.19.19.19 > 21.0.0.1: icmp timeexceeded transit
d: paint 2: 19.19.19.19 > 18.26.4.44: icmp timeexceeded transit
d~: 18.26.4.44.20 > 10.0.0.8.80: . 0:0(0,40,40) win 0
c~: 21.0.0.1.1024 > 10.0.0.8.80: . 0:0(0,40,40) win 0
c: paint 0: 19.19.19.19 > 21.0.0.1: icmp timeexceeded transit
d: paint 2: 19.19.19.19 > 18.26.4.44: icmp timeexceeded transit
d~: 18.26.4.44.20 > 10.0.0.8.80: udp 8
c~: 21.0.0.1.1025 > 10.0.0.8.80: udp 8
c: paint 0: 19.19.19.19 > 2.0.0.2: icmp timeexceeded transit
d: paint 2: 19.19.19.19 > 1.0.0.1: icmp timeexceeded transit
d~: 1.0.0.1 > 5.0.0.5: icmp echo ({{.*}}, 0)
c~: 2.0.0.2 > 5.0.0.5: icmp echo ({{.*}}, 0)

=== ICMPRewriter: what is no error, and outputs by offset
== run
click --simtime CONFIG
== file CONFIG
InfiniteSource(DATA \<00>, LIMIT 1) -> UDPIPEncap(1.0.0.1, 7, 2.0.0.2, 8) -> r :: IPRewriter(pattern 3.0.0.3 9 - - 0 1);
r[0] -> ICMPError(4.4.4.4, unreachable) -> t :: Tee(3); r[1] -> Discard;
t[0] -> i :: ICMPRewriter(r); i[0] -> IPPrint(i0, TIMESTAMP false) -> Discard; i[1] -> Print(i1) -> Discard;
t[1] -> o :: ICMPRewriter(r:1);
o[0], o[1] => Discard, Discard; o[2] -> IPPrint(o2, TIMESTAMP false) -> Discard;
t[2] -> l :: ICMPRewriter(r2) -> Discard; r2 :: IPRewriter(drop) -> Discard; Idle -> r2;
InfiniteSource(DATA \<00>, LIMIT 1) -> UDPIPEncap(1.0.0.1, 7, 2.0.0.2, 9) -> i;
DriverManager(wait 0.1, read l.drops, stop)
== stderr
i0: 4.4.4.4 > 1.0.0.1: icmp 2.0.0.2 unreachable net
o2: 4.4.4.4 > 1.0.0.1: icmp 2.0.0.2 unreachable net
i1:   29 | {{.*}}
l.drops:
unmapped 1 57

=== sessions end: TCP by what was seen, UDP by time; a capacity is for several, and none goes too early
== run
click --simtime CONFIG
== file CONFIG
FromIPSummaryDump(IN, TIMING true, CHECKSUM true) -> r :: IPRewriter(pattern 9.0.0.1 5000-5999# - - 0 1,
	TCP_TIMEOUT 100, TCP_DONE_TIMEOUT 10, TCP_NODATA_TIMEOUT 20, UDP_TIMEOUT 30, UDP_STREAMING_TIMEOUT 40);
r[0], r[1] => Discard, Discard;
small :: IPRewriter(pattern 9.0.0.1 5000-5999# - - 0 0, CAPACITY 2, UDP_GUARANTEE 5) -> Discard;
pair :: IPAddrPairRewriter(keep 0 0, MAPPING_CAPACITY small) -> Discard;
TimedSource(1, DATA \<00>, LIMIT 1) -> UDPIPEncap(1.0.0.1, 1, 2.0.0.2, 8) -> small;
TimedSource(2, DATA \<00>, LIMIT 1) -> UDPIPEncap(1.0.0.1, 2, 2.0.0.2, 8) -> small;
TimedSource(3, DATA \<00>, LIMIT 1) -> UDPIPEncap(1.0.0.1, 3, 2.0.0.2, 8) -> small;
TimedSource(3, DATA \<00>, LIMIT 1) -> UDPIPEncap(1.0.0.1, 3, 2.0.0.2, 8) -> pair;
TimedSource(8, DATA \<00>, LIMIT 1) -> UDPIPEncap(1.0.0.1, 4, 2.0.0.2, 8) -> small;
DriverManager(wait 5s, read small.size, read pair.size, read small.mapping_failures, read pair.mapping_failures,
	wait 4s, read small.udp_table, wait 9s, read r.nmappings, wait 4s, read r.nmappings, wait 12s, read r.nmappings, wait 12s,
	read r.tcp_table, read r.udp_table, wait 60s, read r.nmappings, stop)
== file IN
!data timestamp src sport dst dport proto tcp_flags payload
0.1 1.0.0.1 1 2.0.0.2 8 T S ""
0.2 1.0.0.1 2 2.0.0.2 8 T A "a"
0.3 2.0.0.2 8 9.0.0.1 5001 T A "b"
0.4 1.0.0.1 3 2.0.0.2 8 T A "a"
0.5 2.0.0.2 8 9.0.0.1 5002 T A "b"
0.6 1.0.0.1 3 2.0.0.2 8 T FA ""
0.7 2.0.0.2 8 9.0.0.1 5002 T FA ""
0.8 1.0.0.1 4 2.0.0.2 8 U . "a"
0.9 1.0.0.1 5 2.0.0.2 8 U . "a"
1.0 2.0.0.2 8 9.0.0.1 5004 U . "a"
1.1 2.0.0.2 8 9.0.0.1 5004 U . "a"
== stderr
small.size:
2
pair.size:
2
small.mapping_failures:
1
pair.mapping_failures:
1
small.udp_table:
{{.*}}
...
r.nmappings:
4
r.nmappings:
3
r.nmappings:
2
r.tcp_table:
(1.0.0.1, 2, 2.0.0.2, 8) => (9.0.0.1, 5001, 2.0.0.2, 8) [*0 1] i0 exp{{5\d}}
(2.0.0.2, 8, 9.0.0.1, 5001) => (2.0.0.2, 8, 1.0.0.1, 2) [0 *1] i0 exp{{5\d}}

r.udp_table:

r.nmappings:
0

=== patterns are written and sessions ended by handlers
== run
click --simtime CONFIG
== file CONFIG
r :: IPRewriter(pattern 9.0.0.1 5000 - - 0 0, pattern 9.0.0.2 5000 - - 0 0) -> IPPrint(out, TIMESTAMP false) -> Discard;
TimedSource(1, DATA \<00>, LIMIT 3) -> UDPIPEncap(1.0.0.1, 1, 2.0.0.2, 8) -> r;
TimedSource(1, DATA \<00>, LIMIT 1) -> UDPIPEncap(1.0.0.1, 2, 2.0.0.2, 8) -> [1] r;
DriverManager(wait 1.5s, read r.patterns, write r.pattern0 pass, read r.nmappings, read r.pattern0, wait 1s,
	write r.clear, read r.size, write r.pattern0 keep 0 0, wait 1s, read r.patterns, stop)
== stderr
out: 9.0.0.1.5000 > 2.0.0.2.8: udp 9
out: 9.0.0.2.5000 > 2.0.0.2.8: udp 9
r.patterns:
9.0.0.1 5000 - - [1]
9.0.0.2 5000 - - [1]

r.nmappings:
1
r.pattern0:
<nochange>

out: 1.0.0.1.1 > 2.0.0.2.8: udp 9
r.size:
0
out: 1.0.0.1.1 > 2.0.0.2.8: udp 9
r.patterns:
<keep> [1]
9.0.0.2 5000 - -

=== tables of the others
== run
cat >CONFIG <<'END'
a :: IPAddrRewriter(pattern 9.0.0.1-9.0.0.9# - 0 1); p :: IPAddrPairRewriter(pattern 9.0.0.1 9.0.0.2 0 1);
i :: ICMPPingRewriter(1.2.3.4, -); t :: TCPRewriter(pattern - - 5.5.5.5 80 0 1);
InfiniteSource(DATA \<00>, LIMIT 1) -> UDPIPEncap(1.0.0.1, 1, 2.0.0.2, 8) -> s :: Tee -> a; s[1] -> p;
InfiniteSource(DATA \<08000000 00070001>, LIMIT 1) -> IPEncap(icmp, 1.0.0.1, 2.0.0.2) -> i;
InfiniteSource(DATA \<00070008 00000001 00000002 5000ffff 00000000>, LIMIT 1) -> IPEncap(tcp, 1.0.0.1, 2.0.0.2) -> t;
a[0], a[1], p[0], p[1], i[0], t[0], t[1] => Discard, Discard, Discard, Discard, Discard, Discard, Discard;
DriverManager(wait 1s, print >table a.table, print >>table p.table, print >>table i.mappings, print >>table t.table,
	read t.lookup 1.0.0.1 7 2.0.0.2 8, read t.lookup 5.5.5.5 80 1.0.0.1 7, read t.lookup 5.5.5.5 81 1.0.0.1 7,
	read a.patterns, read p.patterns, read i.patterns, stop)
END
click --simtime CONFIG && sort table
== stdout
(1.0.0.1, 2.0.0.2) => (9.0.0.1, 9.0.0.2) [*0 1] i0 exp7199
(1.0.0.1, 2.0.0.2, 7) => (1.2.3.4, 2.0.0.2, 7) [*0 0] i0 exp299
(1.0.0.1, 7, 2.0.0.2, 8) => (1.0.0.1, 7, 5.5.5.5, 80) [*0 1] i0 exp299
(2.0.0.2, 1.2.3.4, 7) => (2.0.0.2, 1.0.0.1, 7) [0 *0] i0 exp299
(5.5.5.5, 80, 1.0.0.1, 7) => (2.0.0.2, 8, 1.0.0.1, 7) [0 *1] i0 exp299
(9.0.0.2, 9.0.0.1) => (2.0.0.2, 1.0.0.1) [0 *1] i0 exp7199
1.0.0.1 => 9.0.0.1 [*0 1] i0 exp7199
9.0.0.1 => 1.0.0.1 [0 *1] i0 exp7199
== stderr
t.lookup:
1.0.0.1 7 5.5.5.5 80
t.lookup:
2.0.0.2 8 1.0.0.1 7
t.lookup:

a.patterns:
9.0.0.1-9.0.0.9 - [1]

p.patterns:
9.0.0.1 9.0.0.2 [1]

i.patterns:
1.2.3.4 0-65535 - - [1]

=== mappers: in turn, and by the source address, which stays with its server
== run
click --simtime CONFIG
== file CONFIG
rr :: RoundRobinIPMapper(- - 10.0.0.1 - 0 1, - - 10.0.0.2 - 0 1, - - 10.0.0.3 - 0 1);
r :: IPRewriter(rr, drop); r[0] -> IPPrint(rr, TIMESTAMP false) -> Discard; r[1], Idle => Discard, [1] r;
elementclass Flow { $src, $sport, $n |
	InfiniteSource(DATA \<00>, LIMIT $n) -> UDPIPEncap($src, $sport, 9.9.9.9, 80) -> output }
Flow(1.0.0.1, 1, 2) -> r; Flow(1.0.0.1, 2, 1) -> r; Flow(1.0.0.1, 3, 1) -> r; Flow(1.0.0.1, 4, 1) -> r;
hash :: SourceIPHashMapper(50 7, - - 10.0.0.1 - 0 0 1, - - 10.0.0.2 - 0 0 2, - - 10.0.0.3 - 0 0 3);
less :: SourceIPHashMapper(50 7, - - 10.0.0.1 - 0 0 1, - - 10.0.0.3 - 0 0 3);
RatedSource(DATA \<00>, RATE 1000, LIMIT 600) -> UDPIPEncap(1.0.0.1, 5, 9.9.9.9, 80)
	-> s :: Script(TYPE PACKET, set i $(add $i 1), return 0)
	-> StoreIPAddress(1.0.0.0, 12) -> t :: Tee(2);
t[0] -> h :: IPRewriter(hash) -> a :: IPClassifier(dst host 10.0.0.1, dst host 10.0.0.2, -);
t[1] -> l :: IPRewriter(less) -> b :: IPClassifier(dst host 10.0.0.1, dst host 10.0.0.2, -);
a[0] -> a0 :: Counter -> Discard; a[1] -> a1 :: Counter -> Discard; a[2] -> a2 :: Counter -> Discard;
b[0] -> b0 :: Counter -> Discard; b[1] -> b1 :: Counter -> Discard; b[2] -> b2 :: Counter -> Discard;
DriverManager(wait 1s, read r.patterns, print $(eq $(max $(a0.count) $(a1.count) $(a2.count)) 600), read b1.count, stop)
== stdout
true
== stderr
rr: 1.0.0.1.1 > 10.0.0.1.80: udp 9
rr: 1.0.0.1.2 > 10.0.0.2.80: udp 9
rr: 1.0.0.1.3 > 10.0.0.3.80: udp 9
rr: 1.0.0.1.4 > 10.0.0.1.80: udp 9
rr: 1.0.0.1.1 > 10.0.0.1.80: udp 9
r.patterns:
<mapper> [4]
<drop>

b1.count:
0

=== named patterns share their ports, and are known where they are given
== run
click --simtime CONFIG
== file CONFIG
IPRewriterPatterns(web far 5000-5001# - -,, other - - near -);
AddressInfo(far 7.0.0.1, near 6.6.6.6);
elementclass Flow { $sport | InfiniteSource(DATA \<00>, LIMIT 1) -> UDPIPEncap(1.0.0.1, $sport, 9.9.9.9, 80) -> output }
Flow(1) -> a :: IPRewriter(pattern web 0 0) -> p :: IPPrint(a, TIMESTAMP false) -> Discard;
Flow(2) -> b :: IPRewriter(pattern web 0 0) -> IPPrint(b, TIMESTAMP false) -> Discard;
Flow(3) -> a; Flow(4) -> a;
c :: { IPRewriterPatterns(inner 8.0.0.1 1 - -); Flow(5) -> r :: IPRewriter(pattern inner 0 0, pattern other 0 0);
	Flow(6) -> [1] r; r -> IPPrint(c, TIMESTAMP false) -> Discard };
DriverManager(wait 0.1s, read a.patterns, read a.mapping_failures, stop)
== stderr
a: 7.0.0.1.5000 > 9.9.9.9.80: udp 9
b: 7.0.0.1.5001 > 9.9.9.9.80: udp 9
a: 7.0.0.1.5001 > 9.9.9.9.80: udp 9
c: 8.0.0.1.1 > 9.9.9.9.80: udp 9
c: 1.0.0.1.6 > 6.6.6.6.80: udp 9
a.patterns:
7.0.0.1 5000-5001 - - [2]

a.mapping_failures:
1

=== a name that is known cannot be given again, nor is it known elsewhere
== config
IPRewriterPatterns(web - - - -);
c :: { IPRewriterPatterns(web - - - -, inner - - - -) };
Idle -> IPRewriter(pattern inner 0 0) -> Discard;
== exit 1
== stderr
config:2:27: pattern 'web' already defined
  c :: { IPRewriterPatterns(web - - - -, inner - - - -) };
                            ^
config:3:20: input spec 0: no such pattern 'inner'
  Idle -> IPRewriter(pattern inner 0 0) -> Discard;
                     ^

=== FTPPortMapper: the command, its lengths, and the numbers behind it
== run
click --simtime CONFIG
== file CONFIG
control :: TCPRewriter(pattern 200.100.100.200 50000-50009# - - 0 1, drop);
rw :: IPRewriter(pattern 200.100.100.200 60000-60009# - - 0 1, drop);
elementclass Out { $at, $tcp | TimedSource($at, DATA $tcp, LIMIT 1) -> IPEncap(tcp, 1.0.0.2, 2.0.0.2)
	-> MarkIPHeader -> SetTCPChecksum -> SetIPChecksum -> output }
elementclass In { $at, $tcp | TimedSource($at, DATA $tcp, LIMIT 1) -> IPEncap(tcp, 2.0.0.2, 200.100.100.200)
	-> MarkIPHeader -> SetTCPChecksum -> SetIPChecksum -> output }
f :: FTPPortMapper(control, rw, 0) -> [0] control;
// SYN; "PORT 1,0,0,2,3,9\r\n" twice; "LIST\r\n" behind it
Out(0.1, \<03e80015 000003e7 00000000 50020001 0000 0000>) -> f;
Out(0.2, \<03e80015 000003e8 00000001 50180001 0000 0000 504f5254 20312c30 2c302c32 2c332c39 0d0a>) -> f;
Out(0.3, \<03e80015 000003e8 00000001 50180001 0000 0000 504f5254 20312c30 2c302c32 2c332c39 0d0a>) -> f;
Out(0.4, \<03e80015 000003fa 00000001 50180001 0000 0000 4c495354 0d0a>) -> f;
// acknowledged: all of the command, SACK of LIST, LIST
In(0.5, \<0015c350 00000001 00000405 50100001 0000 0000>) -> [1] control;
In(0.6, \<0015c350 00000001 0000040a 80100001 0000 0000 0101050a 00000405 0000040b>) -> [1] control;
In(0.7, \<0015c350 00000001 0000040b 50100001 0000 0000>) -> [1] control;
// the data connection
In(0.8, \<0014ea60 00000005 00000000 50020001 0000 0000>) -> [1] rw;
control[0] -> CheckIPHeader(VERBOSE true) -> CheckTCPHeader(VERBOSE true) -> IPPrint(out, TIMESTAMP false) -> Print(out, 80) -> Discard;
control[1] -> CheckTCPHeader(VERBOSE true) -> IPPrint(in, TIMESTAMP false) -> Print(in, 80) -> Discard;
rw[0], Idle => Discard, [0] rw; rw[1] -> IPPrint(data, TIMESTAMP false) -> Discard;
DriverManager(wait 1s, read f.mapped, read control.table, read rw.tcp_table, stop)
== stderr
out: 200.100.100.200.50000 > 2.0.0.2.21: S 999:1000(1,40,40) win 1
out:   40 | 45000028 00000000 fa0691a1 c86464c8 02000002 c3500015 000003e7 00000000 50020001 b9660000
out: 200.100.100.200.50000 > 2.0.0.2.21: P 1000:1029(29,69,69) ack 1 win 1
out:   69 | 45000045 00000000 fa069184 c86464c8 02000002 c3500015 000003e8 00000001 50180001 e5590000 504f5254 20323030 2c313030 2c313030 2c323030 2c323334 2c39360d 0a
out: 200.100.100.200.50000 > 2.0.0.2.21: P 1000:1029(29,69,69) ack 1 win 1
out:   69 | 45000045 00000000 fa069184 c86464c8 02000002 c3500015 000003e8 00000001 50180001 e5590000 504f5254 20323030 2c313030 2c313030 2c323030 2c323334 2c39360d 0a
out: 200.100.100.200.50000 > 2.0.0.2.21: P 1029:1035(6,46,46) ack 1 win 1
out:   46 | 4500002e 00000000 fa06919b c86464c8 02000002 c3500015 00000405 00000001 50180001 0c840000 4c495354 0d0a
in: 2.0.0.2.21 > 1.0.0.2.1000: . 1:1(0,40,40) ack 1018 win 1
in:   40 | 45000028 00000000 fa06bdcc 02000002 01000002 001503e8 00000001 000003fa 50100001 a4d80000
in: 2.0.0.2.21 > 1.0.0.2.1000: . 1:1(0,52,52) ack 1023 win 1
in:   52 | 45000034 00000000 fa06bdc0 02000002 01000002 001503e8 00000001 000003ff 80100001 66c20000 0101050a 000003fa 00000400
in: 2.0.0.2.21 > 1.0.0.2.1000: . 1:1(0,40,40) ack 1024 win 1
in:   40 | 45000028 00000000 fa06bdcc 02000002 01000002 001503e8 00000001 00000400 50100001 a4d20000
data: 2.0.0.2.20 > 1.0.0.2.777: S 5:6(1,40,40) win 1
f.mapped:
2
control.table:
(1.0.0.2, 1000, 2.0.0.2, 21) => (200.100.100.200, 50000, 2.0.0.2, 21) seq +11 [*0 1] i0 exp300
(2.0.0.2, 21, 200.100.100.200, 50000) => (2.0.0.2, 21, 1.0.0.2, 1000) [0 *1] i0 exp300

rw.tcp_table:
(1.0.0.2, 777, 2.0.0.2, 20) => (200.100.100.200, 60000, 2.0.0.2, 20) [*0 1] i0 exp300
(2.0.0.2, 20, 200.100.100.200, 60000) => (2.0.0.2, 20, 1.0.0.2, 777) [0 *1] i0 exp300

=== mistakes
== run
click -q config
== file config
a :: IPRewriter(pattern 1.0.0.1 5000-4000 - - 0 0, pattern x 0 0, what, keep 0, drop it, pattern 1.0.0 - - - 0 0,
	pattern - - 1.2.3 - 0 0, pattern - - - 70000 0 0, pattern - - - - 0 5, pass 7, pattern - 0 0, d, pattern - - 0 0 0 0);
Idle -> a; Idle -> [1] a; Idle -> [2] a; Idle -> [3] a; Idle -> [4] a; Idle -> [5] a; Idle -> [6] a;
Idle -> [7] a; Idle -> [8] a; Idle -> [9] a; Idle -> [10] a; Idle -> [11] a; Idle -> [12] a; a -> d :: Discard;
Idle -> b :: IPRewriter(drop, drop) -> Discard;
Idle -> c :: TCPRewriter(drop, CAPACITY d) -> Discard;
Idle -> ICMPRewriter(d) -> Discard; Idle -> ICMPRewriter(c:1) -> Discard;
IPRewriterPatterns(p - - - -, p - - - -, q - - - - -);
Idle -> e :: FTPPortMapper(d, b, 0) -> Discard;
Idle -> FTPPortMapper(c, c, 1) -> Discard;
RoundRobinIPMapper(); SourceIPHashMapper(1 2, - - - - 0 0 x); SourceIPHashMapper(0 2, - - - - 0 0 1);
== exit 1
== stderr
config:1:17: input spec 0: bad source port
  a :: IPRewriter(pattern 1.0.0.1 5000-4000 - - 0 0, pattern x 0 0, what, keep 0, drop it, pattern 1.0.0 - - - 0 0,
                  ^
config:1:52: input spec 1: no such pattern 'x'
  a :: IPRewriter(pattern 1.0.0.1 5000-4000 - - 0 0, pattern x 0 0, what, keep 0, drop it, pattern 1.0.0 - - - 0 0,
                                                     ^
config:1:67: input spec 2: unknown specification
  a :: IPRewriter(pattern 1.0.0.1 5000-4000 - - 0 0, pattern x 0 0, what, keep 0, drop it, pattern 1.0.0 - - - 0 0,
                                                                    ^
config:1:73: input spec 3: bad forward port
  a :: IPRewriter(pattern 1.0.0.1 5000-4000 - - 0 0, pattern x 0 0, what, keep 0, drop it, pattern 1.0.0 - - - 0 0,
                                                                          ^
config:1:81: input spec 4: syntax error, expected 'drop'
  a :: IPRewriter(pattern 1.0.0.1 5000-4000 - - 0 0, pattern x 0 0, what, keep 0, drop it, pattern 1.0.0 - - - 0 0,
                                                                                  ^
config:1:90: input spec 5: bad source address
  a :: IPRewriter(pattern 1.0.0.1 5000-4000 - - 0 0, pattern x 0 0, what, keep 0, drop it, pattern 1.0.0 - - - 0 0,
                                                                                           ^
config:2:2: input spec 6: bad destination address
  	pattern - - 1.2.3 - 0 0, pattern - - - 70000 0 0, pattern - - - - 0 5, pass 7, pattern - 0 0, d, pattern - - 0 0 0 0);
  	^
config:2:27: input spec 7: bad destination port
  	pattern - - 1.2.3 - 0 0, pattern - - - 70000 0 0, pattern - - - - 0 5, pass 7, pattern - 0 0, d, pattern - - 0 0 0 0);
  	                         ^
config:2:52: input spec 8: output port out of range
  	pattern - - 1.2.3 - 0 0, pattern - - - 70000 0 0, pattern - - - - 0 5, pass 7, pattern - 0 0, d, pattern - - 0 0 0 0);
  	                                                  ^
config:2:73: input spec 9: output port out of range
  	pattern - - 1.2.3 - 0 0, pattern - - - 70000 0 0, pattern - - - - 0 5, pass 7, pattern - 0 0, d, pattern - - 0 0 0 0);
  	                                                                       ^
config:2:81: input spec 10: no such pattern '-'
  	pattern - - 1.2.3 - 0 0, pattern - - - 70000 0 0, pattern - - - - 0 5, pass 7, pattern - 0 0, d, pattern - - 0 0 0 0);
  	                                                                               ^
config:2:96: input spec 11: element is not an IPMapper
  	pattern - - 1.2.3 - 0 0, pattern - - - 70000 0 0, pattern - - - - 0 5, pass 7, pattern - 0 0, d, pattern - - 0 0 0 0);
  	                                                                                              ^
config:2:99: input spec 12: bad destination address
  	pattern - - 1.2.3 - 0 0, pattern - - - 70000 0 0, pattern - - - - 0 5, pass 7, pattern - 0 0, d, pattern - - 0 0 0 0);
  	                                                                                                 ^
config:5:25: need 1 arguments, one per input port
  Idle -> b :: IPRewriter(drop, drop) -> Discard;
                          ^
config:6:26: bad MAPPING_CAPACITY
  Idle -> c :: TCPRewriter(drop, CAPACITY d) -> Discard;
                           ^
config:7:22: d not an IP rewriter
  Idle -> ICMPRewriter(d) -> Discard; Idle -> ICMPRewriter(c:1) -> Discard;
                       ^
config:7:58: c port offset requires more than 1 output
  Idle -> ICMPRewriter(d) -> Discard; Idle -> ICMPRewriter(c:1) -> Discard;
                                                           ^
config:8:31: pattern 'p' already defined
  IPRewriterPatterns(p - - - -, p - - - -, q - - - - -);
                                ^
config:8:42: syntax error
  IPRewriterPatterns(p - - - -, p - - - -, q - - - - -);
                                           ^
config:9:28: CONTROL_REWRITER and DATA_REWRITER must be rewriters
  Idle -> e :: FTPPortMapper(d, b, 0) -> Discard;
                             ^
config:10:29: DATA_REWRITER_INPUT out of range
  Idle -> FTPPortMapper(c, c, 1) -> Discard;
                              ^
config:11:20: no patterns given
  RoundRobinIPMapper(); SourceIPHashMapper(1 2, - - - - 0 0 x); SourceIPHashMapper(0 2, - - - - 0 0 1);
                     ^
config:11:42: warning: only one pattern given
  RoundRobinIPMapper(); SourceIPHashMapper(1 2, - - - - 0 0 x); SourceIPHashMapper(0 2, - - - - 0 0 1);
                                           ^
config:11:47: bad server ID in pattern spec
  RoundRobinIPMapper(); SourceIPHashMapper(1 2, - - - - 0 0 x); SourceIPHashMapper(0 2, - - - - 0 0 1);
                                                ^
config:11:82: warning: only one pattern given
  RoundRobinIPMapper(); SourceIPHashMapper(1 2, - - - - 0 0 x); SourceIPHashMapper(0 2, - - - - 0 0 1);
                                                                                   ^
config:11:82: the number of nodes must be 1 to 100000
  RoundRobinIPMapper(); SourceIPHashMapper(1 2, - - - - 0 0 x); SourceIPHashMapper(0 2, - - - - 0 0 1);
                                                                                   ^
