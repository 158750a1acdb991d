// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// IPFilter: does with each IP packet what the first rule says that it matches, and drops it if
// there is none. A rule is an action and a pattern as IPFilter has them. Actions: `allow` (output
// 0), `drop` or `deny`, or the number of an output. A rule without pattern matches everything.
//
//	IPFilter(allow src 10.0.0.0/8 && tcp dst port 22, deny tcp opt syn && not ack, allow all)
#include <weir/dag.h>
#include <weir/element.h>
#include <weir/ip_expr.h>

enum { DENIED = WEIR_DROP + 1 };

struct ip_filter {
	struct weir_dag dag;
};

static inline unsigned ip_filter(const struct ip_filter *self, struct packet *p)
{
	return weir_dag_run_ip(&self->dag, p);
}

static int ip_filter_configure(struct weir_element *el, struct weir_args *a)
{
	struct ip_filter *self = el->self;

	return weir_ip_rules(&self->dag, a, WEIR_IP4, DENIED);
}

static void ip_filter_fini(struct weir_element *el)
{
	struct ip_filter *self = el->self;

	weir_dag_free(&self->dag);
}

static int ip_filter_program(struct weir_element *el, const struct weir_handler *, const char *,
			     struct weir_buf *out, struct weir_err *)
{
	const struct ip_filter *self = el->self;

	weir_dag_print(&self->dag, out);
	return 0;
}

static int ip_filter_driver(const struct weir_element *el, struct weir_front_args *a)
{
	const struct ip_filter *self = el->self;

	return weir_dag_front(&self->dag, a);
}

static const struct weir_handler ip_filter_handlers[] = {
	WEIR_READ("program", ip_filter_program, "the tests, and where they lead"),
	{},
};

WEIR_SPLIT_ELEMENT(
	ip_filter, "IPFilter", .purpose = "filters IP packets by their headers", .ports = "1/-",
	.processing = "h/h", .drops = {"unmatched", "denied"}, .filters = true,
	.reconfigures = true, .rest = "ACTION [PATTERN]",
	.rest_help = "the first rule that matches decides: allow (output 0), drop, deny or an "
		     "output; patterns as in IPClassifier, none matches everything",
	.configure = ip_filter_configure, .fini = ip_filter_fini, .driver = ip_filter_driver,
	.handlers = ip_filter_handlers);

WEIR_CASES(ip_filter, {"allow src 10.0.0.1, deny all", "ip4 src=10.0.0.1", "0", ""},
	   {"allow src 10.0.0.1, deny all", "ip4 src=10.0.0.2", "denied", ""},
	   {"allow src 10.0.0.1", "ip4 src=10.0.0.2", "unmatched", ""},
	   {"2 udp, 1 tcp, drop icmp, allow", "ip4 udp", "2", ""},
	   {"2 udp, 1 tcp, drop icmp, allow", "ip4 tcp", "1", ""},
	   {"2 udp, 1 tcp, drop icmp, allow", "ip4 icmp", "denied", ""},
	   {"2 udp, 1 tcp, drop icmp, allow", "ip4 proto=50", "0", ""},
	   {"drop ip frag, allow src 10.0.0.0/24 and udp port 53, 1 icmp type echo, 1 tcp opt rst, "
	    "deny all",
	    "ip4 udp dport=53", "0", ""},
	   {"drop ip frag, allow src 10.0.0.0/24 and udp port 53, 1 icmp type echo, 1 tcp opt rst, "
	    "deny all",
	    "ip4 src=10.0.1.1 udp dport=53", "denied", ""},
	   {"drop ip frag, allow src 10.0.0.0/24 and udp port 53, 1 icmp type echo, 1 tcp opt rst, "
	    "deny all",
	    "ip4 mf udp dport=53", "denied", ""},
	   {"drop ip frag, allow src 10.0.0.0/24 and udp port 53, 1 icmp type echo, 1 tcp opt rst, "
	    "deny all",
	    "ip4 icmp type=8", "1", ""},
	   {"drop ip frag, allow src 10.0.0.0/24 and udp port 53, 1 icmp type echo, 1 tcp opt rst, "
	    "deny all",
	    "ip4 icmp type=8 cut=20", "denied", ""},
	   {"drop ip frag, allow src 10.0.0.0/24 and udp port 53, 1 icmp type echo, 1 tcp opt rst, "
	    "deny all",
	    "ip4 tcp flags=rst+ack", "1", ""},
	   {"drop ip frag, allow src 10.0.0.0/24 and udp port 53, 1 icmp type echo, 1 tcp opt rst, "
	    "deny all",
	    "ip4 udp dport=53 cut=23", "denied", ""},
	   {"allow not (udp or tcp dst port < 1024)", "ip4 udp", "unmatched", ""});
