// SPDX-License-Identifier: BSD-2-Clause
// What Counter has beyond counting: rates and calls. Once per batch.
#include <weir/call.h>

#include "counter.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

// Rates are exponentially weighted moving averages over a quarter of a second: each EPOCH the
// average moves by a sixteenth towards what came in it.
enum { EPOCH = 15625000, EPOCHS_PER_SECOND = 64, WEIGHT = 16 };

struct rate {
	uint64_t epoch; // number of the current one
	uint64_t now;	// what came in it
	double average; // per epoch
};

// Of all workers. Atomic.
struct trigger_all {
	uint64_t count; // kept only if there are several
	bool done;
};
struct counter_all {
	struct trigger_all count, byte_count;
};

struct trigger {
	uint64_t at; // UINT64_MAX: none
	char *text;  // what to call; empty: nothing
	struct trigger_all *all;
	struct weir_call call;
};

struct counter_watch {
	struct rate packets, bytes;
	struct rate driver_packets, driver_bytes; // of the node at home only
	struct trigger count, byte_count;
	bool several; // workers count
};

static void rate_update(struct rate *r, uint64_t now, uint64_t add)
{
	uint64_t epoch = now / EPOCH, passed = epoch - r->epoch;

	if (passed && r->epoch) {
		r->average += ((double)r->now - r->average) / WEIGHT;
		if (passed > 1)
			r->average *= pow(1 - 1. / WEIGHT, (double)(passed - 1));
	}
	if (passed)
		r->now = 0;
	r->epoch = epoch;
	r->now += add;
}

// The driver only counts: what it counted since it was last looked at came evenly. `now` is what it
// had counted then.
static void rate_catch_up(struct rate *r, uint64_t now, uint64_t count)
{
	uint64_t epoch = now / EPOCH, passed = epoch - r->epoch;
	double each;

	if (!passed)
		return;
	each = (double)(count - r->now) / (double)passed;
	r->average = each + (r->average - each) * pow(1 - 1. / WEIGHT, (double)passed);
	r->epoch = epoch;
	r->now = count;
}

static void look_at_driver(struct weir_node *n)
{
	struct counter_watch *w = ((struct counter_state *)n->state)->watch;
	const struct weir_count c = weir_driver_count(n->element, 0);

	rate_catch_up(&w->driver_packets, weir_now(n), c.packets);
	rate_catch_up(&w->driver_bytes, weir_now(n), c.bytes);
}

// `mine` is what this worker counted, of which `add` is new. While several count towards something,
// each batch costs them a word that they share.
static void trigger_check(struct weir_node *n, struct trigger *t, uint64_t mine, uint64_t add)
{
	const bool several = ((struct counter_state *)n->state)->watch->several;

	if (t->at == UINT64_MAX || __atomic_load_n(&t->all->done, __ATOMIC_RELAXED))
		return;
	if (several)
		mine = __atomic_add_fetch(&t->all->count, add, __ATOMIC_RELAXED);
	if (mine < t->at || __atomic_exchange_n(&t->all->done, true, __ATOMIC_RELAXED))
		return;
	if (*t->text)
		weir_call(n, &t->call, t->text);
}

static void watched_push(struct weir_node *n, unsigned, struct batch *b)
{
	struct counter_state *s = n->state;
	struct counter_watch *w = s->watch;
	uint64_t now = weir_now(n);

	s->count += b->n;
	s->byte_count += b->bytes;
	rate_update(&w->packets, now, b->n);
	rate_update(&w->bytes, now, b->bytes);
	trigger_check(n, &w->count, s->count, b->n);
	trigger_check(n, &w->byte_count, s->byte_count, b->bytes);
}

// `N [HANDLER [VALUE]]`; *rest is what comes after N. err may be NULL.
static int split(struct weir_element *e, const char *text, const char *name, uint64_t *at,
		 const char **rest, struct weir_err *err)
{
	size_t n = strcspn(text, " \t\n");
	char *number = strndup(text, n);
	int r = number ? weir_parse(e, WEIR_T_U64, number, name, at, NULL) : -ENOMEM;

	free(number);
	*rest = text + n + strspn(text + n, " \t\n");
	if (r < 0 && err)
		weir_error(err, NULL, "%s: must begin with a count: %s", name, text);
	return r;
}

