// SPDX-License-Identifier: BSD-2-Clause
#include <weir/element.h>
#include <weir/ip_expr.h>

#include "ip_test.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// expr   ::= or [? expr : expr]
// or     ::= term { (or | ||) term }
// term   ::= factor { [and | &&] factor }
// factor ::= (not | !) factor | ( expr ) | true | false | test
// test   ::= { qualifier } [ [pos:len] ] [& mask] [relation] [value]

enum { NESTING_MAX = 200 };

struct parser {
	struct weir_exprs *e;
	struct ip_say *say;
	char **words;
	unsigned n, at, nesting;
	struct ip_test before;
};

static unsigned parse_expr(struct parser *p);

// Words beyond the end are empty.
static const char *word(const struct parser *p, unsigned ahead)
{
	return p->at + ahead < p->n ? p->words[p->at + ahead] : "";
}

static bool is(const struct parser *p, const char *a, const char *b)
{
	return strcmp(word(p, 0), a) == 0 || (b && strcmp(word(p, 0), b) == 0);
}

static bool accept(struct parser *p, const char *a, const char *b)
{
	if (!is(p, a, b))
		return false;
	p->at++;
	return true;
}

static bool is_one_of(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(s, *list) == 0)
			return true;
	return false;
}

static bool ends_test(const struct parser *p)
{
	static const char *const ends[] = {")", "||", "or",   "&&",    "and", "?",
					   ":", "(",  "true", "false", NULL};

	return !*word(p, 0) || is_one_of(word(p, 0), ends);
}

static int set_proto(struct parser *p, struct ip_test *t, int proto)
{
	if (t->proto != PROTO_UNKNOWN && t->proto != proto)
		return ip_error(p->say, "two transport protocols in one test");
	t->proto = proto;
	return 0;
}

static int set_side(struct parser *p, struct ip_test *t, enum srcdst side)
{
	if (t->srcdst)
		return ip_error(p->say, "'src' or 'dst' is said twice");
	t->srcdst = side;
	return 0;
}

static int parse_src(struct parser *p, struct ip_test *t)
{
	const char *joint = word(p, 1);
	bool dst = strcmp(word(p, 2), "dst") == 0 || strcmp(word(p, 2), "dest") == 0;
	bool and = strcmp(joint, "and") == 0 || strcmp(joint, "&&") == 0;
	bool or = strcmp(joint, "or") == 0 || strcmp(joint, "||") == 0;

	if (!dst || !(and || or))
		return set_side(p, t, SD_SRC);
	p->at += 2;
	return set_side(p, t, and? SD_AND : SD_OR);
}

static int set_type(struct parser *p, struct ip_test *t, const struct word_type *type)
{
	if (t->term)
		return ip_error(p->say, "two types in one test, the second is '%s'", type->name);
	t->term = type->term;
	t->field = type->field;
	if (type->term == TERM_FIELD && type->field.proto != PROTO_UNKNOWN)
		return set_proto(p, t, type->field.proto);
	return 0;
}

// One qualifier: 1, or 0 if the word is none, or -EINVAL. Its last word is still the current one.
static int parse_qualifier(struct parser *p, struct ip_test *t, bool *negated)
{
	const struct word_type *type = word_type(p->say->words, word(p, 0));
	struct meanings m;
	int r = 0;

	if (type && type->term != TERM_SYNTAX)
		r = set_type(p, t, type);
	else if (word_meanings(p->say->words, word(p, 0), &m) && m.is_proto)
		r = set_proto(p, t, (int)m.proto);
	else if (is(p, "src", NULL))
		r = parse_src(p, t);
	else if (is(p, "dst", "dest"))
		r = set_side(p, t, SD_DST);
	else if ((is(p, "ip", "ether") || (p->say->words->is_ip6 && is(p, "ip6", NULL))) &&
		 !t->header)
		t->header = *word(p, 0);
	else if (is(p, "not", "!"))
		*negated = !*negated;
	else
		return 0;
	return r ? r : 1;
}

