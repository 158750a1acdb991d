`weir plan`, with the objects that were built. What placement decides is in tests/unit/place.c.

=== two interfaces that share a part
== run
weir plan -j 1 config
== file config
a :: FromDevice(eth1) -> all :: Null -> mine :: HostEtherFilter(2:0:0:0:0:1) -> to :: ToHost;
b :: FromDevice(eth2) -> left :: Null -> all;
mine[other] -> Queue -> Discard;
AddressInfo(x 1.0.0.1);
== stdout
a(eth1)
  driver      0  a              FromDevice
  driver      2  all            Null
  driver      3  mine           HostEtherFilter
  userspace   -  Queue@7        Queue            output 0 is pull
  userspace   -  Discard@8      Discard          input 0 is pull
  driver      4  to             ToHost

b(eth2)
  driver      0  b              FromDevice
  driver      1  left           Null
  as above       all            Null

behind no FromDevice
  userspace   -  AddressInfo@9  AddressInfo      no packet comes to it

from the driver to userspace
  mine [1] -> [0] Queue@7: output 0 is pull

eth1: 1 queue for 1 worker, need_wakeup (not there: taken for one queue)
eth2: 1 queue for 1 worker, need_wakeup (not there: taken for one queue)

driver: 6 of 9 elements, longest way 4 of 33 programs

=== a cycle, and another input
== run
weir plan -j 1 config | sed -n '/^from/,$p'
== file config
f :: FromDevice(eth1) -> n :: Null -> h :: HostEtherFilter(2:0:0:0:0:1) -> Discard;
h[other] -> s :: RoundRobinSwitch -> m :: HostEtherFilter(2:0:0:0:0:2) -> n;
s[1] -> [1] q :: ARPQuerier(1.0.0.1, 2:0:0:0:0:1) -> ToDevice(eth1);
Idle -> q;
== stdout
from the driver to userspace
  m [0] -> [0] n: leads back
  s [1] -> [1] q: {{has no half in the driver|the driver leads to its input 1 only}}

eth1: 1 queue for 1 worker, need_wakeup (not there: taken for one queue)

driver: 6 of 9 elements, longest way 5 of 33 programs

=== inputs that are alike
Both inputs of KernelNeighbors are met in the driver.
== run
weir plan CONFIG | sed '/^workers/,/^$/d'
== file CONFIG
k :: KernelRoutes; n :: KernelNeighbors(k, nowhere0);
fd :: FromDevice(nowhere0) -> c :: Classifier(12/0800, -);
c[0] -> p :: Paint(1) -> [0] n; c[1] -> q :: Paint(2) -> [1] n;
n -> d :: Discard; n[1] -> e :: Discard;
== stdout
fd(nowhere0)
  driver      0  fd  FromDevice
  driver      1  c   Classifier
  driver      2  q   Paint
  driver      2  p   Paint
  driver      3  n   KernelNeighbors
  driver      4  e   Discard
  driver      4  d   Discard

behind no FromDevice
  userspace   -  k   KernelRoutes     no packet comes to it

...
driver: 7 of 8 elements, longest way 4 of 33 programs

=== refused arguments of FromDevice
== run
echo 'f :: FromDevice(eth1, FORCE_IP true) -> Discard' | weir plan - | sed -n 2p
echo 'f :: FromDevice(eth1, ACTIVE false) -> Discard' | weir plan - | sed -n 2p
== stdout
  userspace   -  f          FromDevice  FORCE_IP sorts packets in userspace
  userspace   -  f          FromDevice  ACTIVE false: it does not receive from the start

=== zero copy: what is only forwarded stays in userspace
== run
weir plan -j 1 --zero-copy eth1 config
== file config
from :: FromDevice(eth1) -> mine :: HostEtherFilter(2:0:0:0:0:1);
mine[out] -> ToHost;
mine[other] -> n :: Counter -> t :: ToDevice(eth2);
== stdout
from(eth1)
  driver      0  from      FromDevice
  driver      1  mine      HostEtherFilter
  userspace   -  n         Counter          no way through it ends in the driver
  userspace   -  t         ToDevice         the driver would copy what zero-copy queues received
  driver      2  ToHost@3  ToHost

