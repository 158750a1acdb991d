// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// IPFilter: does with each IP packet what the first rule says that it matches, and drops it if
// there is none. A rule is an action and a pattern as IPFilter has them. Actions: `allow` (output
// 0), `drop` or `deny`, or the number of an output. A rule without pattern matches everything.
//
//	IPFilter(allow src 10.0.0.0/8 && tcp dst port 22, deny tcp opt syn && not ack, allow all)
#include <weir/dag.h>
#include <weir/element.h>
#include <weir/ip_expr.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { DENIED = WEIR_DROP + 1, OUTPUT_MAX = 255 };

struct ip_filter {
	struct weir_dag dag;
};

static inline unsigned ip_filter(const struct ip_filter *self, struct packet *p)
{
	return weir_dag_run_ip(&self->dag, p);
}

// The action at the start of a rule: a port. *text moves behind it.
static int parse_action(struct weir_args *a, int i, const char **text, uint16_t *port)
{
	const char *s = *text;
	size_t n = 0;
	char word[16];
	uint16_t number;

	while (isalnum((unsigned char)s[n]))
		n++;
	*text = s + n;
	snprintf(word, sizeof(word), "%.*s", (int)n, s);
	if (strcmp(word, "allow") == 0)
		*port = 0;
	else if (strcmp(word, "drop") == 0 || strcmp(word, "deny") == 0)
		*port = DENIED;
	else if (weir_parse(NULL, WEIR_T_U16, word, "", &number, NULL) == 0)
		*port = number;
	else
		return weir_args_error(a, i,
				       "pattern %d: an action (allow, drop or an output) is "
				       "expected, not '%.20s'",
				       i, s);
	if (*port == DENIED || *port < a->element->n_out)
		return 0;
	if (*port > OUTPUT_MAX || a->reconfigure)
		return weir_args_error(a, i, "pattern %d: there is no output %u", i, *port);
	a->element->n_out = *port + 1u;
	return 0;
}

static int parse_rule(struct weir_exprs *e, struct weir_args *a, int i, struct weir_rule *rule)
{
	char *text = weir_unquote(a->rest[i], NULL);
	const char *s = text;
	int r;

	if (!text)
		return weir_args_error(a, i, "pattern %d: broken quotes", i);
	while (isspace((unsigned char)*s))
		s++;
	r = parse_action(a, i, &s, &rule->port);
	while (isspace((unsigned char)*s))
		s++;
	if (!r && *s)
		r = weir_ip_expr_parse(e, a, i, s, &rule->expr);
	else
		rule->expr = weir_expr_const(e, true);
	free(text);
	return r;
}

static int ip_filter_configure(struct weir_element *el, struct weir_args *a)
{
	struct ip_filter *self = el->self;
	struct weir_rule *rules = calloc(a->n_rest + 1, sizeof(*rules));
	struct weir_exprs e = {};
	int r = 0;

	if (!rules)
		return -ENOMEM;
	for (unsigned i = 0; i < a->n_rest; i++) {
		if (parse_rule(&e, a, (int)i, &rules[i]))
			r = -EINVAL;
	}
	if (!r)
		r = weir_rules_compile(&self->dag, &e, rules, a, false);
	weir_exprs_free(&e);
	free(rules);
	return r;
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
