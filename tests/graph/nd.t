IP6NDSolicitor and IP6NDAdvertiser over time.

=== packets wait for the advertisement and leave in order
An advertisement is there before the next packet; multicasts need none.
== run
click --simtime CONFIG
== file CONFIG
q :: IP6NDSolicitor(fe80::1, 2:0:0:0:0:1) -> Print(out, 15) -> Discard;
a :: InfiniteSource(DATA \<60>, LIMIT 2) -> Paint(254, 0) -> Paint(128, 1) -> Paint(2, 15) -> q;
b :: InfiniteSource(DATA \<61>, LIMIT 1) -> Paint(254, 0) -> Paint(128, 1) -> Paint(9, 15) -> q;
c :: InfiniteSource(DATA \<62>, LIMIT 1) -> Paint(255, 0) -> Paint(2, 1) -> Paint(5, 15) -> q;
d :: InfiniteSource(DATA \<63>, LIMIT 1) -> q;
q[1] -> Print(ask, 86) -> IP6NDAdvertiser(fe80::2 2:0:0:0:0:2) [0] -> Print(answer, 86) -> [1] q;
DriverManager(wait 0.05s, read q.queries, read q.responses, read q.drops, read q.length, print q.table, stop)
== stdout
fe80::2 1 02-00-00-00-00-02 0.{{\d{6}}}
fe80::9 0 FF-FF-FF-FF-FF-FF 0.{{\d{6}}}
== stderr
ask:   86 | 3333ff00 00020200 00000001 86dd6000 00000020 3afffe80 00000000 00000000 00000000 0001ff02 00000000 00000000 0001ff00 00028700 {{....}}0000 0000fe80 00000000 00000000 00000000 00020101 02000000 0001
answer:   86 | 02000000 00010200 00000002 86dd6000 00000020 3afffe80 00000000 00000000 00000000 0002fe80 00000000 00000000 00000000 00018800 {{....}}e000 0000fe80 00000000 00000000 00000000 00020201 02000000 0002
out:   15 | 02000000 00020200 00000001 86dd60
ask:   86 | 3333ff00 00090200 00000001 86dd{{.*}}
out:   15 | 33330000 00050200 00000001 86dd62
q: would solicit ::; missing destination annotation?
out:   15 | 02000000 00020200 00000001 86dd60
q.queries:
2
q.responses:
1
q.drops:
1
q.length:
1

=== what an advertisement changes
One that nobody waits for says nothing, and one that does not override changes nothing that is known.
== run
click --simtime CONFIG
== file CONFIG
s :: InfiniteSource(DATA \<60>, LIMIT 1) -> Paint(254, 0) -> Paint(128, 1) -> Paint(2, 15)
	-> q :: IP6NDSolicitor(fe80::1, 2:0:0:0:0:1) -> Print(out, 14) -> Discard;
q[1] -> Discard;
learn :: InfiniteSource(DATA \<02000000000102000000000286dd6000000000203afffe800000000000000000000000000002fe8000000000000000000000000000018800181a60000000fe8000000000000000000000000000020201020000000002>, LIMIT 1, ACTIVE false) -> [1] q;
noover :: InfiniteSource(DATA \<02000000000102000000000286dd6000000000203afffe800000000000000000000000000002fe8000000000000000000000000000018800381940000000fe8000000000000000000000000000020201020000000003>, LIMIT 1, ACTIVE false) -> [1] q;
over :: InfiniteSource(DATA \<02000000000102000000000286dd6000000000203afffe800000000000000000000000000002fe8000000000000000000000000000018800581820000000fe8000000000000000000000000000020201020000000004>, LIMIT 1, ACTIVE false) -> [1] q;
noopt :: InfiniteSource(DATA \<02000000000102000000000286dd6000000000183afffe800000000000000000000000000002fe80000000000000000000000000000188003c2540000000fe800000000000000000000000000002>, LIMIT 1, ACTIVE false) -> [1] q;
nobody :: InfiniteSource(DATA \<02000000000102000000000286dd6000000000203afffe800000000000000000000000000007fe8000000000000000000000000000018800180b60000000fe8000000000000000000000000000070201020000000007>, LIMIT 1, ACTIVE false) -> [1] q;
DriverManager(wait 0.01s, write nobody.active true, wait 0.01s, read q.count,
	write noopt.active true, wait 0.01s, print q.table,
	write learn.active true, wait 0.01s, print q.table,
	write noover.active true, wait 0.01s, print q.table,
	write noopt.reset, write noopt.active true, wait 0.01s, print q.table,
	write over.active true, wait 0.01s, print q.table,
	read q.responses, read q.drops, write q.delete fe80::2, print q.table,
	write q.insert 2001:db8::9 2:0:0:0:0:9, print q.table, write q.clear, read q.count, stop)