from the driver to userspace
  mine [1] -> [0] n: no way through it ends in the driver

eth1: 1 queue for 1 worker, need_wakeup (not there: taken for one queue)
eth2: sends only, need_wakeup (not there: taken for one queue)

driver: 3 of 5 elements, longest way 2 of 33 programs

=== more than 32 programs in a row
== run
{ printf 'FromDevice(eth1)'; for i in $(seq 40); do printf ' -> n%d :: HostEtherFilter(2:0:0:0:0:1)' $i; done
  echo ' -> Discard'; } >config
weir plan -j 1 config | grep -A 1 -E ' n(32|33) |^driver'
== stdout
  driver     32  n32           HostEtherFilter
  userspace   -  n33           HostEtherFilter  too deep: a packet passes at most 33 programs
  userspace   -  n34           HostEtherFilter  behind `n33', which stays in userspace
--
  n32 [0] -> [0] n33: too deep: a packet passes at most 33 programs

--
driver: 33 of 42 elements, longest way 33 of 33 programs

=== Placement, and the command line above it
== run
weir plan config | tail -n 1
weir plan --driver p/n config | tail -n 1
weir plan --userspace f config | tail -n 1
== file config
elementclass P { Placement(n userspace); input -> n :: Null -> c :: Counter -> output }
f :: FromDevice(eth1) -> p :: P -> Discard;
== stdout
driver: 0 of 5 elements, longest way 0 of 33 programs
driver: 4 of 5 elements, longest way 3 of 33 programs
driver: 0 of 5 elements, longest way 0 of 33 programs

=== wishes that cannot be met, and wrong ones
== run
weir plan config
for o in '--driver q' '--driver p' '--driver x' '--driver n --userspace n'; do weir plan $o good; done
== file config
FromDevice(eth1) -> n :: Null -> q :: Queue -> d :: Discard;
Placement(q driver);
Placement(x driver, n everywhere, n driver userspace, n);
Placement(n driver, n userspace);
== file good
elementclass P { input -> q :: Queue -> output }
FromDevice(eth1) -> n :: Null -> q :: Queue -> Unqueue -> p :: P -> d :: Discard;
== stderr
config:3:11: there is no element or compound `x'
  Placement(x driver, n everywhere, n driver userspace, n);
            ^
config:3:21: expected `NAME driver' or `NAME userspace', got `n everywhere'
  Placement(x driver, n everywhere, n driver userspace, n);
                      ^
config:3:35: expected `NAME driver' or `NAME userspace', got `n driver userspace'
  Placement(x driver, n everywhere, n driver userspace, n);
                                    ^
config:3:55: expected `NAME driver' or `NAME userspace', got `n'
  Placement(x driver, n everywhere, n driver userspace, n);
                                                        ^
`q' (Queue) cannot run in the driver: output 0 is pull
nothing of `p' can run in the driver; its element `p/q' (Queue): output 0 is pull
there is no element or compound `x'
`n' is wanted both in the driver and in userspace
== exit 1

=== wishes of the configuration that contradict or cannot be met have a place
== run
weir plan both
weir plan unmet
== file both
FromDevice(eth1) -> n :: Null -> Discard;
Placement(n driver, n userspace);
== file unmet
FromDevice(eth1) -> n :: Null -> q :: Queue -> Discard;
Placement(q driver);
== stderr
both:2:1: `n' is wanted both in the driver and in userspace
  Placement(n driver, n userspace);
  ^
unmet:2:1: `q' (Queue) cannot run in the driver: output 0 is pull
  Placement(q driver);
  ^
== exit 1

=== objects that are missing, of another version, stale, or something else
== run
b=$(dirname $(readlink -f $(command -v weir)))
mkdir -p o/elements/standard bin
cp $b/weir bin
echo 'FromDevice(eth1) -> n :: Null -> ToHost' >config
why() { bin/weir plan -L o config | grep ' n '; }
why
echo >o/elements/standard/null.bpf.o
why
head -c 300 $b/elements/standard/null.bpf.o >o/elements/standard/null.bpf.o
why
cp $b/bpf/prog/to_user.bpf.o o/elements/standard/null.bpf.o
why
cp $b/elements/ethernet/ether_encap.bpf.o o/elements/standard/null.bpf.o
why
python3 - $b/elements/standard/null.bpf.o o/elements/standard/null.bpf.o <<'END'
import struct, sys
d = bytearray(open(sys.argv[1], "rb").read())
at, count, names = struct.unpack_from("<Q", d, 40)[0], *struct.unpack_from("<HH", d, 60)
sections = [struct.unpack_from("<I20xQ", d, at + 64 * i) for i in range(count)]
for name, offset in sections:
    name += sections[names][1]
    if d[name:].startswith(b".rodata.instance\0"):
        d[offset] = 99
