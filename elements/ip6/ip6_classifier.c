// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// IP6Classifier: sends each IPv6 packet to the output of the first pattern that it matches; a
// packet that matches none is dropped. Patterns are those of IPClassifier, with the words of IPv6:
//
//	[src|dst|src or dst|src and dst] host ADDR6, net ADDR6/LEN,
//	[tcp|udp] port PORT, ether host ADDR
//	ip6 proto PROTO, ip6 tc|dscp|ecn|flow|plen|hlim N, ip6 ect, ip6 ce, ip6 frag, ip6 unfrag
//	tcp opt syn|ack|fin|rst|psh|urg, tcp win N, icmp6 type TYPE
//	ip6[POS:LEN] N, transp[POS:LEN] N
//
// The protocol is that behind the extension headers (hop-by-hop and destination options, routing,
// fragment, AH), and so are ports and types; at most eight are passed over, of longer chains the
// protocol is the next one's number. A fragment but the first has no ports. (`ip6[6]` is that
// protocol too, and the version cannot be asked for.) `icmp` is ICMPv6.
//
//	IP6Classifier(dst tcp port 80 or 443, icmp6 type echo, src net 2001:db8::/32, -);
#include <weir/dag.h>
#include <weir/element.h>
#include <weir/ip_expr.h>

struct ip6_classifier {
	struct weir_dag dag;
};

static inline unsigned ip6_classifier(const struct ip6_classifier *self, struct packet *p)
{
	return weir_dag_run_ip6(&self->dag, p);
}

static int ip6_classifier_configure(struct weir_element *el, struct weir_args *a)
{
	struct ip6_classifier *self = el->self;

	return weir_ip_patterns(&self->dag, a, WEIR_IP6);
}

static void ip6_classifier_fini(struct weir_element *el)
{
	struct ip6_classifier *self = el->self;

	weir_dag_free(&self->dag);
}

static int ip6_classifier_program(struct weir_element *el, const struct weir_handler *,
				  const char *, struct weir_buf *out, struct weir_err *)
{
	const struct ip6_classifier *self = el->self;

	weir_dag_print(&self->dag, out);
	return 0;
}

static int ip6_classifier_driver(const struct weir_element *el, struct weir_front_args *a)
{
	const struct ip6_classifier *self = el->self;

	return weir_dag_front(&self->dag, a);
}

static const struct weir_handler ip6_classifier_handlers[] = {
	WEIR_READ("program", ip6_classifier_program, "the tests, and where they lead"),
	{},
};

WEIR_SPLIT_ELEMENT(ip6_classifier, "IP6Classifier",
		   .purpose = "sorts IPv6 packets by their headers", .ports = "1/-",
		   .processing = "h/h", .drops = {"unmatched"}, .filters = true,
		   .reconfigures = true, .rest = "PATTERN",
		   .rest_help = "of one output, as for tcpdump: src host 2001:db8::1 and tcp dst "
				"port 80; - matches everything",
		   .configure = ip6_classifier_configure, .fini = ip6_classifier_fini,
		   .driver = ip6_classifier_driver, .handlers = ip6_classifier_handlers);

WEIR_CASES(ip6_classifier, {"tcp, udp, icmp6 type echo, -", "ip6 tcp", "0", ""},
	   {"tcp, udp, icmp6 type echo, -", "eth ip6 udp", "1", ""},
	   {"tcp, udp, icmp6 type echo, -", "ip6 icmp6 type=128", "2", ""},
	   {"tcp, udp, icmp6 type echo, -", "ip6 icmp6 type=129", "3", ""},
	   {"src 2001:db8::/32 and dst port 80 or 443, -", "ip6 tcp dport=443", "0", ""},
	   {"src net 2001:db8::/32 and dst host 2001:db8::7, -", "ip6 dst=2001:db8::7", "0", ""},
	   {"src net 2001:db8::/32 and dst host 2001:db8::7, -", "ip6 dst=2001:db8::8", "1", ""},
	   {"src net 2001:db8::/32 and dst host 2001:db8::7, -",
	    "ip6 src=2001:db9::1 dst=2001:db8::7", "1", ""},
	   {"ip6 hlim < 2, flow 0x12345, dscp 46, -", "ip6 hlim=1 udp", "0", ""},
	   {"ip6 hlim < 2, flow 0x12345, dscp 46, -", "ip6 flow=0x12345 tc=0xff udp", "1", ""},
	   {"ip6 hlim < 2, flow 0x12345, dscp 46, -", "ip6 flow=0x12344 tc=0xb9 udp", "2", ""},
	   {"ip6 hlim < 2, flow 0x12345, dscp 46, -", "ip6 tc=0xbc udp", "3", ""},
	   // behind extension headers
	   {"udp dst port 53, udp, -", "ip6 hop dest routing rtype=4 ah udp dport=53", "0", ""},
	   {"udp dst port 53, udp, -", "ip6 hop dest routing rtype=4 ah udp dport=54", "1", ""},
	   {"udp dst port 53, udp, -", "eth ip6 hop udp dport=53 cut=66", "0", ""},
	   {"udp dst port 53, udp, -", "eth ip6 hop udp dport=53 cut=65", "1", ""},
	   {"udp dst port 53, udp, -", "ip6 hop tcp dport=53", "2", ""},
	   {"udp dst port 53, udp, -", "ip6 hop hlen=9 udp dport=53", "2", ""},
	   {"udp dst port 53, ip6 proto 60, -",
	    "ip6 hop dest dest dest dest dest dest dest dest udp dport=53", "1", ""},
	   {"udp dst port 53, udp, -", "ip6 hop dest dest dest dest dest dest dest udp dport=53",
	    "0", ""},
	   // fragments
	   {"ip6 frag and udp port 53, ip6 frag, udp, -", "ip6 frag mf id=9 udp dport=53", "0", ""},
	   {"ip6 frag and udp port 53, ip6 frag, udp, -", "ip6 frag off=8 next=udp bytes=9", "1",
	    ""},
	   {"ip6 frag and udp port 53, ip6 frag, udp, -", "ip6 hop frag udp dport=53", "2", ""},
	   {"udp port 53, udp and unfrag, udp, -", "ip6 frag off=8 next=udp hex=00350035", "2", ""},
	   {"not udp port 53, -", "ip6 frag off=8 next=udp hex=00350035", "0", ""},
	   {"udp", "ip6 tcp", "unmatched", ""},
	   {"ip6 plen 8, -", "ip6 hop udp network=none transport=none", "1", ""},
	   {"ip6 plen 8, -", "ip6 udp", "0", ""},
	   {"icmp6 type neighborsolicit, proto 59, -", "ip6 icmp6 type=135 nd", "0", ""},
	   {"icmp6 type neighborsolicit, proto 59, -", "ip6", "1", ""},
	   {"icmp6 type neighborsolicit, proto 59, -", "ip6 dest", "1", ""});
