AddressInfo: names for addresses, and the compounds in which they are known.

=== names are used before and after they are given, also inside compounds
== config
InfiniteSource(LENGTH 0, LIMIT 1) -> IPEncap(17, mauer, mazu) -> IPPrint(out, TIMESTAMP false) -> Discard;
AddressInfo(mauer 10.0.0.1 00-50-BA-85-84-A9, mazu 10.0.0.10, net 10.0.5.1/24);
compound :: {
	AddressInfo(mazu 10.9.9.9);
	InfiniteSource(LENGTH 0, LIMIT 1) -> IPEncap(17, mauer, mazu) -> IPPrint(in, TIMESTAMP false)
		-> Discard;
};
InfiniteSource(LENGTH 0, LIMIT 1) -> IPEncap(17, net:ip, net:bcast) -> IPPrint(net, TIMESTAMP false)
	-> EtherEncap(0x0800, mauer, mauer:eth) -> Print(ether, MAXLENGTH 14) -> Discard;
Script(wait 50ms, stop);
== stderr
out: 10.0.0.1 > 10.0.0.10: {{.*}}
{{net|in}}: 10.{{.*}}
...
== stdout

=== what the prefix, the gateway and the suffixes mean
== config
AddressInfo(net 10.0.5.1/24, gate:gw 1.2.3.4, gate 5.0.0.0/8);
a :: StaticIPLookup(net:ipnet 0, 9.0.0.0/8 1, gate:gw 2, gate:bcast 3, net/32 4);
Idle -> a; a[0], a[1], a[2], a[3], a[4] => Discard, Discard, Discard, Discard, Discard;
Script(print a.lookup 10.0.5.77, print a.lookup 10.0.5.1, print a.lookup 1.2.3.4,
	print a.lookup 5.255.255.255, stop);
== stdout
0
4
2
3

=== mistakes
== run
click -q config
== file config
AddressInfo(x, y 1.2.3.4.5, z 1.2.3.4 what, , w 1.2.3.4/33);
c :: { AddressInfo(inner 1.1.1.1); Idle -> IPEncap(1, inner, inner) -> Discard };
Idle -> IPEncap(1, inner, y) -> Discard;
== exit 1
== stderr
config:1:13: expected `NAME ADDRESS...', got `x'
  AddressInfo(x, y 1.2.3.4.5, z 1.2.3.4 what, , w 1.2.3.4/33);
              ^
config:1:16: `1.2.3.4.5' is not an address
  AddressInfo(x, y 1.2.3.4.5, z 1.2.3.4 what, , w 1.2.3.4/33);
                 ^
config:1:29: `what' is not an address
  AddressInfo(x, y 1.2.3.4.5, z 1.2.3.4 what, , w 1.2.3.4/33);
                              ^
config:1:47: `1.2.3.4/33' is not an address
  AddressInfo(x, y 1.2.3.4.5, z 1.2.3.4 what, , w 1.2.3.4/33);
                                                ^
config:3:20: argument `SRC': expected an IP address, got `inner' (neither an interface that has one nor a name from AddressInfo)
  Idle -> IPEncap(1, inner, y) -> Discard;
                     ^