// [POS], [POS:LEN] or [FIRST,LAST]
static int parse_brackets(struct parser *p, struct ip_test *t)
{
	char text[64] = "", *colon;
	uint32_t pos, len = 1;
	size_t n = 0;

	for (p->at++; *word(p, 0) && !is(p, "]", NULL); p->at++) {
		snprintf(text + n, sizeof(text) - n, "%s", word(p, 0));
		n = strlen(text);
	}
	if (!accept(p, "]", NULL))
		return ip_error(p->say, "']' missing");
	colon = strpbrk(text, ":,");
	if (colon) {
		bool last = *colon == ',';

		*colon++ = '\0';
		if (!word_number(text, &pos) || !word_number(colon, &len))
			return ip_error(p->say, "write [POS] or [POS:LEN]");
		if (last)
			len = len - pos + 1;
	} else if (!word_number(text, &pos)) {
		return ip_error(p->say, "write [POS] or [POS:LEN]");
	}
	if (len < 1 || len > 4)
		return ip_error(p->say, "LEN in [POS:LEN] must be 1 to 4");
	if (pos > 60000)
		return ip_error(p->say, "POS in [POS:LEN] is too large");
	t->term = TERM_FIELD;
	t->field = (struct field){.proto = t->proto, .bit = pos * 8, .bits = len * 8};
	return 0;
}

static bool read_ip(struct parser *p, const char *text, struct value *out)
{
	struct weir_element *e = p->say->args->element;
	be32 a;

	if (p->say->words->is_ip6)
		return !weir_parse(e, WEIR_T_IP6, text, "", &out->ip6, NULL);
	if (weir_parse(e, WEIR_T_IP4, text, "", &a, NULL))
		return false;
	out->n = rd32(a);
	return true;
}

static bool read_prefix(struct parser *p, const char *text, struct value *out)
{
	struct weir_element *e = p->say->args->element;
	struct weir_ip4_prefix prefix;
	struct weir_ip6_prefix prefix6;

	if (p->say->words->is_ip6) {
		if (weir_parse(e, WEIR_T_IP6_PREFIX, text, "", &prefix6, NULL))
			return false;
		out->ip6 = prefix6.addr;
		out->mask6 = weir_ip6_mask(prefix6.len);
		return true;
	}
	if (weir_parse(e, WEIR_T_IP4_PREFIX, text, "", &prefix, NULL))
		return false;
	out->n = rd32(prefix.addr);
	out->mask = rd32(prefix.mask);
	return true;
}

static bool read_ether(struct parser *p, const char *text, uint8_t *out)
{
	return weir_parse(p->say->args->element, WEIR_T_ETHER, text, "", out, NULL) == 0;
}

static int parse_mask(struct parser *p, struct ip_test *t)
{
	const char *w = word(p, 1);

	if (!is(p, "&", NULL))
		return 0;
	if (word_number(w, &t->mask_value.n))
		t->mask = TERM_INT;
	else if (t->header != 'e' && *w && read_ip(p, w, &t->mask_value))
		t->mask = TERM_HOST;
	else if (t->header != 'i' && *w && read_ether(p, w, t->mask_value.ether))
		t->mask = TERM_ETHER;
	else
		return ip_error(p->say, "a mask must follow '&'");
	if (t->mask != TERM_ETHER && !t->mask_value.n &&
	    !(t->mask_value.ip6.hi | t->mask_value.ip6.lo))
		return ip_error(p->say, "a mask of zero makes no sense");
	p->at += 2;
	return 0;
}

static bool parse_relation(struct parser *p, struct ip_test *t)
{
	static const char *const signs[] = {"==", "!=", "<", "<=", ">", ">="};

	if (accept(p, "=", NULL))
		return true;
	for (unsigned i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
		if (accept(p, signs[i], NULL)) {
			t->relation = (enum relation)i;
			return true;
		}
	}
	return false;
}

// The meanings of a name that fit what was said before it.
static struct meanings fitting(const struct ip_words *words, const struct ip_test *t,
			       struct meanings m)
{
	bool any = t->proto == PROTO_UNKNOWN, both = any || t->proto == PROTO_TCP_OR_UDP;
	bool tcp = both || t->proto == IPPROTO4_TCP, udp = both || t->proto == IPPROTO4_UDP;
	bool icmp_type = t->term == TERM_FIELD && t->field.proto == words->icmp &&
			 t->field.bit == 0 && t->field.bits == 8;

	m.is_proto &= !t->term || t->term == TERM_PROTO;
	m.is_port &= (!t->term || t->term == TERM_PORT) && (tcp || udp);
	m.is_tcpopt &= (!t->term || t->term == TERM_TCPOPT) && tcp;
	m.is_icmp_type &= (!t->term || icmp_type) && (any || t->proto == words->icmp);
	return m;
}

static int refuse_name(struct parser *p, const struct meanings *m, unsigned n)
{
	return ip_error(p->say, "'%s' is %s here; try%s%s%s%s before it", word(p, 0),
			n ? "ambiguous" : "meaningless", m->is_proto ? " 'proto'" : "",
			m->is_port ? " 'port'" : "", m->is_tcpopt ? " 'tcp opt'" : "",
			m->is_icmp_type ? " 'icmp type'" : "");
}

