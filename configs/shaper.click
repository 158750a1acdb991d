// Keeps a slow line behind $OUT usable: at most $RATE packets a second go out, and of those that wait the
// urgent ones go first. Without it they would wait in the modem, behind all others.
//
//	weir run configs/shaper.click IN=eth1 OUT=eth2 RATE=5000
//
// Urgent: voice (DSCP 46) and the network's own control; then what is short or interactive; then the
// rest. What the line does not take is lost at the end of its own queue. The way back is not held up.

define($IN eth1, $OUT eth2, $RATE 10000)

FromDevice($OUT, PROMISC true) -> ToDevice($IN);

class :: Classifier(12/0806, 12/0800, -);
dscp :: IPClassifier(ip dscp 46 || ip dscp 48,
		     icmp || udp port 53 || tcp port 22,
		     -);
urgent, interactive :: Queue(100);
bulk :: Queue(400);
sched :: PrioSched;

FromDevice($IN, PROMISC true) -> class;
class[0] -> urgent;			// without ARP nothing goes
class[1] -> MarkIPHeader(14) -> dscp;
class[2] -> bulk;
dscp[0] -> urgent -> [0] sched;
dscp[1] -> interactive -> [1] sched;
dscp[2] -> bulk -> [2] sched;

sched -> Shaper($RATE) -> sent :: Counter -> ToDevice($OUT);
