ICMP errors: how many are sent (RFC 1812 4.3.2.8), by one worker and by several.

=== a flood from one host gets the burst and then one a second
== run
click --simtime config -h e.drops -h c.count
== file config
RatedSource(DATA \<45000014 00000000 01110000 0a0000010b000002>, RATE 1000, LIMIT 10000, STOP true)
	-> MarkIPHeader -> e :: ICMPError(9.9.9.9, timeexceeded) -> c :: Counter -> Discard;
== stdout
e.drops:
host-rate 9985 199700

c.count:
15

=== a flood from many gets the burst and then the rate
== run
click --simtime config -h e.drops -h c.count
== file config
RatedSource(DATA \<45000014 00000000 01110000 0a0000010b000002>, RATE 10000, LIMIT 20000, STOP true)
	-> MarkIPHeader -> s :: RoundRobinSwitch;
e :: ICMPError(9.9.9.9, timeexceeded, RATE 100, BURST 20, HOST_RATE 0) -> c :: Counter -> Discard;
s[0] -> StoreIPAddress(10.0.0.2, src) -> e;
s[1] -> StoreIPAddress(10.0.0.3, src) -> e;
== stdout
e.drops:
rate 19781 395620

c.count:
219

=== no limits; they can be changed
== run
click --simtime config -h e.drops -h c.count -h e.rate -h e.burst -h e.host_rate -h e.host_burst
== file config
RatedSource(DATA \<45000014 00000000 01110000 0a0000010b000002>, RATE 1000, LIMIT 3000, STOP true)
	-> MarkIPHeader -> e :: ICMPError(9.9.9.9, timeexceeded, RATE 0, HOST_RATE 0) -> c :: Counter -> Discard;
Script(wait 0.9995s, write e.rate 10, write e.burst 5, wait 1s, write e.rate 0, write e.host_rate 1, write e.host_burst 1);
== stdout
e.drops:
rate 986 19720
host-rate 999 19980

c.count:
1015

e.rate:
0

e.burst:
5

e.host_rate:
1

e.host_burst:
1

=== what is not an answer to one packet of many is no part of it
== run
click --simtime config -h e.drops -h c.count
== file config
RatedSource(DATA \<45000014 00000000 01010000 0a0000010b000002 03000000>, RATE 1000, LIMIT 1000)
	-> MarkIPHeader -> e :: ICMPError(9.9.9.9, timeexceeded) -> c :: Counter -> Discard;
RatedSource(DATA \<45000014 00000000 01110000 0a0000010b000002>, RATE 1, LIMIT 5, STOP true)
	-> MarkIPHeader -> e;
== stdout
e.drops:
about-error 1000 24000

c.count:
5
