Traffic classes: what is refused.

=== mistakes
== run
weir check config
== file config
TrafficClass(voice, dscp 46 or udp port 16384-32767);
TrafficClass(voice, dscp 46);
TrafficClass(a-b, proto ospf);
TrafficClass(rest, proto ospf);
TrafficClass(c, tcp port bgp or udp port 99999);
TrafficClass(d, proto tcp and dscp 1);
TrafficClass(e, none);
TrafficClass(f, src host 1.2.3.4);
TrafficClass(g, udp port);
TrafficClass(h, dscp 64);
TrafficClass(i, tcp port 9-2);
TrafficClass(j, ether proto 0x9000-0x10000);
TrafficClass(k);
== stderr
config:2:14: there is a class `voice' already
  TrafficClass(voice, dscp 46);
               ^
config:3:14: `a-b' is no name: letters, digits and `_'
  TrafficClass(a-b, proto ospf);
               ^
config:4:14: there is a class `rest' already
  TrafficClass(rest, proto ospf);
               ^
config:5:14: expected a port or a range of ports, got `99999'
  TrafficClass(c, tcp port bgp or udp port 99999);
               ^
config:6:14: expected `or', got `and'
  TrafficClass(d, proto tcp and dscp 1);
               ^
config:7:14: a class of nothing: only `control' can be none
  TrafficClass(e, none);
               ^
config:8:14: expected `tcp port', `udp port', `port', `proto', `dscp', `ether proto', `icmp6 type' or `llc', got `src'
  TrafficClass(f, src host 1.2.3.4);
               ^
config:9:14: expected a port or a range of ports at the end
  TrafficClass(g, udp port);
               ^
config:10:14: expected a DSCP from 0 to 63 or a range of them, got `64'
  TrafficClass(h, dscp 64);
               ^
config:11:14: expected a port or a range of ports, got `9-2'
  TrafficClass(i, tcp port 9-2);
               ^
config:12:14: expected the type of an Ethernet frame, got `0x9000-0x10000'
  TrafficClass(j, ether proto 0x9000-0x10000);
               ^
config:13:14: argument `PATTERNS': missing (what belongs to it)
  TrafficClass(k);
               ^
== exit 1

=== too many
== run
weir check config
== file config
TrafficClass(a, dscp 1);
TrafficClass(b, dscp 2);
TrafficClass(c, dscp 3);
TrafficClass(d, dscp 4);
TrafficClass(e, dscp 5);
TrafficClass(f, dscp 6);
TrafficClass(control, proto ospf);
TrafficClass(g, dscp 7);
== stderr
config:8:14: there are 6 classes already
  TrafficClass(g, dscp 7);
               ^
== exit 1
