// SPDX-License-Identifier: BSD-2-Clause

// Handlers of a router that is in the driver without a process: those whose values are there.

#include <cmd.h>
#include <ctl.h>
#include <errno.h>
#include <graph.h>
#include <session.h>

int session_look(struct session *s, const char *name, struct weir_err *err)
{
	const struct weir_engine_options engine = {.n_workers = 1, .bare = true};
	int rc = weir_kept_open(&s->kept, name, err);

	if (!rc)
		rc = session_check(s,
				   &(struct session_options){
					   .text = weir_kept_config(s->kept),
					   .folders = weir_kept_folders(s->kept),
				   },
				   err);
	rc = rc ?: weir_engine_open(&s->engine, s->router, &engine, err)
		     ?: weir_kept_half(&s->front, &s->plan, s->router, s->kept);
	if (rc)
		return rc;
	weir_engine_half(s->engine, &weir_front_half, s->front);
	s->since = weir_front_since(s->front);
	return 0;
}

static bool is_own(const struct weir_class *c, const struct weir_handler *h)
{
	for (const struct weir_handler *own = c->handlers; own && own->name; own++)
		if (own == h)
			return true;
	return false;
}

// A function of the class looks at what a process has.
static bool needs_process(const struct weir_router *r, const struct weir_handler *h)
{
	for (unsigned i = 0; h && i < r->n_elements; i++)
		if (is_own(r->elements[i]->class, h))
			return h->kind == WEIR_H_FN;
	return false;
}

static int read_one(const struct session *s, const char *handler, const char *param,
		    struct weir_buf *out, struct weir_err *err)
{
	if (!strcmp(handler, "stats")) {
		session_stats(s, out);
		return 0;
	}
	if (!strcmp(handler, "since")) {
		session_since(s, out);
		return 0;
	}
	if (needs_process(s->router, weir_handler_find(s->router, handler, NULL)))
		return weir_error(err, NULL, "`%s' needs the router's process, and there is none",
				  handler);
	return weir_handler_read(s->router, handler, param, out, err);
}

int session_read_kept(const char *name, const char *handler, const char *param,
		      struct weir_buf *out, struct weir_err *err)
{
	struct session s = {};
	int rc = session_look(&s, name, err) ?: read_one(&s, handler, param, out, err);

	session_close(&s);
	return rc;
}
