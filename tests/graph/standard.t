The small standard elements.

=== Print: contents, labels and annotations
== config
InfiniteSource(DATA \<00010203040506074142434445464748495051>, LIMIT 1, STOP true)
	-> SetTimestamp(3)
	-> Print -> Print(a) -> Print(b, 5) -> Print(c, -1) -> Print(d, CONTENTS NONE)
	-> Print(e, CONTENTS ASCII) -> Print(f, TIMESTAMP true, MAXLENGTH 0)
	-> Paint(7) -> Print(g, 4, PRINTANNO true) -> Print(ACTIVE false)
	-> Print(h, 4, HEADROOM true) -> Discard;
== stderr
  19 | 00010203 04050607 41424344 45464748 495051
a:   19 | 00010203 04050607 41424344 45464748 495051
b:   19 | 00010203 04
c:   19 | 00010203 04050607 41424344 45464748 495051
d:   19
e:   19 |  ........ ABCDEFGH IPQ
f: 3.000000:   19
g:   19 | 00000000000000000000000000000000{{07}}0000000{{0*}} | 00010203
h:   19 (h{{\d+}} t{{\d+}}) | 00010203

=== InfiniteSource: LIMIT, LENGTH, and one packet at a time in turn
== config
InfiniteSource(DATA a, LIMIT 2) -> Print(a) -> Discard;
InfiniteSource(DATA bcd, LIMIT 2, LENGTH 5) -> Print(b) -> Discard;
InfiniteSource(DATA bcd, LIMIT 1, LENGTH 2) -> Print(c) -> Discard;
InfiniteSource(DATA d, LIMIT 4, BURST 2) -> Print(d) -> Discard;
InfiniteSource(DATA e, LIMIT 2, ACTIVE false) -> Print(e) -> Discard;
TimedSource(0.02, LIMIT 1, STOP true) -> Idle;
== stderr
a:    1 | 61
b:    5 | 62636462 63
c:    2 | 6263
d:    1 | 64
d:    1 | 64
a:    1 | 61
b:    5 | 62636462 63
d:    1 | 64
d:    1 | 64

=== Tee finishes output 0 before output 1
== config
s :: InfiniteSource(DATA a, LIMIT 2, STOP true) -> t :: Tee(2);
t [0] -> Print(0) -> Paint(1) -> Print(0b) -> Discard;
t [1] -> Print(1, PRINTANNO true) -> Discard;
== stderr
0:    1 | 61
0b:    1 | 61
1:    1 | {{0{96}}} | 61
0:    1 | 61
0b:    1 | 61
1:    1 | {{0{96}}} | 61

=== Tee counts its outputs
== config
Idle -> t :: Tee(3); t [0] -> Discard; t [1] -> Discard;
== stderr
config:1:{{.*}}N is 3, but 2 outputs are connected
...
== exit 1

=== PullTee, Queue, Unqueue
== config
InfiniteSource(DATA a, LIMIT 2) -> Queue -> t :: PullTee; t [0] -> Unqueue -> Print(0) -> Discard;
t [1] -> Print(1) -> Discard;
TimedSource(0.02, LIMIT 1, STOP true) -> Idle;
== stderr
1:    1 | 61
0:    1 | 61
1:    1 | 61
0:    1 | 61

=== Paint, CheckPaint, PaintTee
== config
InfiniteSource(DATA a, LIMIT 1, STOP true) -> Paint(2) -> t :: PaintTee(2) -> p :: CheckPaint(3)
	-> Print(no) -> Discard;
t [1] -> Print(tee) -> Discard;
p [1] -> Print(other) -> Discard;
== stderr
tee:    1 | 61
other:    1 | 61

=== Strip and Unstrip
== config
InfiniteSource(DATA abcdefgh, LIMIT 1, STOP true) -> Strip(3) -> Print(a) -> Strip(2) -> Print(b)
	-> Unstrip(5) -> Print(c) -> Strip(9) -> Print(never) -> Discard;
== stderr
a:    5 | 64656667 68
b:    3 | 666768
c:    8 | 61626364 65666768

=== RoundRobinSched takes turns, PrioSched does not
== config
InfiniteSource(DATA a, LIMIT 2) -> Queue -> [0] r :: RoundRobinSched -> Unqueue -> Print(rr)
	-> Discard;
InfiniteSource(DATA b, LIMIT 2) -> Queue -> [1] r;
Idle -> [2] r;
InfiniteSource(DATA c, LIMIT 2, BURST 2) -> Queue -> [0] p :: PrioSched;
InfiniteSource(DATA d, LIMIT 2, BURST 2) -> Queue -> [1] p -> Unqueue(LIMIT 3) -> Print(prio)
	-> Discard;
TimedSource(0.02, LIMIT 1, STOP true) -> Idle;
== run
click config 2>out; sort out >&2
== stderr
prio:    1 | 63
prio:    1 | 63
prio:    1 | 64
rr:    1 | 61
rr:    1 | 61
rr:    1 | 62
rr:    1 | 62

=== CheckLength, Truncate
== config
InfiniteSource(DATA abcdefgh, LIMIT 1, STOP true) -> l :: CheckLength(7) -> Print(short) -> Discard;
l [1] -> Truncate(3) -> Print(long) -> Truncate(4) -> Print(same) -> Discard;
== stderr
long:    3 | 616263
same:    3 | 616263

=== Counter calls a handler, and only once
== config
s :: InfiniteSource(DATA abcd, LIMIT 10) -> c :: Counter(COUNT_CALL 3 s.active false) -> Print
	-> Discard;
TimedSource(0.05, LIMIT 1, STOP true) -> Idle;
== stderr
   4 | 61626364
   4 | 61626364
   4 | 61626364

