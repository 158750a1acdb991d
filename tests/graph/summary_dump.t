IP summary dumps.

=== fields there and back
== run
click config; cat out
== config
FromIPSummaryDump(in, STOP true) -> ToIPSummaryDump(out, FIELDS timestamp ip_src sport ip_dst dport
	ip_proto ip_len ip_id ip_ttl ip_tos tcp_seq tcp_ack tcp_flags tcp_window payload_len)
== file in
!IPSummaryDump 1.3
!data timestamp ip_src sport ip_dst dport ip_proto ip_len ip_id ip_ttl ip_tos tcp_seq tcp_ack tcp_flags tcp_window payload_len
1.5 1.0.0.1 10 2.0.0.2 20 T 60 7 63 4 100 200 SA 8192 20
2.000000001 1.0.0.1 10 2.0.0.2 20 U 50 8 62 0 - - - - 22
# a comment
3 1.0.0.1 - 2.0.0.2 - I 40 9 61 0 - - - - 12
4 1.0.0.1 - 2.0.0.2 - 50 44 10 60 0 - - - - 24
== stdout
!IPSummaryDump 1.3
!data timestamp ip_src sport ip_dst dport ip_proto ip_len ip_id ip_ttl ip_tos tcp_seq tcp_ack tcp_flags tcp_window payload_len
1.500000 1.0.0.1 10 2.0.0.2 20 T 60 7 63 4 100 200 SA 8192 20
2.000000001 1.0.0.1 10 2.0.0.2 20 U 50 8 62 0 - - - - 22
3.000000 1.0.0.1 - 2.0.0.2 - I 40 9 61 0 - - - - 20
4.000000 1.0.0.1 - 2.0.0.2 - 50 44 10 60 0 - - - - 24

=== what is cut off is a dash
== run
click config; grep -v '^!' out
== config
FromIPSummaryDump(in, STOP true) -> s :: RoundRobinSwitch
	-> t :: ToIPSummaryDump(out, DATA sport dport tcp_urp tcp_opt);
s[1] -> Truncate(41) -> t;
s[2] -> Truncate(38) -> t;
s[3] -> Truncate(23) -> t;
s[4] -> Truncate(20) -> t;
== file in
!data sport dport tcp_urp tcp_opt
1 2 3 wscale10
2 3 4 wscale10
3 4 5 wscale10
4 5 6 wscale10
5 6 7 wscale10
== stdout
1 2 3 wscale10
2 3 4 -
3 4 - -
4 - - -
- - - -

=== BAD_PACKETS says why
== config
FromIPSummaryDump(in, STOP true) -> s :: RoundRobinSwitch
	-> t :: ToIPSummaryDump(-, HEADER false, FIELDS dport, BAD_PACKETS true);
s[1] -> Truncate(23) -> t;
== file in
!data dport ip_fragoff ip_len
1 0 40
2 0 40
3 8+ 40
== stdout
1
!bad truncated IP missing 17
-
!bad fragmented TCP/UDP header
-

=== fragments, DF, and old units
== run
for version in 1.0 1.3; do
	printf '!IPSummaryDump %s\n!data ip_fragoff\n16\n0+\n0!\n' $version >in
	click config
done
== config
FromIPSummaryDump(in, STOP true)
	-> ToIPSummaryDump(-, HEADER false, FIELDS ip_frag ip_fragoff)
== stdout
f 128
F 0+
! 0!
f 16
F 0+
! 0!

=== IP options
== config
FromIPSummaryDump(in, STOP true, CHECKSUM true) -> CheckIPHeader
	-> ToIPSummaryDump(-, HEADER false, FIELDS ip_hl ip_opt)
