// SPDX-License-Identifier: BSD-2-Clause
// Arguments of rewriters, and how they begin and end.
#include "rewriter.h"

#include <errno.h>
#include <stdlib.h>

enum {
	CAPACITY = 1 << 17,
	SPARE = 4096, // sessions more than that, as some have ended but are not free yet
	INPUTS_MAX = 256,
	SHARING_MAX = 64, // elements from one to the next
};

bool rewriter_is(const struct weir_element *e)
{
	return e->class->fini == rewriter_fini;
}

static uint32_t spare(uint32_t capacity)
{
	return SPARE + capacity / 8;
}

static int take_capacity(struct weir_element *e, struct weir_args *a, const char *text)
{
	struct rewriter *self = rewriter_of(e);
	const uint32_t most = SESSION_MOST / 9 * 8 - SPARE;
	struct weir_element *other;

	self->own.capacity = CAPACITY;
	self->limit = &self->own;
	if (!text || !weir_parse(e, WEIR_T_U32, text, NULL, &self->own.capacity, NULL)) {
		if (!self->own.capacity || self->own.capacity > most)
			return weir_args_error(a, -1, "MAPPING_CAPACITY must be 1 to %u", most);
		return 0;
	}
	if (weir_parse(e, WEIR_T_ELEMENT, text, NULL, &other, NULL) || !rewriter_is(other) ||
	    other == e)
		return weir_args_error(a, -1, "bad MAPPING_CAPACITY");
	self->limit = &rewriter_of(other)->own;
	return 0;
}

static int take_spec(struct weir_element *e, struct weir_args *a, unsigned i)
{
	struct rewriter_spec *s = &rewriter_of(e)->spec[i];
	char why[REWRITER_WHY];

	if (rewriter_spec_parse(e, a->rest[i], s, why))
		return weir_args_error(a, (int)i, "input spec %u: %s", i, why);
	if (weir_ports_known(e) && !rewriter_spec_fits(s, e->n_out))
		return weir_args_error(a, (int)i, "input spec %u: output port out of range", i);
	return 0;
}

int rewriter_configure(struct weir_element *e, struct weir_args *a, enum rewriter_keys keys,
		       uint8_t proto)
{
	struct rewriter *self = rewriter_of(e);
	int rc = take_capacity(e, a,
			       self->mapping_capacity_text ? self->mapping_capacity_text
							   : self->capacity_text);

	self->keys = (uint8_t)keys;
	self->proto = proto;
	if (!self->times.udp_streaming)
		self->times.udp_streaming = self->times.udp;
	if ((weir_ports_known(e) && a->n_rest != e->n_in) || a->n_rest > INPUTS_MAX)
		return weir_args_error(a, -1, "need %u arguments, one per input port", e->n_in);
	self->spec = calloc(a->n_rest ? a->n_rest : 1, sizeof(*self->spec));
	if (!self->spec)
		return -ENOMEM;
	self->n_spec = a->n_rest;
	if (rewriter_add_pattern_handlers(self))
		return -ENOMEM;
	for (unsigned i = 0; i < a->n_rest; i++)
		if (take_spec(e, a, i))
			rc = -EINVAL;
	return rc;
}

static int check_mapper(struct weir_element *e, unsigned input, struct weir_err *err)
{
	const struct rewriter_spec *s = &rewriter_of(e)->spec[input];
	const struct mapper *m = s->kind == REWRITER_ASK ? s->mapper->self : NULL;

	for (unsigned i = 0; m && i < m->n; i++)
		if (!rewriter_spec_fits(&m->spec[i], e->n_out))
			return weir_error(err, &e->loc,
					  "input spec %u: output port of '%s' out of range", input,
					  s->mapper->name);
	return 0;
}

// Through whom it shares, to the one whose number counts.
static int follow_limit(struct weir_element *e, struct weir_err *err)
{
	struct rewriter *self = rewriter_of(e);
	const struct rewriter_limit *start = &self->own;

	for (unsigned i = 0; i < SHARING_MAX; i++) {
		struct rewriter *owner =
			(struct rewriter *)((char *)self->limit - offsetof(struct rewriter, own));

		if (owner->limit == self->limit)
			return 0;
		self->limit = owner->limit;
		if (self->limit == start)
			break;
	}
	return weir_error(err, &e->loc, "bad MAPPING_CAPACITY: it is shared in a circle");
}