// A name that stands for a number. 1: taken, 0: no such name.
static int parse_name(struct parser *p, struct ip_test *t)
{
	struct meanings m, may;
	unsigned n = 0;

	if (!word_meanings(p->say->words, word(p, 0), &m))
		return 0;
	may = fitting(p->say->words, t, m);
	const struct {
		bool fits;
		enum term term;
		uint32_t value;
	} all[] = {{may.is_proto, TERM_PROTO, m.proto},
		   {may.is_port, TERM_PORT, m.port},
		   {may.is_tcpopt, TERM_TCPOPT, m.tcpopt},
		   {may.is_icmp_type, TERM_FIELD, m.icmp_type}};

	for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (!all[i].fits)
			continue;
		n++;
		t->data = all[i].term;
		t->value.n = all[i].value;
	}
	if (n != 1)
		return refuse_name(p, &m, n);
	t->data_field = p->say->words->icmp_type; // if it is a field
	p->at++;
	return 1;
}

// Names of the services and protocols of the system; after all others, because they are many.
static bool parse_system_name(struct parser *p, struct ip_test *t)
{
	struct weir_element *e = p->say->args->element;
	const char *w = word(p, 0);
	uint16_t port;
	uint8_t proto;

	if (!isalpha((unsigned char)*w))
		return false;
	if (t->term == TERM_PROTO) {
		if (weir_parse(e, WEIR_T_IP_PROTO, w, "", &proto, NULL))
			return false;
		t->data = TERM_PROTO;
		t->value.n = proto;
	} else if (!t->term || t->term == TERM_PORT) {
		if (weir_parse(e, t->proto == IPPROTO4_UDP ? WEIR_T_UDP_PORT : WEIR_T_TCP_PORT, w,
			       "", &port, NULL) &&
		    (t->proto != PROTO_UNKNOWN ||
		     weir_parse(e, WEIR_T_UDP_PORT, w, "", &port, NULL)))
			return false;
		t->data = TERM_PORT;
		t->value.n = port;
	}
	p->at += t->data != TERM_NONE;
	return t->data != TERM_NONE;
}

static bool parse_address(struct parser *p, struct ip_test *t)
{
	const char *w = word(p, 0);

	// a name may stand for addresses of both kinds
	if (t->header != 'i' && p->before.data == TERM_ETHER && read_ether(p, w, t->value.ether))
		t->data = TERM_ETHER;
	if (!t->data && t->header != 'e') {
		struct value prefix = {}, mask = {};
		bool have_ip = read_ip(p, w, &t->value), have_prefix = read_prefix(p, w, &prefix);

		if (have_ip && strcmp(word(p, 1), "mask") == 0 && read_ip(p, word(p, 2), &mask)) {
			t->data = TERM_NET;
			t->value.mask = mask.n;
			t->value.mask6 = mask.ip6;
			p->at += 3;
			return true;
		}
		if (have_prefix && (!have_ip || t->term == TERM_NET)) {
			t->data = TERM_NET;
			t->value = prefix;
		} else if (have_ip) {
			t->data = TERM_HOST;
		}
	}
	if (!t->data && t->header != 'i' && read_ether(p, w, t->value.ether))
		t->data = TERM_ETHER;
	p->at += t->data != TERM_NONE;
	return t->data != TERM_NONE;
}

static int parse_value(struct parser *p, struct ip_test *t, bool related)
{
	int r = 0;

	if (!ends_test(p)) {
		r = parse_name(p, t);
		if (r)
			return r;
		if (word_number(word(p, 0), &t->value.n)) {
			t->data = TERM_INT;
			p->at++;
			return 1;
		}
		if (parse_address(p, t) || parse_system_name(p, t))
			return 1;
	}
	if (related)
		return ip_error(p->say, "a value must follow the relation, not '%s'", word(p, 0));
	return 0;
}

