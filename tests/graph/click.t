The options and output formats of Click's userlevel driver.

=== one handler is printed bare
== run
click -e 'InfiniteSource(LIMIT 3, STOP true) -> c :: Counter -> Discard' -h c.count
== stdout
3

=== several handlers are printed under their names
== run
click -qe 'i :: Idle -> c :: Counter -> Discard' -h c.count --handler i.class
== stdout
c.count:
0

i.class:
Idle

=== patterns and classes stand for elements
== run
click -qe 'Idle -> ca :: Counter -> cb :: Counter -> Discard' -h 'c?.count' -h Counter.name
== stdout
ca.count:
0

cb.count:
0

ca.name:
ca

cb.name:
cb

=== handlers that are missing
== run
click -qe 'Idle -> c :: Counter -> Discard' -h c.nothing -h d.count -h 'x*.count' -h c.reset -h none
== exit 1
== stderr
no `c.nothing' handler
no element `d'
no element matching `x*'
`c.reset' is a write handler
no `none' handler

=== requirements
== run
click -qe 'require(package "x y"); Idle -> Discard' -h requirements
== stdout
package x y

=== list, version and flatconfig
== run
click -qe 'a :: Idle -> { input -> n :: Null -> output } -> Discard;
b :: RoundRobinSwitch; Idle -> b -> d :: Discard; b[1] -> d' -h version -h list -h packages -h driver -h flatconfig
== stdout
version:
0.1

list:
6
a
Discard@3
b
Idle@5
d
@2/n

packages:

driver:
userlevel

flatconfig:
a :: Idle;
Discard@3 :: Discard;
b :: RoundRobinSwitch;
Idle@5 :: Idle;
d :: Discard;
@2/n :: Null;

Idle@5 -> b
    -> d;
b [1] -> d;
a -> @2/n
    -> Discard@3;

=== handlers of an element, and its ports
== run
click -qe 'Idle -> q :: Queue(7) -> Unqueue -> t :: Tee -> Discard; t[1] -> Discard' -h q.config -h q.ports -h t.ports
== stdout
q.config:
7

q.ports:
1 input
push	-	Idle@{{\d}} [0]
1 output
pull	-	[0] Unqueue@{{\d}}

t.ports:
1 input
push	-	Unqueue@{{\d}} [0]
2 outputs
push	-	[0] Discard@{{\d}}
push	-	[0] Discard@{{\d}}

=== the exit status of a handler
== run
click -qe 's :: Script(TYPE PASSIVE, return $(first 3))' -x s.run; echo $?
click -qe 's :: Script(TYPE PASSIVE, return true)' -x s.run; echo $?
click -qe 's :: Script(TYPE PASSIVE, return false)' --exit-handler s.run; echo $?
click -qe 's :: Script(TYPE PASSIVE, return sheep)' -x s.run; echo $?
click -qe '' -x s.run; echo $?
== stdout
3
0
1
255
255
== stderr
exit handler value should be integer
no element named `s'

=== parameters, files and standard input
== run
click -q config A=3 -h i.config
click -q B=4 -f config --handler i.config
echo 'i :: Idle -> Discard' | click -q -h i.class
echo 'i :: Idle -> Discard' | click -q - -h i.class
click -q -e 'Idle -> i :: Counter($x) -> Discard' -h i.config -- x=
== file config
define($A 1, $B 2)
i :: InfiniteSource(LIMIT $A, LENGTH $B) -> Discard;
== stdout
LIMIT 3, LENGTH 2
LIMIT 1, LENGTH 4
Idle
Idle

=== mistakes on the command line
== run
click -q a b; echo $?
click -e '' -f x; echo $?
click -o a -o b; echo $?
click -q --burst 0; echo $?
click --nonsense 2>/dev/null; echo $?
click -q nosuchfile; echo $?
== stdout
1
1
1
1
1
1
== stderr
click: router configuration specified twice
Try 'weir click --help' for more information.
click: router configuration specified twice
Try 'weir click --help' for more information.
click: output file specified twice
Try 'weir click --help' for more information.
click: --burst is a number from 1 to 256
Try 'weir click --help' for more information.
{{.*nosuchfile.*}}

=== help and version
== run
click --help | head -1
click --version
weir click -v
== stdout
Usage: weir click [OPTION]... [VAR=VALUE]... [ROUTERFILE]
click (weir) 0.1
click (weir) 0.1

=== output of the flat configuration
== run
click -q config -o -
click -q config --output flat
cmp flat config && echo same
== file config
i :: Idle;
q :: Queue(3);
u :: Unqueue;
d :: Discard;

