Script and DriverManager.

=== variables, labels and jumps
== config
s :: Script(set x 0,
	label begin_loop,
	print $x,
	set x $(add $x 1),
	goto begin_loop $(lt $x 5),
	stop);
== stdout
0
1
2
3
4

=== functions on numbers
== config
Script(
	print $(add 1 2 3), print $(sub 10 2 2), print $(min 10 6 20), print $(max -1 6 3),
	print $(mul 1 2 3), print $(div 75 2.5 5), print $(idiv 60 2 5), print $(idiv 7 2),
	print $(mod 7 3), print $(rem 7.5 2), print $(neg 4) $(neg -4.5) $(abs -3),
	print $(add 0x10 1.5), print $(add), print $(div 1 3),
	print $(htonl $(ntohl 6)) $(htons $(ntohs 6)) $(htons 1),
	stop)
== stdout
6
6
6
6
6
6
6
3
1
1.5
-4 4.5 3
17.5
0
0.333333333333
6 6 256

=== functions on truth values and text
== config
Script(
	print $(eq 10 0xA) $(ne 1 1) $(lt 9 8) $(le 8 8) $(gt 1.5 1) $(ge 2 3),
	print $(eq 10x 10x) $(lt abc abd) $(eq "a b" 'a b'),
	print $(not true) $(and true 1 yes) $(and true false) $(or no no) $(or no yes),
	print $(nand true true) $(nor no no),
	print $(if true a b) $(if false a b) "[$(if false a)]",
	print $(in foo bar foo) $(in foo bar),
	print $(first "a b" c) $(length abcdef),
	print $(sprintf "%05x|%-4d|%4s|%%|%.2s|%*d|%hu" 127 -3 ab xyz 5 42 65537),
	print $(readable add c.count) $(readable nothing) $(writable step) $(writable c.count),
	stop);
c :: Counter; Idle -> c -> Discard;
== stdout
true false false true true false
true true true
false true false false true
false true
a b []
true false
"a b" 6
0007f|-3  |  ab|%|xy|   42|1
true false true false

=== quotes and substitutions
== config
Idle -> c :: Counter -> Discard;
Script(set x $(c.count), print $x,
	set x "$(c.count)", print $x,
	setq x "$(c.count)", print $x,
	print c.count, print "c.count", print '"c.count"',
	set x c.count, print $x, print $($x),
	print '$x' "$x" ${x} ${y-none} $y \$x, print "a	b" c,
	printn a, print $(c.class)n,
	set q 'it''s "so"', print $q, print "[$q]",
	stop)
== stderr
while executing `Script@4 :: Script':
no handler named `a'
== stdout
0
"0"
0
0
c.count
"c.count"
c.count
0
$x c.count c.count none $y \c.count
a	b c
Countern
'it''s "so"'
['it''s "so"']

=== substitution of names
Names are made from values, in the compound's scope.
== config
define($j sub)
Script(print $(add 1 2),
	set i add,
	print $($i 3 4),
	print $($(s.run).name),
	print $($j 8 5),
	print $($j.run),
	stop)
s :: Script(TYPE PASSIVE, return i2)
sub :: Script(TYPE PASSIVE, return Hello)
i1, i2 :: Idle
== stdout
3
7
i2
3
Hello

=== a script finds the handlers of its own compound
== config
x :: { c :: Counter; Idle -> c -> Discard;
	Script(print c.name, print $(c.name), print version, print $(readable c.count d.count), stop) };
== stdout
x/c
x/c
0.1
false

=== arguments of a passive script
== config
s :: Script(TYPE PASSIVE, print "$0 $# $1 $2 ($args) $write", returnq "$2 $1");
Script(print $(s.run a "b c"), write s.run x, print "$?", stop);
== stdout
run 2 a "b c" (a "b c") false
"b c" a
run 1 x  (x) true
0

=== init, export, get, set and shift
== config
s :: Script(TYPE PASSIVE, export n 3, initq t "a b", set n $(add $n 1), return $n);
Script(print s.n, print s.run, print s.n, print $(s.get t),
	write s.set t x y z, print $(s.shift t), print $(s.get t),
	write set foo bar, print $foo, stop);
== stdout
3
4
4
a b
x
y z
bar

=== a proxy answers for any name
== config
s :: Script(TYPE PROXY,
	goto nota $(ne $0 a),
	returnq "you called 'a'",
	label nota,
	goto notb $(ne $0 b),
	returnq "you called 'b' with $args",
	label notb,
	error bad handler);