== stdout
fe80::2 0 FF-FF-FF-FF-FF-FF {{.*}}
fe80::2 1 02-00-00-00-00-02 0.010{{.*}}
fe80::2 1 02-00-00-00-00-02 0.020{{.*}}
fe80::2 1 02-00-00-00-00-02 0.010{{.*}}
fe80::2 1 02-00-00-00-00-04 {{.*}}
fe80::2 0 FF-FF-FF-FF-FF-FF {{.*}}
fe80::2 0 FF-FF-FF-FF-FF-FF {{.*}}
2001:db8::9 1 02-00-00-00-00-09 {{.*}}
== stderr
q.count:
1
out:   15 | 02000000 00020200 00000001 86dd
q.responses:
6
q.drops:
0
q.count:
0

=== what is no valid advertisement does no harm
RFC 4861 7.1.2: hop limit, checksum, solicited before all, an Ethernet address of many, code, target.
== run
click --simtime CONFIG
== file CONFIG
s :: InfiniteSource(DATA \<60>, LIMIT 1) -> Paint(254, 0) -> Paint(128, 1) -> Paint(2, 15)
	-> q :: IP6NDSolicitor(fe80::1, 2:0:0:0:0:1) -> Print(out, 14) -> Discard;
q[1] -> Discard;
InfiniteSource(DATA \<02000000000102000000000286dd6000000000203afefe800000000000000000000000000002fe8000000000000000000000000000018800181360000000fe8000000000000000000000000000020201020000000009>, LIMIT 1) -> [1] q;
InfiniteSource(DATA \<02000000000102000000000286dd6000000000203afffe800000000000000000000000000002fe8000000000000000000000000000018800180360000000fe8000000000000000000000000000020201020000000009>, LIMIT 1) -> [1] q;
InfiniteSource(DATA \<02000000000102000000000286dd6000000000203afffe800000000000000000000000000002ff0200000000000000000000000000018800179160000000fe8000000000000000000000000000020201020000000009>, LIMIT 1) -> [1] q;
InfiniteSource(DATA \<02000000000102000000000286dd6000000000203afffe800000000000000000000000000002fe8000000000000000000000000000018800171360000000fe8000000000000000000000000000020201030000000009>, LIMIT 1) -> [1] q;
InfiniteSource(DATA \<02000000000102000000000286dd6000000000203afffe800000000000000000000000000002fe8000000000000000000000000000018801181260000000fe8000000000000000000000000000020201020000000009>, LIMIT 1) -> [1] q;
InfiniteSource(DATA \<02000000000102000000000286dd6000000000203afffe800000000000000000000000000002fe8000000000000000000000000000018800179160000000ff0200000000000000000000000000020201020000000009>, LIMIT 1) -> [1] q;
InfiniteSource(DATA \<02000000000102000000000286dd6000000000203afffe800000000000000000000000000002fe8000000000000000000000>, LIMIT 1) -> [1] q;
DriverManager(wait 0.02s, read q.responses, print q.table, stop)
== stdout
fe80::2 0 FF-FF-FF-FF-FF-FF {{.*}}
== stderr
q.responses:
7

