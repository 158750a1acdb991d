LookupIP6Route: what lookup.t has for IPv4.

=== routes come and go
== config
i :: Idle -> r :: LookupIP6Route() -> i; r[1] -> i; r[2] -> i;
DriverManager(print r.lookup 2001:db8::1,
	write r.add 2001:db8::/32 fe80::1 0, print r.lookup 2001:db8::1,
	write r.add 2001:db8::/64 fe80::2 1, print r.lookup 2001:db8::1,
	write r.add 2001:db8::/48 fe80::3 2, print r.lookup 2001:db8::1,
	write r.remove 2001:db8::/64 fe80::2 1, print r.lookup 2001:db8::1,
	write r.remove 2001:db8::/48, print r.lookup 2001:db8::1,
	write r.add 2001:db8::1 1, print r.lookup 2001:db8::1,
	write r.add ::/0 - 2, print r.lookup 99::1,
	write r.set 2001:db8::7/32 :: 2, print r.lookup 2001:db8::2,
	print r.table,
	write r.flush, print r.lookup 2001:db8::1, print r.table)
== stdout
-1
0 fe80::1
1 fe80::2
1 fe80::2
2 fe80::3
0 fe80::1
1
2
2
::/0	-	2
2001:db8::/32	-	2
2001:db8::1/128	-	1
-1

=== ctrl does all or nothing
== config
i :: Idle -> r :: LookupIP6Route(2001:db8::/32 0) -> i; r[1] -> i;
DriverManager(write r.ctrl $(cat ALL), print r.table, write r.ctrl $(cat NONE), print r.table)
== file ALL
add 2001:db8:1::/48 1
set 2001:db8::/32 fe80::1 1

remove 2001:db8:1::/48
== file NONE
set 2001:db8::/32 0
add 2001:db8:2::/48 1
remove 2001:db8:3::/48
== stdout
2001:db8::/32	fe80::1	1
2001:db8::/32	fe80::1	1
== stderr
...
{{.*}}route '2001:db8:3::/48 - -1' not found
...

=== mistakes in handlers
== config
i :: Idle -> r :: LookupIP6Route(2001:db8::/32 0) -> i;
DriverManager(write r.add 2001:db8::/32 fe80::1 0, write r.add 2001:db9::/32 1,
	write r.remove 2001:db8::/32 fe80::1 0, write r.add 1.2.3.4, write r.ctrl drop ::/0,
	print r.lookup x)
== stderr
while executing `DriverManager@3 :: DriverManager':
conflict with existing route '2001:db8::/32 - 0'
output 1 does not exist: r has 1
route '2001:db8::/32 fe80::1 0' not found
expected 'ADDR/LEN [GATEWAY] OUTPUT'
bad command 'drop'
expected IPv6 address, not 'x'

=== mistakes in arguments
== config
i :: Idle -> LookupIP6Route(2001:db8::/32 0, 2001:db8::/32 fe80::1 0, ::1/128, ::2/128 7) -> i;
== stderr
{{.*}}:1:14: warning: 1 route replaced by later versions
  i :: {{.*}}
{{ *}}^
{{.*}}:1:71: argument 3 should be 'ADDR/LEN [GATEWAY] OUTPUT'
  i :: {{.*}}
{{ *}}^
{{.*}}:1:80: output 7 does not exist: LookupIP6Route@2 has 1
  i :: {{.*}}
{{ *}}^
== exit 1
