The look-up elements: one table behind five names.

=== routes come and go
== run
for class in StaticIPLookup LinearIPLookup RadixIPLookup DirectIPLookup RangeIPLookup; do
	click -e "
	i :: Idle -> r :: $class() -> i; r[1] -> i; r[2] -> i;
	DriverManager(print r.lookup 20.40.1.1,
		write r.add 20.40/16 1.0.0.1 0, print r.lookup 20.40.1.1,
		write r.add 20.40.0/18 2.0.0.2 1, print r.lookup 20.40.1.1,
		write r.add 20.40.0/17 3.0.0.3 2, print r.lookup 20.40.1.1,
		write r.remove 20.40.0/18 2.0.0.2 1, print r.lookup 20.40.1.1,
		write r.remove 20.40.0/16, print r.lookup 20.40.1.1,
		write r.add 20.40.1.1/32 1, print r.lookup 20.40.1.1,
		write r.add 0/0 - 2, print r.lookup 99.0.0.1,
		print r.table,
		write r.flush, print r.lookup 20.40.1.1, print r.table)"
done >OUT
head -13 OUT
split -l 13 OUT part.
cat part.a? | wc -l
md5sum <part.aa >sum; for i in part.a?; do md5sum <$i | cmp - sum; done
== stdout
-1
0 1.0.0.1
1 2.0.0.2
1 2.0.0.2
2 3.0.0.3
2 3.0.0.3
1
2
0.0.0.0/0		-		2
20.40.0.0/17		3.0.0.3		2
20.40.1.1/32		-		1
-1

65

=== as the one before, one class, in full
== config
i :: Idle -> r :: RadixIPLookup(10/8 1, 10.1/16 9.9.9.9 0, 0.0.0.0/0 255.255.255.254 2)
	-> i; r[1] -> i; r[2] -> i;
DriverManager(print r.table, print r.lookup 10.0.0.1, print r.lookup 10.1.0.1, print r.lookup 1.1.1.1,
	write r.set 10.1/16 8.8.8.8 1, print r.lookup 10.1.0.1,
	write r.remove 0/0, print r.lookup 1.1.1.1)
== stdout
0.0.0.0/0		255.255.255.254	2
10.0.0.0/8		-		1
10.1.0.0/16		9.9.9.9		0
1
0 9.9.9.9
2 255.255.255.254
1 8.8.8.8
-1

=== ctrl does all or nothing
== config
i :: Idle -> r :: LinearIPLookup(10.0.0.0/8 0) -> i; r[1] -> i;
DriverManager(write r.ctrl $(cat ALL), print r.table, write r.ctrl $(cat NONE), print r.table,
	write r.add $(cat MORE), print r.table)
== file ALL
add 10.1.0.0/16 1
set 10.0.0.0/8 1.1.1.1 1

remove 10.1.0.0/16
== file NONE
set 10.0.0.0/8 0
add 10.2.0.0/16 1
remove 10.3.0.0/16
== file MORE
10.4.0.0/16 0
10.5.0.0/16 1
== stdout
10.0.0.0/8		1.1.1.1		1
10.0.0.0/8		1.1.1.1		1
10.0.0.0/8		1.1.1.1		1
10.4.0.0/16		-		0
10.5.0.0/16		-		1
== stderr
...
{{.*}}route '10.3.0.0/16 - -1' not found
...

=== mistakes in handlers
== config
i :: Idle -> r :: LinearIPLookup(10.0.0.0/8 0) -> i;
DriverManager(write r.add 10.0.0.0/8 1.1.1.1 0, write r.add 11.0.0.0/8 1, write r.remove 10/8 1.1.1.1 0,
	write r.add 1.2.3, write r.ctrl drop 10/8, print r.lookup x)
== stderr
while executing `DriverManager@3 :: DriverManager':
conflict with existing route '10.0.0.0/8 - 0'
output 1 does not exist: r has 1
route '10.0.0.0/8 1.1.1.1 0' not found
expected 'ADDR/MASK [GATEWAY] OUTPUT'
bad command 'drop'
expected IP address, not 'x'

=== mistakes in arguments
== config
i :: Idle -> StaticIPLookup(10.0.0.0/8 0, 10.0.0.0/8 1.1.1.1 0, 11.0.0.0/8, 12.0.0.0/8 7) -> i;
== stderr
{{.*}}:1:14: warning: 1 route replaced by later versions
  i :: {{.*}}
{{ *}}^
{{.*}}:1:65: argument 3 should be 'ADDR/MASK [GATEWAY] OUTPUT'
  i :: {{.*}}
{{ *}}^
{{.*}}:1:77: output 7 does not exist: StaticIPLookup@2 has 1
  i :: {{.*}}
{{ *}}^
== exit 1

=== a route to an output that is not there
== run
weir check config
== file config
Idle -> rt :: StaticIPLookup(10.0.0.0/8 0, 11.0.0.0/8 1.2.3.4 2, 12.0.0.0/8 7);
rt[0] -> Discard; rt[1] -> Discard;
== exit 1
== stderr
config:1:44: output 2 does not exist: rt has 2
  Idle -> rt :: StaticIPLookup(10.0.0.0/8 0, 11.0.0.0/8 1.2.3.4 2, 12.0.0.0/8 7);
                                             ^
config:1:66: output 7 does not exist: rt has 2
  Idle -> rt :: StaticIPLookup(10.0.0.0/8 0, 11.0.0.0/8 1.2.3.4 2, 12.0.0.0/8 7);
                                                                   ^