=== Counter calls by bytes, from within a compound
== config
elementclass C { input -> Counter(BYTE_COUNT_CALL 8 s.active true) -> output;
	s :: InfiniteSource(DATA x, LIMIT 1, ACTIVE false) -> Print(inner) -> Discard; }
InfiniteSource(DATA abcd, LIMIT 4) -> Print -> C -> Discard;
TimedSource(0.05, LIMIT 1, STOP true) -> Idle;
== stderr
   4 | 61626364
   4 | 61626364
   4 | 61626364
inner:    1 | 78
   4 | 61626364

=== COUNT_CALL without a count
== config
Idle -> Counter(COUNT_CALL nobody.active) -> Discard;
== stderr
config:1:{{.*}}COUNT_CALL must begin with a count
...
== exit 1

=== COUNT_CALL of nobody
== config
Idle -> c :: Counter(COUNT_CALL 3 nobody.active false) -> Discard;
== stderr
config:1:{{.*}}COUNT_CALL: there is no element for 'nobody.active'
...
== exit 1

=== END_CALL
== config
InfiniteSource(DATA a, LIMIT 2, END_CALL s.active true) -> Print -> Discard;
s :: InfiniteSource(DATA b, LIMIT 2, ACTIVE false, STOP true) -> Print -> Discard;
== stderr
   1 | 61
   1 | 61
   1 | 62
   1 | 62

=== DelayUnqueue adds its delay to the timestamp
== config
InfiniteSource(DATA a, LIMIT 2) -> SetTimestamp(5) -> Queue -> DelayUnqueue(100ms)
	-> Print(TIMESTAMP true) -> Discard;
TimedSource(0.02, LIMIT 1, STOP true) -> Idle;
== stderr
5.100000:    1 | 61
5.100000:    1 | 61
=== Queue keeps order, says when it overflows, and counts
== run
click -h q.length -h q.highwater_length -h q.capacity -h q.drops config
== config
InfiniteSource(LIMIT 7, STOP true) -> q :: Queue(5) -> Idle;
== stdout
q.length:
5

q.highwater_length:
5

q.capacity:
5

q.drops:
2

== stderr
q: overflow

=== Counter's handlers
== run
click -h c.count -h c.byte_count config
== config
InfiniteSource(DATA abcd, LIMIT 5, STOP true) -> c :: Counter -> Discard;
== stdout
c.count:
5

c.byte_count:
20


=== arguments can be written while the router runs
== run
click --simtime config
== config
s :: InfiniteSource(DATA a, LIMIT 3) -> q :: Queue(10) -> Idle;
p :: TimedSource(1, b) -> pr :: Print(x) -> Discard;
DriverManager(wait 0.5s, write q.config 2, print q.capacity, print q.length, write q.capacity 20,
	write s.limit 5, wait 0.1s, print q.length, write q.config 30,
	print q.length, write q.reset, print q.length, print q.drops, write pr.config y, wait 1s, stop);
== stdout
2
3
5
5
0
0
== stderr
y:    1 | 62

=== DATASIZE is the old name of LENGTH
== run
click -e 'InfiniteSource(DATA abc, DATASIZE 5, LIMIT 1, STOP true) -> Print(CONTENTS ASCII) -> Discard'
== stderr
   5 |  abcab

=== what has a task says whether it is to run
== run
click --simtime -e 't :: TimedSource(1, LIMIT 9) -> n :: Null -> Discard; u :: RatedUnqueue(1); Idle -> Queue -> u -> Discard;
Script(wait 0.5s, print t.scheduled, print t.headroom, write t.headroom 60, print t.headroom, stop)' -h n.scheduled -h u.scheduled -h u.home_thread
== stderr
no `n.scheduled' handler
== exit 1
== stdout
false
128
60
u.scheduled:
true

u.home_thread:
0

=== CONTENTS takes the words of a boolean, in both elements that print
== run
click -e 'InfiniteSource(DATA a, LIMIT 1, STOP true) -> Print(a, CONTENTS no) -> Print(b, CONTENTS yes) -> Print(c, CONTENTS 0)
	-> Print(d, CONTENTS 1) -> Print(e, CONTENTS n) -> Print(f, CONTENTS y) -> Print(g, CONTENTS f) -> Print(h, CONTENTS t)
	-> Print(i, CONTENTS false) -> Print(j, CONTENTS true) -> Discard'
click -qe 'Idle -> IPPrint(CONTENTS 0, PAYLOAD 1) -> IPPrint(CONTENTS no) -> IPPrint(CONTENTS 1, PAYLOAD t) -> Discard'
== exit 1
== stderr
a:    1
b:    1 | 61
c:    1
d:    1 | 61
e:    1
f:    1 | 61
g:    1
h:    1 | 61
i:    1
j:    1 | 61
<expr>:1:{{.*}}: CONTENTS and PAYLOAD exclude each other
...

=== a batch over several outputs that lead nowhere: each packet is lost once
== run
click --simtime -b 64 CONFIG -h drops -h ledger
== file CONFIG
a :: InfiniteSource(DATA \<01>, LIMIT 10) -> q :: Queue(100);
b :: InfiniteSource(DATA \<02>, LIMIT 10) -> q;
d :: InfiniteSource(DATA \<03>, LIMIT 10) -> q;
q -> u :: Unqueue(BURST 64) -> c :: Classifier(0/01, 0/02, 0/03, -);
c[3] -> Discard;
Script(wait 20ms, stop);
== stdout
drops:
c.0 10 10
c.1 10 10
c.2 10 10

ledger:
made 30 30
ended 0 0
held 0
dropped 30 30