open(sys.argv[2], "wb").write(d)
END
why
== stdout
  userspace   -  n             Null        elements/standard/null.bpf.o is missing
  userspace   -  n             Null        o/elements/standard/null.bpf.o is not a BPF object
  userspace   -  n             Null        o/elements/standard/null.bpf.o is not the object of an element
  userspace   -  n             Null        o/elements/standard/null.bpf.o is not the object of an element
  userspace   -  n             Null        o/elements/standard/null.bpf.o is stale: its arguments are others
  userspace   -  n             Null        o/elements/standard/null.bpf.o is of another version of weir

=== JSON is JSON, whatever is in it
== run
mkdir 'o"\ü'
cp $(readlink -f $(command -v weir)) 'o"\ü'
'o"\ü'/weir plan --json config >plan.json
python3 - <<'END'
import json
plan = json.load(open("plan.json"))
for e in plan["elements"]:
    print(e["name"], e["side"], e.get("why"))
print(plan["crossings"], plan["driver"], plan["userspace"], plan["longest"], plan["limit"])
END
weir plan --json config | python3 -c '
import json, sys
plan = json.load(sys.stdin)
for e in plan["elements"]:
    print(e["name"], e["class"], e["side"], e.get("depth"), e.get("object", "-").rsplit("/", 1)[-1])
for c in plan["crossings"]:
    print(c)
'
== file config
f :: FromDevice(eth1) -> n :: Null -> h :: HostEtherFilter(2:0:0:0:0:1) -> t :: ToHost;
h[other] -> q :: Queue -> d :: Discard;
== stdout
f userspace what is behind it stays in userspace
n userspace elements/standard/null.bpf.o is missing
h userspace elements/ethernet/host_ether_filter.bpf.o is missing
t userspace elements/io/to_host.bpf.o is missing
q userspace output 0 is pull
d userspace input 0 is pull
[] 0 6 0 33
f FromDevice driver 0 -
n Null driver 1 null.bpf.o
h HostEtherFilter driver 2 host_ether_filter.bpf.o
t ToHost driver 3 to_host.bpf.o
q Queue userspace None -
d Discard userspace None -
{'from': 'h', 'output': 1, 'to': 'q', 'input': 0, 'why': 'output 0 is pull'}

=== DOT: what runs in the driver is filled, what leaves it red
== run
echo 'f :: FromDevice(eth1) -> h :: HostEtherFilter(2:0:0:0:0:1) -> ToHost; h[other] -> Queue -> Discard' |
weir plan -j 1 --dot -
== stdout
digraph router {
	node [shape=box, fontname="sans-serif"];
	"f" [label="f\nFromDevice", tooltip="eth1", style=filled, fillcolor=palegreen];
	"h" [label="h\nHostEtherFilter", tooltip="2:0:0:0:0:1", style=filled, fillcolor=palegreen];
	"ToHost@3" [label="ToHost", style=filled, fillcolor=palegreen];
	"Queue@4" [label="Queue", tooltip="output 0 is pull"];
	"Discard@5" [label="Discard", tooltip="input 0 is pull"];
	"f" -> "h" [ taillabel="out"];
	"h" -> "ToHost@3" [ taillabel="out"];
	"h" -> "Queue@4" [ taillabel="other" color=red];
	"Queue@4" -> "Discard@5" [ style=dashed];
}

=== wrong command lines
== run
weir plan; echo $?
weir plan --nonsense x; echo $?
weir plan -h | head -n 1
weir plan nowhere.click; echo $?
== ignore stderr
== stdout
2
2
usage: weir plan [options] FILE [NAME=VALUE ...]
1
