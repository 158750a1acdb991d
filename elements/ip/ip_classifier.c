// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// IPClassifier: sends each IP packet to the output of the first pattern that it matches; a packet
// that matches none is dropped. Patterns are written as for tcpdump:
//
//	[src|dst|src or dst|src and dst] host ADDR, net ADDR/LEN,
//	[tcp|udp] port PORT, ether host ADDR
//	ip proto PROTO, ip vers|hl|tos|dscp|len|id|ttl N, ip ect, ip ce, ip frag, ip unfrag
//	tcp opt syn|ack|fin|rst|psh|urg, tcp win N, icmp type TYPE
//	ip[POS:LEN] N, transp[POS:LEN] N
//
// combined by and, or, not, a ? b : c, and parentheses; two tests side by side mean `and`. Most of
// the words can be left out (`10.0.0.0/8 and dst 80 or 443` is fine once `port` was said), a value
// may follow ==, !=, <, <=, >, >= and `& MASK`. `-`, `any` and `all` match everything. Tests of
// transport headers only hold for first fragments, and a test whose bytes are not there is false.
// Without src or dst either may match; with !=, < and <= both must.
//
//	ip :: IPClassifier(dst tcp port 8000 or 8080, icmp type echo, src net 10.0.0.0/8, -);
#include <weir/dag.h>
#include <weir/element.h>
#include <weir/ip_expr.h>

struct ip_classifier {
	struct weir_dag dag;
};

static inline unsigned ip_classifier(const struct ip_classifier *self, struct packet *p)
{
	return weir_dag_run_ip(&self->dag, p);
}

static int ip_classifier_configure(struct weir_element *el, struct weir_args *a)
{
	struct ip_classifier *self = el->self;

	return weir_ip_patterns(&self->dag, a, WEIR_IP4);
}

static void ip_classifier_fini(struct weir_element *el)
{
	struct ip_classifier *self = el->self;

	weir_dag_free(&self->dag);
}

static int ip_classifier_program(struct weir_element *el, const struct weir_handler *, const char *,
				 struct weir_buf *out, struct weir_err *)
{
	const struct ip_classifier *self = el->self;

	weir_dag_print(&self->dag, out);
	return 0;
}

static int ip_classifier_driver(const struct weir_element *el, struct weir_front_args *a)
{
	const struct ip_classifier *self = el->self;

	return weir_dag_front(&self->dag, a);
}

static const struct weir_handler ip_classifier_handlers[] = {
	WEIR_READ("program", ip_classifier_program, "the tests, and where they lead"),
	{},
};

WEIR_SPLIT_ELEMENT(ip_classifier, "IPClassifier", .purpose = "sorts IP packets by their headers",
		   .ports = "1/-", .processing = "h/h", .drops = {"unmatched"}, .filters = true,
		   .reconfigures = true, .rest = "PATTERN",
		   .rest_help = "of one output, as for tcpdump: src host 10.0.0.1 and tcp dst port "
				"80; - matches everything",
		   .configure = ip_classifier_configure, .fini = ip_classifier_fini,
		   .driver = ip_classifier_driver, .handlers = ip_classifier_handlers);