int counter_configure(struct weir_element *e, struct weir_args *a)
{
	const struct counter *self = e->self;
	const char *rest;
	uint64_t at;

	if (self->count_call && split(e, self->count_call, "COUNT_CALL", &at, &rest, NULL) < 0)
		weir_args_error(a, -1, "COUNT_CALL must begin with a count");
	if (self->byte_count_call &&
	    split(e, self->byte_count_call, "BYTE_COUNT_CALL", &at, &rest, NULL) < 0)
		weir_args_error(a, -1, "BYTE_COUNT_CALL must begin with a count");
	return a->err->n_errors ? -EINVAL : 0;
}

int counter_driver(const struct weir_element *e, struct weir_front_args *a)
{
	const struct counter *self = e->self;

	return self->count_call || self->byte_count_call
		       ? weir_front_refuse(a, "a driver cannot call handlers")
		       : 0;
}

int counter_init(struct weir_element *e, struct weir_err *err)
{
	struct counter *self = e->self;
	const char *const calls[] = {self->count_call, self->byte_count_call};
	int r = 0;

	self->all = calloc(1, sizeof(*self->all));
	if (!self->all)
		return -ENOMEM;
	for (unsigned i = 0; i < 2; i++) {
		const char *name = i ? "BYTE_COUNT_CALL" : "COUNT_CALL", *rest;
		uint64_t at;

		if (!calls[i])
			continue;
		split(e, calls[i], name, &at, &rest, err);
		if (*rest && weir_call_check(e, rest, name, err) < 0)
			r = -EINVAL;
	}
	return r;
}

static int trigger_set(struct weir_element *e, struct trigger *t, const char *text,
		       const char *name, struct weir_err *err)
{
	const char *rest = "";
	uint64_t at = UINT64_MAX;
	char *copy;

	if (text && split(e, text, name, &at, &rest, err) < 0)
		return -EINVAL;
	if (*rest && weir_call_check(e, rest, name, err) < 0)
		return -EINVAL;
	copy = strdup(rest);
	if (!copy)
		return -ENOMEM;
	free(t->text);
	t->text = copy;
	t->at = at;
	return 0;
}

int counter_init_node(struct weir_node *n, struct weir_err *err)
{
	const struct counter *self = n->self;
	struct counter_state *s = n->state;
	struct counter_watch *w = calloc(1, sizeof(*w));

	s->watch = w;
	if (!w || trigger_set(n->element, &w->count, self->count_call, "COUNT_CALL", err) < 0 ||
	    trigger_set(n->element, &w->byte_count, self->byte_count_call, "BYTE_COUNT_CALL", err) <
		    0)
		return weir_error(err, &n->element->loc, "%s: no memory", n->element->name);
	w->count.all = &self->all->count;
	w->byte_count.all = &self->all->byte_count;
	w->several = weir_workers_count(&n->element->runs) > 1;
	look_at_driver(n);
	n->push = watched_push;
	return 0;
}

void counter_fini_node(struct weir_node *n)
{
	struct counter_watch *w = ((struct counter_state *)n->state)->watch;

	if (!w)
		return;
	weir_call_cancel(&w->count.call);
	weir_call_cancel(&w->byte_count.call);
	free(w->count.text);
	free(w->byte_count.text);
	free(w);
}

void counter_fini(struct weir_element *e)
{
	free(((struct counter *)e->self)->all);
}

enum { RATE, BIT_RATE, BYTE_RATE };

static int read_rate(struct weir_element *e, const struct weir_handler *h, const char *,
		     struct weir_buf *out, struct weir_err *)
{
	double sum = 0;

