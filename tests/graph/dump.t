pcap files.

=== a packet written is the packet read
== run
weir run write >/dev/null
weir run read 2>&1 | grep -v ^weir
== file write
InfiniteSource(DATA \<ffffffffffff 020000000001 0800 45000014 00010000 4011 0000 0a000001 0a000002>,
	LIMIT 2, STOP true)
	-> SetTimestamp(1000.25) -> ToDump(x.pcap);
== file read
FromDump(x.pcap, STOP true, FORCE_IP true) -> Print(x, TIMESTAMP true) -> Discard;
== stdout
x: 1000.250000:   34 | ffffffff ffff0200 00000001 08004500 00140001 00004011
x: 1000.250000:   34 | ffffffff ffff0200 00000001 08004500 00140001 00004011