=== TIMEOUT and POLL_TIMEOUT
What is known is checked by asking the neighbour itself, and given up TIMEOUT after its last answer.
One packet waits as the table is looked through then, and is lost.
== run
click --simtime CONFIG
== file CONFIG
s :: RatedSource(DATA \<60>, RATE 1, LIMIT 9, STOP true, ACTIVE false) -> Paint(254, 0) -> Paint(128, 1)
	-> Paint(9, 15) -> q :: IP6NDSolicitor(fe80::1, 2:0:0:0:0:1, TIMEOUT 5.5s, POLL_TIMEOUT 2.5s)
	-> c :: Counter -> Discard;
q[1] -> Print(q, 54) -> Discard; Idle -> [1] q;
Script(write q.insert fe80::9 2:0:0:0:0:9, write s.active true);
DriverManager(pause, read c.count, read q.length)
== stderr
q:   86 | 02000000 00090200 00000001 86dd6000 00000020 3afffe80 00000000 00000000 00000000 0001fe80 00000000 00000000 00000000 0009
q:   86 | 02000000 00090200 00000001 86dd6000 00000020 3afffe80 00000000 00000000 00000000 0001fe80 00000000 00000000 00000000 0009
q:   86 | 02000000 00090200 00000001 86dd6000 00000020 3afffe80 00000000 00000000 00000000 0001fe80 00000000 00000000 00000000 0009
q:   86 | 3333ff00 00090200 00000001 86dd6000 00000020 3afffe80 00000000 00000000 00000000 0001ff02 00000000 00000000 0001ff00 0009
q:   86 | 3333ff00 00090200 00000001 86dd6000 00000020 3afffe80 00000000 00000000 00000000 0001ff02 00000000 00000000 0001ff00 0009
q:   86 | 3333ff00 00090200 00000001 86dd6000 00000020 3afffe80 00000000 00000000 00000000 0001ff02 00000000 00000000 0001ff00 0009
c.count:
6
q.length:
2

=== nobody is solicited more than once a second
RFC 4861 7.2.2. After ten times, it is every other second.
== run
click --simtime CONFIG
== file CONFIG
RatedSource(DATA \<60>, RATE 10, LIMIT 140, STOP true) -> Paint(254, 0) -> Paint(128, 1)
	-> Paint(9, 15) -> q :: IP6NDSolicitor(fe80::1, 2:0:0:0:0:1) -> Discard;
q[1] -> asked :: Counter -> Discard; Idle -> [1] q;
DriverManager(wait 2.55s, read asked.count, wait 7s, read asked.count, pause, read asked.count)
== stderr
asked.count:
3
asked.count:
10
asked.count:
12

=== IP6NDAdvertiser: handlers
== config
Idle -> r :: IP6NDAdvertiser(2001:db8::/32 2:0:0:0:0:8, 2001:db8:1::/48 2001:db8:1:2::3 2:0:0:0:0:16) -> Discard;
DriverManager(print r.table, print r.lookup 2001:db8:1:2::3, print r.lookup 2001:db8:9::,
	write r.add 2001:db8:1:2::3 2:0:0:0:0:32, print r.lookup 2001:db8:1:2::3, write r.remove 2001:db8::/32,
	print r.lookup 2001:db8:9::, write r.remove 2001:db8::/32, write r.add fe80::1, stop)
== stdout
2001:db8:1:2::3/128 02-00-00-00-00-16
2001:db8:1::/48 02-00-00-00-00-16
2001:db8::/32 02-00-00-00-00-08
02-00-00-00-00-16
02-00-00-00-00-08
02-00-00-00-00-32

== ignore stderr

=== mistakes
== config
Idle -> IP6NDAdvertiser(fe80::1, 2:0:0:0:0:1, fe80::1 2:0:0:0:0:1 2:0:0:0:0:2, x 2:0:0:0:0:1) -> Discard;
Idle -> q :: IP6NDSolicitor(10.0.0.1, 2:0:0:0:0:1) -> Discard; Idle -> [1] q;
== stderr
{{.*}}argument 1: missing ETH
...
{{.*}}argument 2: missing IP6/LEN
...
{{.*}}argument 3: more than one ETH
...
{{.*}}argument 4: expected IP6/LEN ETH
...
{{.*}}argument `IP6': expected an IPv6 address{{.*}}
...
== exit 1
