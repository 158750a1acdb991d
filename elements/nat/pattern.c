// SPDX-License-Identifier: BSD-2-Clause
// Patterns and input specifications, in Click's notation.
#include "pattern.h"

#include "patterns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_number(struct weir_element *e, const char *text, uint32_t most, uint32_t *value)
{
	return !weir_parse(e, WEIR_T_U32, text, NULL, value, NULL) && *value <= most;
}

// Takes `#` or `?` off the end.
static void take_order(char *text, struct rewriter_pattern *p)
{
	const size_t n = strlen(text);

	if (n && (text[n - 1] == '#' || text[n - 1] == '?')) {
		p->same_first = false;
		p->consecutive = text[n - 1] == '#';
		text[n - 1] = '\0';
	}
}

static bool parse_prefix(struct weir_element *e, const char *text, struct rewriter_pattern *p)
{
	struct weir_ip4_prefix net;
	uint32_t most;

	if (weir_parse(e, WEIR_T_IP4_PREFIX, text, NULL, &net, NULL) || !net.addr.be)
		return false;
	most = ~rd32(net.mask);
	p->src = net.addr;
	if (!most)
		return true;
	p->src.be &= net.mask.be;
	p->top = most;
	if (most > 1) { // neither the network's own address nor its broadcast
		p->src = wr32(rd32(p->src) + 1);
		p->top = most - 2;
	}
	return true;
}

// L-H or a prefix, each also with a mark for the order.
static bool parse_addresses(struct weir_element *e, char *text, struct rewriter_pattern *p)
{
	char *dash;
	be32 last;

	take_order(text, p);
	dash = strchr(text, '-');
	if (!dash)
		return parse_prefix(e, text, p);
	*dash = '\0';
	if (weir_parse(e, WEIR_T_IP4, text, NULL, &p->src, NULL) ||
	    weir_parse(e, WEIR_T_IP4, dash + 1, NULL, &last, NULL) || rd32(last) < rd32(p->src))
		return false;
	p->top = rd32(last) - rd32(p->src);
	return true;
}

static bool parse_source(struct weir_element *e, const char *text, struct rewriter_pattern *p)
{
	char *copy;
	bool ok;

	if (strcmp(text, "-") == 0 || !weir_parse(e, WEIR_T_IP4, text, NULL, &p->src, NULL))
		return true;
	copy = strdup(text);
	ok = copy && parse_addresses(e, copy, p);
	free(copy);
	return ok;
}

static bool parse_ports(struct weir_element *e, const char *text, struct rewriter_pattern *p)
{
	uint32_t first, last;
	char *copy = strdup(text), *dash;
	bool ok = false;

	if (!copy)
		return false;
	take_order(copy, p);
	dash = strchr(copy, '-');
	if (dash)
		*dash = '\0';
	if (dash && is_number(e, copy, UINT16_MAX, &first) &&
	    is_number(e, dash + 1, UINT16_MAX, &last) && last >= first) {
		p->sport = (uint16_t)first;
		p->top = last - first;
		ok = true;
	}
	free(copy);
	return ok;
}

static bool parse_port(struct weir_element *e, const char *text, uint16_t *port)
{
	uint32_t value;

	if (strcmp(text, "-") == 0)
		return true;
	if (!is_number(e, text, UINT16_MAX, &value) || !value)
		return false;
	*port = (uint16_t)value;
	return true;
}

// A fixed port, or several; of several addresses with a fixed port, only the first counts.
static bool parse_source_ports(struct weir_element *e, const char *text, struct rewriter_pattern *p)
{
	p->ports = true;
	if (parse_port(e, text, &p->sport)) {
		p->top = 0;
		return true;
	}
	return parse_ports(e, text, p);
}

static bool parse_destination(struct weir_element *e, const char *text, struct rewriter_pattern *p)
{
	return strcmp(text, "-") == 0 || !weir_parse(e, WEIR_T_IP4, text, NULL, &p->dst, NULL);
}

// Where the words of each number of them stand; -1: there is none.
static const struct {
	int sport, dst, dport;
} order[] = {{-1, -1, -1}, {-1, -1, -1}, {-1, 1, -1}, {2, 1, -1}, {1, 2, 3}};

