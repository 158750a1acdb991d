// SPDX-License-Identifier: BSD-2-Clause
#include <weir/element.h>
#include <weir/ip_expr.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { OUTPUT_MAX = 255 };

int weir_rules_compile(struct weir_dag *d, const struct weir_exprs *e, struct weir_rule *rules,
		       struct weir_args *a, bool data_only)
{
	int r = weir_dag_compile(d, e, rules, a->n_rest, WEIR_DROP, data_only);

	if (r == -E2BIG)
		return weir_args_error(a, -1, "more than %u tests; use several elements",
				       WEIR_DAG_TESTS);
	if (r)
		return weir_args_error(a, -1, "no memory for %u patterns", a->n_rest);
	for (unsigned i = 0; i < a->n_rest; i++)
		if (rules[i].unused)
			weir_args_warn(a, (int)i, "pattern %u matches no packets", i);
	return 0;
}

int weir_rules_outputs(struct weir_args *a)
{
	struct weir_element *e = a->element;

	if (!a->n_rest)
		return weir_args_error(a, -1, "need a pattern for each output port");
	if (a->n_rest < e->n_out || (a->reconfigure && a->n_rest > e->n_out))
		return weir_args_error(a, -1, "need %u arguments, one per output port", e->n_out);
	e->n_out = a->n_rest;
	return 0;
}

static int parse_pattern(struct weir_exprs *e, struct weir_args *a, int i,
			 enum weir_ip_version version, unsigned *expr)
{
	char *text = weir_unquote(a->rest[i], NULL);
	int r;

	if (!text)
		return weir_args_error(a, i, "pattern %d: broken quotes", i);
	r = weir_ip_expr_parse(e, a, i, text, version, expr);
	free(text);
	return r;
}

int weir_ip_patterns(struct weir_dag *d, struct weir_args *a, enum weir_ip_version version)
{
	struct weir_rule *rules = calloc(a->n_rest + 1, sizeof(*rules));
	struct weir_exprs e = {};
	int r = 0;

	if (!rules)
		return -ENOMEM;
	for (unsigned i = 0; i < a->n_rest; i++) {
		rules[i].port = (uint16_t)i;
		if (parse_pattern(&e, a, (int)i, version, &rules[i].expr))
			r = -EINVAL;
	}
	if (!r)
		r = weir_rules_outputs(a);
	if (!r)
		r = weir_rules_compile(d, &e, rules, a, false);
	weir_exprs_free(&e);
	free(rules);
	return r;
}

// The action at the start of a rule: a port. *text moves behind it.
static int parse_action(struct weir_args *a, int i, const char **text, uint16_t denied,
			uint16_t *port)
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
		*port = denied;
	else if (weir_parse(NULL, WEIR_T_U16, word, "", &number, NULL) == 0)
		*port = number;
	else
		return weir_args_error(a, i,
				       "pattern %d: an action (allow, drop or an output) is "
				       "expected, not '%.20s'",
				       i, s);
	if (*port == denied || *port < a->element->n_out)
		return 0;
	if (*port > OUTPUT_MAX || a->reconfigure)
		return weir_args_error(a, i, "pattern %d: there is no output %u", i, *port);
	a->element->n_out = *port + 1u;
	return 0;
}

static int parse_rule(struct weir_exprs *e, struct weir_args *a, int i,
		      enum weir_ip_version version, uint16_t denied, struct weir_rule *rule)
{
	char *text = weir_unquote(a->rest[i], NULL);
	const char *s = text;
	int r;

	if (!text)
		return weir_args_error(a, i, "pattern %d: broken quotes", i);
	while (isspace((unsigned char)*s))
		s++;
	r = parse_action(a, i, &s, denied, &rule->port);
	while (isspace((unsigned char)*s))
		s++;
	if (!r && *s)
		r = weir_ip_expr_parse(e, a, i, s, version, &rule->expr);
	else
		rule->expr = weir_expr_const(e, true);
	free(text);
	return r;
}

int weir_ip_rules(struct weir_dag *d, struct weir_args *a, enum weir_ip_version version,
		  uint16_t denied)
{
	struct weir_rule *rules = calloc(a->n_rest + 1, sizeof(*rules));
	struct weir_exprs e = {};
	int r = 0;

	if (!rules)
		return -ENOMEM;
	for (unsigned i = 0; i < a->n_rest; i++) {
		if (parse_rule(&e, a, (int)i, version, denied, &rules[i]))
			r = -EINVAL;
	}
	if (!r)
		r = weir_rules_compile(d, &e, rules, a, false);
	weir_exprs_free(&e);
	free(rules);
	return r;
}
