// SPDX-License-Identifier: BSD-2-Clause
// Argument tables: matching what was written with what a class takes, as Click's Args does.

#include "args_table.h"
#include "graph.h"
#include "lang.h"
#include "value.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

// How an argument was used so far. Positions are given out from the left, so an argument that went
// to its keyword ends what positions can reach.
enum use { FREE, BY_POSITION, BY_KEYWORD };

struct given {
	char *text;
	size_t offset;
	size_t keyword; // length of the word in front; 0: it has none
	enum use use;
};

struct matching {
	struct weir_args pub;
	const struct weir_class *class;
	const char *config;
	const struct weir_loc *loc;
	struct given *v;
	unsigned n;
};

static bool is_keyword_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_:.?!", c));
}

// A number or an address in front of a space is no keyword: `1.0.0.1 1.0.0.2', `2 min'.
static size_t keyword_len(const char *s)
{
	size_t n = 0, value;

	if (!isalpha((unsigned char)s[0]) && s[0] != '_')
		return 0;
	while (is_keyword_char(s[n]))
		n++;
	value = n + strspn(s + n, " \t\n\r\f\v");
	return value > n && s[value] ? n : 0;
}

static bool is_keyword(const struct given *g, const char *name)
{
	return g->keyword == strlen(name) && memcmp(g->text, name, g->keyword) == 0;
}

// The place of a byte of the argument text, if it is the one from the configuration.
static struct weir_loc place(const struct matching *m, size_t offset)
{
	const struct weir_element *e = m->pub.element;
	const struct lang_router *flat = e->router ? &e->router->flat : NULL;

	if (!flat || !flat->sources || flat->elements[e->index].config != m->config)
		return *m->loc;
	return lang_config_loc(flat, &flat->elements[e->index], offset);
}

static const struct weir_arg *entry_of(const struct weir_class *class, const struct given *g)
{
	for (const struct weir_arg *a = class->args; a && a->name; a++)
		if (g->keyword && is_keyword(g, a->name))
			return a;
	return NULL;
}

// The argument whose turn it is by position; NULL if a keyword came before it.
static struct given *next_position(struct matching *m)
{
	for (unsigned i = 0; i < m->n; i++)
		if (m->v[i].use != BY_POSITION)
			return m->v[i].use == FREE ? &m->v[i] : NULL;
	return NULL;
}

// The argument that table entry a gets: the last with its keyword, else the next position. NULL:
// none. An argument that carries the keyword of another entry is never taken by position, one with
// an unknown word in front only for a mandatory entry.
static struct given *match(struct matching *m, const struct weir_arg *a)
{
	struct given *got = NULL, *next = next_position(m);

	for (unsigned i = 0; i < m->n; i++) {
		if (m->v[i].use == FREE && m->v[i].keyword && is_keyword(&m->v[i], a->name)) {
			got = &m->v[i];
			got->use = BY_KEYWORD;
		}
	}
	if (!(a->flags & WEIR_POSITIONAL) || !next || next->use != FREE)
		return got; // the next one may just have gone to its keyword
	if (next->keyword && (got || !(a->flags & WEIR_MANDATORY) || entry_of(m->class, next)))
		return got;
	next->use = BY_POSITION;
	return got ? got : next;
}

// Something is wrong with what an element was given. Is it that a name it uses is hidden by a
// mistake elsewhere? Then nothing is said: `before` is what had been said until then.
static int excuse(struct matching *m, int r, const struct weir_err *before)
{
	struct weir_router *router = m->pub.element->router;

	if (r < 0 && router && router->name_missed)
		weir_err_rewind(m->pub.err, before);
	if (router)
		router->name_missed = false;
	return r;
}