== file in
!data ip_opt
.
nop,nop,eol
rr{10.0.0.1,20.0.0.2}+5
rr{}+1
ssrr{1.0.0.1,1.0.0.2^1.0.0.3}
lsrr{^1.0.0.1}
ts{1,10000,!45}+2++3
ts.ip{1.0.0.1=1,1.0.0.2=2}+1
ts.preip{1.0.0.1=1^1.0.0.2,1.0.0.3}
98=0:5:10;148=0:0
== stdout
20 .
24 .
52 rr{10.0.0.1,20.0.0.2}+5
28 rr{}+1
36 ssrr{1.0.0.1,1.0.0.2^1.0.0.3}
28 lsrr{^1.0.0.1}
44 ts{1,10000,!45}+2++3
48 ts.ip{1.0.0.1=1,1.0.0.2=2}+1
48 ts.preip{1.0.0.1=1^1.0.0.2,1.0.0.3}
32 98=0:5:10;148=0:0

=== TCP options
== config
FromIPSummaryDump(in, STOP true) -> ToIPSummaryDump(-, HEADER false,
	FIELDS tcp_off tcp_opt tcp_ntopt tcp_sack)
== file in
!data tcp_opt
.
mss1460;sackok;wscale7
ts669063908:38382731
sack95-98;sack100-104;ts1:2
30=1:2;254
nonsense
== stdout
20 . . .
32 mss1460;sackok;wscale7 mss1460;sackok;wscale7 sackok
32 ts669063908:38382731 . .
48 sack95-98;sack100-104;ts1:2 sack95-98;sack100-104 sack95-98;sack100-104
28 ? ? ?
== stderr
in:7: packet parse error

=== ICMP by name
== config
FromIPSummaryDump(in, STOP true, CHECKSUM true)
	-> ToIPSummaryDump(-, HEADER false,
		FIELDS src dst icmp_type_name icmp_code_name icmp_type icmp_code icmp_flowid icmp_seq
			icmp_nextmtu)
== file in
!data src dst icmp_code icmp_type icmp_flowid icmp_seq icmp_nextmtu
!proto I
18.26.4.44 10.0.0.4 0 echo 5 6 -
10.0.0.4 18.26.4.44 - echo-reply - - -
10.0.0.4 18.26.4.44 needfrag unreachable - - 1400
10.0.0.4 18.26.4.44 host 3 - - -
== stdout
18.26.4.44 10.0.0.4 echo 0 8 0 5 6 -
10.0.0.4 18.26.4.44 echo-reply 0 0 0 0 0 -
10.0.0.4 18.26.4.44 unreachable needfrag 3 4 - - 1400
10.0.0.4 18.26.4.44 unreachable host 3 1 - - -

=== annotations, Ethernet and payload
== config
FromIPSummaryDump(in, STOP true, PROTO 17) -> ToIPSummaryDump(-, HEADER false, FIELDS count direction
	link aggregate first_timestamp eth_src eth_dst eth_type payload "payload len" ip_capture_len
	wire_len udp_len ts_sec ts_usec ts_usec1 ip_dscp ip_ecn ip_sum)
== file in
!data timestamp count direction aggregate first_timestamp eth_src eth_dst payload ip_dscp ip_ecn ip_sum
9.000123 3 < 77 8.5 02-00-00-00-00-01 02:00:00:00:00:02 "ab c" 10 ce 99
== stdout
3 < 1 77 8.500000 02-00-00-00-00-01 02-00-00-00-00-02 0800 "ab c" 4 32 46 12 9 123 9000123 10 ce 99

=== flows and protocols that the file gives
== config
FromIPSummaryDump(in, STOP true, FLOWID 1.2.3.4 5 6.7.8.9 10)
	-> ToIPSummaryDump(-, HEADER false, FIELDS src sport dst dport proto aggregate)
== file in
!data ip_id
1
!proto U
!aggregate 12
2
!flowid 9.9.9.9 1 - - T
3
!data ip_src ip_id
8.8.8.8 4
== stdout
1.2.3.4 5 6.7.8.9 10 T 0
1.2.3.4 5 6.7.8.9 10 U 12
9.9.9.9 1 0.0.0.0 0 T 12
8.8.8.8 1 0.0.0.0 0 T 12

