Workers: their number, pins, and what runs on several. Who gets what is in tests/unit/threads.c.

=== a pipeline over several workers: all packets, in their order
== run
export WEIR_RUN_DIR=$PWD
(echo '!data ip_id'; seq 1000) >in
seq 1000 >want
for j in 1 2 3 8; do
  weir run -j $j config >out 2>&1 || cat out
  cmp got want || echo "differ with -j $j"
  grep -h workers out
done
weir run -j 3 --no-pin config | grep workers
== file config
FromIPSummaryDump(in) -> q :: Queue(2000) -> Unqueue -> Queue(2000) -> Unqueue
	-> n :: Counter -> Queue(2000) -> Unqueue -> ToIPSummaryDump(got, FIELDS ip_id, HEADER false);
Script(label wait, wait 50ms, goto wait $(lt $(n.count) 1000), wait 50ms, write stop);
== stdout
{{workers: 2(, on 1 CPU)?}}
{{workers: 3(, on [12] CPUs?)?}}
{{workers: 8(, on [1-7] CPUs?)?}}
workers: 3

=== several workers write one file, a line at a time
== run
export WEIR_RUN_DIR=$PWD
weir run -j 4 config >/dev/null
sort got | uniq -c | sed 's/^ *//'
== file config
elementclass Make { $ip, $worker | input -> output;
	s :: InfiniteSource(\<00>, LIMIT 20000) -> UDPIPEncap($ip, 1, 9.9.9.9, 2) -> output;
	StaticThreadSched(s $worker) }
Idle -> a :: Make(1.0.0.1, 0); Idle -> b :: Make(1.0.0.2, 1); Idle -> c :: Make(1.0.0.3, 3);
a, b, c -> n :: Counter -> ToIPSummaryDump(got, FIELDS ip_src sport ip_dst dport, HEADER false);
Script(label wait, wait 50ms, goto wait $(lt $(n.count) 60000), wait 50ms, write stop);
== stdout
20000 1.0.0.1 1 9.9.9.9 2
20000 1.0.0.2 1 9.9.9.9 2
20000 1.0.0.3 1 9.9.9.9 2

=== handlers ask all workers, also those where nothing runs
== run
WEIR_RUN_DIR=. weir run -j 3 config 2>&1 >/dev/null
== file config
InfiniteSource(LIMIT 5) -> c :: Counter -> q :: Queue -> Unqueue -> d :: Counter -> Discard;
Idle -> e :: Counter -> arp :: ARPQuerier(1.0.0.1, 2:0:0:0:0:1) -> Discard; Idle -> [1] arp;
Script(wait 0.2s, read c.count, read d.count, read d.rate, read e.count_call, write e.count_call 7,
	read e.count_call, write d.reset, read d.count, write arp.insert 1.0.0.2 2:0:0:0:0:2, read arp.count,
	write q.reset, write stop);
== stdout
c.count:
5
d.count:
5
d.rate:
{{[0-9.]+}}
e.count_call:

e.count_call:
7
d.count:
0
arp.count:
1

=== whose turn it is
== run
WEIR_RUN_DIR=. weir run -j 3 config 2>&1 >/dev/null
== file config
i :: InfiniteSource(LIMIT 5) -> q :: Queue -> u :: Unqueue -> n :: Null -> d :: Discard;
Idle -> v :: Queue -> w :: Unqueue -> Discard; StaticThreadSched(u 2, w -1);
Script(wait 0.2s, read i.home_thread, read u.home_thread, read d.home_thread, read w.home_thread,
	read i.scheduled, read u.scheduled, read w.scheduled, write stop);
== stdout
i.home_thread:
1
u.home_thread:
2
d.home_thread:
2
w.home_thread:
-1
i.scheduled:
false
u.scheduled:
{{true|false}}
w.scheduled:
false

=== the plan of workers
== run
weir plan -j 2 --no-pin config | sed -n '/^workers/,/^driver/p'
weir plan -j 2 --no-pin --json config | python3 -c '
import json, sys
p = json.load(sys.stdin)
print(p["workers"])
for i in p["interfaces"]: print(i)
for e in p["elements"]: print(e["name"], e["runs"], e["tasks"])'
weir plan -j 2 --no-pin --dot config | grep -o '"[a-z]*" \[label="[^"]*"' | grep worker
weir plan -j 2 config | sed -n '/^workers/,/^$/p' | sed 's/CPU [0-9]*, node [0-9]*/CPU/'
== file config
f :: FromDevice(eth1, BUSY_POLL true) -> q :: Queue -> u :: Unqueue -> t :: ToDevice(eth1);
StaticThreadSched(u 0);
== stdout
workers
  0
  1

eth1: 1 queue for 2 workers, steered by flow, busy polling (not there: taken for one queue)
  RX 0: workers 0-1, filled by 0
  TX 0: worker 0

not on all workers, or between them
  q :: Queue: pushed to by workers 0-1, pulled from by worker 0
  u :: Unqueue: worker 0 (pinned by StaticThreadSched@5)
  t :: ToDevice: worker 0

