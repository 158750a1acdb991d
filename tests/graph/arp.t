ARPQuerier, ARPResponder and ARPPrint over time.

=== packets wait for the reply and leave in order
A reply is there before the next packet; broadcasts and multicasts need none.
== config
FromIPSummaryDump(IN, STOP true) -> q :: ARPQuerier(10.1.0.1/16, 2:0:0:0:0:1) -> Print(MAXLENGTH 14) -> Discard;
q[1] -> ARPPrint(q, TIMESTAMP false) -> ARPResponder(10.1.2.0/24 2:0:0:0:2:0, 10.1.2.9 2:0:0:0:2:9)
	-> ARPPrint(r, TIMESTAMP false, ETHER true) -> [1] q;
DriverManager(pause, read q.queries, read q.responses, read q.drops, read q.stats, read q.count,
	read q.length, print q.table)
== file IN
!data ip_dst
10.1.2.3
10.1.2.9
10.1.2.3
10.1.255.255
255.255.255.255
224.0.0.251
10.1.3.1
0.0.0.0
== stdout
10.1.2.3 1 02-00-00-00-02-00 0.{{\d{6}}}
10.1.2.9 1 02-00-00-00-02-09 0.{{\d{6}}}
10.1.3.1 0 FF-FF-FF-FF-FF-FF 0.{{\d{6}}}
== stderr
q: arp who-has 10.1.2.3 tell 10.1.0.1
r: 02-00-00-00-02-00 > 02-00-00-00-00-01: arp reply 10.1.2.3 is-at 02-00-00-00-02-00
  54 | 02000000 02000200 00000001 0800
q: arp who-has 10.1.2.9 tell 10.1.0.1
r: 02-00-00-00-02-09 > 02-00-00-00-00-01: arp reply 10.1.2.9 is-at 02-00-00-00-02-09
  54 | 02000000 02090200 00000001 0800
  54 | 02000000 02000200 00000001 0800
  54 | ffffffff ffff0200 00000001 0800
  54 | ffffffff ffff0200 00000001 0800
  54 | 01005e00 00fb0200 00000001 0800
q: arp who-has 10.1.3.1 tell 10.1.0.1
q: would query for 0.0.0.0; missing dest IP addr annotation?
q.queries:
3
q.responses:
2
q.drops:
1
q.stats:
1 packets killed
3 ARP queries sent

q.count:
3
q.length:
1

=== CAPACITY: the oldest packets give way, half of them at a time
== run
click --simtime CONFIG
== file CONFIG
InfiniteSource(DATA \<00000001>, LIMIT 3) -> a :: GetIPAddress(0);
InfiniteSource(DATA \<00000002>, LIMIT 3) -> a;
a -> q :: ARPQuerier(10.0.0.1, 2:0:0:0:0:1, CAPACITY 4) -> Print -> Discard;
q[1] -> Discard; Idle -> [1] q;
DriverManager(wait 0.02s, read q.length, read q.drops, write q.insert 0.0.0.2 2:0:0:0:0:2, read q.length,
	write q.clear, read q.length, read q.count, stop)
== stderr
q.length:
3
q.drops:
3
  18 | 02000000 00020200 00000001 08000000 0002
  18 | 02000000 00020200 00000001 08000000 0002
q.length:
1
q.length:
0
q.count:
0

=== ENTRY_PACKET_CAPACITY and ENTRY_CAPACITY
== run
click --simtime CONFIG
== file CONFIG
InfiniteSource(DATA \<00000001>, LIMIT 3) -> a :: GetIPAddress(0);
a -> q :: ARPQuerier(10.0.0.1, 2:0:0:0:0:1, ENTRY_PACKET_CAPACITY 2, ENTRY_CAPACITY 2) -> Discard;
q[1] -> Discard; Idle -> [1] q;
DriverManager(wait 0.02s, read q.length, write q.insert 0.0.0.8 2:0:0:0:0:2, read q.count, read q.length,
	write q.insert 0.0.0.9 2:0:0:0:0:2, read q.count, read q.length, stop)
== stderr
q.length:
2
q.count:
2
q.length:
2
q.count:
2
q.length:
0

=== TIMEOUT and POLL_TIMEOUT
What is known is checked by asking the neighbour itself, and given up TIMEOUT after its last reply.
== run
click --simtime CONFIG
== file CONFIG
s :: RatedSource(DATA \<00000009>, RATE 10, LIMIT 9, STOP true, ACTIVE false) -> GetIPAddress(0)
	-> q :: ARPQuerier(10.0.0.1, 2:0:0:0:0:1, TIMEOUT 0.55s, POLL_TIMEOUT 0.25s)
	-> c :: Counter -> Discard;
q[1] -> Print(q, 14) -> Discard; Idle -> [1] q;
Script(write q.insert 0.0.0.9 2:0:0:0:0:9, write s.active true);
DriverManager(pause, read c.count, read q.length, write q.delete 0.0.0.9, print q.table)
== stderr
q:   42 | 02000000 00090200 00000001 0806
q:   42 | 02000000 00090200 00000001 0806
q:   42 | 02000000 00090200 00000001 0806
q:   42 | ffffffff ffff0200 00000001 0806
q:   42 | ffffffff ffff0200 00000001 0806
q:   42 | ffffffff ffff0200 00000001 0806
c.count:
6
q.length:
3

