// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// Classifier: sends each packet to the output of the first pattern that it matches; a packet that
// matches none is dropped. A pattern is a list of clauses OFFSET/VALUE or OFFSET/VALUE%MASK, all of
// which must hold: OFFSET counts bytes from the start of the packet, VALUE and MASK are hexadecimal
// and of any even length, `?` in VALUE matches any digit. `!` before a clause negates it, and the
// pattern `-` matches everything. A packet that ends before a clause does not match that clause.
//
//	FromDevice(eth0) -> c :: Classifier(12/0806 20/0001, 12/0806 20/0002, 12/0800, -);
#include <weir/dag.h>
#include <weir/element.h>
#include <weir/ip_expr.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

enum { OFFSET_MAX = 60000 };

struct classifier {
	struct weir_dag dag;
};

static inline unsigned classifier(const struct classifier *self, struct packet *p)
{
	return weir_dag_run_data(&self->dag, p);
}

static unsigned digit(int c)
{
	return isdigit(c) ? (unsigned)(c - '0') : (unsigned)(tolower(c) - 'a' + 10);
}

static size_t hex_length(const char *s)
{
	size_t n = 0;

	while (isxdigit((unsigned char)s[n]) || s[n] == '?')
		n++;
	return n;
}

// One hexadecimal digit of value and mask.
static void add_digit(struct weir_test *t, int value, int mask)
{
	unsigned m = value == '?' || mask == '?' ? 0 : digit(mask);

	t->mask = t->mask << 4 | m;
	t->lo = t->lo << 4 | (m ? digit(value) & m : 0);
	t->hi = t->lo;
}

// value and mask: n digits each; mask NULL: all ones.
static unsigned build_clause(struct weir_exprs *e, unsigned long offset, const char *value,
			     const char *mask, size_t n)
{
	unsigned x = weir_expr_const(e, true);

	for (size_t i = 0; i < n; i += 8) {
		struct weir_test t = {.base = WEIR_BASE_DATA, .off = (uint16_t)(offset + i / 2)};

		for (size_t k = i; k < i + 8; k++)
			add_digit(&t, k < n ? value[k] : '?', k < n && mask ? mask[k] : 'f');
		x = weir_expr_and(e, x, weir_expr_test(e, t));
	}
	return x;
}

// Reads OFFSET/VALUE[%MASK] at *s and moves on.
static int parse_clause(struct weir_exprs *e, struct weir_args *a, int i, const char **s,
			unsigned *expr)
{
	const char *value, *mask = NULL;
	unsigned long offset;
	size_t n, m;
	char *end;

	if (!isdigit((unsigned char)**s))
		return weir_args_error(a, i, "pattern %d: an offset is expected at '%.20s'", i, *s);
	errno = 0;
	offset = strtoul(*s, &end, 10);
	if (*end != '/')
		return weir_args_error(a, i, "pattern %d: '/' and a value must follow the offset",
				       i);
	value = end + 1;
	n = hex_length(value);
	*s = value + n;
	if (n < 2)
		return weir_args_error(a, i, "pattern %d: value has less than 2 hex digits", i);
	if (n % 2)
		return weir_args_error(a, i, "pattern %d: value has odd number of hex digits", i);
	if (errno || offset + n / 2 > OFFSET_MAX)
		return weir_args_error(a, i, "pattern %d: offset is larger than %d", i, OFFSET_MAX);
	if (**s == '%') {
		mask = *s + 1;
		m = hex_length(mask);
		*s = mask + m;
		if (m != n)
			return weir_args_error(a, i, "pattern %d: mask has too %s hex digits", i,
					       m > n ? "many" : "few");
	}
	if (**s && !isspace((unsigned char)**s) && **s != '!')
		return weir_args_error(a, i, "pattern %d: '%.20s' is not expected in a clause", i,
				       *s);
	*expr = build_clause(e, offset, value, mask, n);
	return 0;
}

// A clause such as 12/8100, on the type of an Ethernet frame.
static bool is_about_tags(const char *pattern)
{
	static const char *const TYPES[] = {"8100", "88a8", "88A8", "9100"};
	const char *at = pattern;

	while ((at = strstr(at, "12/"))) {
		const bool begins = at == pattern || !isdigit((unsigned char)at[-1]);

		at += 3;
		for (unsigned i = 0; begins && i < sizeof(TYPES) / sizeof(*TYPES); i++)
			if (!strncmp(at, TYPES[i], 4))
				return true;
	}
	return false;
}

static int parse_pattern(struct weir_exprs *e, struct weir_args *a, int i, unsigned *expr)
{
	const char *s = a->rest[i];
	unsigned clause = 0;

	*expr = weir_expr_const(e, true);
	if (strcmp(s, "-") == 0)
		return 0;
	for (;;) {
		bool negated = false;

		while (isspace((unsigned char)*s) || *s == '!')
			negated ^= *s++ == '!';
		if (!*s)
			return negated ? weir_args_error(a, i,
							 "pattern %d: a clause must follow '!'", i)
				       : 0;
		if (parse_clause(e, a, i, &s, &clause))
			return -EINVAL;
		if (negated)
			clause = weir_expr_not(e, clause);
		*expr = weir_expr_and(e, *expr, clause);
	}
}