int rewriter_init(struct weir_element *e, struct weir_err *err)
{
	struct rewriter *self = rewriter_of(e);
	int rc = follow_limit(e, err);

	for (unsigned i = 0; i < self->n_spec; i++)
		if (check_mapper(e, i, err))
			rc = -EINVAL;
	if (rc)
		return rc;
	self->room = self->limit->capacity;
	rc = sessions_open(&self->table, e, self->room + spare(self->room), &self->is_found, err);
	return rc ? rc
		  : weir_area_grow(&self->links, (self->table.most + 1) * sizeof(uint32_t), false);
}

// What another process left, if this one would make the same; owner: by number, or whoever is
// there.
static unsigned adopt(void *arg, uint32_t number, uint64_t *when)
{
	struct weir_element *e = arg;
	struct rewriter *self = rewriter_of(e);
	struct session *s = &self->table.at[number];
	unsigned owner = rewriter_owner(s);

	if (!(s->state & REWRITER_LIVE) || s->state & (REWRITER_DELTA | REWRITER_DOOMED) ||
	    s->class >= self->n_spec || s->out[0] >= e->n_out || s->out[1] >= e->n_out)
		return SESSION_UNWANTED;
	if (!weir_workers_has(&e->runs, owner))
		owner = e->home;
	s->user = owner << 8 | (s->user & 255);
	self->table.cold[number].more[1] = 0;
	rewriter_state(e->nodes[owner])->count[s->class]++;
	rewriter_state(e->nodes[owner])->mine[number / 64] |= 1ull << number % 64;
	self->limit->live++;
	*when = rewriter_due(self, s, weir_now(e->nodes[owner]));
	return owner;
}

static int adopt_all(struct weir_element *e)
{
	struct session_part *parts[WEIR_WORKERS_MAX] = {};

	for (unsigned w = weir_workers_next(&e->runs, 0); w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(&e->runs, w + 1))
		parts[w] = &rewriter_state(e->nodes[w])->part;
	sessions_adopt(&rewriter_of(e)->table, parts, adopt, e);
	for (unsigned w = weir_workers_next(&e->runs, 0); w < WEIR_WORKERS_MAX;
	     w = weir_workers_next(&e->runs, w + 1))
		rewriter_start_clock(e->nodes[w]);
	return 0;
}

int rewriter_init_node(struct weir_node *n, struct weir_err *)
{
	struct weir_element *e = n->element;
	struct rewriter *self = rewriter_of(e);
	struct rewriter_state_of_worker *w = rewriter_state(n);
	const bool is_last = weir_workers_next(&e->runs, weir_worker_of(n) + 1) >= WEIR_WORKERS_MAX;

	w->count = calloc(self->n_spec ? self->n_spec : 1, sizeof(*w->count));
	w->mine = calloc(self->table.most / 64 + 1, sizeof(*w->mine));
	if (!w->count || !w->mine)
		return -ENOMEM;
	weir_bell_open(&w->bell, n, rewriter_take_told);
	return self->is_found && is_last ? adopt_all(e) : 0;
}

void rewriter_fini_node(struct weir_node *n)
{
	struct rewriter_state_of_worker *w = rewriter_state(n);

	weir_timer_clear(&w->timer);
	free(w->count);
	free(w->mine);
	w->count = NULL;
	w->mine = NULL;
}

void rewriter_fini(struct weir_element *e)
{
	struct rewriter *self = rewriter_of(e);

	if (!self)
		return;
	for (unsigned i = 0; i < self->n_spec; i++)
		rewriter_spec_free(&self->spec[i]);
	free(self->spec);
	free(self->pattern_handlers);
	tcp_deltas_close(&self->deltas);
	weir_area_free(&self->links);
	sessions_close(&self->table);
}
