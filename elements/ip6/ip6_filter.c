// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// IP6Filter: does with each IPv6 packet what the first rule says that it matches, and drops it if
// there is none. A rule is an action and a pattern as IP6Classifier has them. Actions: `allow`
// (output 0), `drop` or `deny`, or the number of an output. A rule without pattern matches
// everything.
//
//	IP6Filter(allow src 2001:db8::/32 && tcp dst port 22, deny ip6 frag, allow icmp6)
#include <weir/dag.h>
#include <weir/element.h>
#include <weir/ip_expr.h>

enum { DENIED = WEIR_DROP + 1 };

struct ip6_filter {
	struct weir_dag dag;
};

static inline unsigned ip6_filter(const struct ip6_filter *self, struct packet *p)
{
	return weir_dag_run_ip6(&self->dag, p);
}

static int ip6_filter_configure(struct weir_element *el, struct weir_args *a)
{
	struct ip6_filter *self = el->self;

	return weir_ip_rules(&self->dag, a, WEIR_IP6, DENIED);
}

static void ip6_filter_fini(struct weir_element *el)
{
	struct ip6_filter *self = el->self;

	weir_dag_free(&self->dag);
}

static int ip6_filter_program(struct weir_element *el, const struct weir_handler *, const char *,
			      struct weir_buf *out, struct weir_err *)
{
	const struct ip6_filter *self = el->self;

	weir_dag_print(&self->dag, out);
	return 0;
}

static int ip6_filter_driver(const struct weir_element *el, struct weir_front_args *a)
{
	const struct ip6_filter *self = el->self;

	return weir_dag_front(&self->dag, a);
}

static const struct weir_handler ip6_filter_handlers[] = {
	WEIR_READ("program", ip6_filter_program, "the tests, and where they lead"),
	{},
};

WEIR_SPLIT_ELEMENT(
	ip6_filter, "IP6Filter", .purpose = "filters IPv6 packets by their headers", .ports = "1/-",
	.processing = "h/h", .drops = {"unmatched", "denied"}, .filters = true,
	.reconfigures = true, .rest = "ACTION [PATTERN]",
	.rest_help = "the first rule that matches decides: allow (output 0), drop, deny or an "
		     "output; patterns as in IP6Classifier, none matches everything",
	.configure = ip6_filter_configure, .fini = ip6_filter_fini, .driver = ip6_filter_driver,
	.handlers = ip6_filter_handlers);

WEIR_CASES(ip6_filter, {"allow src 2001:db8::1, deny all", "ip6 udp", "0", ""},
	   {"allow src 2001:db8::1, deny all", "ip6 src=2001:db8::2 udp", "denied", ""},
	   {"allow src 2001:db8::1", "ip6 src=2001:db8::2 hop udp", "unmatched", ""},
	   {"2 udp, 1 tcp, drop icmp6, allow", "ip6 dest udp", "2", ""},
	   {"2 udp, 1 tcp, drop icmp6, allow", "ip6 tcp", "1", ""},
	   {"2 udp, 1 tcp, drop icmp6, allow", "ip6 hop opt=05020000 icmp6", "denied", ""},
	   {"drop ip6 frag, allow src 2001:db8::/64 and udp port 53, 1 tcp opt rst, deny all",
	    "ip6 udp dport=53", "0", ""},
	   {"drop ip6 frag, allow src 2001:db8::/64 and udp port 53, 1 tcp opt rst, deny all",
	    "ip6 frag mf udp dport=53", "denied", ""},
	   {"drop ip6 frag, allow src 2001:db8::/64 and udp port 53, 1 tcp opt rst, deny all",
	    "ip6 ah tcp flags=rst+ack", "1", ""},
	   {"allow not (udp or tcp dst port < 1024)", "ip6 tcp dport=80", "unmatched", ""});
