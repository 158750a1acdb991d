Elements for IPv6, together.

=== CheckIP6Header counts, IP6Print prints
== run
click --simtime CONFIG
== file CONFIG
define($A 20010db8000000000000000000000001, $B 20010db8000000000000000000000002)
elementclass In { $data | InfiniteSource(DATA $data, LIMIT 1) -> output }
c :: CheckIP6Header(BADADDRS 2001:db8::2) -> IP6Print(good) -> Discard;
c[1] -> Print(bad, 4) -> Discard;
In(\<60000000 0004 3b 40 $A $B 01020304 ffff>) -> IP6Print -> c;
In(\<60000000 0000 3b 40 $B $A>) -> c;
In(\<60000000 0001 3b 40 $A $B>) -> c;
In(\<600000>) -> c;
In(\<45000000 0000 3b 40 $A $B>) -> c;
In(\<60000000 0004 3b 01 $A $B 01020304 ffff>) -> Unstrip(0) -> MarkIP6Header
	-> IP6Print(bytes, NBYTES 26, CONTENTS true) -> d :: DecIP6HLIM -> Discard;
d[1] -> IP6Mirror -> IP6Print(back) -> Discard;
DriverManager(wait 0.02s, read c.drops, read c.drop_details, read d.drops, stop)
== stderr
good: 2001:db8::1 -> 2001:db8::2 plen 4, next 59, hlim 64
bad:   40 | 60000000
bad:   40 | 60000000
bad:    3 | 600000
bad:   40 | 45000000
bytes: 2001:db8::1 -> 2001:db8::2 plen 4, next 59, hlim 1
  60000000 00043b01 20010db8 00000000 00000000 00000001
  2001
back: 2001:db8::2 -> 2001:db8::1 plen 4, next 59, hlim 1
c.drops:
4
c.drop_details:
1	tiny packet
1	bad IP6 version
1	bad IP6 length
1	bad source address
0	bad destination address

d.drops:
1

=== AddressInfo with addresses of IPv6
== config
AddressInfo(mauer 2001:db8::7 10.0.0.7, mazu 2001:db8:5::1/64, both 10.1.0.1/16 fe80::1/64 2:0:0:0:0:1);
InfiniteSource(DATA \<60000000 0000 3b 40 00000000000000000000000000000000 00000000000000000000000000000000>, LIMIT 1)
	-> MarkIP6Header -> a :: SetIP6Address(mauer) -> b :: SetIP6Address(mazu:ip6) -> c :: SetIP6Address(both)
	-> d :: IP6Classifier(src host mauer, src net mazu:ip6net or both, -) -> e :: IP6Fragmenter(1280, OWN mauer mazu both)
	-> Discard;
d[1] -> Discard; d[2] -> f :: Counter -> Discard;
Script(wait 10ms, print f.count, stop);
== stdout
1

=== a name that is no address of IPv6
== config
AddressInfo(mauer 10.0.0.7);
Idle -> SetIP6Address(mauer) -> Discard;
== stderr
{{.*}}mauer{{.*}}
...
== exit 1
