// SPDX-License-Identifier: BSD-2-Clause
#pragma once

// Click's language of IP filter expressions: "src net 10.0.0.0/8 and tcp dst port < 1024"; for IPv6
// "src net 2001:db8::/32 and tcp dst port < 1024".

#include <weir/args.h>
#include <weir/dag.h>

enum weir_ip_version { WEIR_IP4 = 4, WEIR_IP6 = 6 };

// Parses an expression (unquoted) that is, or stands in, argument i of an element. Adds it to e;
// *expr is its number. 0, or -EINVAL or -ENOMEM with messages, which name the argument.
int weir_ip_expr_parse(struct weir_exprs *e, struct weir_args *a, int i, const char *text,
		       enum weir_ip_version version, unsigned *expr);

// For classes with one rule for each output: checks that there are as many rules as outputs in use,
// and makes the outputs that are not. 0 or -EINVAL with a message.
int weir_rules_outputs(struct weir_args *a);

// The configuration of IPClassifier and its like: the rest of the arguments are patterns, each of
// one output. 0 or -errno with messages.
int weir_ip_patterns(struct weir_dag *d, struct weir_args *a, enum weir_ip_version version);

// Of IPFilter and its like: an action and a pattern each. `denied`: the port of packets that a rule
// denies.
int weir_ip_rules(struct weir_dag *d, struct weir_args *a, enum weir_ip_version version,
		  uint16_t denied);

// Compiles rules for weir_dag_run_ip or _ip6, and warns of those that no packet can meet. The same
// for WEIR_BASE_DATA rules and weir_dag_run_data with data_only. 0 or -errno with a message.
int weir_rules_compile(struct weir_dag *d, const struct weir_exprs *e, struct weir_rule *rules,
		       struct weir_args *a, bool data_only);
