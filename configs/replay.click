// Sends the frames of a pcap file on an interface, with the time between them that they had, and ends.
//
//	weir run configs/replay.click IF=eth1 FILE=traffic.pcap
//
// Frames longer than the interface's MTU allows are lost as `to.too_long`. To send at a rate instead,
// put Shaper(RATE) behind FromDump and leave TIMING out: then the interface pulls from the file.

define($IF eth1, $FILE traffic.pcap)

FromDump($FILE, TIMING true, STOP true)
	-> replayed :: Counter
	-> to :: ToDevice($IF);