== stdout
0.0.0.9 0 FF-FF-FF-FF-FF-FF 0.000000

=== what is no reply does no harm
== run
click --simtime CONFIG
== file CONFIG
InfiniteSource(DATA \<ffffffffffff 020000000002 0806 0001 0800 06 04 0002 0200000000 >, LIMIT 1) -> q1 :: Null;
InfiniteSource(DATA \<020000000001 020000000002 0806 0001 0800 06 04 0001 020000000002 0a000002 020000000001 0a000001>, LIMIT 1) -> q1;
InfiniteSource(DATA \<020000000001 020000000002 0806 0001 0800 06 04 0002 030000000002 0a000002 020000000001 0a000001>, LIMIT 1) -> q1;
InfiniteSource(DATA \<020000000001 020000000002 0806 0001 0800 08 04 0002 020000000002 0a000002 020000000001 0a000001>, LIMIT 1) -> q1;
InfiniteSource(DATA \<020000000001 020000000002 0806 0001 0800 06 04 0002 020000000002 0a000002 020000000001 0a000001>, LIMIT 1) -> q1;
q1 -> [1] q :: ARPQuerier(10.0.0.1, 2:0:0:0:0:1) -> Discard; Idle -> q;
DriverManager(wait 0.02s, read q.responses, read q.count, print q.table, stop)
== stdout
10.0.0.2 1 02-00-00-00-00-02 {{.*}}
== stderr
q.responses:
4
q.count:
1

=== ARPResponder: handlers
== config
Idle -> r :: ARPResponder(10.0.0.0/8 2:0:0:0:0:8, 10.1.0.0/16 10.1.2.3 2:0:0:0:0:16) -> Discard;
DriverManager(print r.table, print r.lookup 10.1.2.3, print r.lookup 10.9.0.0,
	write r.add 10.1.2.3 2:0:0:0:0:32, print r.lookup 10.1.2.3, write r.remove 10.0.0.0/8,
	print r.lookup 10.9.0.0, write r.remove 10.0.0.0/8, write r.add 10.0.0.1, stop)
== stdout
10.1.2.3/32 02-00-00-00-00-16
10.1.0.0/16 02-00-00-00-00-16
10.0.0.0/8 02-00-00-00-00-08
02-00-00-00-00-16
02-00-00-00-00-08
02-00-00-00-00-32

== ignore stderr

=== ARPResponder: mistakes
== config
Idle -> ARPResponder(10.0.0.1, 2:0:0:0:0:1, 10.0.0.1 2:0:0:0:0:1 2:0:0:0:0:2, x 2:0:0:0:0:1) -> Discard;
== stderr
{{.*}}:1:22: argument 1: missing ETH
...
{{.*}}:1:32: argument 2: missing IP/MASK
...
{{.*}}:1:45: argument 3: more than one ETH
...
{{.*}}:1:79: argument 4: expected IP/MASK ETH
...
== exit 1

=== written configurations
ARPQuerier keeps what it knows until the router becomes another one.
== run
click --simtime CONFIG
== file CONFIG
s :: RatedSource(DATA \<00000009>, RATE 10, LIMIT 4, ACTIVE false) -> GetIPAddress(0)
	-> q :: ARPQuerier(10.0.0.1, 2:0:0:0:0:1) -> Print(out, 14) -> e :: EtherRewrite(3:0:0:0:0:3, 2:0:0:0:0:9)
	-> Print(rewritten, 14) -> Discard;
q[1] -> Print(q, 14) -> Discard; Idle -> [1] q;
DriverManager(write q.insert 0.0.0.9 2:0:0:0:0:9, write s.active true, wait 0.05s,
	write e.config $(cat REWRITE), write q.config $(cat SAME), wait 0.1s,
	write q.config $(cat BAD), wait 0.1s,
	write q.config $(cat OTHER), read q.count, wait 0.1s, read q.ipaddr)
== file REWRITE
5:5:5:5:5:5, 6:6:6:6:6:6
== file SAME
10.0.0.1, 2:0:0:0:0:1, CAPACITY 2
== file BAD
10.0.0.2
== file OTHER
10.0.0.2, 2:0:0:0:0:2
== stderr
out:   18 | 02000000 00090200 00000001 0800
rewritten:   18 | 02000000 00090300 00000003 0800
out:   18 | 02000000 00090200 00000001 0800
rewritten:   18 | 06060606 06060505 05050505 0800
while executing `DriverManager{{.*}}
{{.*}}argument `ETH': expected an Ethernet address{{.*}}
...
out:   18 | 02000000 00090200 00000001 0800
rewritten:   18 | 06060606 06060505 05050505 0800
q.count:
0
q:   42 | ffffffff ffff0200 00000002 0806
q.ipaddr:
10.0.0.2