WEIR_CASES(ip_classifier, {"tcp, udp, icmp type echo, -", "ip4 tcp", "0", ""},
	   {"tcp, udp, icmp type echo, -", "ip4 udp", "1", ""},
	   {"tcp, udp, icmp type echo, -", "ip4 icmp type=8", "2", ""},
	   {"tcp, udp, icmp type echo, -", "ip4 icmp type=0", "3", ""},
	   {"src 10.0.0.0/8 and dst port 80 or 443, -", "ip4 src=10.1.2.3 tcp dport=443", "0", ""},
	   {"src 10.0.0.0/8 and dst port 80 or 443, -", "ip4 src=11.1.2.3 tcp dport=443", "0", ""},
	   {"src 10.0.0.0/8 and (dst port 80 or 443), -", "ip4 src=11.1.2.3 tcp dport=443", "1",
	    ""},
	   {"tcp opt syn and not ack", "ip4 tcp flags=syn", "0", ""},
	   {"tcp opt syn and not ack", "ip4 tcp flags=syn+ack", "unmatched", ""},
	   {"ip ttl < 2, ip frag, -", "ip4 ttl=1 udp", "0", ""},
	   {"ip ttl < 2, ip frag, -", "ip4 frag=8 udp", "1", ""},
	   {"udp port 53, -", "ip4 frag=8 udp dport=53", "1", ""},
	   {"icmp type echo, icmp, -", "ip4 icmp type=8 cut=21", "0", ""},
	   {"icmp type echo, icmp, -", "ip4 icmp type=8 cut=20", "1", ""},
	   {"icmp type echo, icmp, -", "ip4 icmp type=0", "1", ""},
	   {"icmp type echo, icmp, -", "ip4 icmp type=8 network=none transport=none", "2", ""},
	   {"dst udp port 53, udp, -", "ip4 udp dport=53", "0", ""},
	   {"dst udp port 53, udp, -", "ip4 opt=01010101 udp dport=53", "0", ""},
	   {"dst udp port 53, udp, -", "ip4 udp dport=53 cut=24", "0", ""},
	   {"dst udp port 53, udp, -", "ip4 udp dport=53 cut=23", "1", ""},
	   {"dst udp port 53, udp, -", "ip4 opt=01010101 udp dport=53 cut=27", "1", ""},
	   {"dst udp port 53, udp, -", "eth ip4 udp dport=53 strip=14", "0", ""},
	   {"dst udp port 53, udp, -", "eth ip4 udp dport=53", "0", ""},
	   {"not udp dst port 53, -", "ip4 udp dport=53", "1", ""},
	   {"not udp dst port 53, -", "ip4 udp dport=53 cut=23", "0", ""},
	   {"udp dst port != 53, udp, -", "ip4 udp dport=54", "0", ""},
	   {"udp dst port != 53, udp, -", "ip4 udp dport=53", "1", ""},
	   {"udp dst port != 53, udp, -", "ip4 udp dport=54 cut=23", "1", ""},
	   {"dst udp port 53, ip frag, -", "ip4 mf udp dport=53", "0", ""},
	   {"dst udp port 53, ip frag, -", "ip4 mf udp dport=54", "1", ""},
	   {"dst udp port 53, ip frag, -", "ip4 frag=8 udp dport=53", "1", ""},
	   {"dst udp port 53, ip frag, -", "ip4 udp dport=54", "2", ""},
	   {"dst udp port >= 1024, dst udp port < 512, udp, -", "ip4 udp dport=1024", "0", ""},
	   {"dst udp port >= 1024, dst udp port < 512, udp, -", "ip4 udp dport=511", "1", ""},
	   {"dst udp port >= 1024, dst udp port < 512, udp, -", "ip4 udp dport=512", "2", ""},
	   {"dst udp port >= 1024, dst udp port < 512, udp, -", "ip4 tcp dport=1024", "3", ""},
	   {"tcp opt syn and not ack, tcp, -", "ip4 tcp flags=syn", "0", ""},
	   {"tcp opt syn and not ack, tcp, -", "ip4 tcp flags=syn cut=34", "0", ""},
	   {"tcp opt syn and not ack, tcp, -", "ip4 tcp flags=syn cut=33", "1", ""},
	   {"tcp opt syn and not ack, tcp, -", "ip4 tcp flags=syn+ack", "1", ""},
	   {"not (tcp or udp), tcp ? dst port 80 : src port 53, -", "ip4 icmp", "0", ""},
	   {"not (tcp or udp), tcp ? dst port 80 : src port 53, -", "ip4 tcp dport=80", "1", ""},
	   {"not (tcp or udp), tcp ? dst port 80 : src port 53, -", "ip4 udp sport=53", "1", ""},
	   {"not (tcp or udp), tcp ? dst port 80 : src port 53, -", "ip4 udp dport=80", "2", ""},
	   {"src net 10.1.0.0/16, dst host 10.2.0.3, ip[8:1] & 0xf0 == 0x10, transp[2:2] 99, -",
	    "ip4 src=10.1.255.1", "0", ""},
	   {"src net 10.1.0.0/16, dst host 10.2.0.3, ip[8:1] & 0xf0 == 0x10, transp[2:2] 99, -",
	    "ip4 dst=10.2.0.3", "1", ""},
	   {"src net 10.1.0.0/16, dst host 10.2.0.3, ip[8:1] & 0xf0 == 0x10, transp[2:2] 99, -",
	    "ip4 ttl=31", "2", ""},
	   {"src net 10.1.0.0/16, dst host 10.2.0.3, ip[8:1] & 0xf0 == 0x10, transp[2:2] 99, -",
	    "ip4 udp dport=99", "3", ""},
	   {"ether src 2:0:0:0:0:1, ether dst 2:0:0:0:0:9, -", "eth ip4 strip=14", "0", ""},
	   {"ether src 2:0:0:0:0:1, ether dst 2:0:0:0:0:9, -",
	    "eth src=2:0:0:0:0:3 dst=2:0:0:0:0:9 ip4 strip=14", "1", ""},
	   {"ether src 2:0:0:0:0:1, ether dst 2:0:0:0:0:9, -", "ip4", "2", ""});