static unsigned parse_test(struct parser *p)
{
	struct ip_test t = {.proto = PROTO_UNKNOWN};
	bool negated = false, related;
	unsigned first = p->at;
	int r;

	while ((r = parse_qualifier(p, &t, &negated)) > 0)
		p->at++;
	if (r < 0)
		return 0;
	// what was said before does not count if this test begins with a qualifier
	if (p->at != first)
		p->before = (struct ip_test){.proto = PROTO_UNKNOWN};
	if (is(p, "[", NULL) && p->at != first && !t.term && parse_brackets(p, &t))
		return 0;
	if (parse_mask(p, &t))
		return 0;
	related = parse_relation(p, &t);
	if (parse_value(p, &t, related) < 0)
		return 0;
	if (p->at == first) {
		ip_error(p->say, "a test is expected, not '%s'", word(p, 0));
		return 0;
	}
	if (ip_test_check(&t, &p->before, p->say))
		return 0;
	p->before = t;
	first = ip_test_build(p->e, p->say->words, &t);
	return negated ? weir_expr_not(p->e, first) : first;
}

static unsigned parse_factor(struct parser *p)
{
	unsigned x;

	if (p->nesting >= NESTING_MAX) {
		ip_error(p->say, "nested too deeply (more than %u levels)", NESTING_MAX);
		return 0;
	}
	if (accept(p, "not", "!")) {
		p->nesting++;
		x = weir_expr_not(p->e, parse_factor(p));
		p->nesting--;
		return x;
	}
	if (accept(p, "(", NULL)) {
		p->nesting++;
		x = parse_expr(p);
		p->nesting--;
		if (!p->say->failed && !accept(p, ")", NULL))
			ip_error(p->say,
				 *word(p, 0) ? "')' is expected, not '%s'" : "')' missing%s",
				 word(p, 0));
		return x;
	}
	if (accept(p, "true", NULL))
		return weir_expr_const(p->e, true);
	if (accept(p, "false", NULL))
		return weir_expr_const(p->e, false);
	return parse_test(p);
}

static bool ends_term(const struct parser *p)
{
	static const char *const ends[] = {"", ")", "||", "or", "?", ":", NULL};

	return p->say->failed || is_one_of(word(p, 0), ends);
}

static unsigned parse_term(struct parser *p)
{
	unsigned x;

	if (ends_term(p)) {
		if (!p->say->failed)
			ip_error(p->say,
				 *word(p, 0) ? "a test is expected, not '%s'"
					     : "a test is expected at the end%s",
				 word(p, 0));
		return 0;
	}
	x = parse_factor(p);
	while (!ends_term(p)) {
		if (accept(p, "and", "&&") && ends_term(p)) {
			ip_error(p->say, "a test is expected after 'and'");
			return 0;
		}
		x = weir_expr_and(p->e, x, parse_factor(p));
	}
	return x;
}

static unsigned parse_or(struct parser *p)
{
	unsigned x = parse_term(p);

	while (!p->say->failed && accept(p, "or", "||"))
		x = weir_expr_or(p->e, x, parse_term(p));
	return x;
}

static unsigned parse_expr(struct parser *p)
{
	unsigned x = parse_or(p), yes, no;

	if (p->say->failed || !accept(p, "?", NULL))
		return x;
	if (++p->nesting >= NESTING_MAX) {
		ip_error(p->say, "nested too deeply (more than %u levels)", NESTING_MAX);
		return 0;
	}
	yes = parse_expr(p);
	if (!p->say->failed && !accept(p, ":", NULL))
		ip_error(p->say, "':' (between spaces) is missing after '?'");
	no = p->say->failed ? 0 : parse_expr(p);
	p->nesting--;
	return weir_expr_if(p->e, x, yes, no);
}

int ip_error(struct ip_say *say, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say->failed = weir_args_error(say->args, say->arg, "pattern %d: %s", say->arg, text);
	return -EINVAL;
}

void ip_warn(struct ip_say *say, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	weir_args_warn(say->args, say->arg, "pattern %d: %s", say->arg, text);
}

int weir_ip_expr_parse(struct weir_exprs *e, struct weir_args *a, int i, const char *text,
		       enum weir_ip_version version, unsigned *expr)
{
	struct ip_say say = {
		.words = version == WEIR_IP6 ? &ip6_words : &ip4_words, .args = a, .arg = i};
	struct parser p = {.e = e, .say = &say};

	p.before.proto = PROTO_UNKNOWN;
	p.words = words_split(text, &p.n);
	if (!p.words)
		return -ENOMEM;
	if (p.n == 1 && (accept(&p, "-", "any") || accept(&p, "all", NULL)))
		*expr = weir_expr_const(e, true);
	else if (p.n == 1 && accept(&p, "none", NULL))
		*expr = weir_expr_const(e, false);
	else
		*expr = parse_expr(&p);
	if (!say.failed && p.at < p.n)
		ip_error(&say, "'%s' is not expected behind the expression", word(&p, 0));
	free(p.words);
	return say.failed ? -EINVAL : 0;
}
