// SPDX-License-Identifier: BSD-2-Clause
// Ports in brackets, and which of them a connector joins.

#include "parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void add_port(struct parser *p, struct ports *ports, struct lang_port port)
{
	ports->v =
		lang_grow(p->run, &p->run->tmp, ports->v, ports->n, &ports->cap, sizeof(*ports->v));
	ports->v[ports->n++] = port;
}

// The number or name in p->tok.
static bool port_of(struct parser *p, struct lang_port *port)
{
	char *word = lang_parser_word(p, &p->tok), *stop;
	long number;

	if (p->tok.kind == TOK_IDENT && *word >= '0' && *word <= '9') {
		errno = 0;
		number = strtol(word, &stop, 0);
		if (*stop)
			return lang_parser_fail(p, "'%s' is neither a port number nor a port name",
						word);
		if (errno || number > LANG_PORT_MAX)
			return lang_parser_fail(p, "port numbers end at %d", LANG_PORT_MAX);
		*port = (struct lang_port){(int)number, NULL};
	} else if (p->tok.kind == TOK_IDENT && !strpbrk(word, "/@")) {
		*port = (struct lang_port){-1,
					   lang_strndup(p->run, p->run->keep, word, p->tok.len)};
	} else {
		return lang_parser_fail(p, "expected a port number or name, not %s",
					lang_parser_shown(&p->tok));
	}
	lang_parser_next(p);
	return true;
}

// `0-3`: FastClick's ranges.
static bool port_range(struct parser *p, struct ports *out)
{
	struct lang_port from = out->v[out->n - 1], to = {0};

	lang_parser_next(p);
	if (!port_of(p, &to))
		return false;
	if (from.number < 0 || to.number < from.number)
		return lang_parser_fail(p, "a range of ports goes from a number to a higher one");
	lang_count_work(p->run, &p->tok.loc, (size_t)(to.number - from.number) * 64);
	while (++from.number <= to.number)
		add_port(p, out, from);
	return true;
}

bool lang_parse_ports(struct parser *p, struct ports *out)
{
	struct token open = p->tok;
	struct lang_port port = {0};

	*out = (struct ports){.given = true};
	lang_parser_next(p);
	while (p->tok.kind != ']') {
		if (!port_of(p, &port))
			return false;
		add_port(p, out, port);
		if (p->tok.kind == TOK_BAD && p->tok.len == 1 && *p->tok.s == '-' &&
		    !port_range(p, out))
			return false;
		if (p->tok.kind == ']')
			break;
		if (p->tok.kind != ',')
			return lang_parser_fail(p,
						"expected ',' or ']' in the list of ports, not %s",
						lang_parser_shown(&p->tok));
		lang_parser_next(p);
		if (p->tok.kind == ']')
			out->expandable = true;
	}
	if (!out->n) {
		add_port(p, out, (struct lang_port){0});
		out->expandable = true;
	}
	if (out->expandable && out->v[out->n - 1].number < 0) {
		lang_error(p->run, &open.loc, "a list of ports cannot go on after a name");
		out->expandable = false;
	}
	lang_parser_next(p);
	return true;
}

// What one side of a connector comes to, port by port.
struct end {
	unsigned elem;
	struct lang_port port;
};
struct side_list {
	struct end *v;
	unsigned n, min; // `min` without what grew
	unsigned grown;	 // refs that take what is missing
	bool steps;	 // more than one port, or growing
};

static void count_side(const struct set *set, enum side side, struct side_list *out)
{
	unsigned i;

	*out = (struct side_list){0};
	for (i = 0; i < set->n; i++) {
		const struct ports *ports = &set->v[i].ports[side];

		out->min += ports->n ? ports->n : 1;
		out->grown += ports->expandable;
	}
}

// Lists the ends of one side, `extra` of them added where the list may grow.
static void list_side(struct parser *p, const struct set *set, enum side side, unsigned extra,
		      struct side_list *out)
{
	unsigned i, k;

	out->v = lang_alloc(p->run, &p->run->tmp, (out->min + extra) * sizeof(*out->v));
	for (i = 0; i < set->n; i++) {
		const struct ref *r = &set->v[i];
		const struct ports *ports = &r->ports[side];
		struct lang_port port = {0};

		for (k = 0; k < (ports->n ? ports->n : 1); k++) {
			port = ports->n ? ports->v[k] : port;
			out->v[out->n++] = (struct end){r->elem, port};
		}
		if (!ports->expandable && (ports->given || out->min > 1))
			continue;
		for (; extra; extra--) {
			port.number++;
			out->v[out->n++] = (struct end){r->elem, port};
		}
	}
}

// "2 outputs", "3 or more inputs"
static const char *side_text(struct parser *p, const struct side_list *list, const char *what)
{
	return lang_printf(p->run, &p->run->tmp, "%u%s %s%s", list->min,
			   list->grown ? " or more" : "", what, list->min == 1 ? "" : "s");
}

static bool side_is_short(const struct side_list *a, const struct side_list *b)
{
	return !a->grown && a->min < b->min;
}

static bool sides_match(struct parser *p, const struct side_list list[2], int connector,
			const struct weir_loc *loc)
{
	if (!list[INPUT].steps || !list[OUTPUT].steps)
		return true;
	if (connector != TOK_ARROW2)
		lang_error(p->run, loc, "to connect many outputs to many inputs, write '=>'");
	else if (side_is_short(&list[INPUT], &list[OUTPUT]) ||
		 side_is_short(&list[OUTPUT], &list[INPUT]))
		lang_error(p->run, loc, "%s cannot be connected one by one to %s",
			   side_text(p, &list[OUTPUT], "output"),
			   side_text(p, &list[INPUT], "input"));
	else
		return true;
	p->scope->broken = true;
	return false;
}

// `a => b, c` means `a [0,1] => b, c`.
static void grow_bare(const struct set *const set[2], struct side_list list[2])
{
	unsigned side;

	for (side = INPUT; side <= OUTPUT; side++)
		if (list[side].min == 1 && list[!side].min > 1 &&
		    !set[side]->v[0].ports[side].given)
			list[side].grown = 1;
}

void lang_connect_sets(struct parser *p, const struct set *from, const struct set *to,
		       int connector, const struct weir_loc *loc)
{
	const struct set *const set[2] = {to, from};
	struct side_list list[2];
	unsigned side, extra, i[2] = {0, 0};

	for (side = INPUT; side <= OUTPUT; side++)
		count_side(set[side], side, &list[side]);
	if (list[INPUT].grown + list[OUTPUT].grown > 1) {
		lang_error(p->run, loc, "only one list of ports in a connection may be left open");
		p->scope->broken = true;
		return;
	}
	if (connector == TOK_ARROW2)
		grow_bare(set, list);
	for (side = INPUT; side <= OUTPUT; side++) {
		list[side].steps = list[side].min > 1 || list[side].grown;
		extra = list[!side].min > list[side].min ? list[!side].min - list[side].min : 0;
		list_side(p, set[side], side, list[side].grown ? extra : 0, &list[side]);
	}
	if (!sides_match(p, list, connector, loc))
		return;
	list[INPUT].steps |= !list[OUTPUT].steps;
	while (i[INPUT] < list[INPUT].n && i[OUTPUT] < list[OUTPUT].n) {
		struct end *in = &list[INPUT].v[i[INPUT]], *out = &list[OUTPUT].v[i[OUTPUT]];
		struct conn c = {{in->elem, out->elem}, {in->port, out->port}, *loc};

		lang_scope_connect(p->run, p->scope, &c);
		i[INPUT] += list[INPUT].steps;
		i[OUTPUT] += list[OUTPUT].steps;
	}
}