static int classifier_configure(struct weir_element *el, struct weir_args *a)
{
	struct classifier *self = el->self;
	struct weir_rule *rules = calloc(a->n_rest + 1, sizeof(*rules));
	struct weir_exprs e = {};
	int r = 0;

	if (!rules)
		return -ENOMEM;
	for (unsigned i = 0; i < a->n_rest; i++) {
		rules[i].port = (uint16_t)i;
		el->looks_at_tags |= is_about_tags(a->rest[i]);
		if (parse_pattern(&e, a, (int)i, &rules[i].expr))
			r = -EINVAL;
	}
	if (!r)
		r = weir_rules_outputs(a);
	if (!r)
		r = weir_rules_compile(&self->dag, &e, rules, a, true);
	weir_exprs_free(&e);
	free(rules);
	return r;
}

static void classifier_fini(struct weir_element *el)
{
	struct classifier *self = el->self;

	weir_dag_free(&self->dag);
}

static int classifier_program(struct weir_element *el, const struct weir_handler *, const char *,
			      struct weir_buf *out, struct weir_err *)
{
	const struct classifier *self = el->self;

	weir_dag_print(&self->dag, out);
	return 0;
}

static int classifier_driver(const struct weir_element *el, struct weir_front_args *a)
{
	const struct classifier *self = el->self;

	return weir_dag_front(&self->dag, a);
}

static const struct weir_handler classifier_handlers[] = {
	WEIR_READ("program", classifier_program, "the tests, and where they lead"),
	{},
};

static void classifier_push(struct weir_node *n, unsigned port, struct batch *b);

static void classifier_agree(struct weir_node *n, unsigned port, struct batch *b)
{
	uint32_t out = weir_dag_agree_data(&((const struct classifier *)n->self)->dag, b);

	if (out < WEIR_DAG_STEP)
		b->out = out;
	else
		classifier_push(n, port, b);
}

WEIR_SPLIT_ELEMENT(classifier, "Classifier", .purpose = "sorts packets by their bytes",
		   .ports = "1/-", .processing = "h/h", .drops = {"unmatched"}, .filters = true,
		   .reconfigures = true, .rest = "[!]OFFSET/VALUE[%MASK] ...",
		   .rest_help = "pattern of one output: all clauses hold; bytes in hex from OFFSET "
				"on, ? is any digit; - matches everything",
		   .configure = classifier_configure, .fini = classifier_fini,
		   .driver = classifier_driver, .handlers = classifier_handlers,
		   .push = classifier_agree);

WEIR_CASES(classifier, {"12/0806 20/0001, 12/0806 20/0002, 12/0800, -", "eth ip4", "2", "eth ip4"},
	   {"12/0806 20/0001, 12/0806 20/0002, 12/0800, -", "eth arp op=1", "0", "eth arp op=1"},
	   {"12/0806 20/0001, 12/0806 20/0002, 12/0800, -", "eth arp op=2", "1", "eth arp op=2"},
	   {"12/0806 20/0001, 12/0806 20/0002, 12/0800, -", "eth arp op=3", "3", "eth arp op=3"},
	   {"12/0806 20/0001, 12/0806 20/0002, 12/0800, -", "eth ip4 cut=13", "3", ""},
	   {"12/0806", "eth ip4", "unmatched", ""}, {"!12/0806", "eth ip4", "0", ""},
	   {"14/4?", "eth ip4", "0", ""}, {"22/00%c0, 22/40%C0", "eth ip4 ttl=64", "1", ""},
	   {"!100/00", "eth ip4 bytes=20", "0", ""}, {"20/0000", "eth ip4 id=1", "0", ""},
	   {"12/0800 30/0a000002, 12/0800, -", "eth ip4", "0", ""},
	   {"12/0800 30/0a000002, 12/0800, -", "eth ip4 cut=34", "0", ""},
	   {"12/0800 30/0a000002, 12/0800, -", "eth ip4 cut=33", "1", ""},
	   {"12/0800 30/0a000002, 12/0800, -", "eth ip4 cut=14", "1", ""},
	   {"12/0800 30/0a000002, 12/0800, -", "eth ip4 cut=12", "2", ""},
	   {"!30/0a000002, -", "eth ip4 cut=34", "1", ""},
	   {"!30/0a000002, -", "eth ip4 cut=33", "0", ""},
	   {"0/020000, 0/0200, 0/02, -", "eth cut=3", "0", ""},
	   {"0/020000, 0/0200, 0/02, -", "eth cut=2", "1", ""},
	   {"0/020000, 0/0200, 0/02, -", "eth cut=1", "2", ""},
	   {"0/020000, 0/0200, 0/02, -", "eth cut=0", "3", ""},
	   {"100/42, -", "eth ip4 bytes=80 cut=101", "0", ""},
	   {"100/42, -", "eth ip4 bytes=80 cut=100", "1", ""},
	   {"20/0000%3fff, 20/2000%2000, -", "eth ip4 df udp", "0", ""},
	   {"20/0000%3fff, 20/2000%2000, -", "eth ip4 mf udp", "1", ""},
	   {"20/0000%3fff, 20/2000%2000, -", "eth ip4 frag=8 udp", "2", ""},
	   {"14/45 23/11, 14/4? 23/11, !14/4?", "eth ip4 udp", "0", ""},
	   {"14/45 23/11, 14/4? 23/11, !14/4?", "eth ip4 opt=01010101 udp", "1", ""},
	   {"14/45 23/11, 14/4? 23/11, !14/4?", "eth arp op=1", "2", ""},
	   {"0/45, -", "eth ip4 strip=14", "0", ""});