=== CHECKSUM makes whole and right packets
== config
FromIPSummaryDump(in, STOP true, CHECKSUM true) -> CheckIPHeader -> IPPrint(TIMESTAMP false)
	-> Print(CONTENTS NONE) -> Discard
== file in
!data src dst sport dport proto ip_len
1.0.0.1 2.0.0.2 1 2 T 100
1.0.0.1 2.0.0.2 1 2 U 100
== stderr
1.0.0.1.1 > 2.0.0.2.2: . 0:60(60,100,100) win 0
 100
1.0.0.1.1 > 2.0.0.2.2: udp 80
 100

=== MULTIPACKET
== config
FromIPSummaryDump(in, STOP true, MULTIPACKET true) -> ToIPSummaryDump(-, HEADER false,
	FIELDS timestamp ip_len count);
FromIPSummaryDump(in2, MULTIPACKET false) -> ToIPSummaryDump(out, HEADER false, MULTIPACKET true,
	FIELDS timestamp ip_len);
== run
click config; cat out
== file in
!data timestamp first_timestamp ip_len count
3 1 301 3
== file in2
!data timestamp first_timestamp count
3 1 2
== stdout
1.000000 100 1
2.000000 100 1
3.000000 101 1
1.000000 40
3.000000 40

=== BINARY there and back
== run
click write && click read
== file write
FromIPSummaryDump(in, STOP true) -> ToIPSummaryDump(bin, BINARY true,
	FIELDS timestamp ntimestamp ip_src sport proto tcp_opt ip_fragoff payload_len eth_src)
== file read
FromIPSummaryDump(bin, STOP true) -> ToIPSummaryDump(-,
	FIELDS timestamp ip_src sport proto tcp_opt ip_fragoff payload_len)
== file in
!data timestamp ip_src sport proto tcp_opt payload_len
1.000000123 1.2.3.4 55 T mss1460 7
2 1.2.3.5 56 U . 8
== stdout
!IPSummaryDump 1.3
!data timestamp ip_src sport ip_proto tcp_opt ip_fragoff payload_len
1.000000123 1.2.3.4 55 T mss1460 0 7
2.000000 1.2.3.5 56 U - 0 8

=== banner and comments; TIMING
== run
click config | sed 's/^!runtime .*/!runtime/; s/^!host .*/!host/'
== config
FromIPSummaryDump(in, STOP true, TIMING true) -> ToIPSummaryDump(-, BANNER "a \"test\"", VERBOSE true,
	FIELDS ts_sec)
== file in
!data ts
5
5.02
== stdout
!IPSummaryDump 1.3
!creator "a \"test\""
!host
!runtime
!data ts_sec
5
5

=== DATA instead of a file, on a pull path
== config
FromIPSummaryDump(DATA "!data src
1.2.3.4
1.2.3.5
") -> ToIPSummaryDump(-, FIELDS src);
TimedSource(0.02, LIMIT 1, STOP true) -> Idle;
== stdout
!IPSummaryDump 1.3
!data ip_src
1.2.3.4
1.2.3.5

=== mistakes are told
== config
FromIPSummaryDump() -> ToIPSummaryDump(x, FIELDS nonsense src, BINARY true);
FromIPSummaryDump(x, DATA y) -> Discard;
Idle -> ToIPSummaryDump(x, FIELDS payload, BINARY true);
== stderr
...
config:{{.*}}give either FILENAME or DATA
...
config:{{.*}}FIELDS: there is no field 'nonsense'
...
config:{{.*}}give either FILENAME or DATA
...
config:{{.*}}FIELDS: 'payload' cannot be in a BINARY dump
...
== exit 1

=== files that are not there, or not dumps
== run
click -e 'FromIPSummaryDump(none) -> Discard' ; echo $?
click -e 'FromIPSummaryDump(none, STOP true, ALLOW_NONEXISTENT true) -> Discard'; echo $?
click -e 'FromIPSummaryDump(odd, STOP true) -> Discard'; echo $?
== file odd
once upon a time
there was
== stdout
1
0
0
== stderr
{{.*}}none: No such file or directory
...
odd:1: no '!data' provided
