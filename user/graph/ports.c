// SPDX-License-Identifier: BSD-2-Clause

// Click's port codes: port counts "1/1-2", processing "a/ah", flow "x/x"; and the resolution of
// agnostic ports to push or pull.

#include <ctype.h>
#include <graph.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

// One side of a port count code: "2", "1-", "0-3", "-", "=".
static const char *count_range(const char *s, unsigned range[2], bool *equal)
{
	char *end;

	range[0] = 0;
	range[1] = UINT_MAX;
	if (*s == '=') {
		*equal = true;
		return s + 1;
	}
	if (isdigit((unsigned char)*s)) {
		range[0] = range[1] = (unsigned)strtoul(s, &end, 10);
		s = end;
	}
	if (*s == '-') {
		range[1] = UINT_MAX;
		if (isdigit((unsigned char)*++s)) {
			range[1] = (unsigned)strtoul(s, &end, 10);
			s = end;
		}
	}
	return s;
}

bool weir_code_ports(const char *code, unsigned in[2], unsigned out[2], bool *equal)
{
	const char *s;

	*equal = false;
	s = count_range(code, in, equal);
	if (*s != '/') {
		out[0] = in[0];
		out[1] = in[1];
		return s > code && !*s && !*equal;
	}
	s = count_range(s + 1, out, equal);
	return !*s;
}

enum weir_processing weir_code_processing(const char *code, bool output, unsigned port)
{
	const char *side = code, *slash = strchr(code, '/');
	size_t n;

	if (output && slash)
		side = slash + 1;
	n = strcspn(side, "/");
	if (!n)
		return WEIR_AGNOSTIC;
	switch (side[port < n ? port : n - 1]) {
	case 'h':
		return WEIR_PUSH;
	case 'l':
		return WEIR_PULL;
	default:
		return WEIR_AGNOSTIC;
	}
}

// The letters that a flow code gives a port, as a set; '#' is the port's own number.
struct flow_set {
	bool letter[UCHAR_MAX + 1];
	bool own, all_but;
};

static const char *flow_item(const char *s, struct flow_set *set)
{
	memset(set, 0, sizeof(*set));
	if (*s != '[') {
		set->own = *s == '#';
		set->letter[(unsigned char)*s] = true;
		return s + 1;
	}
	if (*++s == '^') {
		set->all_but = true;
		s++;
	}
	for (; *s && *s != ']'; s++) {
		set->own |= *s == '#';
		set->letter[(unsigned char)*s] = true;
	}
	return *s ? s + 1 : s;
}

static void flow_port(const char *code, bool output, unsigned port, struct flow_set *set)
{
	const char *s = code, *slash = strchr(code, '/');

	if (output && slash)
		s = slash + 1;
	memset(set, 0, sizeof(*set));
	for (unsigned i = 0; i <= port && *s && *s != '/'; i++)
		s = flow_item(s, set);
}

bool weir_flows(const struct weir_element *e, unsigned in, unsigned out)
{
	struct flow_set a, b;

	flow_port(weir_flow_code(e->class), false, in, &a);
	flow_port(weir_flow_code(e->class), true, out, &b);
	if (a.own && b.own)
		return in == out;
	for (unsigned c = 1; c <= UCHAR_MAX; c++)
		if (c != '#' && a.letter[c] != a.all_but && b.letter[c] != b.all_but &&
		    (a.letter[c] || b.letter[c]))
			return true;
	return false;
}

void weir_port_name(const struct weir_element *e, bool output, unsigned port, char *buf,
		    size_t size)
{
	const char *const *names = output ? e->class->out : e->class->in;
	unsigned n = output ? sizeof(e->class->out) / sizeof(e->class->out[0])
			    : sizeof(e->class->in) / sizeof(e->class->in[0]);

	if (port < n && names[port])
		snprintf(buf, size, "%s", names[port]);
	else
		snprintf(buf, size, "%u", port);
}

static const char *processing_name(enum weir_processing p)
{
	return p == WEIR_PUSH ? "push" : p == WEIR_PULL ? "pull" : "agnostic";
}

// Gives a port its processing, and with it every agnostic port of the element that the flow code
// joins to it. True if something changed.
static bool settle(struct weir_router *r, struct weir_element *e, bool output, unsigned port,
		   enum weir_processing p)
{
	struct weir_wiring *w = &r->wiring[e->index];
	struct weir_port *mine = output ? &w->out[port] : &w->in[port];
	struct weir_port *others = output ? w->in : w->out;
	unsigned n = output ? e->n_in : e->n_out;

	if (mine->processing != WEIR_AGNOSTIC)
		return false;
	mine->processing = p;
	for (unsigned i = 0; i < n; i++)
		if (others[i].processing == WEIR_AGNOSTIC &&
		    (output ? weir_flows(e, i, port) : weir_flows(e, port, i)))
			settle(r, e, !output, i, p);
	return true;
}

static bool is_decided(enum weir_processing p)
{
	return p == WEIR_PUSH || p == WEIR_PULL;
}

