// SPDX-License-Identifier: BSD-2-Clause
#include "wishes.h"

#include "names.h"

#include <errno.h>
#include <stdlib.h>

bool weir_covers(const char *name, const char *element)
{
	size_t n = strlen(name);

	return n && !strncmp(element, name, n) && (!element[n] || element[n] == '/');
}

static bool is_known(const struct weir_router *r, const char *name)
{
	for (unsigned i = 0; i < r->n_elements; i++)
		if (weir_covers(name, r->elements[i]->name))
			return true;
	return false;
}

static int add(struct weir_router *r, const struct weir_wish *wish)
{
	struct weir_wish *v = reallocarray(r->wishes, r->n_wishes + 1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	r->wishes = v;
	v[r->n_wishes++] = *wish;
	return 0;
}

int weir_full_name(struct weir_element *e, const char *name, char **full)
{
	size_t scope = weir_scope_len(e->name), len = strlen(name);

	*full = malloc(scope + len + 1);
	if (!*full)
		return -ENOMEM;
	for (;;) {
		memcpy(*full, e->name, scope);
		memcpy(*full + scope, name, len + 1);
		if (is_known(e->router, *full))
			return 0;
		if (!scope)
			break;
		do
			scope--;
		while (scope && e->name[scope - 1] != '/');
	}
	free(*full);
	*full = NULL;
	return e->router->flat.incomplete ? -EAGAIN : -ENOENT;
}

int weir_wish(struct weir_element *e, const char *name, bool driver)
{
	char *full;
	int rc = weir_full_name(e, name, &full);

	if (!rc)
		rc = add(e->router, &(struct weir_wish){full, driver, e->loc});
	if (rc == -ENOMEM)
		free(full);
	return rc == -EAGAIN ? 0 : rc;
}

static void take_line(struct weir_wishes *w, const struct weir_router *r, const char *const *names,
		      bool driver, struct weir_err *err)
{
	for (; names && *names; names++) {
		if (!is_known(r, *names))
			weir_error(err, NULL, "there is no element or compound `%s'", *names);
		else
			w->v[w->n++] = (struct weir_wish){(char *)*names, driver, {}};
	}
}

static unsigned count(const char *const *names)
{
	unsigned n = 0;

	while (names && names[n])
		n++;
	return n;
}

// Is a nearer to the element than b? What the command line says is, then the longer name.
static bool is_nearer(const struct weir_wishes *w, const struct weir_wish *a,
		      const struct weir_wish *b)
{
	bool line_a = a < w->v + w->n_line, line_b = b < w->v + w->n_line;

	return line_a != line_b ? line_a : strlen(a->name) > strlen(b->name);
}

static void choose(struct weir_wishes *w, const struct weir_element *e, struct weir_err *err)
{
	const struct weir_wish **best = &w->of[e->index];

	for (unsigned i = 0; i < w->n; i++) {
		const struct weir_wish *wish = &w->v[i];

		if (!weir_covers(wish->name, e->name))
			continue;
		if (!*best || is_nearer(w, wish, *best))
			*best = wish;
		else if (!is_nearer(w, *best, wish) && wish->driver != (*best)->driver)
			weir_error(err, wish->loc.file ? &wish->loc : NULL,
				   "`%s' is wanted both in the driver and in userspace",
				   wish->name);
	}
}

int weir_wishes_open(struct weir_wishes *w, const struct weir_router *r,
		     const struct weir_place_options *opt, struct weir_err *err)
{
	unsigned before = err->n_errors;

	*w = (struct weir_wishes){
		.v = calloc(count(opt->driver) + count(opt->userspace) + r->n_wishes + 1,
			    sizeof(*w->v)),
		.of = calloc(r->n_elements + 1, sizeof(*w->of)),
	};
	if (!w->v || !w->of)
		return -ENOMEM;
	take_line(w, r, opt->driver, true, err);
	take_line(w, r, opt->userspace, false, err);
	w->n_line = w->n;
	for (unsigned i = 0; i < r->n_wishes; i++)
		w->v[w->n++] = r->wishes[i];
	for (unsigned i = 0; i < r->n_elements && err->n_errors == before; i++)
		choose(w, r->elements[i], err);
	return err->n_errors == before ? 0 : -EINVAL;
}

void weir_wishes_close(struct weir_wishes *w)
{
	free(w->v);
	free(w->of);
	*w = (struct weir_wishes){};
}

bool weir_wishes_driver(const struct weir_wishes *w, const struct weir_element *e)
{
	return e->class->driver_only || (w->of[e->index] && w->of[e->index]->driver);
}

const char *weir_wishes_userspace(const struct weir_wishes *w, const struct weir_element *e)
{
	const struct weir_wish *wish = w->of[e->index];

	if (!wish || wish->driver)
		return NULL;
	return wish < w->v + w->n_line ? "--userspace" : "Placement";
}

// The wish for a compound is met by the elements of it that can; one is enough.
static void check(const struct weir_wishes *w, const struct weir_wish *wish,
		  const struct weir_plan *plan, struct weir_err *err)
{
	const struct weir_router *r = plan->router;
	const struct weir_loc *loc = wish->loc.file ? &wish->loc : NULL;
	const struct weir_element *missed = NULL;

	for (unsigned i = 0; i < r->n_elements; i++) {
		if (w->of[i] != wish)
			continue;
		if (plan->placed[i].side == WEIR_DRIVER)
			return;
		if (!missed)
			missed = r->elements[i];
	}
	if (!missed)
		return;
	if (strcmp(missed->name, wish->name) != 0)
		weir_error(err, loc,
			   "nothing of `%s' can run in the driver; its element `%s' (%s): %s",
			   wish->name, missed->name, missed->class->name,
			   plan->placed[missed->index].why);
	else
		weir_error(err, loc, "`%s' (%s) cannot run in the driver: %s", missed->name,
			   missed->class->name, plan->placed[missed->index].why);
}

void weir_wishes_check(const struct weir_wishes *w, const struct weir_plan *plan,
		       struct weir_err *err)
{
	for (unsigned i = 0; i < w->n; i++)
		if (w->v[i].driver)
			check(w, &w->v[i], plan, err);
}