driver: 0 of 5 elements, longest way 0 of 33 programs
[{'worker': 0}, {'worker': 1}]
{'name': 'eth1', 'known': False, 'steered': True, 'key': 'flow', 'why': '1 queue for 2 workers', 'busy_poll': True, 'rx': [{'owner': 0, 'workers': [0, 1]}], 'tx': [{'owner': 0, 'relays': []}]}
f [0, 1] [0, 1]
q [0, 1] []
u [0] [0]
t [0] [0]
StaticThreadSched@5 [0] []
"u" [label="u\nUnqueue\nworker 0"
"t" [label="t\nToDevice\nworker 0"
workers
  0  CPU
  1  CPU

=== who hands over to whom
== run
weir plan -j 3 --no-pin config | sed -n '/^not/,/^$/p'
== file config
f :: FromDevice(eth1) -> p :: Pipeliner -> q :: Queue -> [0] s :: PrioSched -> u :: Unqueue -> Discard;
InfiniteSource -> r :: Queue -> [1] s; StaticThreadSched(f 0, p 1);
f[1] -> i :: Queue -> Idle;
== stdout
not on all workers, or between them
  f :: FromDevice: worker 0 (pinned by StaticThreadSched@9)
  p :: Pipeliner: pushed to by worker 0, goes on on worker 1 (pinned by StaticThreadSched@9)
  q :: Queue: pushed to by worker 1, pulled from by worker 2
  s :: PrioSched: worker 2
  u :: Unqueue: worker 2
  Discard@6 :: Discard: worker 2
  InfiniteSource@7 :: InfiniteSource: worker 2
  r :: Queue: pushed to by worker 2, pulled from by worker 2
  i :: Queue: pushed to by worker 0, pulled from by none
  Idle@11 :: Idle: worker 0

=== the number of queues: as it is, or as it will be
== run
echo 'FromDevice(lo) -> Discard' | weir plan -j 2 - | grep -A 1 ^lo
echo 'FromDevice(lo, QUEUES 2) -> ToDevice(lo)' | weir plan -j 2 - | grep -A 4 ^lo
== stdout
lo: 1 queue for 2 workers, steered by flow, need_wakeup
  RX 0: workers 0-1, filled by 0
lo: 2 queues for 2 workers, need_wakeup
  RX 0: worker 0
  RX 1: worker 1
  TX 0: worker 0
  TX 1: worker 1

=== mistakes in pins
== run
weir plan arguments
weir plan -j 2 workers
weir run -j 1 workers
weir plan -j 2 --no-pin cpu
weir plan -j 1 cpu
weir check -j 3 workers
weir check -j 2 workers
weir check -q workers
== file arguments
i :: InfiniteSource -> Discard;
StaticThreadSched(i, i 0 1, x 0, i one, i 2-1);
FromDevice(eth1, THREADS 0-) -> ToDevice(eth2, CPU "1;2");
FromDevice(eth3, THREADS 0, CPU 0) -> Discard;
== file workers
i :: InfiniteSource -> n :: Null -> Discard;
StaticThreadSched(i 2);
StaticThreadSched(n 0);
== file cpu
FromDevice(eth1, CPU 1000) -> Discard;
== stderr
arguments:2:19: expected `ELEMENT WORKER', got `i'
  StaticThreadSched(i, i 0 1, x 0, i one, i 2-1);
                    ^
arguments:2:22: expected `ELEMENT WORKER', got `i 0 1'
  StaticThreadSched(i, i 0 1, x 0, i one, i 2-1);
                       ^
arguments:2:29: there is no element or compound `x'
  StaticThreadSched(i, i 0 1, x 0, i one, i 2-1);
                              ^
arguments:2:34: expected `ELEMENT WORKER', got `i one'
  StaticThreadSched(i, i 0 1, x 0, i one, i 2-1);
                                   ^
arguments:2:41: expected `ELEMENT WORKER', got `i 2-1'
  StaticThreadSched(i, i 0 1, x 0, i one, i 2-1);
                                          ^
arguments:3:12: THREADS: `0-' is no list such as "0-3,6"
  FromDevice(eth1, THREADS 0-) -> ToDevice(eth2, CPU "1;2");
             ^
arguments:3:42: CPU: `1;2' is no list such as "0-3,6"
  FromDevice(eth1, THREADS 0-) -> ToDevice(eth2, CPU "1;2");
                                           ^
arguments:4:12: THREADS and CPU exclude each other
  FromDevice(eth3, THREADS 0, CPU 0) -> Discard;
             ^
workers:2:1: `i' is pinned to worker 2, but there are 2 workers, from 0 on (-j 2)
  StaticThreadSched(i 2);
  ^
workers:2:1: `i' is pinned to worker 2, but there is 1 worker, from 0 on (-j 1)
  StaticThreadSched(i 2);
  ^
cpu:1:1: `FromDevice@1' is pinned to CPU 1000, but the workers are not pinned to CPUs
  FromDevice(eth1, CPU 1000) -> Discard;
  ^
cpu:1:1: `FromDevice@1' is pinned to CPU 1000, on which no worker runs
  FromDevice(eth1, CPU 1000) -> Discard;
  ^
workers:3:1: warning: nothing of `n' can be pinned: it runs where its packets come from
  StaticThreadSched(n 0);
  ^
workers:2:1: `i' is pinned to worker 2, but there are 2 workers, from 0 on (-j 2)
  StaticThreadSched(i 2);
  ^
== stdout
workers: 5 elements, 2 connections, no errors

=== as in Click, a worker that is not there is worker 0
== config
i :: InfiniteSource(LIMIT 3, STOP true) -> Discard;
StaticThreadSched(i 1);
== stderr
config:2:1: warning: `i' is pinned to worker 1, taken for 0
  StaticThreadSched(i 1);
  ^

=== a pin that changes nothing
== run
weir plan -j 2 config >/dev/null
== file config
elementclass P { input -> Null -> output }
Idle -> p :: P -> Discard; StaticThreadSched(p 1);
== stderr
config:2:28: warning: nothing of `p' can be pinned: it runs where its packets come from
  Idle -> p :: P -> Discard; StaticThreadSched(p 1);
                             ^

=== the number of workers, and their CPUs
== run
export WEIR_RUN_DIR=$PWD
for o in '-j 0' '-j 257' '-j x' '--cpus x' '--cpus 1-0'; do weir run $o config 2>&1 | head -n 1; done
weir run --cpus 1000 config 2>&1
weir run --cpus 0-2000 config 2>&1
cpu=$(awk -F '[\t,-]' '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)
weir run --cpus $cpu,$cpu config
weir plan -j 3 --cpus $cpu config | grep -c "CPU $cpu,"
== file config
Script(wait 0.01s, write stop)
== stdout
weir: --workers is a number from 1 to 256
weir: --workers is a number from 1 to 256
weir: --workers is a number from 1 to 256
weir: --cpus is a list of numbers, such as 0-3,6
weir: --cpus is a list of numbers, such as 0-3,6
CPU 1000 is not one that may be used
weir: --cpus is a list of numbers, such as 0-3,6
workers: 2, on 1 CPU
weir: running config, 1 elements
3

=== flows keep their order through a hash, Pipeliners and a queue that all push to
== run
export WEIR_RUN_DIR=$PWD
(echo '!data ip_dst ip_id'; for i in $(seq 500); do for f in 1 2 3 4 5 6 7 8; do echo "1.0.0.$f $i"; done; done) >in
seq 500 >want
for j in 1 2 4 8; do
  weir run -j $j config >out 2>&1 || cat out
  for f in 1 2 3 4 5 6 7 8; do
    sed -n "s/^1.0.0.$f //p" got | cmp - want || echo "flow $f differs with -j $j"
  done
  wc -l <got
done
== file config
FromIPSummaryDump(in) -> h :: HashSwitch(16, 4);
q :: Queue(4000);
h[0] -> Pipeliner(4000) -> q; h[1] -> Pipeliner(4000) -> q; h[2] -> Pipeliner(4000) -> q; h[3] -> q;
q -> Unqueue -> Pipeliner(4000) -> n :: Counter -> ToIPSummaryDump(got, FIELDS ip_dst ip_id, HEADER false);
Script(label wait, wait 20ms, goto wait $(lt $(n.count) 4000), wait 20ms, write stop);
== stdout
4000
4000
4000
4000

=== a count is that of all workers, and so is what is called when it is reached
== run
WEIR_RUN_DIR=. weir run -j 4 config 2>&1 >/dev/null
== file config
a :: InfiniteSource(LIMIT 3000) -> n :: Counter(COUNT_CALL 9000 stop); b :: InfiniteSource(LIMIT 3000) -> n;
c :: InfiniteSource(LIMIT 3000) -> n -> Discard;
StaticThreadSched(a 0, b 1, c 3);

=== what comes wakes the worker that waits for it: not all arrive when somebody asks
== run
WEIR_RUN_DIR=. weir run -j 4 config >/dev/null
== file config
TimedSource(0.02, LIMIT 20) -> p :: Pipeliner(THREAD 1) -> q :: Queue -> u :: Unqueue
	-> n :: AverageCounter -> Discard;
StaticThreadSched(u 2);
Script(label all, wait 0.1s, goto all $(lt $(n.count) 20), read n.rate, write stop);
== stderr
n.rate:
{{[0-9]{1,2}(\.[0-9]+)?}}

=== a Pipeliner's worker has to be a number
== run
echo 'Idle -> p :: Pipeliner(THREAD x) -> Discard;' | weir check -
weir run -j 2 config
== file config
Idle -> p :: Pipeliner(THREAD 2) -> Discard;
== exit 1
== stderr
<stdin>:1:24: THREAD: `x' is no worker
...
config:1:9: `p' is pinned to worker 2, but there are 2 workers, from 0 on (-j 2)
...