static bool settle_connection(struct weir_router *r, struct weir_connection *c, bool decided)
{
	enum weir_processing from = r->wiring[c->from->index].out[c->from_port].processing;
	enum weir_processing to = r->wiring[c->to->index].in[c->to_port].processing;

	if (from == WEIR_AGNOSTIC && (decided ? is_decided(to) : to != WEIR_AGNOSTIC))
		return settle(r, c->from, true, c->from_port, to);
	if (to == WEIR_AGNOSTIC && (decided ? is_decided(from) : from != WEIR_AGNOSTIC))
		return settle(r, c->to, false, c->to_port, from);
	return false;
}

// A port that its class decides also decides the agnostic ports joined to it only through
// connections: "a/ah" has a push output beside an input that may be pull.
static void settle_connections(struct weir_router *r, bool decided)
{
	bool changed;

	do {
		changed = false;
		for (unsigned i = 0; i < r->n_connections; i++)
			changed |= settle_connection(r, &r->connections[i], decided);
	} while (changed);
}

static void settle_ports(struct weir_router *r, struct weir_element *e, enum weir_processing p)
{
	for (unsigned i = 0; i < e->n_in; i++)
		settle(r, e, false, i, p);
	for (unsigned i = 0; i < e->n_out; i++)
		settle(r, e, true, i, p);
}

// By the class alone. What is said of a port that the class does not have says nothing.
static void begin_ports(struct weir_router *r, struct weir_element *e)
{
	const char *code = weir_processing_code(e->class);
	struct weir_wiring *w = &r->wiring[e->index];
	unsigned in[2], out[2];
	bool equal;

	weir_code_ports(weir_ports_code(e->class), in, out, &equal);
	if (equal)
		out[1] = UINT_MAX;
	for (unsigned p = 0; p < e->n_in; p++)
		w->in[p].processing = p >= in[1] || weir_is_unknown(e)
					      ? WEIR_EITHER
					      : weir_code_processing(code, false, p);
	for (unsigned p = 0; p < e->n_out; p++)
		w->out[p].processing = p >= out[1] || weir_is_unknown(e)
					       ? WEIR_EITHER
					       : weir_code_processing(code, true, p);
}

// A connection whose ends disagree, and ports that may carry one connection only.
static void check_connection(struct weir_router *r, unsigned i, struct weir_err *err)
{
	struct weir_connection *c = &r->connections[i];
	const struct weir_wiring *wf = &r->wiring[c->from->index], *wt = &r->wiring[c->to->index];
	const struct weir_port *from = &wf->out[c->from_port], *to = &wt->in[c->to_port];
	char fp[32], tp[32];

	weir_port_name(c->from, true, c->from_port, fp, sizeof(fp));
	weir_port_name(c->to, false, c->to_port, tp, sizeof(tp));
	if (from->processing != to->processing && is_decided(from->processing) &&
	    is_decided(to->processing))
		weir_error(
			err, &c->loc,
			"`%s' %s output %s is connected to `%s' %s input %s: put a Queue (push to "
			"pull) or an Unqueue (pull to push) between them",
			c->from->name, processing_name(from->processing), fp, c->to->name,
			processing_name(to->processing), tp);
	if (from->processing == WEIR_PUSH && wf->by_out[from->first] != i)
		weir_error(err, &c->loc,
			   "push output %s of `%s' is connected more than once: use a Tee", fp,
			   c->from->name);
	if (to->processing == WEIR_PULL && wt->by_in[to->first] != i)
		weir_error(
			err, &c->loc,
			"pull input %s of `%s' is connected more than once: use a scheduler such "
			"as RoundRobinSched",
			tp, c->to->name);
}

// First what is certain, then what a mistake may hide; the rest is push.
void weir_resolve_processing(struct weir_router *r, struct weir_err *err)
{
	for (unsigned i = 0; i < r->n_elements; i++)
		begin_ports(r, r->elements[i]);
	settle_connections(r, true);
	for (unsigned i = 0; i < r->n_elements; i++)
		if (!weir_ports_known(r->elements[i]))
			settle_ports(r, r->elements[i], WEIR_EITHER);
	settle_connections(r, false);
	for (unsigned i = 0; i < r->n_elements; i++)
		settle_ports(r, r->elements[i], WEIR_PUSH);
	for (unsigned i = 0; i < r->n_connections; i++)
		check_connection(r, i, err);
}

unsigned weir_n_drops(const struct weir_class *c)
{
	unsigned n = 0;

	while (n < sizeof(c->drops) / sizeof(c->drops[0]) && c->drops[n])
		n++;
	return n;
}

unsigned weir_n_outputs(const struct weir_element *e)
{
	unsigned in[2], out[2], n = 0;
	bool equal;

	while (n < sizeof(e->class->out) / sizeof(e->class->out[0]) && e->class->out[n])
		n++;
	if (weir_code_ports(weir_ports_code(e->class), in, out, &equal) && !equal && n > out[1])
		n = out[1];
	return n > e->n_out ? n : e->n_out;
}