const char *rewriter_pattern_parse(struct weir_element *e, char *const *words, int n,
				   struct rewriter_pattern *p)
{
	*p = (struct rewriter_pattern){.same_first = true};
	if (n < 1 || n > 4)
		return "syntax error";
	if (!parse_source(e, words[0], p))
		return "bad source address";
	if (order[n].sport > 0 && !parse_source_ports(e, words[order[n].sport], p))
		return "bad source port";
	if (order[n].dst > 0 && !parse_destination(e, words[order[n].dst], p))
		return "bad destination address";
	if (order[n].dport > 0 && !parse_port(e, words[order[n].dport], &p->dport))
		return "bad destination port";
	return NULL;
}

static void print_address(struct weir_buf *out, be32 addr)
{
	const uint32_t a = rd32(addr);

	weir_printf(out, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

void rewriter_pattern_print(struct weir_buf *out, const struct rewriter_pattern *p)
{
	if (p->src.be)
		print_address(out, p->src);
	else
		weir_printf(out, "-");
	if (!p->ports && p->top) {
		weir_printf(out, "-");
		print_address(out, wr32(rd32(p->src) + p->top));
	}
	if (p->ports && p->top)
		weir_printf(out, " %u-%u", p->sport, p->sport + p->top);
	else if (p->ports && p->sport)
		weir_printf(out, " %u", p->sport);
	else if (p->ports)
		weir_printf(out, " -");
	weir_printf(out, " ");
	if (p->dst.be)
		print_address(out, p->dst);
	else
		weir_printf(out, "-");
	if (p->ports && p->dport)
		weir_printf(out, " %u", p->dport);
	else if (p->ports)
		weir_printf(out, " -");
}

struct naming {
	struct weir_element *user;
	const char *name;
	size_t scope; // of the best so far
	struct rewriter_pattern *found;
};

// Names are known in the compound where they are given and in those within it.
static int look_for_name(struct weir_element *e, void *arg)
{
	struct naming *s = arg;
	const char *slash = strrchr(e->name, '/');
	const size_t scope = slash ? (size_t)(slash - e->name) + 1 : 0;
	struct rewriter_pattern *p;

	if (e->class->configure != ip_rewriter_patterns_configure || !e->self ||
	    strncmp(e->name, s->user->name, scope) != 0 || (s->found && scope < s->scope))
		return 0;
	p = ip_rewriter_patterns_find(e->self, s->name);
	if (p) {
		s->found = p;
		s->scope = scope;
	}
	return 0;
}

struct rewriter_pattern *rewriter_pattern_named(struct weir_element *e, const char *name)
{
	struct naming s = {.user = e, .name = name};

	weir_each_element(e->router, look_for_name, &s);
	return s.found;
}

static int say(char why[REWRITER_WHY], const char *what)
{
	snprintf(why, REWRITER_WHY, "%s", what);
	return -EINVAL;
}

static int parse_outputs(struct weir_element *e, char *const *words, int n, struct rewriter_spec *s,
			 char why[REWRITER_WHY])
{
	static const char *const which[] = {"bad forward port", "bad reply port"};

	for (int i = 0; i < 2; i++) {
		uint32_t out;

		if (n != 2 || !is_number(e, words[i], UINT16_MAX, &out))
			return say(why, which[n == 2 ? i : 0]);
		s->out[i] = (uint16_t)out;
	}
	return 0;
}

int rewriter_spec_pattern(struct weir_element *e, char *const *words, int n,
			  struct rewriter_spec *s, char why[REWRITER_WHY])
{
	struct rewriter_pattern p;
	const char *wrong;

	s->kind = REWRITER_PATTERN;
	if (n <= 2)
		return say(why, "syntax error");
	if (n == 3) {
		s->pattern = rewriter_pattern_named(e, words[0]);
		if (!s->pattern) {
			snprintf(why, REWRITER_WHY, "no such pattern '%s'", words[0]);
			return -EINVAL;
		}
		return parse_outputs(e, words + 1, 2, s, why);
	}
	wrong = rewriter_pattern_parse(e, words, n - 2, &p);
	if (wrong)
		return say(why, wrong);
	if (parse_outputs(e, words + n - 2, 2, s, why))
		return -EINVAL;
	s->pattern = malloc(sizeof(p));
	if (!s->pattern)
		return say(why, "out of memory");
	*s->pattern = p;
	s->owns = true;
	return 0;
}

static int parse_pass(struct weir_element *e, char *const *words, int n, struct rewriter_spec *s,
		      char why[REWRITER_WHY])
{
	uint32_t out = 0;

	s->kind = REWRITER_PASS;
	if (n > 2 || (n == 2 && !is_number(e, words[1], UINT16_MAX, &out))) {
		snprintf(why, REWRITER_WHY, "syntax error, expected '%s [OUTPUT]'", words[0]);
		return -EINVAL;
	}
	s->out[0] = s->out[1] = (uint16_t)out;
	return 0;
}

static int parse_mapper(struct weir_element *e, char *const *words, int n, struct rewriter_spec *s,
			char why[REWRITER_WHY])
{
	s->kind = REWRITER_ASK;
	if (weir_parse(e, WEIR_T_ELEMENT, words[0], NULL, &s->mapper, NULL))
		return say(why, "unknown specification");
	if (n > 1)
		return say(why, "syntax error, expected element name");
	return mapper_is(s->mapper) ? 0 : say(why, "element is not an IPMapper");
}

static int parse_words(struct weir_element *e, char *const *words, int n, struct rewriter_spec *s,
		       char why[REWRITER_WHY])
{
	static const char *const names[] = {"drop",	"discard", "pass",    "passthrough",
					    "nochange", "keep",	   "pattern", "xpattern"};
	unsigned k = 0;

	if (n < 1)
		return say(why, "empty argument");
	while (k < sizeof(names) / sizeof(*names) && strcmp(words[0], names[k]) != 0)
		k++;
	if (k < 2) {
		snprintf(why, REWRITER_WHY, "syntax error, expected '%s'", words[0]);
		return n > 1 ? -EINVAL : 0;
	}
	if (k < 5)
		return parse_pass(e, words, n, s, why);
	if (k == 5) {
		s->kind = REWRITER_KEEP;
		return parse_outputs(e, words + 1, n - 1, s, why);
	}
	return k < 8 ? rewriter_spec_pattern(e, words + 1, n - 1, s, why)
		     : parse_mapper(e, words, n, s, why);
}

int rewriter_spec_parse(struct weir_element *e, const char *text, struct rewriter_spec *s,
			char why[REWRITER_WHY])
{
	char **words = NULL;
	int n = weir_words(text, &words), rc;

	*s = (struct rewriter_spec){.kind = REWRITER_DROP};
	rc = n < 0 ? say(why, "out of memory") : parse_words(e, words, n, s, why);
	weir_words_free(words, n < 0 ? 0 : n);
	return rc;
}

void rewriter_spec_free(struct rewriter_spec *s)
{
	if (s->owns)
		free(s->pattern);
	*s = (struct rewriter_spec){.kind = REWRITER_DROP};
}

bool rewriter_spec_fits(const struct rewriter_spec *s, unsigned n_out)
{
	return s->kind == REWRITER_DROP || s->kind == REWRITER_ASK ||
	       (s->out[0] < n_out && s->out[1] < n_out);
}

bool mapper_is(const struct weir_element *e)
{
	return e->class->fini == mapper_fini;
}

int mapper_add(struct weir_element *e, struct mapper *m, struct weir_args *a, unsigned i,
	       char *const *words, int n)
{
	struct rewriter_spec *v = reallocarray(m->spec, m->n + 1, sizeof(*v));
	char why[REWRITER_WHY];

	if (!v)
		return -ENOMEM;
	m->spec = v;
	m->spec[m->n] = (struct rewriter_spec){};
	if (rewriter_spec_pattern(e, words, n, &m->spec[m->n], why))
		return weir_args_error(a, (int)i, "%s", why);
	m->n++;
	return 0;
}

void mapper_fini(struct weir_element *e)
{
	struct mapper *m = e->self;

	if (!m)
		return;
	for (unsigned i = 0; i < m->n; i++)
		rewriter_spec_free(&m->spec[i]);
	free(m->spec);
	free(m->own[0]);
	free(m->own[1]);
}