	for (unsigned i = 0; i < e->n_nodes; i++) {
		struct counter_watch *w = ((struct counter_state *)e->nodes[i]->state)->watch;
		struct rate *r;

		if (!w) // it does not run there
			continue;
		r = h->user == RATE ? &w->packets : &w->bytes;
		rate_update(r, weir_now(e->nodes[i]), 0);
		sum += r->average;
		if (i != e->home)
			continue;
		look_at_driver(e->nodes[i]);
		sum += (h->user == RATE ? w->driver_packets : w->driver_bytes).average;
	}
	sum *= EPOCHS_PER_SECOND;
	weir_printf(out, "%.10g", round(sum * (h->user == BIT_RATE ? 8 : 1) * 1000) / 1000);
	return 0;
}

// NULL: it does not run there.
static struct trigger *trigger_of(struct weir_node *n, const struct weir_handler *h)
{
	struct counter_watch *w = ((struct counter_state *)n->state)->watch;

	if (!w)
		return NULL;
	return h->user ? &w->byte_count : &w->count;
}

static int read_call(struct weir_element *e, const struct weir_handler *h, const char *,
		     struct weir_buf *out, struct weir_err *)
{
	const struct trigger *t = trigger_of(e->nodes[e->home], h);

	if (t && t->at != UINT64_MAX)
		weir_printf(out, "%llu", (unsigned long long)t->at);
	return 0;
}

// Whoever watches a count may be called again; it is what all workers counted so far.
static void begin_again(struct weir_element *e, bool bytes)
{
	struct counter_all *all = ((struct counter *)e->self)->all;
	struct trigger_all *t = bytes ? &all->byte_count : &all->count;

	*t = (struct trigger_all){};
	for (unsigned i = 0; i < e->n_nodes; i++) {
		const struct counter_state *s = e->nodes[i]->state;

		t->count += bytes ? s->byte_count : s->count;
	}
}

// The handler to call can be left out: then it stays the same.
static int write_call(struct weir_element *e, const struct weir_handler *h, const char *value,
		      struct weir_err *err)
{
	int r = 0;

	for (unsigned i = 0; i < e->n_nodes && r == 0; i++) {
		struct trigger *t = trigger_of(e->nodes[i], h);
		const char *rest;
		uint64_t at;

		if (!t)
			continue;
		r = split(e, value, h->name, &at, &rest, err);
		if (r == 0 && *rest)
			r = trigger_set(e, t, value, h->name, err);
		if (r == 0)
			t->at = at;
	}
	begin_again(e, h->user);
	return r;
}

static int reset(struct weir_element *e, const struct weir_handler *, const char *,
		 struct weir_err *)
{
	for (unsigned i = 0; i < e->n_nodes; i++) {
		struct counter_state *s = e->nodes[i]->state;

		if (!s->watch)
			continue;
		s->count = s->byte_count = 0;
		s->watch->packets = s->watch->bytes = (struct rate){};
		look_at_driver(e->nodes[i]);
		s->watch->driver_packets.average = s->watch->driver_bytes.average = 0;
	}
	begin_again(e, false);
	begin_again(e, true);
	weir_reset_driver(e);
	return 0;
}

const struct weir_handler counter_handlers[] = {
	WEIR_SUM("count", counter, count, "packets counted"),
	WEIR_SUM("byte_count", counter, byte_count, "bytes counted"),
	WEIR_READ("rate", read_rate, "packets per second, recently", .user = RATE),
	WEIR_READ("bit_rate", read_rate, "bits per second, recently", .user = BIT_RATE),
	WEIR_READ("byte_rate", read_rate, "bytes per second, recently", .user = BYTE_RATE),
	WEIR_BUTTON("reset", reset, "sets counts and rates to zero"),
	WEIR_BUTTON("reset_counts", reset, "the same as reset"),
	WEIR_READ_WRITE("count_call", read_call, write_call, "what COUNT_CALL says", .user = 0),
	WEIR_READ_WRITE("byte_count_call", read_call, write_call, "what BYTE_COUNT_CALL says",
			.user = 1),
	{},
};