Script(print s.a, print s.b 1 2, print s.c, stop);
== stdout
you called 'a'
you called 'b' with 1 2
== stderr
while executing `Script@2 :: Script':
bad handler

=== errors of instructions do not end a script
== config
Script(print nothing.at, write also.nothing 1, print "$?", goto x maybe, label x, print "here",
	error "the end", print "not here");
Script(wait 10ms, stop)
== stdout
{{-\d+}}
here
== stderr
while executing `Script@1 :: Script':
no element named `nothing'
no element named `also'
bad condition `maybe'
"the end"

=== mistakes in a script are all reported
== run
click -q config
== file config
Script(foo bar,
	set,
	goto nowhere,
	wait_stop x,
	end now);
Script(TYPE WRONG);
Script(TYPE SIGNAL FOO);
== exit 1
== stderr
config:1:8: unknown instruction `foo'
  Script(foo bar,
         ^
config:1:8: no such label `nowhere'
  Script(foo bar,
         ^
config:2:2: syntax error at `set'
  	set,
  	^
config:4:2: syntax error at `wait_stop'
  	wait_stop x,
  	^
config:5:2: syntax error at `end'
  	end now);
  	^
config:6:8: argument `TYPE': expected one of ACTIVE, PASSIVE, DRIVER, PROXY, PACKET, SIGNAL SIGNO..., got `WRONG'
  Script(TYPE WRONG);
         ^
config:7:8: argument `TYPE': `FOO' is no signal
  Script(TYPE SIGNAL FOO);
         ^

=== a loop is noticed
== run
click --simtime config
== file config
s0 :: Script(label a, goto a);
s1 :: Script(wait 1, stop);
== stderr
s0 :: Script: too many jumps, giving up

=== print into files
== config
Script(print >out "a", print >out "b", printn >>out "c", print >>out "d",
	save version version, append driver version, stop)
== output out
b
cd
== output version
0.1
userlevel

=== waiting in simulated time
== run
click --simtime config
== file config
Script(print $(sub $(now) 1000000000), wait 1.5s, print $(sub $(now) 1000000000), wait 100,
	print $(sub $(now) 1000000000), stop)
== stdout
0
1.5
101.5

=== steps end a pause or a wait
== run
click --simtime config
== file config
a :: Script(print "a1", pause 2, print "a2", wait 1000s, print "a3", stop)
b :: Script(wait 1, write a.step, print "b1", wait 1, write a.step, print "b2", wait 1, write a.step 1)
== stdout
a1
b1
a2
b2
a3

=== goto by handler
== config
a :: Script(TYPE PASSIVE, print "begin", end, label there, print "there")
Script(write a.goto there, write a.goto nowhere, stop)
== stdout
there
== stderr
while executing `Script@2 :: Script':
jump to nonexistent label `nowhere'

=== a DriverManager takes the stops
== run
click --simtime config
== file config
InfiniteSource(LIMIT 5, STOP true) -> c :: Counter -> Discard;
Script(wait 1, print "second stop", write stop);
DriverManager(print "start", pause, print $(c.count), pause, print "waits", wait 0.5s, print "ends");
== stdout
start
5
second stop
waits
ends

=== only one driver script
== config
DriverManager(pause); Script(TYPE DRIVER);
== exit 1
== stderr
config:1:23: the router has more than one driver script
...

=== a script handles packets
== config
InfiniteSource(LIMIT 6, STOP true) -> s :: Script(init i 0, set j $i, set i $(mod $(add $i 1) 3),
	goto exit $(eq $j 2), return $j);
s[0] -> a :: Counter -> Discard;
s[1] -> b :: Counter -> Discard;
DriverManager(pause, print $(a.count) $(b.count), print s.drops);
== stdout
2 2
no_output 2 138

=== a signal runs a script
== run
click config
== file config
Script(TYPE SIGNAL USR1 HUP, print "got it", write n.step);
n :: Script(pause, wait 20ms, print "again", write s.run, pause, stop);
s :: Script(TYPE PASSIVE, init k $(n.name), print $(kill HUP $$));
k :: Script(wait 10ms, print $(kill USR1 $$));
== stdout

got it
again

got it

=== cat and files
== config
Script(print $(cat data), set x $(catq data), print $x, print $(cat nowhere), stop)
== file data
some "data"
== stdout
some "data"
"some \"data\"\n"
$(cat nowhere)
== stderr
while executing `Script@1 :: Script':
nowhere: No such file or directory

=== signals that a script takes do not end weir run
== run
export WEIR_RUN_DIR=$PWD/run
weir run -j 1 -n x config | grep -v ^weir
== file config
Script(TYPE SIGNAL TERM, print "caught", stop);
Script(wait 10ms, print $(kill TERM $$));
== stdout

caught
