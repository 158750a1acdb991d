Elements that depend on time, in simulated time.

=== RatedSource keeps its rate
== run
click --simtime config
== config
RatedSource(DATA a, RATE 100, LIMIT 250) -> c :: Counter -> a :: AverageCounter -> Discard;
DriverManager(wait 0.999s, print c.count, wait 1s, print c.count, wait 0.4s, print c.count,
	wait 1s, print c.count, print a.rate, print a.count, stop);
== stdout
100
200
240
250
100.402
250

=== odd rates are exact in the long run
== run
click --simtime config
== config
RatedSource(DATA a, RATE 7) -> c :: Counter -> Discard;
RatedSource(DATA a, RATE 12345) -> d :: Counter -> Discard;
RatedSource(LENGTH 125, BANDWIDTH 10kBps) -> e :: Counter -> Discard;
DriverManager(wait 9.999s, print c.count, print d.count, print e.count, stop);
== stdout
70
123438
800

=== RatedSource: rate and active can be changed
== run
click --simtime config
== config
s :: RatedSource(DATA a, RATE 10) -> c :: Counter -> Discard;
DriverManager(wait 0.95s, print c.count, write s.rate 1000, wait 1s, print s.rate,
	write c.reset, wait 1s, print c.count, write s.active false, write c.reset, wait 1s,
	print c.count, print s.active, stop);
== stdout
10
1000
1000
0
false

=== TimedSource, and STOP
== run
click --simtime=100 config
== config
TimedSource(250ms, a, LIMIT 3, STOP true) -> Print(TIMESTAMP true) -> Discard;
== stderr
100.250000:    1 | 61
100.500000:    1 | 61
100.750000:    1 | 61

=== an interval may have its unit behind a space
== run
click --simtime -e 't :: TimedSource(2 min, a, LIMIT 3, STOP true) -> Discard' -h t.interval
== stdout
120.000000s

=== TimedSource's handlers
== run
click --simtime -h t.interval -h t.count -h t.data -h t.limit config
== config
t :: TimedSource(0.02, "b c", LIMIT 2, STOP true) -> Discard;
== stdout
t.interval:
20ms

t.count:
2

t.data:
b c
t.limit:
2

=== RatedUnqueue
== run
click --simtime config
== config
InfiniteSource(LIMIT 1000) -> q :: Queue(1000) -> RatedUnqueue(100, BURST_SIZE 1) -> c :: Counter
	-> Discard;
DriverManager(wait 0.999s, print c.count, print q.length, wait 1s, print c.count, stop);
== stdout
100
900
200

=== RatedUnqueue saves up for a burst
== run
click --simtime config
== config
s :: InfiniteSource(LIMIT 50, ACTIVE false) -> Queue -> u :: RatedUnqueue(10, BURST_DURATION 1s)
	-> c :: Counter -> Discard;
DriverManager(wait 5s, write s.active true, wait 0.05s, print c.count, wait 1s, print c.count,
	write u.rate 1000, wait 1s, print c.count, print u.rate, stop);
== stdout
10
20
50
1000

=== Shaper limits what is pulled
== run
click --simtime config
== config
RatedSource(RATE 1000) -> Queue(10) -> s :: Shaper(50) -> Unqueue -> c :: Counter -> Discard;
DriverManager(wait 0.99s, print c.count, wait 1s, print c.count, write s.rate 500, wait 1s,
	write c.reset, wait 1s, print c.count, stop);
== stdout
50
100
{{49\d|50\d}}
== stderr
Queue@2: overflow

=== Shaper wakes who pulls, when nothing else does
== run
click --simtime config
== config
InfiniteSource(LIMIT 20) -> Queue(20) -> Shaper(10) -> Unqueue -> c :: Counter -> Discard;
DriverManager(wait 1.05s, print c.count, stop);
== stdout
11

=== DelayUnqueue
== run
click --simtime=10 config
== config
TimedSource(0.1, a, LIMIT 2) -> Queue -> d :: DelayUnqueue(0.25) -> SetTimestamp
	-> Print(TIMESTAMP true) -> Discard;
DriverManager(wait 1s, print d.delay, stop);
== stdout
250ms
== stderr
10.350000:    1 | 61
10.450000:    1 | 61

=== Counter's rate follows, and fades
== run
click --simtime config
== config
s :: RatedSource(DATA abcd, RATE 1000) -> c :: Counter -> Discard;
DriverManager(wait 3s, print c.rate, print c.byte_rate, print c.bit_rate, write s.active false,
	wait 5s, print c.rate, print c.count, write c.reset, print c.count, stop);
== stdout
{{99\d|100\d}}{{.*}}
{{39\d\d|40\d\d}}{{.*}}
{{31\d\d\d|32\d\d\d}}{{.*}}
0
{{300.}}
0

=== AverageCounter ignores the beginning
== run
click --simtime config
== config
RatedSource(DATA abcd, RATE 100) -> a :: AverageCounter(IGNORE 1) -> Discard;
DriverManager(wait 3.005s, print a.count, print a.byte_rate, write a.reset, print a.count, stop);
== stdout
{{20\d}}
{{4\d\d}}{{.*}}
0

=== FromDump TIMING
== run
click write
click --simtime=50 read
== file write
d :: ToDump(x.pcap);
InfiniteSource(DATA a, LIMIT 1) -> SetTimestamp(2) -> d;
InfiniteSource(DATA b, LIMIT 1) -> SetTimestamp(2.5) -> d;
InfiniteSource(DATA c, LIMIT 1) -> SetTimestamp(4) -> d;
TimedSource(0.01, LIMIT 1, STOP true) -> Idle;
== file read
FromDump(x.pcap, TIMING true, STOP true) -> Print(TIMESTAMP true) -> SetTimestamp
	-> Print(TIMESTAMP true) -> Discard;
== stderr
2.000000:    1 | 61
50.000000:    1 | 61
2.500000:    1 | 62
50.500000:    1 | 62
4.000000:    1 | 63
52.000000:    1 | 63