i -> q
    -> u
    -> d;
== stdout
i :: Idle;
q :: Queue(3);
u :: Unqueue;
d :: Discard;

i -> q
    -> u
    -> d;
same

=== an empty configuration does not run
== run
click -e ''
click -we ''
click -qe ''
== stderr
<expr>: warning: configuration has no elements, exiting

=== the time it took
== run
click -te 'Script(stop)'
== stdout
{{\d+\.\d\d\du \d+\.\d\d\ds \d+:\d\d\.\d\d}}

=== a configuration with mistakes
== run
click -e 'Idle -> Counter(x) -> Nonsense;'
== exit 1
== ignore stderr

=== SIGTERM ends a router, and its handlers are printed
== run
click -e 'Idle -> c :: Counter -> Discard; Script(wait 20ms, print $(kill TERM $$))' -h c.count
== stdout

0

=== a new configuration in a running router
== run
click -R -e 'Script(wait 10ms, write hotconfig "Nonsense", write hotconfig $(cat new), print "old")' -h c.class
== file new
c :: Idle -> Discard; Script(print "new", stop)
== stdout
old
new
Idle
== ignore stderr

=== a new configuration that cannot be initialised leaves the router as it is
== run
click -R -e 'Idle -> d :: Discard; Script(wait 10ms, write hotconfig FromDump(/nofile) -> Discard, print "old", stop)' -h d.class
== stdout
old
Discard
== stderr
while executing `Script@3 :: Script':
<expr>:1:1: {{.*}}/nofile{{.*}}
...

=== a new configuration takes over the socket
== run
click -R config
== file config
ControlSocket(UNIX, s); Script(wait 10ms, write hotconfig $(cat new), print "old")
== file new
ControlSocket(UNIX, s); Script(print "new", stop)
== stdout
old
new

=== if it cannot have what one router at a time can have, the one before comes back
== run
click -R config
== file config
Script(print $(cat runs), goto end $(eq $(cat runs) 2), save 2 runs, write hotconfig $(cat new), exit,
	label end, stop)
== file new
ControlSocket(UNIX, nofolder/s)
== file runs
1
== stdout
1
2
== ignore stderr

=== reconfiguring an element
== run
click -e 'Script(write i.config 5, print i.config, write p.config 9, print p.config, print p.color, print flatconfig, stop); i :: Idle -> p :: Paint(3) -> Discard'
== stderr
while executing `Script@1 :: Script':
handler `i.config' is read-only
== stdout

9
9
Script@1 :: {{.*}}
i :: Idle;
p :: Paint(9);
Discard@{{\d}} :: Discard;

i -> p
    -> Discard@{{\d}};

=== the configuration as it was read
== run
click -q config -h config
== file config
// a comment
Idle   ->   Discard;
== stdout
// a comment
Idle   ->   Discard;

=== a picture
== run
weir graph config
== file config
s :: Idle -> t :: Tee -> q :: Queue(3) -> { input -> Unqueue -> output } -> Discard; t[1] -> [0]d::Discard;
== stdout
digraph router {
	node [shape=box, fontname="sans-serif"];
	"s" [label="s\nIdle"];
	"t" [label="t\nTee"];
	"q" [label="q\nQueue", tooltip="3"];
	"Discard@5" [label="Discard"];
	"d" [label="d\nDiscard"];
	subgraph "cluster_@4" { label="@4";
	"@4/Unqueue@1" [label="Unqueue"];
	}
...
	"t" -> "q" [ taillabel="0"];
...
}

=== -j wants a number
== run
click -j foo -e 'Idle -> Discard'
== exit 1
== stderr
click: --threads is a number
Try 'weir click --help' for more information.

=== -a pins the worker to one CPU
== run
click -a -e 'Script(print $(cat /proc/self/status), stop)' >status; grep Cpus_allowed_list: status | tr -d '0-9'
== stdout
Cpus_allowed_list:{{\t}}

=== output that does not arrive is a failure
== run
click -qe 'Idle -> Discard' -h list >/dev/full
== exit 1
== stderr
weir: standard output: No space left on device

=== weir itself
== run
weir --version; weir --help >a; weir -h >b; weir help >c; cmp a b; cmp a c; head -n 1 a
for c in read write stats list run plan; do weir $c --help | head -n 1 | grep -q '^usage' || echo $c; done
weir 2>/dev/null; echo $?
weir run -n '' x.click 2>&1; echo $?
weir run --nonsense 2>&1 | head -n 1
== stdout
weir 0.1
usage: weir COMMAND ...
2
weir run: --name cannot be empty
2
weir run: unrecognized option '--nonsense'
