// SPDX-License-Identifier: BSD-2-Clause
// TrafficClass: gives packets receive rings of their own, on all interfaces, so that a flood of
// others does not push them out. They are told before anything else is done with them, and a
// worker takes packets of the classes first, in the order of the configuration. What lost how many
// is told class by class.
//
// PATTERNS are `tcp port`, `udp port` or `port` (of either end), `proto` (of IP), `dscp`, `ether
// proto`, `icmp6 type`, each with a number, a name or a range, and `llc` (IEEE 802.2 frames),
// joined by `or`. What is looked at is the outermost header, and of fragments no port. A packet of
// several classes is of the first.
//
//	TrafficClass(voice, dscp 46 or udp port 5060 or udp port 16384-32767);
//
// There is a class `control` in front of all others: ARP, ND, MLD and IGMP, LLC (spanning tree,
// IS-IS), LACP, LLDP, 802.1X, PPP's own, OSPF, EIGRP, RSVP, PIM, VRRP, HSRP and GLBP, BGP, MSDP,
// LDP, BFD, RIP, DHCP and IKE. TrafficClass(control, PATTERNS) is instead of it, and
// TrafficClass(control, none) does without. Packets of no class are `rest`.
#include <weir/element.h>
#include <weir/traffic.h>

struct traffic_class {
	char *name, *patterns;
};

static int configure(struct weir_element *e, struct weir_args *a)
{
	const struct traffic_class *self = e->self;

	if (a->reconfigure)
		return weir_args_error(a, -1, "classes cannot be changed while packets come");
	return weir_traffic_class(a, self->name, self->patterns);
}

static const struct weir_arg args[] = {
	WEIR_ARG(WORD, traffic_class, name, "NAME", "of the class", WEIR_MAND),
	WEIR_ARG(ARG, traffic_class, patterns, "PATTERNS", "what belongs to it", WEIR_MAND),
	{},
};

WEIR_PLAIN_ELEMENT(traffic_class, "TrafficClass",
		   .purpose = "gives packets receive rings of their own", .ports = "0/0",
		   .args = args, .configure = configure);
