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

=== mistakes
== run
weir check config
== file config
Idle -> c :: Counter -> ICMPError(TYPE timeexceeded) -> ICMPError(1.2.3.4, nonsense) -> ICMPError(1.2.3.4, echo)
	-> ICMPError(1.2.3.4, timeexceeded, KERNEL c) -> ICMPError(1.2.3.4, redirect, host, LINK nowhere) -> Discard;
Idle -> ICMP6Error(TYPE timeexceeded) -> ICMP6Error(2001:db8::1, redirect) -> ICMP6Error(2001:db8::1, 128)
	-> ICMP6Error(::1, unreachable, needfrag) -> ICMP6Error(fe80::1, redirect, LINK fe80::/129) -> Discard;
== stderr
config:1:35: one of SRC and KERNEL must be given
  Idle -> c :: Counter -> ICMPError(TYPE timeexceeded) -> ICMPError(1.2.3.4, nonsense) -> ICMPError(1.2.3.4, echo)
                                    ^
config:1:67: TYPE takes an ICMP type: a number between 0 and 255 or a name such as timeexceeded
  Idle -> c :: Counter -> ICMPError(TYPE timeexceeded) -> ICMPError(1.2.3.4, nonsense) -> ICMPError(1.2.3.4, echo)
                                                                    ^
config:1:99: ICMP type 8 is not an error type
  Idle -> c :: Counter -> ICMPError(TYPE timeexceeded) -> ICMPError(1.2.3.4, nonsense) -> ICMPError(1.2.3.4, echo)
                                                                                                    ^
config:2:15: `c' (Counter) does not follow the kernel's routes, as KernelRoutes does
  	-> ICMPError(1.2.3.4, timeexceeded, KERNEL c) -> ICMPError(1.2.3.4, redirect, host, LINK nowhere) -> Discard;
  	             ^
config:2:51: argument `LINK': expected an IP prefix, got `nowhere' (neither an interface that has one nor a name from AddressInfo)
  	-> ICMPError(1.2.3.4, timeexceeded, KERNEL c) -> ICMPError(1.2.3.4, redirect, host, LINK nowhere) -> Discard;
  	                                                 ^
config:3:20: one of SRC and KERNEL must be given
  Idle -> ICMP6Error(TYPE timeexceeded) -> ICMP6Error(2001:db8::1, redirect) -> ICMP6Error(2001:db8::1, 128)
                     ^
config:3:53: hosts believe redirects of link-local addresses only: SRC has to be one (RFC 4861 8.1)
  Idle -> ICMP6Error(TYPE timeexceeded) -> ICMP6Error(2001:db8::1, redirect) -> ICMP6Error(2001:db8::1, 128)
                                                      ^
config:3:90: ICMPv6 type 128 is not an error type
  Idle -> ICMP6Error(TYPE timeexceeded) -> ICMP6Error(2001:db8::1, redirect) -> ICMP6Error(2001:db8::1, 128)
                                                                                           ^
config:4:16: CODE takes an ICMPv6 code: a number between 0 and 255 or a name that fits the type
  	-> ICMP6Error(::1, unreachable, needfrag) -> ICMP6Error(fe80::1, redirect, LINK fe80::/129) -> Discard;
  	              ^
config:4:47: argument `LINK': expected an IPv6 prefix, got `fe80::/129' (neither an interface that has one nor a name from AddressInfo)
  	-> ICMP6Error(::1, unreachable, needfrag) -> ICMP6Error(fe80::1, redirect, LINK fe80::/129) -> Discard;
  	                                             ^
== exit 1
