One run says all that is wrong in a file, in the order of its lines, and nothing that only follows
from what it has said.

=== every phase in one list
== run
weir check config
== file config
// unknown classes, undeclared names, arguments, ports and push against pull
Quue -> c :: Classifier(12/0800, zz);
c [5] -> Queue(-1) -> Discard;
InfiniteSource(LIMIT x) -> q :: Queue(10) -> Print(a, b, NONSENSE 1) -> ToDump(-);
undeclared -> Discard;
Idle -> t :: Tee(3) -> Discard;
t[1] -> Unqeue -> [3] Discard;
t[2] -> Null -> Foo -> Null -> Queue -> Discard;
Idle -> Queue -> Queue -> Discard;
Idle -> s :: Switch(7);
s[left] -> Discard;
lonely :: Null;
late :: Null(2); Idle -> late -> Discard;
== exit 1
== stderr
config:2:1: unknown element class `Quue': did you mean `Queue'?
  Quue -> c :: Classifier(12/0800, zz);
  ^
config:2:34: pattern 1: an offset is expected at 'zz'
  Quue -> c :: Classifier(12/0800, zz);
                                   ^
config:3:16: argument `CAPACITY': expected an unsigned number, got `-1'
  c [5] -> Queue(-1) -> Discard;
                 ^
config:4:22: argument `LIMIT': expected a number, got `x'
  InfiniteSource(LIMIT x) -> q :: Queue(10) -> Print(a, b, NONSENSE 1) -> ToDump(-);
                       ^
config:4:55: argument `MAXLENGTH': expected a number, got `b'
  InfiniteSource(LIMIT x) -> q :: Queue(10) -> Print(a, b, NONSENSE 1) -> ToDump(-);
                                                        ^
config:4:58: unknown argument `NONSENSE', did you mean `CONTENTS'?
  InfiniteSource(LIMIT x) -> q :: Queue(10) -> Print(a, b, NONSENSE 1) -> ToDump(-);
                                                           ^
config:5:1: element 'undeclared' is not declared
  undeclared -> Discard;
  ^
config:7:9: unknown element class `Unqeue': did you mean `Unqueue'?
  t[1] -> Unqeue -> [3] Discard;
          ^
config:7:23: `Discard@15' (Discard) has 4 inputs, may have 1 input
  t[1] -> Unqeue -> [3] Discard;
                        ^
config:8:17: unknown element class `Foo' (`weir list classes' shows them)
  t[2] -> Null -> Foo -> Null -> Queue -> Discard;
                  ^
config:9:15: `Queue@22' pull output 0 is connected to `Queue@23' push input 0: put a Queue (push to pull) or an Unqueue (pull to push) between them
  Idle -> Queue -> Queue -> Discard;
                ^
config:11:9: `s' (Switch) has no output named `left'
  s[left] -> Discard;
          ^