static int fill(struct matching *m, const struct weir_arg *a)
{
	struct weir_element *e = m->pub.element;
	uint8_t *field = (uint8_t *)e->self + a->off;
	struct given *g;
	struct weir_loc loc = *m->loc;
	struct parse c = {.e = e, .name = a->name, .a = a, .loc = &loc, .err = m->pub.err};
	const struct weir_err before = *m->pub.err;
	const char *text = a->def;

	if (a->flags & WEIR_LIST)
		return 0;
	g = match(m, a);
	if (a->flags & WEIR_DEPRECATED)
		return 0;
	if (g) {
		size_t skip = g->use == BY_KEYWORD ? g->keyword : 0;

		skip += strspn(g->text + skip, " \t\n\r\f\v");
		text = g->text + skip;
		loc = place(m, g->offset + skip);
	} else if (a->flags & WEIR_MANDATORY) {
		return parse_error(&c, "missing (%s)", a->help ? a->help : "required");
	}
	if (g && a->given)
		*((bool *)e->self + a->given) = true;
	return text ? excuse(m, parse_value(&c, a->type, text, field), &before) : 0;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

// Edit distance of a word (of at most 63 letters, in any case) and a keyword.
static unsigned distance(const char *word, size_t n, const char *keyword)
{
	unsigned row[64];

	if (n > 63)
		return ~0u;
	for (size_t i = 0; i <= n; i++)
		row[i] = (unsigned)i;
	for (const char *k = keyword; *k; k++) {
		unsigned diagonal = row[0]++;

		for (size_t i = 1; i <= n; i++) {
			unsigned differs = toupper((unsigned char)word[i - 1]) != *k;
			unsigned d = min3(row[i] + 1, row[i - 1] + 1, diagonal + differs);

			diagonal = row[i];
			row[i] = d;
		}
	}
	return row[n];
}

static const char *nearest(const struct weir_class *class, const char *word, size_t n)
{
	unsigned best = (unsigned)n / 2 + 1;
	const char *name = NULL;

	for (const struct weir_arg *a = class->args; a && a->name; a++) {
		unsigned d = distance(word, n, a->name);

		if (d < best && d < strlen(a->name)) {
			best = d;
			name = a->name;
		}
	}
	return name;
}

static unsigned n_positions(const struct weir_class *class)
{
	unsigned n = 0;

	for (const struct weir_arg *a = class->args; a && a->name; a++)
		n += (a->flags & WEIR_POSITIONAL) != 0;
	return n;
}

static bool is_list(const struct weir_class *class, const struct given *g)
{
	const struct weir_arg *a = entry_of(class, g);

	return a && a->flags & WEIR_LIST;
}

static void refuse(struct matching *m, const struct given *g, bool *said_too_many)
{
	struct weir_loc loc = place(m, g->offset);
	struct weir_err *err = m->pub.err;
	int n = (int)g->keyword;
	unsigned max = n_positions(m->class);
	const char *near;

	if (n && m->class->args) {
		near = nearest(m->class, g->text, g->keyword);
		if (near)
			weir_error(err, &loc, "unknown argument `%.*s', did you mean `%s'?", n,
				   g->text, near);
		else
			weir_error(err, &loc, "unknown argument `%.*s'", n, g->text);
		return;
	}
	if (*said_too_many)
		return;
	*said_too_many = true;
	if (!m->class->args || !m->class->args->name)
		weir_error(err, &loc, "too many arguments: %s takes none", m->class->name);
	else if (!max)
		weir_error(err, &loc, "too many arguments: %s takes keywords only", m->class->name);
	else
		weir_error(err, &loc, "too many arguments: %s takes %u without a keyword",
			   m->class->name, max);
}

// Sorts out what the table did not take: for configure, or errors.
static int leave_rest(struct matching *m)
{
	const struct weir_class *class = m->class;
	bool said_too_many = false;
	struct weir_args *a = &m->pub;

	a->rest = calloc(m->n + 1, sizeof(*a->rest));
	a->rest_off = calloc(m->n + 1, sizeof(*a->rest_off));
	if (!a->rest || !a->rest_off)
		return -ENOMEM;
	for (unsigned i = 0; i < m->n; i++) {
		struct given *g = &m->v[i];

		if (g->use != FREE)
			continue;
		if (!class->rest && !is_list(class, g)) {
			refuse(m, g, &said_too_many);
			continue;
		}
		a->rest[a->n_rest] = g->text;
		a->rest_off[a->n_rest++] = g->offset;
	}
	return 0;
}

static int apply(struct matching *m)
{
	struct weir_element *e = m->pub.element;
	const struct weir_err before = *m->pub.err;
	bool filled = true;
	int r;

	for (const struct weir_arg *a = m->class->args; a && a->name; a++)
		filled &= fill(m, a) >= 0;
	r = leave_rest(m);
	if (r < 0)
		return r;
	// configure relies on what the table promises, so it runs only if that is kept
	if (!filled || m->pub.err->n_errors != before.n_errors)
		return -EINVAL;
	if (m->class->configure)
		r = m->class->configure(e, &m->pub);
	if (!r && m->pub.err->n_errors != before.n_errors)
		r = -EINVAL;
	return excuse(m, r, &before);
}

static int configure(struct weir_element *e, const char *config, const struct weir_loc *loc,
		     bool reconfigure, struct weir_err *err)
{
	struct lang_args args = {};
	struct matching m = {
		.pub = {.element = e, .err = err, .reconfigure = reconfigure},
		.class = e->class,
		.config = config,
		.loc = loc,
	};
	int r = lang_args_split(&args, config);

	if (r < 0)
		goto done;
	m.n = args.n;
	m.v = calloc(args.n + 1, sizeof(*m.v));
	r = -ENOMEM;
	if (!m.v)
		goto done;
	for (unsigned i = 0; i < args.n; i++)
		m.v[i] = (struct given){args.v[i], args.offset[i], keyword_len(args.v[i]), FREE};
	r = apply(&m);
done:
	if (r == -ENOMEM)
		weir_error(err, m.loc, "out of memory");
	free(m.v);
	free(m.pub.rest);
	free(m.pub.rest_off);
	lang_args_free(&args);
	return r;
}

int weir_configure(struct weir_element *e, const char *config, const struct weir_loc *config_loc,
		   struct weir_err *err)
{
	return configure(e, config, config_loc && config_loc->line ? config_loc : &e->loc, false,
			 err);
}

// Takes down what configure made in `self`, which need not be the one in use.
static void discard(struct weir_element *e, void *self)
{
	void *in_use = e->self;

	e->self = self;
	if (e->class->fini)
		e->class->fini(e);
	weir_unconfigure(e);
	free(self);
	e->self = in_use;
}

int weir_reconfigure(struct weir_element *e, const char *config,
		     int (*agree)(const struct weir_element *e, struct weir_err *err),
		     struct weir_err *err)
{
	const struct weir_loc nowhere = {};
	void *old = e->self, *fresh = calloc(1, e->class->self_size + 1);
	const int32_t old_delta = e->len_delta;
	int r;

	if (!fresh)
		return -ENOMEM;
	e->self = fresh;
	r = configure(e, config, &nowhere, true, err);
	if (r >= 0)
		r = agree(e, err);
	e->self = r < 0 ? old : fresh;
	e->len_delta = r < 0 ? old_delta : e->len_delta;
	discard(e, r < 0 ? fresh : old);
	return r;
}

void weir_unconfigure(struct weir_element *e)
{
	for (const struct weir_arg *a = e->class->args; e->self && a && a->name; a++)
		if (!(a->flags & (WEIR_LIST | WEIR_DEPRECATED)))
			parse_release(a->type, (uint8_t *)e->self + a->off);
}

static struct weir_loc loc_of(const struct weir_args *a, int i)
{
	// weir_args are only ever made by weir_configure
	const struct matching *m = (const struct matching *)a;

	return i >= 0 && (unsigned)i < a->n_rest ? place(m, a->rest_off[i]) : *m->loc;
}

int weir_args_error(struct weir_args *a, int i, const char *fmt, ...)
{
	struct weir_loc loc = loc_of(a, i);
	va_list ap;

	va_start(ap, fmt);
	weir_verror(a->err, &loc, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

void weir_args_warn(struct weir_args *a, int i, const char *fmt, ...)
{
	struct weir_loc loc = loc_of(a, i);
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	weir_warn(a->err, &loc, "%s", text);
}

const char *weir_class_mistake(const struct weir_class *class, const char **arg)
{
	*arg = class->rest;
	if (class->rest && (!class->rest_help || !class->configure))
		return "nothing explains it, or takes it";
	for (const struct weir_arg *a = class->args; a && a->name; a++) {
		*arg = a->name;
		if (a->flags & (WEIR_LIST | WEIR_DEPRECATED))
			continue;
		if (a->size != parse_size(a->type))
			return "the field is not of its type's size";
		if (a->off + a->size > class->self_size)
			return "the field is outside of the struct";
		if (a->type == WEIR_T_ENUM && !a->names)
			return "an enum without names";
	}
	return NULL;
}
