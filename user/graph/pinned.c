// SPDX-License-Identifier: BSD-2-Clause
#include "pinned.h"

#include "wishes.h"

#include <errno.h>
#include <stdlib.h>

enum { NUMBER_MAX = 1 << 20 }; // of a CPU

static const char nowhere[] = "-1";

static int ignore(void *, uint32_t)
{
	return 0;
}

static int add(struct weir_router *r, const struct weir_pin *pin)
{
	struct weir_pin *v = reallocarray(r->pins, r->n_pins + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	r->pins = v;
	v[r->n_pins++] = *pin;
	return 0;
}

int weir_pin(struct weir_element *e, const char *name, const char *list, bool cpus)
{
	struct weir_pin pin = {.cpus = cpus, .by = e};
	int rc;

	if ((cpus || strcmp(list, nowhere) != 0) &&
	    weir_each_number(list, NUMBER_MAX, ignore, NULL))
		return -EINVAL;
	rc = name ? weir_full_name(e, name, &pin.name) : 0;
	if (rc)
		return rc == -EAGAIN ? 0 : rc;
	if (!name)
		pin.name = strdup(e->name);
	pin.list = strdup(list);
	rc = pin.name && pin.list ? add(e->router, &pin) : -ENOMEM;
	if (rc) {
		free(pin.name);
		free(pin.list);
	}
	return rc;
}

// --- to workers ----------------------------------------------------------------------------------
struct resolving {
	struct weir_pinned *at;
	const struct weir_threads_options *opt;
	struct weir_err *err;
};

static int beyond(const struct resolving *r, uint32_t worker)
{
	const struct weir_pin *pin = r->at->pin;
	const char *s = r->opt->n_workers == 1 ? "" : "s";

	if (!r->opt->lenient)
		return weir_error(r->err, &pin->by->loc,
				  "`%s' is pinned to worker %u, but there %s %u worker%s, from 0 "
				  "on (-j %u)",
				  pin->name, worker, *s ? "are" : "is", r->opt->n_workers, s,
				  r->opt->n_workers);
	weir_warn(r->err, &pin->by->loc, "`%s' is pinned to worker %u, taken for 0", pin->name,
		  worker);
	weir_workers_add(&r->at->workers, 0);
	return 0;
}

static int take_worker(void *arg, uint32_t worker)
{
	const struct resolving *r = arg;

	if (worker >= r->opt->n_workers)
		return beyond(r, worker);
	weir_workers_add(&r->at->workers, worker);
	return 0;
}

static int take_cpu(void *arg, uint32_t cpu)
{
	const struct resolving *r = arg;
	const struct weir_pin *pin = r->at->pin;
	bool found = false;

	if (!r->opt->cpus)
		return weir_error(r->err, &pin->by->loc,
				  "`%s' is pinned to CPU %u, but the workers are not pinned to "
				  "CPUs",
				  pin->name, cpu);
	for (unsigned w = 0; w < r->opt->n_workers; w++)
		if (r->opt->cpus[w].cpu == cpu) {
			weir_workers_add(&r->at->workers, w);
			found = true;
		}
	return found ? 0
		     : weir_error(r->err, &pin->by->loc,
				  "`%s' is pinned to CPU %u, on which no worker runs", pin->name,
				  cpu);
}

static void to_workers(struct weir_pinned *at, const struct weir_threads_options *opt,
		       struct weir_err *err)
{
	struct resolving r = {at, opt, err};

	at->nowhere = !at->pin->cpus && !strcmp(at->pin->list, nowhere);
	if (!at->nowhere)
		weir_each_number(at->pin->list, NUMBER_MAX, at->pin->cpus ? take_cpu : take_worker,
				 &r);
}

static void contradict(const struct weir_pin *a, const struct weir_pin *b, struct weir_err *err)
{
	static const char *const of[] = {"worker", "CPU"};

	if (strcmp(a->name, b->name) != 0 || (a->cpus == b->cpus && !strcmp(a->list, b->list)))
		return;
	weir_error(err, &b->by->loc, "`%s' is pinned to %s %s by `%s', but to %s %s by `%s'",
		   b->name, of[b->cpus], b->list, b->by->name, of[a->cpus], a->list, a->by->name);
}

// Each by itself, and those of one name against each other.
static int check(struct weir_pinned *by_pin, const struct weir_router *r,
		 const struct weir_threads_options *opt, struct weir_err *err)
{
	const unsigned before = err->n_errors;

	for (unsigned i = 0; i < r->n_pins; i++) {
		by_pin[i].pin = &r->pins[i];
		to_workers(&by_pin[i], opt, err);
		for (unsigned k = 0; k < i; k++)
			contradict(&r->pins[k], &r->pins[i], err);
	}
	return err->n_errors == before ? 0 : -EINVAL;
}

// The longer name is nearer.
static void choose(struct weir_pinned *at, const struct weir_pinned *by_pin, unsigned n_pins,
		   const struct weir_element *e)
{
	size_t have = 0;

	for (unsigned i = 0; i < n_pins; i++) {
		size_t len = strlen(by_pin[i].pin->name);

		if (len <= have || !weir_covers(by_pin[i].pin->name, e->name))
			continue;
		have = len;
		*at = by_pin[i];
	}
}

int weir_pins_resolve(struct weir_pinned *v, const struct weir_router *r,
		      const struct weir_threads_options *opt, struct weir_err *err)
{
	struct weir_pinned *by_pin = calloc(r->n_pins + 1, sizeof(*by_pin));
	int rc = by_pin ? check(by_pin, r, opt, err) : -ENOMEM;

	for (unsigned i = 0; !rc && i < r->n_elements; i++)
		choose(&v[i], by_pin, r->n_pins, r->elements[i]);
	free(by_pin);
	return rc;
}