config:12:1: `lonely' (Null) has 0 inputs, needs 1 input
  lonely :: Null;
  ^
config:13:14: too many arguments: Null takes none
  late :: Null(2); Idle -> late -> Discard;
               ^

=== what could not be read hides nothing else, and is not missed
== run
weir check config
== file config
Idle -> Null(1) -> ] -> Discard;
n :: Null;
t :: Tee(2);
q :: Queue(x;
y);
define($size/ 3);
Idle -> Queue($size) -> Discard;
Idle -> Queue(x) -> Queue -> Discard;
lost :: Quue(] -> Discard;
== exit 1
== stderr
config:1:14: too many arguments: Null takes none
  Idle -> Null(1) -> ] -> Discard;
               ^
config:1:20: expected an element after the arrow, not ']'
  Idle -> Null(1) -> ] -> Discard;
                     ^
config:4:12: argument `CAPACITY': expected an unsigned number, got `x;
y'
  q :: Queue(x;
             ^
config:6:8: expected a variable and its value, as in '$NAME value'
  define($size/ 3);
         ^
config:8:15: argument `CAPACITY': expected an unsigned number, got `x'
  Idle -> Queue(x) -> Queue -> Discard;
                ^
config:8:18: `Queue@10' pull output 0 is connected to `Queue@11' push input 0: put a Queue (push to pull) or an Unqueue (pull to push) between them
  Idle -> Queue(x) -> Queue -> Discard;
                   ^
config:9:1: unknown element class `Quue': did you mean `Queue'?
  lost :: Quue(] -> Discard;
  ^
config:9:13: this '(' has no ')'
  lost :: Quue(] -> Discard;
              ^

=== after a statement that could not be read
== run
weir check config
== file config
lost :: % Paint(3);
elementclass Broken { % }
lost -> b :: Broken -> Paint(color) -> Discard;
f :: Broken(1) -> Discard;
Idle -> Script(TYPE PACKET, return 0) -> Discard;
Script(TYPE PACKET, end);
Idle -> Tee(0) -> Discard;
== exit 1
== stderr
config:1:9: expected an element class after '::', not '%'
  lost :: % Paint(3);
          ^
config:2:23: expected a statement, not '%'
  elementclass Broken { % }
                        ^
config:3:30: argument `COLOR': expected an unsigned number, got `color'
  lost -> b :: Broken -> Paint(color) -> Discard;
                               ^
config:4:13: Broken takes 0 arguments, not 1
  f :: Broken(1) -> Discard;
              ^
config:7:13: N is 0, but 1 outputs are connected
  Idle -> Tee(0) -> Discard;
              ^

=== names that a mistake hides are not missed, others are
== run
weir check config
== file config
AdressInfo(gw 10.0.0.1);
AddressInfo(host 10.0.0.300, net 10.0.0.0/8);
Idle -> EtherEncap(99999, gw, 1:2:3) -> Discard;
Idle -> StaticIPLookup(net 0, 0/0 gw 0, host 0, other 0) -> Discard;
Idle -> IPEncap(1, elsewhere, 10.0.0.1) -> Discard;
Idle -> IPEncap(1, host, 10.0.0.1) -> Discard;
== exit 1
== stderr
config:1:1: unknown element class `AdressInfo': did you mean `AddressInfo'?
  AdressInfo(gw 10.0.0.1);
  ^
config:2:13: `10.0.0.300' is not an address
  AddressInfo(host 10.0.0.300, net 10.0.0.0/8);
              ^
config:3:20: argument `ETHERTYPE': 99999 is out of range, must be 0 to 65535
  Idle -> EtherEncap(99999, gw, 1:2:3) -> Discard;
                     ^
config:3:31: argument `DST': expected an Ethernet address, got `1:2:3'
  Idle -> EtherEncap(99999, gw, 1:2:3) -> Discard;
                                ^
config:5:20: argument `SRC': expected an IP address, got `elsewhere' (neither an interface that has one nor a name from AddressInfo)
  Idle -> IPEncap(1, elsewhere, 10.0.0.1) -> Discard;
                     ^

=== in compounds, once
== run
weir check config
== file config
elementclass Pair { $a | input -> Foo -> Queue($a) -> Unqueue -> [0] output }
Idle -> Pair(x) -> Discard;
Idle -> Pair(1, 2) -> t :: Tee(9);
Idle -> Pair(x) -> Null(y) -> Discard;
lonely :: Null;
== exit 1
== stderr
config:1:35: unknown element class `Foo' (`weir list classes' shows them)
  elementclass Pair { $a | input -> Foo -> Queue($a) -> Unqueue -> [0] output }
                                    ^
config:1:48: argument `CAPACITY': expected an unsigned number, got `x'
  elementclass Pair { $a | input -> Foo -> Queue($a) -> Unqueue -> [0] output }
                                                 ^
config:3:17: Pair takes 1 argument, not 2
  Idle -> Pair(1, 2) -> t :: Tee(9);
                  ^
config:3:32: N is 9, but 1 outputs are connected
  Idle -> Pair(1, 2) -> t :: Tee(9);
                                 ^
config:4:25: too many arguments: Null takes none
  Idle -> Pair(x) -> Null(y) -> Discard;
                          ^
config:5:1: `lonely' (Null) has 0 inputs, needs 1 input
  lonely :: Null;
  ^

=== a library that is not there
== run
weir check config
== file config
x :: Thing(1); Idle -> x -> Queue(n) -> Discard;
require(library nowhere.click);
Idle -> Queue -> Queue -> Discard;
== exit 1
== stderr
config:1:35: argument `CAPACITY': expected an unsigned number, got `n'
  x :: Thing(1); Idle -> x -> Queue(n) -> Discard;
                                    ^
config:2:9: cannot read 'nowhere.click': there is no such file beside this one or in CLICKPATH
  require(library nowhere.click);
          ^
config:3:15: `Queue@6' pull output 0 is connected to `Queue@7' push input 0: put a Queue (push to pull) or an Unqueue (pull to push) between them
  Idle -> Queue -> Queue -> Discard;
                ^

=== two that would receive from one interface
== run
weir check config
== file config
a :: FromDevice(nowhere0) -> Discard;
b :: FromDevice(nowhere0) -> ToDevice(nowhere0);
== exit 1
== stderr
config:2:1: a and b would both receive from nowhere0, and only one can: use a Tee
  b :: FromDevice(nowhere0) -> ToDevice(nowhere0);
  ^

=== what of Click's FromDevice is accepted, and what not
== run
weir check config
== file config
FromDevice(nowhere0, true, 2000) -> Discard;
FromDevice(nowhere1, PROTOCOL 2048) -> Discard;
== exit 1
== stderr
config:2:12: PROTOCOL is not known here; use Classifier
  FromDevice(nowhere1, PROTOCOL 2048) -> Discard;
             ^

=== an element that is used before it is declared is not said to lack what it got
== run
weir check config
== file config
a :: Idle -> b;
b :: Discard;
== exit 1
== stderr
config:1:14: element 'b' is not declared
  a :: Idle -> b;
               ^

=== an input that a compound does not have
== run
weir check config
== file config
elementclass X { input -> output }
Idle -> [1] X -> Discard;
== exit 1
== stderr
config:2:6: 'X@2' has no input 1
  Idle -> [1] X -> Discard;
       ^
